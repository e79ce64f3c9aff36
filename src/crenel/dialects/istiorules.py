"""Rules of Istio's VirtualServices in neutral terms.

Source of the rules: Istio reference, VirtualService: ``HTTPRoute`` (the first match counts), ``StringMatch``,
``HTTPRewrite`` (a prefix is replaced where one matched), ``HTTPRedirect`` (301 unless told otherwise),
``TLSMatchAttributes``, ``Destination.host`` (a short name is of the VirtualService's namespace).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from crenel.dialects.gatewayapi.rules import seconds
from crenel.dialects.known import Known
from crenel.kubernetes.objects.istio import (
    IstioDestination,
    IstioGateway,
    IstioHTTPMatch,
    IstioHTTPRoute,
    IstioStreamMatch,
    IstioStreamRoute,
    IstioTarget,
    StringMatch,
    VirtualService,
    VirtualServiceSpec,
)
from crenel.provenance import FieldPath
from crenel.routing.filters import Filter, PathChange, Redirect, Reply, Rewrite
from crenel.routing.hosts import ANY, Host
from crenel.routing.matches import EVERYTHING, PathKind, PathMatch, RequestMatch, ValueMatch
from crenel.routing.proxy import NO_TIMEOUTS, Backend, Protocol, Rule, Timeouts

_SERVICE_NAME = re.compile(r"([^.]+)\.([^.]+)\.svc(\..+)?").fullmatch
_PSEUDO = frozenset({"authority", "method", "scheme", "uri"})
_SILENT = ("authority", "scheme", "without_headers", "source_labels", "source_namespace")
"""Conditions that are not followed."""


IN_ORDER = (0,)
"""The precedence of every match: the order in which rules are written decides."""


@dataclass(slots=True)
class Rules:
    """The rules of one VirtualService at one port of one gateway."""

    service: VirtualService
    gateway: IstioGateway
    port: int
    protocol: Protocol
    known: Known
    spec: VirtualServiceSpec = field(init=False)

    def __post_init__(self) -> None:
        self.spec = self.service.spec or VirtualServiceSpec()

    def groups(self, hosts: tuple[Host, ...]) -> Iterator[tuple[tuple[Rule, ...], tuple[Host, ...]]]:
        """Rules with the names that they are for: those of the VirtualService, or of a rule for TLS."""
        if self.protocol in (Protocol.HTTP, Protocol.HTTPS):
            yield tuple(self._http()), hosts
        elif self.protocol is Protocol.TLS and self.spec.tls:
            yield from self._tls()
        else:
            yield tuple(self._tcp()), hosts if self.protocol is Protocol.TLS else (ANY,)

    def _http(self) -> Iterator[Rule]:
        for place, rule in enumerate(self.spec.http or ()):
            meant = [each for each in rule.match or [IstioHTTPMatch()] if self._is_here(each)]
            if meant:
                yield self._rule(rule, meant, ("spec", "http", place))

    def _is_here(self, match: IstioHTTPMatch | IstioStreamMatch) -> bool:
        named = [each.rpartition("/") for each in match.gateways or ()]
        here = (self.gateway.namespace, self.gateway.name)
        at_gateway = not named or any((home or self.service.namespace, name) == here for home, _, name in named)
        return at_gateway and match.port in (None, self.port)

    def _rule(self, rule: IstioHTTPRoute, meant: list[IstioHTTPMatch], where: FieldPath) -> Rule:
        wait = seconds(rule.timeout)
        return Rule(
            tuple(_match(each) for each in meant),
            self._backends(rule.route, where),
            tuple(_filters(rule, meant)),
            tuple(self._mirrors(rule, where)),
            Timeouts(wait) if wait else NO_TIMEOUTS,
            rule.name or "",
            where,
            notes=tuple(_notes(rule, meant)),
        )

    def _tls(self) -> Iterator[tuple[tuple[Rule, ...], tuple[Host, ...]]]:
        for place, rule in enumerate(self.spec.tls or ()):
            for match in rule.match or ():
                if self._is_here(match):
                    yield (self._stream(rule, place, "tls"),), tuple(map(Host.of, match.sni_hosts or ()))

    def _tcp(self) -> Iterator[Rule]:
        for place, rule in enumerate(self.spec.tcp or ()):
            if not rule.match or any(self._is_here(each) for each in rule.match):
                yield self._stream(rule, place, "tcp")

    def _stream(self, rule: IstioStreamRoute, place: int, kind: str) -> Rule:
        where: FieldPath = ("spec", kind, place)
        return Rule((RequestMatch(rank=IN_ORDER),), self._backends(rule.route, where), field=where)

    def _backends(self, targets: list[IstioTarget] | None, where: FieldPath) -> tuple[Backend, ...]:
        listed = targets or []
        alone = len(listed) == 1
        return tuple(
            self._backend(each.destination, 1 if alone else each.weight or 0, (*where, "route", place))
            for place, each in enumerate(listed)
        )

    def _mirrors(self, rule: IstioHTTPRoute, where: FieldPath) -> Iterator[Backend]:
        if rule.mirror is not None:
            yield self._backend(rule.mirror, 1, (*where, "mirror"))
        for place, each in enumerate(rule.mirrors or ()):
            if each.destination is not None:
                yield self._backend(each.destination, 1, (*where, "mirrors", place))

    def _backend(self, to: IstioDestination, weight: int, where: FieldPath) -> Backend:
        namespace, name = self._named(to.host)
        if not namespace:
            return Backend("", name, to.port.number if to.port else None, weight, "Host", field=where)
        service = self.known.services.get((namespace, name))
        ports = (service.spec.ports if service is not None and service.spec else None) or []
        port = to.port.number if to.port else (ports[0].port if len(ports) == 1 else None)
        broken = "" if service is not None else f"there is no Service {namespace}/{name}"
        return Backend(namespace, name, port, weight, broken=broken, status=503, field=where)

    def _named(self, host: str) -> tuple[str, str]:
        """Namespace and name of a Service; the namespace is empty for a name outside of the cluster."""
        if "." not in host:
            return self.service.namespace, host
        if found := _SERVICE_NAME(host):
            return found[2], found[1]
        name, _, namespace = host.partition(".")
        return (namespace, name) if (namespace, name) in self.known.services else ("", host)


def _match(match: IstioHTTPMatch) -> RequestMatch:
    headers = {name: each for name, each in (match.headers or {}).items() if name not in _PSEUDO}
    texts = [match.uri, *headers.values(), *(match.query_params or {}).values()]
    return RequestMatch(
        _path(match),
        (match.method.exact or "") if match.method else "",
        tuple(_value(name, each) for name, each in headers.items()),
        tuple(_value(name, each) for name, each in (match.query_params or {}).items()),
        IN_ORDER,
        settled=not any(each is not None and each.regex is not None for each in texts),
    )


def _path(match: IstioHTTPMatch) -> PathMatch:
    uri = match.uri
    if uri is None:
        return EVERYTHING
    folded = "(?i)" if match.ignore_uri_case else ""
    if uri.exact is not None:
        exact = PathMatch(PathKind.EXACT, uri.exact)
        return PathMatch(PathKind.PATTERN, f"{folded}{re.escape(uri.exact)}") if folded else exact
    if uri.prefix is not None:
        beginning = PathMatch(PathKind.BEGINNING, uri.prefix)
        return PathMatch(PathKind.PATTERN, f"{folded}{re.escape(uri.prefix)}.*") if folded else beginning
    return PathMatch(PathKind.PATTERN, uri.regex) if uri.regex is not None else EVERYTHING


def _value(name: str, text: StringMatch) -> ValueMatch:
    if text.exact is not None:
        return ValueMatch(name, text.exact)
    pattern = f"{re.escape(text.prefix)}.*" if text.prefix is not None else text.regex
    return ValueMatch(name, ".*" if pattern is None else pattern, pattern=True)


def _filters(rule: IstioHTTPRoute, meant: list[IstioHTTPMatch]) -> Iterator[Filter]:
    if rule.redirect is not None:
        to = rule.redirect
        path = PathChange(to.uri) if to.uri else None
        yield Redirect(to.scheme or "", to.authority or "", to.port, path, to.redirect_code or 301)
    elif rule.direct_response is not None:
        yield Reply("a fixed answer", rule.direct_response.status)
    elif rule.rewrite is not None:
        by_prefix = all(each.uri is not None and each.uri.prefix is not None for each in meant)
        path = PathChange(rule.rewrite.uri, prefix_only=by_prefix) if rule.rewrite.uri else None
        yield Rewrite(rule.rewrite.authority or "", path)


def _notes(rule: IstioHTTPRoute, meant: list[IstioHTTPMatch]) -> Iterator[str]:
    if rule.delegate is not None:
        yield "the rule is delegated to another VirtualService, which is not followed"
    if rule.fault is not None:
        yield "the rule injects faults"
    for name in _SILENT:
        if any(getattr(each, name) for each in meant):
            yield f"the condition {name.replace('_', ' ')} is not followed"
    if any(each.method is not None and each.method.exact is None for each in meant):
        yield "the condition on the method is not followed"
