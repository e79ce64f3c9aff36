"""The ways into a cluster from outside: what its objects open, whoever may then use it.

Sources of the rules: k8s.io/api core/v1 ServiceSpec (type, ports, externalIPs, externalTrafficPolicy,
allocateLoadBalancerNodePorts) and ContainerPort (hostPort, hostIP).
"""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from crenel.dialects.destinations import PRIVATE
from crenel.dialects.model import Model
from crenel.dialects.service import Backend, resolve
from crenel.kubernetes.objects.services import Service, ServicePort
from crenel.kubernetes.objects.workloads import ContainerPort, PodSpec
from crenel.network.endpoints import Kind
from crenel.network.traffic import Match, protocol_number
from crenel.provenance import NOWHERE, FieldPath, Origin

NODE_PORTS = (30000, 32767)
"""The ports that node ports are chosen from (kube-apiserver --service-node-port-range)."""


class EntryKind(enum.Enum):
    """What opens the way."""

    BALANCER = "load balancer"
    NODE_PORT = "node port"
    EXTERNAL_ADDRESS = "external address"
    HOST_PORT = "host port"
    HOST_NETWORK = "host network"
    POD_ADDRESS = "pod address"


@dataclass(frozen=True, slots=True)
class Entry:
    """One port that somebody outside can address, and what it leads to.

    `port` is the one that is addressed, 0 where the cluster has yet to choose a node port; `node_port` is the one on
    the nodes behind a load balancer, where there is one. `backends` have the ports of the pods. `keeps_client` says
    that pods see the address of the client; otherwise that of a node. `nodes` are those that take it, None for all.
    `origin` and `field` lead to the setting that opens it; `remedy` says what closes it, where no Service does.
    """

    kind: EntryKind
    title: str
    protocol: int
    port: int
    backends: tuple[Backend, ...]
    keeps_client: bool
    node_port: int | None = None
    service: Service | None = None
    address: str = ""
    nodes: frozenset[str] | None = None
    service_port: int = 0
    origin: Origin = NOWHERE
    field: FieldPath = ()
    remedy: str = ""

    @property
    def port_text(self) -> str:
        """The port as it is written: the whole range where the cluster has yet to choose one."""
        return str(self.port) if self.port else f"{NODE_PORTS[0]}-{NODE_PORTS[1]}"

    @property
    def listener_port(self) -> int:
        """The port by which a proxy behind it knows its listener: that of the Service where there is one."""
        return self.service_port or self.port

    @property
    def match(self) -> Match:
        """The traffic that is addressed to it: some port of the range where the cluster has yet to choose one."""
        return Match(self.protocol, (self.port, self.port) if self.port else NODE_PORTS)


def entries(model: Model) -> Iterator[Entry]:
    """All ways in, in the order of the input: Services first."""
    for service in model.given.decoded.services:
        yield from _of_service(service, model)
    yield from _host_ports(model)
    yield from _endpoints(model)


def _of_service(service: Service, model: Model) -> Iterator[Entry]:
    spec = service.spec
    if spec is None or spec.type == "ExternalName":
        return
    for position, port in enumerate(spec.ports or ()):
        asked = (Match(protocol_number(port.protocol or "TCP"), (port.port, port.port)),)
        found = resolve(service, asked, model.scope, model.given.decoded, model.network)
        yield from _of_port(service, port, ("spec", "ports", position), found.backends)


def _of_port(service: Service, port: ServicePort, field: FieldPath, backends: tuple[Backend, ...]) -> Iterator[Entry]:
    spec = service.spec
    assert spec is not None
    local = spec.external_traffic_policy == "Local"
    protocol, title = protocol_number(port.protocol or "TCP"), f"service {service.namespace}/{service.name}"
    balanced = spec.type == "LoadBalancer"
    on_nodes = spec.type == "NodePort" or (
        balanced and (port.node_port or spec.allocate_load_balancer_node_ports is not False)
    )
    number = port.node_port if on_nodes else None

    def entry(kind: EntryKind, at: int, field: FieldPath, address: str = "") -> Entry:
        return Entry(
            kind,
            title,
            protocol,
            at,
            backends,
            local,
            number,
            service,
            address,
            service_port=port.port,
            origin=service.origin,
            field=field,
        )

    if balanced:
        yield entry(EntryKind.BALANCER, port.port, ("spec", "type"))
    if on_nodes and spec.cluster_ip != "None":
        yield entry(EntryKind.NODE_PORT, number or 0, (*field, "nodePort") if port.node_port else ("spec", "type"))
    for position, address in enumerate(spec.external_ips or ()):
        yield entry(EntryKind.EXTERNAL_ADDRESS, port.port, ("spec", "externalIPs", position), address)


def _host_ports(model: Model) -> Iterator[Entry]:
    """Ports that the network plugin hands on from a node; the pod sees the client (the CNI plugin portmap)."""
    homes: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for index, group in model.scope.groups.items():
        if not group.hosted:
            homes[group.namespace, group.kind, group.workload].append(index)
            for member in group.members:
                homes[group.namespace, member].append(index)
    for key, spec, origin, path in _specs(model):
        for port, field in _ports(spec):
            if port.host_port and not _loopback(port.host_ip):
                yield from (_host_port(model, index, port, origin, (*path, *field)) for index in homes.get(key, ()))


def _host_port(model: Model, index: int, port: ContainerPort, origin: Origin, field: FieldPath) -> Entry:
    protocol = protocol_number(port.protocol or "TCP")
    backend = Backend(index, (Match(protocol, (port.container_port, port.container_port)),))
    return Entry(
        EntryKind.HOST_PORT, model.network.endpoints[index].name, protocol, port.host_port or 0, (backend,), True,
        nodes=model.network.endpoints[index].nodes, origin=origin, field=(*field, "hostPort"),
    )  # fmt: skip


def _loopback(address: object) -> bool:
    return isinstance(address, str) and (address.startswith("127.") or address == "::1")


def _specs(model: Model) -> Iterator[tuple[tuple[str, ...], PodSpec, Origin, FieldPath]]:
    """All pod specs, with whose they are: of live pods, or of templates, whose pods are in no list."""
    decoded = model.given.decoded
    for pod in decoded.pods:
        if pod.spec is not None:
            yield (pod.namespace, pod.name), pod.spec, pod.origin, ("spec",)
    live = {(group.namespace, group.kind, group.workload) for group in model.scope.groups.values() if group.members}
    for workload in decoded.workloads:
        key = (workload.namespace, workload.kind, workload.name)
        template = workload.spec.template if workload.spec is not None else None
        if template is not None and template.spec is not None and key not in live:
            yield key, template.spec, workload.origin, ("spec", "template", "spec")


def _ports(spec: PodSpec) -> Iterator[tuple[ContainerPort, FieldPath]]:
    for kind, containers in (("containers", spec.containers), ("initContainers", spec.init_containers)):
        for number, container in enumerate(containers or ()):
            if kind == "initContainers" and container.restart_policy != "Always":
                continue
            for place, port in enumerate(container.ports or ()):
                yield port, (kind, number, "ports", place)


def _endpoints(model: Model) -> Iterator[Entry]:
    """What is addressed with no object in between: pods in the network of their nodes, pods with public addresses."""
    for index, endpoint in model.network.endpoints.items():
        if endpoint.kind is not Kind.WORKLOAD:
            continue
        public = endpoint.addresses is not None and bool(endpoint.addresses - PRIVATE)
        if not endpoint.hosted and not public:
            continue
        kind = EntryKind.HOST_NETWORK if endpoint.hosted else EntryKind.POD_ADDRESS
        field = ("spec", "hostNetwork") if endpoint.hosted else ("status", "podIPs")
        for protocol, port in endpoint.listens:
            backend = Backend(index, (Match(protocol, (port, port)),))
            yield Entry(
                kind, endpoint.name, protocol, port, (backend,), True, nodes=endpoint.nodes, origin=endpoint.origin,
                field=field,
            )  # fmt: skip
