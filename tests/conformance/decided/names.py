"""Domain names: rule 26 of SEMANTICS.md."""

from __future__ import annotations

from conformance.decided.cluster import BASE
from conformance.decisions import Decision, Object, guard, rule

HTTP = [{"tcp": {"destinationPort": {"number": 80}}}]
NAMES_OUT: list[Object] = [
    rule("Accept", "to", {"domainNames": ["api.example.com"]}, protocols=HTTP),
    rule("Deny", "to", {"networks": ["0.0.0.0/0"]}),
]
DECISIONS = [
    Decision(
        "name",
        "an exact name (26)",
        [*BASE, guard("a", egress=NAMES_OUT)],
        "a/web",
        "dns:api.example.com",
        "TCP/80",
        "allowed",
    ),
    Decision(
        "name-other",
        "no other name (26)",
        [*BASE, guard("a", egress=NAMES_OUT)],
        "a/web",
        "dns:example.com",
        "TCP/80",
        "denied",
    ),
    Decision(
        "name-case",
        "names know no case and no final dot (26)",
        [*BASE, guard("a", egress=NAMES_OUT)],
        "a/web",
        "dns:API.example.com.",
        "TCP/80",
        "allowed",
    ),
    Decision(
        "name-port",
        "on the ports of the rule (26)",
        [*BASE, guard("a", egress=NAMES_OUT)],
        "a/web",
        "dns:api.example.com",
        "TCP/81",
        "denied",
    ),
    Decision(
        "name-address",
        "an address outside may be one of the name's (26)",
        [*BASE, guard("a", egress=NAMES_OUT)],
        "a/web",
        "203.0.113.5",
        "TCP/80",
        "unknown",
    ),
    Decision(
        "name-address-port",
        "but not on another port (26)",
        [*BASE, guard("a", egress=NAMES_OUT)],
        "a/web",
        "203.0.113.5",
        "TCP/81",
        "denied",
    ),
    Decision(
        "name-pod",
        "names lead outside, never to a pod (26)",
        [*BASE, guard("a", egress=NAMES_OUT)],
        "a/web",
        "b/client",
        "TCP/80",
        "denied",
    ),
    Decision(
        "name-narrow",
        "a name may lead into a block or not (26)",
        [*BASE, guard("a", egress=[rule("Deny", "to", {"networks": ["203.0.113.0/24"]})])],
        "a/web",
        "dns:api.example.com",
        "TCP/80",
        "unknown",
    ),
    Decision(
        "name-family",
        "a name is reached in the families of its source: IPv6 networks say nothing to an IPv4 pod (11, 26)",
        [*BASE, guard("a", egress=[rule("Deny", "to", {"networks": ["::/0"]})])],
        "a/web",
        "dns:api.example.com",
        "TCP/80",
        "allowed",
    ),
]
