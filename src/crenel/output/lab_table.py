"""A run of the lab as text for people."""

from __future__ import annotations

from collections.abc import Iterator

from crenel.lab.probing.verdict import Report, Result
from crenel.lab.tls.findings import TLS
from crenel.output import lab_tls_words as tls_words
from crenel.output import lab_words as words
from crenel.output.columns import aligned
from crenel.output.paint import BOLD, GREEN, RED, Paint
from crenel.output.words import clean

_SHOWN = 25
"""How many disagreements are written out."""
_POLICIES = 20


def render(report: Report, paint: Paint) -> str:
    """Write the table of agreement, who dropped how much, and every disagreement."""
    return "\n".join([*_lines(report, paint), ""])


def _lines(report: Report, paint: Paint) -> Iterator[str]:
    table = aligned([words.HEADER, *map(words.cells, words.rows(report))])
    yield from (paint(BOLD, line) if number == 0 else line for number, line in enumerate(table))
    if dropped := words.drops(report):
        yield ""
        listed = [("DROPPED BY", "PROBES"), *((clean(name), f"{count:,}") for name, count in dropped[:_POLICIES])]
        yield from (paint(BOLD, line) if number == 0 else line for number, line in enumerate(aligned(listed)))
        if len(dropped) > _POLICIES:
            yield f"... and {len(dropped) - _POLICIES} more"
    wrong = report.disagreements
    for number, result in enumerate(wrong[:_SHOWN]):
        yield ""
        yield from _disagreement(number + 1, len(wrong), result, paint)
    if len(wrong) > _SHOWN:
        yield f"\n... and {len(wrong) - _SHOWN:,} more; -o json lists all of them"
    yield ""
    yield from (f"note: {clean(line)}" for line in words.remarks(report))
    yield paint(RED if wrong else GREEN, words.conclusion(report))
    if report.tls is not None:
        yield from _secured(report.tls, paint)


def _secured(tls: TLS, paint: Paint) -> Iterator[str]:
    if tls.ports:
        yield ""
        table = aligned([tls_words.HEADER, *(tuple(map(clean, tls_words.cells(row))) for row in tls_words.rows(tls))])
        yield from (paint(BOLD, line) if number == 0 else line for number, line in enumerate(table))
    wrong = list(tls_words.wrong(tls))
    if wrong:
        yield ""
        yield from (paint(RED, f"disagreement: {clean(line)}") for line in wrong[:_SHOWN])
        if len(wrong) > _SHOWN:
            yield f"... and {len(wrong) - _SHOWN:,} more; -o json lists all of them"
    yield ""
    yield from (f"note: {clean(line)}" for line in tls_words.remarks(tls))
    if tls.handshakes:
        yield tls_words.wire(tls)
    yield paint(GREEN if tls.handshakes and not wrong else RED, tls_words.conclusion(tls))


def _disagreement(number: int, count: int, result: Result, paint: Paint) -> Iterator[str]:
    probe = result.probe
    yield paint(RED, f"disagreement {number} of {count:,}: {clean(probe.source.name)} to {clean(words.target(probe))}")
    yield f"  packet  {words.packet(result)}"
    yield f"  model   {words.model_words(result)}"
    yield from (f"          {clean(line)}" for line in result.model_trace)
    yield f"  kernel  {clean(words.kernel_words(result))}"
    yield from (f"          {clean(line)}" for line in result.kernel_trace)
    yield f"  why     {clean(result.why)}"
