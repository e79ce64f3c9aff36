"""Answers: what was decided about a connection, why, and whether anything enforces it."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from crenel.network.rules import Direction
from crenel.provenance import NOWHERE, FieldPath, Origin

Traffic: TypeAlias = tuple[tuple[str, str], ...]
"""(protocol, ports) pairs, ports like ``80,443-445``; ``*`` for a protocol without ports."""


class Outcome(enum.Enum):
    """What holds for all that was asked about."""

    ALLOWED = "allowed"
    DENIED = "denied"
    PARTIAL = "partial"
    """Some of it is allowed, some denied, and it is known which."""
    UNKNOWN = "unknown"


class Decision(enum.Enum):
    """What one step did."""

    ALLOW = "allow"
    DENY = "deny"
    PASS = "pass"  # noqa: S105 - a decision, no password
    """Left this stage to the next one."""
    NONE = "none"
    """Nothing in this stage applies."""
    POSSIBLE = "possible"
    """May match: it depends on something that the input does not say."""


@lru_cache(maxsize=8192)
def _line(origin: Origin, field: FieldPath) -> int | None:
    """Look a line up once: a trace and its reasons ask for the same ones, and many traces meet the same policies."""
    return origin.line(field)


@dataclass(frozen=True, slots=True)
class Step:
    """One rule, or isolation, met on the way."""

    stage: str
    direction: Direction
    decision: Decision
    rule: str
    policy: str = ""
    """Title of the policy; empty when none was involved."""
    api: str = ""
    decisive: bool = True
    """False for what would block as well, if it were reached."""
    origin: Origin = NOWHERE
    field: FieldPath = ()

    @property
    def file(self) -> str:
        """The source that the rule was read from; empty when there is none."""
        return self.origin.source

    @property
    def line(self) -> int | None:
        """The rule's line, looked up when asked for."""
        return _line(self.origin, self.field) if self.origin.source else None

    @property
    def place(self) -> str:
        """``file:line``, as much of it as there is."""
        return f"{self.file}:{self.line}" if self.file and self.line is not None else self.file

    def __str__(self) -> str:
        where = f" ({self.place})" if self.file else ""
        return f"{self.rule}{where}"


@dataclass(frozen=True, slots=True)
class Witness:
    """One packet that gets through. An end without a known address is given by name."""

    family: int
    source: str
    destination: str
    protocol: str
    port: int | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one question.

    `traffic` is what was asked about, `passing` the part of it that surely gets through, `uncertain` the part of which
    it is not known. `enforced` is False when policies decide it that nothing enforces, None when that is not known.
    """

    source: str
    destination: str
    traffic: Traffic
    outcome: Outcome
    passing: Traffic = ()
    uncertain: Traffic = ()
    enforced: bool | None = None
    trace: tuple[Step, ...] = ()
    reasons: tuple[str, ...] = ()
    witness: tuple[Witness, ...] = ()
    conditions: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def allowed(self) -> bool:
        """True only when all of it is certainly allowed."""
        return self.outcome is Outcome.ALLOWED

    @property
    def reason(self) -> str:
        """The reasons as one line."""
        return "; ".join(self.reasons)


def combined(outcomes: set[Outcome]) -> Outcome:
    """The outcome of several connections taken together."""
    if len(outcomes) == 1:
        return next(iter(outcomes))
    return Outcome.UNKNOWN if Outcome.UNKNOWN in outcomes else Outcome.PARTIAL
