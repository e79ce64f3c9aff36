"""A proof as JUnit XML: a suite for each file of intents, a case for each statement.

The form is that of the Apache Ant JUnit reports, which CI systems read. A statement that is violated or not known is a
failure, one that is about nobody or cannot be read an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from crenel.output import proof_words as words
from crenel.output.proof_table import details
from crenel.output.reports import ProofReport
from crenel.output.words import clean
from crenel.provenance import Problem, Severity, field_text
from crenel.questions.proving.result import Result, State

_FAILURES = (State.VIOLATED, State.UNKNOWN)
_ERRORS = (State.NOTHING, State.UNREADABLE)


def render(report: ProofReport) -> str:
    """Write all results; a statement that could not be read is a case of its own, so that no suite passes for it."""
    results = report.proof.results
    unread = [each for each in report.unread if each.severity is Severity.ERROR]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append(f'<testsuites name="crenel prove" {_counts(results, unread)} time="0">')
    for name in dict.fromkeys((*(each.statement.file for each in results), *(each.origin.source for each in unread))):
        mine = [each for each in results if each.statement.file == name]
        lines += _suite(name, mine, [each for each in unread if each.origin.source == name])
    return "\n".join([*lines, "</testsuites>", ""])


def _counts(results: Sequence[Result], unread: Sequence[Problem]) -> str:
    failures = sum(each.state in _FAILURES for each in results)
    errors = sum(each.state in _ERRORS for each in results) + len(unread)
    return f'tests="{len(results) + len(unread)}" failures="{failures}" errors="{errors}" skipped="0"'


def _suite(name: str, results: Sequence[Result], unread: Sequence[Problem]) -> Iterator[str]:
    yield f'  <testsuite name={quoteattr(clean(name))} {_counts(results, unread)} time="0">'
    for result in results:
        yield from _case(result)
    for problem in unread:
        where = f' line="{problem.line}"' if problem.line is not None else ""
        called = quoteattr(clean(field_text(problem.field)) or "document")
        yield f'    <testcase classname="unreadable" name={called} file={quoteattr(clean(name))}{where} time="0">'
        yield f'      <error type="unreadable" message={quoteattr(clean(problem.message))}/>'
        yield "    </testcase>"
    yield "  </testsuite>"


def _case(result: Result) -> Iterator[str]:
    statement = result.statement
    where = f' file={quoteattr(clean(statement.file))} line="{statement.line}"' if statement.file else ""
    head = f"    <testcase classname={quoteattr(statement.verb)} name={quoteattr(words.title(result))}{where}"
    if result.state is State.HOLDS:
        yield f'{head} time="0"/>'
        return
    tag = "failure" if result.state in _FAILURES else "error"
    yield f'{head} time="0">'
    message = quoteattr(clean(result.says))
    text = escape("\n".join(clean(line) for line in details(result)))
    yield f"      <{tag} type={quoteattr(result.state.value)} message={message}>{text}</{tag}>"
    yield "    </testcase>"
