"""The one evaluator: runs stages over a set of endpoints while the other end is held fixed.

State is kept per *cell*, a set of traffic that every rule so far treats alike. A cell holds bitsets over the free end:
who may be allowed, who may be denied, who is still undecided. A rule that matches possibly records its outcome without
taking the undecided away, so that at the end *allowed and not denied* is sure, and both is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TypeAlias

from crenel.network.lowering import Bucket, Entry, StageView
from crenel.network.rules import Action, Direction
from crenel.network.shortcuts import NOBODY, Bypass
from crenel.network.traffic import ALL

Step: TypeAlias = tuple[Action, int, int, int, Entry | None]
"""(action, sure, possible, traffic, entry): an entry seen from the pinned end."""


@dataclass(slots=True)
class Cell:
    """What is known of one set of traffic; all but `traffic` are bitsets over the free end."""

    traffic: int
    allowed: int
    denied: int
    undecided: int
    left: int = 0
    """Those that left the current stage early."""
    before: int = 0
    after: int = 0
    """For parallel policies: the state that each starts from, and what none of them decided."""
    barred: int = 0
    """Those whom an earlier point of the path may deny."""
    aside: int = 0
    """Those who do not come to the current point, or perhaps not."""

    @property
    def sure(self) -> int:
        """Those who are certainly allowed, once the path has ended."""
        return self.allowed & ~self.denied & ~self.barred

    def split(self, traffic: int) -> Cell:
        """Keep the given part of the traffic; return a copy for the rest."""
        rest = Cell(
            self.traffic & ~traffic,
            self.allowed,
            self.denied,
            self.undecided,
            self.left,
            self.before,
            self.after,
            self.barred,
            self.aside,
        )
        self.traffic &= traffic
        return rest


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened on the way of a single connection: an entry matched, or isolation denied."""

    stage: StageView
    traffic: int
    entry: Entry | None
    """None for the isolation of the stage."""
    sure: bool
    contested: bool = False
    """Whether policies of the same rank disagree, so that their order, which is undefined, matters."""


Recorder: TypeAlias = Callable[[Event], None]


def steps(stage: StageView, pinned: int, by_subject: bool) -> list[Step]:
    """The entries of a stage that concern the pinned endpoint, as seen from it, in order."""
    found: list[Step] = []
    for bucket in stage.index(by_subject).buckets(pinned):
        certain = bool(bucket.members.sure >> pinned & 1)
        for entry in bucket.entries:
            free = entry.peers if by_subject else entry.subjects
            found.append((entry.rule.action, free.sure if certain else 0, free.possible, entry.traffic, entry))
    if stage.ordered:
        found.sort(key=_place)
    return found


def _place(step: Step) -> tuple[int, int, int]:
    assert step[4] is not None
    return step[4].place


def merged_steps(stage: StageView, pinned: int, by_subject: bool) -> list[Step]:
    """The same for a stage whose order does not matter, with entries of the same traffic joined."""
    totals: dict[int, tuple[int, int]] = {}
    for bucket in stage.index(by_subject).buckets(pinned):
        for traffic, sure, possible in _merged(bucket, bool(bucket.members.sure >> pinned & 1), by_subject):
            known = totals.get(traffic, (0, 0))
            totals[traffic] = (known[0] | sure, known[1] | possible)
    return [(Action.ALLOW, sure, possible, traffic, None) for traffic, (sure, possible) in totals.items()]


def _merged(bucket: Bucket, certain: bool, by_subject: bool) -> list[tuple[int, int, int]]:
    if bucket.merged is None:
        bucket.merged = {}
    if certain not in bucket.merged:
        totals: dict[int, tuple[int, int]] = {}
        for entry in bucket.entries:
            free = entry.peers if by_subject else entry.subjects
            known = totals.get(entry.traffic, (0, 0))
            totals[entry.traffic] = (known[0] | (free.sure if certain else 0), known[1] | free.possible)
        bucket.merged[certain] = [(traffic, *masks) for traffic, masks in totals.items()]
    return bucket.merged[certain]


def start(universe: int, traffic: int = ALL) -> list[Cell]:
    """The state before the first stage."""
    return [Cell(traffic, 0, 0, universe)]


def run(cells: list[Cell], stage: StageView, pinned: int, by_subject: bool, record: Recorder | None = None) -> None:
    """Take cells through one stage, in place. `by_subject` says which end is pinned: the one that the stage guards."""
    exempt = _exempt(stage, pinned, by_subject)
    if exempt:
        _let_through(cells, exempt, stage, pinned, by_subject)
    if exempt == ALL:
        return
    for cell in cells:
        cell.left = cell.undecided & exempt
        cell.undecided &= ~exempt
    if record is None and not stage.ordered:
        _sequence(cells, merged_steps(stage, pinned, by_subject), stage, None)
    elif not stage.ordered:
        _sequence(cells, steps(stage, pinned, by_subject), stage, record)
    else:
        for _, rank in groupby(steps(stage, pinned, by_subject), key=lambda step: _place(step)[0]):
            _rank(cells, list(rank), stage, record)
    _isolate(cells, stage, pinned, by_subject, record)
    for cell in cells:
        cell.undecided |= cell.left


def _exempt(stage: StageView, pinned: int, by_subject: bool) -> int:
    """The free ends that the stage does not stand in the way of: an endpoint's own node, index 0."""
    if not stage.stage.local_exempt or stage.stage.direction is not Direction.INGRESS:
        return 0
    if by_subject:
        return 1
    return ALL if pinned == 0 else 0


def _let_through(cells: list[Cell], exempt: int, stage: StageView, pinned: int, by_subject: bool) -> None:
    """Allow the exempt ones for good where the stage isolates: its word is final there, and it does not deny them."""
    sure, possible = _isolation(stage, pinned, by_subject)
    for cell in cells:
        cell.allowed |= cell.undecided & exempt & possible
        cell.undecided &= ~(exempt & sure)


def _isolation(stage: StageView, pinned: int, by_subject: bool) -> tuple[int, int]:
    """The free ends for which the stage isolates the subject. Returns (sure, possible)."""
    sure, possible = stage.isolated.sure, stage.isolated.possible
    return (-(sure >> pinned & 1), -(possible >> pinned & 1)) if by_subject else (sure, possible)


def _rank(cells: list[Cell], rank: list[Step], stage: StageView, record: Recorder | None) -> None:
    policies = [list(group) for _, group in groupby(rank, key=lambda step: _place(step)[1])]
    if len(policies) == 1 or len({step[0] for step in rank}) == 1:
        _sequence(cells, rank, stage, record)
        return
    for cell in cells:
        cell.before = cell.after = cell.undecided
    for policy in policies:
        for cell in cells:
            cell.undecided = cell.before
        _sequence(cells, policy, stage, record and _contested(record))
        for cell in cells:
            cell.after &= cell.undecided
    for cell in cells:
        cell.undecided = cell.after


def _contested(record: Recorder) -> Recorder:
    return lambda event: record(replace(event, contested=True))


def _sequence(cells: list[Cell], sequence: Iterable[Step], stage: StageView, record: Recorder | None) -> None:
    for action, sure, possible, traffic, entry in sequence:
        for position in range(len(cells)):
            cell = cells[position]
            hit = cell.undecided & possible
            if not hit:
                continue
            common = cell.traffic & traffic
            if not common:
                continue
            if common != cell.traffic:
                cells.append(cell.split(traffic))
            if record is not None:
                record(Event(stage, common, entry, not hit & ~sure))
            _apply(cell, action, hit, sure)


def _apply(cell: Cell, action: Action, hit: int, sure: int) -> None:
    if action is Action.ALLOW:
        cell.allowed |= hit
    elif action is Action.DENY:
        cell.denied |= hit
    elif action is Action.NEXT:
        cell.left |= hit
    elif action is Action.MAY_DENY:
        cell.denied |= hit
        return
    else:
        cell.allowed |= hit
        cell.denied |= hit
        return
    cell.undecided &= ~sure


def _isolate(cells: list[Cell], stage: StageView, pinned: int, by_subject: bool, record: Recorder | None) -> None:
    sure, possible = _isolation(stage, pinned, by_subject)
    if not possible:
        return
    for cell in cells:
        hit = cell.undecided & possible
        if not hit:
            continue
        if record is not None:
            record(Event(stage, cell.traffic, None, not hit & ~sure))
        cell.denied |= hit
        cell.undecided &= ~sure


def cross(
    cells: list[Cell],
    stages: Sequence[StageView],
    pinned: int,
    by_subject: bool,
    bypass: Bypass = NOBODY,
    record: Recorder | None = None,
) -> None:
    """Take cells through the stages of one point, which not all free ends come to."""
    for cell in cells:
        cell.aside = cell.undecided & bypass.any
        cell.undecided &= ~bypass.sure
    for stage in stages:
        run(cells, stage, pinned, by_subject, record)
    decide(cells)
    for cell in cells:
        cell.allowed |= cell.aside


def decide(cells: list[Cell]) -> None:
    """After the last stage of a point: what nobody decided is allowed."""
    for cell in cells:
        cell.allowed |= cell.undecided
        cell.undecided = 0


def proceed(cells: list[Cell]) -> None:
    """From one decided point of a path to the next: only those who may have been allowed go on."""
    for cell in cells:
        cell.barred |= cell.denied
        cell.undecided = cell.allowed
        cell.allowed = cell.denied = 0
