"""What of observed traffic would break, for people."""

from __future__ import annotations

from collections.abc import Iterator

from crenel.output.map_table import warning
from crenel.output.paint import BOLD, PLAIN, RED, YELLOW, Paint
from crenel.output.preview_words import PreviewReport, reasons, sentence, verdict
from crenel.output.words import clean
from crenel.questions.observing.preview import Broken


def render(report: PreviewReport, paint: Paint = PLAIN) -> str:
    """Write each connection with what blocks it, then the whole in one line."""
    lines = warning(report.context, paint)
    for title, found, colour in (
        ("Would break:", report.preview.broken, RED),
        ("May break:", report.preview.uncertain, YELLOW),
    ):
        if found:
            lines += [paint(BOLD, title), *(line for each in found for line in _connection(each, paint, colour)), ""]
    if report.preview.unasked:
        lines.append(paint(BOLD, "Not asked:"))
        lines += [
            f"  {clean(each.observed.source)} to {clean(each.observed.target)}: {clean(each.reason)}"
            for each in report.preview.unasked
        ]
        lines.append("")
    return "\n".join([*lines, verdict(report.preview), ""])


def _connection(broken: Broken, paint: Paint, colour: str) -> Iterator[str]:
    yield f"  {paint(colour, clean(sentence(broken)))}"
    yield from (f"    {clean(reason)}" for reason in reasons(broken))
