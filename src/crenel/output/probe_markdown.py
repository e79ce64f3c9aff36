"""What probes of servers found, for a pull request or an issue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from crenel.certificates.probing.probe import Probe
from crenel.output import probe_words as words
from crenel.output.markdown import code, plain, table

_WORDS = {"TLS": "TLS", "MTLS": "mTLS", "ID": "ID"}


def render(probes: Sequence[Probe], at: datetime) -> str:
    """Write a table of the targets, then of the proofs of mutual TLS and of the findings, and the notes."""
    lines = [f"**{words.total(probes)}**", ""]
    rows = [(code(title), *map(plain, others)) for title, *others in words.rows(probes, at)]
    lines += table(_title(words.HEADER), rows)
    if trials := words.trials(probes):
        cells = [(code(title), *map(plain, others)) for title, *others in trials]
        lines += ["", *table(_title(words.TRIALS), cells)]
    if findings := words.findings(probes):
        found = [(severity, code(id_), code(title), plain(message)) for severity, id_, title, message in findings]
        lines += ["", *table(_title(words.FINDINGS), found)]
    notes = [f"- {plain(text)}" for text in words.notes(probes)]
    return "\n".join([*lines, *(["", *notes] if notes else []), ""])


def _title(header: Sequence[str]) -> list[str]:
    return [_WORDS.get(each, each.capitalize()) for each in header]
