"""How reports write what was observed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from crenel.flows.observed import ELSEWHERE, Ends, Observations, Observed
from crenel.network.traffic import protocol_name
from crenel.output.reports import Context
from crenel.output.words import count

GUESS = "?"
FOOTNOTE = f"{GUESS} which end opened the connection is guessed by its ports."


@dataclass(frozen=True, slots=True)
class FlowsReport:
    """What was observed."""

    observed: Observations
    context: Context = field(default_factory=Context)


def traffic(row: Observed) -> str:
    """The traffic of a row: ``TCP/5432``."""
    name = protocol_name(row.protocol)
    return name if row.port is None else f"{name}/{row.port}"


def moment(when: datetime | None) -> str:
    """A time to the second, in UTC; empty for none."""
    return "" if when is None else when.strftime("%Y-%m-%dT%H:%M:%SZ")


def end(text: str, row: Observed) -> str:
    """An end of a row."""
    return f"{count_of_addresses(row)} outside" if text == ELSEWHERE else text


def count_of_addresses(row: Observed) -> str:
    """How many addresses a folded end stands for."""
    return f"{row.addresses} more address{'es' if row.addresses != 1 else ''}"


def doubtful(row: Observed) -> bool:
    """Whether the ends are guessed."""
    return row.ends is Ends.GUESSED


def span(first: datetime | None, last: datetime | None) -> str:
    """How long was observed, in words; empty when no record bears a time."""
    if first is None or last is None:
        return ""
    seconds = int((last - first).total_seconds())
    for size, noun in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 2 * size:
            return f"{seconds // size} {noun}s, from {moment(first)} to {moment(last)}"
    return f"{count(seconds, 'second')}, from {moment(first)} to {moment(last)}"


def summary(observed: Observations) -> Iterator[str]:
    """What was read, and what of it could not be used: one line each."""
    for read in observed.read:
        yield f"{read.source}: {read.format}, {count(read.taken, 'record')}"
    when = span(observed.first, observed.last)
    if when:
        yield f"observed over {when}"
