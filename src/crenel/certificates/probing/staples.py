"""A stapled OCSP response (RFC 6960), as far as it is looked at: its signature is not verified."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography.x509 import ocsp


@dataclass(frozen=True, slots=True)
class Staple:
    """What a response says of the server's certificate."""

    status: str
    """``good``, ``revoked``, ``unknown``, or ``unreadable`` for a response that says nothing of it."""
    this_update: datetime | None = None
    next_update: datetime | None = None
    """Until when it is meant to be used; None where it does not say."""

    def stale(self, at: datetime) -> bool:
        """Whether its time is over."""
        return self.next_update is not None and self.next_update < at


def read(data: bytes, serial: int) -> Staple:
    """Read a response in DER about the certificate of a serial number; nothing raises."""
    try:
        response = ocsp.load_der_ocsp_response(data)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            return Staple("unreadable")
        for each in response.responses:
            if each.serial_number == serial:
                return Staple(each.certificate_status.name.lower(), each.this_update_utc, each.next_update_utc)
    except Exception:  # noqa: BLE001 - whatever a parser makes of arbitrary bytes
        return Staple("unreadable")
    return Staple("unreadable")
