"""The map as a table in Markdown."""

from __future__ import annotations

from crenel.output.map_table import FOOTNOTE, POSSIBLE, nothing, traffic_text
from crenel.output.markdown import code, plain, table
from crenel.output.reports import MapReport
from crenel.output.words import conditions_text, full_party


def render(report: MapReport) -> str:
    """Write the connections of a map, with a column for what the possible ones depend on where there are any."""
    lines = [f"> **Warning:** {plain(report.context.warning)}", ""] if report.context.warning else []
    shown = report.shown()
    if not shown:
        return "\n".join([*lines, nothing(report), ""])
    doubtful = any(each.certainty == POSSIBLE for each, _ in shown)
    header = ["Source", "Destination", *(["Pairs"] if report.extents is not None else []), "Traffic"]
    rows = []
    for each, extent in shown:
        row = [code(full_party(each.sources)), code(full_party(each.destinations)), *([extent] if extent else [])]
        row.append(traffic_text(each, report))
        rows.append([*row, plain(conditions_text(each.conditions))] if doubtful else row)
    lines += table([*header, "Depends on"] if doubtful else header, rows)
    if doubtful:
        lines += ["", FOOTNOTE.partition(". ")[0] + "."]
    return "\n".join([*lines, ""])
