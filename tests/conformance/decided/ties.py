"""Equal priorities: rule 21 of SEMANTICS.md."""

from __future__ import annotations

from conformance.decided.cluster import BASE
from conformance.decisions import EVERYBODY, Decision, guard, policy, rule

DENY_IN, ACCEPT_IN, PASS_IN = (rule(action, "from", EVERYBODY) for action in ("Deny", "Accept", "Pass"))
DECISIONS = [
    Decision(
        "tie",
        "equal priorities that disagree are unknown (21)",
        [*BASE, guard("a", ingress=[DENY_IN]), guard("b", ingress=[ACCEPT_IN])],
        "b/client",
        "a/web",
        "TCP/80",
        "unknown",
    ),
    Decision(
        "tie-agrees",
        "those that agree are not (21)",
        [*BASE, guard("a", ingress=[DENY_IN]), guard("b", ingress=[DENY_IN])],
        "b/client",
        "a/web",
        "TCP/80",
        "denied",
    ),
    Decision(
        "tie-harmless",
        "nor those that lead to the same in the end (21)",
        [*BASE, guard("a", ingress=[PASS_IN]), guard("b", ingress=[ACCEPT_IN])],
        "b/client",
        "a/web",
        "TCP/80",
        "allowed",
    ),
    Decision(
        "tie-pass",
        "Pass against Accept matters where a NetworkPolicy denies (21)",
        [*BASE, guard("a", ingress=[PASS_IN]), guard("b", ingress=[ACCEPT_IN]), policy("a")],
        "b/client",
        "a/web",
        "TCP/80",
        "unknown",
    ),
    Decision(
        "tie-settled",
        "a tie on one side is nothing when the other side denies (21)",
        [*BASE, guard("a", ingress=[DENY_IN]), guard("b", ingress=[ACCEPT_IN]), policy("b", policyTypes=["Egress"])],
        "b/client",
        "a/web",
        "TCP/80",
        "denied",
    ),
    Decision(
        "tie-before",
        "nor when a lower number has decided (21)",
        [*BASE, guard("c", 1, ingress=[ACCEPT_IN]), guard("a", ingress=[DENY_IN]), guard("b", ingress=[ACCEPT_IN])],
        "b/client",
        "a/web",
        "TCP/80",
        "allowed",
    ),
]
