"""A proof in Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from crenel.output import proof_words as words
from crenel.output.markdown import code, plain, table
from crenel.output.reports import ProofReport
from crenel.output.verdict_markdown import edits
from crenel.questions.proving.result import Result, State


def render(report: ProofReport) -> str:
    """Write a table of all statements, and below it why some do not hold."""
    proof = report.proof
    lines = [f"**{words.conclusion(proof)}**"]
    if report.context.warning:
        lines += ["", f"> **Warning:** {plain(report.context.warning)}"]
    rows = [(words.WORDS[each.state], plain(each.statement.title), plain(each.says)) for each in proof.results]
    lines += ["", *table(["", "Statement", "Found"], rows)] if rows else []
    for result in proof.results:
        if result.state is not State.HOLDS:
            lines += _result(result)
    lines += ["", *(f"- {plain(note)}" for note in proof.notes)] if proof.notes else []
    return "\n".join([*lines, ""])


def _result(result: Result) -> Iterator[str]:
    where = f" ({code(words.place(result))})" if words.place(result) else ""
    yield from ("", f"### {plain(result.statement.title)}{where}", "", plain(result.says))
    if result.statement.reason:
        yield from ("", f"Because: {plain(result.statement.reason)}")
    against = result.counterexample
    if against is not None and against.steps:
        rows = [
            (direction, decision, plain(rule), code(place) if place else "")
            for direction, decision, rule, place in words.steps(against)
        ]
        yield from ("", *table(["Direction", "Decision", "Rule", "Where"], rows))
    if notes := words.explained(result):
        yield from ("", *(f"- {plain(note)}" for note in notes))
    if result.advice:
        yield from ("", f"What mends it: {plain(result.advice)}")
    if result.mending is not None:
        title = words.change_title(result.mending)
        yield from ("", f"{title[0].upper()}{title[1:]}", "", *edits(result.mending.remedy))
        if result.mending.remedy.extra:
            title = words.extra_title(result.mending)
            yield from ("", f"{title[0].upper()}{title[1:]}", "")
            yield from (f"- {plain(text)}" for text in result.mending.remedy.extra)
        yield from (f"- it breaks {plain(each)}" for each in result.mending.breaks)
