"""What was observed, as Markdown."""

from __future__ import annotations

from crenel.output.flows_words import FOOTNOTE, GUESS, FlowsReport, doubtful, end, moment, traffic
from crenel.output.markdown import code, table

_HEADER = ("Source", "Destination", "Traffic", "Records", "Last", "Verdict")


def render(report: FlowsReport) -> str:
    """Write the rows as a table."""
    rows = report.observed.rows
    if not rows:
        return "Nothing was observed.\n"
    lines = table(
        _HEADER,
        (
            (
                code(end(row.source, row)), code(end(row.target, row)),
                code(traffic(row)) + (f" {GUESS}" if doubtful(row) else ""), str(row.count), moment(row.last),
                row.verdict.value,
            )
            for row in rows
        ),
    )  # fmt: skip
    if any(map(doubtful, rows)):
        lines += ["", FOOTNOTE]
    return "\n".join([*lines, ""])
