"""What a server says at the beginning of a handshake, read strictly and within bounds.

Sources: RFC 8446, sections 4.1.3 to 4.4.2 and 6; RFC 5246, section 7.4; RFC 6066, section 8; RFC 7301, section 3.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crenel.certificates.probing.wire.cursor import Cursor, WireError
from crenel.certificates.probing.wire.numbers import ALERTS, Extension, Version

RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
"""The random of a ServerHello that is a HelloRetryRequest (RFC 8446, section 4.1.3)."""
MOST_CERTIFICATES = 64
"""How many certificates of one chain are read."""

_OCSP = 1


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert: the server says why it ends the connection, or a warning."""

    level: int
    number: int

    @property
    def fatal(self) -> bool:
        """Whether the connection ends with it; in TLS 1.3 the level means nothing, and all but a few end it."""
        return self.level != 1 or self.number == 0

    @property
    def title(self) -> str:
        """Its name in the registry, or its number."""
        return ALERTS.get(self.number, f"alert {self.number}")


@dataclass(frozen=True, slots=True)
class ServerHello:
    """A ServerHello or HelloRetryRequest."""

    version: int
    """The version that was chosen, be it none that was offered."""
    suite: int
    retry: bool
    group: int | None = None
    """The group of TLS 1.3."""
    share: bytes = b""
    """The server's key share; empty in a HelloRetryRequest."""
    cookie: bytes = b""
    alpn: str | None = None
    """The application protocol, which TLS 1.3 tells later."""


@dataclass(frozen=True, slots=True)
class Served:
    """A chain as it was served, the server's own certificate first: DER, not looked at."""

    chain: tuple[bytes, ...]
    staple: bytes | None = None
    """The stapled OCSP response, DER (RFC 8446, section 4.4.2.1)."""


@dataclass(frozen=True, slots=True)
class ClientRequest:
    """The server asks for the client's certificate."""

    authorities: tuple[bytes, ...] = ()
    """Subjects of CAs that it names, DER; none means any."""


def alert(body: bytes) -> Alert:
    """Read an alert."""
    if len(body) != 2:
        raise WireError(f"an alert of {len(body)} bytes")
    return Alert(body[0], body[1])


def server_hello(message: bytes) -> ServerHello:
    """Read a ServerHello, header included."""
    cursor = _body(message)
    version, random = cursor.number(2), cursor.take(32)
    if len(cursor.vector(1)) > 32:
        raise WireError("a session id of more than 32 bytes")
    suite, compression = cursor.number(2), cursor.number(1)
    if compression:
        raise WireError(f"compression method {compression} was not offered")
    extensions = _extensions(cursor.vector(2)) if cursor.left else {}
    cursor.end()
    retry = random == RETRY
    version = _chosen(version, extensions)
    if version == Version.TLS1_3:
        group, share = _share(extensions.get(Extension.KEY_SHARE), retry=retry)
        return ServerHello(version, suite, retry, group, share, _cookie(extensions.get(Extension.COOKIE)))
    return ServerHello(version, suite, retry=False, alpn=_protocol(extensions.get(Extension.ALPN)))


def encrypted_extensions(message: bytes) -> str | None:
    """Read the application protocol out of EncryptedExtensions; None without."""
    cursor = _body(message)
    extensions = _extensions(cursor.vector(2))
    cursor.end()
    return _protocol(extensions.get(Extension.ALPN))


def certificate_1_2(message: bytes) -> tuple[bytes, ...]:
    """Read the Certificate message of TLS 1.2 and before."""
    cursor = _body(message)
    listed = Cursor(cursor.vector(3))
    cursor.end()
    chain: list[bytes] = []
    while listed.left:
        chain.append(_certificate(listed, len(chain)))
    return tuple(chain)


def certificate_1_3(message: bytes) -> Served:
    """Read the Certificate message of TLS 1.3; the response that is stapled to the first one counts."""
    cursor = _body(message)
    if cursor.vector(1):
        raise WireError("a context in a server's Certificate message")
    listed = Cursor(cursor.vector(3))
    cursor.end()
    chain: list[bytes] = []
    staple: bytes | None = None
    while listed.left:
        chain.append(_certificate(listed, len(chain)))
        status = _extensions(listed.vector(2)).get(Extension.STATUS_REQUEST)
        if status is not None and len(chain) == 1:
            staple = _response(Cursor(status))
    return Served(tuple(chain), staple)


def certificate_status(message: bytes) -> bytes:
    """Read the OCSP response out of a CertificateStatus message of TLS 1.2."""
    return _response(_body(message))


def certificate_request_1_2(message: bytes, version: int) -> ClientRequest:
    """Read a CertificateRequest of TLS 1.2 and before."""
    cursor = _body(message)
    cursor.vector(1)
    if version >= Version.TLS1_2:
        cursor.vector(2)
    names = cursor.vector(2) if cursor.left else b""
    cursor.end()
    return ClientRequest(_names(names))


def certificate_request_1_3(message: bytes) -> ClientRequest:
    """Read a CertificateRequest of TLS 1.3."""
    cursor = _body(message)
    cursor.vector(1)
    extensions = _extensions(cursor.vector(2))
    cursor.end()
    named = extensions.get(Extension.CERTIFICATE_AUTHORITIES)
    if named is None:
        return ClientRequest()
    inside = Cursor(named)
    names = inside.vector(2)
    inside.end()
    return ClientRequest(_names(names))


def _body(message: bytes) -> Cursor:
    cursor = Cursor(message)
    cursor.number(1)
    body = Cursor(cursor.vector(3))
    cursor.end()
    return body


def _extensions(data: bytes) -> Mapping[int, bytes]:
    cursor, found = Cursor(data), dict[int, bytes]()
    while cursor.left:
        kind, body = cursor.number(2), cursor.vector(2)
        if kind in found:
            raise WireError(f"extension {kind} twice")
        found[kind] = body
    return found


def _chosen(legacy: int, extensions: Mapping[int, bytes]) -> int:
    written = extensions.get(Extension.SUPPORTED_VERSIONS)
    if written is None:
        return legacy
    if len(written) != 2:
        raise WireError("more than one version was chosen")
    return int.from_bytes(written, "big")


def _share(written: bytes | None, *, retry: bool) -> tuple[int | None, bytes]:
    if written is None:
        return None, b""
    cursor = Cursor(written)
    group = cursor.number(2)
    share = b"" if retry else cursor.vector(2)
    cursor.end()
    return group, share


def _cookie(written: bytes | None) -> bytes:
    if written is None:
        return b""
    cursor = Cursor(written)
    cookie = cursor.vector(2)
    cursor.end()
    return cookie


def _protocol(written: bytes | None) -> str | None:
    if written is None:
        return None
    cursor = Cursor(written)
    listed = Cursor(cursor.vector(2))
    cursor.end()
    name = listed.vector(1)
    listed.end()
    return name.decode("ascii", "backslashreplace")


def _certificate(listed: Cursor, before: int) -> bytes:
    if before >= MOST_CERTIFICATES:
        raise WireError(f"more than {MOST_CERTIFICATES} certificates")
    data = listed.vector(3)
    if not data:
        raise WireError("an empty certificate")
    return data


def _response(cursor: Cursor) -> bytes:
    if (kind := cursor.number(1)) != _OCSP:
        raise WireError(f"certificate status of type {kind}")
    response = cursor.vector(3)
    cursor.end()
    return response


def _names(data: bytes) -> tuple[bytes, ...]:
    cursor, found = Cursor(data), list[bytes]()
    while cursor.left:
        found.append(cursor.vector(2))
    return tuple(found)
