"""The library agrees with the naive reference, point by point."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import crenel
from properties.expected import Expected
from properties.points import Point, sampled_points
from properties.strategies import Scenario, scenarios

pytestmark = pytest.mark.slow

seeds = st.integers(0, 2**32)


@given(scenarios(), seeds)
def test_every_answer_is_that_of_the_reference(scenario: Scenario, seed: int) -> None:
    """Between pods, workloads, nodes and addresses at every border, with ports at every border."""
    expected, net = Expected(scenario), crenel.load(scenario.objects)
    for point in sampled_points(scenario, seed, 40):
        assert_same(net, expected, point)


@given(scenarios(certain=True), seeds)
def test_nothing_is_unknown_where_everything_is_known(scenario: Scenario, seed: int) -> None:
    """With every address and place known, priorities apart and no domain names, each answer is definite."""
    expected, net = Expected(scenario), crenel.load(scenario.objects)
    for point in sampled_points(scenario, seed, 40):
        if not point.destination.startswith("dns:"):  # a name's address is never known
            assert "unknown" not in expected.answers(point)
            assert_same(net, expected, point)


@given(scenarios())
def test_a_pod_always_reaches_itself(scenario: Scenario) -> None:
    """No policy stands between a pod and its own address."""
    net = crenel.load(scenario.objects)
    for name in scenario.population.endpoints:
        if "/pod/" in name:
            assert net.can(name, name, "TCP/80").allowed


def assert_same(net: crenel.Network, expected: Expected, point: Point) -> None:
    """Compare one answer of the library with those the reference permits."""
    if not any(expected.meanings(point)):
        return  # the ends share no address family
    verdict = net.can(point.source, point.destination, f"{point.protocol}/{point.port}")
    outcome = verdict.outcome.value
    assert outcome == expected.outcome(point), f"{point}: {outcome} where the reference says {expected.outcome(point)}"
    assert verdict.allowed is (outcome == "allowed")
