"""A hardening for people: what is needed, what is cut, what stays open, what is uncertain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from crenel.output import hardening_rules as rules
from crenel.output import hardening_words as words
from crenel.output import services_table
from crenel.output.columns import aligned
from crenel.output.hardening_report import HardeningReport
from crenel.output.paint import BOLD, DIM, GREEN, PLAIN, RED, YELLOW, Paint
from crenel.output.words import clean


def render(report: HardeningReport, paint: Paint = PLAIN) -> str:
    """Write all of it, the conclusion last."""
    lines: list[str] = []
    if report.context.warning:
        lines += [paint(YELLOW, f"warning: {clean(report.context.warning)}"), ""]
    lines += _table(words.NEEDS, ("SOURCE", "TARGET", "TRAFFIC", "KNOWN", "EVIDENCE"), words.needs(report), paint)
    lines += _table(words.CUT, ("WORKLOAD", "WAY", "CUT", "USED BY", "LEFT"), words.cuts(report), paint)
    lines += _listed(words.OPEN, words.left(report, "open"), paint)
    lines += _listed(words.UNCERTAIN, words.uncertain(report), paint)
    lines += _listed(words.LEFT, words.left(report, "left"), paint)
    lines += _listed(words.KEPT, words.left(report, "kept"), paint)
    if (plan := report.whole.plan) is not None:
        lines += services_table.parts(plan, paint)
        lines += _diffs(words.diffs(report), paint)
    lines += _table(rules.OPENED, ("GROUP", "WAY", "OTHER END", "TRAFFIC", "WHY"), rules.openings(report), paint)
    lines += _listed(rules.RESTS, ((each, "") for each in rules.rests(report)), paint)
    for title, rows in rules.platforms(report):
        lines += _listed(title, ((each, "") for each in rows), paint)
    for which, title in words.BREAKS.items():
        lines += _listed(title, words.broken(report, which), paint)
    lines += _listed(words.UNASKED, words.unasked(report), paint)
    if report.objections:
        lines += [paint(BOLD, words.AGAINST), *(f"  {paint(RED, clean(each))}" for each in report.objections), ""]
    lines += [words.tried(report)] if report.lab is not None else []
    lines.append(paint(GREEN if report.whole.proved else RED, words.conclusion(report)))
    return "\n".join([*lines, ""])


def _table(title: str, header: Sequence[str], rows: Iterable[Sequence[str]], paint: Paint) -> Iterator[str]:
    found = list(rows)
    if found:
        first, *rest = aligned([header, *found])
        yield paint(BOLD, title)
        yield f"  {paint(DIM, first)}"
        yield from (f"  {line}" for line in rest)
        yield ""


def _listed(title: str, rows: Iterable[tuple[str, str]], paint: Paint) -> Iterator[str]:
    found = list(rows)
    if found:
        yield paint(BOLD, title)
        for what, why in found:
            yield f"  {what}"
            yield from (f"      {paint(DIM, line)}" for line in why.splitlines())
        yield ""


def _diffs(text: str, paint: Paint) -> Iterator[str]:
    if text:
        yield paint(BOLD, words.DIFFS)
        yield from (f"  {clean(line)}" for line in text.splitlines())
        yield ""
