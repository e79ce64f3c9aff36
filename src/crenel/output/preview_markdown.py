"""What of observed traffic would break, as Markdown."""

from __future__ import annotations

from crenel.output.flows_words import end, traffic
from crenel.output.markdown import code, plain, table
from crenel.output.preview_words import PreviewReport, reasons, verdict

_HEADER = ("Source", "Destination", "Traffic", "Records", "Would be", "By")


def render(report: PreviewReport) -> str:
    """Write the whole in one line, and the connections as a table."""
    lines = [plain(verdict(report.preview)), ""]
    found = [*report.preview.broken, *report.preview.uncertain]
    if found:
        lines += table(
            _HEADER,
            (
                (
                    code(end(each.observed.source, each.observed)),
                    code(end(each.observed.target, each.observed)),
                    code(traffic(each.observed)),
                    str(each.observed.count),
                    each.outcome.value,
                    "<br>".join(map(plain, reasons(each))),
                )
                for each in found
            ),
        )
        lines.append("")
    return "\n".join(lines)
