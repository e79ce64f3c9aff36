"""The map as a table that leaves nothing out."""

from __future__ import annotations

from crenel.output.columns import aligned
from crenel.output.map_table import POSSIBLE, nothing, warning
from crenel.output.paint import BOLD, PLAIN, YELLOW, Paint
from crenel.output.reports import MapReport
from crenel.output.words import conditions_text, full_party, short_traffic


def render(report: MapReport, paint: Paint = PLAIN) -> str:
    """Write all connections of a map, with what the possible ones depend on."""
    lines = warning(report.context, paint)
    if not report.connections:
        return "\n".join([*lines, nothing(report), ""])
    columns = [
        ["SOURCE", *(full_party(each.sources) for each in report.connections)],
        ["DESTINATION", *(full_party(each.destinations) for each in report.connections)],
        ["TRAFFIC", *(short_traffic(each.traffic, report.everything) for each in report.connections)],
        ["FAMILY", *(f"IPv{each.family}" if each.family else "any" for each in report.connections)],
        ["CERTAINTY", *(each.certainty for each in report.connections)],
        ["DEPENDS ON", *(conditions_text(each.conditions) or "-" for each in report.connections)],
    ]
    if report.extents is not None:
        columns.insert(2, ["PAIRS", *report.extents])
    head, *body = aligned(list(zip(*columns, strict=True)))
    lines.append(paint(BOLD, head))
    for line, connection in zip(body, report.connections, strict=True):
        lines.append(paint(YELLOW, line) if connection.certainty == POSSIBLE else line)
    return "\n".join([*lines, ""])
