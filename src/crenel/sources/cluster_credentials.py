"""From a user of a kubeconfig to what a request carries: headers and a client certificate, renewed when they expire.

Source of the rules: client-go rest/transport.go, transport/round_trippers.go and tools/clientcmd/client_config.go.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

from crenel.sources import cluster_exec
from crenel.sources.cluster_errors import ClusterError
from crenel.sources.kubeconfig import Access

Headers: TypeAlias = tuple[tuple[str, str], ...]

_SENDABLE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
_EARLY = timedelta(seconds=10)
"""A credential is renewed this long before it expires."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What proves who is asking; `certificate` and `key` are PEM, empty when there is none."""

    headers: Headers = field(repr=False)
    certificate: bytes = field(default=b"", repr=False)
    key: bytes = field(default=b"", repr=False)
    expires: datetime | None = None
    renewable: bool = False
    """Whether asking again may bring another one: a login program or a token file."""

    @property
    def expired(self) -> bool:
        """Whether it is time for another one."""
        return self.expires is not None and datetime.now(UTC) + _EARLY >= self.expires


def obtain(access: Access, plugin_seconds: float) -> Credential:
    """Obtain the credential of a user, running the login program if there is one.

    Raises:
        ClusterError: a file is missing or unreadable, or the login program fails.

    """
    user = access.user
    if user.auth_provider is not None:
        raise _error(access, "logs in with auth-provider, which Kubernetes no longer has; use an exec plugin")
    certificate = load_data(access, user.client_certificate_data, user.client_certificate, "client certificate")
    key = load_data(access, user.client_key_data, user.client_key, "client key")
    if bool(certificate) != bool(key):
        raise _error(access, "has a client certificate without its key, or a key without its certificate")
    own = Credential(_impersonation(access), certificate, key)
    if user.token_file:
        token = load_data(access, "", user.token_file, "token").decode("latin-1").strip()
        return replace(own, headers=own.headers + _bearer(access, token), renewable=True)
    if user.token:
        return replace(own, headers=own.headers + _bearer(access, user.token))
    if user.username:
        login = base64.b64encode(f"{user.username}:{user.password}".encode()).decode()
        return replace(own, headers=(*own.headers, ("Authorization", f"Basic {login}")))
    return _from_plugin(access, own, plugin_seconds) if user.exec else own


def load_data(access: Access, data: str, path: str, what: str) -> bytes:
    """The bytes of a ``...-data`` field, or else of a file; empty when neither is given.

    Raises:
        ClusterError: the file cannot be read, or the data is not base64.

    """
    if data:
        try:
            return base64.b64decode("".join(data.split()), validate=True)
        except (binascii.Error, ValueError):
            raise ClusterError(f"context {access.context}: the {what} data is not base64") from None
    if not path:
        return b""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ClusterError(f"context {access.context}: the {what} at {path}: {error.strerror}") from None


def _from_plugin(access: Access, own: Credential, seconds: float) -> Credential:
    assert access.user.exec
    status = cluster_exec.run(access.user.exec, access, seconds)
    return Credential(
        own.headers + (_bearer(access, status.token) if status.token else ()),
        status.client_certificate_data.encode() or own.certificate,
        status.client_key_data.encode() or own.key,
        status.expiration_timestamp,
        renewable=True,
    )


def _bearer(access: Access, token: str) -> Headers:
    if not _SENDABLE.fullmatch(token):
        raise _error(access, "has a token with characters that no header may hold" if token else "has an empty token")
    return (("Authorization", f"Bearer {token}"),)


def _impersonation(access: Access) -> Headers:
    """The headers of ``as`` and its companions; each group is a header of its own."""
    user = access.user
    stated = [("Impersonate-User", user.as_), ("Impersonate-Uid", user.as_uid)]
    stated += [("Impersonate-Group", group) for group in user.as_groups or ()]
    for name, values in (user.as_user_extra or {}).items():
        stated += [(f"Impersonate-Extra-{quote(name, safe='')}", value) for value in values]
    headers = tuple((name, value) for name, value in stated if value)
    if not all(_SENDABLE.fullmatch(value) for _, value in headers):
        raise _error(access, "impersonates a name with characters that no header may hold")
    return headers


def _error(access: Access, what: str) -> ClusterError:
    return ClusterError(f"context {access.context}: user {access.user_name} {what}")
