"""A hardening in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from crenel.output import hardening_words as words
from crenel.output.hardening_report import HardeningReport
from crenel.output.markdown import plain, table


def render(report: HardeningReport) -> str:
    """Write the conclusion, and below it tables of all that it rests on."""
    lines = [f"**{plain(words.conclusion(report))}**"]
    if report.context.warning:
        lines += ["", f"> **Warning:** {plain(report.context.warning)}"]
    lines += ["", plain(words.tried(report))] if report.lab is not None else []
    if report.objections:
        lines += ["", f"### {words.AGAINST}", "", *(f"- {plain(each)}" for each in report.objections)]
    lines += _table(words.NEEDS, ("Source", "Target", "Traffic", "Known", "Evidence"), words.needs(report))
    lines += _table(words.CUT, ("Workload", "Way", "Cut", "Used by", "Left"), words.cuts(report))
    lines += _table(words.OPEN, ("What", "Why"), words.left(report, "open"))
    lines += _table(words.UNCERTAIN, ("What", "Why"), words.uncertain(report))
    lines += _table(words.LEFT, ("What", "Why"), words.left(report, "left"))
    lines += _table(words.KEPT, ("What", "Why"), words.left(report, "kept"))
    return "\n".join([*lines, ""])


def _table(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    found = [tuple(map(plain, row)) for row in rows]
    if found:
        yield from ("", f"### {title}", "", *table(header, found))
