"""The network: endpoints, stages, and the questions that the solver answers about them.

A `Network` is immutable but for names that questions bring along. It never enumerates pairs: destinations that every
rule treats alike are solved once, against all sources at a time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace

from crenel.bits import key, members, union
from crenel.network.addresses import FAMILIES, LAST, AddressSet, Family
from crenel.network.conditions import NEVER, Formula
from crenel.network.endpoints import LOCAL_NODE, Endpoint, Kind, Registry
from crenel.network.evaluate import Cell, Recorder, cross, proceed, start
from crenel.network.locality import NOWHERE_NEAR, Locality, localise
from crenel.network.lowering import Lowering, Point, View
from crenel.network.matching import Matcher
from crenel.network.rules import Direction, Policy, Rule, Stage
from crenel.network.shortcuts import NOBODY, Shortcut, Shortcuts
from crenel.network.traffic import ALL, Match, TrafficTable


@dataclass(frozen=True, slots=True)
class Cuts:
    """Where address space and traffic are cut: so that two networks can be compared on the same blocks and atoms."""

    addresses: frozenset[AddressSet] = frozenset()
    traffic: frozenset[Match] = frozenset()
    names: frozenset[str] = frozenset()
    both_families: bool = False
    """Whether some endpoint is, or a name may be, in both address families."""

    def __or__(self, other: Cuts) -> Cuts:
        return Cuts(
            self.addresses | other.addresses,
            self.traffic | other.traffic,
            self.names | other.names,
            self.both_families or other.both_families,
        )


@dataclass(frozen=True, slots=True)
class Blueprint:
    """What dialects hand over: members of the network and the stages that guard them, in order."""

    registry: Registry
    members: Sequence[Endpoint]
    stages: Sequence[Stage]
    families: tuple[Family, ...] = (4,)
    """The families the cluster is known, or assumed, to use."""
    inside: AddressSet = field(default_factory=AddressSet)
    """The cluster's own ranges: pods, Services, nodes."""
    shortcuts: Mapping[int, Sequence[Shortcut]] = field(default_factory=dict)
    """By enforcement point, which connections never come to it."""
    seen: Mapping[int, Mapping[int, Endpoint]] = field(default_factory=dict)
    """By enforcement point, the members that it sees with other addresses than they have themselves."""

    def rules(self) -> Iterator[Rule]:
        """All rules of all stages."""
        return (rule for stage in self.stages for rank in stage.ranks for policy in rank for rule in policy.rules)

    def spoken_families(self) -> tuple[Family, ...]:
        """The families that the cluster or the rules of its workloads speak of."""
        own = (policy for stage in self.stages if not stage.point for rank in stage.ranks for policy in rank)
        spoken = [rule.peers.addresses for policy in own for rule in policy.rules if rule.peers.addresses]
        named = {each for addresses in spoken for each in addresses.families()}
        return tuple(family for family in FAMILIES if family in named or family in self.families)

    def cuts(self) -> Cuts:
        """Where the rules cut address space and traffic."""
        addresses: set[AddressSet] = set()
        traffic: set[Match] = set()
        names: set[str] = set()
        for shortcut in (each for point in self.shortcuts.values() for each in point):
            addresses |= {each for each in (shortcut.from_outside, shortcut.to_outside) if each}
        for policy in (policy for stage in self.stages for rank in stage.ranks for policy in rank):
            addresses |= {policy.at} if policy.at is not None else set()
        for rule in self.rules():
            if rule.peers.addresses is not None:
                addresses.add(rule.peers.addresses)
            if rule.traffic:
                traffic.update(rule.traffic)
            names.update(rule.peers.names)
        for member in self.members:
            traffic.update(Match(protocol, (port, port)) for _, protocol, port in member.ports)
        both = len(self.families) > 1 or any(len(member.families) > 1 for member in self.members)
        return Cuts(frozenset(addresses), frozenset(traffic), frozenset(names), both)


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of the solution: all these sources reach all these destinations with this traffic."""

    sources: int
    destinations: int
    traffic: int
    sure: bool


class Network:
    """Endpoints under stages, ready to be asked."""

    def __init__(self, blueprint: Blueprint, cuts: Cuts | None = None, table: TrafficTable | None = None) -> None:
        cuts = blueprint.cuts() if cuts is None else cuts
        self.blueprint = blueprint
        self.cuts = cuts
        self.table = table or TrafficTable(cuts.traffic)
        registry = blueprint.registry
        self.endpoints: dict[int, Endpoint] = {0: LOCAL_NODE}
        for endpoint in [*blueprint.members, *_blocks(cuts), *_names(cuts, blueprint.families)]:
            self.endpoints[registry.index(endpoint.name)] = endpoint
        self.native = union(self.endpoints)
        self.locality = Locality(self.endpoints)
        self._kinds: dict[Kind, int] = {}
        self._starts = {family: _starts(cuts, family) for family in FAMILIES}
        self._shortcuts = {point: Shortcuts(each, self.endpoints) for point, each in blueprint.shortcuts.items()}
        lowerings = [Lowering(self.endpoints, self.table, family, blueprint.seen) for family in _families(cuts)]
        self.views = [lowering.view(blueprint.stages) for lowering in lowerings]

    def changed(self, stages: Sequence[Stage], added: Iterable[Policy]) -> Network | None:
        """This network with other stages over the same members, sharing all that does not differ.

        `added` are the policies that were not there before. Returns None where they take a new cut of the address
        space, or of traffic that other rules speak of as a whole.
        """
        blueprint = replace(self.blueprint, stages=stages)
        fresh = [rule for policy in added for rule in policy.rules]
        if any(rule.peers.names or not self._aligned(rule.peers.addresses) for rule in fresh):
            return None
        table, split = self.table.refined(match for rule in fresh for match in rule.traffic or ())
        if split and any(stage.speaks_of(split) for view in self.views for stage in view.stages):
            return None
        new = copy(self)
        new.blueprint, new.table = blueprint, table
        new.cuts = replace(
            self.cuts, traffic=self.cuts.traffic | {match for rule in fresh for match in rule.traffic or ()}
        )
        if len(self.endpoints) != self.native.bit_count():
            new.endpoints = {index: each for index, each in self.endpoints.items() if self.native >> index & 1}
        new.views = [_changed(view, stages, table) for view in self.views]
        return new

    def _aligned(self, wanted: AddressSet | None) -> bool:
        """Whether a set of addresses is made of whole blocks."""
        if wanted is None:
            return True
        return all(
            low in self._starts[family] and (high == LAST[family] or high + 1 in self._starts[family])
            for family in wanted.families()
            for low, high in wanted.ranges(family)
        )

    def of_kind(self, *kinds: Kind) -> int:
        """The set of endpoints of some kinds."""
        mask = 0
        for kind in kinds:
            if kind is Kind.NAME or kind not in self._kinds:
                self._kinds[kind] = union(index for index, endpoint in self.endpoints.items() if endpoint.kind is kind)
            mask |= self._kinds[kind]
        return mask

    def of_sources(self) -> int:
        """Everyone who can open a connection, blocks outside included."""
        return self.of_kind(Kind.WORKLOAD, Kind.NODE, Kind.BLOCK)

    def joined(self, other: Network) -> Network:
        """This network with the endpoints of another one that shares its registry: for names, not for questions."""
        both = copy(self)
        both.endpoints = {**other.endpoints, **self.endpoints}
        both.native = self.native | other.native
        spoken = {*self.blueprint.spoken_families(), *other.blueprint.spoken_families()}
        both.blueprint = replace(self.blueprint, families=tuple(sorted(spoken)))
        both._kinds = {}
        return both

    def views_of(self, source: int, destination: int) -> list[View]:
        """The views in which a source addresses a destination."""
        return [
            view
            for view in self.views
            if view.destinations >> destination & 1 and view.sources_of(destination) >> source & 1
        ]

    def admit_name(self, name: str) -> int:
        """The index of a DNS name as a destination, whether or not a rule mentions it."""
        title = f"dns:{name.lower().rstrip('.')}"
        index = self.blueprint.registry.index(title)
        if index not in self.endpoints:
            endpoint = Endpoint(title, Kind.NAME, families=self.blueprint.families)
            self.endpoints[index] = endpoint
            for view in self.views:
                matcher = Matcher([(index, endpoint)], view.family)
                view.matcher.admit(matcher)
                for stage in view.of(Direction.EGRESS):
                    stage.index(by_subject=False).admit(index, matcher)
        return index

    def blocks_within(self, wanted: AddressSet) -> list[int]:
        """The blocks that share an address with a set."""
        return [
            index
            for index, endpoint in self.endpoints.items()
            if endpoint.kind is Kind.BLOCK and endpoint.addresses is not None and endpoint.addresses & wanted
        ]

    def point(
        self, point: Point, source: int, destination: int, traffic: int = ALL, record: Recorder | None = None
    ) -> list[Cell]:
        """Solve one point of a connection, over `traffic`, as if the packets came to it."""
        ends = (source, destination) if point.direction is Direction.EGRESS else (destination, source)
        subject, other = ends
        by_subject = bool(self.native >> other & 1)
        cells = start(1 << (other if by_subject else subject), traffic)
        cross(cells, point.stages, subject if by_subject else other, by_subject, record=record)
        return cells

    def passes_by(self, point: Point, source: int, destination: int) -> Formula:
        """When the packets of a connection never come to a point."""
        shortcuts = self._shortcuts.get(point.number)
        return shortcuts.when(source, destination) if shortcuts is not None else NEVER

    def end(self, view: View, direction: Direction, subject: int) -> list[Cell]:
        """Solve one end alone, against everybody: what a subject's egress, or its ingress, lets through."""
        cells = start(view.everyone)
        self._cross(cells, view.points(direction), subject, direction)
        return cells

    def _cross(self, cells: list[Cell], points: Iterable[Point], pinned: int, guarded: Direction) -> None:
        """Take cells through points in a row; `guarded` is the direction that guards the pinned end."""
        for number, point in enumerate(points):
            if number:
                proceed(cells)
            shortcuts = self._shortcuts.get(point.number)
            bypass = NOBODY
            if shortcuts is not None:
                bypass = (shortcuts.sources if guarded is Direction.INGRESS else shortcuts.destinations)(pinned)
            cross(cells, point.stages, pinned, point.direction is guarded, bypass)

    def column(
        self, view: View, destination: int, universe: int, traffic: int = ALL, *, local: bool = True
    ) -> list[Cell]:
        """Solve one destination against a set of sources. Those on its own node are what the node is.

        Without `local` everybody is asked about as if it ran on another node.
        """
        near = self.locality.near(destination) if local and universe & self.locality.hosted else NOWHERE_NEAR
        wanted = universe & view.sources_of(destination)
        cells = start(wanted | near.any, traffic)
        self._cross(cells, view.way, destination, Direction.INGRESS)
        if near.any:
            localise(cells, near, wanted)
        return cells

    def row(self, view: View, source: int, universe: int, traffic: int = ALL) -> list[Cell]:
        """Solve one source against a set of destinations."""
        cells = start(universe & view.targets_of(source), traffic)
        self._cross(cells, view.way, source, Direction.EGRESS)
        return cells

    def solve(self, view: View, sources: int, destinations: int, traffic: int = ALL) -> list[Region]:
        """All that any of some sources may do to any of some destinations, as rectangles.

        Each pair is in at most one sure and one possible region, with all of its traffic.
        """
        found: dict[tuple[tuple[int, int], int, bool], int] = defaultdict(int)
        for alike in self.alike(view, destinations & view.destinations):
            target = union(alike)
            cells = self.column(view, alike[0], sources, traffic)
            for certain in (True, False):
                parts = ((cell.sure if certain else cell.allowed & ~cell.sure, cell.traffic) for cell in cells)
                for who, what in by_member(parts):
                    found[key(who), what & self.table.everything, certain] |= target
        return [Region(who, target, what, certain) for ((_, who), what, certain), target in found.items() if what]

    def alike(self, view: View, destinations: int) -> Iterable[list[int]]:
        """Group destinations that every rule treats alike."""
        active = [*view.of(Direction.EGRESS), *view.of(Direction.INGRESS)]
        indices = [(stage.index(stage.stage.direction is Direction.INGRESS), stage) for stage in active]
        groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for destination in members(destinations):
            signature: list[int] = [view.matcher.double >> destination & 1, self.locality.place(destination)]
            signature += [each.place(destination) for each in self._shortcuts.values()]
            for index, stage in indices:
                if stage.stage.direction is Direction.INGRESS:
                    signature.append(
                        -1 - (stage.isolated.sure >> destination & 1) - 2 * (stage.isolated.possible >> destination & 1)
                    )
                met = index.buckets(destination)
                signature += [2 * bucket.number + (bucket.members.sure >> destination & 1) for bucket in met]
                signature.append(_END_OF_STAGE)
            groups[tuple(signature)].append(destination)
        return groups.values()


_END_OF_STAGE = -9
"""Keeps the numbers of two stages apart in a signature."""


def by_member(parts: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Turn (members, traffic) of disjoint traffic into the same of disjoint members, each with all of its own."""
    found: list[tuple[int, int]] = []
    for who, what in parts:
        left = who
        refined: list[tuple[int, int]] = []
        for known, carried in found:
            common = known & left
            if common:
                refined.append((common, carried | what))
                left ^= common
            if known != common:
                refined.append((known ^ common, carried))
        if left:
            refined.append((left, what))
        found = refined
    return found


def _changed(view: View, stages: Sequence[Stage], table: TrafficTable) -> View:
    lowering = copy(view.lowering)
    return View(
        view.family,
        lowering,
        [lowering.changed(old, stage, table) for old, stage in zip(view.stages, stages, strict=True)],
    )


def _families(cuts: Cuts) -> list[Family | None]:
    """One view for all, unless some endpoint is in both families and rules can tell them apart."""
    return list(FAMILIES) if cuts.both_families and cuts.addresses else [None]


def _starts(cuts: Cuts, family: Family) -> set[int]:
    """Where the blocks of a family begin: at every boundary of the rules."""
    starts = {0}
    for wanted in cuts.addresses:
        for first, last in wanted.ranges(family):
            starts.add(first)
            starts.add(last + 1)
    starts.discard(LAST[family] + 1)
    return starts


def _blocks(cuts: Cuts) -> Iterator[Endpoint]:
    """The blocks that the address space of each family is cut into."""
    for family in FAMILIES:
        ordered = sorted(_starts(cuts, family))
        for first, following in zip(ordered, [*ordered[1:], LAST[family] + 1], strict=True):
            block = AddressSet.from_range(family, first, following - 1)
            yield Endpoint(
                f"block:{family}:{first:x}-{following - 1:x}", Kind.BLOCK, addresses=block, families=(family,)
            )


def _names(cuts: Cuts, families: tuple[Family, ...]) -> Iterator[Endpoint]:
    for name in sorted({name.lower().rstrip(".") for name in cuts.names}):
        yield Endpoint(f"dns:{name}", Kind.NAME, families=families)
