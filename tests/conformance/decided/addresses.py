"""Address blocks, of pods too: rule 11 of SEMANTICS.md."""

from __future__ import annotations

from conformance.decided.cluster import BASE
from conformance.decisions import Decision, Object, pod, policy


def _from(*peers: Object) -> Object:
    return policy("a", policyTypes=["Ingress"], ingress=[{"from": list(peers)}])


DECISIONS = [
    Decision(
        "except",
        "an exception is taken out of its own peer (11)",
        [*BASE, _from({"ipBlock": {"cidr": "10.0.0.0/16", "except": ["10.0.1.0/30"]}})],
        "b/client",
        "a/web",
        "TCP/80",
        "denied",
    ),
    Decision(
        "except-reallowed",
        "another peer may allow it again (11)",
        [
            *BASE,
            _from(
                {"ipBlock": {"cidr": "10.0.0.0/16", "except": ["10.0.1.0/30"]}}, {"ipBlock": {"cidr": "10.0.1.2/32"}}
            ),
        ],
        "b/client",
        "a/web",
        "TCP/80",
        "allowed",
    ),
    Decision(
        "other-family",
        "an IPv4 block never matches IPv6 (11)",
        [*BASE, pod("a/six", "fd00::1"), _from({"ipBlock": {"cidr": "0.0.0.0/0"}})],
        "2001:db8::1",
        "a/six",
        "TCP/80",
        "denied",
    ),
]
