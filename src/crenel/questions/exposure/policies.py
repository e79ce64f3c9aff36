"""The last layer: the policies at a pod, and whom they take for its peer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from crenel.bits import union
from crenel.network.addresses import AddressSet
from crenel.questions.exposure.ground import Ground
from crenel.questions.exposure.paths import NOBODY, Layer, Reach, everybody, perhaps
from crenel.questions.exposure.trip import POLICY, Trip, lowest


class Policies:
    """Asks the policies at the end of a trip."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground

    def client(self, trip: Trip) -> Layer:
        """They see the address of the client."""
        universe = self.ground.universe(trip.family)
        if (free := self._unguarded(trip)) is not None:
            return free
        found = self._found(trip) & everybody(universe)
        sample = lowest(found.sure, found.possible, universe)
        return self._layer(trip, found, "the client", sample)

    def nodes(self, trip: Trip, nodes: Sequence[str]) -> Layer:
        """They see the node that translated the source: an address like others, and not the pod's own node."""
        if (free := self._unguarded(trip)) is not None:
            return free
        registry = self.ground.network.blueprint.registry
        indices = [index for name in nodes if (index := registry.known(f"node/{name}")) is not None]
        return self._any_of(trip, indices, "a node in place of the client")

    def any_node(self, trip: Trip) -> Layer | None:
        """The same for every node, where they say the same of all; None where they tell nodes apart."""
        if (free := self._unguarded(trip)) is not None:
            return free
        found = self._found(trip)
        if self._nodes & ~found.sure and self._nodes & found.possible:
            return None
        first = lowest(self._nodes)
        return self._any_of(trip, [] if first is None else [first], "a node in place of the client")

    @cached_property
    def _nodes(self) -> int:
        registry, nodes = self.ground.network.blueprint.registry, self.ground.joined.model.scope.population.nodes
        return union(index for node in nodes if (index := registry.known(f"node/{node.name}")) is not None)

    def balancer(self, trip: Trip, own: AddressSet) -> Layer:
        """They see the load balancer, whose addresses inside are `own`; nothing is known where there are none."""
        if (free := self._unguarded(trip)) is not None:
            return free
        blocks = self.ground.network.blocks_within(own.only(trip.family)) if own else []
        if not blocks:
            where = trip.destination(self.ground.network)
            lacks = f"which addresses the load balancer in front of {where} has inside"
            client = self.client(trip)
            reach = client.reach if client.reach == everybody(self.ground.universe(trip.family)) else None
            return client if reach else Layer(POLICY, where, perhaps(self.ground.universe(trip.family)), lacks, lacks)
        return self._any_of(trip, blocks, "the load balancer")

    def within(self, trip: Trip, ranges: AddressSet) -> Layer:
        """They see a load balancer whose address lies somewhere in some ranges: all of them have to get through."""
        if (free := self._unguarded(trip)) is not None:
            return free
        found, blocks = self._found(trip), union(self.ground.blocks(ranges))
        universe = self.ground.universe(trip.family)
        possible = perhaps(universe) if blocks & found.possible else NOBODY
        reach = everybody(universe) if blocks and not blocks & ~found.sure else possible
        made = self._layer(trip, reach, "the load balancer", lowest(blocks & ~found.sure, blocks))
        partly = made.lacks and blocks & found.sure
        return (
            replace(made, lacks=f"where in {ranges} the load balancer in front of {made.where} is") if partly else made
        )

    def _unguarded(self, trip: Trip) -> Layer | None:
        where, universe = trip.destination(self.ground.network), self.ground.universe(trip.family)
        if trip.backend.endpoint is None:
            return Layer(POLICY, where, everybody(universe), f"{where} is no pod: no policy guards it")
        if self.ground.network.endpoints[trip.backend.endpoint].hosted:
            return Layer(POLICY, where, everybody(universe), f"no policy guards {where}: it is in the host network")
        return None

    def _found(self, trip: Trip) -> Reach:
        assert trip.backend.endpoint is not None
        return self.ground.past_policies(trip.backend.endpoint, trip.family, trip.target)

    def _any_of(self, trip: Trip, peers: Sequence[int], whom: str) -> Layer:
        """Any of several peers is enough: outside comes as one of them."""
        found, universe = self._found(trip), self.ground.universe(trip.family)
        sure = next((each for each in peers if found.sure >> each & 1), None)
        maybe = next((each for each in peers if found.possible >> each & 1), None)
        reach = everybody(universe) if sure is not None else perhaps(universe) if maybe is not None else NOBODY
        sample = next((each for each in (sure, maybe, *peers) if each is not None), None)
        return self._layer(trip, reach, whom, sample)

    def _layer(self, trip: Trip, reach: Reach, whom: str, sample: int | None) -> Layer:
        where, pod = trip.destination(self.ground.network), trip.backend.endpoint
        lacks = f"what policies at {where} do with it" if reach.possible and not reach.sure else ""
        return Layer(
            POLICY, where, reach, f"policies at {where} see {whom}", lacks,
            lambda: () if sample is None or pod is None
            else self.ground.policy_steps(sample, pod, trip.family, trip.target),
        )  # fmt: skip
