"""Certificates from a CA that speaks ACME, as Markdown."""

from __future__ import annotations

from crenel.certificates.acme.report import Report
from crenel.output import acme_words as words
from crenel.output.markdown import code, plain, table


def render(report: Report) -> str:
    """Write a table of certificates, and what was done."""
    lines = [f"## Certificates from {plain(report.server)}", ""]
    if rows := [words.cells(row) for row in words.shown(report)]:
        header = tuple(each.capitalize() for each in words.HEADER)
        lines += [*table(header, ((code(name), *map(plain, cells)) for name, *cells in rows)), ""]
    return "\n".join([*lines, f"- {plain(words.summary(report))}", ""])
