"""Pods without an address: what DESIGN.md says about plain manifests."""

from __future__ import annotations

from conformance.decided.cluster import WEB, A, B
from conformance.decisions import Decision, Object, deployment, policy

RANGE = ("10.0.0.0/16",)


def _asked(name: str, why: str, outcome: str, cidr: str, *holes: str, pods: tuple[str, ...] = ()) -> Decision:
    """Ask whether a Deployment without pods reaches one that allows a block alone."""
    peer = {"ipBlock": {"cidr": cidr, **({"except": list(holes)} if holes else {})}}
    guarded: Object = policy("a", policyTypes=["Ingress"], ingress=[{"from": [peer]}])
    return Decision(name, why, [A, B, WEB, deployment("b/d"), guarded], "b/d", "a/web", "TCP/80", outcome, pods)


DECISIONS = [
    _asked("all-addresses", "0.0.0.0/0 matches a pod without an address yet", "allowed", "0.0.0.0/0"),
    _asked("narrower", "a narrower block may or may not", "unknown", "10.0.0.0/8"),
    _asked("all-but", "nor is everything with an exception certain", "unknown", "0.0.0.0/0", "10.0.0.0/8"),
    _asked("range-inside", "a block around the pod range matches", "allowed", "10.0.0.0/8", pods=RANGE),
    _asked("range-outside", "one apart from it does not", "denied", "10.1.0.0/16", pods=RANGE),
    _asked("range-overlap", "a partial overlap is unknown", "unknown", "10.0.0.0/24", pods=RANGE),
    _asked(
        "range-except",
        "an exception around the whole range leaves nothing",
        "denied",
        "10.0.0.0/8",
        "10.0.0.0/15",
        pods=RANGE,
    ),
]
