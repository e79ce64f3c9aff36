"""The map as a table for people: narrow, with what is only possible marked."""

from __future__ import annotations

from crenel.output.columns import aligned
from crenel.output.paint import BOLD, PLAIN, YELLOW, Paint
from crenel.output.reports import Context, MapReport
from crenel.output.words import clean, short_party, short_traffic
from crenel.questions.connections import Connection

POSSIBLE = "possible"
MARK = "?"
FOOTNOTE = f"{MARK} is possible, not certain: it depends on what the input does not say. -o wide says on what."


def render(report: MapReport, paint: Paint = PLAIN) -> str:
    """Write the connections of a map, one on each line."""
    lines = warning(report.context, paint)
    shown = report.shown()
    if not shown:
        return "\n".join([*lines, nothing(report), ""])
    header = ["SOURCE", "DESTINATION", "TRAFFIC"]
    rows = [
        [short_party(each.sources), short_party(each.destinations), traffic_text(each, report)] for each, _ in shown
    ]
    if report.extents is not None:
        header.insert(2, "PAIRS")
        for row, (_, extent) in zip(rows, shown, strict=True):
            row.insert(2, extent)
    head, *body = aligned([header, *rows])
    lines.append(paint(BOLD, head))
    doubtful = [each.certainty == POSSIBLE for each, _ in shown]
    if paint.on:
        body = [paint(YELLOW, line) if doubt else line for line, doubt in zip(body, doubtful, strict=True)]
    lines += body
    if any(doubtful):
        lines += ["", FOOTNOTE]
    return "\n".join([*lines, ""])


def warning(context: Context, paint: Paint) -> list[str]:
    """Say that policies exist which nothing enforces, where that is so."""
    return [paint(YELLOW, f"warning: {clean(context.warning)}"), ""] if context.warning else []


def traffic_text(connection: Connection, report: MapReport) -> str:
    """Write the traffic of a connection, its family where it holds in one alone, and the mark of what is possible."""
    text = short_traffic(connection.traffic, report.everything)
    if connection.family is not None:
        text = f"{text} (IPv{connection.family})"
    return f"{text} {MARK}" if connection.certainty == POSSIBLE else text


def nothing(report: MapReport) -> str:
    """Say in one line that nothing is connected, or that there is nothing that could be."""
    if not report.workloads:
        return "No workloads."
    return "No connections."
