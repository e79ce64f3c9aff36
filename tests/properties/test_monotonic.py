"""What adding a policy can and cannot do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import crenel
from properties.admin_policies import admin_policies
from properties.expected import Expected
from properties.network_policies import network_policies, rules
from properties.points import Point, sampled_points
from properties.strategies import Scenario, scenarios

pytestmark = pytest.mark.slow

Object = dict[str, Any]
NOBODY = {"matchLabels": {"nobody-has-this": "x"}}
seeds = st.integers(0, 2**32)


def _points(scenario: Scenario, seed: int) -> list[Point]:
    """Points whose ends share an address family."""
    expected = Expected(scenario)
    return [each for each in sampled_points(scenario, seed, 30) if any(expected.meanings(each))]


def _outcomes(scenario: Scenario, points: list[Point]) -> list[str]:
    net = crenel.load(scenario.objects)
    return [net.can(each.source, each.destination, f"{each.protocol}/{each.port}").outcome.value for each in points]


@given(scenarios(), seeds, st.sampled_from(("ingress", "egress")), st.data())
def test_another_rule_never_closes_anything(scenario: Scenario, seed: int, direction: str, data: st.DataObject) -> None:
    """A rule more in a NetworkPolicy that guards the direction already leaves open what was open."""
    policies = scenario.policies
    guarding = [n for n, each in enumerate(policies) if direction.capitalize() in each["spec"].get("policyTypes", [])]
    assume(guarding)
    place = data.draw(st.sampled_from(guarding))
    more = data.draw(rules("from" if direction == "ingress" else "to"))
    spec = {**policies[place]["spec"], direction: [*(policies[place]["spec"].get(direction) or []), more]}
    wider = scenario.with_policies([*policies[:place], {**policies[place], "spec": spec}, *policies[place + 1 :]])
    points = _points(scenario, seed)
    for point, before, after in zip(points, _outcomes(scenario, points), _outcomes(wider, points), strict=True):
        assert before != "allowed" or after == "allowed", point
        assert after != "denied" or before == "denied", point


@given(scenarios(), seeds, st.data())
def test_a_policy_that_selects_nothing_changes_nothing(scenario: Scenario, seed: int, data: st.DataObject) -> None:
    """Neither a NetworkPolicy nor an admin policy whose subject is nobody has an effect."""
    idle = _for_nobody(data.draw(network_policies(scenario.population.namespaces)), "idle")
    found = data.draw(admin_policies().filter(bool))
    more = [idle, *(_for_nobody(each, f"idle{number}") for number, each in enumerate(found))]
    points = _points(scenario, seed)
    assume(not any(each["kind"] == "BaselineAdminNetworkPolicy" for each in [*scenario.policies, *more]))
    assert _outcomes(scenario, points) == _outcomes(scenario.with_policies([*scenario.policies, *more]), points)


def _for_nobody(policy: Object, name: str) -> Object:
    spec = dict(policy["spec"])
    if policy["kind"] == "NetworkPolicy":
        spec["podSelector"] = NOBODY
    else:
        spec["subject"] = {"pods": {"namespaceSelector": {}, "podSelector": NOBODY}}
    return {**policy, "metadata": {**policy["metadata"], "name": name}, "spec": spec}
