"""EndpointSlice (discovery.k8s.io/v1).

Source: kubernetes/kubernetes pkg/apis/discovery/validation/validation.go.
"""

from __future__ import annotations

from crenel.kubernetes.objects.services import EndpointSlice, SlicePort
from crenel.kubernetes.validation.addresses import address, endpoint_address, family
from crenel.kubernetes.validation.mistakes import Mistake, duplicate, invalid, required, too_many, unsupported
from crenel.kubernetes.validation.names import dns_label, dns_subdomain
from crenel.kubernetes.validation.ports import PROTOCOLS, check_number
from crenel.provenance import FieldPath

_FAMILIES = {"IPv4": 4, "IPv6": 6}
_TYPES = ("FQDN", "IPv4", "IPv6")
_SORTED = tuple(sorted(PROTOCOLS))
_MOST_PORTS, _MOST_ADDRESSES, _MOST_ENDPOINTS = 20000, 100, 1000


def check_endpointslice(piece: EndpointSlice, found: list[Mistake]) -> None:
    """The addresses and ports of a slice."""
    kind = piece.address_type
    if not kind:
        found.append(required(("addressType",)))
    elif kind not in _TYPES:
        found.append(unsupported(("addressType",), kind, _TYPES))
    endpoints, ports = piece.endpoints or (), piece.ports or ()
    if len(endpoints) > _MOST_ENDPOINTS:
        found.append(too_many(("endpoints",), len(endpoints), _MOST_ENDPOINTS))
    for position, endpoint in enumerate(endpoints):
        field = ("endpoints", position, "addresses")
        if not endpoint.addresses:
            found.append(required(field, "must contain at least 1 address"))
        elif len(endpoint.addresses) > _MOST_ADDRESSES:
            found.append(too_many(field, len(endpoint.addresses), _MOST_ADDRESSES))
        for place, text in enumerate(endpoint.addresses or ()):
            _check_address(text, kind, (*field, place), found)
    if len(ports) > _MOST_PORTS:
        found.append(too_many(("ports",), len(ports), _MOST_PORTS))
    names: set[str] = set()
    for position, port in enumerate(ports):
        _check_port(port, ("ports", position), names, found)


def _check_address(text: str, kind: str | None, field: FieldPath, found: list[Mistake]) -> None:
    if kind == "FQDN":
        found += [invalid(field, text, reason) for reason in dns_subdomain(text.removesuffix("."))]
    elif wanted := _FAMILIES.get(kind or ""):
        if family(text) != wanted:
            found.append(invalid(field, text, f"must be a valid {kind} address"))
        elif reason := address(text) or endpoint_address(text):
            found.append(invalid(field, text, reason))


def _check_port(port: SlicePort, field: FieldPath, names: set[str], found: list[Mistake]) -> None:
    name = port.name or ""
    if name:
        found += [invalid((*field, "name"), name, reason) for reason in dns_label(name)]
    if name in names:
        found.append(duplicate((*field, "name"), name))
    names.add(name)
    if port.protocol and port.protocol not in PROTOCOLS:
        found.append(unsupported((*field, "protocol"), port.protocol, _SORTED))
    if port.port is not None:
        check_number(port.port, (*field, "port"), found)
