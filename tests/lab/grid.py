"""Packets on both sides of every boundary of a ruleset: of its ports, and of its addresses outside the cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from crenel.enforce.ruleset import Addresses, NamedPorts, PortIs, PortSet, Ruleset
from crenel.lab.cluster.outside import UNUSABLE
from crenel.lab.probing.probes import Parties, Party
from crenel.lab.twin.topology import OUTSIDE
from crenel.network.addresses import LAST, AddressSet, Family, address_text
from crenel.network.traffic import ICMP, ICMPV6, LAST_PORT, PORTED
from lab.census import Journey, journey

Address: TypeAlias = tuple[Family, int]


@dataclass(frozen=True, slots=True)
class Edges:
    """Addresses and ports at boundaries, each with its neighbours."""

    addresses: frozenset[Address]
    ports: frozenset[int]


def edges(rulesets: Iterable[Ruleset], inside: AddressSet) -> Edges:
    """All boundaries of some rulesets; addresses that are `inside` the cluster, or that no host can have, apart."""
    addresses: set[Address] = set()
    ports: set[int] = set()
    for ruleset in rulesets:
        for one in ruleset.sets.values():
            if isinstance(one, Addresses):
                addresses.update((one.family, near) for value in _ends(one) for near in _near(value, LAST[one.family]))
            elif isinstance(one, NamedPorts):
                ports.update(near for _, _, port in one.elements for near in _near(port, LAST_PORT))
            elif isinstance(one, PortSet):
                ports.update(near for _, span in one.elements for port in span for near in _near(port, LAST_PORT))
        matches = (each for chain in ruleset.chains.values() for rule in chain.rules for each in rule.matches)
        for matching in matches:
            if isinstance(matching, PortIs):
                ports.update(near for port in matching.ports for near in _near(port, LAST_PORT))
    usable = {each for each in addresses if not inside.contains(*each) and not UNUSABLE.contains(*each)}
    return Edges(frozenset(usable), frozenset(ports - {0}))


def _ends(one: Addresses) -> Iterator[int]:
    for each in one.elements:
        yield from each if isinstance(each, tuple) else (each,)


def _near(value: int, most: int) -> Iterator[int]:
    return (each for each in (value - 1, value, value + 1) if 0 < each <= most)


def hosts(addresses: Iterable[Address]) -> list[Party]:
    """Somebody outside at each of some addresses."""
    texts = ((family, address_text(family, value)) for family, value in sorted(addresses))
    return [Party(text, text, OUTSIDE, -1, "", family, text) for family, text in texts]


def grid(
    parties: Parties, outside: Sequence[Party], ports: Iterable[int], *, hosts_alone: bool = False
) -> Iterator[Journey]:
    """Every packet between pods, nodes and hosts outside on some ports of every protocol, and one without ports.

    With `hosts_alone` an end of each is one of those hosts.
    """
    traffic = [(protocol, port) for protocol in PORTED for port in sorted(ports)]
    for source, target in pairs(parties, outside):
        if hosts_alone and OUTSIDE not in (source.space, target.space):
            continue
        yield from (journey(source, target, *each) for each in traffic)
        yield journey(source, target, ICMP if source.family == 4 else ICMPV6, 0)


def pairs(parties: Parties, outside: Sequence[Party]) -> Iterator[tuple[Party, Party]]:
    """Every two ends one of which a policy may guard."""
    guarded = [each for each in parties.pods if not each.hosted]
    others = [*parties.nodes, *outside]
    for one in guarded:
        for other in (each for each in others if each.family == one.family):
            yield from ((one, other), (other, one))
        yield from ((one, each) for each in guarded if each.family == one.family and each.address != one.address)
