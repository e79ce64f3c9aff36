"""What is allowed and was never used, for people."""

from __future__ import annotations

from crenel.output.map_table import warning
from crenel.output.paint import BOLD, PLAIN, Paint
from crenel.output.unused_words import UnusedReport, summary, title, use
from crenel.output.words import clean, short_party, short_traffic


def render(report: UnusedReport, paint: Paint = PLAIN) -> str:
    """Write each rule with what of it was never used, then what the reader has to know."""
    lines = warning(report.context, paint)
    for rule in report.shown:
        lines.append(f"{paint(BOLD, clean(title(rule)))}: {use(rule)}")
        lines += [
            f"  {short_party(each.source)} to {short_party(each.destination)} "
            f"{short_traffic(each.traffic, report.everything)}"
            for each in rule.idle
        ]
        lines.append("")
    return "\n".join([*lines, *map(clean, summary(report)), ""])
