"""Keys that are used by handle: where a private key lives is its store's business, and no store hands one out.

`KeyStore` is what a store offers: files (`crenel.certificates.authority.filekeys`), or a token behind PKCS#11 or a key
management service, which sign what they are sent.
"""

from __future__ import annotations

import enum
from typing import Protocol, TypeAlias

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

PublicKey: TypeAlias = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey
PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


class KeyKind(enum.Enum):
    """The kinds of keys that are made, each with the one signature scheme that it is used with."""

    P256 = "p256"
    """ECDSA with SHA-256 on P-256; a signature is the DER of r and s (RFC 3279, 2.2.3)."""
    ED25519 = "ed25519"
    """Ed25519 (RFC 8032)."""
    RSA3072 = "rsa3072"
    """RSASSA-PKCS1-v1_5 with SHA-256 and 3072 bits."""


class KeyStore(Protocol):
    """Holds private keys and signs with them."""

    def generate(self, handle: str, kind: KeyKind) -> PublicKey:
        """Make a key under a handle; where there is one already, that one is kept.

        Raises:
            AuthorityError: the store does not take keys of this kind.
        """

    def public(self, handle: str) -> PublicKey:
        """Return the public half of a key.

        Raises:
            KeyMissingError: there is none under this handle.
        """

    def sign(self, handle: str, data: bytes) -> bytes:
        """Sign data (not its hash) with the scheme of the key's kind.

        Raises:
            KeyMissingError: there is none under this handle.
        """

    def destroy(self, handle: str) -> None:
        """Remove a key for good; nothing happens where there is none.

        Raises:
            AuthorityError: the store is not connected.
        """

    def __contains__(self, handle: object) -> bool:
        """Whether there is a key under a handle."""


def generate(kind: KeyKind) -> PrivateKey:
    """Make a key in memory, as workloads get them."""
    if kind is KeyKind.P256:
        return ec.generate_private_key(ec.SECP256R1())
    if kind is KeyKind.ED25519:
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=3072)


def kind_of(public: object) -> KeyKind | None:
    """The kind of a public key; None for one that is not made or signed here."""
    if isinstance(public, ec.EllipticCurvePublicKey) and isinstance(public.curve, ec.SECP256R1):
        return KeyKind.P256
    if isinstance(public, ed25519.Ed25519PublicKey):
        return KeyKind.ED25519
    if isinstance(public, rsa.RSAPublicKey) and public.key_size >= 3072:
        return KeyKind.RSA3072
    return None
