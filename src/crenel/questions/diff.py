"""What does this change change: the question `diff`, on meaning and not on text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from crenel.bits import key, members, union
from crenel.dialects.change import Amended
from crenel.dialects.model import Input, Model, build_alike
from crenel.kubernetes.objects.meta import KubernetesObject
from crenel.kubernetes.objects.policies import AdminPolicy, NetworkPolicy
from crenel.network.addresses import Family
from crenel.network.endpoints import Kind
from crenel.network.evaluate import Cell
from crenel.network.lowering import View
from crenel.network.network import Network, by_member
from crenel.network.rules import Direction, Policy
from crenel.network.traffic import ALL
from crenel.provenance import NOWHERE, Origin
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
class Cause:
    """An object that differs: `change` is ``added``, ``removed`` or ``changed``."""

    title: str
    change: str
    origin: Origin = NOWHERE


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
    return _difference(shown, list(_rows(before, after)), _all_causes(before, after), expand)


def compare_amended(before: Model, change: Amended, parties: Parties, expand: bool = False) -> Difference:
    """Compare a model with what a change of policies made of it; costs what the change touches.

    `parties` are those of `before`: a change of policies leaves the members of a network as they are.
    """
    near = change.near
    assert near is not None and change.differing is not None
    few = near[0].bit_count() + near[1].bit_count() <= _FEW
    rows = list(_rows_near(before, change.model, near) if few else _rows(before, change.model))
    causes = _Causes([Cause(title, how, origin) for title, how, origin in change.changed])
    for direction, policy in change.differing:
        causes.mark(policy, direction)
    return _difference(_Shown(change.model.network, parties), rows, causes, expand)


def _difference(shown: _Shown, rows: list[_Row], causes: _Causes, expand: bool) -> Difference:
    added: list[Change] = []
    removed: list[Change] = []
    for change in shown.changes(rows, causes, expand):
        (added if _RANKS[change.after] > _RANKS[change.before] else removed).append(change)
    used = {title for change in [*added, *removed] for title in change.causes}
    listed = tuple(cause for cause in causes.all if cause.title in used)
    return Difference(_ordered(added), _ordered(removed), listed)


def _ordered(changes: Iterable[Change]) -> tuple[Change, ...]:
    return tuple(
        sorted(
            changes, key=lambda each: (each.connection.sources, each.connection.destinations, each.connection.traffic)
        )
    )


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
        before.network.alike(old, before.network.of_kind(*_DESTINATIONS) & old.destinations)
    ):
        for index in group:
            label[index] = (number, -1)
    for number, group in enumerate(after.network.alike(new, after.network.of_kind(*_DESTINATIONS) & new.destinations)):
        for index in group:
            label[index] = (label[index][0], number)
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    for index, pair in label.items():
        groups[pair].append(index)
    return groups.values()


def _rows_near(before: Model, after: Model, near: tuple[int, int]) -> Iterator[_Row]:
    """The rows of some destinations with all sources, and of some sources with all other destinations."""
    sources, destinations = near
    others = after.network.of_kind(*_DESTINATIONS) & ~destinations
    for old, new in zip(before.network.views, after.network.views, strict=True):
        for index in members(destinations & new.destinations):
            for (mask, was, now), traffic in _changes(before, after, old, new, index).items():
                yield _Row(mask, 1 << index, traffic, was, now, _single(old, 1 << index, after))
        for index in members(sources):
            cells = (
                before.network.row(old, index, others & old.destinations),
                after.network.row(new, index, others & new.destinations),
            )
            for (mask, was, now), traffic in _cell_changes(*cells, others, after).items():
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
    return _cell_changes(was, now, sources, after)


def _cell_changes(was: list[Cell], now: list[Cell], universe: int, after: Model) -> dict[tuple[int, str, str], int]:
    """What differs between two solutions: all traffic by (free ends, before, after), the ends disjoint."""
    parts: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for one in was:
        for other in now:
            traffic = one.traffic & other.traffic & after.network.table.everything
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

    def changes(self, rows: list[_Row], causes: _Causes, expand: bool) -> Iterator[Change]:
        """The rows as changes of connections; those between two ends outside are none of ours."""
        lines: Lines[_Tag] = Lines(self._network, self._parties, expand)
        inside = self._parties.workloads | self._parties.nodes
        for row in rows:
            tag = (row.before, row.after, row.family, causes.of(row))
            for sources in self._parties.classes(row.sources):
                for destinations in self._parties.classes(row.destinations):
                    if (sources | destinations) & inside:
                        lines.add(sources, destinations, row.traffic, tag)
        for one, other, traffic, (was, now, family, why) in lines.all():
            certainty = now if _RANKS[now] > _RANKS[was] else was
            connection = Connection(one, other, self._network.table.describe(traffic), certainty, (), family)
            yield Change(connection, was, now, why)


class _Causes:
    """The objects that differ, and which rows each of them bears on."""

    def __init__(self, causes: list[Cause]) -> None:
        self.all = causes
        self._marks: list[tuple[str, int, int]] = []

    def mark(self, policy: Policy, direction: Direction) -> None:
        """Note whom a policy guards."""
        mask = policy.subjects | policy.possible
        self._marks.append((policy.title, mask, 0) if direction is Direction.EGRESS else (policy.title, 0, mask))

    def add_member(self, cause: Cause, index: int) -> None:
        """Note a workload that came, went, or looks different to selectors."""
        self.all.append(cause)
        self._marks.append((cause.title, 1 << index, 1 << index))

    def of(self, row: _Row) -> tuple[str, ...]:
        """The titles of the causes that guard one of the row's ends."""
        return tuple(
            dict.fromkeys(title for title, out, into in self._marks if out & row.sources or into & row.destinations)
        )


def _all_causes(before: Model, after: Model) -> _Causes:
    old, new = _policies(before), _policies(after)
    found = _Causes([])
    for title in sorted(old.keys() | new.keys()):
        if title not in old or title not in new or _meaning(old[title]) != _meaning(new[title]):
            found.all.append(Cause(title, _how(title in old, title in new), (new.get(title) or old[title]).origin))
    names = {cause.title for cause in found.all}
    for model in (before, after):
        for stage in model.assembly.blueprint.stages:
            for policy in (policy for rank in stage.ranks for policy in rank if policy.title in names):
                found.mark(policy, stage.direction)
    _add_members(found, before, after)
    return found


def _add_members(found: _Causes, before: Model, after: Model) -> None:
    old, new = before.scope.groups, after.scope.groups
    for index in sorted(old.keys() | new.keys()):
        if index not in old or index not in new or _identity(before, index) != _identity(after, index):
            group = new.get(index) or old[index]
            title = f"{group.kind.lower()} {group.namespace}/{group.workload}"
            found.add_member(Cause(title, _how(index in old, index in new), group.origin), index)


def _how(was: bool, is_now: bool) -> str:
    return "changed" if was and is_now else "added" if is_now else "removed"


def _identity(model: Model, index: int) -> object:
    group = model.scope.groups[index]
    namespace = model.scope.population.namespaces.get(group.namespace, {})
    return (group.labels, group.ports, group.hosted, group.addresses, group.unsettled, sorted(namespace.items()))


def _policies(model: Model) -> dict[str, NetworkPolicy | AdminPolicy]:
    decoded = model.given.decoded
    found: dict[str, NetworkPolicy | AdminPolicy] = {policy.title: policy for policy in decoded.network_policies}
    return found | {policy.title: policy for policy in decoded.admin_policies}


def _meaning(policy: KubernetesObject) -> object:
    return msgspec.to_builtins((policy.api_version, getattr(policy, "spec", None)))
