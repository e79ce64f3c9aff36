"""A plan for Services and TLS for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from crenel.harden.services.model import Plan
from crenel.output import services_words as words
from crenel.output.paint import BOLD, DIM, PLAIN, YELLOW, Paint


def render(plan: Plan, paint: Paint = PLAIN) -> str:
    """Write all of it, the conclusion last."""
    return "\n".join([*parts(plan, paint), words.conclusion(plan), ""])


def parts(plan: Plan, paint: Paint = PLAIN) -> list[str]:
    """The lines about what changes, waits, is withheld and stays."""
    lines = [line for title, items in words.parts(plan) for line in _part(title, items, paint)]
    return [*lines, *(paint(YELLOW, each) for each in words.refused(plan))]


def _part(title: str, items: Iterable[words.Item], paint: Paint) -> Iterator[str]:
    found = list(items)
    if found:
        yield paint(BOLD, title)
        for what, said in found:
            yield f"  {what}"
            yield from (f"      {paint(DIM, each)}" for each in said)
        yield ""
