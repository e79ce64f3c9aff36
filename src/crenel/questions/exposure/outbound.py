"""The reverse: where each workload can go outside of the cluster, which is what exfiltration uses.

Policies decide at the pod, firewalls of the infrastructure at the interface that it shares, or at those of its node,
and routes whether anything leaves at all.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from crenel.bits import key, members, union
from crenel.dialects.destinations import METADATA, NOWHERE, internet
from crenel.dialects.joined import OWN, Joined
from crenel.network.addresses import FAMILIES, AddressSet, Family
from crenel.network.endpoints import Endpoint, Kind
from crenel.network.evaluate import Cell
from crenel.network.firewalls import Answer
from crenel.network.network import Network
from crenel.network.rules import Direction
from crenel.network.traffic import ALL
from crenel.questions.exposure.paths import State


class Where(enum.Enum):
    """What sort of destination."""

    INTERNET = "internet"
    METADATA = "metadata"
    OTHER = "other networks"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Outlet:
    """What one workload may send to destinations of one sort, in one family.

    `traffic` gets through surely to some of `addresses`, `possible` may besides; both are written as (protocol, ports).
    `name` is set for a DNS name in place of addresses. `lacks` says what it hangs on.
    """

    workload: str
    where: Where
    family: Family
    traffic: tuple[tuple[str, str], ...]
    possible: tuple[tuple[str, str], ...]
    addresses: AddressSet = AddressSet()
    name: str = ""
    lacks: tuple[str, ...] = ()

    @property
    def state(self) -> State:
        """Whether anything gets out."""
        return State.OPEN if self.traffic else State.POSSIBLE if self.possible else State.CLOSED


class Outlets:
    """Asks a joined model for what leaves."""

    def __init__(self, joined: Joined) -> None:
        self.joined = joined
        self.network = joined.model.network
        inside = joined.model.assembly.blueprint.inside
        sorts = {
            Where.INTERNET: internet(inside),
            Where.METADATA: METADATA,
            Where.OTHER: AddressSet.everything(4, 6) - internet(inside) - NOWHERE - inside - METADATA,
        }
        self._names = [(index, each) for index, each in self.network.endpoints.items() if each.kind is Kind.NAME]
        self._known = {each.name: each for each in joined.infrastructure.interfaces}
        self._ends: dict[tuple[str, Family], list[Cell]] = {}
        self._texts: dict[tuple[int, int], AddressSet] = {}
        self._sorts = {
            (where, family): union(self.network.blocks_within(addresses.only(family)))
            for where, addresses in sorts.items()
            for family in FAMILIES
        }

    def all(self) -> Iterator[Outlet]:
        """The outlets of all workloads, in the order of the input."""
        for index, endpoint in self.network.endpoints.items():
            if endpoint.kind is Kind.WORKLOAD:
                yield from self.of(index, endpoint)

    def of(self, index: int, endpoint: Endpoint) -> Iterator[Outlet]:
        """The outlets of one workload."""
        for family in self._families(endpoint):
            cells = self._policies(index, endpoint, family)
            yield from self._named(endpoint, family, cells)
            for where in (Where.INTERNET, Where.METADATA, Where.OTHER):
                if blocks := self._sorts[where, family]:
                    yield self._outlet(index, endpoint, family, where, blocks, cells)

    def _families(self, endpoint: Endpoint) -> Iterator[Family]:
        spoken = self.network.blueprint.families
        return (family for family in endpoint.families if family in spoken)

    def _policies(self, index: int, endpoint: Endpoint, family: Family) -> list[Cell]:
        view = next(view for view in self.network.views if view.family in (None, family))
        if endpoint.hosted:
            return [Cell(ALL, view.everyone, 0, 0)]
        return self.network.end(view, Direction.EGRESS, index)

    def _named(self, endpoint: Endpoint, family: Family, cells: Sequence[Cell]) -> Iterator[Outlet]:
        for index, name in self._names:
            if family in name.families:
                sure, possible = _traffic(cells, 1 << index)
                if possible:
                    text = name.name.removeprefix("dns:")
                    yield Outlet(endpoint.name, Where.NAME, family, *self._written(sure, possible), name=text)

    def _outlet(
        self, index: int, endpoint: Endpoint, family: Family, where: Where, blocks: int, cells: list[Cell]
    ) -> Outlet:
        lacks: list[str] = []
        for others in self._firewalls(index, endpoint, family, where):
            cells = list(_both(cells, others))
        leaves = self._leaves(index, endpoint, family, where)
        if leaves is Answer.NO:
            blocks = 0
        sure, possible = _traffic(cells, blocks)
        if leaves is Answer.UNKNOWN and sure:
            lacks.append(f"whether {endpoint.name} has a route to the internet")
            sure = 0
        reached = union_of(cell.allowed & blocks for cell in cells)
        if (addresses := self._texts.get(key(reached))) is None:
            addresses = self._texts[key(reached)] = _addresses(self.network, reached)
        return Outlet(endpoint.name, where, family, *self._written(sure, possible), addresses, lacks=tuple(lacks))

    def _written(self, sure: int, possible: int) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
        describe = self.network.table.describe
        return describe(sure), describe(possible & ~sure)

    def _interfaces(self, index: int, endpoint: Endpoint) -> list[str]:
        """The interfaces that its packets leave by: those that it shares, else those of its nodes."""
        if own := self.joined.tenants.get(index):
            return list(own)
        nodes = endpoint.nodes or frozenset(self.joined.machines)
        found = [name for node in sorted(nodes) for name in self.joined.machines.get(node, ())]
        return [name for name in found if not name.startswith(OWN)]

    def _own(self, endpoint: Endpoint) -> list[str]:
        """The firewalls of its nodes themselves."""
        kind = "" if endpoint.hosted else "/pods"
        nodes = endpoint.nodes or frozenset(self.joined.machines)
        wanted = [f"{OWN}{node}{kind}" for node in sorted(nodes)]
        known = {name for names in self.joined.machines.values() for name in names}
        return [name for name in wanted if name in known]

    def _firewalls(self, index: int, endpoint: Endpoint, family: Family, where: Where) -> Iterator[list[Cell]]:
        """What the firewalls of nodes and of the infrastructure let out; these never see what goes to metadata."""
        cloud = self._interfaces(index, endpoint) if where is not Where.METADATA else []
        for names in (self._own(endpoint), cloud):
            if names:
                yield _any([self._end(name, family) for name in names])

    def _end(self, interface: str, family: Family) -> list[Cell]:
        """What the firewalls at one interface let out."""
        if (cells := self._ends.get((interface, family))) is None:
            forth = self.joined.wire.forth
            view = next(view for view in forth.views if view.family in (None, family))
            cells = forth.end(view, Direction.EGRESS, self.joined.wire.index(interface))
            self._ends[interface, family] = cells
        return cells

    def _leaves(self, index: int, endpoint: Endpoint, family: Family, where: Where) -> Answer:
        if where is not Where.INTERNET:
            return Answer.YES
        facts = [self._known[name].leaves.get(family) for name in self._interfaces(index, endpoint)]
        answers = {fact.answer if fact is not None else Answer.UNKNOWN for fact in facts}
        if not answers or Answer.YES in answers:
            return Answer.YES
        return Answer.UNKNOWN if Answer.UNKNOWN in answers else Answer.NO


def union_of(masks: Iterator[int]) -> int:
    """The union of some sets."""
    total = 0
    for mask in masks:
        total |= mask
    return total


def _traffic(cells: Sequence[Cell], ends: int) -> tuple[int, int]:
    """The traffic with which some of some ends are reached, surely and possibly."""
    sure = union_of(cell.traffic for cell in cells if cell.sure & ends)
    return sure, union_of(cell.traffic for cell in cells if cell.allowed & ends)


def _both(left: Sequence[Cell], right: Sequence[Cell]) -> Iterator[Cell]:
    """What gets through one point and then another."""
    for one in left:
        for other in right:
            if common := one.traffic & other.traffic:
                yield Cell(common, one.allowed & other.allowed, one.denied | other.denied, 0)


def _any(points: Sequence[list[Cell]]) -> list[Cell]:
    """What gets through any of several points: replicas may stand behind different ones."""
    found = points[0]
    for others in points[1:]:
        found = [
            Cell(common, one.allowed | other.allowed, (one.denied | other.denied) & ~(one.sure | other.sure), 0)
            for one in found
            for other in others
            if (common := one.traffic & other.traffic)
        ]
    return found


def _addresses(network: Network, blocks: int) -> AddressSet:
    v4: list[tuple[int, int]] = []
    v6: list[tuple[int, int]] = []
    for index in members(blocks):
        found = network.endpoints[index].addresses or AddressSet()
        v4 += found.v4
        v6 += found.v6
    return AddressSet() | AddressSet(tuple(v4), tuple(v6))
