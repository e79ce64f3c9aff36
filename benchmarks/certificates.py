"""The inventory of a large cluster's certificates, whole process, files included: Secrets, Ingresses, Certificates."""

from __future__ import annotations

import base64
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from benchmarks.measure import CRENEL, best
from benchmarks.rows import Row

SECRETS, AUTHORITIES, FILES, REPEAT = 5000, 20, 50, 3
SECONDS = 3.0
BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
AT = "2026-06-20"

_Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def measurements() -> Iterator[Row]:
    """All rows, as they are measured; seconds of CPU. Every certificate has a key of its own, every fifth one RSA."""
    for what, share in (("P-256", 0), ("P-256, every fifth RSA 2048", 5)):
        with tempfile.TemporaryDirectory(prefix="crenel-bench-") as folder:
            _write(Path(folder), share)
            for form in ("table", "json"):
                command = [*CRENEL, "certs", "inventory", "-f", folder, "--at", AT, "-o", form]
                cost = best(command, REPEAT)
                note = f"{what}; {cost.phases.get('solve', 0.0):.2f} s in the inventory, {cost.memory:.0f} MB"
                yield Row(f"inventory, {SECRETS:,} Secrets, {form}", cost.cpu, "s", SECONDS, note)


def _write(folder: Path, share: int) -> None:
    authorities = [_authority(number) for number in range(AUTHORITIES)]
    moduli = [rsa.generate_private_key(65537, 2048) for _ in range(10 if share else 0)]
    texts: list[list[str]] = [[] for _ in range(FILES)]
    for number in range(SECRETS):
        key = moduli[number % 10] if share and number % share == 0 else ec.generate_private_key(ec.SECP256R1())
        texts[number % FILES] += map(yaml.safe_dump, _objects(number, key, authorities[number % AUTHORITIES]))
    for number, each in enumerate(texts):
        (folder / f"{number}.yaml").write_text("---\n".join(each), "utf-8")


def _authority(number: int) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"CA {number}")
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = _builder(name, name, key, 3650).add_extension(x509.BasicConstraints(True, None), True)
    return builder.add_extension(usage, True).sign(key, hashes.SHA256()), key


def _builder(subject: x509.Name, issuer: x509.Name, key: _Key, days: int) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(BEGIN)
        .not_valid_after(BEGIN + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _objects(
    number: int, key: _Key, signer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey]
) -> Iterator[dict[str, object]]:
    """A Secret, the Certificate that it is written for, and an Ingress that shows it."""
    authority, signing = signer
    host, name, namespace = f"w{number}.example.com", f"w{number}", f"ns{number % 100}"
    issued = (
        _builder(_name(host), authority.subject, key, 90)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(host), x509.DNSName(f"{name}.{namespace}.svc")]), False
        )
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), False)
        .sign(signing, hashes.SHA256())
    )
    metadata = {"name": name, "namespace": namespace}
    yield {
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": {**metadata, "annotations": {"cert-manager.io/certificate-name": name}},
        "data": {"tls.crt": _pem(issued), "tls.key": _private(key), "ca.crt": _pem(authority)},
    }  # fmt: skip
    yield {
        "apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": metadata,
        "spec": {"secretName": name, "dnsNames": [host], "issuerRef": {"name": "ca", "kind": "ClusterIssuer"}},
        "status": {"conditions": [{"type": "Ready", "status": "True"}], "renewalTime": "2026-07-31T00:00:00Z"},
    }  # fmt: skip
    yield {
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata,
        "spec": {
            "tls": [{"hosts": [host], "secretName": name}],
            "defaultBackend": {"service": {"name": name, "port": {"number": 80}}},
        },
    }  # fmt: skip


def _pem(certificate: x509.Certificate) -> str:
    return base64.b64encode(certificate.public_bytes(serialization.Encoding.PEM)).decode()


def _private(key: _Key) -> str:
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return base64.b64encode(text).decode()


if __name__ == "__main__":
    for row in measurements():
        print(row, flush=True)
    sys.exit(0)
