"""Spoils documents: parts are lost, or are of another type."""

from __future__ import annotations

import random
from typing import Any

_OTHERS: list[Any] = [None, 7, "x", [], {}, -1, True, "10.0.0.0/8", [3], 10**30, "", {"Ref": "Vpc"}, [[]], 1.5]


def spoiled(value: Any, chance: random.Random) -> Any:
    """A value of which some parts are lost or of another type."""
    if chance.random() < 0.05:
        return chance.choice(_OTHERS)
    if isinstance(value, dict):
        return {name: spoiled(each, chance) for name, each in value.items() if chance.random() > 0.03}
    return [spoiled(each, chance) for each in value] if isinstance(value, list) else value
