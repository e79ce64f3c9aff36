"""OpenShift Route (github.com/openshift/api route/v1). Fields that do not decide where requests go are not read."""

from __future__ import annotations

from typing import Any

import msgspec

from crenel.kubernetes.objects.meta import KubernetesObject


class RouteTarget(msgspec.Struct, rename="camel", gc=False):
    """A Service and its share, 0 to 256."""

    name: str
    kind: str | None = None
    weight: int | None = None


class RoutePort(msgspec.Struct, rename="camel", gc=False):
    """A port of the pods behind the Service: the name of a Service's port, or a target port's number."""

    target_port: int | str | None = None


class RouteTLS(msgspec.Struct, rename="camel", gc=False):
    """How TLS is dealt with: edge, passthrough or reencrypt. Keys in the object are not kept."""

    termination: str
    insecure_edge_termination_policy: str | None = None


class OpenShiftRouteSpec(msgspec.Struct, rename="camel", gc=False):
    """What a Route asks for."""

    host: str | None = None
    subdomain: str | None = None
    path: str | None = None
    to: RouteTarget | None = None
    alternate_backends: list[RouteTarget] | None = None
    port: RoutePort | None = None
    tls: RouteTLS | None = None
    wildcard_policy: str | None = None


class OpenShiftRoute(KubernetesObject):
    """A Route of ``route.openshift.io``."""

    spec: OpenShiftRouteSpec | None = None
    status: Any = None
