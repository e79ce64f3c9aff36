"""Pieces of Markdown (GitHub's dialect), safe for text that comes from the input."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from crenel.output.words import clean

_SPECIAL = re.compile(r"([\\`*_\[\]<>|~&])")
_REFERENCE = re.compile(r"([@#])(?=\w)")
_GAP = "\u200b"


def plain(text: str) -> str:
    """Text in which nothing is markup, and that mentions nobody."""
    return _REFERENCE.sub(rf"\1{_GAP}", _SPECIAL.sub(r"\\\1", clean(text)))


def code(text: str) -> str:
    """Text as code: it mentions nobody, and stays as it is. Fit for a cell of a table."""
    text = clean(text)
    return plain(text) if "`" in text else f"`{text.replace('|', chr(92) + '|')}`"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table whose cells are Markdown already."""
    return [_row(header), _row(["---"] * len(header)), *map(_row, rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def folded(summary: str, lines: Sequence[str]) -> list[str]:
    """Lines that open on a click; the summary is plain text."""
    escaped = clean(summary).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return [f"<details><summary>{escaped}</summary>", "", *lines, "", "</details>"]
