"""What a probe carries, so that whoever gets it knows which one it is."""

from __future__ import annotations

_MAGIC = b"crenel-lab "
TOKEN = len(_MAGIC) + 8
"""Bytes of a token."""


def token(number: int) -> bytes:
    """The token of a probe."""
    return _MAGIC + number.to_bytes(8, "big")


def token_of(received: bytes) -> int | None:
    """The number of the probe that sent something; None when that was no probe."""
    if len(received) != TOKEN or not received.startswith(_MAGIC):
        return None
    return int.from_bytes(received[len(_MAGIC) :], "big")
