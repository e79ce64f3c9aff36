"""Exchanges two folders in one step, where the system can (Linux, renameat2(2): ``RENAME_EXCHANGE``)."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

_HERE = -100
"""``AT_FDCWD``: relative paths are from the current directory."""
_EXCHANGE = 2


def exchange(one: Path, other: Path) -> bool:
    """Give each of two the other's name, so that neither is ever missing; False where this system or disk cannot."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    return bool(rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0)
