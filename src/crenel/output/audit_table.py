"""Findings for people: by object, the worst first; what, who can reach what, and what to do."""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.finding import Finding, Severity
from crenel.audit.report import Audit
from crenel.output import audit_words as words
from crenel.output.paint import BOLD, DIM, PLAIN, RED, YELLOW, Paint
from crenel.output.words import clean

_COLOURS = {Severity.CRITICAL: RED, Severity.HIGH: RED, Severity.MEDIUM: YELLOW, Severity.LOW: ""}
_WIDTH = max(len(each.word) for each in Severity)


def render(audit: Audit, paint: Paint = PLAIN) -> str:
    """Write the findings, what the answer rests on, and how many there are."""
    return "\n".join([*_lines(audit, paint), ""])


def _lines(audit: Audit, paint: Paint) -> Iterator[str]:
    for title, findings in words.by_object(audit.findings):
        file = findings[0].file
        yield paint(BOLD, clean(title)) + (f"  {clean(file)}" if file else "")
        for finding in findings:
            yield from _finding(finding, paint)
        yield ""
    for text in audit.assumptions:
        yield paint(DIM, f"assumed: {clean(text)}")
    yield words.conclusion(audit)


def _finding(finding: Finding, paint: Paint) -> Iterator[str]:
    colour, gap = _COLOURS[finding.severity], " " * (_WIDTH + 11)
    line = f"line {finding.line}: " if finding.file else ""
    yield f"  {paint(colour, finding.severity.word.ljust(_WIDTH))}  {finding.check.id}  {line}{clean(finding.message)}"
    if finding.witness is not None:
        yield f"{gap} for example: {clean(str(finding.witness))}"
    if finding.fix:
        yield f"{gap} {'fix (--fix does it)' if finding.patch is not None else 'fix'}: {clean(finding.fix)}"
