"""What does this change change: the question `diff`, on meaning and not on text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from crenel.bits import key, members, union
from crenel.dialects.change import Amended
from crenel.dialects.model import Input, Model, build_alike
from crenel.network.addresses import Family
from crenel.network.endpoints import Kind
from crenel.network.evaluate import Cell
from crenel.network.lowering import View
from crenel.network.network import Network, by_member
from crenel.network.traffic import ALL, TrafficTable
from crenel.questions import causes
from crenel.questions.causes import Cause, Causes
from crenel.questions.connections import Connection
from crenel.questions.lines import Lines
from crenel.questions.parties import Parties

_RANKS = {"none": 0, "possible": 1, "sure": 2}
_Tag: TypeAlias = tuple[str, str, Family | None, tuple[str, ...]]
_DESTINATIONS = (Kind.WORKLOAD, Kind.BLOCK, Kind.NAME, Kind.NODE)
_FEW = 400
"""Up to how many ends it is cheaper to solve one by one."""


@dataclass(frozen=True, slots=True)
class Change:
    """A connection whose certainty differs: `before` and `after` are ``none``, ``possible`` or ``sure``."""

    connection: Connection
    before: str
    after: str
    causes: tuple[str, ...] = ()
    """Titles of the causes that bear on it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What became possible, what became impossible, and by which objects."""

    added: tuple[Change, ...]
    removed: tuple[Change, ...]
    causes: tuple[Cause, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)


@dataclass(frozen=True, slots=True)
class _Row:
    sources: int
    destinations: int
    traffic: int
    before: str
    after: str
    family: Family | None


def diff(old: Input, new: Input, expand: bool = False) -> Difference:
    """Compare two inputs, connection by connection."""
    before, after = build_alike([old, new])
    return compare(before, after, expand)


def compare(before: Model, after: Model, expand: bool = False) -> Difference:
    """Compare two models that share a registry and all cuts."""
    both = after.network.joined(before.network)
    shown = _Shown(both, Parties(both))
    return _difference(shown, list(_rows(before, after)), causes.of_inputs(before, after), expand)


def compare_amended(before: Model, change: Amended, parties: Parties, expand: bool = False) -> Difference:
    """Compare a model with what a change of policies made of it; costs what the change touches.

    `parties` are those of `before`: a change of policies leaves the members of a network as they are.
    """
    near = change.near
    assert near is not None
    few = near[0].bit_count() + near[1].bit_count() <= _FEW
    rows = list(_rows_near(before, change.model, near) if few else _rows(before, change.model))
    found = causes.of_change(before, change)
    return _difference(_Shown(change.model.network, parties), rows, found, expand)


def _difference(shown: _Shown, rows: list[_Row], found: Causes, expand: bool) -> Difference:
    added: list[Change] = []
    removed: list[Change] = []
    for change in shown.changes(rows, found, expand):
        (added if _RANKS[change.after] > _RANKS[change.before] else removed).append(change)
    used = {title for change in [*added, *removed] for title in change.causes}
    listed = tuple(cause for cause in found.all if cause.title in used)
    return Difference(_ordered(added), _ordered(removed), listed)


def _ordered(changes: Iterable[Change]) -> tuple[Change, ...]:
    return tuple(sorted(changes, key=_place))


def _place(change: Change) -> tuple[object, ...]:
    connection = change.connection
    return (*connection.sources.key, *connection.destinations.key, connection.traffic)


def _rows(before: Model, after: Model) -> Iterator[_Row]:
    found: dict[tuple[tuple[int, int], int, str, str], dict[Family | None, int]] = defaultdict(lambda: defaultdict(int))
    for old, new in zip(before.network.views, after.network.views, strict=True):
        for alike in _alike(before, after, old, new):
            target = union(alike)
            for (sources, was, now), traffic in _changes(before, after, old, new, alike[0]).items():
                found[key(sources), traffic, was, now][old.family] |= target
    for ((_, sources), traffic, was, now), targets in found.items():
        yield from _by_family(sources, traffic, was, now, targets, after)


def _by_family(
    sources: int, traffic: int, was: str, now: str, targets: dict[Family | None, int], after: Model
) -> Iterator[_Row]:
    if len(targets) == 2 and len(set(targets.values())) == 1:
        yield _Row(sources, next(iter(targets.values())), traffic, was, now, None)
        return
    for family, target in targets.items():
        view = next(view for view in after.network.views if view.family == family)
        yield _Row(sources, target, traffic, was, now, _single(view, target, after))


def _alike(before: Model, after: Model, old: View, new: View) -> Iterable[list[int]]:
    """Group destinations that neither side's rules tell apart."""
    label: dict[int, tuple[int, int]] = defaultdict(lambda: (-1, -1))
    for number, group in enumerate(
        before.network.alike(old, before.network.of_kind(*_DESTINATIONS) & before.network.native & old.destinations)
    ):
        for index in group:
            label[index] = (number, -1)
    for number, group in enumerate(
        after.network.alike(new, after.network.of_kind(*_DESTINATIONS) & after.network.native & new.destinations)
    ):
        for index in group:
            label[index] = (label[index][0], number)
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    for index, pair in label.items():
        groups[pair].append(index)
    return groups.values()


def _rows_near(before: Model, after: Model, near: tuple[int, int]) -> Iterator[_Row]:
    """The rows of some destinations with all sources, and of some sources with all other destinations."""
    sources, destinations = near
    others = after.network.of_kind(*_DESTINATIONS) & after.network.native & ~destinations
    for old, new in zip(before.network.views, after.network.views, strict=True):
        for index in members(destinations & new.destinations):
            for (mask, was, now), traffic in _changes(before, after, old, new, index).items():
                yield _Row(mask, 1 << index, traffic, was, now, _single(old, 1 << index, after))
        for index in members(sources):
            cells = (
                before.network.row(old, index, others & old.destinations),
                after.network.row(new, index, others & new.destinations),
            )
            for (mask, was, now), traffic in cell_changes(*cells, others, after.network.table).items():
                yield _Row(1 << index, mask, traffic, was, now, _single(old, mask, after))


def _single(view: View, destinations: int, model: Model) -> Family | None:
    elsewhere = any(other.family != view.family and other.destinations & destinations for other in model.network.views)
    return view.family if elsewhere else None


def _changes(before: Model, after: Model, old: View, new: View, destination: int) -> dict[tuple[int, str, str], int]:
    """What changes for one destination: traffic by (sources, before, after)."""
    sources = before.network.of_sources() | after.network.of_sources()
    was = (
        before.network.column(old, destination, sources)
        if old.destinations >> destination & 1
        else [Cell(ALL, 0, 0, 0)]
    )
    now = (
        after.network.column(new, destination, sources) if new.destinations >> destination & 1 else [Cell(ALL, 0, 0, 0)]
    )
    return cell_changes(was, now, sources, after.network.table)


def cell_changes(
    was: list[Cell], now: list[Cell], universe: int, table: TrafficTable
) -> dict[tuple[int, str, str], int]:
    """What differs between two solutions: all traffic by (free ends, before, after), the ends disjoint."""
    parts: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for one in was:
        for other in now:
            traffic = one.traffic & other.traffic & table.everything
            if traffic and (one.sure, one.allowed) != (other.sure, other.allowed):
                for first, mask in _states(one):
                    for second, mark in _states(other):
                        if first != second and (hit := mask & mark & universe):
                            parts[first, second].append((hit, traffic))
    return {(who, first, second): what for (first, second), each in parts.items() for who, what in by_member(each)}


def _states(cell: Cell) -> tuple[tuple[str, int], ...]:
    sure = cell.sure
    return ("sure", sure), ("possible", cell.allowed & ~sure), ("none", ~cell.allowed)


class _Shown:
    """Turns rows into connections, with the names of whichever side knows an endpoint."""

    def __init__(self, network: Network, parties: Parties) -> None:
        self._network = network
        self._parties = parties

    def changes(self, rows: list[_Row], found: Causes, expand: bool) -> Iterator[Change]:
        """The rows as changes of connections; those between two ends outside are none of ours."""

        def caused(tag: _Tag, sources: int, destinations: int) -> _Tag:
            was, now, family, _ = tag
            return was, now, family, found.of(sources, destinations, _RANKS[now] > _RANKS[was])

        lines: Lines[_Tag] = Lines(self._network, self._parties, expand, caused)
        inside = self._parties.workloads | self._parties.nodes
        for row in rows:
            for sources in self._parties.classes(row.sources):
                for destinations in self._parties.classes(row.destinations):
                    if (sources | destinations) & inside:
                        lines.add(sources, destinations, row.traffic, (row.before, row.after, row.family, ()))
        for one, other, traffic, (was, now, family, why) in lines.all():
            certainty = now if _RANKS[now] > _RANKS[was] else was
            connection = Connection(one, other, self._network.table.describe(traffic), certainty, (), family)
            yield Change(connection, was, now, why)
