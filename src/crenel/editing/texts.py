"""The text that an object was read from."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from crenel.provenance import Origin


@runtime_checkable
class Text(Protocol):
    """What an origin's `locate` is where the object was read from a text."""

    @property
    def text(self) -> str:
        """The document, comments included."""
        ...

    @property
    def first(self) -> int:
        """The line of the file that it begins with, from 1."""
        ...

    @property
    def json(self) -> bool:
        """Whether it is JSON, which has no comments."""
        ...


def text_of(origin: Origin) -> Text | None:
    """The text that an object was read from; None for a live cluster."""
    place: object = origin.locate
    return place if isinstance(place, Text) else None
