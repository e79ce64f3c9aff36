"""Whole handshakes, by the operating system's OpenSSL, and data sent through them: what comes back is the proof.

Of TLS 1.3 a client is through before the server has looked at its certificate (RFC 8446, section 4.4.2.4, and the
figure in section 2), so a refusal can only be seen by reading after the handshake.
"""

from __future__ import annotations

import asyncio
import enum
import errno
import re
import ssl
import warnings
from dataclasses import dataclass
from pathlib import Path

from crenel.certificates.probing import pages
from crenel.certificates.probing.peers import MOST_READ, EndlessError, Line, Peer
from crenel.certificates.probing.wire.cursor import Cursor, WireError
from crenel.certificates.probing.wire.numbers import ALERTS, Kind

QUIET = 0.25
"""How long to wait for more of an answer that has begun and does not tell its length, in seconds."""
_LEGACY = 0x4
"""SSL_OP_LEGACY_SERVER_CONNECT: servers without RFC 5746 are asked too."""
_RECEIVED = re.compile(r"reason\(1([0-9]{3})\)")
"""How Python writes an alert that is newer than itself: OpenSSL counts them from 1000 (SSL_AD_REASON_OFFSET)."""
_CLOSED = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError)


class Fate(enum.Enum):
    """What became of what was sent."""

    DATA = "data"
    """Data came back."""
    ALERT = "alert"
    """An alert came back."""
    CLOSED = "closed"
    """The connection was ended, or reset, without data."""
    SILENT = "silent"
    """Nothing came in time."""
    FAILED = "failed"
    """TLS failed on our side."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back for one request."""

    fate: Fate
    data: bytes = b""
    detail: str = ""
    """The name of the alert, or why the handshake failed."""
    version: str = ""
    """The version of TLS that was spoken; empty before."""
    chosen: bool = False
    """Whether the server had chosen a suite: before that it cannot have looked for a certificate."""


def context(certificate: tuple[Path, Path] | None = None, alpn: tuple[str, ...] = ()) -> ssl.SSLContext:
    """How to talk to any server, be it old or weak, with a certificate and its key, or none.

    Raises:
        OSError: the files cannot be read, or are no certificate with its key.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE  # who the server is has been looked at already
    made.options |= _LEGACY
    made.post_handshake_auth = True
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        made.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    made.set_ciphers("ALL:@SECLEVEL=0")
    if alpn:
        made.set_alpn_protocols(list(alpn))
    if certificate is not None:
        made.load_cert_chain(*certificate, password=_no_password)
    return made


def _no_password() -> str:
    raise PermissionError(errno.EACCES, "the key is encrypted")


async def talk(peer: Peer, how: ssl.SSLContext, name: str | None, request: bytes) -> Reply:
    """Make a whole handshake, send a request, and read what comes back.

    Raises:
        UnreachableError: the server takes no connection.
    """
    async with peer.line() as line:
        secured = _Secured(line, how, name)
        try:
            async with asyncio.timeout(peer.step):
                await secured.handshake()
                await secured.send(request)
                await secured.read()
        except TimeoutError:
            return secured.reply(Fate.SILENT)
        except _CLOSED:
            return secured.reply(Fate.CLOSED)
        except ssl.SSLError as error:
            alert = _alert(error)
            return secured.reply(Fate.ALERT if alert else Fate.FAILED, alert or (error.reason or "TLS error").lower())
        except EndlessError:
            return secured.reply(Fate.FAILED, f"more than {MOST_READ} bytes and no answer")
        except OSError:
            return secured.reply(Fate.CLOSED)
        return secured.reply(Fate.CLOSED)


async def plainly(peer: Peer, request: bytes) -> Reply:
    """Send a request in plain text, and read what comes back.

    Raises:
        UnreachableError: the server takes no connection.
    """
    data = b""
    fate = Fate.CLOSED
    async with peer.line() as line:
        try:
            async with asyncio.timeout(peer.step):
                await line.send(request)
                while len(data) < pages.MOST and not pages.is_whole(data):
                    more = await _more(line, patient=not data or pages.read(data) is not None)
                    if not more:
                        break
                    data += more
        except TimeoutError:
            fate = Fate.SILENT
        except OSError:
            pass
    if data and (alert := _plain_alert(data)) is not None:
        return Reply(Fate.ALERT, detail=alert)
    return Reply(Fate.DATA if data else fate, data)


async def _more(line: Line, *, patient: bool) -> bytes:
    """The next bytes; none where whoever speaks pauses after a beginning that is no HTTP."""
    if patient:
        return await line.receive()
    try:
        async with asyncio.timeout(QUIET):
            return await line.receive()
    except TimeoutError:
        return b""


def _plain_alert(data: bytes) -> str | None:
    """The alert that an answer is; ``TLS`` for another record; None where it is no TLS."""
    if data[0] not in tuple(Kind) or data[1:2] != b"\x03":
        return None
    cursor = Cursor(data)
    try:
        cursor.take(3)
        body = Cursor(cursor.vector(2))
        if data[0] != Kind.ALERT:
            return "TLS"
        body.take(1)
        return ALERTS.get(number := body.number(1), f"alert {number}")
    except WireError:
        return "TLS"


def _alert(error: ssl.SSLError) -> str:
    """The alert that OpenSSL received, in the words of the registry; empty for an error of another kind."""
    _, separator, name = (error.reason or "").partition("_ALERT_")
    if separator:
        return name.lower()
    number = _RECEIVED.search(str(error))
    return ALERTS.get(int(number[1]), f"alert {int(number[1])}") if number is not None else ""


class _Secured:
    """TLS over one connection, step by step."""

    def __init__(self, line: Line, how: ssl.SSLContext, name: str | None) -> None:
        self._line = line
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = how.wrap_bio(self._in, self._out, server_side=False, server_hostname=name)
        self._data = b""

    def reply(self, fate: Fate, detail: str = "") -> Reply:
        """How it ended; what came before counts for more than the end."""
        chosen = self._tls.cipher() is not None
        return Reply(Fate.DATA if self._data else fate, self._data, detail, self._tls.version() or "", chosen)

    async def handshake(self) -> None:
        """Come to its end; our own alert is sent where that fails."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._fill()
            except ssl.SSLError:
                await self._flush()
                raise
            else:
                return

    async def send(self, data: bytes) -> None:
        """Send data, and what is left of the handshake."""
        self._tls.write(data)
        await self._flush()

    async def read(self) -> None:
        """Read until the answer is whole, the other side ends it, or it pauses."""
        while len(self._data) < pages.MOST:
            try:
                more = self._tls.read(pages.MOST)
            except ssl.SSLWantReadError:
                await self._flush()
                if self._enough() or not await self._wait():
                    return
                continue
            if not more:
                return
            self._data += more

    def _enough(self) -> bool:
        return pages.is_whole(self._data) or pages.read_2(self._data) is not None

    async def _wait(self) -> bool:
        """Wait for more; an answer that has begun and is no HTTP may just pause."""
        http = not self._data or pages.read(self._data) is not None or pages.speaks_2(self._data)
        if http:
            await self._fill()
            return True
        try:
            async with asyncio.timeout(QUIET):
                await self._fill()
        except TimeoutError:
            return False
        return True

    async def _fill(self) -> None:
        data = await self._line.receive()
        if data:
            self._in.write(data)
        else:
            self._in.write_eof()

    async def _flush(self) -> None:
        if waiting := self._out.read():
            await self._line.send(waiting)
