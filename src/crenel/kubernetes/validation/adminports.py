"""The ports of admin policies: ``protocols`` of v1alpha2, ``ports`` of v1alpha1.

Source: the custom resource definitions of kubernetes-sigs/network-policy-api. v1alpha1 leaves the protocol an open
string and does not compare a range's ends; both are held to what its documentation says.
"""

from __future__ import annotations

from collections.abc import Sequence

from crenel.kubernetes.objects.policies import (
    AdminNetworkPolicyPort,
    ClusterNetworkPolicyProtocol,
    DestinationPort,
    PortRange,
    ProtocolMatch,
)
from crenel.kubernetes.validation.mistakes import (
    Mistake,
    bounded,
    exactly_one,
    invalid,
    listed,
    too_few,
    unknown,
    unsupported,
)
from crenel.kubernetes.validation.ports import PROTOCOLS
from crenel.provenance import FieldPath


def check_protocols(
    protocols: Sequence[ClusterNetworkPolicyProtocol], field: FieldPath, most: int, found: list[Mistake]
) -> None:
    """The ``protocols`` of a ClusterNetworkPolicy's rule."""
    listed(protocols, field, most, found)
    for position, each in enumerate(protocols):
        place = (*field, position)
        exactly_one((each.tcp, each.udp, each.sctp, each.destination_named_port), place, found)
        for word, match in (("tcp", each.tcp), ("udp", each.udp), ("sctp", each.sctp)):
            if match is not None:
                _check_match(match, (*place, word), found)


def _check_match(match: ProtocolMatch, field: FieldPath, found: list[Mistake]) -> None:
    if match.destination_port is None:
        found.append(too_few(field, "properties"))
    else:
        _check_destination(match.destination_port, (*field, "destinationPort"), found)


def _check_destination(port: DestinationPort, field: FieldPath, found: list[Mistake]) -> None:
    exactly_one((port.number, port.range), field, found)
    if port.number is not None:
        bounded(port.number, 1, 65535, (*field, "number"), found)
    if port.range is not None:
        _check_ends(port.range, (*field, "range"), found)
        if port.range.start >= port.range.end:
            found.append(Mistake((*field, "range"), 'Invalid value: "object": Start port must be less than End port'))
        if port.range.protocol is not None:
            found.append(unknown((*field, "range", "protocol")))


def _check_ends(span: PortRange, field: FieldPath, found: list[Mistake]) -> None:
    bounded(span.start, 1, 65535, (*field, "start"), found)
    bounded(span.end, 1, 65535, (*field, "end"), found)


def check_ports(ports: Sequence[AdminNetworkPolicyPort], field: FieldPath, most: int, found: list[Mistake]) -> None:
    """The ``ports`` of an AdminNetworkPolicy's or BaselineAdminNetworkPolicy's rule."""
    listed(ports, field, most, found)
    for position, each in enumerate(ports):
        place = (*field, position)
        exactly_one((each.port_number, each.port_range, each.named_port), place, found)
        if each.port_number is not None:
            bounded(each.port_number.port, 1, 65535, (*place, "portNumber", "port"), found)
            _check_protocol(each.port_number.protocol, (*place, "portNumber", "protocol"), found)
        if each.port_range is not None:
            span, inside = each.port_range, (*place, "portRange")
            _check_ends(span, inside, found)
            if span.start > span.end:
                found.append(invalid((*inside, "end"), span.end, "must be greater than or equal to `start`"))
            _check_protocol(span.protocol, (*inside, "protocol"), found)


def _check_protocol(protocol: str | None, field: FieldPath, found: list[Mistake]) -> None:
    if protocol is not None and protocol not in PROTOCOLS:
        found.append(unsupported(field, protocol, PROTOCOLS))
