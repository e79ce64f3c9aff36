"""A proof for people: a line for each statement, and below those that do not hold what speaks against them."""

from __future__ import annotations

from collections.abc import Iterator

from crenel.output import proof_words as words
from crenel.output.columns import aligned
from crenel.output.paint import BOLD, DIM, GREEN, PLAIN, RED, YELLOW, Paint
from crenel.output.reports import ProofReport
from crenel.output.verdict_words import edit_text
from crenel.output.words import clean, full_party, short_traffic
from crenel.questions.proving.result import Counterexample, Mending, Result, State

_COLOURS = {State.HOLDS: GREEN, State.VIOLATED: RED, State.UNKNOWN: YELLOW, State.NOTHING: RED, State.UNREADABLE: RED}
_WIDTH = max(map(len, words.WORDS.values()))
_GAP = " " * (_WIDTH + 2)


def render(report: ProofReport, paint: Paint = PLAIN) -> str:
    """Write all results, what they rest on, and how many hold."""
    lines: list[str] = []
    if report.context.warning:
        lines += [paint(YELLOW, f"warning: {clean(report.context.warning)}"), ""]
    for result in report.proof.results:
        lines += _result(result, paint)
    lines += [paint(DIM, clean(note)) for note in report.proof.notes]
    return "\n".join([*lines, paint(BOLD, words.conclusion(report.proof)), ""])


def _result(result: Result, paint: Paint) -> Iterator[str]:
    word = paint(_COLOURS[result.state], words.WORDS[result.state].ljust(_WIDTH))
    if result.state is State.HOLDS:
        yield f"{word}  {words.title(result)}: {clean(result.says)}"
        return
    where = f"  {words.place(result)}" if words.place(result) else ""
    yield f"{word}  {paint(BOLD, words.title(result))}{paint(DIM, where)}"
    yield from (f"{_GAP}{line}" for line in details(result, paint))
    yield ""


def details(result: Result, paint: Paint = PLAIN) -> Iterator[str]:
    """Why a statement does not hold, and what would mend it."""
    if result.statement.reason:
        yield f"because: {clean(result.statement.reason)}"
    yield clean(result.says)
    if result.counterexample is not None:
        yield from _steps(result.counterexample, paint)
    yield from (f"note: {line}" for line in words.explained(result))
    if len(result.connections) > 1:
        yield from _connections(result)
    if result.advice:
        yield f"what mends it: {clean(result.advice)}"
    if result.mending is not None:
        yield from _mending(result.mending)


def _steps(against: Counterexample, paint: Paint) -> Iterator[str]:
    rows = list(words.steps(against))
    for line, (*_, where) in zip(aligned([row[:3] for row in rows]), rows, strict=True):
        yield f"  {line}"
        if where:
            yield f"      {paint(DIM, where)}"


def _connections(result: Result) -> Iterator[str]:
    yield "all that speaks against it:"
    shown = result.connections[: words.MOST_CONNECTIONS]
    rows = [(full_party(each.sources), full_party(each.destinations), short_traffic(each.traffic)) for each in shown]
    yield from (f"  {line}" for line in aligned(rows))
    if left := len(result.connections) - len(shown):
        yield f"  ... and {left} more"


def _mending(mending: Mending) -> Iterator[str]:
    yield words.change_title(mending)
    for edit in mending.remedy.edits:
        yield f"  {edit_text(edit)}"
        yield from (f"      {clean(line)}" for line in edit.yaml.splitlines())
    if mending.remedy.extra:
        yield f"  {words.extra_title(mending)}"
        yield from (f"      {clean(text)}" for text in mending.remedy.extra)
    for title in mending.breaks:
        yield f"  it breaks: {clean(title)}"
