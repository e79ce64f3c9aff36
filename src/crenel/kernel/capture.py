"""All packets of a namespace, as they cross its interfaces: packet(7).

A socket that is bound to no interface sees those of all, in both directions; what is forwarded is seen twice. Each
packet begins with its IP header.
"""

from __future__ import annotations

import socket
import struct
from types import TracebackType
from typing import NamedTuple, Self

from crenel.kernel.namespaces import Namespace
from crenel.kernel.packets import TCP, Packet, parse

_ALL = 0x0003
"""ETH_P_ALL: linux/if_ether.h. With another number packets that are sent are not seen."""
_SOL_PACKET, _STATISTICS = 263, 6
_COUNTS = struct.Struct("=II")
_SO_RCVBUFFORCE = 33
_LONGEST = 1 << 17
"""More than the largest packet: links between namespaces pass on what was put together to 64 KiB and a header."""
_ROOM = 8 << 20
_AT_ONCE = 1024
_FRAGMENT = 44


class Segment(NamedTuple):
    """A packet of TCP: its head, and what it carries."""

    head: Packet
    payload: bytes


class Capture:
    """The packets of a namespace, from the moment it is made on. The descriptor is readable when some wait.

    `room` is how many bytes may wait; outside of root's reach the kernel grants less. It is closed by `close`, or as a
    context manager. Making one raises OSError where the process may not.
    """

    def __init__(self, namespace: Namespace, room: int = _ROOM) -> None:
        with namespace.entered():
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ALL))
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, room)
        except PermissionError:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        self._socket.setblocking(False)
        self._buffer = bytearray(_LONGEST)
        self._lost = 0

    def fileno(self) -> int:
        """The descriptor, for poll(2); -1 once it is closed."""
        return self._socket.fileno()

    @property
    def lost(self) -> int:
        """How many packets did not fit into the room, until now."""
        _, dropped = _COUNTS.unpack(self._socket.getsockopt(_SOL_PACKET, _STATISTICS, _COUNTS.size))
        self._lost += dropped  # asking begins the count anew
        return self._lost

    def read(self, most: int = _AT_ONCE) -> list[bytes]:
        """The packets that wait, at most so many; none if none do. It does not block."""
        found: list[bytes] = []
        while len(found) < most:
            try:
                length = self._socket.recv_into(self._buffer)
            except BlockingIOError:
                break
            found.append(bytes(self._buffer[:length]))
        return found

    def close(self) -> None:
        """Stop. Closing twice is closing once."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def segment(packet: bytes) -> Segment | None:
    """Read a packet as one of TCP; None for any other, and for one that was cut off in its heads."""
    try:
        head = parse(packet)
    except ValueError:
        return None
    if head.protocol != TCP or head.headless:
        return None
    start = (packet[0] & 15) * 4 if head.family == 4 else _after_extensions(packet)
    if len(packet) < start + 20:
        return None
    return Segment(head, packet[start + (packet[start + 12] >> 4) * 4 :])


def _after_extensions(packet: bytes) -> int:
    """Where TCP begins in a packet of IPv6. Extension headers tell their length (RFC 8200, section 4)."""
    following, start = packet[6], 40
    while following != TCP and len(packet) >= start + 8:
        length = 8 if following == _FRAGMENT else (packet[start + 1] + 1) * 8
        following, start = packet[start], start + length
    return start
