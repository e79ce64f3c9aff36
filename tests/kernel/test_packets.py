"""The head of a packet is read right, and SCTP's first packet passes the kernel."""

from __future__ import annotations

import contextlib
import socket
import struct
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crenel.kernel.nftables import Nftables
from crenel.kernel.packets import ICMP, ICMPV6, SCTP, TCP, UDP, Packet, crc32c, echo, parse, sctp_abort, sctp_init
from kernel.needs import needs_namespaces
from kernel.worlds import FAMILIES, SERVER, World, opened

A, B = int(ip_address("10.0.0.1")), int(ip_address("10.0.0.2"))
A6, B6 = int(ip_address("fd00::1")), int(ip_address("fd00::2"))
PORTS = struct.pack("!HH", 1234, 80) + bytes(16)


def v4(protocol: int, rest: bytes, options: bytes = b"", offset: int = 0) -> bytes:
    """An IPv4 packet from A to B."""
    first = 0x40 | 5 + len(options) // 4
    head = struct.pack("!BBHHHBBH", first, 0, 20 + len(options) + len(rest), 1, offset, 64, protocol, 0)
    return head + A.to_bytes(4, "big") + B.to_bytes(4, "big") + options + rest


def v6(protocol: int, rest: bytes) -> bytes:
    """An IPv6 packet from A to B."""
    head = struct.pack("!IHBB", 6 << 28, len(rest), protocol, 64)
    return head + A6.to_bytes(16, "big") + B6.to_bytes(16, "big") + rest


def extension(following: int, units: int = 0) -> bytes:
    """An extension header of eight bytes and some more."""
    return bytes([following, units]) + bytes(6 + 8 * units)


def fragment(following: int, offset: int) -> bytes:
    """A fragment header."""
    return struct.pack("!BBHI", following, 0, offset << 3 | 1, 7)


@pytest.mark.parametrize(
    ("data", "packet"),
    [
        (v4(TCP, PORTS), Packet(4, TCP, A, 1234, B, 80)),
        (v4(UDP, PORTS, options=b"\x01" * 12), Packet(4, UDP, A, 1234, B, 80)),
        (v4(SCTP, PORTS), Packet(4, SCTP, A, 1234, B, 80)),
        (v4(ICMP, b"\x08\x01xx"), Packet(4, ICMP, A, 0, B, 0, 8, 1)),
        (v4(ICMP, echo(4, 4321)), Packet(4, ICMP, A, 4321, B, 0, 8, 0)),
        (v4(ICMP, b"\x03\x04" + bytes(2) + b"\x10\xe1"), Packet(4, ICMP, A, 0, B, 0, 3, 4)),
        (v6(ICMPV6, echo(6, 4321)), Packet(6, ICMPV6, A6, 4321, B6, 0, 128, 0)),
        (v4(ICMPV6, b"\x08\x01xx"), Packet(4, ICMPV6, A, 0, B, 0)),
        (v4(47, PORTS), Packet(4, 47, A, 0, B, 0)),
        (v4(TCP, PORTS, offset=0x2000), Packet(4, TCP, A, 1234, B, 80)),
        (v4(TCP, PORTS, offset=0x2001), Packet(4, TCP, A, 0, B, 0, headless=True)),
        (v4(TCP, PORTS[:3]), Packet(4, TCP, A, 0, B, 0, headless=True)),
        (v4(ICMP, b"\x08"), Packet(4, ICMP, A, 0, B, 0, headless=True)),
        (v6(TCP, PORTS), Packet(6, TCP, A6, 1234, B6, 80)),
        (v6(ICMPV6, b"\x80\0xx"), Packet(6, ICMPV6, A6, 0, B6, 0, 128, 0)),
        (v6(0, extension(60, 2) + extension(43) + extension(UDP, 1) + PORTS), Packet(6, UDP, A6, 1234, B6, 80)),
        (v6(44, fragment(TCP, 0) + PORTS), Packet(6, TCP, A6, 1234, B6, 80)),
        (v6(44, fragment(TCP, 3) + PORTS), Packet(6, TCP, A6, 0, B6, 0, headless=True)),
        (v6(51, bytes([TCP, 4]) + bytes(22) + PORTS), Packet(6, TCP, A6, 1234, B6, 80)),
        (v6(60, extension(TCP, 9)[:16]), Packet(6, TCP, A6, 0, B6, 0, headless=True)),
        (v6(60, b"\x06"), Packet(6, 60, A6, 0, B6, 0, headless=True)),
        (v6(59, b""), Packet(6, 59, A6, 0, B6, 0)),
    ],
)  # fmt: skip
def test_parse(data: bytes, packet: Packet) -> None:
    """Options, extension headers, fragments and cut-off packets are read as the standards say."""
    assert parse(data) == packet


@pytest.mark.parametrize("data", [b"", b"\x45", v4(TCP, b"")[:19], b"\x44" + bytes(30), v6(TCP, b"")[:39], b"\x50"])
def test_no_packet(data: bytes) -> None:
    """What is no IP header is a ValueError."""
    with pytest.raises(ValueError, match="IP"):
        parse(data)


@given(st.sampled_from((b"", b"\x45", b"\x4f", v6(0, b"")[:40], v6(44, b"")[:40])), st.binary(max_size=120))
def test_any_bytes(head: bytes, data: bytes) -> None:
    """Whatever the bytes are, they are read or are a ValueError."""
    with contextlib.suppress(ValueError):
        assert parse(head + data).family in FAMILIES


def test_crc32c() -> None:
    """The checksum is that of the known vectors (RFC 3720, B.4, and the usual one)."""
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"\xff" * 32) == 0x62A8AB43
    assert crc32c(b"") == 0


def test_an_init_chunk() -> None:
    """The packet has the verification tag 0 and one INIT chunk with the tag that was asked for, which is not 0."""
    made = sctp_init(1234, 80, 0xABCDEF)
    sport, dport, verification, _, kind, flags, length, tag = struct.unpack_from("!HHIIBBHI", made)
    assert (sport, dport, verification, kind, flags, length, tag) == (1234, 80, 0, 1, 0, 20, 0xABCDEF)
    assert len(made) == 32
    for wrong in (0, -1, 1 << 32):
        with pytest.raises(ValueError, match="initiate tag"):
            sctp_init(1, 2, wrong)


def test_an_abort_chunk() -> None:
    """The packet has the tag that was asked with as its verification tag, and one ABORT chunk without a cause."""
    made = sctp_abort(80, 1234, 0xABCDEF)
    assert struct.unpack("!HHI4xBBH", made) == (80, 1234, 0xABCDEF, 6, 0, 4)
    assert made[8:12] == crc32c(made[:8] + bytes(4) + made[12:]).to_bytes(4, "little")


@needs_namespaces
@pytest.mark.parametrize("family", FAMILIES)
def test_the_kernel_takes_an_init(world: World, family: int) -> None:
    """An INIT passes a rule that drops what connection tracking calls invalid; with a wrong checksum it does not."""
    good = sctp_init(1234, 80, 99)
    bad = sctp_init(1235, 80, 99)[:8] + good[8:12] + good[12:]
    with Nftables(world.server) as nft:
        nft.run("""table inet t {
            chain input {
                type filter hook input priority 0
                ct state invalid counter drop
            }
        }""")
        with (
            opened(world.server, family, socket.SOCK_RAW, SCTP) as server,
            opened(world.client, family, socket.SOCK_RAW, SCTP) as client,
        ):
            for packet in (bad, good):
                client.sendto(packet, (SERVER[family], 0))
            got = server.recv(200)
        assert got[-len(good) :] == good
        assert "counter packets 1 " in nft.run("list ruleset")


@needs_namespaces
@pytest.mark.parametrize("family", FAMILIES)
def test_the_kernel_answers_an_echo(world: World, family: int) -> None:
    """The reply to an echo has its identifier: the kernel found the checksum right."""
    protocol = ICMP if family == 4 else ICMPV6
    with opened(world.client, family, socket.SOCK_RAW, protocol) as client:
        client.settimeout(2)
        client.sendto(echo(family, 4321), (SERVER[family], 0))
        while True:
            got = client.recv(200)[20 if family == 4 else 0 :]
            if got[0] in (0, 129):
                break
        assert int.from_bytes(got[4:6], "big") == 4321
