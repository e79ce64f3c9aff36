"""Gateway and VirtualService of Istio (istio.io/api networking/v1). Only what decides where requests go is read."""

from __future__ import annotations

from typing import Any

import msgspec

from crenel.kubernetes.objects.meta import KubernetesObject


class IstioPort(msgspec.Struct, rename="camel", gc=False):
    """A port that a gateway listens on."""

    number: int
    protocol: str = ""
    name: str = ""


class IstioServerTLS(msgspec.Struct, rename="camel", gc=False):
    """TLS with clients."""

    mode: str | None = None
    https_redirect: bool | None = None
    credential_name: str | None = None
    min_protocol_version: str | None = None
    cipher_suites: list[str] | None = None


class IstioServer(msgspec.Struct, rename="camel", gc=False):
    """A listener of a gateway: hosts may carry a namespace, ``shop/*.example.com``."""

    port: IstioPort
    hosts: list[str] | None = None
    tls: IstioServerTLS | None = None
    name: str | None = None


class IstioGatewaySpec(msgspec.Struct, rename="camel", gc=False):
    """Listeners for the proxies that have some labels."""

    selector: dict[str, str] | None = None
    servers: list[IstioServer] | None = None


class IstioGateway(KubernetesObject):
    """A Gateway of ``networking.istio.io``."""

    spec: IstioGatewaySpec | None = None
    status: Any = None


class StringMatch(msgspec.Struct, rename="camel", gc=False):
    """A condition on a text; all empty means that the header is there."""

    exact: str | None = None
    prefix: str | None = None
    regex: str | None = None


class IstioHTTPMatch(msgspec.Struct, rename="camel", gc=False):
    """Conditions of an HTTP route: all of them hold."""

    uri: StringMatch | None = None
    method: StringMatch | None = None
    authority: StringMatch | None = None
    scheme: StringMatch | None = None
    headers: dict[str, StringMatch] | None = None
    without_headers: Any = None
    query_params: dict[str, StringMatch] | None = None
    ignore_uri_case: bool | None = None
    port: int | None = None
    gateways: list[str] | None = None
    source_labels: Any = None
    source_namespace: Any = None


class IstioPortSelector(msgspec.Struct, rename="camel", gc=False):
    """A Service's port."""

    number: int | None = None


class IstioDestination(msgspec.Struct, rename="camel", gc=False):
    """A Service by its short or full name."""

    host: str
    subset: str | None = None
    port: IstioPortSelector | None = None


class IstioTarget(msgspec.Struct, rename="camel", gc=False):
    """A destination and its share."""

    destination: IstioDestination
    weight: int | None = None


class IstioRewrite(msgspec.Struct, rename="camel", gc=False):
    """What the destination sees instead."""

    uri: str | None = None
    authority: str | None = None


class IstioRedirect(msgspec.Struct, rename="camel", gc=False):
    """Where clients are sent."""

    uri: str | None = None
    authority: str | None = None
    scheme: str | None = None
    port: int | None = None
    redirect_code: int | None = None


class IstioDirectResponse(msgspec.Struct, rename="camel", gc=False):
    """An answer of the proxy's own."""

    status: int


class IstioMirror(msgspec.Struct, rename="camel", gc=False):
    """A destination of copies."""

    destination: IstioDestination | None = None


class IstioHTTPRoute(msgspec.Struct, rename="camel", gc=False):
    """A rule; of several the first that matches counts."""

    name: str | None = None
    match: list[IstioHTTPMatch] | None = None
    route: list[IstioTarget] | None = None
    redirect: IstioRedirect | None = None
    direct_response: IstioDirectResponse | None = None
    delegate: Any = None
    rewrite: IstioRewrite | None = None
    timeout: str | None = None
    fault: Any = None
    mirror: IstioDestination | None = None
    mirrors: list[IstioMirror] | None = None


class IstioStreamMatch(msgspec.Struct, rename="camel", gc=False):
    """Conditions of a TLS or TCP route."""

    sni_hosts: list[str] | None = None
    port: int | None = None
    gateways: list[str] | None = None
    destination_subnets: Any = None
    source_labels: Any = None


class IstioStreamRoute(msgspec.Struct, rename="camel", gc=False):
    """A rule for connections."""

    match: list[IstioStreamMatch] | None = None
    route: list[IstioTarget] | None = None


class VirtualServiceSpec(msgspec.Struct, rename="camel", gc=False):
    """Rules for some hosts, at some gateways."""

    hosts: list[str] | None = None
    gateways: list[str] | None = None
    http: list[IstioHTTPRoute] | None = None
    tls: list[IstioStreamRoute] | None = None
    tcp: list[IstioStreamRoute] | None = None
    export_to: list[str] | None = None


class VirtualService(KubernetesObject):
    """A VirtualService."""

    spec: VirtualServiceSpec | None = None
    status: Any = None
