"""Sets of small integers held in one Python integer: bit i is set when i is a member."""

from __future__ import annotations

from collections.abc import Iterable


def members(mask: int) -> list[int]:
    """List the members of a set in ascending order. `mask` must not be negative."""
    if mask.bit_count() * 8 > mask.bit_length():
        return [index for index, digit in enumerate(bin(mask)[:1:-1]) if digit == "1"]
    found = []
    while mask:
        lowest = mask & -mask
        found.append(lowest.bit_length() - 1)
        mask ^= lowest
    return found


def union(indices: Iterable[int]) -> int:
    """Make the set of `indices`."""
    positions = list(indices)
    if len(positions) < 64:
        mask = 0
        for index in positions:
            mask |= 1 << index
        return mask
    flags = bytearray(max(positions) // 8 + 1)
    for index in positions:
        flags[index >> 3] |= 1 << (index & 7)
    return int.from_bytes(flags, "little")


def span(start: int, stop: int) -> int:
    """Make the set of all integers from `start` up to, not including, `stop`."""
    return (1 << stop) - (1 << start) if stop > start else 0


def key(mask: int) -> tuple[int, int]:
    """A dictionary key for a set: CPython hashes integers modulo 2**61 - 1, where single members collide."""
    return mask.bit_length(), mask
