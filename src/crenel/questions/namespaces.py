"""Which namespaces can talk to each other: the map, collapsed to a line for each pair of namespaces.

What is outside is not collapsed: CIDRs and DNS names stay what they are; all nodes are one. Pairs that are alike are
one line, so that an open cluster of many namespaces is ``* -> *``. Nothing is counted pod by pod: a row of the solution
is a rectangle, and so is what it covers of a pair of namespaces.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from crenel.bits import members, union
from crenel.network.addresses import Family
from crenel.network.conditions import NameResolves, conditions_of, words
from crenel.network.lowering import View
from crenel.network.network import Network
from crenel.questions.connections import Connection, Row, Selection, rows
from crenel.questions.explain import condition, passage
from crenel.questions.parties import Parties, Party
from crenel.questions.units import Share, Units

Extent: TypeAlias = Literal["all", "some"]
"""Whether every workload of one namespace reaches every workload of the other with all of the traffic."""


@dataclass(frozen=True, slots=True)
class Collapsed:
    """A connection between namespaces."""

    connection: Connection
    extent: Extent


def collapse(network: Network, parties: Parties, selection: Selection) -> list[Collapsed]:
    """Collapse what a selection solves to, sorted by source and destination."""
    units = Units(network, parties, selection)
    solved = [Piece.of(network, parties, row) for row in rows(network, parties, selection)]
    found: dict[_Line, dict[Family | None, int]] = defaultdict(lambda: defaultdict(int))
    for view in network.views:
        mine = [piece for piece in solved if piece.row.family in (None, view.family)]
        for line, destinations in _Collapse(units, view, mine).lines().items():
            found[line][view.family] |= destinations
    listed = [each for line, targets in found.items() for each in _written(network, units, line, targets)]
    return sorted(listed, key=_order)


def _order(each: Collapsed) -> tuple[object, ...]:
    connection = each.connection
    return connection.sources, connection.destinations, connection.certainty, connection.traffic, each.extent


@dataclass(frozen=True, slots=True)
class Piece:
    """A row, with what it depends on when it is not sure."""

    row: Row
    conditions: tuple[str, ...] = ()
    rank: int = 0
    """0 for sure, 1 for possible, 2 for addresses that a DNS name may resolve to."""

    @classmethod
    def of(cls, network: Network, parties: Parties, row: Row) -> Piece:
        """Look up the conditions of a row."""
        if row.sure:
            return cls(row)
        view = next(
            each for each in network.views_of(members(row.destinations)[0]) if row.family in (None, each.family)
        )
        source, destination = members(row.sources)[0], members(row.destinations)[0]
        when = condition(network, passage(network, view, source, destination, row.traffic))
        by_name = bool(row.destinations & parties.blocks) and all(
            isinstance(each, NameResolves) for each in conditions_of(when)
        )
        return cls(row, tuple(words(when)), 2 if by_name else 1)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line to be, without its destinations: a bitset of source units, and what holds."""

    sources: int
    traffic: int
    rank: int
    extent: Extent
    conditions: tuple[str, ...]


@dataclass(slots=True)
class _Tally:
    """What is known of a pair of units: per rank the traffic, how much is covered of it, and what it depends on."""

    pairs: int
    traffic: list[int]
    covered: list[list[tuple[int, int]]]
    conditions: list[set[str]]

    @classmethod
    def of(cls, pairs: int) -> _Tally:
        return cls(pairs, [0, 0, 0], [[], [], []], [set(), set(), set()])

    def add(self, piece: Piece, pairs: int) -> None:
        """Count a piece that covers some of the pairs."""
        self.traffic[piece.rank] |= piece.row.traffic
        self.covered[piece.rank].append((piece.row.traffic, pairs))
        self.conditions[piece.rank].update(piece.conditions)

    def facts(self) -> Iterator[tuple[int, int, Extent, tuple[str, ...]]]:
        """Per rank, the traffic that no stronger rank has, whether it covers all pairs, and the conditions."""
        stronger = 0
        for rank in range(3):
            traffic = self.traffic[rank] & ~stronger
            if not traffic:
                continue
            stronger |= traffic
            covered = sum((mask & traffic).bit_count() * pairs for mask, pairs in self.covered[rank])
            extent: Extent = "all" if covered == traffic.bit_count() * self.pairs else "some"
            yield rank, traffic, extent, tuple(sorted(self.conditions[rank]))


class _Collapse:
    """Collapses the pieces of one view."""

    def __init__(self, units: Units, view: View, pieces: list[Piece]) -> None:
        self._units = units
        self._pieces = pieces
        self._senders = units.wanted.sources & view.everyone
        self._receivers = units.wanted.destinations & view.destinations

    def lines(self) -> dict[_Line, int]:
        """The lines, each with the bitset of its destination units."""
        found: dict[_Line, int] = defaultdict(int)
        for targets, pieces in self._alike():
            sources: dict[tuple[int, int, Extent, tuple[str, ...]], int] = defaultdict(int)
            for senders, tally in self._tallies(targets, pieces):
                for fact in tally.facts():
                    sources[fact] |= senders
            for (rank, traffic, extent, conditions), senders in sources.items():
                found[_Line(senders, traffic, rank, extent, conditions)] |= targets
        return found

    def _alike(self) -> Iterator[tuple[int, list[tuple[Piece, int]]]]:
        """Group the destination units that the same pieces cover; a unit of which only a part is met stands alone.

        Yields the units, and the pieces with the part of the unit that each covers (all of it where it is -1).
        """
        covering: dict[int, list[int]] = defaultdict(list)
        partly: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for number, piece in enumerate(self._pieces):
            share = self._units.share(piece.row.destinations, self._receivers)
            for unit in members(share.covered):
                covering[unit].append(number)
            for unit, part in share.parts:
                partly[unit].append((number, part))
        groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for unit, numbers in covering.items():
            if unit not in partly:
                groups[tuple(numbers)].append(unit)
        for alike, found in groups.items():
            yield union(found), [(self._pieces[number], -1) for number in alike]
        for unit, parts in partly.items():
            whole = [(self._pieces[number], -1) for number in covering.get(unit, ())]
            yield 1 << unit, whole + [(self._pieces[number], part) for number, part in parts]

    def _tallies(self, targets: int, pieces: list[tuple[Piece, int]]) -> Iterator[tuple[int, _Tally]]:
        """Tally the source units against some destination units that are alike."""
        shares = [self._units.share(piece.row.sources, self._senders) for piece, _ in pieces]
        single = members(targets)[0] if targets.bit_count() == 1 else None
        apart = {unit for share in shares for unit, _ in share.parts}
        if single is not None and any(share.covered >> single & 1 for share in shares):
            apart.add(single)
        yield from self._together(union(apart), single, pieces, shares)
        for unit in sorted(apart):
            if (tally := self._apart(unit, single, pieces, shares)).pairs:
                yield 1 << unit, tally

    def _together(
        self, apart: int, single: int | None, pieces: list[tuple[Piece, int]], shares: list[Share]
    ) -> Iterator[tuple[int, _Tally]]:
        """Source units that are covered by the same pieces; one sender of each is as good as all."""
        receivers = 1 if single is None else self._inside(single).bit_count()
        cells: list[tuple[int, list[int]]] = []
        left = 0
        for share in shares:
            left |= share.covered
        cells.append((left & ~apart, []))
        for number, share in enumerate(shares):
            cells = [split for cell in cells for split in _split(cell, share.covered, number)]
        for senders, numbers in cells:
            tally = _Tally.of(receivers)
            for number in numbers:
                piece, part = pieces[number]
                tally.add(piece, receivers if part < 0 else part.bit_count())
            yield senders, tally

    def _inside(self, unit: int) -> int:
        return self._units.masks[unit] & self._receivers

    def _apart(self, unit: int, single: int | None, pieces: list[tuple[Piece, int]], shares: list[Share]) -> _Tally:
        """One source unit, counted pair by pair of ends, without those that are one and the same."""
        senders = self._units.masks[unit] & self._senders
        receivers = self._inside(single) if single is not None else 0
        tally = _Tally.of(self._pairs(senders, receivers) if single is not None else senders.bit_count())
        for (piece, part), share in zip(pieces, shares, strict=True):
            if share.covered >> unit & 1:
                mine = senders
            else:
                mine = next((mask for each, mask in share.parts if each == unit), 0)
            if mine and single is None:
                tally.add(piece, mine.bit_count())
            elif mine:
                tally.add(piece, self._pairs(mine, receivers if part < 0 else part))
        return tally

    def _pairs(self, senders: int, receivers: int) -> int:
        return senders.bit_count() * receivers.bit_count() - (senders & receivers & self._units.alone).bit_count()


def _split(cell: tuple[int, list[int]], covered: int, number: int) -> Iterator[tuple[int, list[int]]]:
    units, numbers = cell
    if inside := units & covered:
        yield inside, [*numbers, number]
    if outside := units & ~covered:
        yield outside, numbers


def _written(network: Network, units: Units, line: _Line, targets: dict[Family | None, int]) -> Iterator[Collapsed]:
    """A line as connections: one where it holds in every family, else one for each."""
    for family, destinations in _by_family(network, units, targets):
        for source in units.parties(line.sources, units.wanted.sources):
            for destination in units.parties(destinations, units.wanted.destinations):
                for one, other in _untied(source, destination):
                    certainty = "possible" if line.rank else "sure"
                    traffic = network.table.describe(line.traffic)
                    connection = Connection(
                        one, other, traffic, certainty, line.conditions, family, by_name_only=line.rank == 2
                    )
                    yield Collapsed(connection, line.extent)


def _by_family(
    network: Network, units: Units, targets: dict[Family | None, int]
) -> Iterator[tuple[Family | None, int]]:
    """Take apart what holds in one family alone, and join what holds in every one in which it can be reached."""
    everywhere = 0
    for unit in members(union(unit for found in targets.values() for unit in members(found))):
        mask = units.masks[unit] & units.wanted.destinations
        reached = [view.family for view in network.views if view.destinations & mask]
        if all(targets.get(family, 0) >> unit & 1 for family in reached):
            everywhere |= 1 << unit
    if everywhere:
        yield None, everywhere
    for family, found in targets.items():
        if rest := found & ~everywhere:
            yield family, rest


def _untied(source: Party, destination: Party) -> Iterable[tuple[Party, Party]]:
    """Lines of single names where one side is single: they read and grep better than lists."""
    if len(source.names) > 1 and len(destination.names) > 1:
        return [(source, destination)]
    return [(one, other) for one in _singly(source) for other in _singly(destination)]


def _singly(party: Party) -> list[Party]:
    return [party] if party.exceptions else [Party((name,), outside=party.outside) for name in party.names]
