"""Nodes, hostNetwork, loopback and the life of pods: rules 14 to 17 of SEMANTICS.md."""

from __future__ import annotations

from conformance.decided.cluster import BASE
from conformance.decisions import Decision, Object, pod, policy

BOTH = ["Ingress", "Egress"]


def _from(*peers: Object) -> Object:
    return policy("a", policyTypes=["Ingress"], ingress=[{"from": list(peers)}])


DECISIONS = [
    Decision(
        "own-node",
        "the pod's own node always reaches it (14)",
        [*BASE, policy("a")],
        "node/n1",
        "a/web",
        "TCP/80",
        "allowed",
    ),
    Decision("other-node", "another node does not (14)", [*BASE, policy("a")], "node/n2", "a/web", "TCP/80", "denied"),
    Decision(
        "host-own-node",
        "a hostNetwork pod is its node (14, 16)",
        [*BASE, policy("b")],
        "b/agent",
        "b/client",
        "TCP/80",
        "allowed",
    ),
    Decision(
        "host-other-node",
        "of another node it is not exempt (14, 16)",
        [*BASE, policy("a")],
        "b/agent",
        "a/web",
        "TCP/80",
        "denied",
    ),
    Decision(
        "unplaced",
        "which node an unplaced pod will be on is not known (14)",
        [*BASE, pod("a/new", "10.0.0.8"), policy("a")],
        "node/n1",
        "a/new",
        "TCP/80",
        "unknown",
    ),
    Decision(
        "own-node-egress",
        "a pod's egress to its own node is not exempt (14)",
        [*BASE, policy("a", policyTypes=["Egress"])],
        "a/web",
        "node/n1",
        "TCP/80",
        "denied",
    ),
    Decision(
        "itself",
        "a pod reaches its own address, whatever applies to it (15)",
        [*BASE, policy("a", policyTypes=BOTH)],
        "a/web",
        "a/web",
        "TCP/80",
        "allowed",
    ),
    Decision(
        "itself-by-address",
        "also when asked by its address (15)",
        [*BASE, policy("a", policyTypes=BOTH)],
        "a/web",
        "10.0.0.1",
        "TCP/80",
        "allowed",
    ),
    Decision(
        "host-subject",
        "no policy applies to a hostNetwork pod (16)",
        [*BASE, policy("b")],
        "a/web",
        "b/agent",
        "TCP/80",
        "allowed",
    ),
    Decision(
        "host-peer",
        "no selector matches it as a peer (16)",
        [*BASE, _from({"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "client"}}})],
        "b/agent",
        "a/web",
        "TCP/80",
        "denied",
    ),
    Decision(
        "host-block",
        "a block with its node's address does (16)",
        [*BASE, _from({"ipBlock": {"cidr": "192.168.0.2/32"}})],
        "b/agent",
        "a/web",
        "TCP/80",
        "allowed",
    ),
    Decision(
        "ended",
        "the address of a pod that has ended is an address like any other (17)",
        [*BASE, pod("b/job", "10.0.1.9", phase="Succeeded"), _from({"namespaceSelector": {}})],
        "10.0.1.9",
        "a/web",
        "TCP/80",
        "denied",
    ),
    Decision(
        "pending",
        "a pod that is not yet running takes part (17)",
        [*BASE, pod("b/job", "10.0.1.9", phase="Pending"), _from({"namespaceSelector": {}})],
        "10.0.1.9",
        "a/web",
        "TCP/80",
        "allowed",
    ),
]
