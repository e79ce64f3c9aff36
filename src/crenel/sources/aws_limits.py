"""How patient Crenel is with AWS."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """How long things may take, in seconds, and how much is asked for at once."""

    connect: float = 10.0
    """For a connection to be there."""
    silence: float = 30.0
    """Between two pieces of an answer."""
    attempts: int = 3
    """How often a request is sent, the first time included, when it fails in a way that may pass."""
    page: int = 1000
    """Elements in one answer, where the service does not allow fewer."""
    pages: int = 1000
    """Answers of one call."""
    connections: int = 8
    """Calls that are made at the same time."""
