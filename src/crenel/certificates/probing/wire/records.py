"""The record layer (RFC 8446, section 5; RFC 5246, section 6.2), and messages put together from records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from crenel.certificates.probing.wire.cursor import NoTLSError, WireError
from crenel.certificates.probing.wire.numbers import Kind

HEADER = 5
"""Bytes of a record's header."""
LONGEST_RECORD = 2**14 + 2048
"""Bytes of the longest record (RFC 5246, section 6.2.3; TLS 1.3 allows less)."""
LONGEST_MESSAGE = 2**17
"""Bytes of the longest handshake message that is read: chains of certificates are shorter."""
MOST_BYTES = 2**18
"""Bytes of all that is read of one server's answer."""
MOST_RECORDS = 512
"""How many records are read of one answer; empty ones would otherwise come for ever."""

_KINDS = frozenset(Kind)


class Record(NamedTuple):
    """One record, still encrypted where it is."""

    kind: Kind
    header: bytes
    body: bytes


class Records:
    """Cuts what a server sends into records."""

    def __init__(self) -> None:
        self._waiting = b""
        self._bytes = 0
        self._records = 0

    def feed(self, data: bytes) -> Iterator[Record]:
        """The records that are complete now.

        Raises:
            NoTLSError: the bytes are not TLS.
            WireError: a record is too long, or there is too much of everything.
        """
        self._bytes += len(data)
        if self._bytes > MOST_BYTES:
            raise WireError(f"more than {MOST_BYTES} bytes in answer to a ClientHello")
        self._waiting += data
        while (record := self._next()) is not None:
            yield record

    def _next(self) -> Record | None:
        waiting = self._waiting
        self._look(waiting)
        if len(waiting) < HEADER:
            return None
        size = int.from_bytes(waiting[3:HEADER], "big")
        if size > LONGEST_RECORD:
            raise WireError(f"a record of {size} bytes")
        if len(waiting) < HEADER + size:
            return None
        self._waiting = waiting[HEADER + size :]
        self._records += 1
        if self._records > MOST_RECORDS:
            raise WireError(f"more than {MOST_RECORDS} records in answer to a ClientHello")
        return Record(Kind(waiting[0]), waiting[:HEADER], waiting[HEADER : HEADER + size])

    def _look(self, waiting: bytes) -> None:
        """Raise where this is not the beginning of a record."""
        if waiting and (waiting[0] not in _KINDS or waiting[1:2] not in (b"", b"\x03")):
            if self._records:
                raise WireError(f"content type {waiting[0]}, version {waiting[1:3].hex()} of a record")
            raise NoTLSError(waiting[:64])


class Messages:
    """Puts handshake messages together: one may be in several records, and several in one."""

    def __init__(self) -> None:
        self._waiting = b""

    def feed(self, body: bytes) -> Iterator[tuple[int, bytes]]:
        """The messages that are complete now, each as its type and its bytes, header included.

        Raises:
            WireError: a message is too long, or a record is empty.
        """
        if not body:
            raise WireError("an empty handshake record")
        self._waiting += body
        while len(self._waiting) >= 4:
            size = int.from_bytes(self._waiting[1:4], "big")
            if size > LONGEST_MESSAGE:
                raise WireError(f"a handshake message of {size} bytes")
            if len(self._waiting) < 4 + size:
                return
            whole, self._waiting = self._waiting[: 4 + size], self._waiting[4 + size :]
            yield whole[0], whole

    @property
    def unfinished(self) -> bool:
        """Whether a message has begun and not ended."""
        return bool(self._waiting)


def record(kind: Kind, version: int, body: bytes) -> bytes:
    """Write a record."""
    return bytes((kind,)) + version.to_bytes(2, "big") + len(body).to_bytes(2, "big") + body
