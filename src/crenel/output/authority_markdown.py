"""An own certificate authority, as Markdown."""

from __future__ import annotations

from crenel.certificates.authority.report import Report
from crenel.output import authority_words as words
from crenel.output.markdown import code, plain, table


def render(report: Report) -> str:
    """Write a table of consumers, then the roots and the rotation."""
    lines = [f"## Certificates of {plain(report.trust_domain)}", ""]
    if rows := [words.cells(row) for row in words.shown(report)]:
        header = tuple(each.capitalize() for each in words.HEADER)
        lines += [*table(header, ((code(name), *map(plain, cells)) for name, *cells in rows)), ""]
    said = filter(None, [words.summary(report), *words.roots(report), words.revoked(report), *words.rotation(report)])
    return "\n".join([*lines, *(f"- {plain(line)}" for line in said), ""])
