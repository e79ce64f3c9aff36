"""The order of tiers, policies and rules: rules 18 to 20 of SEMANTICS.md."""

from __future__ import annotations

from conformance.decided.cluster import BASE
from conformance.decisions import EVERYBODY, Decision, guard, policy, rule

DENY_IN, ACCEPT_IN, PASS_IN = (rule(action, "from", EVERYBODY) for action in ("Deny", "Accept", "Pass"))
DENY_OUT, ACCEPT_OUT = (rule(action, "to", EVERYBODY) for action in ("Deny", "Accept"))
HTTP = [{"tcp": {"destinationPort": {"number": 80}}}]
DECISIONS = [
    Decision(
        "priority",
        "the lower number decides (18)",
        [*BASE, guard("a", 5, ingress=[DENY_IN]), guard("b", 4, ingress=[ACCEPT_IN])],
        "b/client",
        "a/web",
        "TCP/80",
        "allowed",
    ),
    Decision(
        "rule-order",
        "within a policy the first match decides (18)",
        [*BASE, guard("a", ingress=[ACCEPT_IN, DENY_IN])],
        "b/client",
        "a/web",
        "TCP/80",
        "allowed",
    ),
    Decision(
        "one-direction",
        "Accept is final for its direction alone (18)",
        [*BASE, guard("a", egress=[ACCEPT_OUT]), policy("a")],
        "b/client",
        "a/web",
        "TCP/80",
        "denied",
    ),
    Decision(
        "pass",
        "Pass leaves the tier, for all of its policies (19)",
        [*BASE, guard("a", 1, ingress=[PASS_IN]), guard("b", 2, ingress=[DENY_IN])],
        "b/client",
        "a/web",
        "TCP/80",
        "allowed",
    ),
    Decision(
        "pass-to-policy",
        "and a NetworkPolicy then decides (19)",
        [*BASE, guard("a", ingress=[PASS_IN, ACCEPT_IN]), policy("a")],
        "b/client",
        "a/web",
        "TCP/80",
        "denied",
    ),
    Decision(
        "baseline-pass",
        "Pass of the baseline allows (19)",
        [*BASE, guard("a", 1, "Baseline", ingress=[PASS_IN]), guard("b", 2, "Baseline", ingress=[DENY_IN])],
        "b/client",
        "a/web",
        "TCP/80",
        "allowed",
    ),
    Decision(
        "no-isolation",
        "an admin policy isolates nobody (20)",
        [*BASE, guard("a", ingress=[rule("Accept", "from", EVERYBODY, protocols=HTTP)])],
        "b/client",
        "a/web",
        "TCP/81",
        "allowed",
    ),
    Decision(
        "baseline-skipped",
        "a NetworkPolicy puts the baseline out of force for its direction (20)",
        [*BASE, guard("a", 1, "Baseline", ingress=[DENY_IN], egress=[DENY_OUT]), policy("a", ingress=[{}])],
        "a/api",
        "a/web",
        "TCP/80",
        "denied",
    ),
    Decision(
        "baseline-skipped-both",
        "for both when it isolates both (20)",
        [
            *BASE,
            guard("a", 1, "Baseline", ingress=[DENY_IN], egress=[DENY_OUT]),
            policy("a", policyTypes=["Ingress", "Egress"], ingress=[{}], egress=[{}]),
        ],
        "a/api",
        "a/web",
        "TCP/80",
        "allowed",
    ),
]
