"""TLS towards an API server, as Go's client does it."""

from __future__ import annotations

import ssl
import tempfile
from pathlib import Path

from crenel.sources.cluster_credentials import Credential, load_data
from crenel.sources.cluster_errors import ClusterError
from crenel.sources.kubeconfig import Access


class _NamedContext(ssl.SSLContext):
    """A context that expects one name (``tls-server-name``), whatever address is connected to."""

    name: str = ""

    def wrap_socket(self, *args: object, **kwargs: object) -> ssl.SSLSocket:
        """Wrap a socket for that name."""
        name = {"server_hostname": self.name} if self.name else {}
        return super().wrap_socket(*args, **(kwargs | name))  # type: ignore[arg-type]


def context(access: Access, credential: Credential) -> ssl.SSLContext:
    """Make the TLS settings of a cluster and of whoever is asking.

    Raises:
        ClusterError: the certificate authority or the client certificate cannot be used.

    """
    made = _NamedContext(ssl.PROTOCOL_TLS_CLIENT)
    made.name = access.cluster.tls_server_name
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    # Go takes any certificate of the bundle as an anchor and does not ask for every extension of RFC 5280, as Python
    # 3.13 does; clusters are made for Go.
    made.verify_flags = (made.verify_flags | ssl.VERIFY_X509_PARTIAL_CHAIN) & ~ssl.VERIFY_X509_STRICT
    _trust(made, access)
    if credential.certificate:
        _present(made, access, credential)
    return made


def _trust(made: ssl.SSLContext, access: Access) -> None:
    settings = access.cluster
    stated = settings.certificate_authority_data, settings.certificate_authority
    authority = load_data(access, *stated, "certificate authority")
    if settings.insecure_skip_tls_verify:
        if authority:
            raise _error(access, "names a certificate authority and insecure-skip-tls-verify; only one may be given")
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    elif authority:
        try:
            made.load_verify_locations(cadata=authority.decode("latin-1"))
        except (ssl.SSLError, ValueError):
            raise _error(access, "has a certificate authority that is no PEM certificate") from None
    else:
        made.load_default_certs()


def _present(made: ssl.SSLContext, access: Access, credential: Credential) -> None:
    """Load the client certificate; OpenSSL takes it from files only, so they live in a private folder for a moment."""
    with tempfile.TemporaryDirectory(prefix="crenel-") as folder:
        certificate, key = Path(folder) / "certificate", Path(folder) / "key"
        certificate.write_bytes(credential.certificate)
        key.touch(mode=0o600)
        key.write_bytes(credential.key)
        try:
            made.load_cert_chain(certificate, key, password=_no_password)
        except (ssl.SSLError, ValueError):
            problem = "is not PEM, does not belong to its key, or its key has a password"
            raise _error(access, f"has a client certificate that cannot be used: it {problem}") from None


def _no_password() -> str:
    """Keep OpenSSL from asking the terminal."""
    return ""


def _error(access: Access, what: str) -> ClusterError:
    return ClusterError(f"context {access.context}: the cluster or user {what}")
