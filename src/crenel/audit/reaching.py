"""Who of all endpoints reaches whom, on which traffic: solved once, by groups of endpoints that rules treat alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from crenel.bits import members
from crenel.dialects.assemble import ADMIN, BASELINE, FOREIGN, NETWORKPOLICY
from crenel.network.endpoints import Kind
from crenel.network.evaluate import Cell
from crenel.network.lowering import StageView, View
from crenel.network.network import Network
from crenel.network.rules import Direction
from crenel.network.traffic import ALL


@dataclass(frozen=True, slots=True)
class Reached:
    """The other ends of one endpoint: for each part of the traffic who surely and who possibly gets through.

    `parts` are (sure, possible, traffic): bitsets of endpoints, sure within possible, and of the network's traffic.
    """

    parts: tuple[tuple[int, int, int], ...]

    def sure(self, traffic: int = ALL) -> int:
        """Those that surely get through with some of some traffic."""
        found = 0
        for sure, _, what in self.parts:
            found |= sure if what & traffic else 0
        return found

    def possible(self, traffic: int = ALL) -> int:
        """Those that may get through with some of some traffic."""
        found = 0
        for _, possible, what in self.parts:
            found |= possible if what & traffic else 0
        return found

    def traffic(self, ends: int) -> int:
        """The traffic with which some of some ends surely get through."""
        found = 0
        for sure, _, what in self.parts:
            found |= what if sure & ends else 0
        return found


NOBODY = Reached(())
"""No other end."""


class Reach:
    """Reachability between the endpoints of a network. `sources` and `targets` are the ends that count, as bitsets."""

    def __init__(self, network: Network, sources: int, targets: int) -> None:
        self.network, self.sources, self.targets = network, sources, targets
        self._out: dict[int, Reached] = {}

    def into(self, index: int) -> Reached:
        """Who reaches an endpoint, through the egress of the one and the ingress of the other."""
        return self._into.get(index, NOBODY)

    @cached_property
    def _into(self) -> dict[int, Reached]:
        found: dict[int, list[tuple[int, int, int]]] = {}
        for view in self.network.views:
            for alike in self.network.alike(view, self.targets & view.destinations):
                parts = _parts(self.network.column(view, alike[0], self.sources), self.network.table.everything)
                for index in alike:
                    found.setdefault(index, []).extend(parts)
        return {index: Reached(tuple(parts)) for index, parts in found.items()}

    def out_of(self, index: int) -> Reached:
        """Whom the egress of an endpoint alone lets it reach, whatever guards the other end."""
        if (known := self._out.get(index)) is None:
            cells = [cell for view in self.network.views for cell in self.network.end(view, Direction.EGRESS, index)]
            known = self._out[index] = Reached(tuple(_parts(cells, self.network.table.everything)))
        return known

    def isolated(self, index: int, direction: Direction) -> bool | None:
        """Whether an endpoint is closed in a direction unless a rule opens it; None where that cannot be told.

        That is so where a NetworkPolicy isolates it, or where the admin tiers let nothing through that comes from, or
        goes, outside of its own namespace. A policy of a kind that is not understood leaves it open.
        """
        answers = {self._isolated(view, index, direction) for view in self.network.views}
        return False if False in answers else None if None in answers else True

    def _isolated(self, view: View, index: int, direction: Direction) -> bool | None:
        stages = {stage.stage.name: stage for stage in view.of(direction)}
        plain, foreign = stages.get(NETWORKPOLICY), stages.get(FOREIGN)
        if plain is not None and plain.isolated.sure >> index & 1:
            return True
        if any(_concerns(stages.get(name), index) for name in (ADMIN, BASELINE)):
            others = self._others(direction) & ~self._near(index)
            if not any(cell.allowed & others for cell in self.network.end(view, direction, index)):
                return True
        doubt = _concerns(foreign, index) or (plain is not None and bool(plain.isolated.possible >> index & 1))
        return None if doubt else False

    def _others(self, direction: Direction) -> int:
        """Whom the admin tiers can shut out: pods, and of what is sent also addresses outside."""
        pods = self.network.of_kind(Kind.WORKLOAD) & ~self.network.locality.hosted
        return pods if direction is Direction.INGRESS else pods | self.sources

    def _near(self, index: int) -> int:
        """The endpoints of its own namespace."""
        return self._groups.get(self.network.endpoints[index].group, 0)

    @cached_property
    def _groups(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for each in members(self.targets):
            group = self.network.endpoints[each].group
            found[group] = found.get(group, 0) | 1 << each
        return found

    def not_understood(self, index: int, direction: Direction) -> list[str]:
        """The titles of the policies of kinds that are not understood which may concern an endpoint."""
        titles: dict[str, None] = {}
        for view in self.network.views:
            for stage in view.of(direction):
                if stage.stage.name == FOREIGN:
                    for bucket in stage.index(by_subject=True).buckets(index):
                        titles |= dict.fromkeys(entry.policy.title for entry in bucket.entries)
        return list(titles)


def _parts(cells: Iterable[Cell], everything: int) -> list[tuple[int, int, int]]:
    return [(cell.sure, cell.allowed, cell.traffic & everything) for cell in cells if cell.traffic & everything]


def _concerns(stage: StageView | None, index: int) -> bool:
    return stage is not None and bool(stage.index(by_subject=True).buckets(index))
