"""NetworkPolicy (networking.k8s.io/v1): isolation and the union of all rules."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from reference.cluster import Address, Cluster, Object, Pod
from reference.ends import End
from reference.selectors import selects


def decide(
    cluster: Cluster,
    policies: Iterable[Object],
    subject: End,
    other: End,
    direction: str,
    traffic: tuple[str, int | None],
) -> str | None:
    """What the NetworkPolicies say at one end: "allow", "deny", or None when none of them isolates it."""
    assert subject.pod is not None
    isolating = [each for each in policies if _isolates(each, subject.pod, direction)]
    if not isolating:
        return None
    if (
        direction == "ingress"
        and other.node is not None
        and other.runs_on is not None
        and other.runs_on == subject.runs_on
    ):
        return "allow"
    destination = subject.pod if direction == "ingress" else other.pod
    for policy in isolating:
        for rule in policy["spec"].get(direction) or []:
            if _rule_matches(cluster, policy, rule or {}, other, destination, direction, traffic):
                return "allow"
    return "deny"


def _isolates(policy: Object, pod: Pod, direction: str) -> bool:
    if (policy["metadata"].get("namespace") or "default") != pod.namespace:
        return False
    return selects(policy["spec"].get("podSelector"), pod.labels) and direction in _directions(policy["spec"])


def _directions(spec: Object) -> list[str]:
    if spec.get("policyTypes"):
        return [each.lower() for each in spec["policyTypes"]]
    return ["ingress", "egress"] if spec.get("egress") else ["ingress"]


def _rule_matches(
    cluster: Cluster,
    policy: Object,
    rule: Object,
    other: End,
    destination: Pod | None,
    direction: str,
    traffic: tuple[str, int | None],
) -> bool:
    peers, ports = rule.get("from" if direction == "ingress" else "to"), rule.get("ports")
    own = policy["metadata"].get("namespace") or "default"
    return (not peers or any(_peer_matches(cluster, peer, own, other) for peer in peers)) and (
        not ports or any(_port_matches(port, destination, *traffic) for port in ports)
    )


def _peer_matches(cluster: Cluster, peer: Object, own: str, other: End) -> bool:
    if peer.get("ipBlock") is not None:
        return in_block(other.address, peer["ipBlock"])
    if other.pod is None:
        return False
    if peer.get("namespaceSelector") is None:
        near = other.pod.namespace == own
    else:
        near = selects(peer["namespaceSelector"], cluster.namespaces[other.pod.namespace])
    return near and selects(peer.get("podSelector"), other.pod.labels)


def in_block(address: Address | None, block: Object) -> bool:
    """Whether an address is in an ipBlock and in none of its exceptions."""
    if address is None or address not in ipaddress.ip_network(block["cidr"], strict=False):
        return False
    return not any(address in ipaddress.ip_network(hole, strict=False) for hole in block.get("except") or [])


def _port_matches(entry: Object, destination: Pod | None, protocol: str, port: int | None) -> bool:
    if protocol != (entry.get("protocol") or "TCP"):
        return False
    wanted = entry.get("port")
    if wanted is None:
        return True
    if isinstance(wanted, str):
        return destination is not None and (wanted, protocol, port) in destination.ports
    return port is not None and wanted <= port <= (entry.get("endPort") or wanted)
