"""All documents of one host as its tables, and all hosts as one infrastructure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from crenel.dialects.hosts import ipset, iptables
from crenel.dialects.hosts.boxes import Box
from crenel.dialects.hosts.flow import Flow
from crenel.dialects.hosts.iptables import IptablesReader
from crenel.dialects.hosts.lower import Lowering
from crenel.dialects.hosts.nft import NftReader
from crenel.dialects.hosts.owners import without_clusters
from crenel.dialects.hosts.ruleset import Hook, IpSet, Table
from crenel.dialects.hosts.site import Site, Way
from crenel.network.addresses import AddressSet, address_text
from crenel.network.firewalls import (
    Balancer,
    Filter,
    Infrastructure,
    Interface,
    Listening,
    Target,
    Tier,
)
from crenel.network.rules import Direction
from crenel.network.traffic import PORTED, protocol_name
from crenel.provenance import Origin, Problem, Severity

_LISTENERS = 64
"""How many ports of one translation become listeners; one of more is a range that is forwarded as a whole."""
_SHOWN = 8
"""How many of them an assumption names."""
_WAYS = (
    (Way.OUT, Direction.EGRESS),
    (Way.THROUGH, Direction.EGRESS),
    (Way.SELF, Direction.INGRESS),
    (Way.SERVICES, Direction.INGRESS),
    (Way.THROUGH, Direction.INGRESS),
    (Way.IN, Direction.INGRESS),
)
"""The ways in the order of tiers, with the end of a connection that they guard."""
_UNABRIDGED = (
    (Way.IN, Direction.INGRESS, Hook.INPUT),
    (Way.THROUGH, Direction.INGRESS, Hook.FORWARD),
    (Way.OUT, Direction.EGRESS, Hook.OUTPUT),
)
"""The hooks where people filter, with the way that comes to them."""
_ASSUMPTIONS = (
    "clients choose ports whose replies no rule stops that is about some of their ports only",
    "reverse path filters pass packets, which come in where their source is routed",
    "packets between pods of one host go through its forward chains",
    "packets to node ports are translated by the cluster before the input chains",
    "packets of IPv6 have no extension headers",
)


@dataclass(slots=True)
class Host:
    """A host with the documents that are of it."""

    name: str
    site: Site
    documents: list[tuple[Any, Origin]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    assumptions: dict[str, None] = field(default_factory=dict)

    @property
    def interface(self) -> str:
        """The name of the interface for packets to and from the host itself."""
        return f"host/{self.name}"

    @property
    def pods(self) -> str:
        """The name of the interface for packets that it forwards."""
        return f"{self.interface}/pods"

    def tables(self) -> list[Table]:
        """All its tables, without what is the cluster's."""
        sets: dict[str, IpSet] = {}
        for data, origin in self.documents:
            if isinstance(data, str) and ipset.recognises(data):
                found, problems = ipset.read(data, origin)
                sets |= found
                self.problems += problems
        listed = [*self._nftables(), *self._iptables(sets)]
        return list(without_clusters(listed, self.name, self.assumptions))

    def _nftables(self) -> Iterator[Table]:
        covered = self._covered()
        for data, origin in self.documents:
            if isinstance(data, str):
                continue
            reader = NftReader(origin)
            tables = reader.tables(data)
            names = {" ".join(key) for key in reader.foreign}
            yield from (table for table in tables if table.name not in covered)
            self.problems += reader.problems
            self.assumptions |= reader.assumptions
            for name in sorted(names - covered):
                text = f"table {name} has extensions of iptables, which nft does not list: give iptables-save as well"
                self.problems.append(Problem(text, origin, severity=Severity.NOTICE))

    def _covered(self) -> set[str]:
        """The tables of nftables that a text of iptables-save says more of."""
        found: set[str] = set()
        for data, origin in self.documents:
            if isinstance(data, str) and iptables.recognises(data) and iptables.is_in_nftables(data):
                family = "ip6" if iptables.family_of(data, origin.source) == 6 else "ip"
                found |= {f"{family} {name}" for name in iptables.table_names(data)}
        return found

    def _iptables(self, sets: dict[str, IpSet]) -> Iterator[Table]:
        for data, origin in self.documents:
            if isinstance(data, str) and iptables.recognises(data):
                reader = IptablesReader(origin, sets)
                yield from reader.tables(data)
                self.problems += reader.problems

    @property
    def services(self) -> str:
        """The name of the interface for packets to its node ports."""
        return f"{self.interface}/nodeports"

    def guarded(self, way: Way) -> str:
        """The interface that packets of a way are from or to."""
        return {Way.THROUGH: self.pods, Way.SERVICES: self.services}.get(way, self.interface)


def name_of(source: str) -> str:
    """A host's name by the name of a file: ``hosts/worker-1.nft.json`` is worker-1."""
    return source.rsplit("/", 1)[-1].partition(".")[0]


def infrastructure(hosts: Iterable[Host]) -> Infrastructure:
    """The firewalls of some hosts. Base chains that are met at the same place make one tier for all hosts."""
    interfaces: list[Interface] = []
    balancers: list[Balancer] = []
    problems: list[Problem] = []
    assumptions: dict[str, None] = {}
    tiers: dict[_Place, list[Filter]] = {}
    rows: list[tuple[Tier, ...]] = []
    for host in hosts:
        flow = Flow(host.tables(), host.site)
        rows += _unabridged(host, flow)
        interfaces += _interfaces(host)
        for place, filter_ in _filters(host, flow):
            tiers.setdefault(place, []).append(filter_)
        balancers += _balancers(host, flow)
        problems += [*host.problems, *flow.problems]
        assumptions |= host.assumptions
    if interfaces:
        assumptions |= dict.fromkeys(_ASSUMPTIONS)
    ordered = [
        Tier(place.layer, _WAYS[place.way][1], (tuple(tiers[place]),), replies=place.reply) for place in sorted(tiers)
    ]
    return Infrastructure(interfaces, ordered, balancers, list(assumptions), problems, unabridged=rows)


class _Place(NamedTuple):
    """Where a tier stands among all: the way, the place of its base chain there, and which of several it is."""

    way: int
    order: tuple[int, int, int, int]
    layer: str
    number: int
    reply: bool


def _filters(host: Host, flow: Flow) -> Iterator[tuple[_Place, Filter]]:
    lowering = Lowering(host.interface, host.site.addresses)
    for number, (way, direction) in enumerate(_WAYS):
        for reply in (False, True):
            met = Counter[tuple[object, str]]()
            for chain in flow.along(way, reply):
                met[chain.order, chain.layer] += 1
                made = lowering.filter(chain, host.guarded(way), direction, way is Way.SELF, reply)
                if made is not None:
                    yield _Place(number, chain.order, chain.layer, met[chain.order, chain.layer], reply), made


def _unabridged(host: Host, flow: Flow) -> Iterator[tuple[Tier, ...]]:
    """For each hook where people filter, its base chains in order, where there are several."""
    lowering = Lowering(host.interface, host.site.addresses)
    for way, direction, hook in _UNABRIDGED:
        chains = [chain for chain in flow.along(way) if chain.chain.hook is hook and not chain.chain.nat]
        if len(chains) > 1:
            filters = [(each.layer, lowering.whole(each, host.guarded(way), direction)) for each in chains]
            yield tuple(Tier(layer, direction, ((made,),)) for layer, made in filters)


def _interfaces(host: Host) -> Iterator[Interface]:
    """The interfaces of a host; node ports are at its own addresses."""
    own, none = host.site.addresses or AddressSet(), AddressSet()
    for name, addresses in ((host.interface, own), (host.pods, none), (host.services, own)):
        yield Interface(name, addresses=addresses, machine=host.name, origin=host.documents[0][1])


def _balancers(host: Host, flow: Flow) -> Iterator[Balancer]:
    """A host that translates the destination of what is sent to it hands that on, as a load balancer does."""
    listeners: dict[tuple[int, int], Listening] = {}
    for box in flow.translations:
        for each in _listeners(box, flow.hides_clients):
            listeners.setdefault((each.protocol, each.port), each)
    if listeners:
        shown = ", ".join(f"{protocol_name(protocol)}/{port}" for protocol, port in list(listeners)[:_SHOWN])
        host.assumptions[f"{host.interface} hands on what is sent to its ports {shown}"] = None
        yield Balancer(host.interface, listeners=tuple(listeners.values()), origin=host.documents[0][1])


def _listeners(box: Box, hides_clients: bool) -> Iterator[Listening]:
    """The listeners of one translation: those of which address and port are single."""
    address, ports = box.seen.destination, box.seen.ports
    if box.doubts or address is None or address.size() != 1:
        return
    family = address.families()[0]
    text = address_text(family, (address.ranges(family))[0][0])
    for protocol, (first, last) in box.region.kinds.rows():
        if protocol in PORTED and last - first < _LISTENERS:
            for port in range(first, last + 1):
                target = Target(address=text, port=ports[0] if ports else None)
                yield Listening(protocol, port, targets=(target,), keeps_client=None if hides_clients else True)
