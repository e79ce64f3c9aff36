"""Gateway, GatewayClass and ListenerSet (sigs.k8s.io/gateway-api apis/v1)."""

from __future__ import annotations

from typing import Any

import msgspec

from crenel.kubernetes.objects.meta import Field, KubernetesObject, LabelSelector


class ObjectReference(Field):
    """A reference to an object of some kind, maybe in another namespace."""

    name: str
    group: str | None = None
    kind: str | None = None
    namespace: str | None = None


class RouteNamespaces(Field):
    """Namespaces that may attach something: All, Same, Selector, or None."""

    from_: str | None = msgspec.field(default=None, name="from")
    selector: LabelSelector | None = None


class RouteKind(Field):
    """A kind of routes."""

    kind: str
    group: str | None = None


class AllowedRoutes(Field):
    """Which routes may attach to a listener."""

    namespaces: RouteNamespaces | None = None
    kinds: list[RouteKind] | None = None


class ListenerTLS(Field):
    """How a listener deals with TLS. `frontend_validation` is where versions before v1.5 had client certificates."""

    mode: str | None = None
    certificate_refs: list[ObjectReference] | None = None
    frontend_validation: ClientValidation | None = None
    options: Any = None


class ClientValidation(Field):
    """What client certificates are checked against."""

    ca_certificate_refs: list[ObjectReference] | None = msgspec.field(default=None, name="caCertificateRefs")
    mode: str | None = None


class GatewayListener(Field):
    """A port that is listened on, with the names it is for."""

    name: str
    protocol: str
    port: int = 0
    hostname: str | None = None
    tls: ListenerTLS | None = None
    allowed_routes: AllowedRoutes | None = None


class FrontendTLS(Field):
    """TLS with clients."""

    validation: ClientValidation | None = None


class PortTLS(Field):
    """TLS with clients on one port."""

    port: int
    tls: FrontendTLS | None = None


class Frontend(Field):
    """TLS with clients, by default and per port."""

    default: FrontendTLS | None = None
    per_port: list[PortTLS] | None = None


class BackendClient(Field):
    """The certificate that a Gateway shows to backends."""

    client_certificate_ref: ObjectReference | None = None


class GatewayTLS(Field):
    """TLS of a whole Gateway, on both sides."""

    frontend: Frontend | None = None
    backend: BackendClient | None = None


class ParametersReference(Field):
    """Settings of the implementation."""

    group: str
    kind: str
    name: str
    namespace: str | None = None


class Infrastructure(Field):
    """What is passed on to what an implementation makes for a Gateway."""

    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    parameters_ref: ParametersReference | None = None


class GatewayAddress(Field):
    """An address that is asked for or was given."""

    type: str | None = None
    value: str | None = None


class AllowedListeners(Field):
    """Namespaces whose ListenerSets may attach."""

    namespaces: RouteNamespaces | None = None


class GatewaySpec(Field):
    """What a Gateway asks for."""

    gateway_class_name: str
    listeners: list[GatewayListener] | None = None
    addresses: list[GatewayAddress] | None = None
    infrastructure: Infrastructure | None = None
    allowed_listeners: AllowedListeners | None = None
    tls: GatewayTLS | None = None
    backend_tls: Any = msgspec.field(default=None, name="backendTLS")
    default_scope: Any = None


class GatewayStatus(msgspec.Struct, rename="camel", gc=False):
    """What a controller reported: only the addresses are read."""

    addresses: list[GatewayAddress] | None = None


class Gateway(KubernetesObject):
    """A Gateway."""

    spec: GatewaySpec | None = None
    status: GatewayStatus | None = None


class GatewayClassSpec(Field):
    """Which controller serves a class."""

    controller_name: str | None = None
    parameters_ref: ParametersReference | None = None
    description: Any = None


class GatewayClass(KubernetesObject):
    """A class of Gateways."""

    spec: GatewayClassSpec | None = None
    status: Any = None


class ListenerSetSpec(Field):
    """Listeners for another's Gateway."""

    parent_ref: ObjectReference
    listeners: list[GatewayListener] | None = None


class ListenerSet(KubernetesObject):
    """A ListenerSet, or the XListenerSet that it was before."""

    spec: ListenerSetSpec | None = None
    status: Any = None
