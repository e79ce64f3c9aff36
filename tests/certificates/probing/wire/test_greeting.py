"""Greetings played against OpenSSL in memory, whole and damaged."""

from __future__ import annotations

import ssl
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates.probing.material import HOST, Files
from crenel.certificates.probing.wire import shares
from crenel.certificates.probing.wire.cursor import WireError
from crenel.certificates.probing.wire.greeting import Greeting, Until
from crenel.certificates.probing.wire.hello import Offer
from crenel.certificates.probing.wire.numbers import Group, Version
from crenel.certificates.probing.wire.records import MOST_BYTES
from crenel.certificates.probing.wire.suites import suites_of


@cache
def server(files: Files, version: ssl.TLSVersion, *, asks: bool = False) -> ssl.SSLContext:
    """A server of one version."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(files.path("good.crt"), files.path("good.key"))
    made.minimum_version = made.maximum_version = version
    made.set_alpn_protocols(["h2"])
    if asks:
        made.load_verify_locations(files.path("clients.crt"))
        made.verify_mode = ssl.CERT_REQUIRED
    return made


def flight(how: ssl.SSLContext, greeting: bytes) -> bytes:
    """What a server answers to the first flight."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    secured = how.wrap_bio(incoming, outgoing, server_side=True)
    incoming.write(greeting)
    with pytest.raises(ssl.SSLError):  # it waits for more, or refuses
        secured.do_handshake()
    return outgoing.read()


def greeting(version: Version) -> Greeting:
    mine = shares.share(Group.X25519) if version is Version.TLS1_3 else None
    offered = [(mine.group, mine.public)] if mine is not None else ()
    return Greeting(Offer(version, suites_of(version), HOST, ("h2",), shares=offered), Until.CERTIFICATES, mine)


VERSIONS = [(Version.TLS1_2, ssl.TLSVersion.TLSv1_2), (Version.TLS1_3, ssl.TLSVersion.TLSv1_3)]


@pytest.mark.parametrize(("version", "theirs"), VERSIONS, ids=["1.2", "1.3"])
@pytest.mark.parametrize("asks", [False, True])
@pytest.mark.parametrize("size", [1, 7, 1 << 16])
def test_answers(files: Files, version: Version, theirs: ssl.TLSVersion, asks: bool, size: int) -> None:
    """Chain, protocol and the question for a certificate are read, in whatever pieces they come."""
    one = greeting(version)
    data = flight(server(files, theirs, asks=asks), one.take())
    for start in range(0, len(data), size):
        one.feed(data[start : start + size])
    answer = one.answer
    assert one.done and answer.hello is not None and answer.hello.version == version
    assert list(answer.chain) == [ssl.PEM_cert_to_DER_cert(each) for each in pems(files, "good.crt")]
    assert answer.alpn == "h2"
    assert (answer.request is not None) is asks


def pems(files: Files, name: str) -> list[str]:
    text = files.path(name).read_text("utf-8")
    end = "-----END CERTIFICATE-----\n"
    return [each + end for each in text.split(end) if each.strip()]


@pytest.mark.parametrize(("version", "theirs"), [(Version.TLS1_2, VERSIONS[1][1]), (Version.TLS1_3, VERSIONS[0][1])])
def test_refusals(files: Files, version: Version, theirs: ssl.TLSVersion) -> None:
    """A version that is not there is refused with an alert, which is the answer."""
    one = greeting(version)
    one.feed(flight(server(files, theirs), one.take()))
    assert one.done and one.answer.hello is None
    assert one.answer.alert is not None and one.answer.alert.title == "protocol_version"


def played(one: Greeting, data: bytes) -> str:
    """What is wrong with an answer; empty for nothing. Any other exception is a failure of the test."""
    try:
        one.feed(data)
    except WireError as error:
        return str(error) or "without a word \0"
    return ""


@given(st.data())
def test_damage(files: Files, data: st.DataObject) -> None:
    """Whatever happens to an answer on its way, what is read is a value or a `WireError`."""
    version, theirs = data.draw(st.sampled_from(VERSIONS))
    one = greeting(version)
    sent = bytearray(flight(server(files, theirs, asks=True), one.take()))
    for _ in range(data.draw(st.integers(0, 4))):
        place = data.draw(st.integers(0, 1 << 12)) % len(sent)
        kind = data.draw(st.sampled_from(["change", "drop", "add"]))
        if kind == "change":
            sent[place] = data.draw(st.integers(0, 255))
        elif kind == "drop":
            del sent[place : place + data.draw(st.integers(1, 40))]
        else:
            sent[place:place] = data.draw(st.binary(max_size=40))
        sent = sent or bytearray(b"?")
    assert played(one, bytes(sent)).isprintable()
    assert len(one.answer.chain) <= 64


@given(st.lists(st.binary(max_size=200), max_size=6), st.sampled_from(VERSIONS))
def test_noise(pieces: list[bytes], pair: tuple[Version, ssl.TLSVersion]) -> None:
    """Bytes from anywhere are a value or a `WireError`."""
    one = greeting(pair[0])
    assert next((wrong for piece in pieces if (wrong := played(one, piece))), "").isprintable()
    assert not one.answer.chain


HANDSHAKES = st.builds(
    lambda kind, body, size: bytes((22, 3, 3)) + (len(body) + 4).to_bytes(2, "big") + bytes((kind,))
    + (len(body) if size is None else size).to_bytes(3, "big") + body,
    st.sampled_from([2, 8, 11, 12, 13, 14, 22]), st.binary(max_size=120), st.none() | st.integers(0, 300),
)  # fmt: skip


@given(st.lists(HANDSHAKES, max_size=5))
def test_messages_of_noise(records: list[bytes]) -> None:
    """Well-formed records of nonsense get no further than well-formed messages do."""
    assert played(greeting(Version.TLS1_2), b"".join(records)).isprintable()


def test_bounds() -> None:
    """What is kept of one answer is bounded, records that say nothing included."""
    one = greeting(Version.TLS1_2)
    piece = bytes((21, 3, 3, 0, 2, 1, 90))
    assert played(one, piece * 1000) == "more than 512 records in answer to a ClientHello"
    long = bytes((21, 3, 3, 64, 0)) + b"\1" * (1 << 14)
    assert played(greeting(Version.TLS1_2), long) == "an alert of 16384 bytes"
    assert played(greeting(Version.TLS1_2), bytes(MOST_BYTES + 1)).startswith("more than")
