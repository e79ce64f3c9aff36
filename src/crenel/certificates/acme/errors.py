"""What goes wrong with ACME."""

from __future__ import annotations

from datetime import datetime


class AcmeError(Exception):
    """Something cannot be done; the text is one line a person can act on.

    `again` is when the server lets it be tried again, None where it did not say.
    """

    def __init__(self, message: str, again: datetime | None = None) -> None:
        super().__init__(message)
        self.again = again


class GoneError(AcmeError):
    """The server does not have what was asked for, or no longer."""
