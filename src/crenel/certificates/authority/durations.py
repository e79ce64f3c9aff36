"""Lengths of time as policies write them: ``24h``, ``90m``, ``1h30m``, ``14d``."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_WHOLE = re.compile(r"(?:[0-9]{1,9}[dhms])+")
_PART = re.compile(r"([0-9]+)([dhms])")
_LONGEST = timedelta(days=36525)


def parse(text: str) -> timedelta:
    """Read a length of time: whole numbers of days, hours, minutes and seconds, at most a hundred years.

    Raises:
        ValueError: it is none.
    """
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{text!r} is no length of time; write 24h, 90m, 1h30m or 14d")
    seconds = sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    if seconds > _LONGEST.total_seconds():
        raise ValueError(f"{text!r} is longer than a hundred years")
    return timedelta(seconds=seconds)


def text(length: timedelta) -> str:
    """Write a length of time in whole seconds so that `parse` reads it back: ``1h30m``; ``0s`` for none."""
    left = int(length.total_seconds())
    words = ""
    for unit in ("h", "m", "s"):
        number, left = divmod(left, _UNITS[unit])
        words += f"{number}{unit}" if number else ""
    return words or "0s"
