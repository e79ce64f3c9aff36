"""Services as translations: from a Service's port to the ports of what stands behind it.

Source of the rules: k8s.io/api core/v1 ServiceSpec and discovery/v1 EndpointSlice. A Service with a selector leads to
the pods it selects; one without leads where its EndpointSlices point, which may be outside. A headless Service
(clusterIP None) translates nothing: its name resolves to the pods, and the port that is asked for is the pod's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from crenel.bits import members
from crenel.dialects.scope import Scope
from crenel.kubernetes.decode import Decoded
from crenel.kubernetes.objects.meta import LabelSelector
from crenel.kubernetes.objects.services import Service, ServicePort
from crenel.network.network import Network
from crenel.network.traffic import Match, protocol_number

_SERVICE_NAME = "kubernetes.io/service-name"


@dataclass(frozen=True, slots=True)
class Backend:
    """One endpoint behind a Service, and its traffic. An `address` is one that no pod is known to have."""

    endpoint: int | None
    traffic: tuple[Match, ...]
    address: str = ""


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a Service leads to. `missing` says in words why it leads nowhere."""

    backends: tuple[Backend, ...]
    name: str = ""
    """The DNS name of an ExternalName Service."""
    missing: str = ""


def resolve(
    service: Service, asked: tuple[Match, ...] | None, scope: Scope, decoded: Decoded, network: Network
) -> Resolution:
    """Follow a Service to its backends. `asked` are ports of the Service; None is every port that it has."""
    spec = service.spec
    if spec is None:
        return Resolution((), missing="the Service has no spec")
    if spec.type == "ExternalName":
        return Resolution((), name=(spec.external_name or "").rstrip("."))
    headless = spec.cluster_ip == "None"
    ports = list(_asked_ports(spec.ports or [], asked))
    if not ports and not headless:
        return Resolution((), missing=f"the Service has no such port; it has {_listed(spec.ports or [])}")
    found = list(_backends(service, ports, asked, headless, scope, decoded, network))
    return Resolution(tuple(found), missing="" if found else "no endpoint stands behind the Service")


def _listed(ports: list[ServicePort]) -> str:
    return ", ".join(f"{port.port}/{port.protocol or 'TCP'}" for port in ports) or "none"


def _asked_ports(ports: list[ServicePort], asked: tuple[Match, ...] | None) -> Iterator[ServicePort]:
    for port in ports:
        number = protocol_number(port.protocol or "TCP")
        if asked is None or any(_same(port, number, match) for match in asked):
            yield port


def _same(port: ServicePort, protocol: int, match: Match) -> bool:
    if match.protocol not in (None, protocol):
        return False
    if match.name is not None:
        return port.name == match.name
    return match.ports is None or match.ports[0] <= port.port <= match.ports[1]


def _backends(
    service: Service, ports: list[ServicePort], asked: tuple[Match, ...] | None, headless: bool,
    scope: Scope, decoded: Decoded, network: Network,
) -> Iterator[Backend]:  # fmt: skip
    spec = service.spec
    assert spec is not None
    if not spec.selector:
        yield from _from_slices(service, ports, decoded)
        return
    for index in members(scope.behind_service(service.namespace, LabelSelector(match_labels=spec.selector))[1]):
        endpoint = network.endpoints[index]
        if headless and asked is not None:
            yield Backend(
                index, tuple(found for match in asked for found in (endpoint.named(match) if match.name else (match,)))
            )
            continue
        traffic = tuple(found for port in ports for found in _target(port, index, network))
        if traffic:
            yield Backend(index, traffic)


def _target(port: ServicePort, index: int, network: Network) -> tuple[Match, ...]:
    protocol = protocol_number(port.protocol or "TCP")
    if port.target_port is None or port.target_port in (0, ""):
        return (Match(protocol, (port.port, port.port)),)
    if isinstance(port.target_port, int):
        return (Match(protocol, (port.target_port, port.target_port)),)
    return network.endpoints[index].named(Match(protocol, name=port.target_port))[:1]


def _from_slices(service: Service, ports: list[ServicePort], decoded: Decoded) -> Iterator[Backend]:
    wanted = {port.name or "" for port in ports}
    for piece in decoded.endpoint_slices:
        if piece.namespace != service.namespace or piece.labels.get(_SERVICE_NAME) != service.name:
            continue
        traffic = tuple(
            Match(protocol_number(port.protocol or "TCP"), (port.port, port.port) if port.port else None)
            for port in piece.ports or ()
            if (port.name or "") in wanted
        )
        for endpoint in piece.endpoints or ():
            if endpoint.conditions is not None and endpoint.conditions.ready is False:
                continue
            for address in endpoint.addresses or ():
                yield Backend(None, traffic, address)
