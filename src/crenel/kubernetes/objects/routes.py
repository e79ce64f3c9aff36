"""HTTPRoute, GRPCRoute, TLSRoute, TCPRoute and UDPRoute (sigs.k8s.io/gateway-api apis/v1, v1alpha2)."""

from __future__ import annotations

from typing import Any

from crenel.kubernetes.objects.gateway import ObjectReference
from crenel.kubernetes.objects.meta import Field, KubernetesObject


class ParentReference(Field):
    """What a route attaches to: a Gateway, a ListenerSet, or a Service in a mesh."""

    name: str
    group: str | None = None
    kind: str | None = None
    namespace: str | None = None
    section_name: str | None = None
    port: int | None = None


class BackendReference(Field):
    """Where requests go, and what share of them."""

    name: str
    group: str | None = None
    kind: str | None = None
    namespace: str | None = None
    port: int | None = None
    weight: int | None = None
    filters: list[RouteFilter] | None = None


class MirrorReference(Field):
    """Where copies go."""

    name: str
    group: str | None = None
    kind: str | None = None
    namespace: str | None = None
    port: int | None = None


class Header(Field):
    """A header's name and value."""

    name: str
    value: str


class HeaderModifier(Field):
    """Headers to overwrite, append and take away."""

    set: list[Header] | None = None
    add: list[Header] | None = None
    remove: list[str] | None = None


class PathModifier(Field):
    """A new path."""

    type: str
    replace_full_path: str | None = None
    replace_prefix_match: str | None = None


class RedirectFilter(Field):
    """Sends clients elsewhere."""

    scheme: str | None = None
    hostname: str | None = None
    path: PathModifier | None = None
    port: int | None = None
    status_code: int | None = None


class RewriteFilter(Field):
    """Changes what the backend sees."""

    hostname: str | None = None
    path: PathModifier | None = None


class MirrorFilter(Field):
    """Sends copies to a further backend."""

    backend_ref: MirrorReference
    percent: int | None = None
    fraction: Any = None


class CORSFilter(Field):
    """Answers for scripts of other origins."""

    allow_origins: list[str] | None = None
    allow_credentials: bool | None = None
    allow_methods: list[str] | None = None
    allow_headers: list[str] | None = None
    expose_headers: list[str] | None = None
    max_age: int | None = None


class RouteFilter(Field):
    """One filter: the field that `type` names."""

    type: str
    request_header_modifier: HeaderModifier | None = None
    response_header_modifier: HeaderModifier | None = None
    request_mirror: MirrorFilter | None = None
    request_redirect: RedirectFilter | None = None
    url_rewrite: RewriteFilter | None = None
    cors: CORSFilter | None = None
    extension_ref: ObjectReference | None = None
    external_auth: Any = None


class HTTPPath(Field):
    """A condition on the path."""

    type: str | None = None
    value: str | None = None


class NamedValue(Field):
    """A condition on a header or a query parameter."""

    name: str
    value: str
    type: str | None = None


class HTTPMatch(Field):
    """Conditions of a rule of an HTTPRoute."""

    path: HTTPPath | None = None
    headers: list[NamedValue] | None = None
    query_params: list[NamedValue] | None = None
    method: str | None = None


class HTTPTimeouts(Field):
    """How long requests may take, as durations: ``500ms``."""

    request: str | None = None
    backend_request: str | None = None


class HTTPRule(Field):
    """A rule of an HTTPRoute."""

    name: str | None = None
    matches: list[HTTPMatch] | None = None
    filters: list[RouteFilter] | None = None
    backend_refs: list[BackendReference] | None = None
    timeouts: HTTPTimeouts | None = None
    retry: Any = None
    session_persistence: Any = None


class GRPCMethod(Field):
    """A condition on service and method."""

    type: str | None = None
    service: str | None = None
    method: str | None = None


class GRPCMatch(Field):
    """Conditions of a rule of a GRPCRoute."""

    method: GRPCMethod | None = None
    headers: list[NamedValue] | None = None


class GRPCRule(Field):
    """A rule of a GRPCRoute."""

    name: str | None = None
    matches: list[GRPCMatch] | None = None
    filters: list[RouteFilter] | None = None
    backend_refs: list[BackendReference] | None = None
    session_persistence: Any = None


class StreamRule(Field):
    """A rule of a TLSRoute, TCPRoute or UDPRoute: backends alone."""

    name: str | None = None
    backend_refs: list[BackendReference] | None = None


class RouteSpec(Field):
    """What all routes have."""

    parent_refs: list[ParentReference] | None = None
    hostnames: list[str] | None = None
    use_default_gateways: Any = None


class HTTPRouteSpec(RouteSpec):
    """What an HTTPRoute asks for."""

    rules: list[HTTPRule] | None = None


class GRPCRouteSpec(RouteSpec):
    """What a GRPCRoute asks for."""

    rules: list[GRPCRule] | None = None


class StreamRouteSpec(RouteSpec):
    """What a TLSRoute, TCPRoute or UDPRoute asks for; only a TLSRoute has hostnames."""

    rules: list[StreamRule] | None = None


class HTTPRoute(KubernetesObject):
    """An HTTPRoute."""

    spec: HTTPRouteSpec | None = None
    status: Any = None


class GRPCRoute(KubernetesObject):
    """A GRPCRoute."""

    spec: GRPCRouteSpec | None = None
    status: Any = None


class StreamRoute(KubernetesObject):
    """A TLSRoute, TCPRoute or UDPRoute; `kind` tells which."""

    spec: StreamRouteSpec | None = None
    status: Any = None
