"""Logged packets arrive with their prefix, and losses are seen."""

from __future__ import annotations

import contextlib
import errno
import socket
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crenel.kernel.namespaces import Namespace
from crenel.kernel.netlink import NetlinkError
from crenel.kernel.nflog import LoggedPacket, PacketLog, _decode
from crenel.kernel.nftables import Nftables
from crenel.kernel.packets import TCP, UDP, parse
from kernel.needs import needs_namespaces
from kernel.worlds import CLIENT, ETH, FAMILIES, SERVER, World, knock, opened, soon

GROUP = 5
RULES = f"""table inet t {{
    chain input {{
        type filter hook input priority 0
        tcp dport 80 log prefix "web-80" group {GROUP} drop
        udp dport 53 counter log prefix "dns" group {GROUP} drop
    }}
    chain output {{
        type filter hook output priority 0
        udp dport 54 log prefix "out" group {GROUP} drop
    }}
}}"""


def collected(log: PacketLog, number: int) -> list[LoggedPacket]:
    """The packets of a log, once there are so many."""
    found: list[LoggedPacket] = []

    def enough() -> bool:
        found.extend(log.read())
        return len(found) >= number

    assert soon(enough), f"{len(found)} of {number} packets"
    return found


def send(namespace: Namespace, family: int, port: int, number: int, size: int = 8) -> None:
    """Send datagrams to the server."""
    with opened(namespace, family, socket.SOCK_DGRAM) as sender:
        for each in range(number):
            with contextlib.suppress(PermissionError):
                sender.sendto(each.to_bytes(4, "big") * (size // 4), (SERVER[family], port))


def send_slowly(namespace: Namespace, family: int, nft: Nftables, number: int) -> None:
    """Send numbered datagrams to port 53, never more than the receiving processor may have in its queue."""
    step = 500
    with opened(namespace, family, socket.SOCK_DGRAM) as sender:
        for start in range(0, number, step):
            for each in range(start, start + step):
                sender.sendto(each.to_bytes(4, "big"), (SERVER[family], 53))
            assert soon(lambda arrived=start + step: seen_by(nft) == arrived)  # type: ignore[misc]


def seen_by(nft: Nftables) -> int:
    """How many datagrams to port 53 the rules have seen."""
    return int(nft.run("list chain inet t input").partition("counter packets ")[2].split()[0])


@needs_namespaces
@pytest.mark.parametrize("family", FAMILIES)
def test_a_dropped_syn_is_seen(world: World, family: int) -> None:
    """A SYN that a rule drops is in the log with the rule's prefix, its hook, its device and its addresses."""
    with Nftables(world.server) as nft, PacketLog(world.server, GROUP) as log:
        nft.run(RULES)
        assert log.read() == []
        with knock(world.client, family, SERVER[family], 80) as knocking:
            (logged,) = collected(log, 1)
            sport = knocking.getsockname()[1]
    assert (logged.prefix, logged.hook, logged.indev, logged.outdev) == ("web-80", 1, ETH, 0)
    client, server = int(ip_address(CLIENT[family])), int(ip_address(SERVER[family]))
    assert parse(logged.payload) == (family, TCP, client, sport, server, 80, 0, 0, False)
    assert log.fileno() == -1


@needs_namespaces
def test_the_way_out(world: World) -> None:
    """A packet on its way out has the device it leaves by, and the socket that sends it is told."""
    with Nftables(world.client) as nft, PacketLog(world.client, GROUP) as log:
        nft.run(RULES)
        send(world.client, 4, 54, 1)
        (logged,) = collected(log, 1)
    assert (logged.prefix, logged.hook, logged.indev, logged.outdev) == ("out", 3, 0, ETH)


@needs_namespaces
@pytest.mark.parametrize("threshold", [1, 32])
def test_every_packet_once_in_order(world: World, threshold: int) -> None:
    """However packets are bundled, all of them arrive, once and in their order, and none is called lost."""
    with Nftables(world.server) as nft, PacketLog(world.server, GROUP, threshold=threshold) as log:
        nft.run(RULES)
        send_slowly(world.client, 6, nft, 3000)
        found = collected(log, 3000)
        assert [int.from_bytes(each.payload[48:52], "big") for each in found] == list(range(3000))
        assert log.lost == 0


@needs_namespaces
def test_only_the_head_is_copied(world: World) -> None:
    """No more bytes of a packet are copied than were asked for."""
    with Nftables(world.server) as nft, PacketLog(world.server, GROUP, 40) as log:
        nft.run(RULES)
        send(world.client, 4, 53, 1, size=1000)
        (logged,) = collected(log, 1)
    assert len(logged.payload) == 40
    assert parse(logged.payload)[:2] == (4, UDP)


@needs_namespaces
def test_losses_are_counted(world: World) -> None:
    """What did not fit while nobody read is counted to the last packet, and what comes later arrives again."""
    with Nftables(world.server) as nft, PacketLog(world.server, GROUP, room=1 << 16) as log:
        nft.run(RULES)
        send_slowly(world.client, 4, nft, 2000)
        assert soon(lambda: log.lost > 0)
        assert soon(lambda: seen_by(nft) == 2000)
        assert len(log.read()) + log.lost == 2000
        send(world.client, 4, 53, 5)
        assert len(collected(log, 5)) == 5


@needs_namespaces
def test_a_group_has_one_reader(namespace: Namespace) -> None:
    """A group that is being read elsewhere is an error that says so, until it is given up."""
    with PacketLog(namespace, GROUP):
        with pytest.raises(NetlinkError, match="packet log group 5: somebody else reads it") as caught:
            PacketLog(namespace, GROUP)
        assert caught.value.errno in {errno.EBUSY, errno.EPERM}
        PacketLog(namespace, GROUP + 1).close()
    PacketLog(namespace, GROUP).close()


@given(st.binary(max_size=80), st.integers(0, 90), st.integers(0, 40))
def test_malformed_messages_are_value_errors(data: bytes, size: int, inner: int) -> None:
    """Whatever bytes come, they are read or are a ValueError."""
    head = size.to_bytes(4, "little") + b"\0\x04" + bytes(10) + bytes(4)
    buffer = bytearray(head + inner.to_bytes(2, "little") + data)
    with contextlib.suppress(ValueError):
        _decode(buffer, len(buffer), {}, [])
