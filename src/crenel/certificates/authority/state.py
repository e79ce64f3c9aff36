"""What an authority remembers, in one file that is replaced as a whole: ``state.json``.

Keys are in it by handle. A certificate that is still empty is an intention: its key may or may not be made, and whoever
opens the authority next goes on from there. Times are seconds since 1970, in UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec
from cryptography import x509

from crenel.certificates.authority import durable
from crenel.certificates.authority.errors import AuthorityError
from crenel.certificates.authority.identity import Identity
from crenel.certificates.material.certificate import Certificate

FILE = "state.json"
_SECRET = re.compile(r"[a-z0-9.-]{1,253}/[a-z0-9.-]{1,253}")

Phase: TypeAlias = Literal["making", "trusting", "reissuing", "removing"]
"""Where a rotation is: the new CA is made; trusted everywhere; signs, and leaves are issued anew; the old one goes."""


Seconds: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=250_000_000_000)]
"""A time in seconds since 1970, which the calendar has."""
Digits: TypeAlias = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{1,64}$")]
"""A number in hexadecimal digits."""
Handle: TypeAlias = Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9-]{0,62}$")]
"""What a key is called in its store."""

REASONS = {each.value: each for each in x509.ReasonFlags if each is not x509.ReasonFlags.remove_from_crl}
"""Why a certificate may be revoked, by the names of RFC 5280 5.3.1: ``keyCompromise``, ``superseded`` ..."""


class Signing(msgspec.Struct, forbid_unknown_fields=True):
    """A certificate of a CA and the handle of its key."""

    key: Handle
    pem: str = ""
    made: Seconds = 0
    """When it was made; 0 while it is not."""

    @property
    def certificate(self) -> Certificate:
        """The certificate; there has to be one."""
        return _certificate(self.pem)


class Hierarchy(msgspec.Struct, forbid_unknown_fields=True):
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


class Rotation(msgspec.Struct, forbid_unknown_fields=True):
    """A rotation under way."""

    phase: Phase
    old: int
    new: int
    since: Seconds
    """When the phase began."""
    confirmed: Seconds | None = None
    """When all consumers were first seen to have what the phase gives them; None while one lacks it."""


class Consumer(msgspec.Struct, forbid_unknown_fields=True):
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


class Revoked(msgspec.Struct, forbid_unknown_fields=True):
    """A certificate that was revoked."""

    serial: Digits
    issuer: Digits
    """The key identifier of its issuer."""
    at: Seconds
    reason: str
    """One of `REASONS`."""
    not_after: Seconds


class State(msgspec.Struct, forbid_unknown_fields=True):
    """All of it."""

    format: Literal[1]
    signer: int
    """The number of the hierarchy that signs."""
    hierarchies: list[Hierarchy]
    root_keys: str = ""
    """Where the roots' keys are: a folder, or the URI of a token; empty for where the others are."""
    keys: str = ""
    """The URI of the token that has the other keys; empty for the folder ``keys``."""
    rotation: Rotation | None = None
    consumers: list[Consumer] = []
    revoked: list[Revoked] = []
    crl_number: Annotated[int, msgspec.Meta(ge=0, lt=1 << 62)] = 0

    def hierarchy(self, number: int) -> Hierarchy:
        """The hierarchy of a number, which is there."""
        return next(each for each in self.hierarchies if each.number == number)

    @property
    def staying(self) -> list[Hierarchy]:
        """Those that are not about to go, the newest first."""
        leaving = self.rotation.old if self.rotation is not None and self.rotation.phase == "removing" else None
        found = [each for each in self.hierarchies if each.number != leaving]
        return sorted(found, key=lambda each: -each.number)

    @property
    def trusted(self) -> list[Hierarchy]:
        """Those that consumers are to trust now, the newest first."""
        return [each for each in self.staying if each.is_complete]

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
        found = msgspec.json.decode(durable.read(path), type=State)
    except FileNotFoundError:
        raise AuthorityError(f"{folder} is no authority: it has no {FILE}") from None
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise AuthorityError(f"{path}: {error}") from None
    for complaint in _complaints(found):
        raise AuthorityError(f"{path}: {complaint}")
    return found


def save(folder: Path, state: State) -> None:
    """Write the state into the place of the one before."""
    durable.replace(folder / FILE, msgspec.json.format(msgspec.json.encode(state), indent=1) + b"\n", durable.SECRET)


def _complaints(state: State) -> Iterator[str]:
    """What in a state does not fit together; types are right."""
    numbers = [each.number for each in state.hierarchies]
    if len(set(numbers)) < len(numbers):
        yield "two hierarchies have one number"
    wanted = [state.signer] if state.hierarchies else []
    if state.rotation is not None:
        wanted += [state.rotation.old, state.rotation.new]
    yield from (f"there is no hierarchy {each}" for each in wanted if each not in numbers)
    for hierarchy in state.hierarchies:
        for each in (hierarchy.root, *hierarchy.intermediates):
            if each.pem and not _is_authority(each.pem):
                yield f"what is there for {each.key} is no certificate of a CA"
    yield from _odd_consumers(state)
    yield from (f"{each.serial} is revoked for no reason that there is" for each in state.revoked
                if each.reason not in REASONS)  # fmt: skip


def _odd_consumers(state: State) -> Iterator[str]:
    names = [each.name for each in state.consumers]
    if len(set(names)) < len(names):
        yield "two consumers have one name"
    for each in state.consumers:
        if not Path(each.path).is_absolute() or "\0" in each.path:
            yield f"the path of consumer {each.name[:100]!r} is not absolute"
        if each.kind == "secret" and not _SECRET.fullmatch(each.secret):
            yield f"consumer {each.name[:100]!r} is a Secret without namespace and name"


def _is_authority(text: str) -> bool:
    try:
        found = _certificate(text)
    except ValueError:
        return False
    return found.is_ca and bool(found.ski)


_READ: dict[str, Certificate] = {}


def _certificate(pem: str) -> Certificate:
    """The certificate of a text; each is read once."""
    if (known := _READ.get(pem)) is None:
        known = _READ[pem] = Certificate.of(x509.load_pem_x509_certificate(pem.encode()))
    return known
