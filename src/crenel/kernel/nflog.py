"""The packets that rules log to a group (`log group N prefix "..."`): linux/netfilter/nfnetlink_log.h.

One reader per group and namespace. Each packet comes in a datagram of its own unless a `threshold` says otherwise. One
by one they arrive after 0.1 ms, and up to 200,000 a second are read as fast as in bundles, which wait for the kernel's
next tick (up to 10 ms): all that bundles gain is that about twice as many packets fit into the room for what waits.
"""

from __future__ import annotations

import errno
import socket
import struct
from types import TracebackType
from typing import NamedTuple, Self

from crenel.kernel.attributes import attribute
from crenel.kernel.namespaces import Namespace
from crenel.kernel.netlink import NETFILTER, Netlink, NetlinkError

_SUBSYSTEM = 4 << 8
_PACKET, _CONFIG = _SUBSYSTEM | 0, _SUBSYSTEM | 1
_CFG_CMD, _CFG_MODE, _CFG_TIMEOUT, _CFG_QTHRESH = 1, 2, 4, 5
_BIND = b"\x01"
_COPY_PACKET = 2
_HDR, _INDEV, _OUTDEV, _PAYLOAD, _PREFIX = 1, 4, 5, 9, 10

_SOL_NETLINK, _NO_ENOBUFS = 270, 5
_SO_MEMINFO, _MEMINFO, _DROPS = 55, struct.Struct("=9I"), 8

_GENERIC = struct.Struct("!BBH")
_MESSAGE = struct.Struct("=IHHII").unpack_from
_ATTRIBUTE = struct.Struct("=HH").unpack_from
_NUMBER = struct.Struct("!I")
_MODE = struct.Struct("!IBx")

_ROOM = 32 << 20
_DATAGRAM = 16 << 10
"""Bytes beside those that are copied: the kernel fills 8 KiB at most, unless one packet alone is longer."""
_AT_ONCE = 4096


class LoggedPacket(NamedTuple):
    """One logged packet.

    `hook` is that of linux/netfilter.h (0 prerouting, 1 input, 2 forward, 3 output, 4 postrouting); `payload` is the
    packet from its IP header on, as far as it was copied; `indev` and `outdev` are indices of devices, 0 for none.
    """

    prefix: str
    hook: int
    payload: bytes
    indev: int
    outdev: int


class PacketLog:
    """The packets that the rules of a namespace log to a group; from the moment it is made on.

    `copied` is how many bytes of a packet are kept, `threshold` how many packets are sent together, `room` how many
    bytes of packets may wait, of which each takes 832; outside of root's reach the kernel grants less. The descriptor
    is readable when there is something to read. It is closed by `close`, or as a context manager.

    Making one raises `NetlinkError`: EPERM or EBUSY where another reader has the group.
    """

    def __init__(
        self, namespace: Namespace, group: int, copied: int = 96, *, threshold: int = 1, room: int = _ROOM
    ) -> None:
        self._netlink = Netlink(NETFILTER, namespace, room)
        self._prefixes: dict[bytes, str] = {}
        self._buffer = bytearray(_DATAGRAM + copied)
        # With ENOBUFS the kernel would drop everything after a loss until all that waits is read.
        self._netlink.socket.setsockopt(_SOL_NETLINK, _NO_ENOBUFS, 1)
        body = (
            _GENERIC.pack(socket.AF_UNSPEC, 0, group)
            + attribute(_CFG_CMD, _BIND)
            + attribute(_CFG_MODE, _MODE.pack(copied, _COPY_PACKET))
            + attribute(_CFG_TIMEOUT, _NUMBER.pack(0))
            + attribute(_CFG_QTHRESH, _NUMBER.pack(threshold))
        )
        try:
            self._netlink.request(_CONFIG, 0, body)
        except NetlinkError as error:
            self.close()
            # EPERM is also what the kernel says to the second reader of a group.
            taken = "somebody else reads it" if error.errno in {errno.EBUSY, errno.EPERM} else error.reason
            raise NetlinkError(error.errno or 0, taken, subject=f"packet log group {group}") from None
        self._netlink.socket.setblocking(False)

    def fileno(self) -> int:
        """The descriptor, for poll(2); -1 once it is closed."""
        return self._netlink.fileno()

    @property
    def lost(self) -> int:
        """How many datagrams, each of up to `threshold` packets, did not fit into `room`; 0: nothing was lost."""
        drops: int = _MEMINFO.unpack(self._netlink.socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size))[
            _DROPS
        ]
        return drops

    def read(self, most: int = _AT_ONCE) -> list[LoggedPacket]:
        """The packets that wait, about `most` of them; none if none do. It does not block.

        Raises:
            ValueError: the kernel sent what cannot be read.
        """
        found: list[LoggedPacket] = []
        receive = self._netlink.socket.recv_into
        while len(found) < most:
            try:
                length = receive(self._buffer, 0, socket.MSG_TRUNC)
            except BlockingIOError:
                break
            if length > len(self._buffer):
                raise ValueError(f"the kernel sent {length} bytes at once")
            _decode(self._buffer, length, self._prefixes, found)
        return found

    def close(self) -> None:
        """Give the group up. Closing twice is closing once."""
        self._netlink.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _decode(buffer: bytearray, length: int, prefixes: dict[bytes, str], found: list[LoggedPacket]) -> None:
    position = 0
    while position + 20 <= length:
        size, kind, _, _, _ = _MESSAGE(buffer, position)
        if size < 20 or position + size > length:
            raise ValueError(f"a netlink message of {size} bytes where {length - position} are left")
        if kind == _PACKET:
            found.append(_packet(buffer, position + 20, position + size, prefixes))
        position += size + 3 & ~3


def _packet(buffer: bytearray, position: int, end: int, prefixes: dict[bytes, str]) -> LoggedPacket:
    prefix = payload = b""
    hook = indev = outdev = 0
    while position + 4 <= end:
        size, kind = _ATTRIBUTE(buffer, position)
        if size < 4 or position + size > end:
            raise ValueError(f"a netlink attribute of {size} bytes where {end - position} are left")
        if kind == _PAYLOAD:
            payload = bytes(buffer[position + 4 : position + size])
        elif kind == _PREFIX:
            prefix = bytes(buffer[position + 4 : position + size])
        elif kind == _HDR and size >= 7:
            hook = buffer[position + 6]
        elif kind == _INDEV:
            indev = int.from_bytes(buffer[position + 4 : position + size], "big")
        elif kind == _OUTDEV:
            outdev = int.from_bytes(buffer[position + 4 : position + size], "big")
        position += size + 3 & ~3
    return LoggedPacket(prefixes.get(prefix) or _text(prefix, prefixes), hook, payload, indev, outdev)


def _text(raw: bytes, known: dict[bytes, str]) -> str:
    """A prefix as text, remembered: rules are few, packets many."""
    return known.setdefault(raw, raw.rstrip(b"\0").decode("utf-8", "replace"))
