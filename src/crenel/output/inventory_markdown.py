"""The inventory of certificates, for a pull request or an issue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from crenel.output import inventory_words as words
from crenel.output.inventory_words import Judged
from crenel.output.markdown import code, plain, table


def render(entries: Sequence[Judged], at: datetime) -> str:
    """Write how much there is, then a table each of what is wrong, shown, trusted, and of keys that are alone."""
    faults = [(kind, code(title), plain(message)) for kind, title, message in words.faults(entries)]
    tables = [
        _table(("What is wrong", "Where", "How"), faults),
        _table(_title(words.PAIRS), _cells(words.pairs(entries, at))),
        _table(_title(words.BUNDLES), _cells(words.bundles(entries, at))),
        _table(_title(words.KEYS), _cells(words.keys(entries))),
    ]
    return "\n\n".join([f"**{words.total(entries)}**", *("\n".join(each) for each in tables if each)]) + "\n"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return table(header, rows) if rows else []


def _cells(rows: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    return [(code(title), *map(plain, others)) for title, *others in rows]


def _title(header: Sequence[str]) -> list[str]:
    return [each.capitalize() for each in header]
