"""The naive reference gives the verdicts that the suites expect."""

from __future__ import annotations

import pytest

from conformance.data import Question, Step, case, ids
from conformance.objects import cluster_objects
from reference import Cluster, verdict


def answer(step: Step, cluster: Cluster, question: Question) -> str:
    """What the reference says."""
    destination = f"dns:{question.name}" if question.name else question.destination
    return verdict(
        cluster,
        step.policies,
        question.source,
        destination,
        question.protocol,
        question.port,
        hairpin=question.via_service,
    )


@pytest.mark.parametrize(("name", "identifier"), ids())
def test_the_reference_agrees(name: str, identifier: str) -> None:
    """Every asserted cell and check of the case, at every step."""
    for number, step in enumerate(case(name, identifier).steps):
        cluster = Cluster.of(cluster_objects(step.cluster), names=step.cluster.get("fqdn"))
        wrong = [each for each in step.questions if answer(step, cluster, each) != each.outcome]
        assert not wrong, f"step {number}"


@pytest.mark.parametrize(("name", "identifier"), ids())
def test_the_reference_agrees_about_the_address(name: str, identifier: str) -> None:
    """Asked for the address that the suite probed, the answer is the one for the pod that has it."""
    for number, step in enumerate(case(name, identifier).steps):
        cluster = Cluster.of(cluster_objects(step.cluster), names=step.cluster.get("fqdn"))
        asked = [each._replace(destination=each.address) for each in step.questions if each.address]
        asked += [each._replace(name=None) for each in step.questions if each.name]
        wrong = [each for each in asked if answer(step, cluster, each) != each.outcome]
        assert not wrong, f"step {number}"
