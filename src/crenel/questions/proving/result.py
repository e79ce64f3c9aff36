"""What became of a statement: whether it holds, what speaks against it, and what would mend it."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from crenel.intents import Statement
from crenel.network.addresses import Family
from crenel.provenance import Problem
from crenel.questions.connections import Connection
from crenel.questions.remedies.proposal import Remedy
from crenel.questions.verdict import Outcome, Step


class State(enum.Enum):
    """What holds for a statement."""

    HOLDS = "holds"
    VIOLATED = "violated"
    UNKNOWN = "unknown"
    """It depends on something that the input does not say: it is not proved."""
    NOTHING = "nothing"
    """It is about nobody: what it names is not there."""
    UNREADABLE = "unreadable"
    """One of its ends cannot be read."""


@dataclass(frozen=True, slots=True)
class Counterexample:
    """One connection that speaks against a statement: who, whom, and what lets it through or stops it.

    `traffic` is like ``TCP/5432``; `outcome` is what becomes of it. `conditions` are what an unknown one depends on.
    """

    source: str
    target: str
    traffic: str
    outcome: Outcome
    family: Family | None = None
    steps: tuple[Step, ...] = ()
    conditions: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Mending:
    """The smallest change found that makes a statement hold, solved again before it is shown.

    `remedy.extra` is what it allows, or for a statement that forbids what it closes, besides. `breaks` are the titles
    of statements that would not hold any more. `whole` is False where it mends the counterexample alone.
    """

    remedy: Remedy
    closes: bool = False
    """Whether it takes something away, rather than allow it."""
    breaks: tuple[str, ...] = ()
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Result:
    """One statement with what was found. `says` is one line for people."""

    statement: Statement
    state: State
    says: str
    examined: int = 0
    """How many pairs of ends, or paths, it is about."""
    connections: tuple[Connection, ...] = ()
    """All that speaks against it."""
    counterexample: Counterexample | None = None
    mending: Mending | None = None
    advice: str = ""
    """What mends it where no edit of a policy does."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """All results, in the order of the statements, and what they rest on."""

    results: tuple[Result, ...]
    problems: tuple[Problem, ...] = ()
    """Ends that cannot be read."""
    notes: tuple[str, ...] = field(default=())

    def count(self, state: State) -> int:
        """How many statements are in a state."""
        return sum(result.state is state for result in self.results)

    @property
    def holds(self) -> bool:
        """Whether there are statements, and all of them hold."""
        return bool(self.results) and self.count(State.HOLDS) == len(self.results)
