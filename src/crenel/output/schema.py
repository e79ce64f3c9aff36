"""The shapes of the JSON reports, version ``crenel/v1``; docs/json.md describes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from crenel.network.addresses import Family
from crenel.output.reports import Context
from crenel.output.words import clean, tidied
from crenel.provenance import Origin, Problem, Severity, field_text
from crenel.questions.connections import Connection
from crenel.questions.parties import Party
from crenel.questions.verdict import Traffic

SCHEMA = "crenel/v1"
"""The version of all shapes here."""

_encoder = msgspec.json.Encoder()


class Ports(msgspec.Struct, frozen=True, gc=False):
    """Some ports of one protocol: ``80,443-445``, or ``*`` where the protocol has none."""

    protocol: str
    ports: str


class Group(msgspec.Struct, frozen=True, gc=False):
    """A side of a connection that is not one endpoint alone: the union of `group` without `excluded`."""

    group: tuple[str, ...]
    excluded: tuple[str, ...] | UnsetType = msgspec.field(default=UNSET, name="except")


class Link(msgspec.Struct, gc=False):
    """A connection; `traffic` is a list of `Ports`."""

    source: str | Group
    destination: str | Group
    traffic: msgspec.Raw
    certainty: str
    conditions: tuple[str, ...]
    family: str | UnsetType = UNSET
    extent: str | UnsetType = UNSET
    implied: bool | UnsetType = UNSET


class Notice(msgspec.Struct):
    """Something that the reader of a report has to know."""

    severity: str
    message: str
    object: str | None = None
    file: str | None = None
    line: int | None = None
    field: str | None = None


def party(side: Party) -> str | Group:
    """Shape one side of a connection: text when it is exactly one endpoint, CIDR or DNS name."""
    names = side.names
    if len(names) == 1 and not side.exceptions and not names[0].endswith("*"):
        return names[0]
    return Group(names, side.exceptions or UNSET)


def ports(traffic: Traffic) -> list[Ports]:
    """Shape traffic, protocol by protocol."""
    return [Ports(protocol, written) for protocol, written in tidied(traffic)]


def family(number: Family | None) -> str | UnsetType:
    """Shape the family that a connection is limited to."""
    return UNSET if number is None else f"IPv{number}"


def links(connections: Iterable[Connection]) -> Iterator[Link]:
    """Shape connections; traffic, which most of them share, is encoded once."""
    known: dict[int, msgspec.Raw] = {}
    for connection in connections:
        traffic = connection.traffic
        if (raw := known.get(id(traffic))) is None:
            raw = known[id(traffic)] = msgspec.Raw(_encoder.encode(ports(traffic)))
        yield Link(
            party(connection.sources),
            party(connection.destinations),
            raw,
            connection.certainty,
            connection.conditions,
            UNSET if connection.family is None else family(connection.family),
            UNSET,
            connection.implied or UNSET,
        )


def place(origin: Origin, line: int | None) -> tuple[str | None, int | None]:
    """Shape where something came from: file and line, None for what is not known."""
    return clean(origin.source) or None, line if origin.source else None


def notices(context: Context) -> list[Notice]:
    """Shape what every answer says beside the answer."""
    found = [Notice(Severity.WARNING.value, context.warning)] if context.warning else []
    return found + [_notice(problem) for problem in context.notices]


def _notice(problem: Problem) -> Notice:
    file, line = place(problem.origin, problem.line)
    return Notice(
        problem.severity.value,
        clean(problem.message),
        clean(problem.object) or None,
        file,
        line,
        field_text(problem.field) or None,
    )


def encoded(fields: Mapping[str, Any]) -> bytes:
    """Write an object, every field on a line and every object in a list on a line of its own."""
    return b"{\n" + b",\n".join(_lines(fields)) + b"\n}\n"


def _lines(fields: Mapping[str, Any]) -> Iterable[bytes]:
    for name, value in fields.items():
        head = b"  " + _encoder.encode(name) + b": "
        if isinstance(value, list) and value and not isinstance(value[0], str):
            items = _encoder.encode_lines(value)[:-1].replace(b"\n", b",\n    ")
            yield head + b"[\n    " + items + b"\n  ]"
        else:
            yield head + _encoder.encode(value)
