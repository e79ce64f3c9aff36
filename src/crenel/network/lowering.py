"""From rules to entries: rectangles of sources × destinations × traffic, with an index by either end.

A `View` is the network as the packets of one family see it; networks in which no endpoint has addresses of both
families, or no rule speaks of addresses, have one view for all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from crenel.network.addresses import Family
from crenel.bits import members, union
from crenel.network.endpoints import Endpoint
from crenel.network.matching import Matcher
from crenel.network.rules import Direction, Policy, Rule, Stage
from crenel.network.traffic import ALL, Match, TrafficTable


@dataclass(frozen=True, slots=True)
class Side:
    """A set of endpoints with what is sure and what is possible; both are bitsets, sure within possible."""

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

    def __init__(self, entries: Iterable[Entry], by_subject: bool) -> None:
        self.by_subject = by_subject
        self._buckets: dict[Side, Bucket] = {}
        self._cover: dict[int, list[Bucket]] = {}
        groups: dict[Side, list[Entry]] = defaultdict(list)
        for entry in entries:
            groups[entry.subjects if by_subject else entry.peers].append(entry)
        for side, group in groups.items():
            self._add(Bucket(len(self._buckets), side, group))

    def _add(self, bucket: Bucket) -> None:
        self._buckets[bucket.members] = bucket
        for member in members(bucket.members.possible):
            self._cover.setdefault(member, []).append(bucket)

    def buckets(self, endpoint: int) -> list[Bucket]:
        """The buckets whose set the endpoint belongs to, surely or possibly."""
        return self._cover.get(endpoint, [])

    def admit(self, endpoint: int, matcher: Matcher) -> None:
        """Take in one more endpoint on the side of the peers; `matcher` knows it and nothing else."""
        groups: dict[tuple[int, int], list[Entry]] = defaultdict(list)
        for bucket in self._buckets.values():
            for entry in bucket.entries:
                if not entry.by_name:
                    groups[matcher.match(entry.rule.peers)].append(entry)
        found = [(Side(*masks), entries) for masks, entries in groups.items() if masks[1]]
        first = len(self._buckets)
        self._cover[endpoint] = [Bucket(first + offset, side, entries) for offset, (side, entries) in enumerate(found)]


class StageView:
    """One stage as one view sees it."""

    def __init__(self, stage: Stage, entries: list[Entry], isolated: Side) -> None:
        self.stage = stage
        self.entries = entries
        self.isolated = isolated
        self._indices: dict[bool, Index] = {}
        self._isolators: dict[int, list[Policy]] | None = None
        actions = {entry.rule.action for entry in entries}
        self.ordered = len(actions) > 1 or any(entry.rule.action for entry in entries)

    def isolators(self, endpoint: int) -> list[Policy]:
        """The policies that isolate an endpoint here, surely or possibly."""
        if self._isolators is None:
            self._isolators = defaultdict(list)
            if self.stage.isolating:
                for policy in (policy for rank in self.stage.ranks for policy in rank):
                    for subject in members((policy.subjects | policy.possible) & self.isolated.possible):
                        self._isolators[subject].append(policy)
        return self._isolators[endpoint]

    def index(self, by_subject: bool) -> Index:
        """The index by subjects, or by peers; built when first asked for."""
        if by_subject not in self._indices:
            self._indices[by_subject] = Index(self.entries, by_subject)
        return self._indices[by_subject]


class View:
    """All stages for the packets of one family (None: of every family)."""

    def __init__(self, family: Family | None, matcher: Matcher, stages: list[StageView]) -> None:
        self.family = family
        self.matcher = matcher
        self.stages = stages

    @property
    def everyone(self) -> int:
        """All endpoints that can take part."""
        return self.matcher.everyone

    @property
    def destinations(self) -> int:
        """Those that can be addressed in this family."""
        return self.matcher.reachable

    def of(self, direction: Direction) -> Iterator[StageView]:
        """The stages of one direction, in order."""
        return (stage for stage in self.stages if stage.stage.direction is direction)


class Lowering:
    """Lowers stages for one view."""

    def __init__(self, endpoints: Mapping[int, Endpoint], table: TrafficTable, family: Family | None) -> None:
        self.matcher = Matcher(endpoints.items(), family)
        self._table = table
        self._family = family
        self._named: dict[str, list[tuple[int, Endpoint]]] = defaultdict(list)
        for index, endpoint in endpoints.items():
            for name in {name for name, _, _ in endpoint.ports}:
                self._named[name].append((index, endpoint))
        self._sides: dict[tuple[int, int], Side] = {}

    def view(self, stages: Iterable[Stage]) -> View:
        """Lower all stages."""
        return View(self._family, self.matcher, [self.stage(stage) for stage in stages])

    def stage(self, stage: Stage) -> StageView:
        """Lower one stage."""
        entries: list[Entry] = []
        sure = possible = 0
        for rank, policies in enumerate(stage.ranks):
            for number, policy in enumerate(policies):
                subjects = self._subjects(policy)
                sure |= subjects.sure
                possible |= subjects.possible
                entries += self._policy(policy, subjects, (rank, number), stage.direction)
        isolated = self._side(sure, possible) if stage.isolating else Side(0, 0)
        return StageView(stage, entries, isolated)

    def _side(self, sure: int, possible: int) -> Side:
        return self._sides.setdefault((sure, possible), Side(sure, possible))

    def _subjects(self, policy: Policy) -> Side:
        everyone = self.matcher.everyone
        sure = policy.subjects & everyone
        return self._side(sure, sure | policy.possible & everyone)

    def _policy(self, policy: Policy, subjects: Side, place: tuple[int, int], direction: Direction) -> Iterator[Entry]:
        if not subjects.possible:
            return
        for number, rule in enumerate(policy.rules):
            sure, possible = self.matcher.match(rule.peers)
            if not possible:
                continue
            peers = self._side(sure, possible)
            where = (*place, number)
            if rule.traffic is None:
                yield Entry(where, subjects, peers, ALL, rule, policy)
                continue
            if traffic := self._table.union(match for match in rule.traffic if match.name is None):
                yield Entry(where, subjects, peers, traffic, rule, policy)
            names = [match for match in rule.traffic if match.name is not None]
            if names:
                yield from self._by_name(where, subjects, peers, names, rule, policy, direction)

    def _by_name(
        self, where: tuple[int, int, int], subjects: Side, peers: Side, names: list[Match], rule: Rule, policy: Policy, direction: Direction
    ) -> Iterator[Entry]:
        """One entry per meaning that the port names have at the destinations."""
        ingress = direction is Direction.INGRESS
        targets = subjects if ingress else peers
        meanings: dict[int, list[int]] = defaultdict(list)
        candidates = {index: endpoint for match in names for index, endpoint in self._named.get(match.name or "", ())}
        for index, endpoint in candidates.items():
            if targets.possible >> index & 1:
                meaning = self._table.union(found for match in names for found in endpoint.named(match))
                if meaning:
                    meanings[meaning].append(index)
        for meaning, indices in meanings.items():
            chosen = union(indices)
            part = self._side(targets.sure & chosen, targets.possible & chosen)
            yield Entry(where, part if ingress else subjects, peers if ingress else part, meaning, rule, policy, True)
