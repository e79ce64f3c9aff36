"""Keys and certificates for tests, made by the openssl binary."""

from __future__ import annotations

import atexit
import functools
import shutil
import ssl
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificates:
    """A certificate authority in a directory, and what it has signed: ``NAME.crt`` and ``NAME.key``."""

    directory: Path

    @property
    def authority(self) -> Path:
        """The certificate of the authority."""
        return self.directory / "ca.crt"

    def certificate(self, name: str) -> Path:
        """A certificate."""
        return self.directory / f"{name}.crt"

    def key(self, name: str) -> Path:
        """Its key."""
        return self.directory / f"{name}.key"

    def server_context(self) -> ssl.SSLContext:
        """TLS for the server; a client certificate is asked for and may be missing."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(self.authority))
        context.load_cert_chain(self.certificate("server"), self.key("server"))
        context.verify_mode = ssl.CERT_OPTIONAL
        return context

    def issue(self, name: str, *, subject: str, names: str = "", usage: str = "clientAuth") -> None:
        """Make a key and have it signed."""
        extensions = self.directory / f"{name}.ext"
        lines = [
            f"extendedKeyUsage={usage}",
            "basicConstraints=CA:FALSE",
            *([f"subjectAltName={names}"] if names else []),
        ]
        extensions.write_text("\n".join(lines) + "\n")
        request = self.directory / f"{name}.csr"
        _openssl("req", "-new", *_new_key(self.key(name)), "-subj", subject, "-out", str(request))
        _openssl(
            "x509", "-req", "-in", str(request), "-CA", str(self.authority), "-CAkey", str(self.directory / "ca.key"),
            "-CAcreateserial", "-days", "2", "-extfile", str(extensions), "-out", str(self.certificate(name)),
        )  # fmt: skip


def authority(name: str) -> Certificates:
    """Make a new authority, removed when the process ends."""
    directory = Path(tempfile.mkdtemp(prefix="crenel-test-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    _openssl(
        "req", "-x509", *_new_key(directory / "ca.key"), "-subj", f"/CN={name}", "-days", "2",
        "-addext", "basicConstraints=critical,CA:TRUE", "-out", str(directory / "ca.crt"),
    )  # fmt: skip
    return Certificates(directory)


@functools.cache
def certificates() -> Certificates:
    """The authority of this test run, with certificates ``server``, ``admin`` and ``nobody``."""
    made = authority("kubernetes")
    made.issue("server", subject="/CN=kube-apiserver", names="IP:127.0.0.1,DNS:api.test", usage="serverAuth")
    made.issue("admin", subject="/O=system:masters/CN=admin")
    made.issue("nobody", subject="/CN=nobody")
    return made


@functools.cache
def stranger() -> Certificates:
    """Another authority, which nobody here trusts."""
    return authority("stranger")


def _new_key(path: Path) -> list[str]:
    return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(path)]


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=30)
