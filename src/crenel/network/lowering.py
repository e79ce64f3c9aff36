"""From rules to entries: rectangles of sources × destinations × traffic, with an index by either end.

A `View` is the network as the packets of one family see it; networks in which no endpoint has addresses of both
families, or no rule speaks of addresses, have one view for all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import count

from crenel.bits import members, union
from crenel.network.addresses import Family
from crenel.network.endpoints import Endpoint
from crenel.network.matching import Matcher
from crenel.network.rules import Direction, Policy, Rule, Stage
from crenel.network.traffic import ALL, Match, TrafficTable


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """A set of endpoints with what is sure and what is possible; both are bitsets, sure within possible.

    Within one lowering equal sides are one object.
    """

    sure: int
    possible: int


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One rule, or the part of it with one meaning of its port names, as a rectangle."""

    place: tuple[int, int, int]
    """(rank, policy, rule) within its stage: the order of evaluation."""
    subjects: Side
    peers: Side
    traffic: int
    rule: Rule
    policy: Policy
    by_name: bool = False
    """Whether it stands for a port name's meaning at its destinations."""


@dataclass(slots=True, eq=False)
class Bucket:
    """The entries of a stage that have the same set of endpoints on one side."""

    number: int
    members: Side
    entries: list[Entry]
    merged: dict[bool, list[tuple[int, int, int]]] | None = None
    """Per certainty of the pinned end, (traffic, sure, possible) of a stage whose order does not matter."""


class Index:
    """Finds the entries that concern one endpoint, on one side."""

    def __init__(self, entries: Iterable[Entry], by_subject: bool, parts: Callable[[Side], tuple[Side, ...]]) -> None:
        self.by_subject = by_subject
        self._parts = parts
        self._numbers = count()
        self._buckets: dict[Side, Bucket] = {}
        self._cover: dict[int, list[Bucket]] = {}
        grouped = self._grouped(entries)
        self._homes = _homes(grouped)
        for side, group in grouped.items():
            bucket = self._buckets[side] = Bucket(next(self._numbers), side, group)
            for member in members(side.possible):
                if member in self._cover:
                    self._cover[member].append(bucket)
                else:
                    self._cover[member] = [bucket]

    def _grouped(self, entries: Iterable[Entry]) -> dict[Side, list[Entry]]:
        """Group by the set on the indexed side, its part inside the cluster and its part outside apart.

        What rules for many address blocks say about pods is often the same for all of them, and then one group.
        """
        groups: dict[Side, list[Entry]] = {}
        for entry in entries:
            for side in self._parts(entry.subjects if self.by_subject else entry.peers):
                if side in groups:
                    groups[side].append(entry)
                else:
                    groups[side] = [entry]
        return groups

    def replaced(self, gone: set[Policy], added: Iterable[Entry]) -> Index:
        """A copy without the entries of some policies and with others added."""
        new = copy(self)
        new._buckets, new._cover = dict(self._buckets), dict(self._cover)
        fresh = self._grouped(added)
        touched = [side for policy in gone for side in self._homes.get(policy, ())]
        new._homes = {**self._homes, **_homes(fresh)}
        for side in dict.fromkeys([*touched, *fresh]):
            old = self._buckets.get(side)
            kept = [entry for entry in (old.entries if old else ()) if entry.policy not in gone]
            new._put(side, old, [*kept, *fresh.get(side, ())])
        return new

    def _put(self, side: Side, old: Bucket | None, entries: list[Entry]) -> None:
        bucket = Bucket(next(self._numbers), side, entries)
        self._buckets.pop(side, None)
        if entries:
            self._buckets[side] = bucket
        for member in members(side.possible):
            kept = [each for each in self._cover.get(member, ()) if each is not old]
            self._cover[member] = [*kept, bucket] if entries else kept

    def buckets(self, endpoint: int) -> list[Bucket]:
        """The buckets whose set the endpoint belongs to, surely or possibly."""
        return self._cover.get(endpoint, [])

    def admit(self, endpoint: int, matcher: Matcher) -> None:
        """Take in one more endpoint on the side of the peers; `matcher` knows it and nothing else."""
        groups: dict[tuple[int, int], list[Entry]] = defaultdict(list)
        for entry in {id(entry): entry for bucket in self._buckets.values() for entry in bucket.entries}.values():
            if not entry.by_name:
                groups[matcher.match(entry.rule.peers)].append(entry)
        self._cover[endpoint] = [
            Bucket(next(self._numbers), Side(*masks), entries) for masks, entries in groups.items() if masks[1]
        ]


def _homes(grouped: dict[Side, list[Entry]]) -> dict[Policy, list[Side]]:
    """The sets that each policy's entries are filed under."""
    found: dict[Policy, list[Side]] = {}
    for side, entries in grouped.items():
        for entry in entries:
            if entry.policy in found:
                found[entry.policy].append(side)
            else:
                found[entry.policy] = [side]
    return found


class StageView:
    """One stage as one view sees it."""

    def __init__(
        self,
        stage: Stage,
        entries: list[Entry],
        isolated: Side,
        parts: Callable[[Side], tuple[Side, ...]],
        outside: Mapping[Policy, int],
    ) -> None:
        """`outside` has the blocks that policies guard as well."""
        self.stage = stage
        self._outside = outside
        self._parts = parts
        self.entries = entries
        self.isolated = isolated
        self._indices: dict[bool, Index] = {}
        self._traffic = {entry.traffic for entry in entries if entry.traffic != ALL}
        self._isolators: dict[int, list[Policy]] | None = None
        actions = {entry.rule.action for entry in entries}
        self.ordered = len(actions) > 1 or any(entry.rule.action for entry in entries)

    def speaks_of(self, traffic: int) -> bool:
        """Whether a rule names any of some atoms; rules for all traffic name none."""
        return any(each & traffic for each in self._traffic)

    def replaced(self, stage: Stage, gone: set[Policy], added: list[Entry], isolated: Side) -> StageView:
        """The same for a stage that differs in some policies, sharing what it can. Only where order does not matter."""
        new = copy(self)
        new.stage, new.isolated, new._isolators = stage, isolated, None
        new.entries = [*(entry for entry in self.entries if entry.policy not in gone), *added]
        new._traffic = self._traffic.union(entry.traffic for entry in added if entry.traffic != ALL)
        new._indices = {key: index.replaced(gone, added) for key, index in self._indices.items()}
        return new

    def isolators(self, endpoint: int) -> list[Policy]:
        """The policies that isolate an endpoint here, surely or possibly."""
        if self._isolators is None:
            self._isolators = defaultdict(list)
            if self.stage.isolating:
                for policy in (policy for rank in self.stage.ranks for policy in rank):
                    for subject in members((self.guards(policy) | policy.possible) & self.isolated.possible):
                        self._isolators[subject].append(policy)
        return self._isolators[endpoint]

    def guards(self, policy: Policy) -> int:
        """Whom a policy surely guards."""
        return policy.subjects | self._outside.get(policy, 0)

    def index(self, by_subject: bool) -> Index:
        """The index by subjects, or by peers; built when first asked for."""
        if by_subject not in self._indices:
            self._indices[by_subject] = Index(self.entries, by_subject, self._parts)
        return self._indices[by_subject]


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """One enforcement point of one direction, with its stages that have anything to say, in order."""

    direction: Direction
    number: int
    stages: Sequence[StageView]


class View:
    """All stages for the packets of one family (None: of every family)."""

    def __init__(self, family: Family | None, lowering: Lowering, stages: list[StageView]) -> None:
        self.family = family
        self.lowering = lowering
        self.matcher = lowering.matcher
        self.stages = stages
        speaking = [stage for stage in stages if stage.entries or stage.isolated.possible]
        self.way = [Point(*place, stages) for place, stages in _by_point(speaking).items()]
        """The points that a connection passes, in order: from its source outwards, then inwards to its destination."""

    @property
    def everyone(self) -> int:
        """All endpoints that can take part."""
        return self.matcher.everyone

    @property
    def destinations(self) -> int:
        """Those that can be addressed in this family."""
        return self.matcher.reachable

    def sources_of(self, destination: int) -> int:
        """Who addresses a destination in this family: who shares it, or shares no other one that it has."""
        return self.matcher.reachable if self.matcher.double >> destination & 1 else self.matcher.everyone

    def targets_of(self, source: int) -> int:
        """Whom a source addresses in this family: the same from the other side."""
        found = self.matcher.reachable
        return found if found >> source & 1 else found & ~self.matcher.double

    def points(self, direction: Direction) -> list[Point]:
        """The points of one direction, in order."""
        return [point for point in self.way if point.direction is direction]

    def of(self, direction: Direction) -> list[StageView]:
        """The stages of one direction that have anything to say, in order."""
        return [stage for point in self.points(direction) for stage in point.stages]


def _by_point(stages: Sequence[StageView]) -> dict[tuple[Direction, int], list[StageView]]:
    """Stages by their points, in the order of a connection. The policies of both ends are points in any case."""
    numbers = sorted({0, *(stage.stage.point for stage in stages)})
    outwards = [(Direction.EGRESS, number) for number in numbers]
    inwards = [(Direction.INGRESS, number) for number in reversed(numbers)]
    found: dict[tuple[Direction, int], list[StageView]] = {place: [] for place in [*outwards, *inwards]}
    for stage in stages:
        found[stage.stage.direction, stage.stage.point].append(stage)
    return {place: each for place, each in found.items() if each or place[1] == 0}


class Lowering:
    """Lowers stages for one view."""

    def __init__(
        self,
        endpoints: Mapping[int, Endpoint],
        table: TrafficTable,
        family: Family | None,
        seen: Mapping[int, Mapping[int, Endpoint]] | None = None,
    ) -> None:
        """`seen` has, by point, the endpoints that look different there from what they are."""
        self.matcher = Matcher(endpoints.items(), family)
        self._matchers = {
            point: Matcher({**endpoints, **others}.items(), family) for point, others in (seen or {}).items()
        }
        self._table = table
        self._family = family
        self._named: dict[str, list[tuple[int, Endpoint]]] = defaultdict(list)
        for index, endpoint in endpoints.items():
            for name in {name for name, _, _ in endpoint.ports} if not endpoint.hosted else ():
                self._named[name].append((index, endpoint))
        self._sides: dict[tuple[int, int, int], Side] = {}
        self._halves: dict[Side, tuple[Side, ...]] = {}

    def view(self, stages: Iterable[Stage]) -> View:
        """Lower all stages."""
        return View(self._family, self, [self.stage(stage) for stage in stages])

    def changed(self, old: StageView, stage: Stage, table: TrafficTable) -> StageView:
        """Lower a stage again that differs from an old one in some policies."""
        self._table = table
        if stage.ranks == old.stage.ranks:
            return old
        if len(stage.ranks) != 1 or len(old.stage.ranks) != 1 or old.ordered:
            return self.stage(stage)
        before, now = set(old.stage.ranks[0]), set(stage.ranks[0])
        added = [policy for policy in stage.ranks[0] if policy not in before]
        if any(rule.action for policy in added for rule in policy.rules):
            return self.stage(stage)
        entries = [entry for policy in added for entry in self._policy(policy, self._subjects(policy), (0, 0), stage)]
        return old.replaced(stage, before - now, entries, self._isolated(stage))

    def _isolated(self, stage: Stage) -> Side:
        sure = possible = 0
        for policy in (policy for rank in stage.ranks for policy in rank) if stage.isolating else ():
            subjects = self._subjects(policy)
            sure |= subjects.sure
            possible |= subjects.possible
        return self._side(sure, possible)

    def stage(self, stage: Stage) -> StageView:
        """Lower one stage."""
        entries: list[Entry] = []
        for rank, policies in enumerate(stage.ranks):
            for number, policy in enumerate(policies):
                entries += self._policy(policy, self._subjects(policy), (rank, number), stage)
        guarding = [policy for rank in stage.ranks for policy in rank if policy.at is not None]
        outside = {policy: self._subjects(policy).possible for policy in guarding}
        return StageView(stage, entries, self._isolated(stage), self.parts, outside)

    def _side(self, sure: int, possible: int) -> Side:
        found = (possible.bit_length(), sure, possible)
        if (known := self._sides.get(found)) is None:
            known = self._sides[found] = Side(sure, possible)
        return known

    def parts(self, side: Side) -> tuple[Side, ...]:
        """A set's members inside the cluster, and those outside."""
        if (known := self._halves.get(side)) is None:
            outside = side.possible & self.matcher.elsewhere
            if outside in (0, side.possible):
                known = (side,)
            else:
                inner = self._side(side.sure & ~outside, side.possible & ~outside)
                known = (inner, self._side(side.sure & outside, outside))
            self._halves[side] = known
        return known

    def _subjects(self, policy: Policy) -> Side:
        everyone = self.matcher.everyone
        sure = policy.subjects & everyone
        if policy.at is not None:
            sure |= self.matcher.addresses(policy.at)[0] & self.matcher.elsewhere
        return self._side(sure, sure | policy.possible & everyone)

    def _policy(self, policy: Policy, subjects: Side, place: tuple[int, int], stage: Stage) -> Iterator[Entry]:
        if not subjects.possible:
            return
        matcher, direction = self._matchers.get(stage.point, self.matcher), stage.direction
        for number, rule in enumerate(policy.rules):
            sure, possible = matcher.match(rule.peers)
            if not possible:
                continue
            peers = self._side(sure, possible)
            where = (*place, number)
            if rule.traffic is None:
                yield Entry(where, subjects, peers, ALL, rule, policy)
                continue
            if traffic := self._table.sum(match for match in rule.traffic if match.name is None):
                yield Entry(where, subjects, peers, traffic, rule, policy)
            names = [match for match in rule.traffic if match.name is not None]
            if names:
                yield from self._by_name(where, subjects, peers, names, rule, policy, direction)

    def _by_name(
        self,
        where: tuple[int, int, int],
        subjects: Side,
        peers: Side,
        names: list[Match],
        rule: Rule,
        policy: Policy,
        direction: Direction,
    ) -> Iterator[Entry]:
        """One entry per meaning that the port names have at the destinations."""
        ingress = direction is Direction.INGRESS
        targets = subjects if ingress else peers
        meanings: dict[int, list[int]] = defaultdict(list)
        candidates = {index: endpoint for match in names for index, endpoint in self._named.get(match.name or "", ())}
        for index, endpoint in candidates.items():
            if targets.possible >> index & 1:
                meaning = self._table.sum(found for match in names for found in endpoint.named(match))
                if meaning:
                    meanings[meaning].append(index)
        for meaning, indices in meanings.items():
            chosen = union(indices)
            part = self._side(targets.sure & chosen, targets.possible & chosen)
            yield Entry(where, part if ingress else subjects, peers if ingress else part, meaning, rule, policy, True)
