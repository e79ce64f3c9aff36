"""Service.

Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go (ValidateService). Only what decides who reaches
what is checked; what a server fills in by itself need not be there.
"""

from __future__ import annotations

from crenel.kubernetes.objects.services import Service, ServicePort, ServiceSpec
from crenel.kubernetes.validation.addresses import address, endpoint_address, strict_cidr
from crenel.kubernetes.validation.mistakes import Mistake, duplicate, forbidden, invalid, required, unsupported
from crenel.kubernetes.validation.names import dns_label, dns_subdomain
from crenel.kubernetes.validation.ports import PROTOCOLS, check_number, check_port
from crenel.kubernetes.validation.selectors import check_labels
from crenel.provenance import FieldPath

_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_POLICIES = ("Cluster", "Local")
_KUBELET = 10250
_SORTED = tuple(sorted(PROTOCOLS))


def check_service(service: Service, found: list[Mistake]) -> None:
    """Everything below ``spec`` that decides who reaches what."""
    spec = service.spec or ServiceSpec()
    kind = spec.type or "ClusterIP"
    if kind not in _TYPES:
        found.append(unsupported(("spec", "type"), kind, _TYPES))
    if spec.ports:
        _check_ports(spec.ports, kind, found)
    elif kind != "ExternalName" and spec.cluster_ip != "None":
        found.append(required(("spec", "ports")))
    if spec.selector:
        check_labels(spec.selector, ("spec", "selector"), found)
    _check_name_elsewhere(spec, kind, found)
    _check_addresses(spec, kind, found)
    _check_policies(spec, kind, found)
    if spec.load_balancer_source_ranges:
        _check_ranges(spec.load_balancer_source_ranges, kind, found)


def _check_ports(ports: list[ServicePort], kind: str, found: list[Mistake]) -> None:
    names: set[str] = set()
    taken: set[tuple[str, str, int]] = set()
    for position, port in enumerate(ports):
        place: FieldPath = ("spec", "ports", position)
        if port.name:
            _check_name(port.name, (*place, "name"), names, found)
        elif len(ports) > 1:
            found.append(required((*place, "name")))
        check_number(port.port, (*place, "port"), found)
        if port.target_port:
            check_port(port.target_port, (*place, "targetPort"), found)
        if port.protocol and port.protocol not in PROTOCOLS:
            found.append(unsupported((*place, "protocol"), port.protocol, _SORTED))
        if port.node_port:
            _check_node_port(port, port.node_port, kind, (*place, "nodePort"), taken, found)
        if kind == "LoadBalancer" and port.port == _KUBELET:
            words = f"may not expose port {_KUBELET} externally since it is used by kubelet"
            found.append(invalid((*place, "port"), port.port, words))
        if (key := ("port", port.protocol or "TCP", port.port)) in taken:
            found.append(duplicate(place, {"protocol": key[1], "port": key[2]}))
        taken.add(key)


def _check_name(name: str, field: FieldPath, names: set[str], found: list[Mistake]) -> None:
    if reasons := dns_label(name):
        found += [invalid(field, name, reason) for reason in reasons]
    if name in names:
        found.append(duplicate(field, name))
    names.add(name)


def _check_node_port(
    port: ServicePort, number: int, kind: str, field: FieldPath, taken: set[tuple[str, str, int]], found: list[Mistake]
) -> None:
    check_number(number, field, found)
    if kind == "ClusterIP":
        found.append(forbidden(field, "may not be used when `type` is 'ClusterIP'"))
    if (key := ("nodePort", port.protocol or "TCP", number)) in taken:
        found.append(duplicate(field, number))
    taken.add(key)


def _check_name_elsewhere(spec: ServiceSpec, kind: str, found: list[Mistake]) -> None:
    field = ("spec", "externalName")
    if kind != "ExternalName":
        return
    if not spec.external_name:
        found.append(required(field))
    else:
        name = spec.external_name.removesuffix(".")
        found += [invalid(field, spec.external_name, reason) for reason in dns_subdomain(name)]


def _check_addresses(spec: ServiceSpec, kind: str, found: list[Mistake]) -> None:
    written = [(("spec", "clusterIP"), spec.cluster_ip)] if spec.cluster_ip else []
    places: list[tuple[FieldPath, str]] = [
        *written, *((("spec", "clusterIPs", place), each) for place, each in enumerate(spec.cluster_ips or ()))
    ]  # fmt: skip
    for field, text in places:
        if kind == "ExternalName":
            found.append(forbidden(field, "may not be set for ExternalName services"))
        elif text == "None":
            if kind in ("LoadBalancer", "NodePort"):
                found.append(invalid(field, text, f"may not be set to 'None' for {kind} services"))
        elif reason := address(text):
            found.append(invalid(field, text, reason))
    for place, text in enumerate(spec.external_ips or ()):
        if reason := address(text) or endpoint_address(text):
            found.append(invalid(("spec", "externalIPs", place), text, reason))


def _check_policies(spec: ServiceSpec, kind: str, found: list[Mistake]) -> None:
    if policy := spec.external_traffic_policy:
        field = ("spec", "externalTrafficPolicy")
        if policy not in _POLICIES:
            found.append(unsupported(field, policy, _POLICIES))
        elif kind not in ("LoadBalancer", "NodePort") and not spec.external_ips:
            found.append(invalid(field, policy, "may only be set for externally-accessible services"))
    if (policy := spec.internal_traffic_policy) and policy not in _POLICIES:
        found.append(unsupported(("spec", "internalTrafficPolicy"), policy, _POLICIES))


def _check_ranges(ranges: list[str], kind: str, found: list[Mistake]) -> None:
    field = ("spec", "loadBalancerSourceRanges")
    if kind != "LoadBalancer":
        found.append(forbidden(field, "may only be used when `type` is 'LoadBalancer'"))
    for position, text in enumerate(ranges):
        if reason := strict_cidr(text.strip()):
            found.append(invalid((*field, position), text, reason))
