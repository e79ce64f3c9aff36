"""Where a thing came from, and what was wrong with it.

Every layer uses these types, so they sit below all of them: an `Origin` names the place in the input that an object was
read from, a `Problem` is one line a person can act on, an `Unreadable` is a gap in the input.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

FieldPath: TypeAlias = tuple[str | int, ...]
"""Keys and list positions from an object's root to a field: ``("spec", "ingress", 0)``."""


def field_text(path: FieldPath) -> str:
    """Write a field path the way the Kubernetes API does: ``spec.ingress[0].ports[1].port``."""
    text = ""
    for step in path:
        if isinstance(step, int) or "." in step or "/" in step:
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


@dataclass(frozen=True, slots=True)
class Origin:
    """The place one object was read from.

    `source` is what the user would recognise: the path as given, ``-`` for standard input, ``context NAME`` for a live
    cluster, ``git:REV:PATH``. `document` counts the documents of a file from 0; `item` leads from the document to an
    object inside a ``List``. `locate` finds the line of a field on demand (1-based), because most objects are never
    asked for one; it is None where lines mean nothing.
    """

    source: str
    document: int = 0
    item: FieldPath = ()
    locate: Callable[[FieldPath], int | None] | None = None

    def line(self, field: FieldPath = ()) -> int | None:
        """Return the 1-based line of `field`, or of its nearest ancestor that the text has; None without a text."""
        if self.locate is None:
            return None
        return self.locate(self.item + field)

    def place(self, field: FieldPath = ()) -> str:
        """``file:line`` of `field`, as much of it as there is; empty where nothing states it."""
        line = self.line(field) if self.source else None
        return self.source if line is None else f"{self.source}:{line}"


NOWHERE = Origin("")
"""The origin of what no input states, such as a namespace that is only implied."""


class Severity(enum.Enum):
    """How much a problem matters to the answer."""

    ERROR = "error"
    """Not read, or the API would reject it: the exit code is 2."""
    WARNING = "warning"
    """Read, but probably not what the author meant."""
    NOTICE = "notice"
    """Something the reader of the answer has to know."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the input, or that the reader of an answer has to know."""

    message: str
    origin: Origin = NOWHERE
    field: FieldPath = ()
    object: str = ""
    """The object's name as reports write it, such as ``networkpolicy shop/db``; empty when there is none."""
    severity: Severity = Severity.ERROR
    at: int | None = None
    """A line that is already known, such as that of a syntax error."""

    @property
    def line(self) -> int | None:
        """The 1-based line, found on demand."""
        return self.at if self.at is not None else self.origin.line(self.field)

    def __str__(self) -> str:
        place = self.origin.source
        if place and (line := self.line) is not None:
            place = f"{place}:{line}"
        parts = [place, self.object, field_text(self.field), self.message]
        return ": ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A kind that a live cluster would not let us list: what it could change is unknown."""

    group: str
    kind: str
    namespace: str | None
    """None when it could not be read anywhere in the cluster."""
    reason: str
