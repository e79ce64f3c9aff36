"""What filters make of requests, responses and paths."""

from __future__ import annotations

import pytest

from crenel.routing.filters import (
    CrossOrigin,
    Headers,
    PathChange,
    Redirect,
    RequestHeaders,
    is_preflight,
)
from crenel.routing.requests import Request


@pytest.mark.parametrize(
    ("path", "prefix", "replacement", "result"),
    [
        ("/foo/bar", "/foo", "/xyz", "/xyz/bar"),
        ("/foo/bar", "/foo", "/xyz/", "/xyz/bar"),
        ("/foo/bar", "/foo/", "/xyz", "/xyz/bar"),
        ("/foo/bar", "/foo/", "/xyz/", "/xyz/bar"),
        ("/foo", "/foo", "/xyz", "/xyz"),
        ("/foo/", "/foo", "/xyz", "/xyz/"),
        ("/foo/bar", "/foo", "", "/bar"),
        ("/foo/", "/foo", "", "/"),
        ("/foo", "/foo", "", "/"),
        ("/foo/", "/foo", "/", "/"),
        ("/foo", "/foo", "/", "/"),
        ("/foo/bar?x=1", "/foo", "/xyz", "/xyz/bar?x=1"),
        ("/bar", "/", "/xyz", "/xyz/bar"),
    ],
)
def test_replacing_a_prefix(path: str, prefix: str, replacement: str, result: str) -> None:
    """The table in the comment on HTTPPathModifier.replacePrefixMatch holds, and the query stays."""
    assert PathChange(replacement, prefix_only=True).apply(path, prefix) == result


def test_replacing_a_whole_path() -> None:
    """The query stays, and an empty path is the root."""
    assert PathChange("/new").apply("/old/path?x=1", "/old") == "/new?x=1"
    assert PathChange("").apply("/old", "/old") == "/"


def test_headers_are_set_then_added_then_removed() -> None:
    """Names have no case; what is added to several values joins them."""
    changes = RequestHeaders((("A", "1"),), (("b", "2"), ("C", "3")), ("D",))
    given: Headers = (("a", "0"), ("B", "x"), ("B", "y"), ("d", "0"), ("e", "5"))
    changed = {name.lower(): value for name, value in changes.apply(given)}
    assert changed == {"a": "1", "b": "x,y,2", "c": "3", "e": "5"}


@pytest.mark.parametrize(
    ("redirect", "tls", "listening", "location"),
    [
        (Redirect(), False, 80, "http://a.com/x?y=1"),
        (Redirect(), False, 8080, "http://a.com:8080/x?y=1"),
        (Redirect(), True, 443, "https://a.com/x?y=1"),
        (Redirect(scheme="https"), False, 8080, "https://a.com/x?y=1"),
        (Redirect(scheme="http"), True, 8443, "http://a.com/x?y=1"),
        (Redirect(scheme="https", port=443), False, 80, "https://a.com/x?y=1"),
        (Redirect(scheme="https", port=80), False, 80, "https://a.com:80/x?y=1"),
        (Redirect(port=80), False, 8080, "http://a.com/x?y=1"),
        (Redirect(host="b.com", path=PathChange("/n")), False, 80, "http://b.com/n?y=1"),
    ],
)
def test_where_a_redirect_leads(redirect: Redirect, tls: bool, listening: int, location: str) -> None:
    """The port is the given one, else that of a given scheme, else the listener's, and is left out where implied."""
    request = Request("a.com:9999", "/x?y=1", server_name="a.com" if tls else None)
    assert str(redirect.location(request, "/x", listening)) == location


def preflight(origin: str = "https://a.com", method: str = "PUT", headers: str = "X-One") -> Request:
    asked = (
        ("Origin", origin),
        ("Access-Control-Request-Method", method),
        ("Access-Control-Request-Headers", headers),
    )
    return Request("api.com", method="OPTIONS", headers=asked)


@pytest.mark.parametrize(
    ("listed", "origin", "allowed"),
    [
        ("https://a.com", "https://a.com", True),
        ("https://a.com", "http://a.com", False),
        ("https://a.com", "https://a.com:8443", False),
        ("https://*.a.com", "https://x.a.com", True),
        ("https://*.a.com", "https://y.x.a.com", True),
        ("https://*.a.com", "https://a.com", False),
        ("https://*.a.com", "https://evil.com/.a.com", False),
        ("*", "https://a.com:1", True),
    ],
)
def test_which_origins_are_allowed(listed: str, origin: str, allowed: bool) -> None:
    """Scheme, host and port all count; a star stands inside the host."""
    assert CrossOrigin((listed,)).allows(origin) is allowed


def test_a_preflight_without_credentials() -> None:
    """Stars are answered as they are."""
    answer = CrossOrigin(("*",), ("*",), ("*",), ("X-Seen",), max_age=7).answer(preflight())
    assert dict(answer or ()) == {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": "*",
        "Access-Control-Allow-Headers": "*",
        "Access-Control-Expose-Headers": "X-Seen",
        "Access-Control-Max-Age": "7",
    }


def test_a_preflight_with_credentials() -> None:
    """Browsers take no star then, so what was asked for is answered."""
    answer = CrossOrigin(("*",), ("*",), ("*",), credentials=True).answer(preflight())
    assert dict(answer or ()) == {
        "Access-Control-Allow-Origin": "https://a.com",
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Methods": "PUT",
        "Access-Control-Allow-Headers": "X-One",
    }


def test_other_origins_get_no_headers() -> None:
    """Neither a preflight nor a request without Origin is answered with permission."""
    cors = CrossOrigin(("https://a.com",), ("GET",))
    assert cors.answer(preflight("https://b.com")) is None
    assert cors.answer(Request("api.com")) is None
    assert not is_preflight(Request("api.com", method="OPTIONS"))
