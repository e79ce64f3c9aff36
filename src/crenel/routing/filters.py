"""What a proxy does to a request or its response on the way: rewrites, redirects, headers, cross-origin answers.

Source of the rules: Gateway API ``HTTPRouteFilter`` (apis/v1/httproute_types.go) and, for cross-origin requests, the
Fetch standard (3.2 CORS protocol) as ``HTTPCORSFilter`` narrows it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from crenel.routing.hosts import plain
from crenel.routing.requests import Request

Headers: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PathChange:
    """A new path: in the place of the whole one, or of the prefix by which the request matched."""

    value: str
    prefix_only: bool = False

    def apply(self, path: str, matched: str) -> str:
        """The changed path, with the query kept. `matched` is the prefix of the rule's match."""
        old, mark, query = path.partition("?")
        if not self.prefix_only:
            return f"{self.value or '/'}{mark}{query}"
        bare = matched.rstrip("/")
        rest = old[len(bare) :] if old.startswith(bare) else ""
        new = f"{self.value.rstrip('/')}{rest}" if rest.strip("/") else self.value
        if rest and not rest.strip("/"):
            new = f"{self.value.rstrip('/')}/"
        return f"{new or '/'}{mark}{query}"


@dataclass(frozen=True, slots=True)
class HeaderChanges:
    """Headers to overwrite, to append to and to take away; names without regard to case."""

    set: Headers = ()
    add: Headers = ()
    remove: tuple[str, ...] = ()

    def apply(self, headers: Iterable[tuple[str, str]]) -> Headers:
        """The changed headers: overwritten first, then appended to, then taken away."""
        changed = _without(headers, (name for name, _ in self.set)) + self.set
        for name, value in self.add:
            held = [each for each in changed if each[0].lower() == name.lower()]
            joined = ",".join([*(each for _, each in held), value])
            changed = (*_without(changed, [name]), (held[0][0] if held else name, joined))
        return _without(changed, self.remove)


def _without(headers: Iterable[tuple[str, str]], names: Iterable[str]) -> Headers:
    gone = {name.lower() for name in names}
    return tuple(each for each in headers if each[0].lower() not in gone)


@dataclass(frozen=True, slots=True)
class RequestHeaders(HeaderChanges):
    """Changes to what the backend receives."""


@dataclass(frozen=True, slots=True)
class ResponseHeaders(HeaderChanges):
    """Changes to what the client receives."""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Another host or path for the backend to see."""

    host: str = ""
    path: PathChange | None = None

    def apply(self, request: Request, matched: str) -> Request:
        """The request as it is passed on."""
        path = self.path.apply(request.path, matched) if self.path else request.path
        return replace(request, host=self.host or request.host, path=path)


@dataclass(frozen=True, slots=True)
class Location:
    """Where a redirect sends the client. `port` is None where it is the one that the scheme implies."""

    scheme: str
    host: str
    port: int | None
    path: str

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}{f':{self.port}' if self.port else ''}{self.path}"


_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Redirect:
    """An answer that sends the client elsewhere; what is not given stays as it was.

    Source of the port: ``HTTPRequestRedirectFilter.port``. Without one it is that of a given scheme, and the
    listener's own without a given scheme; the Location names no port that its scheme implies.
    """

    scheme: str = ""
    host: str = ""
    port: int | None = None
    path: PathChange | None = None
    status: int = 302

    def location(self, request: Request, matched: str, listening: int) -> Location:
        """Where a request that arrived at port `listening` is sent."""
        scheme = self.scheme or request.scheme
        port = self.port or (_PORTS.get(scheme) if self.scheme else listening)
        path = self.path.apply(request.path, matched) if self.path else request.path
        host = self.host or plain(request.host)
        return Location(scheme, host, None if port == _PORTS.get(scheme) else port, path)


@dataclass(frozen=True, slots=True)
class CrossOrigin:
    """Answers to preflight requests, and headers on others, for scripts of other origins."""

    origins: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    credentials: bool = False
    max_age: int | None = None
    """Seconds."""

    def allows(self, origin: str) -> bool:
        """Whether scripts of an origin may read answers: exactly, or by a ``*`` in a listed host."""
        return any(each in ("*", origin) or _wild(each, origin) for each in self.origins)

    def answer(self, request: Request) -> Headers | None:
        """The headers for an allowed origin, those of a preflight included; None for another or no origin."""
        origin = request.header("origin")
        if origin is None or not self.allows(origin):
            return None
        open_ = "*" in self.origins and not self.credentials
        found = [("Access-Control-Allow-Origin", "*" if open_ else origin)]
        if self.credentials:
            found.append(("Access-Control-Allow-Credentials", "true"))
        if self.exposed:
            found.append(("Access-Control-Expose-Headers", ", ".join(self.exposed)))
        return (*found, *self._preflight(request)) if is_preflight(request) else tuple(found)

    def _preflight(self, request: Request) -> Headers:
        asked_method = request.header("access-control-request-method") or ""
        asked_headers = request.header("access-control-request-headers") or ""
        found = [
            ("Access-Control-Allow-Methods", self._listed(self.methods, asked_method)),
            ("Access-Control-Allow-Headers", self._listed(self.headers, asked_headers)),
            ("Access-Control-Max-Age", "" if self.max_age is None else str(self.max_age)),
        ]
        return tuple(each for each in found if each[1])

    def _listed(self, allowed: tuple[str, ...], asked: str) -> str:
        """The list that is answered; browsers take no ``*`` where credentials are sent."""
        if "*" in allowed and self.credentials:
            return asked
        return ", ".join(allowed)


def is_preflight(request: Request) -> bool:
    """Whether a browser asks beforehand if it may send a request."""
    return request.method == "OPTIONS" and request.header("access-control-request-method") is not None


def _wild(pattern: str, origin: str) -> bool:
    head, star, tail = pattern.partition("*")
    inside = origin[len(head) : len(origin) - len(tail)]
    return bool(star and inside) and origin.startswith(head) and origin.endswith(tail) and "/" not in inside


@dataclass(frozen=True, slots=True)
class Foreign:
    """A filter of the proxy's own kind: what it does to a request is not known."""

    title: str


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the proxy's own: a fixed one, or the error for a filter that cannot be resolved."""

    reason: str
    status: int = 500


Filter: TypeAlias = "RequestHeaders | ResponseHeaders | Rewrite | Redirect | CrossOrigin | Foreign | Reply"


@dataclass(slots=True)
class Passage:
    """What the filters of a rule and of a backend make of one request."""

    request: Request
    matched: str
    listening: int
    response: list[ResponseHeaders] = field(default_factory=list)
    answered: Headers = ()
    status: int | None = None
    location: Location | None = None
    reason: str = ""
    foreign: list[str] = field(default_factory=list)

    def through(self, filters: Iterable[Filter]) -> None:
        """Apply filters in order, as far as the first one that answers by itself."""
        for each in filters:
            if self.status is None:
                self._apply(each)

    def _apply(self, each: Filter) -> None:
        match each:
            case RequestHeaders():
                self.request = replace(self.request, headers=each.apply(self.request.headers))
            case ResponseHeaders():
                self.response.append(each)
            case Rewrite():
                self.request = each.apply(self.request, self.matched)
            case Redirect():
                self.status, self.reason = each.status, "redirected"
                self.location = each.location(self.request, self.matched, self.listening)
            case CrossOrigin():
                self._cross_origin(each)
            case Foreign(title):
                self.foreign.append(title)
            case Reply(reason, status):
                self.status, self.reason = status, reason

    def _cross_origin(self, each: CrossOrigin) -> None:
        headers = each.answer(self.request)
        if headers is not None:
            self.answered += headers
        if is_preflight(self.request):
            self.status, self.reason = 204, "answers preflight requests itself"

    def copy(self) -> Passage:
        """The state so far, for one of several backends."""
        return replace(self, response=list(self.response), foreign=list(self.foreign))
