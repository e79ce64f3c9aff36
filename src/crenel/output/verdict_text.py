"""A verdict as text: the answer in the first line, then why."""

from __future__ import annotations

from collections.abc import Iterator

from crenel.output.columns import aligned
from crenel.output.paint import BOLD, DIM, GREEN, PLAIN, RED, YELLOW, Paint
from crenel.output.reports import VerdictReport
from crenel.output.verdict_words import (
    by_direction,
    decision,
    dependencies,
    edit_text,
    explanations,
    extra_texts,
    headline,
    place_text,
    witness_text,
)
from crenel.output.words import clean
from crenel.questions.remedies.proposal import Remedy
from crenel.questions.verdict import Decision, Outcome, Verdict

COLOURS = {Outcome.ALLOWED: GREEN, Outcome.DENIED: RED, Outcome.PARTIAL: YELLOW, Outcome.UNKNOWN: YELLOW}
_DECISIONS = {Decision.ALLOW: GREEN, Decision.DENY: RED, Decision.POSSIBLE: YELLOW}


def render(report: VerdictReport, paint: Paint = PLAIN) -> str:
    """Write a verdict with its trace, and what would change it."""
    verdict = report.verdict
    lines = [paint(f"{BOLD};{COLOURS[verdict.outcome]}", headline(verdict))]
    if report.context.warning:
        lines.append(paint(YELLOW, f"warning: {clean(report.context.warning)}"))
    lines += _block("", explanations(verdict))
    lines += _trace(verdict, paint)
    lines += _block("depends on", dependencies(report))
    lines += _block("note", [clean(note) for note in verdict.notes])
    if verdict.witness:
        lines += ["", *(f"for example: {witness_text(packet)}" for packet in verdict.witness)]
    if report.change is not None:
        lines += _change(report.change)
    return "\n".join([*lines, ""])


def _block(title: str, items: list[str]) -> list[str]:
    if not items:
        return []
    return ["", *([f"{title}:"] if title else []), *(f"  {item}" for item in items)]


def _trace(verdict: Verdict, paint: Paint) -> Iterator[str]:
    for direction, steps in by_direction(verdict):
        yield ""
        yield f"{direction}:"
        rows = [(decision(step), clean(step.rule)) for step in steps]
        indent = " " * (max(len(word) for word, _ in rows) + 4)
        for step, line in zip(steps, aligned(rows), strict=True):
            yield "  " + paint(_DECISIONS.get(step.decision, DIM), line)
            if step.file:
                yield paint(DIM, f"{indent}{place_text(step.file, step.line)}")


def _change(change: Remedy) -> Iterator[str]:
    yield ""
    yield "the smallest change that would allow it:"
    for edit in change.edits:
        yield f"  {edit_text(edit)}"
        yield from (f"      {clean(line)}" for line in edit.yaml.splitlines())
    if change.extra:
        yield "  this would allow as well:"
        yield from (f"      {text}" for text in extra_texts(change))
