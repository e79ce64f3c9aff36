"""A hardening in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from crenel.output import hardening_rules as rules
from crenel.output import hardening_words as words
from crenel.output import services_words
from crenel.output.hardening_report import HardeningReport
from crenel.output.markdown import plain, table
from crenel.output.words import clean


def render(report: HardeningReport) -> str:
    """Write the conclusion, and below it tables of all that it rests on."""
    lines = [f"**{plain(words.conclusion(report))}**"]
    if report.context.warning:
        lines += ["", f"> **Warning:** {plain(report.context.warning)}"]
    lines += ["", plain(words.tried(report))] if report.lab is not None else []
    if report.objections:
        lines += ["", f"### {words.AGAINST}", "", *(f"- {plain(each)}" for each in report.objections)]
    for which, title in words.BREAKS.items():
        lines += _table(title, ("Connection", "Blocked by"), words.broken(report, which))
    lines += _table(words.UNASKED, ("Connection", "Why"), words.unasked(report))
    lines += _table(words.NEEDS, ("Source", "Target", "Traffic", "Known", "Evidence"), words.needs(report))
    lines += _table(words.CUT, ("Workload", "Way", "Cut", "Used by", "Left"), words.cuts(report))
    lines += _table(words.OPEN, ("What", "Why"), words.left(report, "open"))
    lines += _table(words.UNCERTAIN, ("What", "Why"), words.uncertain(report))
    lines += _table(words.LEFT, ("What", "Why"), words.left(report, "left"))
    lines += _table(words.KEPT, ("What", "Why"), words.left(report, "kept"))
    lines += _services(report)
    lines += _table(rules.OPENED, ("Group", "Way", "Other end", "Traffic", "Why"), rules.openings(report))
    for title, found in ((rules.RESTS, rules.rests(report)), *rules.platforms(report)):
        lines += _listed(title, found)
    return "\n".join([*lines, ""])


def _services(report: HardeningReport) -> Iterator[str]:
    """The changes of Services and TLS, and the diff of the files where they are not made yet."""
    if (plan := report.whole.plan) is None:
        return
    for title, items in services_words.parts(plan):
        yield from _table(title, ("What", "Said"), ((what, "; ".join(said)) for what, said in items))
    yield from _listed("Not in the files", services_words.refused(plan))
    if diff := words.diffs(report):
        fence = "`" * max(3, *(len(each) + 1 for each in re.findall("`+", diff) or [""]))
        yield from ("", f"### {words.DIFFS}", "", f"{fence}diff", *map(clean, diff.splitlines()), fence)


def _listed(title: str, lines: Iterable[str]) -> Iterator[str]:
    if found := list(lines):
        yield from ("", f"### {title}", "", *(f"- {plain(each)}" for each in found))


def _table(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    found = [tuple(plain(cell.replace("\n", "; ")) for cell in row) for row in rows]
    if found:
        yield from ("", f"### {title}", "", *table(header, found))
