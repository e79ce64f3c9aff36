"""Services and what stands behind them (k8s.io/api core/v1, discovery/v1)."""

from __future__ import annotations

from typing import Any

import msgspec

from crenel.kubernetes.objects.meta import Field, KubernetesObject
from crenel.provenance import FieldPath


class ServicePort(Field):
    """A port of a Service and where it leads."""

    port: int
    name: str | None = None
    protocol: str | None = None
    target_port: int | str | None = None
    node_port: int | None = None
    app_protocol: str | None = None


class ServiceSpec(Field):
    """What a Service offers and to whom (core/v1 ServiceSpec)."""

    type: str | None = None
    selector: dict[str, str] | None = None
    ports: list[ServicePort] | None = None
    cluster_ip: str | None = msgspec.field(default=None, name="clusterIP")
    cluster_ips: list[str] | None = msgspec.field(default=None, name="clusterIPs")
    external_ips: list[str] | None = msgspec.field(default=None, name="externalIPs")
    external_name: str | None = None
    external_traffic_policy: str | None = None
    internal_traffic_policy: str | None = None
    ip_families: list[str] | None = None
    ip_family_policy: str | None = None
    load_balancer_source_ranges: list[str] | None = None
    load_balancer_class: str | None = None
    load_balancer_ip: str | None = msgspec.field(default=None, name="loadBalancerIP")
    allocate_load_balancer_node_ports: bool | None = None
    health_check_node_port: int | None = None
    publish_not_ready_addresses: bool | None = None
    session_affinity: Any = None
    session_affinity_config: Any = None
    traffic_distribution: Any = None


class Service(KubernetesObject):
    """A Service."""

    spec: ServiceSpec | None = None
    status: Any = None


class EndpointConditions(Field):
    """Whether an endpoint takes traffic."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class TargetReference(msgspec.Struct, rename="camel", gc=False):
    """The pod behind an endpoint."""

    kind: str | None = None
    namespace: str | None = None
    name: str | None = None


class SliceEndpoint(Field):
    """One endpoint of a slice."""

    addresses: list[str] | None = None
    conditions: EndpointConditions | None = None
    target_ref: TargetReference | None = None
    node_name: str | None = None
    hostname: Any = None
    zone: Any = None
    hints: Any = None
    deprecated_topology: Any = None
    written: tuple[str | int, ...] = msgspec.field(default=(), name="(written)")
    """Where its only address stands in the object, for one that was made from Endpoints; never in the input."""


class SlicePort(Field):
    """A port of a slice: already the target's number."""

    name: str | None = None
    port: int | None = None
    protocol: str | None = None
    app_protocol: Any = None


class EndpointSlice(KubernetesObject):
    """Addresses behind a Service (discovery/v1); also made by hand, and then they may point outside."""

    address_type: str | None = None
    endpoints: list[SliceEndpoint] | None = None
    ports: list[SlicePort] | None = None

    def place(self, endpoint: int, number: int) -> FieldPath:
        """Where an address of one of its endpoints stands in the object that it was read from."""
        written = (self.endpoints or [])[endpoint].written
        return written or ("endpoints", endpoint, "addresses", number)


class EndpointsAddress(Field):
    """One address of Endpoints."""

    ip: str | None = None
    hostname: Any = None
    node_name: str | None = None
    target_ref: TargetReference | None = None


class EndpointsSubset(Field):
    """Addresses that have the same ports."""

    addresses: list[EndpointsAddress] | None = None
    not_ready_addresses: list[EndpointsAddress] | None = None
    ports: list[SlicePort] | None = None


class Endpoints(KubernetesObject):
    """Addresses behind the Service of the same name (core/v1); EndpointSlices are made from them."""

    subsets: list[EndpointsSubset] | None = None
