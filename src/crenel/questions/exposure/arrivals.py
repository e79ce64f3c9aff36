"""Getting to a node, or to a load balancer, from outside: routes and firewalls, before anything of Kubernetes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from crenel.dialects.destinations import PRIVATE
from crenel.dialects.joined import OWN
from crenel.kubernetes.objects.workloads import Node
from crenel.kubernetes.population import further_addresses, node_addresses
from crenel.network.addresses import AddressSet, Family
from crenel.network.firewalls import Answer, Fact
from crenel.network.rules import Direction
from crenel.network.traffic import Match
from crenel.questions.exposure.assumptions import Assumptions
from crenel.questions.exposure.ground import Ground
from crenel.questions.exposure.paths import Layer, Reach, everybody, past_all, past_any, unless_no
from crenel.questions.exposure.trip import FIREWALL, HOST_FIREWALL, ROUTE, lowest
from crenel.questions.verdict import Decision, Step

_BOOLEANS = {Answer.YES: True, Answer.NO: False, Answer.UNKNOWN: None}


def boolean(fact: Fact) -> bool | None:
    """A fact as yes, no or None."""
    return _BOOLEANS[fact.answer]


def of_fact(name: str, where: str, fact: Fact, what: str, answer: bool | None, universe: int) -> Layer:
    """A layer that a fact decides, or an assumption in its place; `what` would hold if the answer is yes."""
    assumed = f"it is assumed that {what}" if answer else f"it is assumed not to be so that {what}"
    says = fact.why or (f"whether {what} is not in the input" if answer is None else assumed)
    decision = {True: Decision.ALLOW, False: Decision.DENY, None: Decision.POSSIBLE}[answer]
    step = Step(name, Direction.INGRESS, decision, says, origin=fact.origin, field=fact.field)
    lacks = f"whether {what}" if answer is None else ""
    return Layer(name, where, unless_no(answer, universe), says, lacks, lambda: (step,))


@dataclass(frozen=True, slots=True)
class Arrival:
    """One way to get to nodes that nothing on the way tells apart.

    `reaches` are those of the layers that are passed: the route first, then the firewalls. `build` makes the layers,
    and returns them with the address that is addressed, empty where it is not known.
    """

    nodes: tuple[str, ...]
    reaches: tuple[Reach, ...]
    build: Callable[[], tuple[tuple[Layer, ...], str]]


@dataclass(frozen=True, slots=True)
class _Gate:
    """What stands in front of a node in one family: the route, and the interfaces at which filters stand.

    `own` are those of the node's own firewall, by what they are for.
    """

    route: Reach
    unfiltered: Reach
    guarded: tuple[str, ...]
    own: dict[str, str]


class Arrivals:
    """The nodes of a joined model, as outside gets to them."""

    def __init__(self, ground: Ground, assumptions: Assumptions) -> None:
        self.ground = ground
        self.assumptions = assumptions
        self._known: dict[tuple[Family, int, int], list[Arrival]] = {}
        self._routes: dict[tuple[str, Family], tuple[Layer, str]] = {}
        self._gates: dict[Family, dict[str, _Gate]] = {}

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """The nodes of the input by name; the stand-in where there is none."""
        return {node.name: node for node in self.ground.joined.model.scope.population.nodes}

    def at_nodes(self, family: Family, match: Match, inner: Match | None) -> list[Arrival]:
        """The ways to a port of the nodes. `inner` is the port of a pod that it is translated to, None for none."""
        mask = self.ground.wire.forth.table.mask
        key = (family, mask(match), mask(inner) if inner is not None else 0)
        if key not in self._known:
            self._known[key] = list(self._grouped(family, match, inner))
        return self._known[key]

    def _grouped(self, family: Family, match: Match, inner: Match | None) -> Iterator[Arrival]:
        """One arrival for all nodes alike; of those that nobody gets to, the one with the fewest layers to change."""
        groups: dict[tuple[int, ...], tuple[tuple[Reach, ...], list[str]]] = {}
        traffic = self.ground.wire.forth.table.mask(match)
        for name, gate in self._gates_of(family).items():
            reaches = (gate.route, self._cloud(gate, family, traffic), *self._host(gate, family, match, inner))
            key = tuple(map(id, reaches))
            if key not in groups:
                groups[key] = (reaches, [])
            groups[key][1].append(name)
        closed = [reaches for reaches, _ in groups.values() if not past_all(reaches).possible]
        nearest = min(closed, key=lambda reaches: sum(not reach.possible for reach in reaches), default=None)
        hidden = {id(reaches) for reaches in closed if reaches is not nearest}
        for reaches, names in groups.values():
            if id(reaches) not in hidden:
                yield Arrival(tuple(names), reaches, partial(self.at_node, names[0], family, match, inner))

    def _cloud(self, gate: _Gate, family: Family, traffic: int) -> Reach:
        """Whom the firewalls in front of a node let through."""
        if not gate.guarded:
            return gate.unfiltered
        if len(gate.guarded) == 1:
            return self.ground.entering(gate.guarded[0], family, traffic)
        return self.ground.same(past_any(self.ground.entering(name, family, traffic) for name in gate.guarded))

    def _host(self, gate: _Gate, family: Family, match: Match, inner: Match | None) -> Sequence[Reach]:
        """Whom the firewall of the node itself lets through."""
        if not gate.own:
            return ()
        return [self.ground.into(name, family, port) for name, port in self._own(gate, match, inner)]

    def _gates_of(self, family: Family) -> dict[str, _Gate]:
        """All nodes, each with what guards it."""
        if family not in self._gates:
            self._gates[family] = {name: self._gate(name, family) for name in self.nodes}
        return self._gates[family]

    def _gate(self, node: str, family: Family) -> _Gate:
        names = self.ground.joined.machines.get(node, ())
        guarded = [name for name in names if self.ground.guarded(name)]
        return _Gate(
            self.ground.same(self._route(node, family)[0].reach),
            self.ground.same(self.unfiltered(f"node {node}", family).reach),
            tuple(name for name in guarded if not name.startswith(OWN)),
            {name.removeprefix(f"{OWN}{node}"): name for name in guarded if name.startswith(OWN)},
        )

    def at_node(self, node: str, family: Family, match: Match, inner: Match | None) -> tuple[tuple[Layer, ...], str]:
        """The layers on the way to a port of one node, straight from the internet, and the address there."""
        route, address = self._route(node, family)
        return (route, *self.firewalls(node, family, match, inner)), address

    def _route(self, node: str, family: Family) -> tuple[Layer, str]:
        if (known := self._routes.get((node, family))) is None:
            known = self._routes[node, family] = self._routed(node, family)
        return known

    def _routed(self, node: str, family: Family) -> tuple[Layer, str]:
        universe, where = self.ground.universe(family), f"node {node}"
        cloud = [self.ground.interfaces[name] for name in self.cloud(node)]
        if cloud:
            facts = [each.entered.get(family, Fact(Answer.UNKNOWN)) for each in cloud]
            best = min(facts, key=lambda fact: _ORDER[fact.answer])
            public = next((each.public.only(family) for each in cloud if each.public.only(family)), AddressSet())
            layer = of_fact(ROUTE, where, best, f"the internet is routed to {where}", boolean(best), universe)
            return layer, _first(public, family)
        listed = AddressSet.of(*node_addresses(self.nodes[node]), *further_addresses(self.nodes[node])).only(family)
        if public := listed - PRIVATE:
            says = f"{where} has the public address {_first(public, family)}"
            return Layer(ROUTE, where, everybody(universe), says), _first(public, family)
        reach = unless_no(self.assumptions.public_nodes, universe)
        says = f"no public IPv{family} address of {where} is in the input"
        lacks = f"whether {where} has a public address" if self.assumptions.public_nodes is None else ""
        return Layer(ROUTE, where, reach, says, lacks), ""

    def cloud(self, node: str) -> list[str]:
        """The interfaces of a node that are not those of its own firewall."""
        return [name for name in self.ground.joined.machines.get(node, ()) if not name.startswith(OWN)]

    def firewalls(self, node: str, family: Family, match: Match, inner: Match | None) -> Iterator[Layer]:
        """The firewalls in front of a node, and its own, for packets of the internet."""
        if guarded := self._gates_of(family)[node].guarded:
            yield self._any_of(guarded, node, family, match)
        else:
            yield self.unfiltered(f"node {node}", family)
        yield from self.host(node, family, match, inner)

    def host(self, node: str, family: Family, match: Match, inner: Match | None) -> Iterator[Layer]:
        """The firewall of the node itself: for its own ports, or for what it forwards to its pods."""
        for name, port in self._own(self._gates_of(family)[node], match, inner):
            yield self.filter(f"node {node}", name, family, port, HOST_FIREWALL)

    def forwarded(self, node: str, family: Family, inner: Match) -> Iterator[Layer]:
        """The firewall of a node for what it forwards to its pods as it comes, with no translation."""
        if name := self._gates_of(family)[node].own.get("/pods"):
            yield self.filter(f"node {node}", name, family, inner, HOST_FIREWALL)

    def _own(self, gate: _Gate, match: Match, inner: Match | None) -> Iterator[tuple[str, Match]]:
        """The parts of a node's own firewall, each with the port that it sees: before the translation, and after."""
        for part, port in ((None, match),) if inner is None else (("/nodeports", match), ("/pods", inner)):
            if name := gate.own.get(part or ""):
                yield name, port

    def _any_of(self, interfaces: Sequence[str], node: str, family: Family, match: Match) -> Layer:
        layers = [self.filter(f"node {node}", name, family, match) for name in interfaces]
        best = max(layers, key=lambda layer: (layer.reach.sure.bit_count(), layer.reach.possible.bit_count()))
        joined = past_any(layer.reach for layer in layers)
        return Layer(best.name, best.where, joined, best.says, best.lacks, best.explain)

    def unfiltered(self, where: str, family: Family) -> Layer:
        """What stands in front of something for which no firewall is in the input."""
        universe = self.ground.universe(family)
        answer = self.assumptions.unfiltered
        lacks = f"which firewalls stand in front of {where}" if answer is None else ""
        says = f"no firewall in front of {where} is in the input"
        return Layer(FIREWALL, where, unless_no(answer, universe), says, lacks)

    def filter(self, where: str, interface: str, family: Family, match: Match, name: str = FIREWALL) -> Layer:
        """The firewalls at one interface, for packets of the internet that come as they are."""
        ground, universe = self.ground, self.ground.universe(family)
        reach = ground.into(interface, family, match)
        sample = lowest(reach.sure, reach.possible, universe)
        return Layer(
            name, where, reach, f"at {interface}", _doubt(reach, interface),
            lambda: () if sample is None else ground.firewall_steps(sample, interface, family, match),
        )  # fmt: skip


def _doubt(reach: Reach, interface: str) -> str:
    return f"what the filters at {interface} do with it" if reach.possible and not reach.sure else ""


_ORDER = {Answer.YES: 0, Answer.UNKNOWN: 1, Answer.NO: 2}


def _first(addresses: AddressSet, family: Family) -> str:
    return addresses.cidrs()[0].partition("/")[0] if addresses.first(family) is not None else ""
