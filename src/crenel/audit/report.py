"""The answer of an audit: what was looked at, what is wrong, what was set aside."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from crenel.audit.catalogue import Rule
from crenel.audit.finding import Finding, Severity
from crenel.audit.ignoring import SetAside


@dataclass(frozen=True, slots=True)
class Examined:
    """What was looked at: how many of what, and from where."""

    counts: Mapping[str, int] = field(default_factory=dict)
    """By the name of what is counted, singular: ``workload``, ``network policy``."""
    sources: Sequence[str] = ()
    """The files, or the context of a cluster, in order."""

    def __bool__(self) -> bool:
        """Whether there was anything that checks look at."""
        return any(self.counts.values())


@dataclass(frozen=True, slots=True)
class Audit:
    """Findings that count, worst first within each object; those that were set aside; and what they rest on."""

    findings: Sequence[Finding]
    aside: Sequence[SetAside]
    rules: Sequence[Rule]
    """The checks that ran."""
    examined: Examined = field(default_factory=Examined)
    assumptions: Sequence[str] = ()
    gone: int = 0
    """How many findings of the baseline are there no more."""
    day: dt.date | None = None
    """The day of the audit, by which what expires was judged."""

    @property
    def summary(self) -> dict[str, int]:
        """How many findings of each severity, the worst first."""
        found = Counter(each.severity for each in self.findings)
        return {severity.word: found[severity] for severity in sorted(Severity, reverse=True)}
