"""A store of keys in a folder: one file for each, PKCS#8 in PEM, mode 0600, in a folder of mode 0700."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from crenel.certificates.authority import durable, keys
from crenel.certificates.authority.errors import AuthorityError, KeyMissingError
from crenel.certificates.authority.keys import KeyKind, PrivateKey, PublicKey
from crenel.certificates.material.key import UnreadableKeyError, private

_LARGEST = 1 << 20
_HANDLE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class FileKeyStore:
    """Keys in the files of one folder. With `make` false the folder is never made: it may be a disk to be connected."""

    def __init__(self, folder: Path, *, make: bool = True) -> None:
        self._folder = folder
        self._make = make
        self._loaded: dict[str, PrivateKey] = {}

    def generate(self, handle: str, kind: KeyKind) -> PublicKey:
        """Make a key; see `KeyStore.generate`."""
        if handle not in self:
            if not self._make and not self._folder.is_dir():
                raise AuthorityError(f"{self._folder}: there is no such folder; keys of roots are to be there")
            durable.make_folder(self._folder, 0o700)
            durable.replace(self._path(handle), encoded(keys.generate(kind)), durable.SECRET)
        return self.public(handle)

    def public(self, handle: str) -> PublicKey:
        """Return the public half of a key; see `KeyStore.public`."""
        return self._load(handle).public_key()

    def sign(self, handle: str, data: bytes) -> bytes:
        """Sign data; see `KeyStore.sign`."""
        key = self._load(handle)
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key.sign(data, ec.ECDSA(hashes.SHA256()))
        if isinstance(key, ed25519.Ed25519PrivateKey):
            return key.sign(data)
        return key.sign(data, padding.PKCS1v15(), hashes.SHA256())

    def destroy(self, handle: str) -> None:
        """Remove a key; see `KeyStore.destroy`. What a disk or a copy of it still holds is beyond this."""
        if not self._make and not self._folder.is_dir():
            raise AuthorityError(f"{self._folder}: there is no such folder")
        self._loaded.pop(handle, None)
        if handle in self:
            self._path(handle).unlink()
            durable.flush(self._folder)

    def __contains__(self, handle: object) -> bool:
        return isinstance(handle, str) and self._path(handle).exists()

    def __repr__(self) -> str:
        return f"FileKeyStore({str(self._folder)!r})"

    def _path(self, handle: str) -> Path:
        if not _HANDLE.fullmatch(handle):
            raise AuthorityError(f"{handle!r} is no handle of a key")
        return self._folder / f"{handle}.key"

    def _load(self, handle: str) -> PrivateKey:
        if (known := self._loaded.get(handle)) is None:
            known = self._loaded[handle] = self._read(handle)
        return known

    def _read(self, handle: str) -> PrivateKey:
        path = self._path(handle)
        try:
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                raise AuthorityError(f"{path}: others can read this key; `chmod 600` it, or better make a new CA")
            key = private(durable.read(path, _LARGEST))
        except FileNotFoundError:
            raise KeyMissingError(handle, str(self._folder)) from None
        except UnreadableKeyError as error:
            raise AuthorityError(f"{path}: {error}") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey):
            raise AuthorityError(f"{path}: a key of this kind is not used here")
        return key


def encoded(key: PrivateKey) -> bytes:
    """A private key as PKCS#8 in PEM, not encrypted: for a file of mode 0600 and nothing else."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
