"""Colours of a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

RED, GREEN, YELLOW, BOLD, DIM = "31", "32", "33", "1", "2"
"""SGR parameters (ECMA-48)."""


@dataclass(frozen=True, slots=True)
class Paint:
    """Puts colours on text, or leaves it alone."""

    on: bool = False

    def __call__(self, colour: str, text: str) -> str:
        """Return `text` in a colour."""
        return f"\x1b[{colour}m{text}\x1b[0m" if self.on and text else text


PLAIN = Paint()
"""No colours."""


def wanted(environment: Mapping[str, str], *, terminal: bool) -> bool:
    """Whether colours are wanted: on a terminal, unless NO_COLOR or FORCE_COLOR say otherwise.

    Both count when they are not empty, and NO_COLOR is the stronger one, as in Python's own output.
    """
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    return terminal and environment.get("TERM") != "dumb"
