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

from crenel.bits import key, members, union
from crenel.network.addresses import Family
from crenel.network.lowering import View
from crenel.network.network import Network
from crenel.questions.connections import Connection, Row, Selection, doubt, rows
from crenel.questions.parties import Parties, Party
from crenel.questions.units import Share, Units

Extent: TypeAlias = Literal["all", "some"]
"""Whether every workload of one namespace reaches every workload of the other with all of the traffic."""


@dataclass(frozen=True, slots=True)
class Collapsed:
    """A connection between namespaces."""

    connection: Connection
    extent: Extent


def collapse(network: Network, selection: Selection) -> list[Collapsed]:
    """Collapse what a selection solves to, sorted by source and destination."""
    parties = Parties(network)
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
    one, other = each.connection.sources, each.connection.destinations
    connection = each.connection
    return one.names, one.exceptions, other.names, other.exceptions, connection.certainty, connection.traffic


@dataclass(frozen=True, slots=True)
class Piece:
    """A row, with what it depends on when it is not sure."""

    row: Row
    conditions: tuple[str, ...] = ()
    rank: int = 0
    """0 for sure, 1 for possible, 2 for what is implied by something else."""

    @classmethod
    def of(cls, network: Network, parties: Parties, row: Row) -> Piece:
        """Look up the conditions of a row."""
        certainty, conditions, _, implied = doubt(network, parties, row)
        return cls(row, conditions, 0 if certainty == "sure" else 2 if implied else 1)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line to be, without its destinations: the `key` of a bitset of source units, and what holds."""

    sources: tuple[int, int]
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
        if not pairs:
            return
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
        self._picky = view.matcher.double
        """Receivers that only those address who share the family."""
        self._sharing = view.matcher.reachable
        self._uneven = union(
            unit for unit, mask in enumerate(units.masks) if self._picky and mask & self._senders & ~self._sharing
        )
        """Units some of whose senders do not share the family."""

    def lines(self) -> dict[_Line, int]:
        """The lines, each with the bitset of its destination units."""
        found: dict[_Line, int] = defaultdict(int)
        for targets, pieces in self._alike():
            sources: dict[tuple[int, int, Extent, tuple[str, ...]], int] = defaultdict(int)
            for senders, tally in self._tallies(targets, pieces):
                for fact in tally.facts():
                    sources[fact] |= senders
            for (rank, traffic, extent, conditions), senders in sources.items():
                found[_Line(key(senders), traffic, rank, extent, conditions)] |= targets
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
        groups: dict[tuple[object, ...], list[int]] = defaultdict(list)
        for unit, numbers in covering.items():
            if unit not in partly:
                groups[tuple(numbers), self._pickiness(unit)].append(unit)
        for found in groups.values():
            yield union(found), [(self._pieces[number], -1) for number in covering[found[0]]]
        for unit, parts in partly.items():
            whole = [(self._pieces[number], -1) for number in covering.get(unit, ())]
            yield 1 << unit, whole + [(self._pieces[number], part) for number, part in parts]

    def _pickiness(self, unit: int) -> object:
        """What units must have in common to stand for each other; one that is picky in part stands alone."""
        inside = self._inside(unit)
        picky = inside & self._picky
        return unit if picky and picky != inside else bool(picky)

    def _tallies(self, targets: int, pieces: list[tuple[Piece, int]]) -> Iterator[tuple[int, _Tally]]:
        """Tally the source units against some destination units that are alike."""
        shares = [self._units.share(piece.row.sources, self._senders) for piece, _ in pieces]
        first = members(targets)[0]
        receivers = self._inside(first)
        lonely = self._units.alone if targets == 1 << first else 0
        apart: dict[int, list[tuple[Piece, int, int]]] = defaultdict(list)
        met = 0
        for (piece, part), share in zip(pieces, shares, strict=True):
            met |= share.covered
            for unit, senders in share.parts:
                apart[unit].append((piece, part, senders))
        for unit in members(met & ((targets if lonely else 0) | self._uneven)):
            apart.setdefault(unit, [])
        alone = union(apart)
        for (piece, part), share in zip(pieces, shares, strict=True):
            for unit in members(share.covered & alone):
                apart[unit].append((piece, part, self._units.masks[unit] & self._senders))
        yield from self._together(met & ~alone, receivers, pieces, shares)
        for unit in sorted(apart):
            tally = _Tally.of(self._ways(self._units.masks[unit] & self._senders, receivers, lonely))
            for piece, part, senders in apart[unit]:
                tally.add(piece, self._ways(senders, receivers if part < 0 else part, lonely))
            if tally.pairs:
                yield 1 << unit, tally

    def _together(
        self, met: int, receivers: int, pieces: list[tuple[Piece, int]], shares: list[Share]
    ) -> Iterator[tuple[int, _Tally]]:
        """Source units that are covered by the same pieces; one sender of each is as good as all."""
        cells: list[tuple[int, list[int]]] = [(met, [])] if met else []
        for number, share in enumerate(shares):
            cells = [split for cell in cells for split in _split(cell, share.covered, number)]
        for senders, numbers in cells:
            tally = _Tally.of(receivers.bit_count())
            for number in numbers:
                piece, part = pieces[number]
                tally.add(piece, (receivers if part < 0 else part).bit_count())
            yield senders, tally

    def _inside(self, unit: int) -> int:
        return self._units.masks[unit] & self._receivers

    def _ways(self, senders: int, receivers: int, lonely: int) -> int:
        """How many connections there can be from some to others, but for those that have only themselves to reach."""
        picky = receivers & self._picky
        sharing = (senders & self._sharing).bit_count() * picky.bit_count()
        others = senders.bit_count() * (receivers & ~picky).bit_count()
        return sharing + others - (senders & receivers & lonely).bit_count()


def _split(cell: tuple[int, list[int]], covered: int, number: int) -> Iterator[tuple[int, list[int]]]:
    units, numbers = cell
    if inside := units & covered:
        yield inside, [*numbers, number]
    if outside := units & ~covered:
        yield outside, numbers


def _written(network: Network, units: Units, line: _Line, targets: dict[Family | None, int]) -> Iterator[Collapsed]:
    """A line as connections: one where it holds in every family, else one for each."""
    for family, destinations in _by_family(network, units, targets):
        for source in units.parties(line.sources[1], units.wanted.sources):
            for destination in units.parties(destinations, units.wanted.destinations):
                for one, other in _untied(source, destination):
                    certainty = "possible" if line.rank else "sure"
                    traffic = network.table.describe(line.traffic)
                    connection = Connection(
                        one, other, traffic, certainty, line.conditions, family, implied=line.rank == 2
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
