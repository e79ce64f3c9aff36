"""A difference as a table for people."""

from __future__ import annotations

from collections.abc import Iterator

from crenel.output.columns import aligned
from crenel.output.difference_words import causes, place, summary, tells_causes_apart, traffic, transition
from crenel.output.paint import BOLD, GREEN, PLAIN, RED, YELLOW, Paint
from crenel.output.reports import DifferenceReport
from crenel.output.words import clean, short_party
from crenel.questions.diff import Change


def render(report: DifferenceReport, paint: Paint = PLAIN) -> str:
    """Write a summary, what was added (``+``) and removed (``-``) with its causes, and where the causes stand."""
    lines = [paint(BOLD, summary(report.difference))]
    if report.context.warning:
        lines.append(paint(YELLOW, f"warning: {clean(report.context.warning)}"))
    if report.difference:
        lines += ["", *_changes(report, paint)]
    if report.difference.causes:
        lines += ["", *_causes(report, paint)]
    return "\n".join([*lines, ""])


def _changes(report: DifferenceReport, paint: Paint) -> Iterator[str]:
    difference = report.difference
    rows = [["", "SOURCE", "DESTINATION", "TRAFFIC", "CERTAINTY", "CAUSE"]]
    rows += (_row("+", each, report) for each in difference.added)
    rows += (_row("-", each, report) for each in difference.removed)
    left_out = [4] if not any(row[4] for row in rows[1:]) else []
    left_out += [] if tells_causes_apart(difference) else [5]
    shown = [[cell for column, cell in enumerate(row) if column not in left_out] for row in rows]
    head, *body = aligned(shown)
    yield paint(BOLD, head)
    yield from (paint(GREEN if line.startswith("+") else RED, line) for line in body)


def _row(sign: str, change: Change, report: DifferenceReport) -> list[str]:
    connection = change.connection
    return [
        sign,
        short_party(connection.sources),
        short_party(connection.destinations),
        traffic(change, report),
        transition(change),
        causes(change.causes),
    ]


def _causes(report: DifferenceReport, paint: Paint) -> Iterator[str]:
    rows = [(each.change, clean(each.title), place(each)) for each in report.difference.causes]
    head, *body = aligned([("CHANGE", "OBJECT", "WHERE"), *rows])
    yield paint(BOLD, head)
    yield from body
