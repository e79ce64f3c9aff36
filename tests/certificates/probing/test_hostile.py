"""Servers that answer anything: each ends in its time with a result, and disturbs nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import socket
import ssl
import struct
import time
from collections.abc import Callable

import pytest

from certificates.probing.asking import ids, probes, target, wishes
from certificates.probing.material import NOW, Files
from certificates.probing.servers import Options, answering, s_servers
from crenel.certificates.probing.peers import Peer
from crenel.certificates.probing.probe import Probe
from crenel.certificates.probing.run import probe_all, settings
from crenel.certificates.probing.talking import Fate, Reply, context, talk

pytestmark = pytest.mark.xdist_group("probing-hostile")

STEP = 0.8
"""Seconds for each step of these probes."""

Behaviour = Callable[[socket.socket], None]


def silent(connection: socket.socket) -> None:
    while connection.recv(1 << 14):
        pass


def closing(connection: socket.socket) -> None:
    connection.recv(1 << 14)


def resetting(connection: socket.socket) -> None:
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def says(*parts: bytes) -> Behaviour:
    """Say something and wait."""

    def behave(connection: socket.socket) -> None:
        connection.recv(1 << 14)
        for part in parts:
            connection.sendall(part)
        silent(connection)

    return behave


def forever(part: bytes, pause: float = 0) -> Behaviour:
    """Say the same without end."""

    def behave(connection: socket.socket) -> None:
        for _ in itertools.count():
            connection.sendall(part)
            if pause:
                time.sleep(pause)

    return behave


def greets_first(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
    silent(connection)


def record(kind: int, body: bytes, version: int = 0x0303) -> bytes:
    return struct.pack(">BHH", kind, version, len(body)) + body


def hello(suite: int = 0x1301, *, random: bytes = bytes(32), version: int = 0x0304, more: bytes = b"") -> bytes:
    """A ServerHello in its record."""
    extensions = struct.pack(">HHH", 43, 2, version) + more
    body = b"\x03\x03" + random + b"\x00" + struct.pack(">HBH", suite, 0, len(extensions)) + extensions
    return record(22, b"\x02" + len(body).to_bytes(3, "big") + body)


RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
AGAIN = hello(random=RETRY, more=struct.pack(">HHH", 51, 2, 0x0017))
SHARED = hello(more=struct.pack(">HHHH", 51, 36, 0x001D, 32) + b"\x09" + bytes(31))
CERTIFICATE = record(22, b"\x0b\x00\x00\x0a\x00\x00\x07\x00\x00\x04what") + record(22, b"\x0e\x00\x00\x00")

CASES: list[tuple[str, Behaviour, str]] = [
    ("silent", silent, "did not answer"),
    ("closing", closing, "ended the connection on every"),
    ("resetting", resetting, "ended the connection on every"),
    ("HTTP", says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "it answered a ClientHello with 'HTTP/1.1 400 Bad Request'"),
    ("greets first", greets_first, "it answered a ClientHello with 'SSH-2.0-OpenSSH_9.2'"),
    ("noise", says(bytes(range(128, 256))), "speaks no TLS"),
    ("escapes", says(b"\x1b]0;owned\x07\x1b[2J\xff"), r"answered a ClientHello with '\x1b]0;owned\x07\x1b[2J\xff'"),
    ("noise without end", forever(os.urandom(1 << 14).replace(b"\x16", b"\x99")), "speaks no TLS"),
    ("huge record", says(b"\x16\x03\x03\xff\xff" + bytes(1 << 16)), "a record of 65535 bytes"),
    ("huge message", says(record(22, b"\x02\xff\xff\xff" + bytes(1 << 13))), "a handshake message of 16777215 bytes"),
    ("empty records", forever(record(22, b"")), "an empty handshake record"),
    ("message without end", forever(record(22, b"\x02\x01\xff\xff")), "more than 512 records"),
    ("alerts without end", forever(record(21, b"\x01\x5a")), "more than 512 records"),
    ("half a record", says(record(22, bytes(400))[:100]), "did not answer"),
    ("drips", forever(b"\x16", 0.02), "speaks no TLS"),
    ("drips TLS", says(*(bytes((each,)) for each in hello()[:30])), "did not answer"),
    ("data first", says(record(23, b"hello")), "a record of type 23 in a handshake"),
    ("odd message", says(record(22, b"\x0e\x00\x00\x00")), "message 14 before a ServerHello"),
    ("odd suite", says(hello(0x1399)), "suite 0x1399 was not offered"),
    ("refuses", says(record(21, b"\x02\x28")), "it refused with handshake_failure"),
]  # fmt: skip


def test_anything(files: Files) -> None:
    """All at once: each leads to one sentence about what it did, in the time of a few steps."""
    with contextlib.ExitStack() as stack:
        ports = {name: stack.enter_context(answering(behave)) for name, behave, _ in CASES}
        begun = time.monotonic()
        found = probes(ports, wishes(files, step=STEP))
        passed = time.monotonic() - begun
    said = {name: (each.failure, [one.id for one in each.findings]) for name, each in found.items()}
    for name, _, words in CASES:
        failure, ids_ = said[name]
        assert words in failure, (name, failure)
        assert failure.isprintable() and len(failure) < 220, name
        assert ids_ == ["no-tls"], name
    assert passed < 10 * STEP


HALVES: list[tuple[str, Behaviour, str, str]] = [
    ("silent", says(SHARED), "no-certificate", "TLS 1.3: no certificate was seen: silent"),
    ("lies", says(SHARED, record(23, bytes(64))), "no-certificate", "a record that cannot be decrypted"),
    ("plain", says(SHARED, record(22, b"\x08\x00\x00\x02\x00\x00")), "no-certificate", "in plain text"),
    ("retries", says(AGAIN, AGAIN), "no-certificate", "a second HelloRetryRequest"),
    ("no share", says(hello()), "no-certificate", "a key share of a group that was not offered"),
    ("bad share", says(hello(more=struct.pack(">HHHH", 51, 36, 0x001D, 32) + bytes(32))), "no-certificate",
     "no key share of X25519"),
    ("garbage", says(hello(0xC02F, version=0x0303) + CERTIFICATE), "broken-certificate", "this is no certificate"),
]  # fmt: skip


def test_half_a_handshake(files: Files) -> None:
    """A server that chooses and then falls silent, lies or ends is one of TLS, and what is missing is a finding."""
    with contextlib.ExitStack() as stack:
        ports = {name: stack.enter_context(answering(behave)) for name, behave, _, _ in HALVES}
        found = probes(ports, wishes(files, step=STEP))
    for name, _, wrong, words in HALVES:
        assert not found[name].failure
        assert any(each.id == wrong and words in each.message for each in found[name].findings), found[name].findings


def test_stops_in_between(files: Files) -> None:
    """A server that is gone before the proof of mutual TLS has not proved it."""
    options: Options = ["-cert", files.path("good.crt"), "-key", files.path("good.key"), "-cert_chain",
               files.path("intermediate.crt"), "-tls1_3", "-Verify", "1", "-verify_return_error", "-CAfile",
               files.path("clients.crt"), "-naccept", "10"]  # fmt: skip
    with s_servers([("one", options)]) as ports:
        found = probes(ports, wishes(files))["one"]
    assert found.mutual is None
    assert ids(found) == ["mtls-unproven"]
    assert "it stopped taking connections: connection refused" in found.notes


def test_slow_on_purpose(files: Files) -> None:
    """A server that accepts every suite, and takes as long as it may for each, is given up; nobody waits for it."""
    step = 0.2

    def lazy(connection: socket.socket) -> None:
        greeting = connection.recv(1 << 14)
        suites = 5 + 4 + 2 + 32 + 1 + greeting[43] + 2
        time.sleep(step * 0.7)
        connection.sendall(hello(int.from_bytes(greeting[suites : suites + 2], "big"), version=0x0303))

    with answering(lazy) as slow, answering(closing) as fast:
        begun = time.monotonic()
        found = probes({"slow": slow, "fast": fast}, wishes(files, step=step))
        assert time.monotonic() - begun < 40 * step
    assert (found["slow"].failure, ids(found["slow"])) == ("it was not through in 2.4 s", ["not-examined"])
    assert found["fast"].failure.startswith("it ended")


def test_deadline(files: Files) -> None:
    """When the time for all is up, those that were not through are named as such, the others keep their result."""
    wish = wishes(files, step=5.0, deadline=1.5, at_once=2)
    with answering(silent) as port, answering(closing) as quick:
        begun = time.monotonic()
        found = probe_all([target(quick), *(target(port) for _ in range(5))], wish, settings(wish, NOW))
        assert time.monotonic() - begun < 5
    assert [each.findings[0].id for each in found] == ["no-tls", *["not-examined"] * 5]
    assert found[1].failure == "the 1.5 s for all targets were up"


def test_nobody_there(files: Files) -> None:
    """A closed port and a name without an address are unreachable, each with its reason."""
    wish = wishes(files, step=2.0)
    targets = [target(1), target(443, at=("no-such-host.invalid", 443))]
    closed, nameless = probe_all(targets, wish, settings(wish, NOW))
    assert (closed.failure, ids(closed)) == ("connection refused", ["unreachable"])
    assert ids(nameless) == ["unreachable"]
    assert nameless.failure in ("the name has no address", "the name was not resolved in 2 s")


def _floods(files: Files, piece: bytes) -> Behaviour:
    """Complete a handshake, ask for a certificate, and send the same for ever."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.path("good.crt"), files.path("good.key"))
    context.load_verify_locations(files.path("clients.crt"))
    context.verify_mode = ssl.CERT_OPTIONAL

    def behave(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            while True:
                secured.sendall(piece)

    return behave


@pytest.mark.parametrize(
    "piece", [b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 2000, bytes(1 << 14)], ids=["headers", "noise"]
)
def test_floods(files: Files, piece: bytes) -> None:
    """Data without end after a handshake is an answer, and is not read to its end."""
    with answering(_floods(files, piece)) as port:
        begun = time.monotonic()
        found = probes({"one": port}, wishes(files, step=1.0))["one"]
        assert time.monotonic() - begun < 4
    assert "TL-15" in ids(found)


def test_messages_without_end() -> None:
    """OpenSSL skips a HelloRequest in a handshake, so they may come for ever; it is given up by its size."""

    async def ask(port: int) -> Reply:
        peer = await Peer.find("127.0.0.1", port, 30.0)
        return await talk(peer, context(), None, b"GET / HTTP/1.1\r\n\r\n")

    with answering(forever(record(22, bytes(4)) * 1000)) as port:
        begun = time.monotonic()
        reply = asyncio.run(ask(port))
        assert time.monotonic() - begun < 15
    assert (reply.fate, reply.detail) == (Fate.FAILED, "more than 1048576 bytes and no answer")


def test_tickets(files: Files) -> None:
    """Tickets before an answer are no answer, and hold nobody up."""
    options: Options = ["-cert", files.path("good.crt"), "-key", files.path("good.key"), "-cert_chain",
               files.path("intermediate.crt"), "-num_tickets", "60", "-Verify", "1", "-CAfile",
               files.path("clients.crt")]  # fmt: skip
    with s_servers([("one", options)]) as ports:
        found: Probe = probes(ports, wishes(files))["one"]
    assert found.accepted is not None and found.mutual is not None
