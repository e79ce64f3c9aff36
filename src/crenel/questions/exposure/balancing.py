"""Through load balancers: whom they face, whose packets they take, and how they get to the pod."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import reduce

from crenel.dialects import loadbalancer
from crenel.dialects.entries import NODE_PORTS
from crenel.network.firewalls import Answer, Balancer, Fact, Listening, Target
from crenel.network.rules import Direction
from crenel.network.traffic import Match
from crenel.questions.exposure.arrivals import Arrivals, boolean, of_fact
from crenel.questions.exposure.fronts import Front, from_front
from crenel.questions.exposure.handing import Handing
from crenel.questions.exposure.paths import NOBODY, Layer, Reach, everybody, past_any, perhaps
from crenel.questions.exposure.policies import Policies
from crenel.questions.exposure.trip import BALANCER, RANK, SOURCE_RANGES, Trip, Way
from crenel.questions.verdict import Decision, Step


class Balancing:
    """Walks trips through load balancers."""

    def __init__(self, arrivals: Arrivals, policies: Policies, handing: Handing) -> None:
        self.ground = arrivals.ground
        self.arrivals = arrivals
        self.policies = policies
        self.handing = handing

    def ways(self, trip: Trip) -> Iterator[Way]:
        """All alternatives of a trip."""
        assert trip.entry.service is not None
        known: list[Balancer | None] = [*self.ground.joined.balancers_of(trip.entry.service)]
        for balancer in known or [None]:
            yield from self._through(trip, balancer)

    def _through(self, trip: Trip, balancer: Balancer | None) -> Iterator[Way]:
        entry, universe = trip.entry, self.ground.universe(trip.family)
        stations = (balancer.name,) if balancer is not None else ()
        front = [self._facing(trip, balancer), *self._source_ranges(trip)]
        listening, shut = listener(balancer, entry.protocol, entry.port)
        if shut is not None:
            yield Way.of([*front, shut], universe, stations, "")
            return
        known = Front(balancer, listening)
        if balancer is not None:
            front += self.own_firewalls(trip, balancer)
        for back, seen in self._backs(trip, known):
            yield Way.of([*front, *back], universe, stations, seen, self._address(trip, known))

    def _facing(self, trip: Trip, balancer: Balancer | None) -> Layer:
        """Whom it faces: by the infrastructure, else by the Service, else by what is assumed."""
        assert trip.entry.service is not None
        fact = balancer.facing if balancer is not None else Fact(Answer.UNKNOWN)
        if fact.answer is Answer.UNKNOWN:
            fact = loadbalancer.facing(trip.entry.service)
        answer = boolean(fact) if fact.answer is not Answer.UNKNOWN else self.arrivals.assumptions.internet_facing
        where = balancer.name if balancer is not None else trip.entry.title
        what = f"the load balancer of {trip.entry.title} faces the internet"
        return of_fact(BALANCER, where, fact, what, answer, self.ground.universe(trip.family))

    def _source_ranges(self, trip: Trip) -> Iterator[Layer]:
        assert trip.entry.service is not None
        found = loadbalancer.source_ranges(trip.entry.service)
        if found is None:
            return
        ranges, field = found
        blocks = reduce(int.__or__, (1 << each for each in self.ground.network.blocks_within(ranges)), 0)
        reach = everybody(blocks & self.ground.universe(trip.family))
        says = f"only from {ranges.only(trip.family) or 'no address of this family'}"
        decision = Decision.ALLOW if reach.sure else Decision.DENY
        step = Step(SOURCE_RANGES, Direction.INGRESS, decision, says, origin=trip.entry.origin, field=field)
        yield Layer(SOURCE_RANGES, trip.entry.title, reach, says, explain=lambda: (step,))

    def own_firewalls(self, trip: Trip, balancer: Balancer) -> Iterator[Layer]:
        """Those at its own interfaces: any of them takes a connection."""
        names = [each for each in self.ground.interfaces_of(balancer.name) if self.ground.guarded(each)]
        layers = [self.arrivals.filter(balancer.name, name, trip.family, trip.entry.match) for name in names]
        if layers:
            best = max(layers, key=lambda layer: (RANK[layer.state], layer.reach.sure.bit_count()))
            yield replace(best, reach=past_any(layer.reach for layer in layers))

    def _address(self, trip: Trip, front: Front) -> str:
        service, names = trip.entry.service, list(front.balancer.hostnames) if front.balancer is not None else []
        assert service is not None
        addresses = loadbalancer.ingress_addresses(service)
        mine = [text for text in addresses if (":" in text) == (trip.family == 6)]
        return next(iter([*loadbalancer.ingress_hostnames(service), *mine, *names]), "")

    # Behind it

    def _backs(self, trip: Trip, front: Front) -> Iterator[tuple[tuple[Layer, ...], str]]:
        """The layers between it and the pod: by node ports, or straight to the address of the pod."""
        targets = front.listening.targets if front.listening is not None else None
        pods = self.ground.joined.tenants.get(trip.backend.endpoint, ()) if trip.backend.endpoint is not None else ()
        if targets is not None and any(each.address for each in targets) and pods:
            for pod in pods:
                yield (self.hop(trip, front, pod, pod, trip.target), self.straight(trip, front)), "the load balancer"
            return
        hidden = "the load balancer" if front.keeps_client is False else "the client"
        seen = hidden if trip.entry.keeps_client else "a node"
        for nodes in self.alike(trip, front):
            yield tuple(self.by_node(trip, front, nodes)), seen

    def alike(self, trip: Trip, front: Front) -> list[list[str]]:
        """The nodes, those together that the firewalls on the way treat alike."""
        groups: dict[object, list[str]] = {}
        for node in self._nodes(trip, front):
            groups.setdefault(self._told(trip, front, node), []).append(node)
        return list(groups.values())

    def _nodes(self, trip: Trip, front: Front) -> Sequence[str]:
        """The nodes that it hands on to; one for all where nothing in the input tells them apart."""
        homes = trip.homes(self.ground.network)
        names = [name for name in self.arrivals.nodes if homes is None or name in homes]
        meant = {each.machine for each in (front.listening.targets if front.listening is not None else None) or ()}
        mine = [name for name in names if meant & self._machines(name)]
        return (mine or names) if self.ground.joined.infrastructure.interfaces else names[:1]

    def _machines(self, node: str) -> set[str]:
        return {self.ground.interfaces[name].machine for name in self.ground.joined.machines.get(node, ())}

    def by_node(self, trip: Trip, front: Front, nodes: Sequence[str]) -> Iterator[Layer]:
        """The layers by way of some nodes that are all alike."""
        yield from self._hops(trip, front, nodes[0])
        if trip.entry.keeps_client:
            yield self.straight(trip, front)
            return
        if (over := self.handing.from_nodes(trip, nodes)) is not None:
            yield over
        yield self.policies.nodes(trip, nodes)

    def _told(self, trip: Trip, front: Front, node: str) -> tuple[int, ...]:
        """What tells nodes apart: whom firewalls in front of them let through, and whom their own."""
        at, names = self._aimed(trip, front, node)
        found = [self._behind(trip, front, name, node, at) for name in names]
        found += [layer.reach for layer in self.arrivals.host(node, trip.family, at, trip.target)]
        return tuple(id(self.ground.same(reach)) for reach in found)

    def _behind(self, trip: Trip, front: Front, interface: str, where: str, match: Match) -> Reach:
        """Whom the firewalls in front of what is behind it let through (`hop`)."""
        as_client = self.ground.into(interface, trip.family, match)
        if front.keeps_client is True:
            return as_client
        by_balancer = from_front(self.ground, front, interface, where, trip.family, match)
        if by_balancer is None:
            everyone = everybody(self.ground.universe(trip.family))
            return as_client if as_client == everyone else perhaps(everyone.sure)
        if front.keeps_client is False or as_client == by_balancer.reach:
            return by_balancer.reach
        sure, possible = as_client & by_balancer.reach, as_client | by_balancer.reach
        return Reach(sure.sure, possible.possible)

    def _hops(self, trip: Trip, front: Front, node: str) -> Iterator[Layer]:
        """The firewalls in front of a node, and its own."""
        at, names = self._aimed(trip, front, node)
        for name in names:
            yield self.hop(trip, front, name, f"node {node}", at)
        yield from self.arrivals.host(node, trip.family, at, trip.target)

    def _aimed(self, trip: Trip, front: Front, node: str) -> tuple[Match, Sequence[str]]:
        """The port of a node that it hands on to, and the interface there that filters stand at, if any does."""
        number = trip.entry.node_port
        at = trip.entry.match
        if number is not None:
            at = Match(trip.entry.protocol, (number, number) if number else NODE_PORTS)
        names = self.arrivals.cloud(node)
        if target := self._target(front, node):
            port, names = target.port or trip.entry.port, [target.interface]
            at = Match(trip.entry.protocol, (port, port))
        return at, [name for name in names if self.ground.guarded(name)][:1]

    def _target(self, front: Front, node: str) -> Target | None:
        """Where on a node it hands on to, where the input tells the interface."""
        targets = (front.listening.targets if front.listening is not None else None) or ()
        machines = self._machines(node)
        return next((each for each in targets if each.interface and each.machine in machines), None)

    def hop(self, trip: Trip, front: Front, interface: str, where: str, match: Match) -> Layer:
        """The firewalls in front of what is behind it: they see the client, or the load balancer."""
        as_client = self.arrivals.filter(where, interface, trip.family, match)
        reach = self._behind(trip, front, interface, where, match)
        if front.keeps_client is True:
            return as_client
        by_balancer = from_front(self.ground, front, interface, where, trip.family, match)
        lacks = f"whether {front.name} in front of {where} keeps the addresses of clients"
        if by_balancer is None:
            if front.keeps_client is False:
                lacks = f"which addresses and groups {front.name} in front of {where} has"
            return as_client if reach == as_client.reach else replace(as_client, reach=reach, lacks=lacks)
        return by_balancer if reach == by_balancer.reach else replace(by_balancer, reach=reach, lacks=lacks)

    def straight(self, trip: Trip, front: Front) -> Layer:
        """The policies at a pod whose packets no node translates: it sees the client, or the load balancer."""
        if front.keeps_client is not False:
            return self.policies.client(trip)
        own, around = front.addresses(self.ground), front.around(self.ground).only(trip.family)
        return self.policies.within(trip, around) if around and not own else self.policies.balancer(trip, own)


def listener(balancer: Balancer | None, protocol: int, port: int) -> tuple[Listening | None, Layer | None]:
    """The listener of a load balancer on a port, or the layer that says that it has none there."""
    listeners = balancer.listeners if balancer is not None else ()
    found = next((each for each in listeners if (each.protocol, each.port) == (protocol, port)), None)
    if balancer is None or not listeners or found is not None:
        return found, None
    return None, Layer("listener", balancer.name, NOBODY, f"{balancer.name} does not listen on {port}")
