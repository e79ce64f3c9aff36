"""Targets as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crenel.certificates.probing.targets import Target, TargetError, detoured, detours, read

GOOD = [
    ("web.example:8443", Target("web.example", 8443), "web.example:8443"),
    ("Web.Example.:443", Target("web.example", 443), "web.example:443"),
    ("192.0.2.1:443", Target("192.0.2.1", 443), "192.0.2.1:443"),
    ("[2001:db8::1]:443", Target("2001:db8::1", 443), "[2001:db8::1]:443"),
    ("https://web.example", Target("web.example", 443, https=True), "https://web.example"),
    ("https://web.example:8443/", Target("web.example", 8443, https=True), "https://web.example:8443"),
    ("https://[::1]", Target("::1", 443, https=True), "https://[::1]"),
    ("bücher.example:443", Target("xn--bcher-kva.example", 443), "xn--bcher-kva.example:443"),
    ("web:1", Target("web", 1), "web:1"),
]


@pytest.mark.parametrize(("text", "target", "title"), GOOD)
def test_targets(text: str, target: Target, title: str) -> None:
    """A target is read, and what reports write can be given again."""
    assert read(text) == target
    assert read(text).title == title and read(title) == target


BAD = [
    "web.example", "web.example:", "web.example:0", "web.example:65536", "web.example:https", ":443", "", "https://",
    "http://web.example", "https://user@web.example", "https://web.example/path", "https://web.example?x",
    "web example:443", "*.example:443", "-web.example:443", "a" * 64 + ".example:443", "[::1:443", "web..example:443",
    "web\n.example:443",
]  # fmt: skip


@pytest.mark.parametrize("text", BAD)
def test_what_is_none(text: str) -> None:
    """What is no target is named, with how to write one."""
    with pytest.raises(TargetError):
        read(text)


@given(st.text(max_size=40))
def test_noise(text: str) -> None:
    """Any text is a target or an error, and a target has a host that a ClientHello can carry."""
    try:
        found = read(text)
    except TargetError:
        return
    assert found.host.isascii() and 0 < found.port < 1 << 16


def test_names() -> None:
    """An address is not asked for by name (RFC 6066, section 3)."""
    assert read("web.example:1").name == "web.example"
    assert read("192.0.2.1:1").name is None and read("[::1]:1").name is None


def test_detours() -> None:
    """One target goes elsewhere, or all that have no way of their own."""
    known = detours(["web.example:443=127.0.0.1:8443", "[::1]"])
    assert detoured(read("web.example:443"), known).endpoint == ("127.0.0.1", 8443)
    assert detoured(read("https://web.example"), known).endpoint == ("127.0.0.1", 8443)
    assert detoured(read("api.example:444"), known).endpoint == ("::1", 444)
    assert detoured(read("api.example:444"), {}).endpoint == ("api.example", 444)


@pytest.mark.parametrize("text", ["", "x y", "web.example:443=", "web.example=127.0.0.1", "a:1=b:0", "127.0.0.1/x"])
def test_what_is_no_detour(text: str) -> None:
    """What is no address to connect to is named."""
    with pytest.raises(TargetError):
        detours([text])
