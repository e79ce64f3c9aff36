"""What probes of servers found, as tables for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from crenel.certificates.probing.probe import Probe
from crenel.output import probe_words as words
from crenel.output.columns import aligned
from crenel.output.paint import BOLD, PLAIN, RED, YELLOW, Paint

_COLOURS = {"critical": RED, "high": RED, "medium": YELLOW}


def render(probes: Sequence[Probe], at: datetime, paint: Paint = PLAIN) -> str:
    """Write a line for each target, then the proofs of mutual TLS, the findings and the notes."""
    lines = _table(words.HEADER, words.rows(probes, at), paint)
    if trials := words.trials(probes):
        lines += ["", *_table(words.TRIALS, trials, paint)]
    if findings := words.findings(probes):
        lines += ["", *_table(words.FINDINGS, findings, paint)]
    notes = [f"note: {text}" for text in words.notes(probes)]
    return "\n".join([*lines, *([""] if notes else []), *notes, "", words.total(probes), ""])


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], paint: Paint) -> list[str]:
    head, *body = aligned([header, *rows])
    painted = [
        paint(_COLOURS[row[0]], line) if row[0] in _COLOURS else line for row, line in zip(rows, body, strict=True)
    ]
    return [paint(BOLD, head), *painted]
