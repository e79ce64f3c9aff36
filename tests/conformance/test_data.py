"""The conformance data is there whole, so that nothing is passed over in silence."""

from __future__ import annotations

import pytest

from conformance.data import case, document, needs_data

COUNTS = {"e2e": (48, 506), "e2e_ipv6": (48, 506), "npapi": (48, 590), "npapi_ipv6": (48, 590), "spec": (29, 71)}


@needs_data
@pytest.mark.parametrize("name", COUNTS)
def test_every_case_and_every_expected_verdict_is_asked(name: str) -> None:
    """The cases and the questions made of them are as many as the README of the data says."""
    identifiers = [each["id"] for each in document(name)["cases"]]
    questions = sum(len(step.questions) for each in identifiers for step in case(name, each).steps)
    assert (len(set(identifiers)), questions) == COUNTS[name]


@needs_data
def test_every_rejection_is_there() -> None:
    """The objects that the API refuses are as many as the README of the data says."""
    assert len(document("spec")["rejections"]) == 14


@needs_data
@pytest.mark.parametrize("name", COUNTS)
def test_every_table_is_of_both_directions_together(name: str) -> None:
    """No table or check asks for one direction alone, which these tests would not look at."""
    for each in document(name)["cases"]:
        for step in each["steps"]:
            for expected in [*step["expected"].get("tables", []), *step["expected"].get("checks", [])]:
                assert not {"ingress", "egress", "direction"} & expected.keys()
