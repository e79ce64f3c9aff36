"""What outside can reach, for a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crenel.output import exposure_words as words
from crenel.output.markdown import code, plain, table
from crenel.questions.exposure.paths import State
from crenel.questions.exposure.report import Exposure


def render(report: Exposure, wanted: Sequence[State]) -> str:
    """Write the conclusion, the paths in some states, and what the answer rests on."""
    return "\n".join([*_lines(report, wanted), ""])


def _lines(report: Exposure, wanted: Sequence[State]) -> Iterator[str]:
    yield f"**{words.conclusion(report)}**"
    rows = words.rows(report, wanted)
    if rows:
        yield ""
        yield from table(("State", "Way in", "Leads to", "From", "Closed by"), [_cells(row) for row in rows])
    lacking = dict.fromkeys(text for row in rows for text in row.lacking)
    notes = [*(f"not in the input: {text}" for text in lacking), *(f"assumed: {text}" for text in report.assumptions)]
    if notes:
        yield ""
        yield from (f"- {plain(text)}" for text in notes)


def _cells(row: words.Row) -> tuple[str, ...]:
    path = row.paths[0]
    way = f"{words.way_in(path)} {path.request}".rstrip()
    closing = row.closing.what if row.closing is not None else ""
    return row.state.value, code(way), code(words.destination(path)), plain(words.sources(row)), plain(closing)
