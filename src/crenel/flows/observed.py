"""What was observed: rows of who talked to whom, and what could not be said.

A row stands for all records of one connection, in either direction. Its ends are written as other questions write
places: ``shop/web``, ``shop/svc/db``, ``node/worker-1``, an address outside, `INTERNET` or `ELSEWHERE`.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

INTERNET = "internet"
"""An end of which the log only says that its address is public."""

ELSEWHERE = "elsewhere"
"""Many addresses outside, folded into one row because there are more than `Limits.outside` of them."""


class Verdict(enum.Enum):
    """What became of it where it was recorded."""

    FORWARDED = "forwarded"
    DROPPED = "dropped"
    UNKNOWN = "unknown"
    """The log does not say: what a process asked for, or a connection without an answer."""


class Ends(enum.Enum):
    """How it is known which end opened the connection and which one serves."""

    TOLD = "told"
    """The record says so: by a SYN flag, a direction of the connection, or a format that writes the opener first."""
    KNOWN = "known"
    """One end serves that port: its manifest declares it, or other records of the same log say so."""
    GUESSED = "guessed"
    """By the ports alone: the one outside of the ephemeral range, the one with more peers, or the lower one."""


@dataclass(frozen=True, slots=True)
class Observed:
    """Who talked to whom.

    `protocol` is the number of the IP protocol, `port` the serving port, None for protocols without ports. `count` is
    the number of records, not of connections: a record sums up an interval, and both ends may have logged. `bytes` is
    the sum of both directions, None when no record has it. `first` and `last` are None when no record bears a time.
    """

    source: str
    target: str
    protocol: int
    port: int | None
    count: int
    bytes: int | None = None
    first: datetime | None = None
    last: datetime | None = None
    verdict: Verdict = Verdict.FORWARDED
    ends: Ends = Ends.TOLD
    domain: str = ""
    """The DNS name that the record gives its target; empty without."""
    addresses: int = 1
    """How many addresses outside an end `ELSEWHERE` stands for."""


@dataclass(frozen=True, slots=True)
class Example:
    """One line that could not be read: `line` counts from 1, None where the file has no lines."""

    file: str
    line: int | None
    text: str
    reason: str

    @property
    def place(self) -> str:
        """``file:line``, as much of it as there is."""
        return self.file if self.line is None else f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Read:
    """What was made of one source: its format, and how many of its records were taken, left out, and not understood."""

    source: str
    format: str
    taken: int
    skipped: tuple[tuple[str, int], ...] = ()
    """Records that are none of a connection, by reason."""
    bad: int = 0
    examples: tuple[Example, ...] = ()
    notes: tuple[str, ...] = ()
    """What the format does not say."""


@dataclass(frozen=True, slots=True)
class Unmapped:
    """An end inside of the cluster's ranges, or a name, that nobody had at the time; with its records."""

    end: str
    count: int


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of the machine may be taken, and how long the answer may be."""

    memory: str = "1GB"
    """What DuckDB may hold in memory before it goes to disk."""
    threads: int | None = None
    """None: as many as the machine has."""
    outside: int = 256
    """How many addresses outside are told apart for one end inside, protocol and port."""
    examples: int = 3
    """How many bad lines of a file are shown."""
    temporary: str | None = None
    """The directory in which the scratch folder is made; None: the system's."""


@dataclass(frozen=True, slots=True)
class Observations:
    """All that was observed, with what the reader of it has to know."""

    rows: Sequence[Observed] = ()
    read: Sequence[Read] = ()
    unmapped: Sequence[Unmapped] = ()
    failed: Sequence[tuple[str, str]] = ()
    """Sources that could not be read at all: (source, why)."""
    notes: Sequence[str] = field(default=())

    @property
    def taken(self) -> int:
        """How many records are in the rows, or unmapped."""
        return sum(each.taken for each in self.read)

    @property
    def bad(self) -> int:
        """How many lines could not be understood."""
        return sum(each.bad for each in self.read)

    @property
    def first(self) -> datetime | None:
        """When the first record was made; None when no record bears a time."""
        return min((row.first for row in self.rows if row.first is not None), default=None)

    @property
    def last(self) -> datetime | None:
        """When the last record was made."""
        return max((row.last for row in self.rows if row.last is not None), default=None)
