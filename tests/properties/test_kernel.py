"""The kernel, under the compiled rules, does with real packets what the solver says."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import crenel
from crenel.lab.cluster.placement import Wishes, place
from crenel.lab.lab import Lab
from crenel.lab.probing.verdict import Result
from crenel.lab.run import run
from crenel.lab.stage import stage
from kernel.needs import needs_namespaces
from properties.services import services
from properties.strategies import Object, Scenario, scenarios

pytestmark = [pytest.mark.slow, needs_namespaces]

CI = settings().max_examples <= 150
MOST = 3000
"""Probes of one example; every pair of ends is among them."""


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Scenario, list[Object]]:
    """A cluster with policies and Services."""
    scenario = draw(scenarios())
    return scenario, draw(services(scenario.population.namespaces))


@settings(max_examples=40 if CI else 5000)
@given(worlds(), st.integers(1, 2), st.integers(1, 2))
def test_kernel_and_solver_agree(world: tuple[Scenario, list[Object]], replicas: int, nodes: int) -> None:
    """Between all ends of a random cluster, through its Services, and from and to outside, in both families."""
    scenario, made = world
    net = crenel.load([*scenario.objects, *made])
    staged = stage(place(net.model, Wishes(replicas, nodes)))
    with Lab(staged) as lab:
        report = run(lab, most=MOST)
    assert not report.disagreements, "\n".join(described(each) for each in report.disagreements[:3])


def described(result: Result) -> str:
    """One disagreement, whole."""
    probe = result.probe
    ends = f"{probe.source.title} to {probe.destination} ({probe.address}), {probe.protocol}/{probe.port}"
    answers = f"model {result.model}, kernel {result.kernel}, {result.policies}: {result.why}"
    return "\n  ".join([f"{ends}: {answers}", *result.model_trace, *result.kernel_trace])
