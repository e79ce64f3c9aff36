"""Peers and ports of the admin tiers: rules 22 to 24 of SEMANTICS.md."""

from __future__ import annotations

from conformance.decided.cluster import BASE
from conformance.decisions import EVERYBODY, Decision, Object, guard, node, policy, rule

DENY_IN = rule("Deny", "from", EVERYBODY)
UNKNOWN: Object = {"somethingNew": {}}
NOBODY: Object = {"namespaces": {"matchLabels": {"team": "z"}}}
HTTP = [{"tcp": {"destinationPort": {"number": 80}}}]


def _deny_to(peer: Object) -> Object:
    return guard("a", egress=[rule("Deny", "to", peer)])


def _deny_port(name: str) -> Object:
    return guard("a", ingress=[rule("Deny", "from", EVERYBODY, protocols=[{"destinationNamedPort": name}])])


DECISIONS = [
    Decision(
        "networks-pods",
        "networks match pods (22)",
        [*BASE, _deny_to({"networks": ["10.0.0.0/24"]})],
        "b/client",
        "a/web",
        "TCP/80",
        "denied",
    ),
    Decision(
        "networks-nodes",
        "and nodes (22)",
        [*BASE, _deny_to({"networks": ["192.168.0.0/24"]})],
        "b/client",
        "node/n1",
        "TCP/80",
        "denied",
    ),
    Decision(
        "nodes-pods",
        "nodes do not match the pods on them (22)",
        [*BASE, _deny_to({"nodes": {}})],
        "b/client",
        "a/web",
        "TCP/80",
        "allowed",
    ),
    Decision(
        "nodes-host",
        "but hostNetwork pods, which have the node's address (16, 22)",
        [*BASE, _deny_to({"nodes": {}})],
        "a/web",
        "b/agent",
        "TCP/80",
        "denied",
    ),
    Decision(
        "nodes-external",
        "and every address that the node's status lists (clusternetworkpolicy_types.go, nodes)",
        [*BASE, node("n3", "192.168.0.3", "198.51.100.3"), _deny_to({"nodes": {}})],
        "a/web",
        "198.51.100.3",
        "TCP/80",
        "denied",
    ),
    Decision(
        "named-any",
        "a port by name is whatever protocol the container says (23)",
        [*BASE, _deny_port("dns")],
        "b/client",
        "a/web",
        "UDP/53",
        "denied",
    ),
    Decision(
        "named-any-other", "and no other (23)", [*BASE, _deny_port("dns")], "b/client", "a/web", "TCP/53", "allowed"
    ),
    Decision(
        "unknown-accept",
        "Accept with an unknown peer among known ones matches nothing at all (24)",
        [*BASE, guard("a", ingress=[rule("Accept", "from", EVERYBODY, UNKNOWN), DENY_IN])],
        "b/client",
        "a/web",
        "TCP/80",
        "denied",
    ),
    Decision(
        "unknown-accept-alone",
        "and so denies nothing either (24)",
        [*BASE, guard("a", ingress=[rule("Accept", "from", UNKNOWN)])],
        "b/client",
        "a/web",
        "TCP/80",
        "allowed",
    ),
    Decision(
        "unknown-deny",
        "Deny with one denies everybody (24)",
        [*BASE, guard("a", ingress=[rule("Deny", "from", NOBODY, UNKNOWN)])],
        "203.0.113.5",
        "a/web",
        "TCP/80",
        "denied",
    ),
    Decision(
        "unknown-ports",
        "on every port: it is a 'Deny all' rule (24)",
        [*BASE, guard("a", ingress=[rule("Pass", "from", UNKNOWN, protocols=HTTP)])],
        "b/client",
        "a/web",
        "UDP/9",
        "denied",
    ),
    Decision(
        "unknown-node",
        "the pod's own node too: it is exempt from NetworkPolicy alone (14, 24)",
        [*BASE, guard("a", ingress=[rule("Deny", "from", UNKNOWN)])],
        "node/n1",
        "a/web",
        "TCP/80",
        "denied",
    ),
    Decision(
        "unknown-node-baseline",
        "but of an isolated pod a NetworkPolicy is final, and lets its own node in before any baseline (14, 20)",
        [*BASE, policy("a"), guard("a", 1, "Baseline", ingress=[rule("Deny", "from", UNKNOWN)])],
        "node/n1",
        "a/web",
        "TCP/80",
        "allowed",
    ),
]
