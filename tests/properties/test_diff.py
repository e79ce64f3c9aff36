"""A difference is reported exactly where an answer differs."""

from __future__ import annotations

import random
from collections.abc import Iterable
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import crenel
from crenel.questions.diff import Change
from properties.expected import Expected
from properties.listing import Names
from properties.pieces import PROTOCOLS
from properties.points import Point, sampled_points
from properties.strategies import Scenario, policy_sets, scenarios
from reference import families

pytestmark = pytest.mark.slow

Object = dict[str, Any]
seeds = st.integers(0, 2**32)


def _differ(one: Scenario, other: Scenario) -> bool:
    return bool(crenel.load(one.objects).diff(crenel.load(other.objects)))


@given(scenarios(), seeds, st.data())
def test_no_difference_means_no_point_differs(scenario: Scenario, seed: int, data: st.DataObject) -> None:
    """Where the reference answers a point differently under other policies, there is a difference."""
    other = scenario.with_policies(data.draw(policy_sets(scenario.population)))
    before, after = Expected(scenario), Expected(other)
    points = sampled_points(scenario, seed, 20) + sampled_points(other, seed, 20)
    if any(before.answers(point) != after.answers(point) for point in points):
        assert _differ(scenario, other)


@given(scenarios(), st.data())
def test_every_change_is_one(scenario: Scenario, data: st.DataObject) -> None:
    """What a difference lists had and has the certainty it says, by the reference."""
    other = scenario.with_policies(data.draw(policy_sets(scenario.population)))
    found = crenel.load(scenario.objects).diff(crenel.load(other.objects), expand=True)
    before, after = Expected(scenario), Expected(other)
    changes = [*found.added[:10], *found.removed[:10]]
    names = Names(scenario, [each.connection for each in changes])
    for change in changes:
        listed = change.connection
        ends = product(names.behind(listed.source), names.behind(listed.destination))
        pairs = [(one, two) for one, two in ends if one != two]
        protocol, port = _first(listed.traffic)
        if not pairs or not port or any(before.local(*pair) for pair in pairs):
            continue
        one, two = pairs[0]
        for family in [listed.family] if listed.family else families(before.cluster, one, two):
            point = Point(one, two, protocol, port)
            assert CERTAINTY[before.verdict(one, two, point, family)] == change.before, listed
            assert CERTAINTY[after.verdict(one, two, point, family)] == change.after, listed


CERTAINTY = {"allowed": "sure", "unknown": "possible", "denied": "none"}


def _first(traffic: Iterable[tuple[str, str]]) -> tuple[str, int]:
    """A protocol with its first port; 0 for traffic without ports."""
    for protocol, ports in traffic:
        if protocol in PROTOCOLS:
            return protocol, int(ports.replace(",", "-").split("-")[0])
    return "", 0


@given(scenarios(), st.randoms(use_true_random=False))
def test_the_order_of_documents_is_no_difference(scenario: Scenario, chance: random.Random) -> None:
    """Policies and objects mean the same in any order."""
    shuffled = list(scenario.objects)
    chance.shuffle(shuffled)
    assert not crenel.load(scenario.objects).diff(crenel.load(shuffled))


@given(scenarios())
def test_writing_the_same_otherwise_is_no_difference(scenario: Scenario) -> None:
    """MatchLabels as expressions, a default written out, a policy split into one per rule: all the same."""
    rewritten = [part for policy in scenario.policies for part in _rewritten(policy)]
    assert not _differ(scenario, scenario.with_policies(rewritten))
    assert not _differ(scenario.with_policies(rewritten), scenario)


def _rewritten(policy: Object) -> list[Object]:
    respelt: Object = _respelt(policy)
    if policy["kind"] != "NetworkPolicy":
        return [respelt]
    spec = respelt["spec"]
    types = spec.get("policyTypes") or (["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])
    parts = [{"podSelector": spec["podSelector"], "policyTypes": types}]
    rules = [(kind, rule) for kind in types for rule in spec.get(kind.lower()) or []]
    parts += [{"podSelector": spec["podSelector"], "policyTypes": [kind], kind.lower(): [rule]} for kind, rule in rules]
    name = policy["metadata"]["name"]
    return [
        {**respelt, "metadata": {**policy["metadata"], "name": f"{name}-{number}"}, "spec": part}
        for number, part in enumerate(parts)
    ]


def _respelt(value: Any) -> Any:
    if isinstance(value, list):
        return [_respelt(each) for each in value]
    if not isinstance(value, dict):
        return value
    found = {key: _respelt(each) for key, each in value.items()}
    if found.get("matchLabels"):
        as_expressions = [
            {"key": key, "operator": "In", "values": [each]} for key, each in found.pop("matchLabels").items()
        ]
        found["matchExpressions"] = as_expressions + (found.get("matchExpressions") or [])
    return found


@given(scenarios(), st.data())
def test_a_difference_is_the_same_from_both_sides(scenario: Scenario, data: st.DataObject) -> None:
    """What one adds, the other removes; a network does not differ from itself."""
    other = scenario.with_policies(data.draw(policy_sets(scenario.population)))
    one, two = crenel.load(scenario.objects), crenel.load(other.objects)
    assert not one.diff(one)
    there, back = one.diff(two, expand=True), two.diff(one, expand=True)
    assert _pairs(there.added) == _pairs(back.removed)
    assert _pairs(there.removed) == _pairs(back.added)


def _pairs(changes: Iterable[Change]) -> set[tuple[str, str, frozenset[str]]]:
    """Whom changes concern, with the two certainties in either order."""
    found = [(each.connection, frozenset((each.before, each.after))) for each in changes]
    return {(each.source, each.destination, certainties) for each, certainties in found}
