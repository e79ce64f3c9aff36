"""HTTPRoute, GRPCRoute, TLSRoute, TCPRoute and UDPRoute.

Source: the definitions of kubernetes-sigs/gateway-api (config/crd/standard), their limits and CEL rules included.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from crenel.kubernetes.objects.routes import (
    BackendReference,
    GRPCMatch,
    GRPCRoute,
    GRPCRouteSpec,
    HTTPMatch,
    HTTPRoute,
    HTTPRouteSpec,
    RouteFilter,
    RouteSpec,
    StreamRoute,
    StreamRouteSpec,
)
from crenel.kubernetes.validation.hosts import check_host
from crenel.kubernetes.validation.mistakes import Mistake, bounded, invalid, required, too_many, unsupported
from crenel.kubernetes.validation.ports import check_number
from crenel.provenance import FieldPath

_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")
_PATHS = ("Exact", "PathPrefix", "RegularExpression")
_VALUES = ("Exact", "RegularExpression")
_STATUSES = (301, 302, 303, 307, 308)
_FORBIDDEN = ("//", "/./", "/../", "%2f", "%2F", "#")
_FORBIDDEN_ENDS = ("/..", "/.")
_DURATION = re.compile("([0-9]{1,5}(h|m|s|ms)){1,4}").fullmatch
_FIELDS = {
    "RequestHeaderModifier": "request_header_modifier", "ResponseHeaderModifier": "response_header_modifier",
    "RequestMirror": "request_mirror", "RequestRedirect": "request_redirect", "URLRewrite": "url_rewrite",
    "ExtensionRef": "extension_ref", "CORS": "cors", "ExternalAuth": "external_auth",
}  # fmt: skip


def check_httproute(route: HTTPRoute, found: list[Mistake]) -> None:
    """Everything below ``spec`` that decides where requests go."""
    spec = route.spec or HTTPRouteSpec()
    _check_spec(spec, len(spec.rules or ()), found)
    for place, rule in enumerate(spec.rules or ()):
        field: FieldPath = ("spec", "rules", place)
        _limit(rule.matches, (*field, "matches"), 64, found)
        for number, match in enumerate(rule.matches or ()):
            _check_match(match, (*field, "matches", number), found)
        _check_rule(rule.filters, rule.backend_refs, field, found)
        for name, text in (
            ("request", rule.timeouts and rule.timeouts.request),
            ("backendRequest", rule.timeouts and rule.timeouts.backend_request),
        ):
            if text and not _DURATION(text):
                found.append(invalid((*field, "timeouts", name), text, "is no duration"))


def check_grpcroute(route: GRPCRoute, found: list[Mistake]) -> None:
    """Everything below ``spec`` that decides where requests go."""
    spec = route.spec or GRPCRouteSpec()
    _check_spec(spec, len(spec.rules or ()), found)
    for place, rule in enumerate(spec.rules or ()):
        field: FieldPath = ("spec", "rules", place)
        _limit(rule.matches, (*field, "matches"), 64, found)
        for number, match in enumerate(rule.matches or ()):
            _check_grpc(match, (*field, "matches", number), found)
        _check_rule(rule.filters, rule.backend_refs, field, found)


def check_streamroute(route: StreamRoute, found: list[Mistake]) -> None:
    """Everything below ``spec`` that decides where connections go."""
    spec = route.spec or StreamRouteSpec()
    _check_spec(spec, len(spec.rules or ()), found)
    if route.kind == "TLSRoute" and not spec.hostnames and route.api_version.endswith("/v1"):
        found.append(required(("spec", "hostnames")))
    for place, rule in enumerate(spec.rules or ()):
        _check_rule(None, rule.backend_refs, ("spec", "rules", place), found)


def _check_spec(spec: RouteSpec, rules: int, found: list[Mistake]) -> None:
    _limit(spec.parent_refs, ("spec", "parentRefs"), 32, found)
    _limit(spec.hostnames, ("spec", "hostnames"), 16, found)
    if rules > 16:
        found.append(too_many(("spec", "rules"), rules, 16))
    for place, host in enumerate(spec.hostnames or ()):
        check_host(host, ("spec", "hostnames", place), found)


def _limit(values: Sequence[object] | None, field: FieldPath, most: int, found: list[Mistake]) -> None:
    if len(values or ()) > most:
        found.append(too_many(field, len(values or ()), most))


def _check_match(match: HTTPMatch, field: FieldPath, found: list[Mistake]) -> None:
    if match.method is not None and match.method not in _METHODS:
        found.append(unsupported((*field, "method"), match.method, _METHODS))
    if match.path is not None:
        kind, value = match.path.type or "PathPrefix", match.path.value or "/"
        if kind not in _PATHS:
            found.append(unsupported((*field, "path", "type"), kind, _PATHS))
        elif kind != "RegularExpression":
            check_path(value, (*field, "path", "value"), found)
    for name, values in (("headers", match.headers), ("queryParams", match.query_params)):
        _limit(values, (*field, name), 16, found)
        for place, each in enumerate(values or ()):
            if each.type is not None and each.type not in _VALUES:
                found.append(unsupported((*field, name, place, "type"), each.type, _VALUES))


def check_path(text: str, field: FieldPath, found: list[Mistake]) -> None:
    """Add a mistake for a path that is not absolute and plain."""
    if not text.startswith("/"):
        found.append(invalid(field, text, "value must be an absolute path and start with '/'"))
    found += [invalid(field, text, f"must not contain '{each}'") for each in _FORBIDDEN if each in text]
    found += [invalid(field, text, f"must not end with '{each}'") for each in _FORBIDDEN_ENDS if text.endswith(each)]


def _check_grpc(match: GRPCMatch, field: FieldPath, found: list[Mistake]) -> None:
    method = match.method
    if method is not None:
        if not (method.service or method.method):
            found.append(invalid((*field, "method"), "", "One or both of 'service' or 'method' must be specified"))
        if method.type is not None and method.type not in _VALUES:
            found.append(unsupported((*field, "method", "type"), method.type, _VALUES))


def _check_rule(
    filters: list[RouteFilter] | None, backends: list[BackendReference] | None, field: FieldPath, found: list[Mistake]
) -> None:
    _check_filters(filters or [], (*field, "filters"), found)
    _limit(backends, (*field, "backendRefs"), 16, found)
    if backends and any(each.type == "RequestRedirect" for each in filters or ()):
        words = "RequestRedirect filter must not be used together with backendRefs"
        found.append(invalid((*field, "filters"), "", words))
    for place, backend in enumerate(backends or ()):
        where: FieldPath = (*field, "backendRefs", place)
        if backend.port is not None:
            check_number(backend.port, (*where, "port"), found)
        elif (backend.group or "", backend.kind or "Service") == ("", "Service"):
            found.append(required((*where, "port"), "Must have port for Service reference"))
        if backend.weight is not None:
            bounded(backend.weight, 0, 1_000_000, (*where, "weight"), found)
        _check_filters(backend.filters or [], (*where, "filters"), found)


def _check_filters(filters: list[RouteFilter], field: FieldPath, found: list[Mistake]) -> None:
    _limit(filters, field, 16, found)
    kinds = [each.type for each in filters]
    if "RequestRedirect" in kinds and "URLRewrite" in kinds:
        words = "May specify either httpRouteFilterRequestRedirect or httpRouteFilterRequestRewrite, but not both"
        found.append(invalid(field, "", words))
    single = (kind for kind in _FIELDS if kind not in ("ExtensionRef", "RequestMirror") and kinds.count(kind) > 1)
    found += [invalid(field, kind, f"{kind} filter cannot be repeated") for kind in single]
    for place, each in enumerate(filters):
        if each.type not in _FIELDS:
            found.append(unsupported((*field, place, "type"), each.type, sorted(_FIELDS)))
        elif getattr(each, _FIELDS[each.type]) is None:
            found.append(required((*field, place), f"the settings of filter {each.type} must be specified"))
        status = each.request_redirect and each.request_redirect.status_code
        if status and status not in _STATUSES:
            place_of = (*field, place, "requestRedirect", "statusCode")
            found.append(unsupported(place_of, status, map(str, _STATUSES)))
