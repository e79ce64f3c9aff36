"""ClientHellos (RFC 8446, section 4.1.2; RFC 5246, section 7.4.1.2), of any version and any suites."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from crenel.certificates.probing.wire.cursor import vector
from crenel.certificates.probing.wire.numbers import SIGNATURES, Extension, Group, Kind, Message, Version
from crenel.certificates.probing.wire.records import record

EVERY_GROUP = tuple(each for each in Group if each is not Group.X25519MLKEM768)
"""The groups that are offered where none are chosen."""

_SHORT, _LONG = 0x100, 0x200
"""ClientHellos between these lengths make some load balancers hang (RFC 7685, section 1)."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a ClientHello offers."""

    version: Version
    """The one version that is offered."""
    suites: Sequence[int]
    name: str | None = None
    """The server's DNS name, an A-label; None for an address (RFC 6066, section 3)."""
    alpn: Sequence[str] = ()
    groups: Sequence[int] = EVERY_GROUP
    shares: Sequence[tuple[int, bytes]] = ()
    """Key shares of TLS 1.3, group and public value; none asks the server to choose a group."""
    cookie: bytes = b""
    """What a HelloRetryRequest gave to be given back."""
    random: bytes = field(default_factory=lambda: os.urandom(32))
    session: bytes = field(default_factory=lambda: os.urandom(32))


def client_hello(offer: Offer) -> bytes:
    """Write the handshake message."""
    legacy = min(offer.version, Version.TLS1_2)
    body = b"".join(
        (
            legacy.to_bytes(2, "big"),
            offer.random,
            vector(1, offer.session if offer.version is Version.TLS1_3 else b""),
            _numbers(2, offer.suites),
            vector(1, b"\x00"),
        )
    )
    if offer.version is not Version.SSL3:
        body += vector(2, _padded(len(body) + 6, b"".join(_extensions(offer))))
    return bytes((Message.CLIENT_HELLO,)) + vector(3, body)


def in_record(offer: Offer, message: bytes) -> bytes:
    """Write the message into a record, under the version that old servers take (RFC 8446, section 5.1)."""
    return record(Kind.HANDSHAKE, min(offer.version, Version.TLS1_0), message)


def _padded(before: int, extensions: bytes) -> bytes:
    size = before + len(extensions)
    if not _SHORT <= size < _LONG:
        return extensions
    return extensions + _extension(Extension.PADDING, bytes(max(0, _LONG - size - 4)))


def _extension(kind: Extension, *parts: bytes) -> bytes:
    return kind.to_bytes(2, "big") + vector(2, *parts)


def _extensions(offer: Offer) -> Iterator[bytes]:
    if offer.name is not None:
        yield _extension(Extension.SERVER_NAME, vector(2, b"\x00", vector(2, offer.name.encode("ascii", "ignore"))))
    yield _extension(Extension.SUPPORTED_GROUPS, _numbers(2, offer.groups))
    yield _extension(Extension.STATUS_REQUEST, b"\x01", vector(2), vector(2))
    if offer.version >= Version.TLS1_2:
        yield _extension(Extension.SIGNATURE_ALGORITHMS, _numbers(2, SIGNATURES))
    if offer.alpn:
        yield _extension(Extension.ALPN, vector(2, *(vector(1, each.encode("ascii")) for each in offer.alpn)))
    if offer.version is Version.TLS1_3:
        yield from _extensions_1_3(offer)
    else:
        yield _extension(Extension.EC_POINT_FORMATS, vector(1, b"\x00"))
        yield _extension(Extension.EXTENDED_MASTER_SECRET)
        yield _extension(Extension.RENEGOTIATION_INFO, vector(1))


def _extensions_1_3(offer: Offer) -> Iterator[bytes]:
    yield _extension(Extension.SUPPORTED_VERSIONS, _numbers(1, [offer.version]))
    shares = (group.to_bytes(2, "big") + vector(2, public) for group, public in offer.shares)
    yield _extension(Extension.KEY_SHARE, vector(2, *shares))
    if offer.cookie:
        yield _extension(Extension.COOKIE, vector(2, offer.cookie))


def _numbers(size: int, numbers: Sequence[int]) -> bytes:
    return vector(size, struct.pack(f">{len(numbers)}H", *numbers))
