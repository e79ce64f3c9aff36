"""Certificates from a CA that speaks ACME, as a table for people."""

from __future__ import annotations

from crenel.certificates.acme.report import Report
from crenel.output import acme_words as words
from crenel.output.columns import aligned
from crenel.output.paint import BOLD, PLAIN, Paint
from crenel.output.words import clean


def render(report: Report, paint: Paint = PLAIN) -> str:
    """Write a line for each certificate, and what was done."""
    lines: list[str] = []
    if rows := [tuple(map(clean, words.cells(row))) for row in words.shown(report)]:
        head, *body = aligned([words.HEADER, *rows])
        lines += [paint(BOLD, head), *body, ""]
    return "\n".join([*lines, clean(words.summary(report)), ""])
