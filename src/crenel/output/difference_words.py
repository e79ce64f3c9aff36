"""What the reports for people say about a difference."""

from __future__ import annotations

from collections.abc import Sequence

from crenel.output.reports import DifferenceReport
from crenel.output.words import clean, count, short_traffic, tidied
from crenel.questions.causes import Cause
from crenel.questions.diff import Change, Difference

SAME = "No connection differs."

_SHOWN_CAUSES = 2
_TRANSITIONS = {
    ("none", "possible"): "now possible",
    ("possible", "sure"): "was only possible",
    ("sure", "possible"): "still possible",
    ("possible", "none"): "was only possible",
}


def summary(difference: Difference) -> str:
    """The difference in one line: ``2 connections added, 1 removed``."""
    if not difference:
        return SAME
    if not difference.added:
        return f"{count(len(difference.removed), 'connection')} removed, none added"
    removed = str(len(difference.removed)) if difference.removed else "none"
    return f"{count(len(difference.added), 'connection')} added, {removed} removed"


def transition(change: Change) -> str:
    """How certain a change is, in words; empty when it is certain."""
    return _TRANSITIONS.get((change.before, change.after), "")


def traffic(change: Change, report: DifferenceReport) -> str:
    """The traffic of a change, with its family where it is about one alone."""
    text = short_traffic(tidied(change.connection.traffic), report.everything)
    return text if change.connection.family is None else f"{text} (IPv{change.connection.family})"


def tells_causes_apart(difference: Difference) -> bool:
    """Whether the causes differ from change to change; where they do not, their list says all."""
    return len({change.causes for change in (*difference.added, *difference.removed)}) > 1


def causes(titles: Sequence[str]) -> str:
    """The objects that a change comes from; of many, the first one by name."""
    if len(titles) > _SHOWN_CAUSES:
        return clean(f"{titles[0]} and {len(titles) - 1} more")
    return clean(", ".join(titles))


def place(cause: Cause) -> str:
    """Where a cause stands: ``file:line``."""
    line = cause.origin.line() if cause.origin.source else None
    return clean(cause.origin.source if line is None else f"{cause.origin.source}:{line}")
