"""Who is isolated, and how rules add up: rules 5 to 7 and 12 of SEMANTICS.md."""

from __future__ import annotations

from conformance.decided.cluster import BASE
from conformance.decisions import Decision, Object, policy

TCP = {"protocol": "TCP"}


def _from(*peers: Object) -> Object:
    return policy("a", policyTypes=["Ingress"], ingress=[{"from": list(peers)}])


DECISIONS = [
    Decision(
        "empty-types",
        "policyTypes [] is as if absent (5)",
        [*BASE, policy("a", policyTypes=[], egress=[{}])],
        "b/client",
        "a/web",
        "TCP/80",
        "denied",
    ),
    Decision(
        "empty-types-egress",
        "policyTypes [] with egress rules isolates egress too (5)",
        [*BASE, policy("a", policyTypes=[], ingress=[{}], egress=[{"ports": [TCP]}])],
        "a/web",
        "b/client",
        "UDP/80",
        "denied",
    ),
    Decision(
        "no-rules", "selected and no rule: denied (6)", [*BASE, policy("a")], "b/client", "a/web", "TCP/80", "denied"
    ),
    Decision(
        "empty-rule",
        "a rule {} allows all (6)",
        [*BASE, policy("a", ingress=[{}])],
        "203.0.113.5",
        "a/web",
        "SCTP/9",
        "allowed",
    ),
    Decision(
        "union",
        "the rules of all policies add up (6)",
        [*BASE, policy("a"), policy("a", "q", ingress=[{"ports": [TCP]}])],
        "b/client",
        "a/web",
        "TCP/80",
        "allowed",
    ),
    Decision(
        "peer-and",
        "both selectors of one peer must match (7)",
        [
            *BASE,
            _from(
                {"namespaceSelector": {"matchLabels": {"team": "b"}}, "podSelector": {"matchLabels": {"app": "client"}}}
            ),
        ],
        "b/bare",
        "a/web",
        "TCP/80",
        "denied",
    ),
    Decision(
        "peer-or",
        "two peers: one is enough (7)",
        [
            *BASE,
            _from(
                {"namespaceSelector": {"matchLabels": {"team": "b"}}},
                {"podSelector": {"matchLabels": {"app": "client"}}},
            ),
        ],
        "b/bare",
        "a/web",
        "TCP/80",
        "allowed",
    ),
    Decision(
        "both-ends",
        "egress and ingress must both allow it (12)",
        [*BASE, policy("a", ingress=[{}]), policy("b", egress=[])],
        "a/web",
        "b/client",
        "TCP/80",
        "denied",
    ),
]
