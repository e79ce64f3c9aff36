"""What can go wrong on the way to a live cluster; every message is one line and holds no credential."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_OPAQUE = re.compile(r"[A-Za-z0-9+_=.~-]{40,}|\b(?=[A-Za-z]*\d)[A-Za-z0-9+=]{24,}")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+\S+")
_LONGEST = 300


class ClusterError(Exception):
    """A live cluster could not be read; the text is one line a person can act on."""


class UnreachableError(ClusterError):
    """Nothing more can be read from this server: no connection, no TLS, no answer in time, or a login it refuses."""


class RefusedError(ClusterError):
    """The server answered a request with an error: 403, 404, 410 and the like.

    `code` is the HTTP status and `token` the way to go on with an expired list, where the server offers one.
    """

    def __init__(self, message: str, code: int, token: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.token = token


def one_line(text: str) -> str:
    """Text of a server or a program, fit for a message: one line, not too long, without anything like a token."""
    text = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    text = _OPAQUE.sub("(hidden)", _BEARER.sub(r"\1 (hidden)", text))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def without_login(url: str) -> str:
    """A URL without the user and password it may hold, and without its query."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
