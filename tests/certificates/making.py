"""Makes certificates of every kind, right and wrong; keys are drawn from a pool, for making them is what costs."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from crenel.certificates.material.certificate import Certificate

AT = datetime(2026, 6, 1, tzinfo=UTC)
"""The time that tests judge by."""
DAY = timedelta(days=1)
SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
ANY = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE


@cache
def key(number: int = 0, kind: str = "EC") -> Any:
    """A private key; the same each time for the same arguments."""
    del number
    if kind.startswith("RSA"):
        return rsa.generate_private_key(65537, int(kind[3:]))
    if kind == "Ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(ec.SECP192R1() if kind == "P-192" else ec.SECP256R1())


@dataclass(frozen=True)
class Issued:
    """A certificate and its private key."""

    certificate: Certificate
    private: Any
    issuer: Issued | None = None

    @property
    def pem(self) -> str:
        """The certificate as text."""
        return self.certificate.pem

    @property
    def key_pem(self) -> str:
        """The private key as text."""
        return key_text(self.private)


def key_text(private: Any) -> str:
    """A private key as PKCS#8."""
    text: bytes = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return text.decode()


def issue(
    subject: str,
    by: Issued | None = None,
    *,
    ca: bool | None = False,
    begins: datetime = AT - 10 * DAY,
    days: float = 90,
    private: Any = None,
    dns: tuple[str, ...] = (),
    ips: tuple[str, ...] = (),
    uris: tuple[str, ...] = (),
    purposes: tuple[x509.ObjectIdentifier, ...] | None = None,
    usages: tuple[str, ...] | None = None,
    path_length: int | None = None,
    constraints: x509.NameConstraints | None = None,
    identifiers: bool = True,
    signer: Any = None,
    aki: bytes | None = None,
    algorithm: Any = None,
    serial: int | None = None,
    more: tuple[tuple[x509.ExtensionType, bool], ...] = (),
) -> Issued:
    """Issue a certificate: self-signed without `by`. `ca` None leaves basic constraints out; `signer` forges."""
    private = private or key()
    signing = signer or (by.private if by else private)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)] if subject else [])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(by.certificate.loaded.subject if by else name)
        .public_key(private.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=days))
    )
    names: list[x509.GeneralName] = [
        *map(x509.DNSName, dns),
        *(x509.IPAddress(ipaddress.ip_address(each)) for each in ips),
        *map(x509.UniformResourceIdentifier, uris),
    ]
    extensions: list[tuple[x509.ExtensionType, bool]] = [*more]
    if ca is not None:
        extensions.append((x509.BasicConstraints(ca, path_length if ca else None), True))
    if names:
        extensions.append((x509.SubjectAlternativeName(names), not subject))
    if purposes is not None:
        extensions.append((x509.ExtendedKeyUsage(purposes), False))
    if usages is not None:
        extensions.append((_usage(usages), True))
    if constraints is not None:
        extensions.append((constraints, True))
    if identifiers:
        extensions.append((x509.SubjectKeyIdentifier.from_public_key(private.public_key()), False))
        above = aki or x509.SubjectKeyIdentifier.from_public_key((by.private if by else private).public_key()).digest
        extensions.append((x509.AuthorityKeyIdentifier(above, None, None), False))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    hashed = None if isinstance(signing, ed25519.Ed25519PrivateKey) else algorithm or hashes.SHA256()
    return Issued(Certificate.of(builder.sign(signing, hashed)), private, by)


def authority(subject: str = "Root", by: Issued | None = None, **more: Any) -> Issued:
    """A CA that lives ten years; its key is one that its name chooses."""
    more.setdefault("private", key(sum(subject.encode()) + 1000))
    more.setdefault("begins", AT - 365 * DAY)
    more.setdefault("days", 3650)
    more.setdefault("usages", ("key_cert_sign", "crl_sign"))
    return issue(subject, by, ca=more.pop("ca", True), **more)


def leaf(host: str = "web.shop.svc", by: Issued | None = None, **more: Any) -> Issued:
    """A server's certificate."""
    more.setdefault("dns", (host,))
    more.setdefault("purposes", (SERVER,))
    return issue(host, by, **more)


def _usage(names: tuple[str, ...]) -> x509.KeyUsage:
    every = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{each: each in names for each in every})
