"""What was settled beyond the suites holds for the reference and for the library."""

from __future__ import annotations

import pytest

import crenel
from conformance.decided import DECISIONS
from conformance.decisions import Decision
from reference import Cluster, combined, families, verdict

every = pytest.mark.parametrize("decision", DECISIONS, ids=lambda each: each.id)


@every
def test_the_reference_keeps_it(decision: Decision) -> None:
    """The naive reference gives the answer that was settled."""
    cluster = Cluster.of(decision.objects, pod_cidrs=decision.pod_cidrs)
    source, destination = (_in_reference(decision, end) for end in (decision.source, decision.destination))
    protocol, _, port = decision.traffic.partition("/")
    policies = [each for each in decision.objects if each["kind"].endswith("Policy")]
    answers = [
        verdict(cluster, policies, source, destination, protocol, int(port), family=family)
        for family in families(cluster, source, destination)
    ]
    assert combined(answers) == decision.outcome, decision.why


@every
def test_the_library_keeps_it(decision: Decision) -> None:
    """The library gives the answer that was settled."""
    net = crenel.load(decision.objects, pod_cidrs=decision.pod_cidrs)
    found = net.can(decision.source, decision.destination, decision.traffic)
    assert (found.outcome.value, found.allowed) == (decision.outcome, decision.outcome == "allowed"), decision.why


def _in_reference(decision: Decision, end: str) -> str:
    """A Deployment without pods is asked about by its first pod."""
    planned = [each["metadata"] for each in decision.objects if each["kind"] == "Deployment"]
    return f"{end}-0" if end in [f"{each['namespace']}/{each['name']}" for each in planned] else end
