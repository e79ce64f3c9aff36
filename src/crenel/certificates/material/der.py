"""As much of DER as it takes to find the public key of a certificate whose key cannot be read.

Source: ITU-T X.690, 8.1; RFC 5280, 4.1.
"""

from __future__ import annotations

_VERSION = 0xA0
_BEFORE_KEY = 5
"""Serial number, signature algorithm, issuer, validity and subject stand before the key."""


def public_key_info(certificate: bytes) -> bytes:
    """The encoded SubjectPublicKeyInfo of an encoded certificate; empty where it cannot be found."""
    try:
        start, _ = _content(certificate, 0)
        at, _ = _content(certificate, start)
        if certificate[at] == _VERSION:
            at = sum(_content(certificate, at))
        for _ in range(_BEFORE_KEY):
            at = sum(_content(certificate, at))
        return certificate[at : sum(_content(certificate, at))]
    except IndexError:
        return b""


def _content(data: bytes, at: int) -> tuple[int, int]:
    """Where the content of the element at `at` begins, and how long it is."""
    length = data[at + 1]
    if length < 0x80:
        return at + 2, length
    size = length & 0x7F
    data[at + 1 + size]
    return at + 2 + size, int.from_bytes(data[at + 2 : at + 2 + size])
