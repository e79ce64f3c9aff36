"""What an end of a connection may turn out to be: one `End` for each possibility that policies could tell apart."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations

from reference.cluster import WHOLE, Address, Cluster, Network, Node, Object, Pod


@dataclass(frozen=True, eq=False)
class End:
    """One end of a connection, everything about it decided.

    `pod` is None for whoever policies know by address only: nodes, hostNetwork pods and the outside. `node` is the node
    whose address it uses, `runs_on` the name of that node or of the one below a pod. `patterns` are the domain names
    among those the policies mention that lead to it.
    """

    pod: Pod | None = None
    node: Node | None = None
    runs_on: str | None = None
    address: Address | None = None
    patterns: frozenset[str] = frozenset()


def possible_ends(cluster: Cluster, text: str, family: int, policies: Iterable[Object]) -> list[End]:
    """Every end that a pod ("ns/name"), "node/NAME", an address or "dns:NAME" may be, for packets of one family."""
    marks = Marks(policies)
    if text.startswith("dns:"):
        return list(_named(cluster, text.removeprefix("dns:"), family, marks))
    if text.startswith("node/"):
        return list(_of_node(cluster.nodes[text.removeprefix("node/")], None, family, marks))
    found = find_pod(cluster, text)
    if found is not None:
        return list(
            _of_host(cluster, found, family, marks) if found.host_network else _of_pod(cluster, found, family, marks)
        )
    address = ipaddress.ip_address(text)
    node = cluster.node_at(address) or _undeclared_node(cluster, address)
    if node is not None:
        return list(_of_node(node, address, family, marks))
    return [End(address=address, patterns=names) for names in _names_of(cluster, address, marks)]


def find_pod(cluster: Cluster, text: str) -> Pod | None:
    """The pod that a text names, or whose address it is."""
    if "/" in text:
        return None if text.startswith("node/") else cluster.pods[text]
    return None if text.startswith("dns:") else cluster.pod_at(ipaddress.ip_address(text))


class Marks:
    """What policies could tell addresses apart by: their CIDRs and their domain names."""

    def __init__(self, policies: Iterable[Object]) -> None:
        self.networks: list[Network] = []
        self.patterns: set[str] = set()
        for policy in policies:
            self._collect(policy["spec"])

    def _collect(self, value: object) -> None:
        if isinstance(value, list):
            for each in value:
                self._collect(each)
        elif isinstance(value, dict):
            if isinstance(value.get("ipBlock"), dict):
                self._add([value["ipBlock"]["cidr"], *(value["ipBlock"].get("except") or [])])
            self._add(value.get("networks") or [])
            self.patterns.update(value.get("domainNames") or [])
            for each in value.values():
                self._collect(each)

    def _add(self, cidrs: Iterable[str]) -> None:
        self.networks += [ipaddress.ip_network(cidr, strict=False) for cidr in cidrs]

    def samples(self, ranges: Iterable[Network]) -> list[Address]:
        """Addresses of the ranges such that any other one of them lies in the same CIDRs as one of these."""
        found: dict[tuple[bool, ...], Address] = {}
        for each in ranges:
            for address in self._borders(each):
                found.setdefault(tuple(address in network for network in self.networks), address)
        return list(found.values())

    def _borders(self, within: Network) -> Iterator[Address]:
        yield within[0]
        for network in self.networks:
            if network.version == within.version:
                yield from (address for address in (network[0], network[-1]) if address in within)
                if network[-1] != WHOLE[network.version][-1] and network[-1] + 1 in within:
                    yield network[-1] + 1

    def consistent(self) -> Iterator[frozenset[str]]:
        """Every set of patterns that may lead to one address: who is reached by a name is reached by its wildcards."""
        patterns = sorted(self.patterns)
        for size in range(len(patterns) + 1):
            for chosen in combinations(patterns, size):
                if all(wide in chosen for name in chosen for wide in patterns if covers(wide, name)):
                    yield frozenset(chosen)


def covers(pattern: str, name: str) -> bool:
    """Whether a pattern means a domain name (or all names of a pattern): exact, or `*.` for one or more labels."""
    pattern, name = pattern.lower().rstrip("."), name.lower().rstrip(".")
    if pattern.startswith("*."):
        return name == pattern or (name.endswith(pattern[1:]) and len(name) > len(pattern) - 1)
    return name == pattern


def _of_pod(cluster: Cluster, pod: Pod, family: int, marks: Marks) -> Iterator[End]:
    places = [pod.node] if pod.node else [None, *cluster.nodes]
    for address in _addresses(pod.addresses, _pod_ranges(cluster, family), family, marks):
        for place in places:
            yield End(pod=pod, runs_on=place, address=address)


def _pod_ranges(cluster: Cluster, family: int) -> list[Network]:
    return [each for each in cluster.pod_ranges if each.version == family] if cluster.pod_ranges else [WHOLE[family]]


def _of_host(cluster: Cluster, pod: Pod, family: int, marks: Marks) -> Iterator[End]:
    if pod.node is not None:
        node = cluster.nodes.get(pod.node) or Node(pod.node, {}, pod.addresses)
        yield from _of_node(node if node.addresses else replace(node, addresses=pod.addresses), None, family, marks)
        return
    for node in cluster.nodes.values() or [Node("", {}, pod.addresses)]:
        yield from _of_node(node, None, family, marks)


def _of_node(node: Node, address: Address | None, family: int, marks: Marks) -> Iterator[End]:
    known = (address,) if address else node.addresses
    for each in _addresses(known, [WHOLE[family]], family, marks):
        yield End(node=node, runs_on=node.name or None, address=each)


def _addresses(
    known: Iterable[Address], ranges: list[Network], family: int, marks: Marks
) -> list[Address] | list[None]:
    """The addresses that packets of one family may have; None when the end has addresses of the other family only."""
    given = list(known)
    if not given:
        return marks.samples(ranges) or [None]
    return [address for address in given if address.version == family][:1] or [None]


def _undeclared_node(cluster: Cluster, address: Address) -> Node | None:
    for pod in cluster.pods.values():
        if pod.host_network and address in pod.addresses:
            return Node(pod.node or "", {}, (address,))
    return None


def _named(cluster: Cluster, name: str, family: int, marks: Marks) -> Iterator[End]:
    patterns = frozenset(pattern for pattern in marks.patterns if covers(pattern, name))
    if cluster.names is None:
        addresses = marks.samples([WHOLE[family]])
    else:
        known = [ipaddress.ip_address(each) for each in cluster.names.get(name, ())]
        addresses = [each for each in known if each.version == family]
    for address in addresses:
        yield End(address=address, patterns=patterns)


def _names_of(cluster: Cluster, address: Address, marks: Marks) -> Iterable[frozenset[str]]:
    if cluster.names is None:
        return marks.consistent()
    known = [name for name, addresses in cluster.names.items() if str(address) in addresses]
    return [frozenset(pattern for pattern in marks.patterns for name in known if covers(pattern, name))]
