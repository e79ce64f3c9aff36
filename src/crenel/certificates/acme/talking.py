"""Talks to one server: signed requests, nonces and retries; `acme` signs, `requests` sends.

What is tried again is bounded: a nonce that the server does not take (RFC 8555, 6.5), a connection that fails, an
answer of the kind 5xx. A limit that was reached (429) is never tried again: it is told with the time that the server
gives.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, TypeVar, cast

import requests
from acme import errors as library
from acme import messages
from acme.client import ClientNetwork
from cryptography.hazmat.primitives.asymmetric import ec
from josepy.errors import Error as JoseError
from josepy.interfaces import JSONDeSerializable
from josepy.jwa import ES256
from josepy.jwk import JWKEC

from crenel.certificates.acme import answers
from crenel.certificates.acme.answers import Directory, Fault
from crenel.certificates.acme.errors import AcmeError, GoneError

AGENT = "crenel"
_PATIENCE = 30
"""Seconds for the server to connect, and to send something."""
_TRIES = 4
_LONGEST_PAUSE = 10.0
_LARGEST = 1 << 20
_BUSY = frozenset({500, 502, 503, 504})

_T = TypeVar("_T")


class _Payload(JSONDeSerializable):
    """The payload of a request, as it is sent."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = fields

    def to_partial_json(self) -> Any:
        return dict(self._fields)

    @classmethod
    def from_json(cls, jobj: Any) -> _Payload:
        return cls(jobj)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    data: bytes
    headers: Mapping[str, str]
    links: tuple[str, ...] = ()
    """The addresses of alternatives."""

    def read(self, kind: type[_T], what: str) -> _T:
        """Read it.

        Raises:
            AcmeError: it is something else.
        """
        return answers.read(self.data, kind, what)

    def pause(self, otherwise: float) -> float:
        """How many seconds the server wants one to wait; bounded."""
        again = _again(self.headers)
        seconds = (again - datetime.now(UTC)).total_seconds() if again is not None else otherwise
        return min(max(seconds, 0.05), _LONGEST_PAUSE)

    def wait(self, otherwise: timedelta) -> timedelta:
        """How long the server wants one to wait before the next question."""
        again = _again(self.headers)
        return again - datetime.now(UTC) if again is not None else otherwise


@dataclass(slots=True)
class Server:
    """A server, for one account."""

    url: str
    """Of its directory."""
    key: ec.EllipticCurvePrivateKey = field(repr=False)
    account: str = ""
    """The account's URL; empty before there is one."""
    trust: Path | None = None
    """A file with the CAs that its certificate has to be of, in PEM; None for those of this machine."""
    _network: ClientNetwork | None = field(default=None, init=False, repr=False)
    _directory: Directory | None = field(default=None, init=False, repr=False)
    _last: requests.Response | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        _demand_https(self.url)

    @property
    def jwk(self) -> JWKEC:
        """The account's key, as challenges want it."""
        return JWKEC(key=self.key)

    @property
    def directory(self) -> Directory:
        """Where everything is; asked for once.

        Raises:
            AcmeError: the server cannot be reached, or answers something else.
        """
        if self._directory is None:
            self._directory = self.get(self.url).read(Directory, "directory")
        return self._directory

    def get(self, url: str) -> Answer:
        """Ask for something that everybody may see.

        Raises:
            AcmeError: it is not to be had.
        """
        _demand_https(url)
        return self._patiently(lambda: self._net.get(url, content_type="application/json"))

    def post(self, url: str, fields: Mapping[str, Any] | None = None) -> Answer:
        """Send a signed request; without fields, ask for something that this account alone may see.

        Raises:
            AcmeError: the server refuses, or cannot be reached.
        """
        nonce = self.directory.new_nonce
        for each in (url, nonce):
            _demand_https(each)
        payload = _Payload(fields) if fields is not None else None
        return self._patiently(lambda: self._net.post(url, cast(Any, payload), new_nonce_url=nonce))

    @property
    def _net(self) -> ClientNetwork:
        if self._network is None:
            made = ClientNetwork(key=self.jwk, alg=ES256, user_agent=AGENT, timeout=_PATIENCE,
                                 verify_ssl=cast(bool, str(self.trust) if self.trust else True))  # fmt: skip
            made.session.hooks["response"].append(self._remember)
            made.session.max_redirects = 0
            self._network = made
        if self.account:
            self._network.account = messages.RegistrationResource(body=messages.Registration(), uri=self.account)
        return self._network

    def _remember(self, response: requests.Response, *_: Any, **__: Any) -> None:
        self._last = response

    def _patiently(self, send: Callable[[], requests.Response]) -> Answer:
        for attempt in range(_TRIES):
            self._last = None
            try:
                return _answer(send())
            except (messages.Error, library.ClientError, library.NonceError) as error:
                if attempt + 1 == _TRIES or not self._is_passing(error):
                    raise self._refused(error) from None
            except requests.RequestException as error:
                if attempt + 1 == _TRIES:
                    raise AcmeError(f"{self.url}: {_why(error)}") from None
            except (ValueError, RecursionError, JoseError):
                raise AcmeError(f"{self.url}: the answer makes no sense") from None
            time.sleep(self._pause(attempt))
        raise AssertionError("unreachable")

    def _pause(self, attempt: int) -> float:
        """Seconds until the next try."""
        own = 0.25 * float(4**attempt)
        if self._last is None or self._last.status_code not in _BUSY:
            return own if self._last is None else 0.0
        again = _again(self._last.headers)
        return own if again is None else min(max((again - datetime.now(UTC)).total_seconds(), own), _LONGEST_PAUSE)

    def _is_passing(self, error: Exception) -> bool:
        """Whether the next try may be answered otherwise."""
        if isinstance(error, messages.Error) and error.code == "badNonce":
            return True
        if isinstance(error, library.NonceError):
            return True
        return self._last is not None and self._last.status_code in _BUSY

    def _refused(self, error: Exception) -> AcmeError:
        """What the server said, in one line."""
        last = self._last
        again = _again(last.headers) if last is not None else None
        until = f"; it may be tried again from {again:%Y-%m-%dT%H:%M:%SZ}" if again is not None else ""
        if last is None or last.ok:
            return AcmeError(f"{self.url}: {_why(error)}")
        try:
            fault = answers.read(last.content[:_LARGEST], Fault, "problem document")
        except AcmeError:
            return AcmeError(f"{self.url} answers {last.status_code}{until}", again)
        kind = GoneError if last.status_code == 404 or fault.code == "accountDoesNotExist" else AcmeError
        return kind(f"the server refuses: {fault}{until}", again)


def _answer(response: requests.Response) -> Answer:
    if len(response.content) > _LARGEST:
        raise ValueError("the answer is too large")
    header = response.headers.get("Link", "")
    found = requests.utils.parse_header_links(header) if header else []
    links = tuple(each["url"] for each in found if each.get("rel") == "alternate" and "url" in each)
    return Answer(response.content, response.headers, links)


def _demand_https(url: str) -> None:
    """Refuse what would be sent in plain text (RFC 8555, 6.1)."""
    if not url.startswith("https://"):
        raise AcmeError(f"{answers.one_line(url) or 'an empty address'}: ACME is spoken over https alone")


def _again(headers: Mapping[str, str]) -> datetime | None:
    """When the server wants to be asked again (RFC 9110, 10.2.3); None where it does not say."""
    text = headers.get("Retry-After", "").strip()
    try:
        if text.isascii() and text.isdigit():
            return datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=min(int(text[:10]), 31_536_000))
        return parsedate_to_datetime(text).astimezone(UTC) if text else None
    except (ValueError, TypeError, OverflowError):
        return None


def _why(error: Exception) -> str:
    """Why something failed, without the library's own words where these are long."""
    if isinstance(error, requests.exceptions.SSLError):
        return f"its certificate is not accepted: {answers.one_line(_innermost(error))}"
    if isinstance(error, requests.exceptions.Timeout):
        return "it does not answer in time"
    if isinstance(error, requests.RequestException):
        return f"it cannot be reached: {answers.one_line(_innermost(error))}"
    return answers.one_line(str(error)) or type(error).__name__


def _innermost(error: BaseException) -> str:
    """The last reason in a chain of them."""
    seen = 0
    while (inner := error.__cause__ or error.__context__) is not None and seen < 8:
        error, seen = inner, seen + 1
    return str(error) or type(error).__name__
