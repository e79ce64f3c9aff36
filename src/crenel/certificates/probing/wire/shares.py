"""Key agreement of TLS 1.3: our half of it, and the secret with the server's (RFC 8446, sections 4.2.8 and 7.4).

X25519MLKEM768 is the concatenation of ML-KEM-768 (FIPS 203) and X25519, in this order, of the public values and of the
secrets alike (draft-ietf-tls-ecdhe-mlkem, section 4). A library without ML-KEM cannot agree on it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    SECP384R1,
    SECP521R1,
    EllipticCurve,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from crenel.certificates.probing.wire.cursor import WireError
from crenel.certificates.probing.wire.numbers import Group

_CIPHERTEXT = 1088
"""Bytes of an ML-KEM-768 ciphertext."""


@dataclass(frozen=True, slots=True, repr=False)
class Share:
    """Our half of a key agreement."""

    group: Group
    public: bytes
    _agree: Callable[[bytes], bytes]

    def secret(self, theirs: bytes) -> bytes:
        """The shared secret with the server's half.

        Raises:
            WireError: it is no value of the group.
        """
        try:
            return self._agree(theirs)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise WireError(f"no key share of {self.group.title}") from error


def share(group: int) -> Share | None:
    """Make our half for a group; None where we cannot."""
    made = _MAKERS.get(group)
    return made() if made is not None else None


def _x25519() -> Share:
    key = X25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    return Share(Group.X25519, public, lambda theirs: key.exchange(X25519PublicKey.from_public_bytes(theirs)))


def _on(group: Group, curve: EllipticCurve) -> Callable[[], Share]:
    def make() -> Share:
        key = generate_private_key(curve)
        public = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

        def agree(theirs: bytes) -> bytes:
            return key.exchange(ECDH(), EllipticCurvePublicKey.from_encoded_point(curve, theirs))

        return Share(group, public, agree)

    return make


def _hybrid() -> Share | None:
    key = _kem()
    if key is None:
        return None
    classical = _x25519()

    def agree(theirs: bytes) -> bytes:
        if len(theirs) != _CIPHERTEXT + 32:
            raise ValueError(len(theirs))
        return bytes(key.decapsulate(theirs[:_CIPHERTEXT])) + classical.secret(theirs[_CIPHERTEXT:])

    return Share(Group.X25519MLKEM768, key.public_key().public_bytes_raw() + classical.public, agree)


def _kem() -> Any:
    """A new ML-KEM-768 key; None where the library has none."""
    try:
        from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey  # noqa: PLC0415 - newer than the rest

        return MLKEM768PrivateKey.generate()
    except (ImportError, UnsupportedAlgorithm):
        return None


_MAKERS: dict[int, Callable[[], Share | None]] = {
    Group.X25519: _x25519,
    Group.SECP256R1: _on(Group.SECP256R1, SECP256R1()),
    Group.SECP384R1: _on(Group.SECP384R1, SECP384R1()),
    Group.SECP521R1: _on(Group.SECP521R1, SECP521R1()),
    Group.X25519MLKEM768: _hybrid,
}
