"""A verdict in Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from crenel.output.markdown import code, plain, table
from crenel.output.reports import VerdictReport
from crenel.output.verdict_words import (
    asked,
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
from crenel.questions.verdict import Step


def render(report: VerdictReport) -> str:
    """Write a verdict with its trace, and what would change it."""
    verdict = report.verdict
    answer = headline(verdict).partition(":")[0]
    lines = [f"**{answer}**: {code(verdict.source)} to {code(verdict.destination)}{plain(asked(verdict))}"]
    if report.context.warning:
        lines += ["", f"> **Warning:** {plain(report.context.warning)}"]
    lines += _listed("", explanations(verdict))
    steps = [step for _, found in by_direction(verdict) for step in found]
    if steps:
        lines += ["", *table(["Direction", "Decision", "Rule", "Where"], map(_row, steps))]
    lines += _listed("Depends on:", dependencies(report))
    lines += _listed("Notes:", list(verdict.notes))
    lines += _listed("For example:", [witness_text(packet) for packet in verdict.witness])
    if report.change is not None:
        lines += _change(report.change)
    return "\n".join([*lines, ""])


def _row(step: Step) -> tuple[str, ...]:
    where = code(place_text(step.file, step.line)) if step.file else ""
    return step.direction.value, decision(step), plain(step.rule), where


def _listed(title: str, items: list[str]) -> list[str]:
    if not items:
        return []
    return ["", *([title, ""] if title else []), *(f"- {plain(item)}" for item in items)]


def _change(change: Remedy) -> Iterator[str]:
    yield ""
    yield "The smallest change that would allow it:"
    yield ""
    yield from edits(change)
    yield from _listed("This would allow as well:", extra_texts(change))


def edits(change: Remedy) -> Iterator[str]:
    """The edits of a change as a list, each with its YAML."""
    for edit in change.edits:
        yield f"- {_quoting(edit_text(edit))}"
        if edit.yaml:
            fence = "`" * max(3, _longest_fence(edit.yaml) + 1)
            yield from ("", f"  {fence}yaml", *(f"  {clean(line)}" for line in edit.yaml.splitlines()), f"  {fence}")


def _quoting(text: str) -> str:
    """Text in which words between backticks stay code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return plain(text)
    return "".join(code(part) if number % 2 else plain(part) for number, part in enumerate(parts))


def _longest_fence(text: str) -> int:
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return longest
