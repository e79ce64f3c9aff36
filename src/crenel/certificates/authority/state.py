"""What an authority remembers, in one file that is replaced as a whole: ``state.json``.

Keys are in it by handle. A certificate that is still empty is an intention: its key may or may not be made, and whoever
opens the authority next goes on from there. Times are seconds since 1970, in UTC.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
from cryptography import x509

from crenel.certificates.authority import durable
from crenel.certificates.authority.errors import AuthorityError
from crenel.certificates.authority.identity import Identity
from crenel.certificates.material.certificate import Certificate

FILE = "state.json"

Phase: TypeAlias = Literal["making", "trusting", "reissuing", "removing"]
"""Where a rotation is: the new CA is made; trusted everywhere; signs, and leaves are issued anew; the old one goes."""


class Signing(msgspec.Struct):
    """A certificate of a CA and the handle of its key."""

    key: str
    pem: str = ""
    made: int = 0
    """When it was made; 0 while it is not."""

    @property
    def certificate(self) -> Certificate:
        """The certificate; there has to be one."""
        return _certificate(self.pem)


class Hierarchy(msgspec.Struct):
    """A root and the intermediates that it signed, the newest last."""

    number: int
    root: Signing
    intermediates: list[Signing] = []

    @property
    def is_complete(self) -> bool:
        """Whether it can sign, as far as certificates go."""
        return bool(self.root.pem) and any(each.pem for each in self.intermediates)

    @property
    def issued(self) -> list[Signing]:
        """The intermediates that have their certificate."""
        return [each for each in self.intermediates if each.pem]


class Rotation(msgspec.Struct):
    """A rotation under way."""

    phase: Phase
    old: int
    new: int
    since: int
    """When the phase began."""
    confirmed: int | None = None
    """When all consumers were first seen to have what the phase gives them; None while one lacks it."""


class Consumer(msgspec.Struct):
    """Where a certificate, or trust alone, is written to."""

    name: str
    kind: Literal["folder", "secret"]
    path: str
    """The folder, or the file that holds the Secret."""
    secret: str = ""
    """``NAMESPACE/NAME`` of the Secret."""
    identity: Identity | None = None
    """Whom its certificate speaks for; None where it only gets the bundle."""

    @property
    def place(self) -> str:
        """Where it is, in words."""
        return f"secret {self.secret} in {self.path}" if self.kind == "secret" else self.path


class Revoked(msgspec.Struct):
    """A certificate that was revoked."""

    serial: str
    issuer: str
    """The key identifier of its issuer, in hexadecimal digits as the serial number is."""
    at: int
    reason: str
    not_after: int


class State(msgspec.Struct):
    """All of it."""

    format: Literal[1]
    signer: int
    """The number of the hierarchy that signs."""
    hierarchies: list[Hierarchy]
    root_keys: str = ""
    """The folder of the roots' keys; empty for that of the others."""
    rotation: Rotation | None = None
    consumers: list[Consumer] = []
    revoked: list[Revoked] = []
    crl_number: int = 0

    def hierarchy(self, number: int) -> Hierarchy:
        """The hierarchy of a number, which is there."""
        return next(each for each in self.hierarchies if each.number == number)

    @property
    def trusted(self) -> list[Hierarchy]:
        """Those that consumers are to trust now, the newest first."""
        leaving = self.rotation.old if self.rotation is not None and self.rotation.phase == "removing" else None
        found = [each for each in self.hierarchies if each.root.pem and each.is_complete and each.number != leaving]
        return sorted(found, key=lambda each: -each.number)

    @property
    def bundle(self) -> frozenset[str]:
        """The fingerprints of the roots that consumers are to trust now."""
        return frozenset(each.root.certificate.fingerprint for each in self.trusted)

    def issuer(self, key: str) -> tuple[Hierarchy, Signing] | None:
        """The intermediate with a key identifier, and whose it is; None where it is none of ours."""
        for hierarchy in self.hierarchies:
            for each in hierarchy.issued:
                if each.certificate.ski == key:
                    return hierarchy, each
        return None

    def is_revoked(self, certificate: Certificate) -> bool:
        """Whether a certificate was revoked."""
        return any(each.serial == certificate.serial and each.issuer == certificate.aki for each in self.revoked)

    def current(self, hierarchy: Hierarchy) -> Signing | None:
        """The intermediate that signs for a hierarchy: the newest that was not revoked; None without."""
        found = [each for each in hierarchy.issued if not self.is_revoked(each.certificate)]
        return found[-1] if found else None


def load(folder: Path) -> State:
    """Read the state of an authority.

    Raises:
        AuthorityError: there is none, or none that this version understands.
    """
    path = folder / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=State)
    except FileNotFoundError:
        raise AuthorityError(f"{folder} is no authority: it has no {FILE}") from None
    except (msgspec.DecodeError, ValueError) as error:
        raise AuthorityError(f"{path}: {error}") from None


def save(folder: Path, state: State) -> None:
    """Write the state into the place of the one before."""
    durable.replace(folder / FILE, msgspec.json.format(msgspec.json.encode(state), indent=1) + b"\n", durable.SECRET)


_READ: dict[str, Certificate] = {}


def _certificate(pem: str) -> Certificate:
    """The certificate of a text; each is read once."""
    if (known := _READ.get(pem)) is None:
        known = _READ[pem] = Certificate.of(x509.load_pem_x509_certificate(pem.encode()))
    return known
