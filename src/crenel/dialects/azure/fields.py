"""Resources as Azure Resource Manager and its command line write them, read without trust in their shape.

The service puts everything but ``id``, ``name`` and ``type`` under ``properties``; the command line takes that level
away. Both are read alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from crenel.provenance import FieldPath


class Unresolved(str):
    """A text that only a deployment would make: an expression of a template. Equal texts will have equal values."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Node:
    """A mapping of a document, with the way to it."""

    data: dict[str, Any]
    field: FieldPath = ()

    def find(self, *names: str) -> tuple[Any, FieldPath]:
        """The first value under any of some names, and where it is; None where there is none."""
        inner = self.data.get("properties")
        for name in names:
            if (value := self.data.get(name)) is not None:
                return value, (*self.field, name)
            if isinstance(inner, dict) and (value := inner.get(name)) is not None:
                return value, (*self.field, "properties", name)
        return None, self.field

    def has(self, *names: str) -> bool:
        """Whether any of some names is written at all, be it with nothing."""
        inner = self.data.get("properties")
        return any(name in self.data or (isinstance(inner, dict) and name in inner) for name in names)

    def text(self, *names: str) -> str:
        """A text; empty where there is none."""
        value, _ = self.find(*names)
        return value if isinstance(value, str) else ""

    def number(self, *names: str) -> int | None:
        """A whole number, which templates may write as text."""
        value, _ = self.find(*names)
        if isinstance(value, str) and value.isdecimal() and len(value) < 10:
            return int(value)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def flag(self, *names: str) -> bool | None:
        """A truth value; None where there is none."""
        value, _ = self.find(*names)
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        return value if isinstance(value, bool) else None

    def node(self, *names: str) -> Node | None:
        """A mapping inside it."""
        value, field = self.find(*names)
        return Node(value, field) if isinstance(value, dict) else None

    def nodes(self, *names: str) -> Iterator[Node]:
        """The mappings of a list inside it."""
        value, field = self.find(*names)
        for position, each in enumerate(value if isinstance(value, list) else ()):
            if isinstance(each, dict):
                yield Node(each, (*field, position))

    def texts(self, *names: str) -> tuple[str, ...]:
        """The texts of a list inside it; one text alone counts as a list of it."""
        value, _ = self.find(*names)
        listed = [value] if isinstance(value, str) else value if isinstance(value, list) else ()
        return tuple(each for each in listed if isinstance(each, str))

    def reference(self, *names: str) -> str | None:
        """The key of another resource: ``{"id": ...}``. Empty where there is none, None where it cannot be read."""
        value, _ = self.find(*names)
        if value is None:
            return ""
        written = value.get("id") if isinstance(value, dict) else None
        return key(written) if isinstance(written, str) and written else None

    def references(self, *names: str) -> tuple[str, ...]:
        """The keys of the resources of a list."""
        return tuple(key(each.text("id")) for each in self.nodes(*names) if each.text("id"))


def key(identifier: str) -> str:
    """What a resource is known by: its id, in which case means nothing."""
    return identifier.lower().rstrip("/")


def last(identifier: str) -> str:
    """The name of the resource that an id ends with."""
    return identifier.rstrip("/").rpartition("/")[2]


def parent(identifier: str, levels: int = 1) -> str:
    """The id of the resource that one is a child of: without its last type and name. Empty where there is none."""
    parts = identifier.rstrip("/").rsplit("/", 2 * levels)
    return parts[0] if len(parts) > 2 * levels else ""
