"""Findings for a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.finding import Finding
from crenel.audit.report import Audit
from crenel.output import audit_words as words
from crenel.output.markdown import code, folded, plain, table


def render(audit: Audit) -> str:
    """Write the conclusion, a table of findings, what was set aside, and what the answer rests on."""
    return "\n".join([*_lines(audit), ""])


def _lines(audit: Audit) -> Iterator[str]:
    yield f"**{plain(words.conclusion(audit))}**"
    if audit.findings:
        yield ""
        yield from table(("Severity", "Check", "Object", "Finding", "Fix"), [_cells(each) for each in audit.findings])
    if audit.aside:
        rows = [
            (each.finding.check.id, code(each.finding.object), plain(each.reason), str(each.until or ""))
            for each in audit.aside
        ]
        yield ""
        yield from folded(words.set_aside(audit), table(("Check", "Object", "Reason", "Until"), rows))
    if audit.assumptions:
        yield ""
        yield from (f"- assumed: {plain(text)}" for text in audit.assumptions)


def _cells(finding: Finding) -> tuple[str, ...]:
    what = plain(finding.message)
    if finding.witness is not None:
        what += f"<br>for example: {plain(str(finding.witness))}"
    place = f"<br>{code(finding.place)}" if finding.file else ""
    return finding.severity.word, finding.check.id, f"{code(finding.object)}{place}", what, plain(finding.fix)
