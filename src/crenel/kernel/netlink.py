"""A netlink socket: requests with acknowledgements, lists, and batches: netlink(7), linux/netlink.h.

Replies are matched by sequence number. The kernel handles a request while it is being sent, so a reply that is not
there within seconds was lost, and no call waits longer.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import NamedTuple, Self

from crenel.kernel.attributes import attribute, nested, parse_attributes
from crenel.kernel.namespaces import Namespace

__all__ = [
    "CREATE", "DUMP", "EXCLUSIVE", "NETFILTER", "REPLACE", "ROUTE", "Netlink", "NetlinkError",
    "Request", "attribute", "nested", "parse_attributes",
]  # fmt: skip

ROUTE = 0
"""NETLINK_ROUTE: links, addresses, routes, neighbours."""
NETFILTER = 12
"""NETLINK_NETFILTER: connection tracking, packet logs, nftables."""

DUMP = 0x300
"""NLM_F_DUMP: answer with the whole table."""
REPLACE = 0x100
"""NLM_F_REPLACE: put it in the place of what is there."""
EXCLUSIVE = 0x200
"""NLM_F_EXCL: fail with EEXIST if it is there."""
CREATE = 0x400
"""NLM_F_CREATE: make it if it is not there."""

_REQUEST, _ACK = 0x1, 0x4
_INTERRUPTED = 0x10
_CAPPED = 0x100
_WITH_ATTRIBUTES = 0x200
_NOOP, _ERROR, _DONE, _OVERRUN = 1, 2, 3, 4

_SOL_NETLINK = 270
_CAP_ACK, _EXT_ACK = 10, 11
_SO_RCVBUFFORCE = 33
_SO_RCVTIMEO = 20

_HEADER = struct.Struct("=IHHII")
_NUMBER = struct.Struct("=i")
_MESSAGE = 1
"""NLMSGERR_ATTR_MSG: the kernel's own words."""

_PATIENCE = 10
"""Seconds to wait for one reply."""
_ATTEMPTS = 10
"""How often a list is asked for that keeps changing while the kernel writes it."""
_RECEIVE_BUFFER = 8 << 20
_ONE_REPLY = 64 << 10
"""Bytes that one datagram may have; the kernel's own lists come in at most 32 KiB."""
_ONE_ACK = 2048
"""What a waiting acknowledgement takes from the receive buffer, generously."""
_ONE_SEND = 64 << 10
"""Bytes of requests per datagram: what the default send buffer takes, with room for the kernel's overhead."""


class NetlinkError(OSError):
    """The kernel refused a request, or its answer was lost (ENOBUFS, ETIMEDOUT) or kept changing (EINTR).

    `errno` is the kernel's number, `reason` its own words where it gave some and else the system's; `index` says which
    message of a batch it was, from 0, and `subject` what that message was about.
    """

    def __init__(self, number: int, reason: str = "", index: int | None = None, subject: str = "") -> None:
        self.reason = reason or os.strerror(number)
        self.index = index
        self.subject = subject
        super().__init__(number, self.reason)

    def about(self, subject: str) -> NetlinkError:
        """The same error with its subject."""
        return NetlinkError(self.errno or 0, self.reason, self.index, subject)

    def __str__(self) -> str:
        usual = os.strerror(self.errno or 0)
        said = self.reason if self.reason == usual else f"{self.reason} ({usual})"
        return f"{self.subject}: {said}" if self.subject else said


class Request(NamedTuple):
    """One message of a batch: its type, its flags beside NLM_F_REQUEST and NLM_F_ACK, and what follows the header."""

    kind: int
    flags: int
    body: bytes


class _Reply(NamedTuple):
    kind: int
    flags: int
    sequence: int
    body: bytes


class Netlink:
    """A netlink socket of one protocol, opened in a namespace; without one, in that of the calling thread.

    Opening raises OSError where the thread may not enter the namespace, or the kernel has not got the protocol.

    `room` is how many bytes of answers may wait, if the kernel grants them. `socket` is for those who read events
    from it. One thread at a time may use it. It is closed by `close`, or as a context manager.
    """

    def __init__(self, protocol: int, namespace: Namespace | None = None, room: int = _RECEIVE_BUFFER) -> None:
        self.socket = _open(protocol, namespace)
        self._room = _grow(self.socket, room)
        self._buffer = bytearray(_ONE_REPLY)
        self._sequence = 0
        self.socket.setsockopt(socket.SOL_SOCKET, _SO_RCVTIMEO, struct.pack("@ll", _PATIENCE, 0))
        for option in (_CAP_ACK, _EXT_ACK):
            self.socket.setsockopt(_SOL_NETLINK, option, 1)

    def fileno(self) -> int:
        """The descriptor of the socket; -1 once it is closed."""
        return self.socket.fileno()

    def close(self) -> None:
        """Close the socket. Closing twice is closing once."""
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def request(self, kind: int, flags: int, body: bytes) -> list[bytes]:
        """Send one message and wait for its acknowledgement. Returns what the kernel answered before it, often nothing.

        Raises:
            NetlinkError: the kernel refused it.
        """
        first = self._send([Request(kind, flags, body)])
        answers = []
        for reply in self._replies(first, 1):
            if reply.kind == _ERROR:
                if error := _error(reply):
                    raise error
                break
            answers.append(reply.body)
        return answers

    def dump(self, kind: int, body: bytes, flags: int = DUMP) -> list[bytes]:
        """Ask for a table. Returns the bodies of its messages, once all are there.

        The kernel notices most changes that happen meanwhile, and it is asked again then; one that it misses may show
        an entry twice, or hide one.

        Raises:
            NetlinkError: the kernel refused it, or the table changed each time while it was being written (EINTR).
        """
        for _ in range(_ATTEMPTS):
            found = self._dump(Request(kind, flags, body))
            if found is not None:
                return found
        raise NetlinkError(errno.EINTR, "the table kept changing while it was listed")

    def batch(self, messages: Sequence[Request]) -> None:
        """Send many messages in as few datagrams as sensible, and wait for all acknowledgements.

        The kernel goes on after a message that fails, so the others have been done then.

        Raises:
            NetlinkError: of the first message that failed, with its index.
        """
        for error in self.outcomes(messages):
            if error is not None:
                raise error

    def outcomes(self, messages: Sequence[Request]) -> list[NetlinkError | None]:
        """Send many messages like `batch`. Returns what became of each: None, or why the kernel refused it.

        Raises:
            NetlinkError: an answer was lost.
        """
        found: list[NetlinkError | None] = []
        for part in self._parts(messages):
            first = self._send(part)
            results: list[NetlinkError | None] = [None] * len(part)
            missing = len(part)
            for reply in self._replies(first, len(part)):
                if reply.kind == _ERROR:
                    place = reply.sequence - first
                    results[place] = _error(reply, len(found) + place)
                    missing -= 1
                if not missing:
                    break
            found += results
        return found

    def _parts(self, messages: Sequence[Request]) -> Iterator[list[Request]]:
        most = max(1, self._room // _ONE_ACK)
        part: list[Request] = []
        size = 0
        for message in messages:
            length = len(message.body) + _HEADER.size
            if part and (size + length > _ONE_SEND or len(part) == most):
                yield part
                part, size = [], 0
            part.append(message)
            size += length
        if part:
            yield part

    def _send(self, messages: Iterable[Request], flags: int = _REQUEST | _ACK) -> int:
        """Send messages in one datagram. Returns the sequence number of the first."""
        first = self._sequence + 1
        pieces = []
        for message in messages:
            self._sequence += 1
            length = _HEADER.size + len(message.body)
            pieces.append(_HEADER.pack(length, message.kind, message.flags | flags, self._sequence, 0))
            pieces.append(message.body + bytes(-length & 3))
        try:
            self.socket.send(b"".join(pieces))
        except OSError as error:
            raise NetlinkError(error.errno or 0) from None
        return first

    def _dump(self, message: Request) -> list[bytes] | None:
        """The bodies of a table, or None if it changed meanwhile."""
        first = self._send([message], _REQUEST)
        found: list[bytes] = []
        whole = True
        for reply in self._replies(first, 1):
            if reply.flags & _INTERRUPTED:
                whole = False
            if reply.kind in {_ERROR, _DONE}:
                error = _error(reply)
                if error and error.errno == errno.EINTR:
                    return None
                if error:
                    raise error
                break
            found.append(reply.body)
        return found if whole else None

    def _replies(self, first: int, number: int) -> Iterator[_Reply]:
        """The replies to a range of sequence numbers, until the caller has enough of them."""
        while True:
            length = self._receive()
            for reply in _split(self._buffer, length):
                if first <= reply.sequence < first + number:
                    yield reply

    def _receive(self) -> int:
        try:
            length = self.socket.recv_into(self._buffer, 0, socket.MSG_TRUNC)
        except BlockingIOError:
            raise NetlinkError(errno.ETIMEDOUT, f"the kernel did not answer within {_PATIENCE} seconds") from None
        except OSError as error:
            lost = "the kernel's answers did not fit into the receive buffer" if error.errno == errno.ENOBUFS else ""
            raise NetlinkError(error.errno or 0, lost) from None
        if length > len(self._buffer):
            raise NetlinkError(errno.EMSGSIZE, f"the kernel's answer of {length} bytes is too long")
        return length


def _open(protocol: int, namespace: Namespace | None) -> socket.socket:
    if namespace is not None:
        with namespace.entered():
            return _open(protocol, None)
    opened = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
    try:
        opened.bind((0, 0))
    except OSError:
        opened.close()
        raise
    return opened


def _grow(opened: socket.socket, size: int) -> int:
    """Ask for a receive buffer. Returns what the kernel granted, in its own count.

    Only root of the machine gets past net.core.rmem_max, which is often no more than 208 KiB.
    """
    try:
        opened.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, size)
    except PermissionError:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
    return opened.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)


def _split(buffer: bytearray, length: int) -> Iterator[_Reply]:
    position = 0
    while length - position >= _HEADER.size:
        size, kind, flags, sequence, _ = _HEADER.unpack_from(buffer, position)
        if size < _HEADER.size or position + size > length:
            raise NetlinkError(errno.EBADMSG, f"a netlink message of {size} bytes where {length - position} are left")
        if kind == _OVERRUN:
            raise NetlinkError(errno.ENOBUFS, "the kernel lost a part of its answer")
        if kind != _NOOP:
            yield _Reply(kind, flags, sequence, bytes(buffer[position + _HEADER.size : position + size]))
        position += size + 3 & ~3


def _error(reply: _Reply, index: int | None = None) -> NetlinkError | None:
    """What an acknowledgement or the end of a list says: None is success."""
    number = -_NUMBER.unpack_from(reply.body)[0] if len(reply.body) >= 4 else 0
    return NetlinkError(number, _words(reply), index) if number > 0 else None


def _words(reply: _Reply) -> str:
    """The text of an extended acknowledgement: it follows the number and, in an error, the request's header."""
    if not reply.flags & _WITH_ATTRIBUTES:
        return ""
    start = 4
    if reply.kind == _ERROR:
        start += _HEADER.size
        if not reply.flags & _CAPPED and len(reply.body) >= start:
            start = 4 + (_NUMBER.unpack_from(reply.body, 4)[0] + 3 & ~3)
    try:
        words = parse_attributes(reply.body[start:]).get(_MESSAGE, b"")
    except ValueError:
        return ""
    return words.rstrip(b"\0").decode("utf-8", "replace").rstrip(".")
