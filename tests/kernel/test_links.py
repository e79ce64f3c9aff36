"""Devices, addresses, routes and neighbours, for both families."""

from __future__ import annotations

import contextlib
import errno
import socket
import time
from collections.abc import Callable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

import pytest

from crenel.kernel.links import LOOPBACK, Link, LinkAddress, Links
from crenel.kernel.namespaces import Namespace
from crenel.kernel.netlink import NetlinkError
from growth import linear
from kernel.needs import needs_namespaces
from kernel.worlds import CLIENT, ETH, FAMILIES, SECONDS, SERVER, World, listening, opened, world

pytestmark = needs_namespaces

EXPERIMENTAL = 0x88B5
"""An EtherType that nobody has."""
HERE, THERE = b"\x02\0\0\0\0\x01", b"\x02\0\0\0\0\x02"
GATEWAY = {4: "169.254.1.1", 6: "fe80::1"}


@pytest.mark.parametrize("family", FAMILIES)
def test_two_namespaces_talk(world: World, family: int) -> None:
    """TCP passes between two namespaces at once, with no more than routes and static neighbours."""
    with (
        listening(world.server, family, 80) as listener,
        opened(world.client, family, socket.SOCK_STREAM) as client,
    ):
        begin = time.monotonic()
        client.connect((SERVER[family], 80))
        accepted, peer = listener.accept()
        with accepted:
            client.sendall(b"hello")
            assert accepted.recv(5) == b"hello"
        assert peer[0] == CLIENT[family]
        assert time.monotonic() - begin < 0.5


def test_what_was_made_is_listed(world: World) -> None:
    """Lists show what was asked for: index, name, hardware address, state, addresses of both families."""
    with Links(world.client) as links:
        assert Link(ETH, "eth0", HERE, 1500, up=True) in links.links()
        found = links.addresses()
    assert LinkAddress(ETH, ip_address("10.0.0.1"), 32) in found
    assert LinkAddress(ETH, ip_address("fd00::1"), 128) in found
    assert LinkAddress(LOOPBACK, ip_address("::1"), 128) in found


def test_indices_and_mtu_are_the_callers(namespace: Namespace) -> None:
    """Both ends get the index, the hardware address and the MTU that were asked for; without an index, some."""
    with Namespace.new() as other, Links(namespace) as links, Links(other) as far:
        links.veth("pod-a", "eth0", other, HERE, THERE, 1000, 7, mtu=1400)
        links.veth("pod-b", "eth1", other, HERE, THERE)
        links.commit()
        assert Link(1000, "pod-a", HERE, 1400, up=False) in links.links()
        assert Link(7, "eth0", THERE, 1400, up=False) in far.links()
        assert {each.name for each in far.links()} == {"lo", "eth0", "eth1"}
        links.remove(1000)
        links.commit()
        assert {each.name for each in far.links()} == {"lo", "eth1"}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_gateway_need_not_be_connected(world: World, family: int) -> None:
    """A default route through a gateway outside of every prefix carries packets, from the source it names."""
    second = ip_address(CLIENT[family]) + 100
    everywhere = ip_network("0.0.0.0/0" if family == 4 else "::/0")
    outside = ip_address("192.0.2.1" if family == 4 else "2001:db8::1")
    with Links(world.client) as links, Links(world.server) as far:
        links.address(ETH, second, second.max_prefixlen)
        links.neighbour(ETH, ip_address(GATEWAY[family]), THERE)
        links.route(everywhere, ETH, via=ip_address(GATEWAY[family]), source=second)
        links.commit()
        links.settle(ETH)
        far.address(LOOPBACK, outside, outside.max_prefixlen)
        far.commit()
        far.settle(LOOPBACK)
    with (
        opened(world.server, family, socket.SOCK_DGRAM) as server,
        opened(world.client, family, socket.SOCK_DGRAM) as c,
    ):
        server.bind((str(outside), 53))
        c.sendto(b"?", (str(outside), 53))
        assert server.recvfrom(10)[1][0] == str(second)


def test_a_failed_change_says_which(namespace: Namespace) -> None:
    """The error of a commit has the change as its subject; the queue is empty afterwards."""
    with Links(namespace) as links:
        links.up(LOOPBACK)
        links.route(ip_network("10.0.0.0/8"), 99)
        with pytest.raises(NetlinkError) as caught:
            links.commit()
        assert str(caught.value) == "route 10.0.0.0/8 through link 99: No such device"
        assert caught.value.errno == errno.ENODEV
        links.commit()
        assert Link(LOOPBACK, "lo", bytes(6), 65536, up=True) in links.links()


@pytest.mark.parametrize("first", [0, 1])
def test_settled_cables_lose_nothing(first: int) -> None:
    """As soon as both ends have settled, the first packet arrives, whichever end came up first."""
    for _ in range(20):
        with Namespace.new() as left, Namespace.new() as right, Links(left) as one, Links(right) as two:
            one.veth("a", "a", right, HERE, THERE, ETH, ETH)
            one.commit()
            for links in ((one, two), (two, one))[first]:
                links.up(ETH)
                links.commit()
            for links in (one, two):
                links.settle(ETH)
            with frames(left) as sender, frames(right) as receiver:
                sender.send(THERE + HERE + EXPERIMENTAL.to_bytes(2, "big") + b"hello".ljust(46))
                assert receiver.recv(100)[14:19] == b"hello"


@contextlib.contextmanager
def frames(namespace: Namespace) -> Iterator[socket.socket]:
    """A socket for the frames of an experimental protocol on the device `a`."""
    with namespace.entered():
        made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(EXPERIMENTAL))
        made.bind(("a", EXPERIMENTAL))
    made.settimeout(SECONDS)
    with made:
        yield made


def test_a_settled_address_is_delivered() -> None:
    """As soon as a device has settled, what is sent to its IPv6 address arrives."""
    for _ in range(10):
        with world() as made, opened(made.server, 6, socket.SOCK_DGRAM) as server:
            server.bind(("::", 53))
            with opened(made.client, 6, socket.SOCK_DGRAM) as client:
                client.sendto(b"?", (SERVER[6], 53))
                assert server.recv(10) == b"?"


def test_what_stays_down_does_not_settle(world: World) -> None:
    """Waiting for a device ends in time with an error where its other end is down, or there is none."""
    with Links(world.client) as links:
        links.veth("half", "other", world.server, HERE, THERE, 7)
        links.up(7)
        links.commit()
        with pytest.raises(NetlinkError, match="link 7: it does not come up"):
            links.settle(7, seconds=0.05)
        with pytest.raises(NetlinkError, match="link 8: No such device"):
            links.settle(8)


def test_what_exists_is_not_made_again(world: World) -> None:
    """A device of a name that is taken is an error."""
    with Links(world.client) as links:
        links.veth("eth0", "x", world.server, HERE, THERE)
        with pytest.raises(NetlinkError, match="link eth0: File exists"):
            links.commit()


def test_nonsense_is_not_sent(namespace: Namespace) -> None:
    """What the kernel would misunderstand or ignore is a ValueError at once."""
    with Links(namespace) as links:
        with pytest.raises(ValueError, match="cannot use fe80::1"):
            links.route(ip_network("10.0.0.0/8"), 2, via=ip_address("fe80::1"))
        with pytest.raises(ValueError, match="index of the peer"):
            links.veth("a", "b", namespace, HERE, THERE, peer_index=7)
        links.commit()


def test_a_dummy_is_made_or_the_kernel_has_none(namespace: Namespace) -> None:
    """A dummy device is there, or the kernel says that it does not know the type."""
    with Links(namespace) as links:
        links.dummy("d0", 5)
        try:
            links.commit()
        except NetlinkError as error:
            assert str(error) == "link d0: Unknown device type (Operation not supported)"  # noqa: PT017 - either may be
        else:
            assert (5, "d0") in {(each.index, each.name) for each in links.links()}


def build(stack: contextlib.ExitStack, number: int) -> list[Namespace]:
    """Pods with a cable to a node, addresses, routes and neighbours, of both families."""
    node, *pods = [stack.enter_context(Namespace.new()) for _ in range(number + 1)]
    links = stack.enter_context(Links(node))
    for position, pod in enumerate(pods):
        mac, index = THERE[:4] + position.to_bytes(2, "big"), 100 + position
        own = (IPv4Network((0x0A000000 + position, 32)), IPv6Network(((0xFD00 << 112) + position, 128)))
        links.veth(f"pod{position}", "eth0", pod, HERE, mac, index, ETH)
        links.up(index)
        for network in own:
            links.route(network, index)
            links.neighbour(index, network.network_address, mac)
    links.commit()
    for position, pod in enumerate(pods):
        own = (IPv4Network((0x0A000000 + position, 32)), IPv6Network(((0xFD00 << 112) + position, 128)))
        with Links(pod) as far:
            far.up(LOOPBACK)
            far.up(ETH)
            for network in own:
                gateway = ip_address(GATEWAY[network.version])
                far.address(ETH, network.network_address, network.prefixlen)
                far.neighbour(ETH, gateway, HERE)
                far.route(ip_network("0.0.0.0/0" if network.version == 4 else "::/0"), ETH, via=gateway)
            far.commit()
            far.settle(ETH)
    links.settle(*range(100, 100 + number))
    return pods


@pytest.mark.alone
def test_pods_are_made_in_linear_time() -> None:
    """As a hundred namespaces with cables, addresses, routes and neighbours are, against twelve of them."""

    def making(number: int) -> Callable[[], object]:
        def make() -> None:
            with contextlib.ExitStack() as stack:
                build(stack, number)

        return make

    linear(making, 12, 96)
