"""What of observed traffic a network would not let through.

Every row that was not dropped when it was seen is asked of the solver. What is denied breaks; what depends on something
that the input does not say may break.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from crenel.dialects.model import Model
from crenel.flows.observed import ELSEWHERE, INTERNET, Observations, Observed, Verdict
from crenel.network.traffic import Match, protocol_name
from crenel.questions import verdict as verdicts
from crenel.questions.can import can
from crenel.questions.observing.ends import Ends, match_of
from crenel.questions.places import PlaceError
from crenel.questions.verdict import Decision, Outcome, Step


@dataclass(frozen=True, slots=True)
class Broken:
    """A connection that was seen and would not be let through, or perhaps not.

    `outcome` is denied, partial (a part of the ends or addresses is denied) or unknown. `blocking` are the rules and
    isolations that stand in its way, the ones that would as well included.
    """

    observed: Observed
    outcome: Outcome
    reasons: tuple[str, ...]
    blocking: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Unasked:
    """A row that could not be asked about, and why."""

    observed: Observed
    reason: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What would become of what was observed."""

    broken: tuple[Broken, ...]
    """Denied, surely: whole or in part."""
    uncertain: tuple[Broken, ...]
    """Not known."""
    unasked: tuple[Unasked, ...]
    kept: int
    """How many rows are let through."""
    dropped: int
    """How many rows were dropped already when they were seen, and are not asked about."""


class Asked(Protocol):
    """A network, as far as a preview asks it."""

    @property
    def layered(self) -> Model:
        """What questions about connections ask."""


@dataclass(frozen=True, slots=True)
class _Answer:
    outcome: Outcome
    reasons: tuple[str, ...]
    steps: tuple[Step, ...]


def preview(network: Asked, observed: Observations) -> Preview:
    """Ask a network about every row."""
    questions = _Questions(Ends(network.layered))
    broken: list[Broken] = []
    uncertain: list[Broken] = []
    unasked: list[Unasked] = []
    kept = dropped = 0
    for row in observed.rows:
        if row.verdict is Verdict.DROPPED:
            dropped += 1
            continue
        try:
            answer = questions.ask(row)
        except PlaceError as error:
            unasked.append(Unasked(row, str(error)))
            continue
        if answer.outcome is Outcome.ALLOWED:
            kept += 1
            continue
        blocking = tuple(step for step in answer.steps if step.decision in (Decision.DENY, Decision.POSSIBLE))
        (uncertain if answer.outcome is Outcome.UNKNOWN else broken).append(
            Broken(row, answer.outcome, answer.reasons, blocking)
        )
    return Preview(tuple(broken), tuple(uncertain), tuple(unasked), kept, dropped)


class _Questions:
    """Asks each question once: addresses of one block fare alike."""

    def __init__(self, ends: Ends) -> None:
        self.ends = ends
        self._known: dict[tuple[object, object, Match], _Answer] = {}

    def ask(self, row: Observed) -> _Answer:
        """The answer about a row.

        Raises:
            PlaceError: an end is not in the input.
        """
        key = (self._key(row.source), self._key(row.target), match_of(row))
        if (known := self._known.get(key)) is None:
            known = self._known[key] = self._combined(row)
        return known

    def _key(self, text: str) -> object:
        block = self.ends.block(text)
        return text if block is None else block

    def _combined(self, row: Observed) -> _Answer:
        """One answer; of addresses that are not known one by one, what holds for all blocks outside."""
        found = [
            self._one(source, target, row) for source in self._texts(row.source) for target in self._texts(row.target)
        ]
        if len(found) == 1:
            return found[0]
        outcome = verdicts.combined({each.outcome for each in found})
        if outcome is Outcome.PARTIAL:
            outcome = Outcome.UNKNOWN
        reasons = tuple(
            dict.fromkeys(text for each in found if each.outcome is not Outcome.ALLOWED for text in each.reasons)
        )
        return _Answer(outcome, reasons, tuple(dict.fromkeys(step for each in found for step in each.steps)))

    def _texts(self, text: str) -> list[str]:
        return [cidr for _, cidr in self.ends.outside()] if text in (ELSEWHERE, INTERNET) else [text]

    def _one(self, source: str, target: str, row: Observed) -> _Answer:
        found = can(self.ends.directory, source, target, traffic_text(row))
        return _Answer(found.outcome, found.reasons, found.trace)


def traffic_text(row: Observed) -> str:
    """The traffic of a row as questions write it: ``TCP/5432``."""
    match = match_of(row)
    name = protocol_name(row.protocol)
    return name if match.ports is None else f"{name}/{match.ports[0]}"


def steps_of(broken: Broken) -> Iterator[str]:
    """What blocks a connection, in words with their places; without a rule, the reasons."""
    if broken.blocking:
        yield from dict.fromkeys(str(step) for step in broken.blocking)
    else:
        yield from broken.reasons
