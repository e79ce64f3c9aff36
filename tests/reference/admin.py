"""AdminNetworkPolicy, BaselineAdminNetworkPolicy (v1alpha1) and ClusterNetworkPolicy (v1alpha2): ordered tiers."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from itertools import groupby, permutations, product

from reference.cluster import Cluster, Object, Pod
from reference.ends import End
from reference.selectors import selects

KNOWN_PEERS = ("namespaces", "pods", "networks", "nodes", "domainNames")


def tier_of(policy: Object) -> str | None:
    """The tier of an admin policy: "Admin" or "Baseline"; None for other objects."""
    match policy["apiVersion"], policy["kind"]:
        case "policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy":
            return "Admin"
        case "policy.networking.k8s.io/v1alpha1", "BaselineAdminNetworkPolicy":
            return "Baseline"
        case "policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy":
            return str(policy["spec"]["tier"])
        case _:
            return None


def decisions(
    cluster: Cluster,
    policies: Iterable[Object],
    subject: End,
    other: End,
    direction: str,
    traffic: tuple[str, int | None],
) -> set[str | None]:
    """What one tier may say at one end: "allow", "deny", or None when it leaves the packet to the next tier.

    More than one answer when policies of equal priority disagree.
    """
    assert subject.pod is not None
    concerned = [each for each in policies if _is_subject(cluster, each["spec"]["subject"], subject.pod)]
    found: set[str | None] = set()
    for ordered in _orders(concerned):
        found.add(_first(cluster, ordered, subject, other, direction, traffic))
    return found


def _orders(policies: list[Object]) -> Iterator[list[Object]]:
    """Every order the policies may be tried in: by priority, and in any order where that is equal."""
    ranked = sorted(policies, key=_priority)
    groups = [list(permutations(group)) for _, group in groupby(ranked, key=_priority)]
    for chosen in product(*groups):
        yield [policy for group in chosen for policy in group]


def _priority(policy: Object) -> int:
    return int(policy["spec"].get("priority", 0))


def _first(
    cluster: Cluster, policies: list[Object], subject: End, other: End, direction: str, traffic: tuple[str, int | None]
) -> str | None:
    destination = subject.pod if direction == "ingress" else other.pod
    for policy in policies:
        for rule in policy["spec"].get(direction) or []:
            action = _action(cluster, rule, other, destination, direction, traffic)
            if action is not None:
                return {"Accept": "allow", "Allow": "allow", "Deny": "deny", "Pass": None}[action]
    return None


def _action(
    cluster: Cluster, rule: Object, other: End, destination: Pod | None, direction: str, traffic: tuple[str, int | None]
) -> str | None:
    """The action of a rule if it matches. One with a peer of an unknown sort fails closed, whatever else it says."""
    action = str(rule["action"])
    peers = rule["from" if direction == "ingress" else "to"]
    if not all(any(peer.get(field) is not None for field in KNOWN_PEERS) for peer in peers):
        return None if action in ("Accept", "Allow") else "Deny"
    if not any(_peer_matches(cluster, peer, other) for peer in peers):
        return None
    entries = rule.get("protocols") or rule.get("ports")
    if entries and not any(_port_matches(entry, destination, *traffic) for entry in entries):
        return None
    return action


def _is_subject(cluster: Cluster, subject: Object, pod: Pod) -> bool:
    return _pod_matches(cluster, subject, pod)


def _pod_matches(cluster: Cluster, chosen: Object, pod: Pod) -> bool:
    labels = cluster.namespaces[pod.namespace]
    if chosen.get("namespaces") is not None:
        return selects(chosen["namespaces"], labels)
    pods = chosen["pods"]
    return selects(pods.get("namespaceSelector"), labels) and selects(pods.get("podSelector"), pod.labels)


def _peer_matches(cluster: Cluster, peer: Object, other: End) -> bool:
    if peer.get("networks") is not None:
        networks = [ipaddress.ip_network(each, strict=False) for each in peer["networks"]]
        return any(other.address in network for network in networks if other.address is not None)
    if peer.get("nodes") is not None:
        return other.node is not None and selects(peer["nodes"], other.node.labels)
    if peer.get("domainNames") is not None:
        return any(pattern in other.patterns for pattern in peer["domainNames"])
    return other.pod is not None and _pod_matches(cluster, peer, other.pod)


def _port_matches(entry: Object, destination: Pod | None, protocol: str, port: int | None) -> bool:
    name = entry.get("namedPort") or entry.get("destinationNamedPort")
    if name:
        return destination is not None and (name, protocol, port) in destination.ports
    if "portNumber" in entry or "portRange" in entry:
        wanted = entry.get("portNumber") or entry["portRange"]
        return _within(wanted, wanted.get("protocol") or "TCP", protocol, port)
    for field in ("tcp", "udp", "sctp"):
        if entry.get(field) is not None:
            chosen = entry[field]["destinationPort"]
            return _within(chosen.get("range") or chosen, field.upper(), protocol, port)
    raise ValueError(f"no such port: {entry}")


def _within(wanted: Object, its_protocol: str, protocol: str, port: int | None) -> bool:
    if protocol != its_protocol or port is None:
        return False
    if "start" in wanted:
        return bool(wanted["start"] <= port <= wanted["end"])
    return bool(port == (wanted["port"] if "port" in wanted else wanted["number"]))
