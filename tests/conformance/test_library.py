"""The public library gives the verdicts that the suites expect."""

from __future__ import annotations

import pytest

import crenel
from conformance.data import Question, case, ids
from conformance.library import documents, source_of, target_of, traffic_of


@pytest.mark.parametrize(("name", "identifier"), ids())
def test_the_library_agrees(name: str, identifier: str) -> None:
    """Every asserted cell and check of the case, at every step; nothing of the case is a problem."""
    for number, step in enumerate(case(name, identifier).steps):
        net = crenel.load(documents(step))
        wrong = [(each, got) for each in step.questions if (got := _answer(net, each, target_of(each))) != each.outcome]
        assert not wrong, f"step {number}"


@pytest.mark.parametrize(("name", "identifier"), ids())
def test_the_library_agrees_about_the_address(name: str, identifier: str) -> None:
    """Asked for the address that the suite probed, the answer is the one for the pod that has it."""
    for number, step in enumerate(case(name, identifier).steps):
        asked = [(each, each.address) for each in step.questions if each.address]
        net = crenel.load(documents(step)) if asked else None
        wrong = [(each, got) for each, address in asked if (got := _answer(net, each, address)) != each.outcome]
        assert not wrong, f"step {number}"


def _answer(net: crenel.Network | None, question: Question, target: str) -> str:
    assert net is not None
    verdict = net.can(source_of(question), target, traffic_of(question))
    assert verdict.allowed is (verdict.outcome.value == "allowed")
    return verdict.outcome.value
