"""From a load balancer that is a proxy to what stands behind it: node ports, or the addresses of pods."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from crenel.dialects.cloudproxies import Aim, Targets
from crenel.kubernetes.objects.meta import LabelSelector
from crenel.kubernetes.selectors import LabelIndex
from crenel.network.addresses import AddressSet
from crenel.network.rules import Direction
from crenel.provenance import NOWHERE
from crenel.questions.exposure.balancing import Balancing
from crenel.questions.exposure.fronts import Front
from crenel.questions.exposure.paths import NOBODY, Layer, Reach, past_all, past_any, perhaps
from crenel.questions.exposure.proxied import Behind
from crenel.questions.exposure.trip import FIREWALL, RANK, Trip
from crenel.questions.verdict import Decision, Step

TARGETS = "targets"
"""The layer that says how a load balancer reaches what is behind it."""


@dataclass(frozen=True, slots=True)
class Second:
    """One alternative of a second connection: its layers, and whom the pod takes for its peer."""

    layers: tuple[Layer, ...]
    seen_as: str

    @property
    def reach(self) -> Reach:
        """Who gets through all of its layers, of those that come to it."""
        return past_all(layer.reach for layer in self.layers)


class Targeting:
    """Walks second connections."""

    def __init__(self, balancing: Balancing) -> None:
        self.balancing = balancing
        self.ground = balancing.ground
        self.arrivals = balancing.arrivals

    def _meant(self, targets: Targets, front: Front, behind: Behind) -> Targets:
        """Where targets are: where nothing states it, by those of the listener, or by the network of the pods."""
        if targets in (Targets.NODES, Targets.PODS, Targets.UNTOLD):
            return targets
        listed = (front.listening.targets if front.listening is not None else None) or ()
        own = self.ground.network.endpoints[behind.pod].addresses or AddressSet()
        port = behind.match.ports[0] if behind.match.ports else None
        if any(each.address and own & AddressSet.of(each.address) and each.port == port for each in listed):
            return Targets.PODS
        number = behind.port.node_port
        if number and any(each.machine and each.port == number for each in listed):
            return Targets.NODES
        if targets is Targets.PODS_IF_NATIVE:
            return Targets.PODS if self.ground.joined.tenants.get(behind.pod) else Targets.UNKNOWN
        return Targets.NODES if targets is Targets.NODES_BY_DEFAULT else targets

    def all(self, trip: Trip, front: Front, aim: Aim, behind: Behind) -> list[Second]:
        """The alternatives: `trip` is of the family of the second connection."""
        match self._meant(aim.targets, front, behind):
            case Targets.PODS:
                return list(self._to_pod(trip, front))
            case Targets.NODES:
                return list(self._to_nodes(trip, front, aim, behind))
            case Targets.UNTOLD:
                return [self._untold(trip, f"how {front.name} reaches {trip.destination(self.ground.network)}")]
        return self._either(trip, front, aim, behind)

    def _untold(self, trip: Trip, lacks: str) -> Second:
        where = trip.destination(self.ground.network)
        return Second((Layer(TARGETS, where, perhaps(self.ground.universe(trip.family)), lacks, lacks),), "unknown")

    def _either(self, trip: Trip, front: Front, aim: Aim, behind: Behind) -> list[Second]:
        """Where it is not known which of the two holds: sure is only what is so in both cases."""
        pods, nodes = list(self._to_pod(trip, front)), list(self._to_nodes(trip, front, aim, behind))
        by_pods, by_nodes = (past_any(leg.reach for leg in legs) for legs in (pods, nodes))
        if by_pods == by_nodes:
            return pods
        better = pods if RANK[by_pods.state] >= RANK[by_nodes.state] else nodes
        service = f"{behind.service.namespace}/{behind.service.name}"
        doubt = self._untold(trip, f"whether the targets of {front.name} for service {service} are nodes or pods")
        return [replace(leg, layers=(*doubt.layers, *leg.layers)) for leg in better]

    def _to_pod(self, trip: Trip, front: Front) -> Iterator[Second]:
        """Straight to the address of the pod."""
        assert trip.backend.endpoint is not None
        endpoint = self.ground.network.endpoints[trip.backend.endpoint]
        policy = self.balancing.straight(trip, front)
        seen = "the client" if front.keeps_client else "the load balancer"
        homes = sorted(endpoint.nodes or ())
        for name, where in self._ends(trip) or [("", endpoint.name)]:
            filters = [self._in_front(trip, front, name, where)]
            if len(homes) == 1 and endpoint.hosted:
                filters += self.arrivals.host(homes[0], trip.family, trip.target, None)
            elif len(homes) == 1:
                filters += self.arrivals.forwarded(homes[0], trip.family, trip.target)
            yield Second((*filters, policy), seen)

    def _ends(self, trip: Trip) -> list[tuple[str, str]]:
        """The interfaces that have the addresses of a pod, with what reports call the place."""
        assert trip.backend.endpoint is not None
        endpoint = self.ground.network.endpoints[trip.backend.endpoint]
        if endpoint.hosted:
            return [
                (name, f"node {node}")
                for node in sorted(endpoint.nodes or ())
                for name in self.arrivals.cloud(node)[:1]
            ]
        return [(name, name) for name in self.ground.joined.tenants.get(trip.backend.endpoint, ())]

    def _in_front(self, trip: Trip, front: Front, name: str, where: str) -> Layer:
        """The firewalls at the interface of a pod; where none is known of it, what is assumed."""
        if name and self.ground.guarded(name):
            return self.balancing.hop(trip, front, name, where, trip.target)
        if self.ground.joined.infrastructure.interfaces and not name:
            lacks = f"which interface takes what is sent to {where}"
            return Layer(FIREWALL, where, perhaps(self.ground.universe(trip.family)), lacks, lacks)
        return self.arrivals.unfiltered(where, trip.family)

    def _to_nodes(self, trip: Trip, front: Front, aim: Aim, behind: Behind) -> Iterator[Second]:
        """By node ports, which a Service has to have."""
        kind = behind.service.spec.type if behind.service.spec else None
        if trip.entry.node_port is None:
            yield self._none(behind, f"its type is {kind or 'ClusterIP'}, and instances as targets need a node port")
            return
        groups = [[name for name in group if self._labelled(name, aim)] for group in self.balancing.alike(trip, front)]
        if not any(groups):
            labels = ", ".join(f"{key}={value}" for key, value in aim.labels)
            yield self._none(behind, f"no node that would take it has the labels {labels}")
        hidden = "the client" if front.keeps_client else "the load balancer"
        seen = hidden if trip.entry.keeps_client else "a node"
        for nodes in filter(None, groups):
            layers = tuple(self.balancing.by_node(trip, front, nodes))
            if not any(self.ground.guarded(each) for each in self.arrivals.cloud(nodes[0])):
                layers = (self.arrivals.unfiltered(f"node {nodes[0]}", trip.family), *layers)
            yield Second(layers, seen)

    def _labelled(self, node: str, aim: Aim) -> bool:
        """Whether a node is among the targets by its labels; one that the input only implies may be, and is."""
        place = self._places.get(node)
        if not aim.labels or place is None:
            return True
        return bool(self._by_label.match(LabelSelector(match_labels=dict(aim.labels)))[0] >> place & 1)

    @cached_property
    def _places(self) -> dict[str, int]:
        population = enumerate(self.ground.joined.model.given.decoded.nodes)
        return {each.name: place for place, each in population if each.origin != NOWHERE}

    @cached_property
    def _by_label(self) -> LabelIndex:
        population = self.ground.joined.model.given.decoded.nodes
        return LabelIndex((place, each.labels, frozenset[str]()) for place, each in enumerate(population))

    def _none(self, behind: Behind, says: str) -> Second:
        """No target at all, for a reason that is about the Service."""
        service = behind.service
        step = Step(TARGETS, Direction.INGRESS, Decision.DENY, says, origin=service.origin, field=("spec", "type"))
        where = f"service {service.namespace}/{service.name}"
        return Second((Layer(TARGETS, where, NOBODY, says, explain=lambda: (step,)),), "nobody")
