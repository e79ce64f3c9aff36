"""The world outside of the twin: hosts with addresses in every block that some rule or Service tells apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from crenel.lab.cluster.exposed import Exposed
from crenel.network.addresses import AddressSet, Family, address_text
from crenel.network.endpoints import Endpoint, Kind
from crenel.network.matching import name_matches
from crenel.network.network import Network

UNUSABLE = AddressSet.of(
    "0.0.0.0/8", "127.0.0.0/8", "169.254.1.0/24", "224.0.0.0/4", "255.255.255.255",
    "::/127", "::ffff:0:0/96", "fd00:fab::1", "fe80::/10", "ff00::/8",
)  # fmt: skip
"""Addresses that the kernel lets no host have: unspecified, loopback, multicast, broadcast, IPv4 in IPv6, and IPv6
link-local; and those that the twin's own gateways use. Other IPv4 link-local addresses, such as that of
a cloud's metadata service, Linux routes like any other."""

NAMED = AddressSet.of("198.18.0.0/15", "2001:db8:ffff::/48")
"""Where the hosts are that DNS names lead to (RFC 2544, RFC 3849)."""


@dataclass(frozen=True, slots=True)
class OutsideHost:
    """One address outside. `endpoint` is its block in the model, or the DNS name that leads to it."""

    endpoint: int
    family: Family
    address: int
    title: str

    @property
    def text(self) -> str:
        """The address as it is written."""
        return address_text(self.family, self.address)


@dataclass(frozen=True, slots=True)
class World:
    """All hosts outside, and the blocks that have none."""

    hosts: Sequence[OutsideHost]
    unprobed: Sequence[str]


@dataclass(frozen=True, slots=True)
class Inside:
    """What belongs to the cluster: all of its ranges, and in them the addresses that somebody has."""

    ranges: AddressSet
    taken: AddressSet


def world(
    network: Network, services: Sequence[Exposed], cluster: Inside, targets: Iterable[tuple[Family, int]]
) -> World:
    """Choose hosts outside, in every block of a network.

    They are the first and the last usable address of each block, or of each part of it where the source ranges of
    Services tell parts apart, and every one of `targets`. What belongs to the cluster is nobody's outside.
    """
    hosts: dict[tuple[Family, int], OutsideHost] = {}
    unprobed: list[str] = []
    ranges = [AddressSet.of(*each.source_ranges) for each in services if each.source_ranges]
    wanted = list(targets)
    for index, endpoint in network.endpoints.items():
        if endpoint.kind is not Kind.BLOCK or endpoint.families[0] not in network.blueprint.spoken_families():
            continue
        assert endpoint.addresses is not None
        free = endpoint.addresses - UNUSABLE - cluster.ranges
        if not free:
            if not endpoint.addresses <= cluster.taken:
                unprobed.append(str(endpoint.addresses))
            continue
        for part in _parts(free, ranges):
            for family, value in _ends(part, wanted):
                hosts[family, value] = OutsideHost(index, family, value, address_text(family, value))
    return World([*hosts.values(), *_named(network)], unprobed)


def known_again(before: World, network: Network) -> World:
    """The same hosts as parts of another network, which is cut into other blocks."""
    blocks = {index: each.addresses for index, each in network.endpoints.items() if each.kind is Kind.BLOCK}
    found = []
    for host in before.hosts:
        name = network.blueprint.registry.known(host.title) if host.title.startswith("dns:") else None
        home = (index for index, each in blocks.items() if each and each.contains(host.family, host.address))
        found.append(replace(host, endpoint=next(home) if name is None else name))
    return World(found, before.unprobed)


def usable(family: Family, address: int, cluster: Inside) -> bool:
    """Whether a host outside can have an address."""
    return not any(each.contains(family, address) for each in (UNUSABLE, NAMED, cluster.ranges))


def host_at(network: Network, family: Family, address: int) -> OutsideHost:
    """The host at one address, in the block that it belongs to."""
    index = next(
        index
        for index, each in network.endpoints.items()
        if each.kind is Kind.BLOCK and each.addresses is not None and each.addresses.contains(family, address)
    )
    return OutsideHost(index, family, address, address_text(family, address))


def _parts(free: AddressSet, ranges: Sequence[AddressSet]) -> Iterator[AddressSet]:
    """A set, cut at each border of some others into pieces without a gap; whole where they do not cut it."""
    parts = [free]
    for one in ranges:
        parts = [piece for part in parts for piece in (part & one, part - one) if piece]
    if len(parts) == 1:
        yield free
        return
    for part in parts:
        for family in part.families():
            yield from (AddressSet.from_range(family, low, high) for low, high in part.ranges(family))


def _ends(part: AddressSet, targets: Iterable[tuple[Family, int]]) -> Iterator[tuple[Family, int]]:
    """The first and the last address of a set, and those of `targets` that are in it."""
    for family in part.families():
        ranges = part.ranges(family)
        yield family, ranges[0][0]
        yield family, ranges[-1][1]
    yield from ((family, value) for family, value in targets if part.contains(family, value))


def _named(network: Network) -> Iterator[OutsideHost]:
    """A host for each DNS name that rules mention; a pattern is tried with a name of its own."""
    names = [(index, each) for index, each in network.endpoints.items() if each.kind is Kind.NAME]
    for number, (index, endpoint) in enumerate(sorted(names, key=lambda each: each[1].name)):
        for family in endpoint.families:
            value = NAMED.ranges(family)[0][0] + number + 1
            yield OutsideHost(index, family, value, _example(endpoint))


def _example(endpoint: Endpoint) -> str:
    return endpoint.name.replace("dns:*.", "dns:crenel-lab.")


def resolved(hosts: Iterable[OutsideHost], network: Network) -> dict[str, AddressSet]:
    """The addresses behind each name or pattern that rules mention: of all the names that it covers."""
    named = [(host.title.removeprefix("dns:"), host) for host in hosts if host.title.startswith("dns:")]
    found: dict[str, AddressSet] = {}
    for rule in network.blueprint.rules():
        for pattern in rule.peers.names:
            found[pattern] = AddressSet()
            for name, host in named:
                if name_matches(pattern, name):
                    found[pattern] |= AddressSet.from_range(host.family, host.address, host.address)
    return found
