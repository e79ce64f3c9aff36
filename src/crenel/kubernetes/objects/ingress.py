"""Ingress and IngressClass (k8s.io/api networking/v1)."""

from __future__ import annotations

from typing import Any

import msgspec

from crenel.kubernetes.objects.meta import Field, KubernetesObject


class BackendPort(Field):
    """A Service's port by name or by number."""

    name: str | None = None
    number: int | None = None


class BackendService(Field):
    """A Service in the Ingress's own namespace."""

    name: str
    port: BackendPort | None = None


class BackendResource(Field):
    """Another object in the Ingress's own namespace, such as a bucket of files."""

    kind: str
    name: str
    api_group: str | None = None


class IngressBackend(Field):
    """Where requests go. The last two fields are those of versions before v1."""

    service: BackendService | None = None
    resource: BackendResource | None = None
    service_name: Any = None
    service_port: Any = None


class IngressPath(Field):
    """A path and its backend."""

    backend: IngressBackend
    path: str | None = None
    path_type: str | None = None


class IngressPaths(Field):
    """The paths of a host."""

    paths: list[IngressPath] | None = None


class IngressRule(Field):
    """A host, or every host, and its paths."""

    host: str | None = None
    http: IngressPaths | None = None


class IngressTLS(Field):
    """Hosts and the Secret with their certificate."""

    hosts: list[str] | None = None
    secret_name: str | None = None


class IngressSpec(Field):
    """What an Ingress asks for (networking/v1 IngressSpec)."""

    ingress_class_name: str | None = None
    default_backend: IngressBackend | None = None
    tls: list[IngressTLS] | None = None
    rules: list[IngressRule] | None = None
    backend: Any = None
    """``defaultBackend`` before v1."""


class IngressAddress(msgspec.Struct, rename="camel", gc=False):
    """An address or a host name under which an Ingress is reached."""

    ip: str | None = None
    hostname: str | None = None


class IngressLoadBalancer(msgspec.Struct, rename="camel", gc=False):
    """Where an Ingress is reached."""

    ingress: list[IngressAddress] | None = None


class IngressStatus(msgspec.Struct, rename="camel", gc=False):
    """What a controller reported."""

    load_balancer: IngressLoadBalancer | None = None


class Ingress(KubernetesObject):
    """An Ingress."""

    spec: IngressSpec | None = None
    status: IngressStatus | None = None


class IngressClassSpec(Field):
    """Which controller serves a class."""

    controller: str | None = None
    parameters: Any = None


class IngressClass(KubernetesObject):
    """A class of Ingresses."""

    spec: IngressClassSpec | None = None
