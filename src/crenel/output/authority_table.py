"""An own certificate authority, as a table for people."""

from __future__ import annotations

from crenel.certificates.authority.report import Report
from crenel.output import authority_words as words
from crenel.output.columns import aligned
from crenel.output.paint import BOLD, PLAIN, Paint
from crenel.output.words import clean


def render(report: Report, paint: Paint = PLAIN) -> str:
    """Write a line for each consumer, then the roots and the rotation."""
    lines: list[str] = []
    if rows := [tuple(map(clean, words.cells(row))) for row in words.shown(report)]:
        head, *body = aligned([words.HEADER, *rows])
        lines += [paint(BOLD, head), *body, ""]
    lines += filter(None, [words.summary(report), *words.roots(report), words.revoked(report)])
    lines += [clean(line) for line in words.rotation(report)]
    return "\n".join([*lines, ""])
