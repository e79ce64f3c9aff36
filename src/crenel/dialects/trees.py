"""Documents of clouds, read without trust in their shape: mappings with the place that they came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crenel.network.addresses import AddressSet
from crenel.provenance import NOWHERE, FieldPath, Origin


@dataclass(frozen=True, slots=True)
class Node:
    """A mapping of a document, with the way to it.

    Each method takes the names that a value may have, and uses the first that is there.
    """

    data: Mapping[str, Any]
    origin: Origin = NOWHERE
    field: FieldPath = ()

    def find(self, *names: str) -> tuple[Any, FieldPath]:
        """The first value under any of some names, and where it is; None where there is none."""
        for name in names:
            if (value := self.data.get(name)) is not None:
                return value, (*self.field, name)
        return None, self.field

    def has(self, *names: str) -> bool:
        """Whether any of some names is written at all, be it with nothing."""
        return any(name in self.data for name in names)

    def text(self, *names: str) -> str:
        """A text, or a number as a text; empty where there is none."""
        value, _ = self.find(*names)
        return _text(value) or ""

    def number(self, *names: str) -> int | None:
        """A whole number, which may be written as a text."""
        value, _ = self.find(*names)
        if isinstance(value, str) and value.isdecimal() and value.isascii() and len(value) < 12:
            return int(value)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def flag(self, *names: str) -> bool | None:
        """A truth value, which may be written as a text; None where there is none."""
        value, _ = self.find(*names)
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        return value if isinstance(value, bool) else None

    def node(self, *names: str) -> Node | None:
        """A mapping inside it."""
        value, field = self.find(*names)
        return Node(value, self.origin, field) if isinstance(value, dict) else None

    def nodes(self, *names: str) -> Iterator[Node]:
        """The mappings of a list inside it."""
        value, field = self.find(*names)
        return listed(value, self.origin, field)

    def texts(self, *names: str) -> tuple[str, ...]:
        """The texts of a list inside it; one text alone counts as a list of it."""
        value, _ = self.find(*names)
        several = value if isinstance(value, list) else [value]
        return tuple(text for each in several if (text := _text(each)))


def listed(value: Any, origin: Origin, field: FieldPath = ()) -> Iterator[Node]:
    """The mappings of a list."""
    for position, each in enumerate(value if isinstance(value, list) else ()):
        if isinstance(each, dict):
            yield Node(each, origin, (*field, position))


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 128
    return str(value) if whole else None


def addresses(*texts: str) -> tuple[AddressSet, tuple[str, ...]]:
    """The union of addresses and CIDRs. Returns it and the texts that are neither."""
    try:
        return AddressSet.of(*texts), ()
    except ValueError:
        wrong = tuple(text for text in texts if not _is_network(text))
        return AddressSet.of(*(text for text in texts if text not in wrong)), wrong


def _is_network(text: str) -> bool:
    try:
        AddressSet.of(text)
    except ValueError:
        return False
    return True
