"""A key in a store, in the form in which cryptography signs certificates with it.

cryptography calls `sign` of whatever private key it is given. These hold a handle, ask the store for each signature,
and have nothing to export.
"""

from __future__ import annotations

from typing import Any, NoReturn

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric import utils as asymmetric

from crenel.certificates.authority.keys import KeyStore, PrivateKey


def signer(store: KeyStore, handle: str) -> PrivateKey:
    """Return what signs with the key of a handle.

    Raises:
        KeyMissingError: the store has none.
    """
    public = store.public(handle)
    if isinstance(public, ec.EllipticCurvePublicKey):
        return _Elliptic(store, handle, public)
    if isinstance(public, ed25519.Ed25519PublicKey):
        return _Edwards(store, handle, public)
    return _RSA(store, handle, public)


def algorithm(key: PrivateKey) -> hashes.SHA256 | None:
    """The hash that certificates are signed over with: none of its own for Ed25519."""
    return None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()


class _Held:
    """What all of them have in common."""

    def __init__(self, store: KeyStore, handle: str, public: Any) -> None:
        self._store = store
        self._handle = handle
        self._public = public

    def public_key(self) -> Any:
        return self._public

    @property
    def key_size(self) -> int:
        return int(self._public.key_size)

    def private_bytes(self, *_: object) -> NoReturn:
        raise TypeError("the key stays in its store")

    def private_bytes_raw(self) -> NoReturn:
        raise TypeError("the key stays in its store")

    def private_numbers(self) -> NoReturn:
        raise TypeError("the key stays in its store")

    def exchange(self, *_: object) -> NoReturn:
        raise TypeError("the key signs and does nothing else")

    def decrypt(self, *_: object) -> NoReturn:
        raise TypeError("the key signs and does nothing else")

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, _: object) -> Any:
        return self

    def __repr__(self) -> str:
        return f"<key {self._handle}>"


class _Elliptic(_Held, ec.EllipticCurvePrivateKey):
    @property
    def curve(self) -> ec.EllipticCurve:
        curve: ec.EllipticCurve = self._public.curve
        return curve

    def sign(self, data: Any, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        _demand(isinstance(signature_algorithm.algorithm, hashes.SHA256))
        return self._store.sign(self._handle, bytes(data))


class _Edwards(_Held, ed25519.Ed25519PrivateKey):
    def sign(self, data: Any) -> bytes:
        return self._store.sign(self._handle, bytes(data))


class _RSA(_Held, rsa.RSAPrivateKey):
    def sign(
        self,
        data: Any,
        padding_: Any,
        algorithm_: asymmetric.Prehashed | hashes.HashAlgorithm | asymmetric.NoDigestInfo,
    ) -> bytes:
        _demand(isinstance(padding_, padding.PKCS1v15) and isinstance(algorithm_, hashes.SHA256))
        return self._store.sign(self._handle, bytes(data))


def _demand(condition: bool) -> None:
    if not condition:
        raise TypeError("the store signs with one scheme for each kind of key")
