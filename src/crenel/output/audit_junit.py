"""Findings as JUnit XML: a suite for each check, a case for each finding; a check without any is a case that passes.

The form is that of the Apache Ant JUnit reports, which CI systems read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from crenel.audit.catalogue import Rule
from crenel.audit.finding import Finding
from crenel.audit.ignoring import SetAside
from crenel.audit.report import Audit
from crenel.output.words import clean


def render(audit: Audit) -> str:
    """Write all checks that ran."""
    tests = sum(max(1, len(_of(rule, audit)) + len(_aside_of(rule, audit))) for rule in audit.rules)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append(
        f'<testsuites name="crenel audit" tests="{tests}" failures="{len(audit.findings)}" '
        f'skipped="{len(audit.aside)}" errors="0" time="0">'
    )
    for rule in audit.rules:
        lines += _suite(rule, _of(rule, audit), _aside_of(rule, audit))
    return "\n".join([*lines, "</testsuites>", ""])


def _of(rule: Rule, audit: Audit) -> list[Finding]:
    return [each for each in audit.findings if each.check.id == rule.check.id]


def _aside_of(rule: Rule, audit: Audit) -> list[SetAside]:
    return [each for each in audit.aside if each.finding.check.id == rule.check.id]


def _suite(rule: Rule, findings: Sequence[Finding], aside: Sequence[SetAside]) -> Iterator[str]:
    tests = max(1, len(findings) + len(aside))
    name = quoteattr(f"{rule.check.id} {rule.check.title}")
    counts = f'tests="{tests}" failures="{len(findings)}" skipped="{len(aside)}" errors="0" time="0"'
    yield f"  <testsuite name={name} {counts}>"
    if not findings and not aside:
        yield f'    <testcase classname={name} name="no findings" time="0"/>'
    for finding in findings:
        yield f'    <testcase classname={name} name={_name(finding)}{_place(finding)} time="0">'
        message = quoteattr(clean(finding.message))
        yield f"      <failure type={quoteattr(finding.severity.word)} message={message}>{_text(finding)}</failure>"
        yield "    </testcase>"
    for each in aside:
        yield f'    <testcase classname={name} name={_name(each.finding)}{_place(each.finding)} time="0">'
        yield f"      <skipped message={quoteattr(clean(f'{each.by}: {each.reason}'))}/>"
        yield "    </testcase>"
    yield "  </testsuite>"


def _name(finding: Finding) -> str:
    return quoteattr(clean(finding.object))


def _place(finding: Finding) -> str:
    return f' file={quoteattr(clean(finding.file))} line="{finding.line}"' if finding.file else ""


def _text(finding: Finding) -> str:
    lines = [finding.place, str(finding.witness or ""), *finding.evidence, f"fix: {finding.fix}" if finding.fix else ""]
    return escape("\n".join(clean(line) for line in lines if line))
