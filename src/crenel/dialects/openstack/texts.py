"""Values that versions of the command line before 4.0 wrote as text into JSON: ``ip_address='10.0.0.3', ...``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_PAIR = re.compile(r"(?P<key>[\w:-]+)='(?P<value>[^']*)'")
_ICMP = re.compile(r"(?:type=(?P<type>\d+))?(?::?code=(?P<code>\d+))?\Z")
_RANGE = re.compile(r"(?P<first>\d+)(?::(?P<last>\d+))?\Z")


def mappings(value: Any) -> list[Mapping[str, Any]]:
    """A list of mappings, or the lines of a text as mappings: each with the pairs that it has."""
    if isinstance(value, list):
        return [each for each in value if isinstance(each, dict)]
    if isinstance(value, dict):
        return [value]
    lines = value.splitlines() if isinstance(value, str) else []
    return [found for line in lines if (found := dict(_PAIR.findall(line)))]


def names(value: Any) -> tuple[str, ...]:
    """A list of texts; the ids or names of mappings; or a text of them, apart by commas or white space."""
    if isinstance(value, list):
        return tuple(name for each in value if (name := _name(each)))
    if isinstance(value, str) and "='" in value:
        return tuple(name for each in mappings(value) if (name := _name(each)))
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else ()


def _name(each: Any) -> str:
    if isinstance(each, dict):
        each = each.get("id") or each.get("ID") or each.get("name")
    return each if isinstance(each, str) else ""


def networks(value: Any) -> dict[str, list[Any]]:
    """The addresses of a server by network, also from ``net=10.0.0.3, 203.0.113.5; other=...``."""
    if isinstance(value, dict):
        return {str(name): each if isinstance(each, list) else [each] for name, each in value.items()}
    found: dict[str, list[Any]] = {}
    for part in value.split(";") if isinstance(value, str) else ():
        name, equals, listed = part.partition("=")
        if equals:
            found[name.strip()] = [text.strip() for text in listed.split(",") if text.strip()]
    return found


def port_range(text: str) -> tuple[int | None, int | None] | None:
    """First and last, or type and code, of a column "Port Range"; None where it is none of these.

    Source: python-openstackclient, `format_network_port_range`.
    """
    if found := _RANGE.match(text):
        return _number(found["first"]), _number(found["last"] or found["first"])
    if found := _ICMP.match(text):
        return _number(found["type"]), _number(found["code"])
    return None


def _number(text: str | None) -> int | None:
    return int(text) if text and len(text) < 12 else None
