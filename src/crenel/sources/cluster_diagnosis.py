"""What a failed request means, in words; the texts of exceptions may hold what was sent, so few are used."""

from __future__ import annotations

import enum
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2

from crenel.sources.cluster_errors import one_line
from crenel.sources.cluster_limits import Limits


class Outlook(enum.Enum):
    """What can be done about it."""

    LOST = "lost"
    """Nothing: every other request would fail alike."""
    BROKEN = "broken"
    """The connection broke; another try may work."""
    FAILED = "failed"
    """This request failed; others may not."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A failure in words."""

    outlook: Outlook
    message: str


def diagnose(error: Exception, path: str, server: str, limits: Limits) -> Diagnosis:
    """Say what an exception of a GET request means."""
    cause = _root(error)
    if isinstance(error, httpx2.TimeoutException):
        return Diagnosis(Outlook.LOST, _timeout(error, path, limits))
    if isinstance(cause, ssl.SSLError) and "EOF" not in (cause.reason or ""):
        return Diagnosis(Outlook.LOST, _tls(cause))
    if isinstance(error, (httpx2.ProxyError, httpx2.ConnectError)):
        return Diagnosis(Outlook.LOST, _connection(error, cause, server))
    if isinstance(error, httpx2.RemoteProtocolError):
        return Diagnosis(Outlook.BROKEN, "the answer is no HTTP, or ends too early")
    if isinstance(error, (httpx2.NetworkError, OSError)):
        return Diagnosis(Outlook.BROKEN, f"the connection broke: {_reason(cause)}")
    return Diagnosis(Outlook.FAILED, f"the request failed ({type(error).__name__})")


def _timeout(error: Exception, path: str, limits: Limits) -> str:
    if isinstance(error, httpx2.ConnectTimeout):
        return f"no connection within {limits.connect:g} s"
    return f"no answer to GET {path} for {limits.silence:g} s"


def _tls(cause: ssl.SSLError) -> str:
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the server's certificate is not accepted: {one_line(cause.verify_message)}"
    return f"TLS failed: {one_line((cause.reason or 'unknown reason').replace('_', ' ').lower())}"


def _connection(error: Exception, cause: BaseException, server: str) -> str:
    if isinstance(error, httpx2.ProxyError):
        return f"the proxy refuses: {one_line(str(error))}"
    if isinstance(cause, socket.gaierror):
        return f"the name {urlsplit(server).hostname} has no address"
    return f"no connection: {_reason(cause)}"


def _root(error: BaseException) -> BaseException:
    """The first cause of an exception."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return error


def _reason(cause: BaseException) -> str:
    text = (isinstance(cause, OSError) and cause.strerror) or type(cause).__name__
    return one_line(text)
