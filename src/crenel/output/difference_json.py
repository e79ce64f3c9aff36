"""A difference as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from crenel.output import schema
from crenel.output.reports import DifferenceReport
from crenel.output.words import clean
from crenel.questions.causes import Cause
from crenel.questions.diff import Change


class ChangeShape(schema.Link, kw_only=True):
    """A connection whose certainty differs."""

    before: str
    after: str
    causes: tuple[str, ...]


class CauseShape(msgspec.Struct):
    """An object that differs."""

    title: str
    change: str
    file: str | None
    line: int | None


def render(report: DifferenceReport) -> bytes:
    """Write all of a difference; `schema` says in what shape."""
    fields: dict[str, Any] = {
        "schema": schema.SCHEMA,
        "kind": "difference",
        "added": list(_changes(report.difference.added)),
        "removed": list(_changes(report.difference.removed)),
        "causes": list(map(_cause, report.difference.causes)),
        "notices": schema.notices(report.context),
    }
    return schema.encoded(fields)


def _changes(changes: Sequence[Change]) -> Iterator[ChangeShape]:
    for change, link in zip(changes, schema.links(change.connection for change in changes), strict=True):
        yield ChangeShape(
            link.source,
            link.destination,
            link.traffic,
            link.certainty,
            link.conditions,
            link.family,
            before=change.before,
            after=change.after,
            causes=change.causes,
        )


def _cause(cause: Cause) -> CauseShape:
    file, line = schema.place(cause.origin, cause.origin.line() if cause.origin.source else None)
    return CauseShape(clean(cause.title), cause.change, file, line)
