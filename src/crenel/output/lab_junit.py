"""A run of the lab as JUnit XML: a suite for each way, a case for each pair of ends.

The form is that of the Apache Ant JUnit reports, which CI systems read.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from crenel.lab.probing.verdict import Report, Result
from crenel.lab.tls.findings import TLS
from crenel.output import lab_words as words
from crenel.output.words import clean


def render(report: Report) -> str:
    """Write all pairs; a pair fails where kernel and model disagree on any probe of it."""
    cases = words.pairs(report.results)
    failed = sum(any(each.why for each in results) for results in cases.values())
    secured = list(_secured(report.tls)) if report.tls is not None else []
    tests, failures = len(cases) + len(secured), failed + sum(bool(why) for _, why in secured)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append(f'<testsuites name="crenel lab" tests="{tests}" failures="{failures}" time="{report.seconds:.3f}">')
    for route in dict.fromkeys(key[0] for key in cases):
        lines += _suite(route, {key: results for key, results in cases.items() if key[0] == route})
    if secured:
        lines += _tls_suite(secured)
    return "\n".join([*lines, "</testsuites>", ""])


def _suite(route: str, cases: dict[tuple[str, str, str], list[Result]]) -> Iterator[str]:
    failed = sum(any(each.why for each in results) for results in cases.values())
    yield f'  <testsuite name={quoteattr(route)} tests="{len(cases)}" failures="{failed}" errors="0">'
    for (_, source, destination), results in cases.items():
        name = quoteattr(clean(f"{source} to {destination}, {len(results)} probes"))
        wrong = [each for each in results if each.why]
        if not wrong:
            yield f"    <testcase classname={quoteattr(route)} name={name}/>"
            continue
        yield f"    <testcase classname={quoteattr(route)} name={name}>"
        summary = quoteattr(f"kernel and model disagree on {len(wrong)} of {len(results)} probes")
        yield f"      <failure message={summary}>{escape(_text(wrong))}</failure>"
        yield "    </testcase>"
    yield "  </testsuite>"


def _secured(tls: TLS) -> Iterator[tuple[str, str]]:
    """The cases of TLS, each with what is wrong: what ports serve, whom they accept of each workload, and the wire."""
    for port in filter(lambda each: each.asked, tls.ports):
        yield f"certificate of {port.name}:{port.port} at {port.address}", port.why
    for each in tls.handshakes:
        yield f"{each.source} to {each.port.name}:{each.port.port} at {each.port.address}", each.why
    if tls.handshakes:
        yield "no plain text on the wire", "\n".join(tls.wire.faults)


def _tls_suite(cases: list[tuple[str, str]]) -> Iterator[str]:
    yield f'  <testsuite name="TLS" tests="{len(cases)}" failures="{sum(bool(why) for _, why in cases)}" errors="0">'
    for name, why in cases:
        head = f'    <testcase classname="TLS" name={quoteattr(clean(name))}'
        if not why:
            yield f"{head}/>"
            continue
        yield f"{head}>"
        text = "\n".join(map(clean, why.splitlines()))
        yield f'      <failure message="not as declared">{escape(text)}</failure>'
        yield "    </testcase>"
    yield "  </testsuite>"


def _text(wrong: list[Result]) -> str:
    lines = []
    for result in wrong:
        answers = f"model {words.model_words(result)}, kernel {words.kernel_words(result)}"
        lines.append(clean(f"{words.target(result.probe)}, {words.packet(result)}: {answers}: {result.why}"))
        lines += [clean(f"  model: {line}") for line in result.model_trace]
        lines += [clean(f"  kernel: {line}") for line in result.kernel_trace]
    return "\n".join(lines)
