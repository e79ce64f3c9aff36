"""What outside can reach, as text for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crenel.output import exposure_words as words
from crenel.output.columns import aligned
from crenel.output.paint import BOLD, GREEN, PLAIN, RED, YELLOW, Paint
from crenel.output.words import clean
from crenel.questions.exposure.paths import State
from crenel.questions.exposure.report import Exposure

_COLOURS = {State.OPEN: RED, State.POSSIBLE: YELLOW, State.CLOSED: GREEN}
HEADER = ("STATE", "WAY IN", "LEADS TO", "FROM", "THE POD SEES")


def render(report: Exposure, wanted: Sequence[State], paint: Paint = PLAIN) -> str:
    """Write the paths in some states as a table, then what they hang on and what closes them."""
    return "\n".join([*_lines(report, wanted, paint), ""])


def _lines(report: Exposure, wanted: Sequence[State], paint: Paint) -> Iterator[str]:
    rows = words.rows(report, wanted)
    cells = [tuple(map(clean, _cells(row))) for row in rows]
    if rows:
        head, *body = aligned([HEADER, *cells])
        yield paint(BOLD, head)
        yield from (paint(_COLOURS[row.state], line) for row, line in zip(rows, body, strict=True))
        yield ""
    yield from _closings(rows)
    yield from _hanging(rows)
    for line in report.assumptions:
        yield f"assumed: {clean(line)}"
    yield words.conclusion(report)


def _cells(row: words.Row) -> tuple[str, ...]:
    path = row.paths[0]
    way = words.way_in(path)
    return (
        row.state.value, f"{way} {path.request}".rstrip(), words.destination(path), words.sources(row), path.seen_as
    )  # fmt: skip


def _closings(rows: Sequence[words.Row]) -> Iterator[str]:
    """What closes the open ones, each setting once, with how many it closes."""
    found: dict[str, int] = {}
    for row in rows:
        if row.state is State.OPEN and row.closing is not None:
            place = f" ({row.closing.place})" if row.closing.place else ""
            found[f"{row.closing.what}{place}"] = row.closing.also + 1
    if found:
        yield "What closes them, with the least beside:"
        for setting, number in found.items():
            yield f"  {clean(setting)}" + (f", {number} paths at once" if number > 1 else "")
        yield ""


def _hanging(rows: Sequence[words.Row]) -> Iterator[str]:
    """What the possible ones hang on, each thing once."""
    lacking = dict.fromkeys(text for row in rows if row.state is State.POSSIBLE for text in row.lacking)
    if lacking:
        yield "The input does not say:"
        yield from (f"  {clean(text)}" for text in lacking)
        yield ""
