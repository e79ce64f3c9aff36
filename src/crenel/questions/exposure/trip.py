"""One thing to walk, and one way of doing it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from crenel.dialects.entries import Entry
from crenel.dialects.service import Backend
from crenel.network.addresses import Family
from crenel.network.network import Network
from crenel.network.traffic import Match
from crenel.questions.exposure.paths import Layer, Reach, State, everybody, past_all

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
    """One alternative of a trip: its stations, whom the pod takes for its peer, and who gets through.

    `reaches` are those of its layers in order. The layers themselves are made for the way that is shown: `build`
    returns them with the address that is addressed, empty where it is not known.
    """

    reaches: tuple[Reach, ...]
    through: tuple[str, ...]
    seen_as: str
    reach: Reach
    build: Callable[[], tuple[tuple[Layer, ...], str]]

    @classmethod
    def of(
        cls, layers: Iterable[Layer], universe: int, through: tuple[str, ...], seen_as: str, address: str = ""
    ) -> Way:
        """A way whose layers are made already."""
        found = tuple(layers)
        reaches = tuple(layer.reach for layer in found)
        reach = past_all([everybody(universe), *reaches])
        return cls(reaches, through, seen_as, reach, lambda: (found, address))

    @property
    def goodness(self) -> tuple[int, int, int, int]:
        """How much it lets through; of those that are closed the one with the fewest layers to change is best."""
        closed = sum(not reach.possible for reach in self.reaches)
        return RANK[self.reach.state], self.reach.sure.bit_count(), -closed, -len(self.reaches)


RANK = {State.OPEN: 2, State.POSSIBLE: 1, State.CLOSED: 0}


def lowest(*masks: int) -> int | None:
    """The lowest member of the first set that has one."""
    return next(((mask & -mask).bit_length() - 1 for mask in masks if mask), None)
