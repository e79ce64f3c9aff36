"""The certificates of the servers and clients that are probed, valid at the time of the run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp

from certificates.making import CLIENT, SERVER, Issued, authority, issue, key, leaf

NOW = datetime.now(UTC).replace(microsecond=0)
HOST = "web.shop.example"
YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Files:
    """All of them on disk; `folder` has one file for each certificate, its chain and its key."""

    folder: Path
    root: Issued
    intermediate: Issued

    def path(self, name: str) -> Path:
        """A file by its name."""
        return self.folder / name

    def write(self, name: str, text: str) -> Path:
        """Write a file."""
        path = self.folder / name
        path.write_text(text, "utf-8")
        path.chmod(0o600)
        return path

    def server(self, name: str, issued: Issued, *chain: Issued) -> tuple[Path, Path]:
        """Write a server's chain and its key, and both into one file with the end ``.both``."""
        texts = "".join(each.pem for each in (issued, *chain))
        self.write(f"{name}.both", texts + issued.key_pem)
        return self.write(f"{name}.crt", texts), self.write(f"{name}.key", issued.key_pem)


def make(folder: Path) -> Files:
    """Make a root, an intermediate, and what servers and clients need."""
    root = authority("Test Root", begins=NOW - YEAR)
    intermediate = authority("Test Intermediate", root, begins=NOW - YEAR)
    made = Files(folder, root, intermediate)
    made.write("root.crt", root.pem)
    made.write("intermediate.crt", intermediate.pem)
    made.server("good", server(intermediate), intermediate)
    made.server("bare", server(intermediate))
    made.server("twisted", server(intermediate), root, intermediate)
    made.server("expired", server(intermediate, begins=NOW - 2 * YEAR, days=400), intermediate)
    made.server("early", server(intermediate, begins=NOW + timedelta(days=2)), intermediate)
    made.server("overdue", server(intermediate, begins=NOW - timedelta(days=80)), intermediate)
    made.server("other", server(intermediate, dns=("other.example",)), intermediate)
    made.server("client-only", server(intermediate, purposes=(CLIENT,)), intermediate)
    made.server("weak", server(intermediate, private=key(0, "RSA1024")), intermediate)
    made.server("rsa", server(intermediate, private=key(0, "RSA2048")), intermediate)
    stale = authority("Stale Intermediate", root, begins=NOW - 2 * YEAR, days=400)
    made.server("stale", server(stale), stale)
    made.write("stapled.der", "").write_bytes(staple(server_of(made), intermediate, ocsp.OCSPCertStatus.GOOD))
    _clients(made)
    return made


def server(by: Issued | None, **more: object) -> Issued:
    """A server's certificate, a tenth of whose life is over."""
    more.setdefault("begins", NOW - timedelta(days=9))
    more.setdefault("days", 90)
    return leaf(HOST, by, **more)


def server_of(files: Files) -> x509.Certificate:
    """The certificate of the good server."""
    return x509.load_pem_x509_certificate(files.path("good.crt").read_bytes())


def staple(certificate: x509.Certificate, by: Issued, status: ocsp.OCSPCertStatus, days: int = 3) -> bytes:
    """An OCSP response in DER; `days` from now on it is over."""
    revoked = NOW - timedelta(days=1) if status is ocsp.OCSPCertStatus.REVOKED else None
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=certificate,
        issuer=by.certificate.loaded,
        algorithm=hashes.SHA256(),
        cert_status=status,
        this_update=NOW - timedelta(days=10),
        next_update=NOW + timedelta(days=days),
        revocation_time=revoked,
        revocation_reason=None,
    )
    signed = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, by.certificate.loaded).sign(
        by.private, hashes.SHA256()
    )
    from cryptography.hazmat.primitives.serialization import Encoding

    return signed.public_bytes(Encoding.DER)


def _clients(made: Files) -> None:
    clients = authority("Client CA", begins=NOW - YEAR)
    made.write("clients.crt", clients.pem)
    made.server("client", client(clients))
    made.server("client-expired", client(clients, begins=NOW - 2 * YEAR, days=300))


def client(by: Issued, **more: object) -> Issued:
    """A client's certificate."""
    more.setdefault("begins", NOW - timedelta(days=9))
    return issue("worker", by, purposes=(CLIENT,), dns=("worker.shop.svc",), **more)  # type: ignore[arg-type]


__all__ = ["HOST", "NOW", "SERVER", "Files", "client", "make", "server", "staple"]
