"""One thing to walk, and one way of doing it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

from crenel.dialects.entries import Entry
from crenel.dialects.service import Backend
from crenel.network.addresses import Family
from crenel.network.network import Network
from crenel.network.traffic import Match
from crenel.questions.exposure.paths import Layer, Reach, State, everybody

ROUTE, BALANCER, SOURCE_RANGES = "route", "load balancer", "source ranges"
FIREWALL, HOST_FIREWALL, POLICY = "cloud firewall", "host firewall", "network policy"
"""The names of the layers."""


@dataclass(frozen=True, slots=True)
class Trip:
    """From outside through an entry to one backend, in one family. `target` is the port of the backend."""

    entry: Entry
    backend: Backend
    target: Match
    family: Family

    def destination(self, network: Network) -> str:
        """What reports call the backend."""
        return self.backend.address if self.backend.endpoint is None else network.endpoints[self.backend.endpoint].name

    def homes(self, network: Network) -> frozenset[str] | None:
        """The nodes on which it goes on, None for all: those of the pod where nodes hand on to their own pods alone."""
        if self.entry.nodes is not None or not self.entry.keeps_client or self.backend.endpoint is None:
            return self.entry.nodes
        return network.endpoints[self.backend.endpoint].nodes


@dataclass(frozen=True, slots=True)
class Way:
    """One alternative of a trip: its layers in order, its stations, and whom the pod takes for its peer."""

    layers: tuple[Layer, ...]
    through: tuple[str, ...]
    seen_as: str
    reach: Reach
    address: str = ""

    @classmethod
    def of(
        cls, layers: Iterable[Layer], universe: int, through: tuple[str, ...], seen_as: str, address: str = ""
    ) -> Way:
        """A way that takes all of its layers."""
        found = tuple(layers)
        reach = reduce(Reach.__and__, (layer.reach for layer in found), everybody(universe))
        return cls(found, through, seen_as, reach, address)

    @property
    def goodness(self) -> tuple[int, int, int, int]:
        """How much it lets through; of those that are closed the one with the fewest layers to change is best."""
        closed = sum(layer.state is State.CLOSED for layer in self.layers)
        return RANK[self.reach.state], self.reach.sure.bit_count(), -closed, -len(self.layers)


RANK = {State.OPEN: 2, State.POSSIBLE: 1, State.CLOSED: 0}


def lowest(*masks: int) -> int | None:
    """The lowest member of the first set that has one."""
    return next(((mask & -mask).bit_length() - 1 for mask in masks if mask), None)
