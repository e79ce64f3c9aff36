"""Requests, lists and batches, against the kernel."""

from __future__ import annotations

import errno
import struct
import threading
from ipaddress import IPv4Address, IPv6Address

import pytest

from crenel.kernel.attributes import attribute, nested
from crenel.kernel.links import LOOPBACK, Address, Links
from crenel.kernel.namespaces import Namespace
from crenel.kernel.netlink import CREATE, EXCLUSIVE, ROUTE, Netlink, NetlinkError, Request
from kernel.needs import needs_namespaces
from kernel.worlds import SECONDS

pytestmark = needs_namespaces

NEWLINK, NEWADDR, GETADDR = 16, 20, 22
MANY = 2000


def own_address(number: int) -> Request:
    """The message that gives loopback an address."""
    packed = IPv4Address("10.0.0.0").packed[:2] + number.to_bytes(2, "big")
    body = struct.pack("=BBBBi", 2, 32, 0, 0, LOOPBACK) + attribute(2, packed) + attribute(1, packed)
    return Request(NEWADDR, CREATE | EXCLUSIVE, body)


def test_a_failed_request_names_the_kernels_reason(namespace: Namespace) -> None:
    """An error has the kernel's number and its own words, not those of the number alone."""
    body = struct.pack("=BxHiII", 0, 0, 0, 0, 0) + nested(18, attribute(1, b"nonsense\0"))
    with Netlink(ROUTE, namespace) as netlink, pytest.raises(NetlinkError) as caught:
        netlink.request(NEWLINK, CREATE, body)
    assert caught.value.errno == errno.EOPNOTSUPP
    assert str(caught.value) == "Unknown device type (Operation not supported)"


@pytest.mark.parametrize("room", [1, 8 << 20])
def test_batches_of_any_length(namespace: Namespace, room: int) -> None:
    """A batch is done whole, however few answers may wait, and its list has all of it."""
    with Netlink(ROUTE, namespace, room) as netlink:
        netlink.batch([own_address(number) for number in range(MANY)])
        assert len(netlink.dump(GETADDR, bytes(8))) == MANY


def test_the_first_failure_of_a_batch(namespace: Namespace) -> None:
    """The first message that fails is named; what comes after it is done all the same."""
    messages = [own_address(number) for number in (1, 2, 2, 3, 3, 4)]
    with Netlink(ROUTE, namespace) as netlink:
        with pytest.raises(NetlinkError) as caught:
            netlink.batch(messages)
        assert (caught.value.errno, caught.value.index) == (errno.EEXIST, 2)
        assert len(netlink.dump(GETADDR, bytes(8))) == 4
        outcomes = netlink.outcomes(messages)
    assert [each.index if each else None for each in outcomes] == [0, 1, 2, 3, 4, 5]


def test_a_list_is_whole(namespace: Namespace) -> None:
    """A list that changes while the kernel writes it has everything that was there all the time, or fails."""
    still: set[Address] = {IPv4Address("10.1.0.0") + number for number in range(MANY)}
    end = threading.Event()
    with Links(namespace) as links:
        for address in still:
            links.address(LOOPBACK, address, 32)
        links.commit()
        thread = threading.Thread(target=disturb, args=(namespace, end))
        thread.start()
        try:
            for _ in range(20):
                try:
                    seen = {each.address for each in links.addresses()}
                except NetlinkError as error:
                    assert error.errno == errno.EINTR  # noqa: PT017 - most lists succeed
                else:
                    assert still <= seen
        finally:
            end.set()
            thread.join(SECONDS)


def disturb(namespace: Namespace, end: threading.Event) -> None:
    """Change the addresses of a namespace until told to stop."""
    with Links(namespace) as links:
        for number in range(5000):
            if end.wait(0.001):
                return
            links.address(LOOPBACK, IPv6Address("fd00::") + number, 128)
            links.address(LOOPBACK, IPv4Address("10.2.0.0") + number, 32)
            links.commit()


def test_an_unknown_protocol_is_an_os_error(namespace: Namespace) -> None:
    """A protocol that the kernel has not got is an OSError, and nothing stays open."""
    with pytest.raises(OSError, match="rotocol"):
        Netlink(31, namespace)
