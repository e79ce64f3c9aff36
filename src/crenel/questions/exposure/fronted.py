"""Through load balancers of a cloud that are the proxy themselves: no pod serves the Ingress or Gateway.

The first connection ends at the load balancer; the second begins there and goes to a node port or straight to a pod,
whose firewalls and policies see the load balancer, or a node. Which rule takes what is up to `crenel.routing`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property

from crenel.bits import union
from crenel.dialects import cloudproxies
from crenel.dialects.cloudproxies import Aim, CloudProxy, Ranges
from crenel.dialects.entries import Entry, EntryKind
from crenel.dialects.proxies import Served
from crenel.dialects.service import Backend
from crenel.network.addresses import FAMILIES, Family
from crenel.network.firewalls import Answer, Balancer, Fact, Listening
from crenel.network.rules import Direction
from crenel.network.traffic import TCP, UDP
from crenel.questions.exposure.arrivals import boolean, of_fact
from crenel.questions.exposure.balancing import listener
from crenel.questions.exposure.fronts import Front
from crenel.questions.exposure.paths import Layer, Leg, Path, Reach, everybody, perhaps
from crenel.questions.exposure.proxied import Behind, Onward, Proxied, backwards, onwards
from crenel.questions.exposure.targeting import Targeting
from crenel.questions.exposure.trip import BALANCER, SOURCE_RANGES, Trip, Way
from crenel.questions.exposure.walking import Walker
from crenel.questions.verdict import Decision, Step
from crenel.routing.openings import openings
from crenel.routing.proxy import Listener as Port
from crenel.routing.proxy import Protocol, TlsMode

LoadBalancers = Sequence[Balancer | None]


class Fronted:
    """Walks what is behind load balancers that are proxies."""

    def __init__(self, walker: Walker, proxied: Proxied, served: Sequence[Served]) -> None:
        self.ground = walker.ground
        self.walker = walker
        self.balancing = walker.balancing
        self.targeting = Targeting(walker.balancing)
        self.proxied = proxied
        self.all = [each.cloud for each in served if each.cloud is not None]
        self._known: dict[object, Path | None] = {}
        self._found: dict[int, LoadBalancers] = {}

    @cached_property
    def _families(self) -> tuple[Family, ...]:
        """The families of clients: a load balancer may speak one that the cluster does not."""
        return self.ground.families if self.ground.joined.infrastructure.interfaces else FAMILIES

    def paths(self) -> Iterator[Path]:
        """The paths of all of them."""
        for cloud in self.all:
            for opening in openings(cloud.proxy):
                for onward in onwards(opening):
                    yield from self.onward(cloud, onward)

    def onward(self, cloud: CloudProxy, onward: Onward) -> Iterator[Path]:
        """The paths to what is behind one rule."""
        for behind in self.proxied.behind(onward.backend):
            for family in self._families:
                path = self._path(cloud, onward, behind, family)
                if path is not None:
                    yield replace(
                        path, request=onward.request, tls=self._tls(cloud, onward, behind, path),
                        route=(onward.origin, onward.field), behind=behind.place,
                    )  # fmt: skip

    def arriving(self, cloud: CloudProxy, port: Port) -> Iterator[Path]:
        """The paths that end at a load balancer itself, for what it answers on its own."""
        for family in self._families:
            entry = self._entry(cloud, port, None)
            trip = Trip(entry, Backend(None, (), self._name(cloud)), entry.match, family)
            found = [self._arrived(cloud, trip, each) for each in self._balancers(cloud)]
            if ways := [way for way in found if way is not None]:
                yield self.walker.made(trip, ways)

    def _arrived(self, cloud: CloudProxy, trip: Trip, balancer: Balancer | None) -> Way | None:
        first = self._first(cloud, trip, balancer)
        if first is None:
            return None
        universe, stations = self.ground.universe(trip.family), self._stations(cloud, balancer)
        return Way.of(first, universe, stations, "the client", self._address(cloud, trip.family))

    def _path(self, cloud: CloudProxy, onward: Onward, behind: Behind, family: Family) -> Path | None:
        """The path that all rules have in common which lead from one port to one pod in the same way."""
        service, aim = behind.service, cloud.aim(behind.service, onward.origin)
        port = onward.listener
        key = (
            id(cloud.proxy), port.port, port.protocol is Protocol.UDP, aim, service.namespace, service.name,
            behind.port.port, behind.pod, behind.match, family,
        )  # fmt: skip
        if key not in self._known:
            entry = self._entry(cloud, port, behind)
            trip = Trip(entry, entry.backends[0], behind.match, family)
            ways = [way for each in self._balancers(cloud) for way in self._through(cloud, trip, each, aim, behind)]
            self._known[key] = self.walker.made(trip, ways) if ways else None
        return self._known[key]

    def _entry(self, cloud: CloudProxy, port: Port, behind: Behind | None) -> Entry:
        """The port of the load balancer; with what is behind it where that is given."""
        bare = Entry(
            EntryKind.BALANCER, cloud.title, UDP if port.protocol is Protocol.UDP else TCP, port.port, (), False,
            service_port=port.port, origin=cloud.origin, field=cloud.where, remedy=cloud.remedy,
        )  # fmt: skip
        if behind is None:
            return bare
        spec, backends = behind.service.spec, (Backend(behind.pod, (behind.match,)),)
        number = (behind.port.node_port or 0) if cloudproxies.node_ported(behind.service) else None
        local = spec is not None and spec.external_traffic_policy == "Local"
        return replace(bare, backends=backends, keeps_client=local, node_port=number)

    def _balancers(self, cloud: CloudProxy) -> LoadBalancers:
        if (known := self._found.get(id(cloud))) is None:
            found = self.ground.joined.balancers_at(cloud.hostnames, cloud.addresses)
            known = self._found[id(cloud)] = found or [None]
        return known

    def _name(self, cloud: CloudProxy) -> str:
        known = self._balancers(cloud)[0]
        return known.name if known is not None else f"the load balancer of {cloud.title}"

    def _stations(self, cloud: CloudProxy, balancer: Balancer | None) -> tuple[str, ...]:
        return (f"{balancer.name} ({cloud.proxy.title})",) if balancer is not None else (self._name(cloud),)

    def _address(self, cloud: CloudProxy, family: Family) -> str:
        mine = cloud.addresses.only(family)
        by_name = next(iter(cloud.hostnames), "")
        return mine.cidrs()[0].partition("/")[0] if mine else by_name

    # The first connection

    def _first(self, cloud: CloudProxy, trip: Trip, balancer: Balancer | None) -> tuple[Layer, ...] | None:
        """The layers in front of the load balancer; None where it has no addresses of the family."""
        speaks = self._speaks(cloud, balancer, trip.family)
        if speaks is Answer.NO:
            return None
        _, shut = listener(balancer, trip.entry.protocol, trip.entry.port)
        layers = [self._facing(cloud, trip, balancer)]
        if speaks is Answer.UNKNOWN:
            layers.append(self._doubt(trip, f"whether {self._name(cloud)} has addresses of IPv{trip.family}"))
        if (ranges := cloud.ranges.get(trip.entry.port)) is not None:
            layers.append(self._ranges(trip, ranges))
        layers += [shut] if shut is not None else []
        guards = list(self.balancing.own_firewalls(trip, balancer)) if balancer is not None and shut is None else []
        doubts = [] if guards else [self._doubt(trip, text, SOURCE_RANGES) for text in cloud.doubts]
        return (*layers, *guards, *doubts)

    def _speaks(self, cloud: CloudProxy, balancer: Balancer | None, family: Family) -> Answer:
        """Whether it has addresses of a family: by those in the infrastructure, else by what asks for it."""
        if balancer is not None:
            own = balancer.addresses | Front(balancer).addresses(self.ground)
            if family in own.families():
                return Answer.YES
        return cloud.families[family]

    def _facing(self, cloud: CloudProxy, trip: Trip, balancer: Balancer | None) -> Layer:
        fact = balancer.facing if balancer is not None else Fact(Answer.UNKNOWN)
        if fact.answer is Answer.UNKNOWN:
            fact = cloud.facing
        answer = boolean(fact) if fact.answer is not Answer.UNKNOWN else self._assumed()
        what = f"the load balancer of {cloud.title} faces the internet"
        where = balancer.name if balancer is not None else cloud.title
        return of_fact(BALANCER, where, fact, what, answer, self.ground.universe(trip.family))

    def _assumed(self) -> bool | None:
        return self.walker.arrivals.assumptions.internet_facing

    def _ranges(self, trip: Trip, ranges: Ranges) -> Layer:
        blocks = union(self.ground.blocks(ranges.addresses))
        reach = everybody(blocks & self.ground.universe(trip.family))
        says = f"only from {ranges.addresses.only(trip.family) or 'no address of this family'}"
        decision = Decision.ALLOW if reach.sure else Decision.DENY
        step = Step(SOURCE_RANGES, Direction.INGRESS, decision, says, origin=ranges.origin, field=ranges.field)
        return Layer(SOURCE_RANGES, trip.entry.title, reach, says, explain=lambda: (step,))

    def _doubt(self, trip: Trip, lacks: str, name: str = BALANCER) -> Layer:
        return Layer(name, trip.entry.title, perhaps(self.ground.universe(trip.family)), lacks, lacks)

    # The second connection

    def _through(
        self, cloud: CloudProxy, trip: Trip, balancer: Balancer | None, aim: Aim, behind: Behind
    ) -> Iterator[Way]:
        first = self._first(cloud, trip, balancer)
        if first is None:
            return
        found, _ = listener(balancer, trip.entry.protocol, trip.entry.port)
        keeps = False if cloud.ends else found.keeps_client if found is not None else None
        listening = found or Listening(trip.entry.protocol, trip.entry.port)
        front = Front(balancer, replace(listening, keeps_client=keeps), self._name(cloud), cloud.sends_from)
        universe, address = self.ground.universe(trip.family), self._address(cloud, trip.family)
        for second in self.targeting.all(self._inner(cloud, trip), front, aim, behind):
            layers = (_everyones(layer, universe) if cloud.ends else layer for layer in second.layers)
            yield Way.of([*first, *layers], universe, self._stations(cloud, balancer), second.seen_as, address)

    def _inner(self, cloud: CloudProxy, trip: Trip) -> Trip:
        """The trip of the second connection, which is of a family that the pod has."""
        assert trip.backend.endpoint is not None
        families = self.ground.network.endpoints[trip.backend.endpoint].families
        inner: Family = 4 if 4 in families else families[0]
        return replace(trip, family=inner) if cloud.ends else trip

    # TLS

    def _tls(self, cloud: CloudProxy, onward: Onward, behind: Behind, path: Path) -> tuple[Leg, Leg]:
        name, passed = self._name(cloud), onward.listener.tls is TlsMode.PASSTHROUGH
        back = backwards(onward) if passed else cloud.encrypted(onward.backend, behind.port)
        return Leg("the client", name, onward.listener.tls.value), Leg(name, path.target, back)


def _everyones(layer: Layer, universe: int) -> Layer:
    """A layer behind a load balancer that ends connections: it lets through all clients or none, of any family."""
    reach = Reach(universe if layer.reach.sure else 0, universe if layer.reach.possible else 0)
    return layer if reach == layer.reach else replace(layer, reach=reach)
