"""What the parsers raise when a document cannot be read."""

from __future__ import annotations

from crenel.provenance import FieldPath

MAX_DEPTH = 100
"""How deeply a document may be nested; the schemas of custom resources in use need about 40."""


class Refusal(ValueError):  # noqa: N818 - not a fault of the program
    """A document that cannot be read: the message, the line in the text that was parsed, from 1, and the field."""

    def __init__(self, message: str, line: int, field: FieldPath = ()) -> None:
        super().__init__(message)
        self.line = line
        self.field = field
