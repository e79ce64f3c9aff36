"""Small objects as YAML, with comments before the items of lists that have some."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crenel.harden.policies.text import comments, scalar


@dataclass(frozen=True)
class Noted:
    """A value with lines for people."""

    value: Any
    why: tuple[str, ...]


def written(value: Mapping[str, Any], says: tuple[str, ...] = ()) -> str:
    """An object as a document."""
    return "\n".join([*comments(says, 0), *_mapping(value, 0)]) + "\n"


def _mapping(value: Mapping[str, Any], indent: int) -> Iterator[str]:
    space = " " * indent
    for key, each in value.items():
        if isinstance(each, Mapping) and each:
            yield f"{space}{scalar(key)}:"
            yield from _mapping(each, indent + 2)
        elif isinstance(each, list | tuple) and each:
            yield f"{space}{scalar(key)}:"
            yield from _items(each, indent + 2)
        else:
            yield f"{space}{scalar(key)}: {_plain(each)}"


def _items(values: list[Any] | tuple[Any, ...], indent: int) -> Iterator[str]:
    space = " " * indent
    for each in values:
        if isinstance(each, Noted):
            yield from comments(each.why, indent)
        value = each.value if isinstance(each, Noted) else each
        if isinstance(value, Mapping) and value:
            first, *rest = _mapping(value, indent + 2)
            yield f"{space}- {first.lstrip()}"
            yield from rest
        else:
            yield f"{space}- {_plain(value)}"


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, list | tuple):
        return "[]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else scalar(str(value))
