"""Ports and protocols of NetworkPolicy: rules 8 to 10 of SEMANTICS.md."""

from __future__ import annotations

from conformance.decided.cluster import BASE
from conformance.decisions import Decision, Object, pod, policy


def _ports(*ports: Object) -> Object:
    return policy("a", policyTypes=["Ingress"], ingress=[{"ports": list(ports)}])


def _out(*peers: Object) -> Object:
    rule = {"to": list(peers), "ports": [{"port": "http"}]}
    return policy("b", policyTypes=["Egress"], egress=[rule])


DECISIONS = [
    Decision(
        "default-protocol",
        "a port without protocol is TCP (8)",
        [*BASE, _ports({"port": 80})],
        "b/client",
        "a/web",
        "UDP/80",
        "denied",
    ),
    Decision(
        "whole-protocol",
        "a protocol without port is all its ports (8)",
        [*BASE, _ports({"protocol": "UDP"})],
        "b/client",
        "a/web",
        "UDP/9",
        "allowed",
    ),
    Decision(
        "sctp-isolates",
        "a policy that speaks of SCTP alone isolates TCP (8)",
        [*BASE, _ports({"protocol": "SCTP", "port": 80})],
        "b/client",
        "a/web",
        "TCP/80",
        "denied",
    ),
    Decision("no-ports", "ports [] is all traffic (8)", [*BASE, _ports()], "b/client", "a/web", "SCTP/80", "allowed"),
    Decision(
        "named",
        "a port by name is the destination's (9)",
        [*BASE, _ports({"port": "http"})],
        "b/client",
        "a/api",
        "TCP/8080",
        "allowed",
    ),
    Decision(
        "named-other",
        "and differs per destination (9)",
        [*BASE, _ports({"port": "http"})],
        "b/client",
        "a/web",
        "TCP/8080",
        "denied",
    ),
    Decision(
        "named-protocol",
        "a name counts with its protocol alone (9)",
        [*BASE, _ports({"port": "dns"})],
        "b/client",
        "a/web",
        "TCP/53",
        "denied",
    ),
    Decision(
        "named-missing",
        "no such port: matches nothing (9)",
        [*BASE, _ports({"port": "nope"})],
        "b/client",
        "a/web",
        "TCP/80",
        "denied",
    ),
    Decision("named-egress", "by name for egress too (9)", [*BASE, _out()], "b/client", "a/api", "TCP/8080", "allowed"),
    Decision(
        "named-outside",
        "an address outside has no named port (9)",
        [*BASE, _out()],
        "b/client",
        "203.0.113.5",
        "TCP/80",
        "denied",
    ),
    Decision(
        "named-block",
        "a pod inside an ipBlock has its named ports (7, 9)",
        [*BASE, _out({"ipBlock": {"cidr": "10.0.0.0/24"}})],
        "b/client",
        "a/web",
        "TCP/80",
        "allowed",
    ),
    Decision(
        "named-host",
        "a hostNetwork pod is its node, which has no named port (9, 16)",
        [
            *BASE,
            pod("b/host", "192.168.0.1", on="n1", host=True, ports="http:80"),
            policy("a", policyTypes=["Egress"], egress=[{"ports": [{"port": "http"}]}]),
        ],
        "a/web",
        "b/host",
        "TCP/80",
        "denied",
    ),
    Decision(
        "named-twice",
        "one name on two ports is both (9)",
        [*BASE, pod("a/two", "10.0.0.9", ports="m:1000 m:2000"), _ports({"port": "m"})],
        "b/client",
        "a/two",
        "TCP/2000",
        "allowed",
    ),
    Decision(
        "end-port",
        "endPort is inclusive (10)",
        [*BASE, _ports({"port": 80, "endPort": 82})],
        "b/client",
        "a/web",
        "TCP/82",
        "allowed",
    ),
    Decision(
        "after-end-port",
        "and no further (10)",
        [*BASE, _ports({"port": 80, "endPort": 82})],
        "b/client",
        "a/web",
        "TCP/83",
        "denied",
    ),
]
