"""What may be known of a key: its kind, its size and its fingerprint, and never the key itself.

Source of the fingerprint: SHA-256 of the SubjectPublicKeyInfo (RFC 5280, 4.1), as RFC 7469 pins keys. A private key and
the certificate of its public half have the same one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x448, x25519
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
)

UNKNOWN = "unknown"
"""The kind of a key that cannot be read."""

_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
_KINDS: tuple[tuple[type[object], str, int], ...] = (
    (rsa.RSAPublicKey, "RSA", 0),
    (ec.EllipticCurvePublicKey, "EC", 0),
    (dsa.DSAPublicKey, "DSA", 0),
    (ed25519.Ed25519PublicKey, "Ed25519", 256),
    (ed448.Ed448PublicKey, "Ed448", 456),
    (x25519.X25519PublicKey, "X25519", 256),
    (x448.X448PublicKey, "X448", 448),
)
"""Kinds of keys, their names, and their sizes where there is one alone."""


class UnreadableKeyError(ValueError):
    """A private key that cannot be read; the text says why and holds nothing of the key."""


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of a public key, or of the public half of a private one."""

    kind: str
    """``RSA``, ``EC``, ``Ed25519``, ``Ed448``, ``DSA`` ...; ``unknown`` for what cannot be read."""
    size: int
    """Bits: of the modulus, or of the curve; 0 where it is not known."""
    fingerprint: str
    """SHA-256 of the SubjectPublicKeyInfo in hexadecimal digits."""
    curve: str = ""
    """Of an elliptic curve key: ``P-256``, ``P-384``, ``P-521``, or the name that cryptography has for it."""

    def __str__(self) -> str:
        """How reports write it: ``RSA 2048``, ``EC P-256``, ``Ed25519``."""
        if self.curve:
            return f"{self.kind} {self.curve}"
        return f"{self.kind} {self.size}" if self.size and self.kind in ("RSA", "DSA") else self.kind


def of_public(public: PublicKeyTypes) -> Key:
    """Describe a public key."""
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    fingerprint = hashlib.sha256(spki).hexdigest()
    name, size = _kind(type(public))
    curve: ec.EllipticCurve | None = getattr(public, "curve", None)
    named = _CURVES.get(curve.name, curve.name) if curve is not None else ""
    return Key(name, size or getattr(public, "key_size", 0), fingerprint, named)


@lru_cache
def _kind(kind: type[object]) -> tuple[str, int]:
    """The name of a class of keys, and the size that all of them have, or 0."""
    found = ((name, size) for each, name, size in _KINDS if issubclass(kind, each))
    return next(found, (kind.__name__.removesuffix("PublicKey") or UNKNOWN, 0))


def unreadable(spki: bytes) -> Key:
    """Describe a key that cryptography cannot read, by its encoded SubjectPublicKeyInfo."""
    return Key(UNKNOWN, 0, hashlib.sha256(spki).hexdigest())


def of_private(data: bytes, *, der: bool = False) -> Key:
    """Describe a private key in PEM, or in DER; it is forgotten when this returns.

    Raises:
        UnreadableKeyError: it is encrypted, broken, or of a kind that is not known.
    """
    return of_public(private(data, der=der).public_key())


def private(data: bytes, *, der: bool = False, password: bytes | None = None) -> PrivateKeyTypes:
    """Read a private key: PKCS#8, PKCS#1 or SEC 1. Whether the primes of an RSA key are primes is not examined.

    Raises:
        UnreadableKeyError: it is encrypted and there is no password, or the wrong one; it is broken; or of an unknown
            kind.
    """
    load: Callable[..., PrivateKeyTypes] = load_der_private_key if der else load_pem_private_key
    try:
        return load(data, password, unsafe_skip_rsa_key_validation=True)
    except TypeError:
        words = "the key is encrypted" if password is None else "the key is not encrypted, yet there is a password"
    except UnsupportedAlgorithm:
        words = "the key is of a kind that is not known"
    except Exception:  # noqa: BLE001 - whatever is raised might show the key
        words = "the key is broken" if password is None else "the key is broken, or the password is wrong"
    raise UnreadableKeyError(words)
