"""Dual-stack pods, which no suite covers."""

from __future__ import annotations

from conformance.decided.cluster import BASE
from conformance.decisions import Decision, Object, guard, pod, rule

PODS = [*BASE, pod("a/dual", "10.0.0.7", "fd00::7"), pod("b/dual", "10.0.1.7", "fd00::107")]


def _closed(*networks: str) -> Object:
    return guard("a", egress=[rule("Deny", "to", {"networks": list(networks)})])


DECISIONS = [
    Decision("dual", "an answer for each family", [*PODS, _closed("::/0")], "b/dual", "a/dual", "TCP/80", "partial"),
    Decision(
        "dual-same",
        "one when they agree",
        [*PODS, _closed("::/0", "0.0.0.0/0")],
        "b/dual",
        "a/dual",
        "TCP/80",
        "denied",
    ),
    Decision(
        "dual-one",
        "a source of one family asks in it alone",
        [*PODS, _closed("::/0")],
        "b/client",
        "a/dual",
        "TCP/80",
        "allowed",
    ),
]
