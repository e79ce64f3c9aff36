"""Clients' certificates that nobody should accept: made for the occasion, by a CA that nobody has heard of."""

from __future__ import annotations

import os
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from crenel.certificates.material.certificate import Certificate
from crenel.certificates.probing import talking

_LIFE = timedelta(hours=1)


def context(like: Certificate | None, alpn: tuple[str, ...]) -> ssl.SSLContext:
    """How to talk to a server as a stranger, or as a forger of a certificate.

    The forged one has the names of `like` and of its issuer, and differs by who really signed it alone.
    """
    certificate, key = _made(like)
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder, "certificate"), Path(folder, "key")
        for path, data in zip(files, (certificate, key), strict=True):
            _write(path, data)
        return talking.context(files, alpn)


def _made(like: Certificate | None) -> tuple[bytes, bytes]:
    """The certificate and its key, PEM."""
    mine, issuers = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    subject, issuer = _name("stranger"), _name("stranger's CA")
    names = None
    if like is not None:
        subject, issuer = like.loaded.subject, like.loaded.issuer
        names = like.extension(x509.SubjectAlternativeName)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(mine.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _LIFE)
        .not_valid_after(now + _LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    )
    if names is not None:
        builder = builder.add_extension(names, critical=False)
    signed = builder.sign(issuers, SHA256())
    written = mine.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return signed.public_bytes(Encoding.PEM), written


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _write(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
