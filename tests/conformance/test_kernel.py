"""The conformance suites through the kernel: real packets under the compiled rules."""

from __future__ import annotations

import pytest

from conformance.data import case, ids, needs_data
from conformance.kernel import PROBED, results
from kernel.needs import needs_namespaces

PACKETS = ("e2e:", "e2e_ipv6:", "npapi:", "npapi_ipv6:", "spec:")


@needs_data
@needs_namespaces
@pytest.mark.parametrize(("file", "identifier"), ids())
def test_the_kernel_answers_as_the_suite_expects(file: str, identifier: str) -> None:
    """Each TCP and UDP question has the outcome that the suite asserts, in the kernel and in the model, by name."""
    steps = case(file, identifier).steps
    if not any(question.protocol in PROBED and not question.name for step in steps for question in step.questions):
        pytest.skip("no TCP or UDP question without a DNS name")
    for step in steps:
        for question, result in results(step):
            assert result.kernel.value == question.outcome, (question, result)
            assert not result.why, (question, result)
            assert question.outcome == "allowed" or result.policies, f"{question}: dropped by nobody"
