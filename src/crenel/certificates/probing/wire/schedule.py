"""The key schedule of TLS 1.3 as far as the server's handshake messages (RFC 8446, sections 5.2, 5.3 and 7.1)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305

from crenel.certificates.probing.wire.cursor import WireError, vector
from crenel.certificates.probing.wire.numbers import Message
from crenel.certificates.probing.wire.records import Record


class _Suite(NamedTuple):
    hash: str
    key: int
    """Bytes of the key."""
    cipher: Callable[[bytes], AESGCM | AESCCM | ChaCha20Poly1305]


_SUITES = {
    0x1301: _Suite("sha256", 16, AESGCM),
    0x1302: _Suite("sha384", 32, AESGCM),
    0x1303: _Suite("sha256", 32, ChaCha20Poly1305),
    0x1304: _Suite("sha256", 16, AESCCM),
    0x1305: _Suite("sha256", 16, lambda key: AESCCM(key, tag_length=8)),
}


class Reader:
    """Decrypts the records of a server under its handshake traffic secret."""

    def __init__(self, suite: int, secret: bytes, transcript: bytes) -> None:
        """`secret` is the shared one, `transcript` all messages from the first ClientHello to the ServerHello."""
        chosen = _suite(suite)
        nothing = bytes(hashlib.new(chosen.hash).digest_size)
        early = _extract(chosen.hash, nothing, nothing)
        derived = expand_label(chosen.hash, early, "derived", hashlib.new(chosen.hash).digest(), len(nothing))
        handshake = _extract(chosen.hash, derived, secret)
        seen = hashlib.new(chosen.hash, transcript).digest()
        traffic = expand_label(chosen.hash, handshake, "s hs traffic", seen, len(nothing))
        self._cipher = chosen.cipher(expand_label(chosen.hash, traffic, "key", b"", chosen.key))
        self._nonce = int.from_bytes(expand_label(chosen.hash, traffic, "iv", b"", 12), "big")
        self._number = 0

    def open(self, record: Record) -> tuple[int, bytes]:
        """The content type and the content of an encrypted record.

        Raises:
            WireError: it cannot be decrypted.
        """
        nonce = (self._nonce ^ self._number).to_bytes(12, "big")
        self._number += 1
        try:
            inner = self._cipher.decrypt(nonce, record.body, record.header).rstrip(b"\0")
        except (InvalidTag, ValueError) as error:
            raise WireError("a record that cannot be decrypted") from error
        if not inner:
            raise WireError("a record of nothing but padding")
        return inner[-1], inner[:-1]


def hashed_hello(suite: int, message: bytes) -> bytes:
    """What stands in a transcript for the ClientHello before a HelloRetryRequest (section 4.4.1)."""
    return bytes((Message.MESSAGE_HASH,)) + vector(3, hashlib.new(_suite(suite).hash, message).digest())


def expand_label(algorithm: str, secret: bytes, label: str, context: bytes, size: int) -> bytes:
    """HKDF-Expand-Label (section 7.1)."""
    info = size.to_bytes(2, "big") + vector(1, b"tls13 ", label.encode("ascii")) + vector(1, context)
    written, block, number = b"", b"", 0
    while len(written) < size:
        number += 1
        block = hmac.digest(secret, block + info + bytes((number,)), algorithm)
        written += block
    return written[:size]


def _extract(algorithm: str, salt: bytes, material: bytes) -> bytes:
    return hmac.digest(salt, material, algorithm)


def _suite(number: int) -> _Suite:
    found = _SUITES.get(number)
    if found is None:
        raise WireError(f"suite 0x{number:04X} is none of TLS 1.3")
    return found
