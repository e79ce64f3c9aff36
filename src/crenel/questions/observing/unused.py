"""What is allowed and was never seen to be used, rule by rule.

Traffic is cut at every port that was observed, so that a rule for all ports is told from the one that is used. A use
counts for every rule that lets it through. Of a rule, only what really gets through is unused: what the other end
denies is not open. Addresses outside are counted by the blocks that rules cut them into.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from crenel.bits import members, union
from crenel.dialects.model import Model
from crenel.flows.observed import Observations, Observed, Verdict
from crenel.network.lowering import Entry, StageView, View
from crenel.network.network import Cuts
from crenel.network.rules import Action, Direction, Policy
from crenel.network.traffic import PORTED
from crenel.provenance import FieldPath, Origin
from crenel.questions.lines import Lines
from crenel.questions.observing.ends import Ends, match_of
from crenel.questions.parties import Parties, Party
from crenel.questions.verdict import Traffic


@dataclass(frozen=True, slots=True)
class Idle:
    """What a rule lets through from `source` to `destination` and nobody was seen to use."""

    source: Party
    destination: Party
    traffic: Traffic


@dataclass(frozen=True, slots=True)
class RuleUse:
    """One allowing rule: how often what it lets through was seen, and what was not.

    `records` is 0 for a rule that was never used. A rule without `idle` is used in full.
    """

    policy: str
    direction: Direction
    number: int | None
    """Which of its policy's rules for that direction, from 1; None for one without a number."""
    records: int
    last: datetime | None
    idle: tuple[Idle, ...]
    origin: Origin
    field: FieldPath

    @property
    def used(self) -> bool:
        """Whether it was ever used."""
        return self.records > 0

    @property
    def line(self) -> int | None:
        """The line of the rule, looked up when asked for."""
        return self.origin.line(self.field) if self.origin.source else None

    @property
    def place(self) -> str:
        """``file:line``, as much of it as there is."""
        return self.origin.place(self.field)


@dataclass(frozen=True, slots=True)
class Unused:
    """The rules that are not used in full, those never used first, and over what time that was observed."""

    rules: tuple[RuleUse, ...]
    allowing: Mapping[str, int]
    """How many allowing rules each policy has."""
    open_ingress: tuple[str, ...]
    """Workloads that no policy isolates for ingress: nothing says what they need not have open."""
    open_egress: tuple[str, ...]
    first: datetime | None
    last: datetime | None

    @property
    def examined(self) -> int:
        """How many allowing rules there are."""
        return sum(self.allowing.values())


@dataclass(slots=True)
class _Tally:
    policy: Policy
    direction: Direction
    path: FieldPath
    rows: dict[int, Observed] = field(default_factory=dict)
    """What was seen of it, each row once whatever the number of views."""
    idle: list[tuple[int, int, int]] = field(default_factory=list)

    @property
    def records(self) -> int:
        return sum(row.count for row in self.rows.values())

    @property
    def last(self) -> datetime | None:
        return max((row.last for row in self.rows.values() if row.last is not None), default=None)


def cuts_of(observed: Observations) -> Cuts:
    """Where the traffic that was observed cuts."""
    rows = (row for row in observed.rows if row.protocol in PORTED and row.port)
    return Cuts(traffic=frozenset(match_of(row) for row in rows))


def unused(cut: Callable[[Cuts], Model], observed: Observations) -> Unused:
    """Compare what rules allow with what was observed; `cut` gives the model, cut where it is told."""
    model = cut(cuts_of(observed))
    return _Comparison(model, observed).result()


class _Comparison:
    def __init__(self, model: Model, observed: Observations) -> None:
        self.model, self.network, self.observed = model, model.network, observed
        self.parties = Parties(model.network)
        self.tallies: dict[tuple[Policy, Direction, FieldPath], _Tally] = {}
        self.used: dict[int, list[tuple[int, int, Observed]]] = defaultdict(list)
        """By destination: (source, traffic, row)."""

    def result(self) -> Unused:
        self._note_uses()
        for view in self.network.views:
            for stage in view.stages:
                if not stage.stage.replies and stage.stage.point == 0:
                    for entry in stage.entries:
                        if entry.rule.action is Action.ALLOW:
                            self._tally(stage, entry)
            self._examine(view)
        rules = sorted(
            map(self._rule, self.tallies.values()),
            key=lambda each: (each.used, each.policy, each.direction.value, each.number or 0),
        )
        return Unused(
            tuple(rule for rule in rules if rule.idle or not rule.used),
            Counter(tally.policy.title for tally in self.tallies.values()),
            tuple(self._open(Direction.INGRESS)),
            tuple(self._open(Direction.EGRESS)),
            self.observed.first,
            self.observed.last,
        )

    def _note_uses(self) -> None:
        ends = Ends(self.model)
        for row in self.observed.rows:
            if row.verdict is Verdict.DROPPED:
                continue
            for destination, matches in ends.targets(row).items():
                traffic = self.network.table.sum(matches)
                for source in ends.sources(row.source):
                    self.used[destination].append((source, traffic, row))

    def _tally(self, stage: StageView, entry: Entry) -> _Tally:
        key = (entry.policy, stage.stage.direction, entry.rule.field)
        if (known := self.tallies.get(key)) is None:
            known = self.tallies[key] = _Tally(*key)
        return known

    def _examine(self, view: View) -> None:
        """Take every destination's column apart by the rules that make it."""
        workloads = self.parties.workloads
        universe = workloads | self.parties.blocks | self.parties.nodes
        for alike in self.network.alike(
            view, view.destinations & (workloads | self.parties.blocks | self.parties.names)
        ):
            target = union(alike)
            cells = [(cell.sure, cell.traffic) for cell in self.network.column(view, alike[0], universe) if cell.sure]
            for stage, entry in _concerning(view, alike[0]):
                self._charge(stage, entry, target, cells)

    def _charge(self, stage: StageView, entry: Entry, target: int, cells: list[tuple[int, int]]) -> None:
        """Book what one rule lets through to some destinations: what was used, and what was not."""
        tally = self._tally(stage, entry)
        inwards = stage.stage.direction is Direction.INGRESS
        sources = entry.peers.sure if inwards else entry.subjects.sure
        destinations = target & (entry.subjects.sure if inwards else entry.peers.sure)
        rest = [(open_to & sources, traffic & entry.traffic) for open_to, traffic in cells]
        plain = 0
        for destination in members(destinations):
            uses = self.used.get(destination, ())
            mine = [use for use in uses if sources >> use[0] & 1 and use[1] & entry.traffic]
            tally.rows |= {id(row): row for _, _, row in mine}
            if not mine:
                plain |= 1 << destination
                continue
            tally.idle += [(who, 1 << destination, what) for who, what in _without(rest, mine, destination)]
        if plain:
            tally.idle += [(who, plain, what) for who, what in rest if who and what]

    def _rule(self, tally: _Tally) -> RuleUse:
        lines: Lines[None] = Lines(self.network, self.parties, expand=False)
        everything = self.network.table.everything
        for sources, destinations, traffic in dict.fromkeys(tally.idle):
            for one in self.parties.classes(sources):
                for other in self.parties.classes(destinations):
                    if (one | other) & (self.parties.workloads | self.parties.nodes) and traffic & everything:
                        lines.add(one, other, traffic & everything, None)
        found = [Idle(one, other, self.network.table.describe(mask)) for one, other, mask, _ in lines.all()]
        number = tally.path[-1] + 1 if tally.path and isinstance(tally.path[-1], int) else None
        return RuleUse(
            tally.policy.title, tally.direction, number, tally.records, tally.last,
            tuple(sorted(found, key=lambda each: (*each.source.key, *each.destination.key, each.traffic))),
            tally.policy.origin, tally.path,
        )  # fmt: skip

    def _open(self, direction: Direction) -> Iterator[str]:
        """The workloads whose traffic no policy isolates, in any view."""
        isolated = 0
        for view in self.network.views:
            for stage in view.of(direction):
                if stage.stage.isolating and stage.stage.point == 0:
                    isolated |= stage.isolated.possible
        for index in members(self.parties.workloads & ~isolated):
            if not self.network.endpoints[index].hosted:
                yield self.network.endpoints[index].name


def _concerning(view: View, destination: int) -> Iterator[tuple[StageView, Entry]]:
    """The allowing entries that a destination has part in, as what they guard or as the other end."""
    for stage in view.stages:
        if stage.stage.replies or stage.stage.point != 0:
            continue
        by_subject = stage.stage.direction is Direction.INGRESS
        for bucket in stage.index(by_subject).buckets(destination):
            for entry in bucket.entries:
                if entry.rule.action is Action.ALLOW:
                    yield stage, entry


def _without(
    rest: Iterable[tuple[int, int]], uses: Iterable[tuple[int, int, Observed]], destination: int
) -> Iterator[tuple[int, int]]:
    """What is left of (sources, traffic) for a destination when its uses are taken out; nor does it reach itself."""
    taken: dict[int, int] = defaultdict(int)
    for source, traffic, _ in uses:
        taken[source] |= traffic
    for who, what in rest:
        left = who & ~(1 << destination)
        for source, used in taken.items():
            if who >> source & 1:
                left &= ~(1 << source)
                if what & ~used:
                    yield 1 << source, what & ~used
        if left and what:
            yield left, what
