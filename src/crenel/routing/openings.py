"""Every way through a proxy, one by one, for whoever asks what can be reached from outside.

Nothing is left out for being shadowed by a rule that comes first: an opening says what a rule offers, and
`crenel.routing.routing.route` who answers one request.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from crenel.provenance import FieldPath, Origin
from crenel.routing.filters import Redirect, Reply
from crenel.routing.hosts import Host
from crenel.routing.matches import RequestMatch
from crenel.routing.proxy import Backend, Listener, Proxy, Route, Rule, TlsMode


@dataclass(frozen=True, slots=True)
class Opening:
    """Requests for one host, under one match, at one listener, and where they go.

    `origin` and `field` lead to the rule. `backends` and `mirrors` hold only references that lead somewhere.
    """

    proxy: Proxy
    listener: Listener
    host: Host
    match: RequestMatch
    route: Route
    rule: Rule
    backends: tuple[Backend, ...]
    mirrors: tuple[Backend, ...]
    redirect: Redirect | None = None
    """The rule only sends clients elsewhere."""

    @property
    def tls(self) -> TlsMode:
        """Who ends the client's TLS."""
        return self.listener.tls

    @property
    def origin(self) -> Origin:
        """The document that the rule is written in."""
        return self.route.origin

    @property
    def field(self) -> FieldPath:
        """Where in the document."""
        return self.rule.field


def openings(proxy: Proxy) -> Iterator[Opening]:
    """All openings of a proxy: by listener, route, host, rule and match, in the order they are written."""
    for listener in proxy.listeners:
        for route in listener.routes:
            hosts = dict.fromkeys(common for host in route.hosts if (common := listener.host.common(host)))
            for rule in route.rules:
                backends, mirrors, redirect = _ends(rule)
                for host in hosts:
                    for match in rule.matches:
                        yield Opening(proxy, listener, host, match, route, rule, backends, mirrors, redirect)


def _ends(rule: Rule) -> tuple[tuple[Backend, ...], tuple[Backend, ...], Redirect | None]:
    for each in rule.filters:
        if isinstance(each, Redirect):
            return (), (), each
        if isinstance(each, Reply):
            return (), (), None
    taking = [each for each in rule.backends if each.weight > 0 and not each.broken]
    reached = tuple(each for each in taking if not any(isinstance(one, Redirect | Reply) for one in each.filters))
    mirrors = tuple(each for each in rule.mirrors if not each.broken)
    return reached, mirrors, None
