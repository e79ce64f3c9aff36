"""What becomes of a request: every answer it may get, and why."""

from __future__ import annotations

from dataclasses import dataclass

from crenel.routing.filters import Headers, Location, ResponseHeaders
from crenel.routing.proxy import NO_TIMEOUTS, Backend, Listener, Route, Rule, Timeouts
from crenel.routing.requests import Request


@dataclass(frozen=True, slots=True)
class Answer:
    """One outcome, for a share of `weight` among its siblings: a backend's answer, or one of the proxy's own."""

    weight: int = 1
    backend: Backend | None = None
    seen: Request | None = None
    """The request as the backend receives it."""
    mirrors: tuple[Backend, ...] = ()
    status: int | None = None
    """The status of the proxy's own answer; None where the backend answers."""
    location: Location | None = None
    reason: str = ""
    changes: tuple[ResponseHeaders, ...] = ()
    added: Headers = ()
    """Headers that the proxy puts on the response by itself."""
    foreign: tuple[str, ...] = ()
    """Filters that are not understood."""

    def response_headers(self, sent: Headers = ()) -> Headers:
        """The headers that the client receives, when the backend sends `sent`."""
        headers = sent
        for change in self.changes:
            headers = change.apply(headers)
        taken = {name.lower() for name, _ in self.added}
        return (*(each for each in headers if each[0].lower() not in taken), *self.added)


@dataclass(frozen=True, slots=True)
class Decision:
    """How a proxy deals with one request or connection.

    `refused` says why no connection comes about at all (no listener, no TLS for that name); `answers` is then empty.
    """

    request: Request
    answers: tuple[Answer, ...] = ()
    refused: str = ""
    listener: Listener | None = None
    route: Route | None = None
    rule: Rule | None = None
    timeouts: Timeouts = NO_TIMEOUTS
    unsure: tuple[str, ...] = ()
    """Where proxies differ, or something is not known, that may change the answer."""

    @property
    def backends(self) -> tuple[Backend, ...]:
        """The backends that may answer."""
        return tuple(each.backend for each in self.answers if each.backend is not None)

    @property
    def statuses(self) -> tuple[int, ...]:
        """The statuses of the proxy's own answers."""
        return tuple(each.status for each in self.answers if each.status is not None)

    def expires(self, seconds: float) -> bool:
        """Whether a backend that needs so long is answered for with 504."""
        shortest = self.timeouts.shortest
        return bool(self.backends) and shortest is not None and seconds > shortest
