"""Rules of routes in neutral terms.

Source of the rules: kubernetes-sigs/gateway-api apis/v1 ``HTTPRouteRule``, ``HTTPRouteFilter``, ``GRPCRouteRule``
(precedence by the characters of service and method), ``HTTPRouteTimeouts`` and GEP-2257 (durations; zero is no limit).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from crenel.dialects.gatewayapi.backends import Backends
from crenel.dialects.gatewayapi.references import Finding, From
from crenel.kubernetes.objects.routes import (
    BackendReference,
    CORSFilter,
    GRPCMatch,
    GRPCRoute,
    GRPCRule,
    Header,
    HeaderModifier,
    HTTPMatch,
    HTTPRoute,
    HTTPRule,
    HTTPTimeouts,
    NamedValue,
    PathModifier,
    RedirectFilter,
    RouteFilter,
    StreamRoute,
    StreamRule,
)
from crenel.provenance import FieldPath
from crenel.routing.filters import (
    CrossOrigin,
    Filter,
    Foreign,
    Headers,
    PathChange,
    Redirect,
    RequestHeaders,
    ResponseHeaders,
    Rewrite,
)
from crenel.routing.matches import PathKind, PathMatch, RequestMatch, ValueMatch
from crenel.routing.proxy import NO_TIMEOUTS, Backend, Rule, Timeouts

_KINDS = {"Exact": PathKind.EXACT, "PathPrefix": PathKind.PREFIX, "RegularExpression": PathKind.PATTERN}
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


@dataclass(slots=True)
class Rules:
    """The rules of one route for one Gateway, and what is wrong with their references."""

    route: HTTPRoute | GRPCRoute | StreamRoute
    backends: Backends
    findings: list[Finding] = field(default_factory=list)
    rules: tuple[Rule, ...] = field(init=False)

    def __post_init__(self) -> None:
        written: list[HTTPRule | GRPCRule | StreamRule]
        written = [*((self.route.spec.rules if self.route.spec else None) or ())]
        if not written and isinstance(self.route, HTTPRoute):
            self.rules = (Rule(field=("spec",)),)
        else:
            self.rules = tuple(self._rule(rule, ("spec", "rules", place)) for place, rule in enumerate(written))

    def _rule(self, rule: HTTPRule | GRPCRule | StreamRule, where: FieldPath) -> Rule:
        if isinstance(rule, StreamRule):
            return Rule(backends=self._all(rule.backend_refs, where), name=rule.name or "", field=where)
        mirrors: list[Backend] = []
        filters = self._filters(rule.filters or (), (*where, "filters"), mirrors)
        backends = self._all(rule.backend_refs, where, mirrors)
        matches, timeouts = _conditions(rule)
        return Rule(matches, backends, filters, tuple(mirrors), timeouts, rule.name or "", where)

    def _all(
        self, refs: list[BackendReference] | None, where: FieldPath, mirrors: list[Backend] | None = None
    ) -> tuple[Backend, ...]:
        return tuple(
            self._backend(ref, (*where, "backendRefs", place), mirrors) for place, ref in enumerate(refs or ())
        )

    def _backend(self, ref: BackendReference, where: FieldPath, mirrors: list[Backend] | None) -> Backend:
        copies: list[Backend] = [] if mirrors is None else mirrors
        filters = self._filters(ref.filters or (), (*where, "filters"), copies)
        made, finding = self.backends.resolve(ref, self._source, where, filters)
        self.findings.append(finding)
        return made

    @property
    def _source(self) -> From:
        return From(self.route.kind, self.route.namespace)

    def _filters(self, filters: Sequence[RouteFilter], where: FieldPath, mirrors: list[Backend]) -> tuple[Filter, ...]:
        found: list[Filter] = []
        for place, each in enumerate(filters):
            if each.request_mirror is not None:
                field_ = (*where, place, "requestMirror", "backendRef")
                made, finding = self.backends.resolve(each.request_mirror.backend_ref, self._source, field_)
                self.findings.append(finding)
                mirrors.append(made)
            else:
                found.append(_filter(each))
        return tuple(found)


def _conditions(rule: HTTPRule | GRPCRule) -> tuple[tuple[RequestMatch, ...], Timeouts]:
    """The matches of a rule, one that takes everything where there is none, and its timeouts."""
    if isinstance(rule, HTTPRule):
        return tuple(map(_http_match, rule.matches or [HTTPMatch()])), _timeouts(rule.timeouts)
    return tuple(map(_grpc_match, rule.matches or [GRPCMatch()])), NO_TIMEOUTS


def _filter(each: RouteFilter) -> Filter:
    made: Filter = Foreign(each.type)
    if each.request_header_modifier is not None:
        made = RequestHeaders(*_headers(each.request_header_modifier))
    elif each.response_header_modifier is not None:
        made = ResponseHeaders(*_headers(each.response_header_modifier))
    elif each.request_redirect is not None:
        made = _redirect(each.request_redirect)
    elif each.url_rewrite is not None:
        made = Rewrite(each.url_rewrite.hostname or "", _path_change(each.url_rewrite.path))
    elif each.cors is not None:
        made = _cross_origin(each.cors)
    elif each.extension_ref is not None:
        made = Foreign(f"{each.extension_ref.kind} {each.extension_ref.name}")
    return made


def _headers(modifier: HeaderModifier) -> tuple[Headers, Headers, tuple[str, ...]]:
    return _pairs(modifier.set), _pairs(modifier.add), tuple(modifier.remove or ())


def _pairs(headers: list[Header] | None) -> Headers:
    return tuple((each.name, each.value) for each in headers or ())


def _redirect(written: RedirectFilter) -> Redirect:
    return Redirect(
        written.scheme or "", written.hostname or "", written.port, _path_change(written.path),
        written.status_code or 302,
    )  # fmt: skip


def _path_change(path: PathModifier | None) -> PathChange | None:
    if path is None:
        return None
    if path.type == "ReplacePrefixMatch":
        return PathChange(path.replace_prefix_match or "", prefix_only=True)
    return PathChange(path.replace_full_path or "")


def _cross_origin(cors: CORSFilter) -> CrossOrigin:
    return CrossOrigin(
        tuple(cors.allow_origins or ()), tuple(cors.allow_methods or ()), tuple(cors.allow_headers or ()),
        tuple(cors.expose_headers or ()), bool(cors.allow_credentials), 5 if cors.max_age is None else cors.max_age,
    )  # fmt: skip


def _http_match(match: HTTPMatch) -> RequestMatch:
    path = match.path
    kind, value = ((path.type if path else None) or "PathPrefix"), (path.value if path else None) or "/"
    where = PathMatch(_KINDS.get(kind, PathKind.UNSPECIFIED), value)
    headers, query = _values(match.headers, folded=True), _values(match.query_params)
    return RequestMatch(where, match.method or "", headers, query)


def _values(written: list[NamedValue] | None, *, folded: bool = False) -> tuple[ValueMatch, ...]:
    """Conditions on headers or parameters; of several for one name the first counts."""
    found: dict[str, ValueMatch] = {}
    for each in written or ():
        name = each.name.lower() if folded else each.name
        found.setdefault(name, ValueMatch(each.name, each.value, each.type == "RegularExpression"))
    return tuple(found.values())


def _grpc_match(match: GRPCMatch) -> RequestMatch:
    headers = _values(match.headers, folded=True)
    method = match.method
    service, name = (method.service or "", method.method or "") if method else ("", "")
    rank = (int(bool(service and name)), len(service), len(name), len(headers), 0)
    pattern = method is not None and method.type == "RegularExpression"
    return RequestMatch(_grpc_path(service, name, pattern=pattern), "", headers, (), rank, settled=not pattern)


def _grpc_path(service: str, method: str, *, pattern: bool) -> PathMatch:
    if pattern:
        return PathMatch(PathKind.PATTERN, f"/{service or '[^/]+'}/{method or '[^/]+'}")
    if service and method:
        return PathMatch(PathKind.EXACT, f"/{service}/{method}")
    if method:
        return PathMatch(PathKind.PATTERN, f"/[^/]+/{re.escape(method)}")
    return PathMatch(PathKind.PREFIX, f"/{service}")


def _timeouts(written: HTTPTimeouts | None) -> Timeouts:
    if written is None:
        return NO_TIMEOUTS
    return Timeouts(seconds(written.request), seconds(written.backend_request))


def seconds(text: str | None) -> float | None:
    """A duration of GEP-2257 in seconds, with fractions too; None for none and for zero, which is no limit."""
    parts = re.findall(r"([0-9]+(?:\.[0-9]+)?)(ms|h|m|s)", text or "")
    return sum(float(number) * _UNITS[unit] for number, unit in parts) or None
