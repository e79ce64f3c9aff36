"""Who shares a node with whom: what is exempt where a stage never stands between an endpoint and its own node.

A source in a node's network is, for the pods on that node, the node itself. Whether it is that depends on where both
run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crenel.bits import union
from crenel.network.endpoints import Endpoint, Kind
from crenel.network.evaluate import Cell

LOCAL = 0
"""The index of the relation *its own node*."""


@dataclass(frozen=True, slots=True)
class Near:
    """Sources on the same node as a destination: surely all of them, or perhaps some; disjoint bitsets."""

    sure: int
    perhaps: int

    @property
    def any(self) -> int:
        """The relation itself, where anybody may stand in it: the set of index 0, or the empty set."""
        return 1 << LOCAL if self.sure | self.perhaps else 0


NOWHERE_NEAR = Near(0, 0)


class Locality:
    """Where the members of a network run."""

    def __init__(self, endpoints: Mapping[int, Endpoint]) -> None:
        self._endpoints = endpoints
        self._sources = [
            (index, endpoint)
            for index, endpoint in endpoints.items()
            if endpoint.hosted and endpoint.kind in (Kind.WORKLOAD, Kind.NODE)
        ]
        self.hosted = union(index for index, _ in self._sources)
        """Those that share a node's network."""
        self._places: dict[frozenset[str] | None, int] = {}
        self._near: dict[frozenset[str] | None, Near] = {}

    def place(self, destination: int) -> int:
        """A number for where a destination runs; the same for two that every source is equally near to."""
        endpoint = self._endpoints[destination]
        if not self._sources or not guarded(endpoint):
            return -1
        return self._places.setdefault(endpoint.nodes, len(self._places))

    def near(self, destination: int) -> Near:
        """The sources that are, or may be, on the same node as a destination that policies guard."""
        endpoint = self._endpoints[destination]
        if not guarded(endpoint):
            return NOWHERE_NEAR
        if endpoint.nodes not in self._near:
            self._near[endpoint.nodes] = self._compared(endpoint.nodes)
        return self._near[endpoint.nodes]

    def _compared(self, there: frozenset[str] | None) -> Near:
        sure, perhaps = [], []
        for index, source in self._sources:
            here = source.nodes
            if here is not None and here == there and len(here) == 1:
                sure.append(index)
            elif here is None or there is None or here & there:
                perhaps.append(index)
        return Near(union(sure), union(perhaps))


def guarded(endpoint: Endpoint) -> bool:
    """Whether rules can have an endpoint as subject."""
    return endpoint.kind is Kind.WORKLOAD and not endpoint.hosted


def localise(cells: list[Cell], near: Near, wanted: int) -> None:
    """Give those on the destination's node what the relation got, and take the relation itself out again."""
    for cell in cells:
        may, may_not = cell.allowed & 1, cell.denied & 1
        cell.allowed = cell.allowed & ~near.sure | (near.sure | near.perhaps) * may
        cell.denied = cell.denied & ~near.sure | (near.sure | near.perhaps) * may_not
        cell.allowed &= wanted
        cell.denied &= wanted
