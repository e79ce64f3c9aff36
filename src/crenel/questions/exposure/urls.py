"""Who answers a URL, and whether the internet gets there: ``https://shop.example.com/cart``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from crenel.dialects.cloudproxies import CloudProxy
from crenel.dialects.joined import Joined
from crenel.dialects.proxies import Served, find
from crenel.questions.exposure.asking import judged
from crenel.questions.exposure.assumptions import Assumptions
from crenel.questions.exposure.fronted import Fronted
from crenel.questions.exposure.ground import Ground
from crenel.questions.exposure.paths import Path
from crenel.questions.exposure.proxied import Onward, Proxied
from crenel.questions.exposure.targets import INTERNET, PORTS
from crenel.questions.exposure.walking import Walker
from crenel.questions.places import PlaceError
from crenel.questions.verdict import Outcome, Verdict
from crenel.routing.decision import Decision
from crenel.routing.proxy import Proxy
from crenel.routing.requests import Request
from crenel.routing.routing import route


@dataclass(frozen=True, slots=True)
class Asked:
    """A URL as a request."""

    text: str
    request: Request


def read_url(text: str) -> Asked:
    """Read a URL.

    Raises:
        PlaceError: it has no host, or its port is impossible.
    """
    try:
        parts = urlsplit(text)
        port = parts.port or PORTS[parts.scheme.lower()]
    except ValueError as error:
        raise PlaceError(f"cannot read {text!r}: {error}") from None
    if not parts.hostname:
        raise PlaceError(f"cannot read {text!r}: it has no host")
    return Asked(text, _request(parts, port))


def _request(parts: SplitResult, port: int) -> Request:
    host = parts.hostname or ""
    path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    encrypted = parts.scheme.lower() == "https"
    return Request(host, path, port=port, server_name=host if encrypted else None)


def ask(joined: Joined, text: str, assumed: Assumptions, declared: dict[str, tuple[str, str]]) -> Verdict:
    """May the internet get an answer to a GET of a URL, from whom, and through what.

    Raises:
        PlaceError: it cannot be read.
    """
    asked, ground = read_url(text), Ground(joined)
    walker = Walker(ground, assumed)
    first = list(walker.paths())
    found = find(joined.proxies, joined.model.given.decoded, joined.model.scope, declared)
    decided = [(served, route(served.proxy, asked.request)) for served in found]
    taken = [(served, decision) for served, decision in decided if _is_good(decision)]
    if not taken:
        return Verdict(INTERNET, text, (), Outcome.DENIED, reasons=tuple(_refusals(asked, decided)))
    onward = Proxied(ground, found)
    fronted = Fronted(walker, onward, found)
    paths = [
        path
        for served, decision in taken
        for path in (
            _behind_cloud(fronted, served.cloud, decision)
            if served.cloud is not None
            else _paths(onward, first, served, decision)
        )
    ]
    notes = [note for served, decision in taken for note in _notes(served, decision)]
    return judged(paths, text, (("TCP", str(asked.request.port)),), notes, _nobody(taken))


def _is_good(decision: Decision) -> bool:
    """Whether somebody behind the proxy answers, or the proxy sends the client elsewhere, rather than an error."""
    return any(answer.backend is not None or (answer.status or 500) < 400 for answer in decision.answers)


def _paths(onward: Proxied, first: Sequence[Path], served: Served, decision: Decision) -> Iterator[Path]:
    """The paths that the answer of one proxy makes: to its backends, or to itself where it answers."""
    arriving = [path for path in first if path.endpoint in served.pods]
    if decision.listener is not None and not decision.backends:
        yield from (path for path in arriving if path.entry.listener_port == decision.listener.port)
    for meant in _onwards(served.proxy, decision):
        for path in arriving:
            yield from onward.onward(path, served, meant)


def _behind_cloud(fronted: Fronted, cloud: CloudProxy, decision: Decision) -> Iterator[Path]:
    """The same for a proxy that is a load balancer of a cloud."""
    if decision.listener is not None and not decision.backends:
        yield from fronted.arriving(cloud, decision.listener)
    for meant in _onwards(cloud.proxy, decision):
        yield from fronted.onward(cloud, meant)


def _onwards(proxy: Proxy, decision: Decision) -> Iterator[Onward]:
    """Where a decision sends the request."""
    rule, found, listener = decision.rule, decision.route, decision.listener
    for backend in decision.backends if listener is not None else ():
        assert listener is not None
        origin = found.origin if found is not None else proxy.origin
        field = rule.field if rule is not None else ()
        yield Onward(
            backend, listener, decision.request.path, origin, field, rule.sources if rule is not None else None
        )


def _notes(served: Served, decision: Decision) -> Iterator[str]:
    for answer in decision.answers:
        if answer.backend is not None:
            yield f"{served.proxy.title} sends it to service {answer.backend}"
        elif answer.location is not None:
            yield f"{served.proxy.title} answers {answer.status}: {answer.reason or 'a redirect'}"
        else:
            yield f"{served.proxy.title} answers {answer.status}: {answer.reason}"
    yield from decision.unsure


def _nobody(taken: Sequence[tuple[Served, Decision]]) -> tuple[str, ...]:
    """Why no path leads to a proxy that would answer."""
    lacking = tuple(served.lacks for served, _ in taken if served.lacks)
    titles = ", ".join(served.proxy.title for served, _ in taken)
    return tuple(f"unknown: {text}" for text in lacking) or (f"nothing leads to {titles} from outside",)


def _refusals(asked: Asked, decided: Sequence[tuple[Served, Decision]]) -> Iterator[str]:
    for served, decision in decided:
        errors = "; ".join(f"answers {each.status}: {each.reason}" for each in decision.answers)
        yield f"{served.proxy.title} {errors}" if errors else f"{served.proxy.title}: {decision.refused}"
    if not decided:
        yield f"no Ingress, Gateway or Route in the input answers for {asked.request.name}"
