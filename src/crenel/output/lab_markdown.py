"""A run of the lab as Markdown, for a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from crenel.lab.probing.verdict import Report, Result
from crenel.lab.tls.findings import TLS
from crenel.output import lab_tls_words as tls_words
from crenel.output import lab_words as words
from crenel.output.markdown import code, plain, table

_SHOWN = 25


def render(report: Report) -> str:
    """Write the conclusion, the table of agreement and the disagreements."""
    return "\n".join([*_lines(report), ""])


def _lines(report: Report) -> Iterator[str]:
    wrong = report.disagreements
    yield f"**{words.conclusion(report)}**"
    yield ""
    yield from table([each.capitalize() for each in words.HEADER], [words.cells(row) for row in words.rows(report)])
    if dropped := words.drops(report):
        yield ""
        yield from table(["Dropped by", "Probes"], [(code(name), f"{count:,}") for name, count in dropped])
    if wrong:
        yield ""
        yield from table(["From", "To", "Model", "Kernel", "Why"], map(_row, wrong[:_SHOWN]))
        if len(wrong) > _SHOWN:
            yield f"\n... and {len(wrong) - _SHOWN:,} more"
    if remarks := words.remarks(report):
        yield ""
        yield from (f"- {line}" for line in remarks)
    if report.tls is not None:
        yield from _secured(report.tls)


def _secured(tls: TLS) -> Iterator[str]:
    yield ""
    yield f"**{tls_words.conclusion(tls)}**"
    if tls.ports:
        yield ""
        header = [each.capitalize().replace("Tls", "TLS") for each in tls_words.HEADER]
        yield from table(header, [tuple(map(plain, tls_words.cells(row))) for row in tls_words.rows(tls)])
    if tls.handshakes:
        yield ""
        yield plain(tls_words.wire(tls))
    wrong = list(tls_words.wrong(tls))
    for lines in (wrong[:_SHOWN], tls_words.remarks(tls)):
        if lines:
            yield ""
            yield from (f"- {plain(line)}" for line in lines)
    if len(wrong) > _SHOWN:
        yield f"\n... and {len(wrong) - _SHOWN:,} more"


def _row(result: Result) -> tuple[str, ...]:
    probe = result.probe
    ends = code(probe.source.name), code(words.target(probe))
    return (*ends, words.model_words(result), words.kernel_words(result), result.why)
