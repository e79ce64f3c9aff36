"""A plan for Services and TLS in words, for every way of writing it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crenel.harden.services.model import Change, Plan
from crenel.output.words import clean, count

MADE, WAITING = "What changes in Services and TLS", "What waits to be confirmed"
WITHHELD, STAYS = "What is withheld", "What stays as it is"
"""The headings of the parts."""

Item = tuple[str, Sequence[str]]
"""What it is about, and what is to be said of it: one line each."""


def parts(plan: Plan) -> tuple[tuple[str, Iterator[Item]], ...]:
    """All parts, each with its heading."""
    return (MADE, made(plan)), (WAITING, waiting(plan)), (WITHHELD, withheld(plan)), (STAYS, stays(plan))


def made(plan: Plan) -> Iterator[Item]:
    """What is changed."""
    yield from ((_head(each), [*_lines(each)]) for each in plan.made)


def waiting(plan: Plan) -> Iterator[Item]:
    """What waits, with the question, and what confirms it."""
    for each in plan.waiting:
        yield _head(each), [f"asked: {clean(each.question)}", *_lines(each), f"confirm it as: {clean(each.id)}"]


def withheld(plan: Plan) -> Iterator[Item]:
    """What is not changed, and why."""
    yield from ((_head(each.change), [f"not made: {clean(each.why)}"]) for each in plan.withheld)


def stays(plan: Plan) -> Iterator[Item]:
    """What stays as it is, and why."""
    for each in plan.stays:
        line = each.origin.line(each.field) if each.origin.source else None
        place = f" ({each.origin.source}:{line})" if line is not None else ""
        yield clean(f"{each.subject}{place}"), [clean(each.why)]


def refused(plan: Plan) -> Iterator[str]:
    """Texts that could not be edited."""
    yield from (f"not in the file, in the component alone: {clean(each)}" for each in plan.refused)


def conclusion(plan: Plan) -> str:
    """All of it in a line."""
    parts = [f"{count(len(plan.made), 'change')} proved"]
    parts += [f"{len(plan.waiting)} to be confirmed"] if plan.waiting else []
    parts += [f"{len(plan.withheld)} withheld"] if plan.withheld else []
    return ", ".join(parts)


def _head(change: Change) -> str:
    place = f" ({change.file}:{change.line})" if change.file else ""
    return clean(f"{change.what}{place}")


def _lines(change: Change) -> Iterator[str]:
    yield f"why: {clean(change.reason)}"
    yield from (f"by: {clean(str(each))}" for each in change.evidence)
    yield from (f"cuts: {clean(each)}" for each in change.cuts)
    yield from (f"new: {clean(each.thing.title)}" for each in change.new)
    yield from (f"note: {clean(each)}" for each in change.notes)
