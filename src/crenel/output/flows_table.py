"""What was observed, as a table for people."""

from __future__ import annotations

from crenel.output.columns import aligned
from crenel.output.flows_words import FOOTNOTE, GUESS, FlowsReport, doubtful, end, moment, traffic
from crenel.output.map_table import warning
from crenel.output.paint import BOLD, PLAIN, Paint
from crenel.output.words import clean

_HEADER = ("SOURCE", "DESTINATION", "TRAFFIC", "RECORDS", "LAST", "VERDICT")


def render(report: FlowsReport, paint: Paint = PLAIN) -> str:
    """Write the rows, one on each line."""
    lines = warning(report.context, paint)
    rows = report.observed.rows
    if not rows:
        return "\n".join([*lines, "Nothing was observed.", ""])
    head, *body = aligned(
        [
            _HEADER,
            *(
                (
                    clean(end(row.source, row)),
                    clean(end(row.target, row) + (f" ({row.domain})" if row.domain else "")),
                    traffic(row) + (f" {GUESS}" if doubtful(row) else ""),
                    str(row.count),
                    moment(row.last),
                    row.verdict.value,
                )
                for row in rows
            ),
        ]
    )
    lines += [paint(BOLD, head), *body]
    if any(map(doubtful, rows)):
        lines += ["", FOOTNOTE]
    return "\n".join([*lines, ""])
