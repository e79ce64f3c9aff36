"""The connections that the kernel tracks in one network namespace: linux/netfilter/nfnetlink_conntrack.h.

A flow is named by the tuple of its first packet; after translation the tuple of the replies differs from its mirror
image, and says who really answers. Marks are what rules can ask for by ``ct mark``.
"""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterable
from types import TracebackType
from typing import NamedTuple, Self

from crenel.kernel.attributes import attribute, each_attribute, parse_attributes
from crenel.kernel.namespaces import Namespace
from crenel.kernel.netlink import NETFILTER, Netlink, Request

_SUBSYSTEM = 1 << 8
_NEW, _GET, _DELETE, _STATISTICS = _SUBSYSTEM | 0, _SUBSYSTEM | 1, _SUBSYSTEM | 2, _SUBSYSTEM | 5

_ORIGINAL, _REPLY, _STATUS, _INFORMATION, _MARK, _ZONE, _MASK = 1, 2, 3, 4, 8, 18, 21
_OF_TCP, _STATE = 1, 1
_ENDED = (6, 7, 8)
"""TCP_CONNTRACK_LAST_ACK, TIME_WAIT and CLOSE (nf_conntrack_tcp.h)."""
_NESTED = 0x8000
_IP, _PROTOCOL = 1, 2
_V4_SOURCE, _V4_DESTINATION, _V6_SOURCE, _V6_DESTINATION = 1, 2, 3, 4
_NUMBER_OF_PROTOCOL, _SPORT, _DPORT = 1, 2, 3
_ENTRIES = 1

_GENERIC = struct.Struct("!BBH")
_U32 = struct.Struct("!I")

SEEN_REPLY = 1 << 1
"""IPS_SEEN_REPLY of `Flow.status`: packets went both ways."""
ASSURED = 1 << 2
"""IPS_ASSURED of `Flow.status`: it is kept when the table is full."""


class Flow(NamedTuple):
    """A tracked connection: the addresses and ports of its first packet, and those of the answers to it.

    Addresses are integers; ports are 0 where the protocol has none. Without translation the reply is the mirror image.
    """

    family: int
    """4 or 6."""
    protocol: int
    source: int
    sport: int
    destination: int
    dport: int
    reply_source: int
    reply_sport: int
    reply_destination: int
    reply_dport: int
    mark: int
    status: int
    """Bits of enum ip_conntrack_status, such as `SEEN_REPLY`."""
    over: bool
    """Whether both ends of a TCP connection have closed it, or one has reset it."""
    raw: bytes
    """The attributes that name it to the kernel: its original tuple, and its zone if it has one."""


class Conntrack:
    """The connection table of a namespace. One thread at a time; closed by `close`, or as a context manager."""

    def __init__(self, namespace: Namespace) -> None:
        self._netlink = Netlink(NETFILTER, namespace)

    def close(self) -> None:
        """Close the socket. Closing twice is closing once."""
        self._netlink.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def flows(self) -> list[Flow]:
        """All tracked connections of both families. Those that begin or end meanwhile may be there or not.

        Raises:
            NetlinkError: the kernel did not list them.
            ValueError: the kernel sent what cannot be read.
        """
        bodies = self._netlink.dump(_GET, _GENERIC.pack(socket.AF_UNSPEC, 0, 0))
        return [_flow(body) for body in bodies if body[:1] in _FAMILIES]

    def set_mark(self, flow: Flow, value: int, mask: int = 0xFFFF_FFFF) -> bool:
        """Set those bits of a flow's mark that `mask` has to those of `value`. False: the flow has ended meanwhile.

        Raises:
            NetlinkError: the kernel refused it.
        """
        return self.set_marks([(flow, value, mask)])[0]

    def set_marks(self, changes: Iterable[tuple[Flow, int, int]]) -> list[bool]:
        """Do what `set_mark` does for many flows with their values and masks, in their order.

        Raises:
            NetlinkError: the kernel refused one for another reason than that it has ended; the others were done.
        """
        outcomes = self._netlink.outcomes([_marking(*change) for change in changes])
        for error in outcomes:
            if error is not None and error.errno != errno.ENOENT:
                raise error
        return [error is None for error in outcomes]

    def flush(self) -> None:
        """Forget all connections. A packet that comes later begins a new one, whichever way it goes.

        Raises:
            NetlinkError: the kernel refused it.
        """
        self._netlink.request(_DELETE, 0, _GENERIC.pack(socket.AF_UNSPEC, 0, 0))

    def count(self) -> int:
        """How many connections are tracked.

        Raises:
            NetlinkError: the kernel did not say.
            ValueError: the kernel sent what cannot be read.
        """
        answers = self._netlink.request(_STATISTICS, 0, _GENERIC.pack(socket.AF_UNSPEC, 0, 0))
        for answer in answers:
            if (entries := parse_attributes(answer[4:]).get(_ENTRIES)) is not None:
                return int.from_bytes(entries, "big")
        raise ValueError("the kernel does not say how many connections it tracks")


_FAMILIES = {bytes([socket.AF_INET]): 4, bytes([socket.AF_INET6]): 6}


def _marking(flow: Flow, value: int, mask: int) -> Request:
    # The kernel takes the exclusive or of the value and what the mask leaves.
    body = (
        _GENERIC.pack(socket.AF_INET if flow.family == 4 else socket.AF_INET6, 0, 0)
        + flow.raw
        + attribute(_MARK, _U32.pack(value & mask))
        + attribute(_MASK, _U32.pack(mask))
    )
    return Request(_NEW, 0, body)


def _flow(body: bytes) -> Flow:
    original = reply = zone = b""
    mark = status = 0
    over = False
    for kind, payload in each_attribute(body[4:]):
        if kind == _ORIGINAL:
            original = payload
        elif kind == _REPLY:
            reply = payload
        elif kind == _MARK:
            mark = int.from_bytes(payload, "big")
        elif kind == _STATUS:
            status = int.from_bytes(payload, "big")
        elif kind == _INFORMATION:
            over = _integer(parse_attributes(parse_attributes(payload).get(_OF_TCP, b"")), _STATE) in _ENDED
        elif kind == _ZONE:
            zone = attribute(_ZONE, payload)
    raw = attribute(_ORIGINAL | _NESTED, original) + zone
    return Flow(_FAMILIES[body[:1]], *_tuple(original), *_tuple(reply)[1:], mark, status, over, raw)


def _tuple(data: bytes) -> tuple[int, int, int, int, int]:
    """Read a tuple as (protocol, source, sport, destination, dport)."""
    outer = parse_attributes(data)
    address = parse_attributes(outer.get(_IP, b""))
    ports = parse_attributes(outer.get(_PROTOCOL, b""))
    return (
        _integer(ports, _NUMBER_OF_PROTOCOL),
        _integer(address, _V4_SOURCE, _V6_SOURCE),
        _integer(ports, _SPORT),
        _integer(address, _V4_DESTINATION, _V6_DESTINATION),
        _integer(ports, _DPORT),
    )


def _integer(found: dict[int, bytes], *kinds: int) -> int:
    for kind in kinds:
        if kind in found:
            return int.from_bytes(found[kind], "big")
    return 0
