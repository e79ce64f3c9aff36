"""A difference in Markdown, fit for a comment on a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from crenel.output.difference_words import causes, place, summary, tells_causes_apart, traffic, transition
from crenel.output.markdown import code, folded, plain, table
from crenel.output.reports import DifferenceReport
from crenel.output.words import count, short_party
from crenel.questions.causes import Cause
from crenel.questions.diff import Change

LIMIT = 65_000
"""How many bytes are written at most; GitHub takes a comment of 65,536 characters."""
OPEN = 12
"""How many rows of a table are shown without a click."""
CHANGES = ("Source", "Destination", "Traffic", "Because of")
CAUSES = ("Change", "Object", "Where")
_ROOM = 500
"""What is kept free for headings and for saying what was left out."""


def render(report: DifferenceReport) -> str:
    """Write a summary and tables of what was added, removed and changed; long tables are folded, and cut in the end."""
    difference = report.difference
    title = f"**{summary(difference)}**" if difference else summary(difference)
    sides = f" ({code(report.old)} → {code(report.new)})" if report.old or report.new else ""
    lines = [title + sides]
    if report.context.warning:
        lines += ["", f"> **Warning:** {plain(report.context.warning)}"]
    room = LIMIT - _size(lines)
    header = CHANGES if tells_causes_apart(difference) else CHANGES[:3]
    parts = [
        ("Added", header, [_change(each, report)[: len(header)] for each in difference.added]),
        ("Removed", header, [_change(each, report)[: len(header)] for each in difference.removed]),
        ("Causes", CAUSES, [_cause(each) for each in difference.causes]),
    ]
    parts = [part for part in parts if part[2]]
    for number, (name, columns, rows) in enumerate(parts):
        section = _section(name, columns, rows, room // (len(parts) - number))
        room -= _size(section)
        lines += section
    return "\n".join([*lines, ""])


def _change(change: Change, report: DifferenceReport) -> tuple[str, ...]:
    connection = change.connection
    certainty = transition(change)
    described = f"{traffic(change, report)}, {certainty}" if certainty else traffic(change, report)
    because = code(causes(change.causes)) if change.causes else ""
    return code(short_party(connection.sources)), code(short_party(connection.destinations)), described, because


def _cause(cause: Cause) -> tuple[str, ...]:
    where = place(cause)
    return cause.change, code(cause.title), code(where) if where else ""


def _section(name: str, header: Sequence[str], rows: Sequence[Sequence[str]], room: int) -> list[str]:
    """A table under its name, with as many rows as fit."""
    shown: list[Sequence[str]] = []
    left = room - _ROOM
    for row in rows:
        left -= len(" | ".join(row).encode()) + 5
        if left < 0:
            break
        shown.append(row)
    lines = table(header, shown)
    if len(shown) < len(rows):
        lines += ["", f"{count(len(rows) - len(shown), 'more row')} left out: `-o json` has them all."]
    if len(rows) > OPEN:
        return ["", *folded(f"{name} ({len(rows)})", lines)]
    return ["", f"**{name}**", "", *lines]


def _size(lines: Sequence[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines)
