"""What does this change change: the question `diff`, on meaning and not on text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import msgspec

from crenel.bits import union
from crenel.dialects.model import Input, Model, build_alike
from crenel.kubernetes.objects.meta import KubernetesObject
from crenel.kubernetes.objects.policies import AdminPolicy, NetworkPolicy
from crenel.network.addresses import Family
from crenel.network.endpoints import Kind
from crenel.network.evaluate import Cell
from crenel.network.lowering import View
from crenel.network.rules import Direction, Policy
from crenel.provenance import NOWHERE, Origin
from crenel.questions.connections import Connection, pairs
from crenel.questions.parties import Parties

_RANKS = {"none": 0, "possible": 1, "sure": 2}


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
    """Compare two models that were built alike."""
    rows = list(_rows(before, after))
    shown = _Shown(before, after)
    causes = _Causes(before, after)
    added: dict[object, Change] = {}
    removed: dict[object, Change] = {}
    for row in rows:
        target = added if _RANKS[row.after] > _RANKS[row.before] else removed
        why = causes.of(row)
        for connection in shown.connections(row, expand):
            key = (connection.sources, connection.destinations, row.before, row.after, why, connection.family)
            target[key] = _joined(target.get(key), Change(connection, row.before, row.after, why))
    used = {title for change in [*added.values(), *removed.values()] for title in change.causes}
    listed = tuple(cause for cause in causes.all if cause.title in used)
    return Difference(_ordered(added.values()), _ordered(removed.values()), listed)


def _joined(known: Change | None, change: Change) -> Change:
    """One change for traffic that came in several rectangles."""
    if known is None:
        return change
    ports: dict[str, list[str]] = defaultdict(list)
    for protocol, text in known.connection.traffic + change.connection.traffic:
        ports[protocol].append(text)
    traffic = tuple((protocol, ",".join(texts)) for protocol, texts in ports.items())
    return replace(known, connection=replace(known.connection, traffic=traffic))


def _ordered(changes: Iterable[Change]) -> tuple[Change, ...]:
    return tuple(sorted(changes, key=lambda each: (each.connection.sources, each.connection.destinations, each.connection.traffic)))


def _rows(before: Model, after: Model) -> Iterator[_Row]:
    found: dict[tuple[int, int, str, str], dict[Family | None, int]] = defaultdict(lambda: defaultdict(int))
    for old, new in zip(before.network.views, after.network.views, strict=True):
        for alike in _alike(before, after, old, new):
            target = union(alike)
            for (sources, was, now), traffic in _changes(before, after, old, new, alike[0]).items():
                found[sources, traffic, was, now][old.family] |= target
    for (sources, traffic, was, now), targets in found.items():
        yield from _by_family(sources, traffic, was, now, targets, after)


def _by_family(
    sources: int, traffic: int, was: str, now: str, targets: dict[Family | None, int], after: Model
) -> Iterator[_Row]:
    if len(targets) == 2 and len(set(targets.values())) == 1:
        yield _Row(sources, next(iter(targets.values())), traffic, was, now, None)
        return
    for family, target in targets.items():
        elsewhere = any(view.family != family and view.destinations & target for view in after.network.views)
        yield _Row(sources, target, traffic, was, now, family if elsewhere else None)


def _alike(before: Model, after: Model, old: View, new: View) -> Iterable[list[int]]:
    """Group destinations that neither side's rules tell apart."""
    wanted = Kind.WORKLOAD, Kind.BLOCK, Kind.NAME, Kind.NODE
    label: dict[int, tuple[int, int]] = defaultdict(lambda: (-1, -1))
    for number, group in enumerate(before.network.alike(old, before.network.of_kind(*wanted) & old.destinations)):
        for index in group:
            label[index] = (number, -1)
    for number, group in enumerate(after.network.alike(new, after.network.of_kind(*wanted) & new.destinations)):
        for index in group:
            label[index] = (label[index][0], number)
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    for index, pair in label.items():
        groups[pair].append(index)
    return groups.values()


def _changes(before: Model, after: Model, old: View, new: View, destination: int) -> dict[tuple[int, str, str], int]:
    """What changes for one destination: traffic by (sources, before, after)."""
    sources = before.network.of_sources() | after.network.of_sources()
    was = before.network.column(old, destination, sources) if old.destinations >> destination & 1 else [Cell(-1, 0, 0, 0)]
    now = after.network.column(new, destination, sources) if new.destinations >> destination & 1 else [Cell(-1, 0, 0, 0)]
    found: dict[tuple[int, str, str], int] = defaultdict(int)
    everything = after.network.table.everything
    for one in was:
        for other in now:
            traffic = one.traffic & other.traffic & everything
            if not traffic:
                continue
            states = {
                "sure": (one.sure, other.sure),
                "possible": (one.allowed & ~one.sure, other.allowed & ~other.sure),
                "none": (~one.allowed, ~other.allowed),
            }
            for first, (mask, _) in states.items():
                for second, (_, mark) in states.items():
                    if first != second and (hit := mask & mark & sources):
                        found[hit, first, second] |= traffic
    return found


class _Shown:
    """Turns rows into connections, with the names of whichever side knows an endpoint."""

    def __init__(self, before: Model, after: Model) -> None:
        self._both = after.network.joined(before.network)
        self._parties = Parties(self._both)

    def connections(self, row: _Row, expand: bool) -> Iterator[Connection]:
        for sources in self._parties.classes(row.sources):
            for destinations in self._parties.classes(row.destinations):
                if not (sources | destinations) & (self._parties.workloads | self._parties.nodes):
                    continue
                certainty = row.after if _RANKS[row.after] > _RANKS[row.before] else row.before
                for one, other in pairs(self._both, sources, destinations, self._parties, expand):
                    described = self._both.table.describe(row.traffic)
                    yield Connection(one, other, described, certainty, (), row.family)


class _Causes:
    """The objects that differ, and which rows each of them bears on."""

    def __init__(self, before: Model, after: Model) -> None:
        old, new = _policies(before), _policies(after)
        self.all: list[Cause] = []
        self._marks: list[tuple[str, int, int]] = []
        for title in sorted(old.keys() | new.keys()):
            if title in old and title in new and _meaning(old[title]) == _meaning(new[title]):
                continue
            change = "added" if title not in old else "removed" if title not in new else "changed"
            self.all.append(Cause(title, change, (new.get(title) or old[title]).origin))
        names = {cause.title for cause in self.all}
        for model in (before, after):
            self._marks += [(title, *masks) for title, masks in _subjects(model).items() if title in names]
        self._members(before, after)

    def _members(self, before: Model, after: Model) -> None:
        """Workloads that came, went, or look different to selectors."""
        old, new = before.scope.groups, after.scope.groups
        for index in sorted(old.keys() | new.keys()):
            if index in old and index in new and _identity(before, index) == _identity(after, index):
                continue
            change = "added" if index not in old else "removed" if index not in new else "changed"
            group = new.get(index) or old[index]
            title = f"{group.kind.lower()} {group.namespace}/{group.workload}"
            self.all.append(Cause(title, change, group.origin))
            self._marks.append((title, 1 << index, 1 << index))

    def of(self, row: _Row) -> tuple[str, ...]:
        """The titles of the causes that guard one of the row's ends."""
        return tuple(
            dict.fromkeys(title for title, out, into in self._marks if out & row.sources or into & row.destinations)
        )


def _identity(model: Model, index: int) -> object:
    group = model.scope.groups[index]
    namespace = model.scope.population.namespaces.get(group.namespace, {})
    return (group.labels, group.ports, group.hosted, group.addresses, group.unsettled, sorted(namespace.items()))


def _policies(model: Model) -> dict[str, NetworkPolicy | AdminPolicy]:
    decoded = model.given.decoded
    return {policy.title: policy for policy in [*decoded.network_policies, *decoded.admin_policies]}


def _meaning(policy: KubernetesObject) -> object:
    return msgspec.to_builtins((policy.api_version, getattr(policy, "spec", None)))


def _subjects(model: Model) -> dict[str, tuple[int, int]]:
    """Per policy, whom it guards for egress and for ingress."""
    found: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for stage in model.assembly.blueprint.stages:
        for policy in (policy for rank in stage.ranks for policy in rank):
            out, into = found[policy.title]
            mask = _guarded(policy)
            found[policy.title] = (out | mask, into) if stage.direction is Direction.EGRESS else (out, into | mask)
    return found


def _guarded(policy: Policy) -> int:
    return policy.subjects | policy.possible
