"""May A reach B, and why: the question `can`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from crenel.dialects.service import Backend, resolve
from crenel.network.addresses import FAMILIES, AddressSet, Family, address_text
from crenel.network.conditions import NEVER, any_of, words
from crenel.network.endpoints import Endpoint, Kind
from crenel.network.locality import LOCAL, guarded
from crenel.network.lowering import View
from crenel.network.rules import Direction
from crenel.network.traffic import ALL, PORTED, TCP, Match, parse_traffic, protocol_name
from crenel.questions import places
from crenel.questions.directory import Directory
from crenel.questions.enforced import enforced
from crenel.questions.explain import Passage, condition, passage
from crenel.questions.places import Place, PlaceError
from crenel.questions.remedies.proposal import Blocked
from crenel.questions.verdict import Decision, Outcome, Step, Verdict, Witness, combined

LOOPBACK = "loopback"
"""The stage of a connection that never leaves its pod."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One pair of endpoints of a question, with the traffic at the destination."""

    source: int
    destination: int
    traffic: int
    matches: tuple[Match, ...] | None


@dataclass(frozen=True, slots=True)
class Answered:
    """A leg with what was found: bitsets of traffic. `passage` is None for what never leaves its pod."""

    leg: Leg
    asked: int
    sure: int
    possible: int
    passage: Passage | None = None
    note: str = ""

    @property
    def outcome(self) -> Outcome:
        """What holds for this leg."""
        if self.passage is not None:
            return self.passage.outcome
        return Outcome.ALLOWED


def can(directory: Directory, source: str, target: str, traffic: str | None = None) -> Verdict:
    """Answer one question. `traffic` is ``TCP/5432``; without it, and without a port in `target`, all traffic is meant.

    Raises:
        PlaceError: an end cannot be found, or the traffic cannot be read.
    """
    return _asked(directory, source, target, traffic).verdict()


def blocked_pair(directory: Directory, source: str, target: str, traffic: str | None = None) -> Blocked | None:
    """The one pair of endpoints that a question is about, for a remedy; None when it is about several.

    Raises:
        PlaceError: an end cannot be found, or the traffic cannot be read.
    """
    question = _asked(directory, source, target, traffic)
    pairs = {(leg.source, leg.destination): leg for leg in question.legs()}
    if len(pairs) != 1:
        return None
    leg = next(iter(pairs.values()))
    return Blocked(leg.source, leg.destination, leg.matches, question.start, question.end)


def _asked(directory: Directory, source: str, target: str, traffic: str | None) -> _Question:
    start = places.source(source, directory)
    end = places.target(target, directory)
    asked = end.traffic
    if traffic is not None:
        try:
            asked = parse_traffic(traffic)
        except ValueError as error:
            raise PlaceError(str(error)) from None
    return _Question(directory, start, end, asked)


class _Question:
    def __init__(self, directory: Directory, start: Place, end: Place, asked: tuple[Match, ...] | None) -> None:
        self.directory = directory
        self.model = directory.model
        self.network = directory.model.network
        self.start, self.end, self.asked = start, end, asked
        self.notes: list[str] = []
        self.unplaced = ""
        """Name of an end whose node is not known, where it matters."""

    def verdict(self) -> Verdict:
        answered = [answer for leg in self.legs() for answer in self._answers(leg)]
        if not answered:
            return self._nothing()
        outcome = combined({answer.outcome for answer in answered})
        if outcome is Outcome.PARTIAL and self.unplaced:
            outcome = Outcome.UNKNOWN
        trace = tuple(_trace(answered))
        return Verdict(
            source=self.start.text,
            destination=self.end.text,
            traffic=self._described((answer.leg, answer.asked) for answer in answered),
            outcome=outcome,
            passing=self._described((answer.leg, answer.sure) for answer in answered),
            uncertain=self._described((answer.leg, answer.possible & ~answer.sure) for answer in answered),
            enforced=enforced(self.model, trace),
            trace=trace,
            reasons=tuple(dict.fromkeys(self._reasons(outcome, answered, trace))),
            witness=tuple(self._witnesses(answered)),
            conditions=self._conditions(answered) if outcome is Outcome.UNKNOWN else (),
            notes=tuple(self.notes),
        )

    def _nothing(self) -> Verdict:
        """There is nothing to connect to: whatever the policies say, no packet can get there."""
        reason = self.notes.pop() if self.notes else f"{self.end.text} is nowhere"
        asked = as_asked(self.asked) if self.asked else self.network.table.describe(self.network.table.everything)
        return Verdict(self.start.text, self.end.text, asked, Outcome.DENIED, reasons=(reason,))

    def _described(self, parts: Iterable[tuple[Leg, int]]) -> tuple[tuple[str, str], ...]:
        """Say the traffic of some legs: as asked for where all of that is meant, for an atom may hold more ports."""
        found: dict[str, list[str]] = {}
        total = 0
        for leg, mask in parts:
            if leg.matches and mask and mask == leg.traffic & self.network.table.everything:
                for protocol, ports in as_asked(leg.matches):
                    found.setdefault(protocol, []).append(ports)
            else:
                total |= mask
        for protocol, ports in self.network.table.describe(total):
            found.setdefault(protocol, []).append(ports)
        return tuple((protocol, ",".join(dict.fromkeys(ports))) for protocol, ports in found.items())

    def _resolved(self, endpoint: Endpoint) -> tuple[Match, ...] | None:
        """What was asked about; a port by name is looked up at the endpoint. None is all traffic."""
        if self.asked is None:
            return None
        return tuple(found for match in self.asked for found in (endpoint.named(match) if match.name else (match,)))

    def _leg(self, source: int, destination: int, matches: tuple[Match, ...] | None) -> Leg:
        return Leg(source, destination, ALL if matches is None else self.network.table.sum(matches), matches)

    def legs(self) -> Iterator[Leg]:
        """The pairs of endpoints that the question is about."""
        if self.end.service is not None:
            for source in self.start.members:
                yield from self._service_legs(source)
            return
        for source, destination in self._pairs():
            endpoint = self.network.endpoints[destination]
            matches = self._resolved(endpoint)
            if matches != ():
                yield self._leg(source, destination, matches)
            elif self.asked is not None:
                self.notes.append(f"{endpoint.name} declares no port named {self.asked[0].name!r}")

    def _pairs(self) -> list[tuple[int, int]]:
        """All pairs of the ends; a workload of several pods that differ is asked about two of them, not about one."""
        pairs = [(source, destination) for source in self.start.members for destination in self.end.members]
        if self.start.pod and self.end.pod:
            return pairs
        return [pair for pair in pairs if pair[0] != pair[1] or self.network.endpoints[pair[0]].replicas != 1] or pairs

    def _service_legs(self, source: int) -> Iterator[Leg]:
        service = self.end.service
        assert service is not None
        found = resolve(service, self.asked, self.model.scope, self.model.given.decoded, self.network)
        if found.name:
            self.notes.append(f"{self.end.text} is an ExternalName Service: it leads to {found.name}")
            yield self._leg(source, self.network.admit_name(found.name), self.asked)
        elif found.missing:
            self.notes.append(f"{self.end.text} leads nowhere: {found.missing}")
        for backend in found.backends:
            for destination in self._endpoints(backend):
                yield self._leg(source, destination, backend.traffic)

    def _endpoints(self, backend: Backend) -> tuple[int, ...]:
        if backend.endpoint is not None:
            return (backend.endpoint,)
        try:
            return places.target(
                backend.address if ":" not in backend.address else f"[{backend.address}]", self.directory
            ).members
        except PlaceError:
            return ()

    def _answers(self, leg: Leg) -> Iterator[Answered]:
        source, destination = self.network.endpoints[leg.source], self.network.endpoints[leg.destination]
        if leg.source == leg.destination and self._may_be_itself(source):
            mask = leg.traffic & self.network.table.everything
            note = f"{source.name} reaches itself: such traffic never leaves the pod, and no policy applies to it"
            if source.replicas == 1 or source.hosted or (self.start.pod and self.end.pod):
                yield Answered(leg, mask, mask, mask, note=note)
                return
            self.notes.append(f"this is about two replicas of {source.name}; a replica always reaches itself")
        for index, note in self._seen_as(leg.source, source, destination):
            for view in self._views(leg):
                found = passage(self.network, view, index, leg.destination, leg.traffic)
                yield Answered(leg, found.asked, found.sure, found.possible, found, note)

    def _views(self, leg: Leg) -> list[View]:
        """The views to ask in: an end that was given by address speaks that address' family."""
        found = self.network.views_of(leg.source, leg.destination)
        asked = [place.addresses.families() for place in (self.start, self.end) if place.addresses is not None]
        return [view for view in found if all(view.family in (None, *families) for families in asked)] or found

    def _may_be_itself(self, source: Endpoint) -> bool:
        """Whether one end may be the other: not two pods by different names, not through a Service."""
        if self.end.service is not None or source.kind is Kind.BLOCK:
            return False
        return not (self.start.pod and self.end.pod) or self.start.pod == self.end.pod

    def _seen_as(self, index: int, source: Endpoint, destination: Endpoint) -> Iterator[tuple[int, str]]:
        """How a source appears at the destination: as itself, or as its own node where it may be that."""
        if not source.hosted or not guarded(destination):
            yield index, ""
            return
        here, there = self.start.nodes or source.nodes, self.end.nodes or destination.nodes
        everywhere = source.replicas is None and source.kind is Kind.WORKLOAD
        if here is None or there is None or here & there:
            yield LOCAL, f"from the node that {destination.name} runs on"
        if here is None or there is None or len(here | there) > 1:
            yield index, f"from any node but the one that {destination.name} runs on"
        if not everywhere and (here is None or there is None):
            self.unplaced = source.name if here is None else destination.name

    def _conditions(self, answered: list[Answered]) -> tuple[str, ...]:
        total = NEVER
        for answer in answered:
            if answer.passage is not None and answer.possible & ~answer.sure:
                total = any_of(total, condition(self.network, answer.passage))
        return tuple(words(total))

    def _reasons(self, outcome: Outcome, answered: list[Answered], trace: tuple[Step, ...]) -> Iterator[str]:
        if outcome is Outcome.PARTIAL:
            yield from self._parts(answered)
        elif outcome is Outcome.UNKNOWN:
            yield from (f"unknown: {text}" for text in _doubts(trace, self._conditions(answered)))
            if self.unplaced:
                yield f"unknown: the node that {self.unplaced} runs on is not in the input"
                yield from self._parts(answered)
        for step in trace:
            if (outcome is Outcome.ALLOWED and step.decision is Decision.ALLOW) or (
                outcome is Outcome.DENIED and step.decision is Decision.DENY
            ):
                yield str(step)
        if outcome is Outcome.ALLOWED and not any(step.decision is Decision.ALLOW for step in trace):
            yield "no policy stands in the way"

    def _parts(self, answered: list[Answered]) -> Iterator[str]:
        """What holds for which part of the question; addresses that fare alike together."""
        groups: dict[str, list[tuple[int, str]]] = {}
        for answer in answered:
            note = f" {answer.note}" if answer.note else ""
            family = f" over IPv{answer.passage.view.family}" if answer.passage and answer.passage.view.family else ""
            if answer.outcome is Outcome.PARTIAL:
                listed = self.network.table.describe(answer.sure)
                passing = ", ".join(f"{protocol}/{ports}" for protocol, ports in listed)
                found = ("partial: ", f" to {self._shown(answer.leg.destination)}{note}{family}, only {passing}")
            else:
                found = (f"{answer.outcome.value}: ", f" to {self._shown(answer.leg.destination)}{note}{family}")
            groups.setdefault("\0".join(found), []).append((answer.leg.source, found[0]))
        for key, sources in groups.items():
            head, _, rest = key.partition("\0")
            for text in self._written([index for index, _ in sources]):
                yield f"{head}{text}{rest}"

    def _written(self, sources: list[int]) -> Iterator[str]:
        """Some sources: each by its name, addresses outside as one list."""
        blocks = [each for each in sources if self.network.endpoints[each].kind is Kind.BLOCK]
        if len(blocks) > 1:
            total = AddressSet()
            for index in blocks:
                total |= self.network.endpoints[index].addresses or AddressSet()
            if self.start.addresses is not None:
                total &= self.start.addresses
            yield str(total)
        for index in dict.fromkeys(sources):
            if index not in blocks or len(blocks) == 1:
                yield self.network.endpoints[index].title

    def _shown(self, index: int) -> str:
        endpoint = self.network.endpoints[index]
        if endpoint.kind is Kind.BLOCK and endpoint.addresses is not None:
            return str(
                endpoint.addresses & self.end.addresses if self.end.addresses is not None else endpoint.addresses
            )
        return endpoint.name

    def _witnesses(self, answered: list[Answered]) -> Iterator[Witness]:
        seen: set[Family] = set()
        for answer in answered:
            sample = self.network.table.sample(answer.sure)
            if sample is None:
                continue
            if answer.leg.matches and answer.sure == answer.asked and (ports := answer.leg.matches[0].ports):
                sample = (answer.leg.matches[0].protocol or sample[0], ports[0])
            source, destination = (
                self.network.endpoints[answer.leg.source],
                self.network.endpoints[answer.leg.destination],
            )
            for family in FAMILIES:
                if (
                    family in seen
                    or family not in destination.families
                    or (answer.passage and answer.passage.view.family not in (None, family))
                ):
                    continue
                if family not in source.families and family not in self.network.blueprint.families:
                    continue
                seen.add(family)
                ends = _address(source, family, self.start.addresses), _address(destination, family, self.end.addresses)
                yield Witness(family, *ends, protocol_name(sample[0]), sample[1])


def _address(endpoint: Endpoint, family: Family, asked: AddressSet | None) -> str:
    """One of its addresses within what was asked for, or its name."""
    known = endpoint.addresses
    if known is not None and asked is not None:
        known &= asked
    value = known.first(family) if known is not None else None
    return endpoint.title if value is None else address_text(family, value)


def as_asked(asked: tuple[Match, ...]) -> tuple[tuple[str, str], ...]:
    """Traffic as it was asked for, written as (protocol, ports)."""
    ports: dict[str, list[str]] = {}
    for match in asked:
        text = match.name or ("1-65535" if match.protocol in PORTED else "*")
        if match.ports is not None:
            text = str(match.ports[0]) if match.ports[0] == match.ports[1] else f"{match.ports[0]}-{match.ports[1]}"
        ports.setdefault(protocol_name(match.protocol or TCP), []).append(text)
    return tuple((protocol, ",".join(texts)) for protocol, texts in ports.items())


def _trace(answered: list[Answered]) -> Iterator[Step]:
    """The steps of one leg of each outcome, each step once."""
    shown: dict[tuple[Outcome, str], Answered] = {}
    for answer in answered:
        shown.setdefault((answer.outcome, answer.note), answer)
    seen: set[tuple[object, ...]] = set()
    for answer in shown.values():
        if answer.passage is None:
            yield Step(LOOPBACK, Direction.EGRESS, Decision.ALLOW, answer.note)
            continue
        for step in answer.passage.steps:
            key = (step.stage, step.direction, step.rule, step.decisive)
            if key not in seen:
                seen.add(key)
                yield step


def _doubts(trace: tuple[Step, ...], conditions: tuple[str, ...]) -> Iterator[str]:
    """What an unknown outcome hangs on."""
    for step in trace:
        if step.decision is Decision.POSSIBLE:
            yield str(step)
    if conditions:
        yield f"allowed if {'; or if '.join(conditions[:4])}"
