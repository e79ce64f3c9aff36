"""All packets of a namespace, and TCP in them."""

from __future__ import annotations

import select
import socket
import struct
from contextlib import ExitStack
from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st

from crenel.kernel.capture import Capture, Segment, segment
from crenel.kernel.links import Links
from crenel.kernel.namespaces import Namespace
from kernel.needs import needs_namespaces

PORTS = struct.pack("!HH", 33000, 8443)


def tcp(payload: bytes, options: bytes = b"") -> bytes:
    return PORTS + bytes(8) + bytes([(5 + len(options) // 4) << 4]) + bytes(7) + options + payload


def v4(body: bytes, protocol: int = 6, options: bytes = b"", fragment: int = 0) -> bytes:
    head = struct.pack("!BBHHHBBH", 0x45 + len(options) // 4, 0, 0, 0, fragment, 64, protocol, 0)
    return head + ip_address("10.0.0.1").packed + ip_address("10.0.0.2").packed + options + body


def v6(body: bytes, following: int = 6) -> bytes:
    head = struct.pack("!IHBB", 6 << 28, len(body), following, 64)
    return head + ip_address("fd00::1").packed + ip_address("fd00::2").packed + body


def read(packet: bytes) -> tuple[int, int, bytes]:
    found = segment(packet)
    assert found is not None
    return found.head.sport, found.head.dport, found.payload


def test_what_tcp_carries() -> None:
    """Options of both heads are skipped, and so are extension headers."""
    whole = 33000, 8443, b"hello"
    assert read(v4(tcp(b"hello"))) == whole
    assert read(v4(tcp(b"hello", bytes(12)), options=bytes(8))) == whole
    assert read(v6(tcp(b"hello"))) == whole
    hop = bytes([6, 0]) + bytes(6)
    assert read(v6(hop + tcp(b"hello"), 0)) == whole
    first_fragment = bytes([6, 0, 0, 1]) + bytes(4)
    assert read(v6(bytes([44, 1]) + bytes(14) + first_fragment + tcp(b"hello", bytes(4)), 60)) == whole
    assert read(v4(tcp(b""))) == (33000, 8443, b"")


def test_what_is_no_tcp() -> None:
    """Other protocols, later fragments, and what was cut off in a head."""
    later = bytes([6, 0, 0, 8]) + bytes(4)
    cases = (
        b"", b"\x45", v4(PORTS + bytes(4), 17), v4(tcp(b"x"), fragment=1), v6(later + tcp(b"x"), 44),
        v4(tcp(b"")[:19]), v6(tcp(b"")[:19]), b"\x00" * 40,
    )  # fmt: skip
    assert [segment(each) for each in cases] == [None] * len(cases)


@given(st.binary(max_size=80), st.sampled_from([b"", v4(b"")[:20], v6(b"")[:40], v6(b"", 0)[:40], v6(b"", 44)[:40]]))
def test_no_bytes_are_too_much(data: bytes, head: bytes) -> None:
    """Whatever comes is a segment or none, and nothing is raised."""
    assert segment(head + data) is None or isinstance(segment(head + data), Segment)


@needs_namespaces
def test_what_crosses_a_link_is_seen_at_both_ends() -> None:
    """Sent and received packets are both seen, and each once; after the end nothing is."""
    with ExitStack() as stack:
        here, there = (stack.enter_context(Namespace.new()) for _ in range(2))
        macs = b"\x02\0\0\0\0\x01", b"\x02\0\0\0\0\x02"
        with Links(here) as links:
            links.veth("a", "b", there, *macs, 10, 2)
            links.commit()
        for space, index, text, other, mac in (
            (here, 10, "10.9.0.1", "10.9.0.2", macs[1]), (there, 2, "10.9.0.2", "10.9.0.1", macs[0])
        ):  # fmt: skip
            with Links(space) as links:
                links.up(index)
                links.address(index, ip_address(text), 24)
                links.neighbour(index, ip_address(other), mac)
                links.commit()
        for space, index in ((here, 10), (there, 2)):
            with Links(space) as links:
                links.settle(index)
        captures = [stack.enter_context(Capture(each)) for each in (here, there)]
        with there.entered():
            server = stack.enter_context(socket.create_server(("10.9.0.2", 8443)))
        with here.entered():
            client = stack.enter_context(socket.create_connection(("10.9.0.2", 8443), 5))
        taken, _ = server.accept()
        stack.enter_context(taken)
        client.sendall(b"marker of the client")
        assert taken.recv(100) == b"marker of the client"
        for capture in captures:
            assert select.select([capture], [], [], 5)[0]
            segments = [each for each in map(segment, capture.read()) if each is not None]
            assert [each.payload for each in segments if each.payload] == [b"marker of the client"]
            assert capture.lost == 0
            assert capture.read() == []
        captures[0].close()
        captures[0].close()
        assert captures[0].fileno() == -1


@needs_namespaces
def test_what_has_no_room_is_counted() -> None:
    """A capture that nobody reads loses packets, and says how many; the count stays."""
    with ExitStack() as stack:
        space = stack.enter_context(Namespace.new())
        with Links(space) as links:
            links.up(1)
            links.commit()
        capture = stack.enter_context(Capture(space, room=4096))
        with space.entered():
            sender = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        for _ in range(200):
            sender.sendto(bytes(1000), ("127.0.0.1", 9))
        assert 0 < capture.lost == capture.lost <= 800
