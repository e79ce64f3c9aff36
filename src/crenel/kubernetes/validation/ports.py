"""Ports and protocols, as every kind has them.

Source: apimachinery pkg/util/validation/validation.go (IsValidPortNum, IsValidPortName).
"""

from __future__ import annotations

from crenel.kubernetes.validation.mistakes import Mistake, invalid
from crenel.kubernetes.validation.names import port_name
from crenel.provenance import FieldPath

PROTOCOLS = ("TCP", "UDP", "SCTP")
"""The transport protocols of the API, in the order in which NetworkPolicy lists them."""

PORT_RANGE = "must be between 1 and 65535, inclusive"


def check_number(port: int, field: FieldPath, found: list[Mistake]) -> None:
    """A port number."""
    if not 1 <= port <= 65535:
        found.append(invalid(field, port, PORT_RANGE))


def check_port(port: int | str, field: FieldPath, found: list[Mistake]) -> None:
    """A port by number or by name."""
    if isinstance(port, int):
        check_number(port, field, found)
    else:
        found += [invalid(field, port, reason) for reason in port_name(port)]
