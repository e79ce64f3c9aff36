"""How patient Crenel is with a live cluster."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """How long things may take, in seconds, and how much is asked for at once."""

    connect: float = 10.0
    """For a connection to be there."""
    silence: float = 30.0
    """Between two pieces of an answer."""
    answer: float = 120.0
    """For one answer as a whole."""
    busy: float = 20.0
    """For a request that the server is too busy to answer (429, 503), all retries together."""
    login: float = 60.0
    """For the login program."""
    page: int = 1000
    """Objects in one answer."""
    connections: int = 4
    """Lists that are read at the same time."""
