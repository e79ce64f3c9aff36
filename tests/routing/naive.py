"""A router that is slow and plain: it gathers everything that matches a request and sorts it as the API says.

It shares no comparison with the package: hosts are regular expressions here, paths are lists of segments.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from crenel.routing.hosts import Host
from crenel.routing.matches import PathKind, RequestMatch
from crenel.routing.proxy import Listener, Proxy, Route, Rule
from crenel.routing.requests import Request


class Choice(NamedTuple):
    """What a request got: a listener by name, and route, rule and match by their places."""

    listener: str
    route: str
    rule: int
    match: int


def fits_host(host: Host, name: str) -> bool:
    """Whether a name falls under a host."""
    if not host.name:
        return True
    labels = r"[^.]+" if host.one_label else r"[^.]+(\.[^.]+)*"
    pattern = rf"{labels}\.{re.escape(host.name)}" if host.wildcard else re.escape(host.name)
    return re.fullmatch(pattern, name) is not None


def specificity(host: Host) -> tuple[int, int]:
    """Exact hosts before wildcards before none; among them the longer first."""
    kind = 0 if not host.name else 1 if host.wildcard else 2
    return kind, len(host.name)


def segments(path: str) -> list[str]:
    """The segments of a path; a slash at its end makes none."""
    return path.rstrip("/").split("/")[1:] if path.rstrip("/") else []


def fits(match: RequestMatch, request: Request) -> bool:
    """Whether a request falls under a match of exact or prefix paths."""
    path, _, query = request.path.partition("?")
    held = {name.lower(): value for name, value in request.headers}
    given = dict(reversed([(pair.partition("=")[0], pair.partition("=")[2]) for pair in query.split("&") if pair]))
    if match.path.kind is PathKind.EXACT:
        right = path == match.path.value
    else:
        wanted = segments(match.path.value)
        right = segments(path)[: len(wanted)] == wanted
    right = right and match.method in ("", request.method)
    right = right and all(held.get(each.name.lower()) == each.value for each in match.headers)
    return right and all(given.get(each.name) == each.value for each in match.query)


def choose(proxy: Proxy, request: Request) -> Choice | None:
    """What a plain request gets; None for nothing."""
    listeners = [
        each for each in proxy.listeners if each.port == request.port and fits_host(each.host, request.host.lower())
    ]
    if not listeners:
        return None
    listener = max(listeners, key=lambda each: specificity(each.host))
    found = candidates(listener, request)
    if proxy.exclusive_hosts and found:
        raise AssertionError("the reference has no exclusive hosts")
    return min(found, key=lambda each: each[0])[1] if found else None


def candidates(listener: Listener, request: Request) -> list[tuple[Any, Choice]]:
    """Everything of a listener that a request falls under, with what it is sorted by."""
    return [
        (order(route, host, match, place, number), Choice(listener.name, route.title, place, number))
        for route in listener.routes
        for host in route.hosts
        if fits_host(host, request.host.lower())
        for place, rule in enumerate(route.rules)
        for number, match in enumerate(rule.matches)
        if fits(match, request)
    ]


def order(route: Route, host: Host, match: RequestMatch, place: int, number: int) -> tuple[Any, ...]:
    """The order of precedence in the comment on HTTPRouteRule.matches, each part smaller for what comes first."""
    kind, length = specificity(host)
    return (
        -kind,
        -length,
        0 if match.path.kind is PathKind.EXACT else 1,
        -len(match.path.value),
        0 if match.method else 1,
        -len(match.headers),
        -len(match.query),
        route.age,
        route.title,
        place,
        number,
    )


def places(route: Route, rule: Rule) -> int:
    """Where a rule stands in its route."""
    return next(place for place, each in enumerate(route.rules) if each is rule)
