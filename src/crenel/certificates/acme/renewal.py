"""When a certificate is to be renewed: when the server says so (RFC 9773), else after a fraction of its own life.

Within the window that the server suggests the moment is drawn from the serial number, which is random: so it is the
same however often it is asked for. A server's word counts up to nine tenths of the life, not longer.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from cryptography import x509

from crenel.certificates.acme.answers import RenewalInfo, base64url
from crenel.certificates.acme.errors import AcmeError
from crenel.certificates.acme.state import Wanted
from crenel.certificates.acme.talking import Answer, Server
from crenel.certificates.material.certificate import Certificate

_WHOLE = 1 << 64
_JITTER = 0.05
"""How much earlier, as a fraction of the life, chance makes it."""
_LATEST = 0.9
_OFTEN, _SELDOM = timedelta(minutes=5), timedelta(days=1)
_ASK = timedelta(hours=6)
"""When to ask again where the server does not say."""


def due(certificate: Certificate, wanted: Wanted) -> datetime:
    """When it is to be renewed, by what is known."""
    chance = _draw(certificate)
    life = certificate.not_after - certificate.not_before
    latest = certificate.not_before + life * max(_LATEST, wanted.renew_at)
    if wanted.window is not None and wanted.of == certificate.serial:
        start, end = wanted.window
        return min(datetime.fromtimestamp(start + (end - start) * chance, UTC), latest)
    return certificate.not_before + life * max(wanted.renew_at - _JITTER * chance, wanted.renew_at / 2)


def ask(server: Server, certificate: Certificate, wanted: Wanted, now: datetime) -> str:
    """Ask the server for its window, if it has such and it is time to; returns why that could not be done, or nothing.

    Whether something of `wanted` is different afterwards, only a comparison tells.
    """
    if wanted.of != certificate.serial:
        wanted.of, wanted.window, wanted.asked = certificate.serial, None, 0
    if now.timestamp() < wanted.asked or now >= certificate.not_after:
        return ""
    try:
        base, name = server.directory.renewal_info, identifier(certificate)
        if not base or not name:
            return ""
        answer = server.get(f"{base.rstrip('/')}/{name}")
        window = _window(answer)
    except (AcmeError, OverflowError) as error:
        wanted.asked = int((now + _ASK).timestamp())
        return f"when to renew could not be asked for: {error}"
    wanted.window = window
    wanted.asked = int((now + min(max(answer.wait(_ASK), _OFTEN), _SELDOM)).timestamp())
    return ""


def _window(answer: Answer) -> tuple[int, int]:
    window = answer.read(RenewalInfo, "renewal information").suggested_window
    start, end = (int(_utc(each).timestamp()) for each in (window.start, window.end))
    if not 0 < start < end:
        raise AcmeError("the server's window for the renewal makes no sense")
    return start, end


def identifier(certificate: Certificate) -> str:
    """What a server calls a certificate (RFC 9773, 4.1): issuer's key and serial number; empty where it cannot be."""
    found = certificate.extension(x509.AuthorityKeyIdentifier)
    number = certificate.loaded.serial_number
    if found is None or not found.key_identifier or number <= 0:
        return ""
    serial = number.to_bytes(number.bit_length() // 8 + 1)
    return f"{base64url(found.key_identifier)}.{base64url(serial)}"


def _utc(at: datetime) -> datetime:
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _draw(certificate: Certificate) -> float:
    """A number from 0 to 1."""
    return int.from_bytes(hashlib.sha256(certificate.serial.encode()).digest()[:8]) / _WHOLE
