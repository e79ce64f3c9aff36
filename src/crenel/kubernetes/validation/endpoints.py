"""Endpoints (core/v1).

Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go (ValidateEndpoints).
"""

from __future__ import annotations

from crenel.kubernetes.objects.services import Endpoints, EndpointsAddress
from crenel.kubernetes.validation.addresses import address, endpoint_address
from crenel.kubernetes.validation.mistakes import Mistake, invalid, required, unsupported
from crenel.kubernetes.validation.names import dns_label
from crenel.kubernetes.validation.ports import PROTOCOLS, check_number
from crenel.provenance import FieldPath


def check_endpoints(given: Endpoints, found: list[Mistake]) -> None:
    """The addresses and ports of all subsets."""
    for number, subset in enumerate(given.subsets or ()):
        field: FieldPath = ("subsets", number)
        if not subset.addresses and not subset.not_ready_addresses:
            found.append(required(field, "must specify `addresses` or `notReadyAddresses`"))
        for name, listed in (("addresses", subset.addresses), ("notReadyAddresses", subset.not_ready_addresses)):
            for position, each in enumerate(listed or ()):
                _check_address(each, (*field, name, position, "ip"), found)
        for position, port in enumerate(subset.ports or ()):
            place = (*field, "ports", position)
            if not port.name and len(subset.ports or ()) > 1:
                found.append(required((*place, "name")))
            elif port.name:
                found += [invalid((*place, "name"), port.name, reason) for reason in dns_label(port.name)]
            if port.protocol and port.protocol not in PROTOCOLS:
                found.append(unsupported((*place, "protocol"), port.protocol, tuple(sorted(PROTOCOLS))))
            if port.port is None:
                found.append(required((*place, "port")))
            else:
                check_number(port.port, (*place, "port"), found)


def _check_address(given: EndpointsAddress, field: FieldPath, found: list[Mistake]) -> None:
    if not given.ip:
        found.append(required(field))
    elif reason := address(given.ip) or endpoint_address(given.ip):
        found.append(invalid(field, given.ip, reason))
