"""A conversation with one API server: GET requests that end in time, with the credentials renewed when they expire."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Self, TypeAlias
from urllib.parse import urlsplit

import httpx2
import msgspec

from crenel import __version__
from crenel.sources import cluster_credentials, cluster_tls
from crenel.sources.cluster_credentials import Credential
from crenel.sources.cluster_diagnosis import Outlook, diagnose
from crenel.sources.cluster_errors import ClusterError, RefusedError, UnreachableError, one_line, without_login
from crenel.sources.cluster_limits import Limits
from crenel.sources.kubeconfig import Access

Query: TypeAlias = Mapping[str, str | int]
_Answer: TypeAlias = tuple[int, Mapping[str, str], bytes]

_BUSY = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
_REPEATS = 2
"""How often a request is repeated whose connection broke."""
_LARGEST = 1 << 30
"""Bytes in one answer."""


class _Metadata(msgspec.Struct, rename={"token": "continue"}):
    token: str = ""


class _Status(msgspec.Struct):
    """The body of an error (meta/v1 Status)."""

    message: str = ""
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)


class Session:
    """GET requests to the API server of one context; safe to use from several threads.

    Raises:
        ClusterError: the context cannot be used.

    """

    def __init__(self, access: Access, limits: Limits) -> None:
        self.access = access
        self.limits = limits
        self._lock = threading.Lock()
        self._lost: UnreachableError | None = None
        self._clients: list[httpx2.Client] = []
        _check_server(access)
        self._credential = cluster_credentials.obtain(access, limits.login)
        self._clients.append(self._connect())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._clients:
            client.close()

    def get(self, path: str, query: Query | None = None) -> bytes:
        """Return the body of a 200 answer.

        A request that the server is too busy for is repeated after Retry-After, or else after a growing pause; one
        whose connection breaks is repeated twice.

        Raises:
            UnreachableError: no connection, no answer in time, or the login is refused (401); every later request
                raises it too.
            RefusedError: any other answer.
            ClusterError: the connection broke again and again.

        """
        give_up, pause = time.monotonic() + self.limits.busy, 0.5
        while True:
            status, headers, body = self._authenticated(path, query)
            if status == HTTPStatus.OK:
                return body
            wait = _retry_after(headers, pause)
            if status not in _BUSY or time.monotonic() + wait > give_up:
                raise self._refusal(path, status, body)
            time.sleep(wait)
            pause *= 2

    @property
    def where(self) -> str:
        """How messages name the server."""
        return f"context {self.access.context}: {without_login(self.access.cluster.server)}"

    def nonsense(self, path: str) -> ClusterError:
        """The error for an answer that cannot be an API server's."""
        return ClusterError(f"{self.where}: GET {path}: this is not what a Kubernetes API server answers")

    def _authenticated(self, path: str, query: Query | None) -> _Answer:
        """Send a request, once more with another credential where the first is not accepted."""
        credential = self._current()
        answer = self._persistent(credential, path, query)
        if answer[0] == HTTPStatus.UNAUTHORIZED and self._renew(credential):
            answer = self._persistent(self._current(), path, query)
        if answer[0] == HTTPStatus.UNAUTHORIZED:
            raise self._lose(self._refused_login())
        return answer

    def _persistent(self, credential: Credential, path: str, query: Query | None) -> _Answer:
        """Send a request, and again when its connection breaks."""
        for repeat in range(_REPEATS + 1):
            if self._lost:
                raise self._lost
            try:
                return self._once(credential, path, query)
            except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
                found = diagnose(error, path, self.access.cluster.server, self.limits)
            if found.outlook is Outlook.LOST:
                raise self._lose(found.message)
            if found.outlook is Outlook.FAILED or repeat == _REPEATS:
                break
        raise ClusterError(f"{self.where}: GET {path}: {found.message}")

    def _once(self, credential: Credential, path: str, query: Query | None) -> _Answer:
        """Send a request and read the answer, for as long as an answer may take."""
        deadline = time.monotonic() + self.limits.answer
        with self._clients[-1].stream("GET", path, params=query, headers=list(credential.headers)) as response:
            body = bytearray()
            for piece in response.iter_bytes():
                body += piece
                if time.monotonic() > deadline or len(body) > _LARGEST:
                    raise self._lose(f"the answer to GET {path} did not end within {self.limits.answer:g} s")
            return response.status_code, response.headers, bytes(body)

    def _current(self) -> Credential:
        with self._lock:
            if self._credential.expired and self._credential.renewable:
                self._replace(self._obtain())
            return self._credential

    def _renew(self, used: Credential) -> bool:
        """Obtain another credential after `used` was refused; False when there is no way to."""
        with self._lock:
            if self._credential is not used:
                return True
            if not used.renewable:
                return False
            self._replace(self._obtain())
            return True

    def _obtain(self) -> Credential:
        try:
            return cluster_credentials.obtain(self.access, self.limits.login)
        except ClusterError as error:
            self._lost = UnreachableError(str(error))
            raise self._lost from None

    def _replace(self, credential: Credential) -> None:
        changed = credential.certificate != self._credential.certificate
        self._credential = credential
        if changed:
            self._clients.append(self._connect())

    def _connect(self) -> httpx2.Client:
        limits, cluster = self.limits, self.access.cluster
        timeout = httpx2.Timeout(limits.silence, connect=limits.connect, pool=None)
        headers = {"Accept": "application/json", "User-Agent": f"crenel/{__version__}"}
        if cluster.disable_compression:
            headers["Accept-Encoding"] = "identity"
        try:
            return httpx2.Client(
                base_url=cluster.server,
                verify=cluster_tls.context(self.access, self._credential),
                proxy=cluster.proxy_url or None,
                timeout=timeout,
                limits=httpx2.Limits(max_connections=limits.connections),
                headers=headers,
            )
        except (ValueError, ImportError, httpx2.InvalidURL):
            proxy = f"proxy-url {without_login(cluster.proxy_url)!r}" if cluster.proxy_url else "environment's proxy"
            raise ClusterError(f"context {self.access.context}: the {proxy} cannot be used") from None

    def _lose(self, what: str) -> UnreachableError:
        """Give the server up, so that no other list waits for the same in vain."""
        self._lost = UnreachableError(f"{self.where}: {what}")
        return self._lost

    def _refused_login(self) -> str:
        who = f"user {self.access.user_name}" if self.access.user_name else "a user without a name"
        return f"the API server does not accept the credentials of {who} (401); log in again"

    def _refusal(self, path: str, code: int, body: bytes) -> RefusedError:
        status = _Status()
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
            status = msgspec.json.decode(body, type=_Status)
        said = f": {one_line(status.message)}" if status.message else ""
        return RefusedError(f"{self.where}: GET {path}: status {code}{said}", code, status.metadata.token)


def _check_server(access: Access) -> None:
    server = access.cluster.server
    try:
        parts = urlsplit(server)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        stated = f"{without_login(server)!r} is no http or https address" if server else "it names no server"
        raise ClusterError(f"context {access.context}: the cluster cannot be used: {stated}")


def _retry_after(headers: Mapping[str, str], otherwise: float) -> float:
    """The seconds of a Retry-After header; a date is not what API servers send."""
    text = headers.get("retry-after", "")
    return max(float(text), 0.1) if text.isdecimal() else otherwise
