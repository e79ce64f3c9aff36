"""As much of DER as it takes to find names and the public key of a certificate in its bytes.

Names are compared by their bytes, and the key has a fingerprint even where it cannot be read.

Source: ITU-T X.690, 8.1; RFC 5280, 4.1.
"""

from __future__ import annotations

_VERSION = 0xA0
_FIELDS = 6
"""Serial number, signature algorithm, issuer, validity, subject and key stand behind the version."""
_ISSUER, _SUBJECT, _KEY = 2, 4, 5


def public_key_info(certificate: bytes) -> bytes:
    """The encoded SubjectPublicKeyInfo of an encoded certificate; empty where it cannot be found."""
    found = _fields(certificate)
    return found[_KEY] if found else b""


def names(certificate: bytes) -> tuple[bytes, bytes]:
    """The encoded issuer and subject of an encoded certificate; empty where they cannot be found."""
    found = _fields(certificate)
    return (found[_ISSUER], found[_SUBJECT]) if found else (b"", b"")


def _fields(certificate: bytes) -> list[bytes]:
    found: list[bytes] = []
    try:
        start, _ = _content(certificate, 0)
        at, _ = _content(certificate, start)
        if certificate[at] == _VERSION:
            at = sum(_content(certificate, at))
        for _ in range(_FIELDS):
            end = sum(_content(certificate, at))
            found.append(certificate[at:end])
            at = end
    except IndexError:
        return []
    return found


def _content(data: bytes, at: int) -> tuple[int, int]:
    """Where the content of the element at `at` begins, and how long it is."""
    length = data[at + 1]
    if length < 0x80:
        return at + 2, length
    size = length & 0x7F
    data[at + 1 + size]
    return at + 2 + size, int.from_bytes(data[at + 2 : at + 2 + size])
