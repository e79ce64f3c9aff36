"""What is allowed and was never used, as Markdown."""

from __future__ import annotations

from crenel.output.markdown import code, plain, table
from crenel.output.unused_words import UnusedReport, summary, title, use
from crenel.output.words import full_party, short_traffic

_HEADER = ("Rule", "Use", "Source", "Destination", "Traffic")


def render(report: UnusedReport) -> str:
    """Write the rules as a table, after what the reader has to know."""
    lines = [*(f"{plain(line)}  " for line in summary(report)), ""]
    rows = []
    for rule in report.shown:
        for each in rule.idle or (None,):
            ends = (
                (
                    code(full_party(each.source)), code(full_party(each.destination)),
                    code(short_traffic(each.traffic, report.everything)),
                )
                if each is not None
                else ("", "", "")
            )  # fmt: skip
            rows.append((plain(title(rule)), plain(use(rule)), *ends))
    if rows:
        lines += [*table(_HEADER, rows), ""]
    return "\n".join(lines)
