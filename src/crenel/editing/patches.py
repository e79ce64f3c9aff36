"""Mechanical fixes: what is to be changed in an object's text, or a new object in a file of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from crenel.provenance import FieldPath, Origin


@dataclass(frozen=True, slots=True)
class Set:
    """Give a field a value, whether or not it is there; the fields around it are made where they are missing."""

    path: FieldPath
    value: Any


@dataclass(frozen=True, slots=True)
class Remove:
    """Take a field, or an item of a list, away; what then is empty goes too, up to `keep` steps from the root."""

    path: FieldPath
    keep: int = 1


@dataclass(frozen=True, slots=True)
class Append:
    """Add an item at the end of a list, which is made where it is missing."""

    path: FieldPath
    value: Any


Edit: TypeAlias = Set | Remove | Append


@dataclass(frozen=True, slots=True)
class Patch:
    """Edits of one object's text, field paths from the object's root. `origin` leads to the text."""

    origin: Origin
    edits: tuple[Edit, ...]

    def __init__(self, origin: Origin, *edits: Edit) -> None:
        object.__setattr__(self, "origin", origin)
        object.__setattr__(self, "edits", edits)


@dataclass(frozen=True, slots=True)
class NewFile:
    """A new object, in a file of its own in the folder of `beside`."""

    beside: Origin
    name: str
    """The name of the file, without a folder."""
    text: str
