"""A certificate, read once; what it says is looked up when it is asked for and never raises.

Source of the fields: RFC 5280, 4.1 and 4.2. The common name of a subject is shown, but it is no name (RFC 9525, 2).
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import Any, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from crenel.certificates.material import der as asn1
from crenel.certificates.material import key as keys
from crenel.certificates.material.key import Key

_T = TypeVar("_T")
_E = TypeVar("_E", bound=x509.ExtensionType)

USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign",
)  # fmt: skip
"""Key usages, RFC 5280 4.2.1.3, as cryptography calls them; those that only narrow key agreement are left out."""

PURPOSES = {
    ExtendedKeyUsageOID.SERVER_AUTH: "serverAuth",
    ExtendedKeyUsageOID.CLIENT_AUTH: "clientAuth",
    ExtendedKeyUsageOID.CODE_SIGNING: "codeSigning",
    ExtendedKeyUsageOID.EMAIL_PROTECTION: "emailProtection",
    ExtendedKeyUsageOID.TIME_STAMPING: "timeStamping",
    ExtendedKeyUsageOID.OCSP_SIGNING: "OCSPSigning",
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE: "anyExtendedKeyUsage",
}
"""Extended key usages, RFC 5280 4.2.1.12, by their names; others are written as numbers."""


class UnreadableCertificateError(ValueError):
    """Bytes that are no certificate; the text says why."""


@dataclass(frozen=True, slots=True)
class Names:
    """The subject alternative names (RFC 5280, 4.2.1.6), as they are written; DNS names in small letters."""

    dns: tuple[str, ...] = ()
    ips: tuple[IPv4Address | IPv6Address, ...] = ()
    uris: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    others: int = 0
    """How many there are of other kinds."""

    @property
    def texts(self) -> tuple[str, ...]:
        """All that have a text, DNS names first."""
        return (*self.dns, *map(str, self.ips), *self.uris, *self.emails)

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.texts or self.others)


@dataclass(frozen=True)
class Certificate:
    """One certificate. Two are equal when their bytes are; `loaded` is what cryptography read of them."""

    der: bytes = field(repr=False)
    loaded: x509.Certificate = field(compare=False, repr=False)

    @classmethod
    def from_der(cls, data: bytes) -> Certificate:
        """Read one.

        Raises:
            UnreadableCertificateError: the bytes are none, or one without dates that can be read.
        """
        return _loaded(data)

    @classmethod
    def of(cls, loaded: x509.Certificate) -> Certificate:
        """Wrap one that cryptography made or read."""
        return cls(loaded.public_bytes(Encoding.DER), loaded)

    @cached_property
    def pem(self) -> str:
        """Its text form (RFC 7468), with a line break at the end."""
        return self.loaded.public_bytes(Encoding.PEM).decode("ascii")

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate in hexadecimal digits."""
        return hashlib.sha256(self.der).hexdigest()

    @property
    def serial(self) -> str:
        """The serial number in hexadecimal digits."""
        return f"{self.loaded.serial_number:x}"

    @cached_property
    def not_before(self) -> datetime:
        """From when on it is valid; with a time zone."""
        return self.loaded.not_valid_before_utc

    @cached_property
    def not_after(self) -> datetime:
        """Until when it is valid, that second included."""
        return self.loaded.not_valid_after_utc

    @property
    def lifetime(self) -> float:
        """How long it lives, in seconds; 0 or less where its dates are the wrong way round."""
        return (self.not_after - self.not_before).total_seconds()

    def used(self, at: datetime) -> float:
        """The fraction of its own life that is over: below 0 before it begins, above 1 after its end.

        One whose dates are the wrong way round is never valid: infinity.
        """
        passed = (at.astimezone(UTC) - self.not_before).total_seconds()
        return passed / self.lifetime if self.lifetime > 0 else float("inf")

    @cached_property
    def subject(self) -> str:
        """Whose it is (RFC 4514); empty where only alternative names say so."""
        name = self.subject_name
        return name.rfc4514_string() if name is not None else ""

    @cached_property
    def issuer(self) -> str:
        """Who signed it (RFC 4514)."""
        name = _name(lambda: self.loaded.issuer)
        return name.rfc4514_string() if name is not None else ""

    @cached_property
    def subject_bytes(self) -> bytes:
        """The subject as it is encoded: what the issuer of others is compared with."""
        return asn1.names(self.der)[1]

    @cached_property
    def issuer_bytes(self) -> bytes:
        """The issuer as it is encoded."""
        return asn1.names(self.der)[0]

    @property
    def title(self) -> str:
        """How reports name it in one word: its first alternative name, or else its subject or serial number."""
        return next(iter(self.names.texts), "") or self.subject or f"serial {self.serial}"

    @cached_property
    def names(self) -> Names:
        """For whom it speaks."""
        found = self.extension(x509.SubjectAlternativeName)
        if found is None:
            return Names()
        of_kind = list(found)
        return Names(
            tuple(each.value.lower() for each in of_kind if isinstance(each, x509.DNSName)),
            tuple(
                each.value
                for each in of_kind
                if isinstance(each, x509.IPAddress) and isinstance(each.value, IPv4Address | IPv6Address)
            ),
            tuple(each.value for each in of_kind if isinstance(each, x509.UniformResourceIdentifier)),
            tuple(each.value for each in of_kind if isinstance(each, x509.RFC822Name)),
            sum(isinstance(each, x509.OtherName | x509.DirectoryName | x509.RegisteredID) for each in of_kind),
        )

    @cached_property
    def key(self) -> Key:
        """Its public key."""
        return self._parsed.key or keys.unreadable(asn1.public_key_info(self.der) or self.der)

    @property
    def spki(self) -> str:
        """The fingerprint of its public key."""
        return self.key.fingerprint

    @cached_property
    def ski(self) -> str:
        """The identifier of its key (4.2.1.2) in hexadecimal digits; empty without."""
        found = self.extension(x509.SubjectKeyIdentifier)
        return found.digest.hex() if found is not None else ""

    @cached_property
    def aki(self) -> str:
        """The identifier of its issuer's key (4.2.1.1) in hexadecimal digits; empty without."""
        found = self.extension(x509.AuthorityKeyIdentifier)
        return (found.key_identifier or b"").hex() if found is not None else ""

    @cached_property
    def constraints(self) -> x509.BasicConstraints | None:
        """Its basic constraints (4.2.1.9); None without."""
        return self.extension(x509.BasicConstraints)

    @property
    def is_ca(self) -> bool:
        """Whether it says that it may sign others, or is of version 1, which could not say it, and signed itself."""
        if self.constraints is not None:
            return self.constraints.ca
        return self._is_first_version and self.self_issued

    @property
    def _is_first_version(self) -> bool:
        return self._parsed.first_version

    @property
    def path_length(self) -> int | None:
        """How many CAs may stand between it and a leaf; None for any number."""
        return self.constraints.path_length if self.constraints is not None and self.constraints.ca else None

    @cached_property
    def usages(self) -> frozenset[str] | None:
        """What its key is for, some of `USAGES`; None where it does not say, so that all is meant."""
        found = self.extension(x509.KeyUsage)
        return frozenset(each for each in USAGES if getattr(found, each)) if found is not None else None

    @cached_property
    def purposes(self) -> tuple[str, ...] | None:
        """Its extended key usages: ``serverAuth``, ``clientAuth``, ``1.3.6.1.4.1...``; None where it does not say."""
        found = self.extension(x509.ExtendedKeyUsage)
        return tuple(PURPOSES.get(each, each.dotted_string) for each in found) if found is not None else None

    @cached_property
    def signature_hash(self) -> str:
        """What its signature was made over with: ``sha256``; empty where the scheme has none of its own, as Ed25519."""
        return self._parsed.signature_hash

    @cached_property
    def subject_name(self) -> x509.Name | None:
        """Whose it is; None where that cannot be read."""
        return _name(lambda: self.loaded.subject)

    @property
    def signature_algorithm(self) -> str:
        """The object identifier of its signature algorithm, dotted."""
        return self.loaded.signature_algorithm_oid.dotted_string

    @property
    def self_issued(self) -> bool:
        """Whether subject and issuer are the same."""
        return bool(self.subject_bytes) and self.subject_bytes == self.issuer_bytes

    @cached_property
    def self_signed(self) -> bool:
        """Whether its own key signed it."""
        return self.self_issued and self.signed_by(self)

    def signed_by(self, other: Certificate) -> bool:
        """Whether the key of another signed it, whose subject is its issuer."""
        if self.issuer_bytes != other.subject_bytes:
            return False
        if (known := self._signed_by.get(other.spki)) is None:
            known = self._signed_by[other.spki] = self._verifies(other)
        return known

    @cached_property
    def _signed_by(self) -> dict[str, bool]:
        """What is known of its signature, by the fingerprint of the signer's key."""
        return {}

    def _verifies(self, other: Certificate) -> bool:
        try:
            with _quiet():
                self.loaded.verify_directly_issued_by(other.loaded)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            return False
        return True

    def extension(self, kind: type[_E]) -> _E | None:
        """The extension of a kind; None without it, and where it cannot be read, which `flaws` tells."""
        found = self._parsed.extensions.get(kind)
        return found.value if found is not None else None

    @cached_property
    def unknown_critical(self) -> tuple[str, ...]:
        """The critical extensions that cryptography does not know, by their object identifiers."""
        return self._parsed.unknown_critical

    @cached_property
    def flaws(self) -> tuple[str, ...]:
        """What of it cannot be read, each in one sentence without its end."""
        found = list(self._parsed.flaws)
        if self.key.kind == keys.UNKNOWN:
            found.append("its public key is of a kind that cannot be read")
        if self.lifetime <= 0:
            found.append("it ends before it begins")
        return tuple(found)

    @cached_property
    def _parsed(self) -> _Parsed:
        with _quiet():
            return _Parsed(self.loaded)

    def __str__(self) -> str:
        """How reports write it."""
        return self.title


class _Parsed:
    """The parts of a certificate that may not parse, each read once; what does not is as good as absent, and a flaw."""

    def __init__(self, loaded: x509.Certificate) -> None:
        self.flaws: list[str] = []
        self.key = self._read("", lambda: keys.of_public(loaded.public_key()))
        algorithm = self._read("", lambda: loaded.signature_hash_algorithm)
        self.signature_hash = algorithm.name if algorithm is not None else ""
        self.first_version = self._read("", lambda: loaded.version) is x509.Version.v1
        extensions = self._read("extensions", lambda: list(loaded.extensions)) or []
        self.extensions: dict[type[Any], x509.Extension[Any]] = {type(each.value): each for each in extensions}
        self.unknown_critical = tuple(
            each.oid.dotted_string
            for each in extensions
            if each.critical and isinstance(each.value, x509.UnrecognizedExtension)
        )

    def _read(self, what: str, get: Callable[[], _T]) -> _T | None:
        """What `get` finds; None, and a flaw where that has a name, where the certificate is too odd for it."""
        try:
            return get()
        except Exception as error:  # noqa: BLE001 - whatever a parser makes of arbitrary bytes
            if what:
                self.flaws.append(f"its {what} cannot be read: {_reason(error)}")
            return None


@lru_cache(maxsize=1 << 12)
def _loaded(data: bytes) -> Certificate:
    """Read a certificate; the authorities of a cluster are met in every Secret, and are read once."""
    with _quiet():
        try:
            loaded = x509.load_der_x509_certificate(data)
            loaded.not_valid_before_utc, loaded.not_valid_after_utc, loaded.serial_number  # noqa: B018 - must not raise
        except Exception as error:  # noqa: BLE001 - whatever a parser makes of arbitrary bytes
            raise UnreadableCertificateError(f"this is no certificate: {_reason(error)}") from None
    return Certificate(data, loaded)


def _name(get: Callable[[], x509.Name]) -> x509.Name | None:
    with _quiet():
        try:
            return get()
        except Exception:  # noqa: BLE001 - see _loaded
            return None


def _quiet() -> warnings.catch_warnings[None]:
    """No warnings about certificates that break rules: what matters of them is reported otherwise."""
    return warnings.catch_warnings(action="ignore")


def _reason(error: Exception) -> str:
    """What a parser said, on one line and not too long."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text[:160]
