"""One connection between two endpoints, solved with every step on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from crenel.network.conditions import ALWAYS, Formula, all_of, any_of
from crenel.network.endpoints import Endpoint, Kind
from crenel.network.evaluate import Cell, Event, run, start
from crenel.network.locality import LOCAL, guarded
from crenel.network.lowering import Point, StageView, View
from crenel.network.network import Network
from crenel.network.rules import Action, Direction, Rule
from crenel.questions.formulas import allowed_when
from crenel.questions.verdict import Decision, Outcome, Step

_DECISIONS = {
    Action.ALLOW: Decision.ALLOW,
    Action.DENY: Decision.DENY,
    Action.NEXT: Decision.PASS,
    Action.MAY_DENY: Decision.POSSIBLE,
    Action.MAY_DECIDE: Decision.POSSIBLE,
}
_WORDS = {Action.ALLOW: "allows {}", Action.DENY: "denies {}", Action.NEXT: "passes {} on"}


@dataclass(frozen=True, slots=True)
class Met:
    """What happened at one point: `passed_by` is when the packets do not come to it."""

    point: Point
    events: tuple[Event, ...]
    passed_by: Formula


@dataclass(frozen=True, slots=True)
class Passage:
    """What one pair of endpoints may do in one view: bitsets of traffic within what was asked."""

    view: View
    source: int
    destination: int
    asked: int
    sure: int
    possible: int
    steps: tuple[Step, ...]
    met: tuple[Met, ...]
    """What was met at each point of the way that the packets come to."""

    @property
    def outcome(self) -> Outcome:
        """What holds for all of the traffic asked about."""
        if self.sure == self.asked:
            return Outcome.ALLOWED
        if not self.possible:
            return Outcome.DENIED
        return Outcome.UNKNOWN if self.possible & ~self.sure else Outcome.PARTIAL


def passage(network: Network, view: View, source: int, destination: int, traffic: int) -> Passage:
    """Solve one pair, with the trace."""
    asked = traffic & network.table.everything
    sure = possible = asked
    steps: list[Step] = []
    met: list[Met] = []
    for point in view.way:
        passed_by = network.passes_by(point, source, destination)
        if passed_by == ALWAYS:
            continue
        events: list[Event] = []
        cells = network.point(point, source, destination, asked, events.append)
        through = _traffic(cell for cell in cells if cell.allowed)
        sure &= _traffic(cell for cell in cells if cell.allowed and not cell.denied)
        possible &= asked if passed_by else through
        found = list(_steps(network, point, source, destination, asked, events))
        steps += map(_perhaps, found) if passed_by else found
        met.append(Met(point, tuple(events), passed_by))
    return Passage(view, source, destination, asked, sure, possible, tuple(_told(steps)), tuple(met))


def _told(steps: list[Step]) -> Iterator[Step]:
    """The steps, without the word that no policy applies where something else does."""
    spoken = {step.direction for step in steps if step.stage}
    return (step for step in steps if step.stage or step.direction not in spoken)


def _perhaps(step: Step) -> Step:
    """A step at a point that the packets may not come to."""
    return step if step.decision is Decision.NONE else replace(step, decision=Decision.POSSIBLE)


def _traffic(cells: Iterator[Cell]) -> int:
    mask = 0
    for cell in cells:
        mask |= cell.traffic
    return mask


def condition(network: Network, found: Passage) -> Formula:
    """When the uncertain part of a passage is allowed; taken at its lowest traffic."""
    uncertain = found.possible & ~found.sure
    atom = uncertain & -uncertain
    total = ALWAYS
    for met in found.met:
        other = found.destination if met.point.direction is Direction.EGRESS else found.source
        events = [event for event in met.events if event.traffic & atom]
        total = all_of(total, any_of(met.passed_by, allowed_when(events, network.endpoints[other], other)))
    return total


def _steps(
    network: Network, point: Point, source: int, destination: int, asked: int, events: list[Event]
) -> Iterator[Step]:
    direction = point.direction
    subject = network.endpoints[source if direction is Direction.EGRESS else destination]
    if not events and (point.number or not guarded(subject)):
        if not point.number:
            yield Step("", direction, Decision.NONE, f"no policy applies to the {direction.value} of {_free(subject)}")
        return
    met = {id(event.stage) for event in events}
    open_traffic = asked
    for stage in point.stages:
        if id(stage) in met:
            here = [event for event in events if event.stage is stage]
            yield from _described(network, stage, here, source, destination, decisive=True)
            open_traffic &= ~_taken(here)
        elif not open_traffic:
            again = _alone(network, stage, source, destination, asked)
            yield from (step for step in again if step.decision is Decision.DENY)
        elif stage.stage.local_exempt and source == LOCAL:
            text = f"no {stage.stage.name} stands between {subject.title} and the node it runs on"
            yield Step(stage.stage.name, direction, Decision.NONE, text)
        elif stage.stage.isolating:
            text = f"no {stage.stage.name} isolates {subject.title} for {direction.value}"
            yield Step(stage.stage.name, direction, Decision.NONE, text)


def _free(endpoint: Endpoint) -> str:
    """An endpoint that no policy guards, and why."""
    if endpoint.kind is Kind.BLOCK:
        return "what is outside the cluster"
    if endpoint.kind is Kind.WORKLOAD:
        return f"{endpoint.title}: it runs in the host network"
    where = "it is a node" if endpoint.kind in (Kind.NODE, Kind.LOCAL) else "it is outside the cluster"
    return f"{endpoint.title}: {where}"


def _taken(events: list[Event]) -> int:
    """The traffic that surely ended in this stage, by what was recorded."""
    mask = 0
    for event in events:
        ends = event.entry is None or event.entry.rule.action in (Action.ALLOW, Action.DENY)
        if ends and event.sure and not event.contested:
            mask |= event.traffic
    return mask


def _alone(network: Network, stage: StageView, source: int, destination: int, asked: int) -> Iterator[Step]:
    """What a stage would do if it were reached."""
    subject, other = (source, destination) if stage.stage.direction is Direction.EGRESS else (destination, source)
    by_subject = bool(network.native >> other & 1)
    events: list[Event] = []
    pinned = subject if by_subject else other
    run(start(1 << (other if by_subject else subject), asked), stage, pinned, by_subject, events.append)
    yield from _described(network, stage, events, source, destination, decisive=False)


def _described(
    network: Network, stage: StageView, events: list[Event], source: int, destination: int, decisive: bool
) -> Iterator[Step]:
    subject = source if stage.stage.direction is Direction.EGRESS else destination
    seen: set[object] = set()
    for event in events:
        key = event.entry.place if event.entry is not None else None
        if key in seen:
            continue
        seen.add(key)
        if event.entry is None:
            yield from _isolations(network, stage, subject, event.sure, decisive)
        else:
            yield _rule_step(event, stage, decisive)


def _rule_step(event: Event, stage: StageView, decisive: bool) -> Step:
    entry = event.entry
    assert entry is not None
    action, rule = entry.rule.action, entry.rule
    sure = event.sure and not event.contested
    decision = _DECISIONS[action] if sure else Decision.POSSIBLE
    if action in (Action.MAY_DENY, Action.MAY_DECIDE):
        text = f"{entry.policy.title} is not understood and may {'deny' if action is Action.MAY_DENY else 'change'} it"
    else:
        doubt = "" if sure else (" if it comes first" if event.contested else ", if it matches")
        text = f"{entry.policy.title}{_number(rule, stage)} {_WORDS[action].format(_it(stage))}{doubt}"
    return Step(
        stage.stage.name,
        stage.stage.direction,
        decision,
        text,
        entry.policy.title,
        entry.policy.api,
        decisive,
        entry.policy.origin,
        rule.field,
    )


def _number(rule: Rule, stage: StageView) -> str:
    """Which rule of a policy it is; nothing for the only one of what has no list of them."""
    name = f" {rule.name!r}" if rule.name else ""
    packets = stage.stage.direction.other if stage.stage.replies else stage.stage.direction
    if rule.field and isinstance(rule.field[-1], int):
        return f" {packets.value} rule {rule.field[-1] + 1}{name}"
    return f" rule{name}" if name or rule.field else ""


def _it(stage: StageView) -> str:
    return "the reply" if stage.stage.replies else "it"


def _this(stage: StageView) -> str:
    return "the reply" if stage.stage.replies else "this"


def _isolations(network: Network, stage: StageView, subject: int, sure: bool, decisive: bool) -> Iterator[Step]:
    name = network.endpoints[subject].title
    for policy in stage.isolators(subject):
        verb = "isolates" if stage.guards(policy) >> subject & 1 else "may isolate"
        text = f"{policy.title} {verb} {name} for {stage.stage.direction.value} and no rule of it allows {_this(stage)}"
        decision = Decision.DENY if sure else Decision.POSSIBLE
        yield Step(
            stage.stage.name,
            stage.stage.direction,
            decision,
            text,
            policy.title,
            policy.api,
            decisive,
            policy.origin,
            policy.place,
        )
