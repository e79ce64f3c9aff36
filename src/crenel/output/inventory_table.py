"""The inventory of certificates, as tables for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from crenel.output import inventory_words as words
from crenel.output.columns import aligned
from crenel.output.inventory_words import Judged
from crenel.output.paint import BOLD, PLAIN, RED, Paint


def render(entries: Sequence[Judged], at: datetime, paint: Paint = PLAIN) -> str:
    """Write what is shown, what is trusted and which keys are alone, then what is wrong, and how much there is."""
    tables = [
        _table(words.PAIRS, words.pairs(entries, at), paint),
        _table(words.BUNDLES, words.bundles(entries, at), paint),
        _table(words.KEYS, words.keys(entries), paint),
        _table(words.FAULTS, words.faults(entries), paint, RED),
        [words.total(entries)],
    ]
    return "\n\n".join("\n".join(each) for each in tables if each) + "\n"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], paint: Paint, colour: str = "") -> list[str]:
    if not rows:
        return []
    head, *body = aligned([header, *rows])
    return [paint(BOLD, head), *(paint(colour, line) if colour else line for line in body)]
