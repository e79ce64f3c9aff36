"""What a consumer is given, and what it is seen to have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from crenel.certificates.material import pem
from crenel.certificates.material.certificate import Certificate
from crenel.certificates.material.key import UnreadableKeyError, of_private

CHAIN, KEY, BUNDLE = "tls.crt", "tls.key", "ca.crt"
"""The names of the three files, which are those of a Secret of type ``kubernetes.io/tls`` too."""


@dataclass(frozen=True, slots=True)
class Contents:
    """The files of a consumer: a chain, leaf first, and its key, both empty for trust alone; and the roots to trust."""

    chain: bytes
    key: bytes = field(repr=False)
    bundle: bytes = field(repr=False)

    @property
    def files(self) -> dict[str, bytes]:
        """Those that are written, by name."""
        own = {CHAIN: self.chain, KEY: self.key} if self.chain else {}
        return own | ({BUNDLE: self.bundle} if self.bundle else {})


@dataclass(frozen=True, slots=True)
class Held:
    """What was read back."""

    contents: Contents | None = None
    leaf: Certificate | None = None
    """The leaf, where the key beside it is its own."""
    chain: tuple[Certificate, ...] = ()
    """The certificates that come after the leaf."""
    bundle: frozenset[str] = frozenset()
    """The fingerprints of the roots."""
    problem: str = ""
    """Why there is nothing to read, or something of it is of no use; empty where all is well."""
    is_unknown: bool = False
    """Whether nothing is known of it, good or bad."""


def examine(files: Mapping[str, bytes]) -> Held:
    """Read the files of a consumer; one that is missing is absent."""
    contents = Contents(files.get(CHAIN, b""), files.get(KEY, b""), files.get(BUNDLE, b""))
    bundle = _fingerprints(contents.bundle)
    if not contents.chain and not contents.key:
        return Held(contents, bundle=bundle)
    chain = pem.read(contents.chain).certificates
    problem = _mismatch(chain, contents.key)
    if problem:
        return Held(contents, bundle=bundle, problem=problem)
    return Held(contents, chain[0], chain[1:], bundle)


@lru_cache(maxsize=64)
def _fingerprints(bundle: bytes) -> frozenset[str]:
    """Those of the roots in a bundle; most consumers have the same one."""
    return frozenset(each.fingerprint for each in pem.read(bundle).certificates)


def _mismatch(chain: tuple[Certificate, ...], key: bytes) -> str:
    if not chain:
        return f"there is no certificate in {CHAIN}"
    try:
        own = of_private(key)
    except UnreadableKeyError as error:
        return f"{KEY}: {error}"
    return "" if own.fingerprint == chain[0].spki else "the key is not that of the certificate"
