"""Reading the little of HTTP that tells who answered."""

from __future__ import annotations

import hpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crenel.certificates.probing.pages import PREFACE, Page, is_whole, read, read_2, request, request_2, speaks_2

ONE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\nx-a: 2\r\n\r\nhello"


def test_http_1() -> None:
    """Status, fields in small letters, the first of several, and the body."""
    assert read(ONE) == Page(200, {"content-length": "5", "x-a": "1"}, b"hello")
    assert read(b"HTTP/1.0 404\r\n\r\n") == Page(404, {}, b"")
    assert read(b"HTTP/2 200\r\n\r\n") is None and read(b"HTTP/1.1 99 No\r\n") is None and read(b"") is None


WHOLE = [
    (ONE, True),
    (ONE[:-1], False),
    (ONE[:40], False),
    (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", False),
    (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", False),
    (b"HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n", True),
]


@pytest.mark.parametrize(("data", "whole"), WHOLE)
def test_whole(data: bytes, whole: bool) -> None:
    """An answer is complete when its length says so."""
    assert is_whole(data) is whole


HSTS = [
    ("max-age=63072000", 63072000),
    ('includeSubDomains; Max-Age = "10" ; preload', 10),
    ("max-age=0", 0),
    ("max-age=-1", None),
    ("max-age=soon", None),
    ("max-age=", None),
    ("max-age=١", None),
    ("max-age=" + "9" * 99, None),
    ("", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "age"), HSTS)
def test_strict_transport_security(text: str, age: int | None) -> None:
    """The directive max-age, in quotation marks or not (RFC 6797, section 6.1)."""
    assert Page(200, {"strict-transport-security": text}).hsts == age


def frame(kind: int, body: bytes, flags: int = 4, stream: int = 1) -> bytes:
    return len(body).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + body


SETTINGS = frame(4, b"", 0, 0)


@pytest.mark.parametrize("huffman", [False, True])
def test_http_2(huffman: bool) -> None:
    """Every status is read as an encoder of HPACK writes it."""
    for status in range(100, 600):
        block = hpack.Encoder().encode([(":status", str(status)), ("server", "x")], huffman=huffman)
        data = SETTINGS + frame(8, bytes(4), 0, 0) + frame(1, block)
        assert read_2(data) == Page(status)
        assert read_2(data[:-1]) is None
        assert speaks_2(data) and not speaks_2(ONE)


def test_http_2_frames() -> None:
    """Padding, priority and a changed size of the table stand before a status; a farewell has none."""
    assert read_2(frame(1, bytes((2, 0, 0, 0, 0, 9)) + b"\x88" + bytes(2), 0x2C)) == Page(200)
    assert read_2(frame(1, b"\x3f\xe1\x1f\x8d")) == Page(404)
    assert read_2(SETTINGS + frame(7, bytes(8), 0, 0)) is None
    assert speaks_2(frame(7, bytes(8), 0, 0))


def test_requests() -> None:
    """What is asked is one page, and who asks is said."""
    assert request("web.example").startswith(b"GET / HTTP/1.1\r\nHost: web.example\r\nUser-Agent: crenel\r\n")
    asked = request_2("web.example")
    assert asked.startswith(PREFACE + SETTINGS)
    decoded = [(str(name), str(value)) for name, value in hpack.Decoder().decode(asked[len(PREFACE + SETTINGS) + 9 :])]
    assert decoded == [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "web.example")]


@given(st.binary(max_size=300) | st.binary(max_size=60).map(lambda rest: SETTINGS + frame(1, rest, 0x2C)))
def test_noise(data: bytes) -> None:
    """Any bytes are a page or none."""
    for found in (read(data), read_2(data), read(b"HTTP/1.1 200 OK\r\n" + data)):
        assert found is None or 100 <= found.status <= 999
    assert is_whole(data) in (True, False) and speaks_2(data) in (True, False)
