"""Devices, addresses, routes and neighbours of one network namespace: rtnetlink(7), linux/if_link.h.

Changes queue up and go to the kernel in one batch, so that a namespace with all it needs is one system call and its
answers. Devices are named by their index, which whoever makes them chooses: nothing has to be asked in between.
IPv4 and IPv6 take the same path; the family is that of the address.
"""

from __future__ import annotations

import errno
import socket
import struct
import time
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from types import TracebackType
from typing import Self, TypeAlias

from crenel.kernel.attributes import attribute, nested, parse_attributes, text
from crenel.kernel.namespaces import Namespace
from crenel.kernel.netlink import CREATE, EXCLUSIVE, REPLACE, ROUTE, Netlink, NetlinkError, Request

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

LOOPBACK = 1
"""The index of `lo`, which every namespace has."""

_NEWLINK, _DELLINK, _GETLINK = 16, 17, 18
_NEWADDR, _GETADDR = 20, 22
_NEWROUTE, _GETROUTE = 24, 26
_NEWNEIGH = 28

_LINK = struct.Struct("=BxHiII")
"""struct ifinfomsg: family, type, index, flags, mask of flags."""
_ADDRESS = struct.Struct("=BBBBi")
"""struct ifaddrmsg: family, prefix length, flags, scope, index."""
_ROUTE = struct.Struct("=BBBBBBBBI")
"""struct rtmsg: family, lengths of destination and source, TOS, table, protocol, scope, type, flags."""
_NEIGHBOUR = struct.Struct("=BxxxiHBB")
"""struct ndmsg: family, index, state, flags, type."""
_NUMBER = struct.Struct("=I")

_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_MTU, _IFLA_OPERSTATE, _IFLA_LINKINFO, _IFLA_NET_NS_FD = 1, 3, 4, 16, 18, 28
_INFO_KIND, _INFO_DATA, _VETH_PEER = 1, 2, 1
_IFA_ADDRESS, _IFA_LOCAL, _IFA_FLAGS = 1, 2, 8
_RTA_DST, _RTA_OIF, _RTA_GATEWAY, _RTA_PREFSRC = 1, 4, 5, 7
_NDA_DST, _NDA_LLADDR = 1, 2

_UP, _LOOPBACK = 1, 8
_OPERATIONAL = b"\x06"
"""IF_OPER_UP."""
_PAUSE = 0.001
"""Seconds between two questions about it."""
_NODAD = 2
_ONLINK = 4
_PERMANENT = 0x80
_MAIN_TABLE, _STATIC, _UNICAST, _LOCAL = 254, 4, 1, 2
_UNIVERSE, _SCOPE_LINK, _SCOPE_HOST = 0, 253, 254


@dataclass(frozen=True, slots=True)
class Link:
    """A device as the kernel lists it; `mac` is empty where the device has none."""

    index: int
    name: str
    mac: bytes
    mtu: int
    up: bool


@dataclass(frozen=True, slots=True)
class LinkAddress:
    """An address of the device with that index, and the length of its prefix."""

    index: int
    address: Address
    prefix: int


class Links:
    """The devices of a namespace: changes queue up until `commit`; what is read is what the kernel has.

    One thread at a time may use it. It is closed by `close`, or as a context manager; what is queued then is dropped.
    """

    def __init__(self, namespace: Namespace) -> None:
        self._netlink = Netlink(ROUTE, namespace)
        self._queue: list[Request] = []
        self._subjects: list[tuple[object, ...]] = []

    def close(self) -> None:
        """Close the socket. Closing twice is closing once."""
        self._netlink.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def commit(self) -> None:
        """Do what is queued, in its order, and forget it.

        Raises:
            NetlinkError: of the first change that failed, with that change as its subject; the others were done.
        """
        queue, subjects = self._queue, self._subjects
        self._queue, self._subjects = [], []
        try:
            self._netlink.batch(queue)
        except NetlinkError as error:
            if error.index is None:
                raise
            raise error.about(" ".join(map(str, subjects[error.index]))) from None

    def veth(
        self,
        name: str,
        peer_name: str,
        peer: Namespace,
        mac: bytes,
        peer_mac: bytes,
        index: int | None = None,
        peer_index: int | None = None,
        mtu: int | None = None,
    ) -> None:
        """Make a pair of devices, one here and one in the namespace `peer`, both down.

        Hardware addresses have six bytes; an index that is not given is the kernel's choice. `peer` must stay open
        until `commit`.

        Raises:
            ValueError: there is a `peer_index` without an `index`, which the kernel would ignore.
        """
        if peer_index is not None and index is None:
            raise ValueError("the kernel heeds the index of the peer only if the device has one too")
        size = b"" if mtu is None else attribute(_IFLA_MTU, _NUMBER.pack(mtu))
        other = nested(
            _VETH_PEER,
            _LINK.pack(0, 0, peer_index or 0, 0, 0),
            text(_IFLA_IFNAME, peer_name),
            attribute(_IFLA_ADDRESS, peer_mac),
            attribute(_IFLA_NET_NS_FD, _NUMBER.pack(peer.fd)),
            size,
        )
        kind = nested(_IFLA_LINKINFO, text(_INFO_KIND, "veth"), nested(_INFO_DATA, other))
        self._make(name, index, attribute(_IFLA_ADDRESS, mac) + size + kind)

    def dummy(self, name: str, index: int | None = None) -> None:
        """Make a device that swallows what it is sent. Some kernels have none; loopback can carry addresses too."""
        self._make(name, index, nested(_IFLA_LINKINFO, text(_INFO_KIND, "dummy")))

    def _make(self, name: str, index: int | None, attributes: bytes) -> None:
        body = _LINK.pack(0, 0, index or 0, 0, 0) + text(_IFLA_IFNAME, name) + attributes
        self._add(_NEWLINK, CREATE | EXCLUSIVE, body, "link", name)

    def up(self, index: int) -> None:
        """Bring a device up. Routes and neighbours need that first."""
        self._add(_NEWLINK, 0, _LINK.pack(0, 0, index, _UP, _UP), "up: link", index)

    def resize(self, index: int, mtu: int) -> None:
        """Limit the packets of a device to so many bytes."""
        body = _LINK.pack(0, 0, index, 0, 0) + attribute(_IFLA_MTU, _NUMBER.pack(mtu))
        self._add(_NEWLINK, 0, body, "size of link", index)

    def remove(self, index: int) -> None:
        """Remove a device and the other end of its pair."""
        self._add(_DELLINK, 0, _LINK.pack(0, 0, index, 0, 0), "remove link", index)

    def address(self, index: int, address: Address, prefix: int) -> None:
        """Give a device an address and the route to its prefix.

        Nobody is asked whether an IPv6 address is a duplicate; it can be used once the device has settled.
        """
        packed = address.packed
        scope = _SCOPE_HOST if address.is_loopback else _UNIVERSE
        body = (
            _ADDRESS.pack(_family(address), prefix, 0, scope, index)
            + attribute(_IFA_LOCAL, packed)
            + attribute(_IFA_ADDRESS, packed)
            + (attribute(_IFA_FLAGS, _NUMBER.pack(_NODAD)) if address.version == 6 else b"")
        )
        self._add(_NEWADDR, CREATE | EXCLUSIVE, body, "address", address, "of link", index)

    def route(
        self, destination: Network, index: int, via: Address | None = None, source: Address | None = None
    ) -> None:
        """Add a route to the main table, through a gateway or straight to the link.

        A gateway need not be within a connected prefix. `source` is the address to send from.

        Raises:
            ValueError: the families differ.
        """
        for other in (via, source):
            if other is not None and other.version != destination.version:
                raise ValueError(f"a route to {destination} cannot use {other}")
        scope = _SCOPE_LINK if via is None else _UNIVERSE
        flags = 0 if via is None else _ONLINK
        length = destination.prefixlen
        parts = [
            _ROUTE.pack(_family(destination), length, 0, 0, _MAIN_TABLE, _STATIC, scope, _UNICAST, flags),
            attribute(_RTA_OIF, _NUMBER.pack(index)),
        ]
        if length:
            parts.append(attribute(_RTA_DST, destination.network_address.packed))
        if via is not None:
            parts.append(attribute(_RTA_GATEWAY, via.packed))
        if source is not None:
            parts.append(attribute(_RTA_PREFSRC, source.packed))
        self._add(_NEWROUTE, CREATE | EXCLUSIVE, b"".join(parts), "route", destination, "through link", index)

    def neighbour(self, index: int, address: Address, mac: bytes) -> None:
        """Say for good which hardware address a neighbour has, so that nobody asks it."""
        body = (
            _NEIGHBOUR.pack(_family(address), index, _PERMANENT, 0, 0)
            + attribute(_NDA_DST, address.packed)
            + attribute(_NDA_LLADDR, mac)
        )
        self._add(_NEWNEIGH, CREATE | REPLACE, body, "neighbour", address, "of link", index)

    def settle(self, *indices: int, seconds: float = 10) -> None:
        """Wait until devices of this namespace send and what they were given as addresses is delivered.

        Call it after `commit`, when both ends of a cable are up. The kernel leaves two things to its workers, which
        takes milliseconds on a busy machine, and a SYN that is lost meanwhile costs a second: the end that came up
        first drops what it is to send, and an IPv6 address is not yet delivered, though nobody is asked about it.

        Raises:
            NetlinkError: there is no such device, or it is not ready after so many seconds (ETIMEDOUT), as when it or
                the other end is down.
        """
        end = time.monotonic() + seconds
        while subject := self._unsettled(indices):
            if time.monotonic() > end:
                raise NetlinkError(errno.ETIMEDOUT, "it does not come up", subject=subject)
            time.sleep(_PAUSE)

    def _unsettled(self, indices: Collection[int]) -> str:
        """What is not ready; empty when all is."""
        for index in indices:
            try:
                answers = self._netlink.request(_GETLINK, 0, _LINK.pack(0, 0, index, 0, 0))
            except NetlinkError as error:
                raise error.about(f"link {index}") from None
            if not any(map(_is_operational, answers)):
                return f"link {index}"
        for body in self._netlink.dump(_GETADDR, _ADDRESS.pack(socket.AF_INET6, 0, 0, 0, 0)):
            found = _address(body)
            if found.index in indices and body[2] & _NODAD and not self._delivers(found.address):
                return f"address {found.address} of link {found.index}"
        return ""

    def _delivers(self, address: Address) -> bool:
        """Whether the kernel would deliver to this namespace what is sent to an address."""
        body = _ROUTE.pack(_family(address), address.max_prefixlen, 0, 0, 0, 0, 0, 0, 0)
        answers = self._netlink.request(_GETROUTE, 0, body + attribute(_RTA_DST, address.packed))
        return any(_ROUTE.unpack_from(answer)[7] == _LOCAL for answer in answers)

    def links(self) -> list[Link]:
        """All devices of the namespace.

        Raises:
            NetlinkError: the kernel did not list them.
        """
        return [_link(body) for body in self._netlink.dump(_GETLINK, _LINK.pack(0, 0, 0, 0, 0))]

    def addresses(self) -> list[LinkAddress]:
        """All addresses of the namespace, of both families.

        Raises:
            NetlinkError: the kernel did not list them.
        """
        return [_address(body) for body in self._netlink.dump(_GETADDR, _ADDRESS.pack(0, 0, 0, 0, 0))]

    def _add(self, kind: int, flags: int, body: bytes, *subject: object) -> None:
        self._queue.append(Request(kind, flags, body))
        self._subjects.append(subject)


def _family(address: Address | Network) -> int:
    return socket.AF_INET if address.version == 4 else socket.AF_INET6


def _is_operational(body: bytes) -> bool:
    """Whether a device has carrier and its queues run (RFC 2863, ifOperStatus); loopback has no such state."""
    _, _, _, flags, _ = _LINK.unpack_from(body)
    if flags & _LOOPBACK:
        return bool(flags & _UP)
    return parse_attributes(body[_LINK.size :]).get(_IFLA_OPERSTATE) == _OPERATIONAL


def _link(body: bytes) -> Link:
    _, _, index, flags, _ = _LINK.unpack_from(body)
    found = parse_attributes(body[_LINK.size :])
    name = found[_IFLA_IFNAME].rstrip(b"\0").decode("utf-8", "replace")
    (mtu,) = _NUMBER.unpack(found[_IFLA_MTU])
    return Link(index, name, found.get(_IFLA_ADDRESS, b""), mtu, bool(flags & _UP))


def _address(body: bytes) -> LinkAddress:
    _, prefix, _, _, index = _ADDRESS.unpack_from(body)
    found = parse_attributes(body[_ADDRESS.size :])
    return LinkAddress(index, ip_address(found.get(_IFA_LOCAL, found.get(_IFA_ADDRESS, b""))), prefix)
