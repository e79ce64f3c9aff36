"""Walks every way in, from the internet to the pod, through all layers that the input knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from crenel.dialects.destinations import PRIVATE
from crenel.dialects.entries import Entry, EntryKind, entries
from crenel.dialects.service import Backend
from crenel.network.addresses import AddressSet, Family, address_text
from crenel.network.firewalls import Answer, Fact
from crenel.network.traffic import protocol_name
from crenel.questions.exposure.arrivals import Arrival, Arrivals, boolean, of_fact
from crenel.questions.exposure.assumptions import Assumptions
from crenel.questions.exposure.balancing import Balancing
from crenel.questions.exposure.ground import Ground
from crenel.questions.exposure.handing import Handing
from crenel.questions.exposure.paths import NOBODY, Layer, Path, past_all, past_any, perhaps
from crenel.questions.exposure.policies import Policies
from crenel.questions.exposure.trip import ROUTE, Trip, Way
from crenel.questions.verdict import Witness


class Walker:
    """Walks entries of a joined model."""

    def __init__(self, ground: Ground, assumptions: Assumptions) -> None:
        self.ground = ground
        self.arrivals = Arrivals(ground, assumptions)
        self.policies = Policies(ground)
        self.handing = Handing(ground)
        self.balancing = Balancing(self.arrivals, self.policies, self.handing)

    def paths(self) -> Iterator[Path]:
        """All paths: for each entry, one for each backend and family."""
        for entry in entries(self.ground.joined.model):
            yield from self.of_entry(entry)

    def of_entry(self, entry: Entry) -> Iterator[Path]:
        """The paths of one way in."""
        for backend in entry.backends:
            for family in self.ground.families:
                if backend.traffic and self._speaks(backend, family):
                    trip = Trip(entry, backend, backend.traffic[0], family)
                    ways = list(self._ways(trip))
                    if ways:
                        yield self.made(trip, ways)

    def _speaks(self, backend: Backend, family: Family) -> bool:
        if backend.endpoint is None:
            return (":" in backend.address) == (family == 6)
        return family in self.ground.network.endpoints[backend.endpoint].families

    def made(self, trip: Trip, ways: list[Way]) -> Path:
        """The path that some alternatives make: that of the best of them, for whoever gets through any."""
        best = max(ways, key=lambda way: way.goodness)
        joined = past_any(way.reach for way in ways)
        sources, entry = self.ground.addresses(joined.sure), trip.entry
        layers, address = best.build()
        return Path(
            entry=entry, family=trip.family, protocol=entry.protocol, port=entry.port, through=best.through,
            target=trip.destination(self.ground.network), endpoint=trip.backend.endpoint,
            target_port=trip.target.ports[0] if trip.target.ports else entry.port, layers=layers, joined=joined,
            sources=sources, possible=self.ground.addresses(joined.possible), seen_as=best.seen_as,
            witness=_witness(trip, address, sources),
        )  # fmt: skip

    def _ways(self, trip: Trip) -> Iterator[Way]:
        """The alternatives, by the kind of the entry."""
        if trip.entry.kind is EntryKind.BALANCER:
            yield from self.balancing.ways(trip)
        elif trip.entry.kind is EntryKind.POD_ADDRESS:
            yield from self._straight(trip)
        else:
            yield from self._by_node(trip)

    def _by_node(self, trip: Trip) -> Iterator[Way]:
        """Node ports, host ports, the host network, and external addresses, which nodes take as well."""
        inner = None if trip.entry.kind is EntryKind.HOST_NETWORK else trip.target
        homes = trip.homes(self.ground.network)
        policy = self._policy(trip)
        for arrival in self.arrivals.at_nodes(trip.family, trip.entry.match, inner):
            if homes is None:
                yield self._ended(trip, arrival, policy)
            elif taken := tuple(name for name in arrival.nodes if name in homes):
                yield self._ended(trip, replace(arrival, nodes=taken), policy)

    def _policy(self, trip: Trip) -> Layer | None:
        """The policies at the end, where they say the same of all nodes."""
        return self.policies.client(trip) if trip.entry.keeps_client else self.policies.any_node(trip)

    def _ended(self, trip: Trip, arrival: Arrival, policy: Layer | None) -> Way:
        """The last part of a way that comes by nodes: translation, and the policies at the pod."""
        first = (self._external(trip),) if trip.entry.kind is EntryKind.EXTERNAL_ADDRESS else ()
        client = trip.entry.keeps_client
        policy = policy or self.policies.nodes(trip, arrival.nodes)
        reaches = (*(layer.reach for layer in first), *arrival.reaches[len(first) :], policy.reach)
        over = None
        if not client and past_all(reaches).possible:
            over = self.handing.from_nodes(trip, arrival.nodes)
        last = (policy,) if over is None else (over, policy)
        reaches = (*reaches[:-1], *(layer.reach for layer in last))

        def build() -> tuple[tuple[Layer, ...], str]:
            layers, address = arrival.build()
            return (*first, *layers[len(first) :], *last), address

        more = f" and {len(arrival.nodes) - 1} more" if len(arrival.nodes) > 1 else ""
        seen = "the client" if client else "a node"
        return Way(reaches, (f"node {arrival.nodes[0]}{more}",), seen, past_all(reaches), build)

    def _external(self, trip: Trip) -> Layer:
        """An address that routers outside have to lead to the nodes (core/v1 ServiceSpec.externalIPs)."""
        address = trip.entry.address
        mine = (":" in address) == (trip.family == 6)
        if not mine or AddressSet.of(address) <= PRIVATE:
            return Layer(ROUTE, address, NOBODY, f"{address} is {'private' if mine else 'of the other family'}")
        lacks = f"whether {address} is routed to the nodes"
        says = f"{address} is an address that the cluster does not route itself"
        return Layer(ROUTE, address, perhaps(self.ground.universe(trip.family)), says, lacks)

    def _straight(self, trip: Trip) -> Iterator[Way]:
        """To a pod's own address, which the internet may route."""
        assert trip.backend.endpoint is not None
        universe, endpoint = self.ground.universe(trip.family), self.ground.network.endpoints[trip.backend.endpoint]
        own = (endpoint.addresses or AddressSet()).only(trip.family) - PRIVATE
        if not own:
            return
        address, policy = own.cidrs()[0].partition("/")[0], self.policies.client(trip)
        tenants = self.ground.joined.tenants.get(trip.backend.endpoint, ())
        if not tenants:
            lacks = f"whether the internet is routed to {address}, and what filters it"
            layer = Layer(ROUTE, endpoint.name, perhaps(universe), f"{address} is a public address", lacks)
            yield Way.of([layer, policy], universe, (), "the client", address)
        for name in tenants:
            fact = self.ground.interfaces[name].entered.get(trip.family, Fact(Answer.UNKNOWN))
            route = of_fact(ROUTE, name, fact, f"the internet is routed to {name}", boolean(fact), universe)
            firewall = self.arrivals.filter(name, name, trip.family, trip.target)
            yield Way.of([route, firewall, policy], universe, (name,), "the client", address)


def _witness(trip: Trip, address: str, sources: AddressSet) -> Witness | None:
    """One packet that gets through."""
    first = sources.first(trip.family)
    if first is None:
        return None
    destination = address or trip.entry.address or trip.entry.title
    source = address_text(trip.family, first)
    return Witness(trip.family, source, destination, protocol_name(trip.entry.protocol), trip.entry.port)
