"""HTTP/1.1 requests and responses on a stream."""

from __future__ import annotations

import asyncio
import gzip
import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

HEAD_LIMIT = 64 * 1024
COMPRESS_ABOVE = 128 * 1024
"""A real server compresses answers larger than this when the client takes gzip."""


@dataclass(frozen=True)
class Request:
    """One request; header names are in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Response:
    """One answer."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, body: Any, status: int = 200, **headers: str) -> Response:
        """An answer in JSON."""
        return cls(
            status, json.dumps(body, separators=(",", ":")).encode(), {"Content-Type": "application/json"} | headers
        )

    @classmethod
    def text(cls, body: str, status: int) -> Response:
        """An answer in plain text."""
        return cls(status, body.encode(), {"Content-Type": "text/plain; charset=utf-8"})

    def encode(self, request: Request | None = None) -> bytes:
        """The bytes on the wire, compressed where a real server would."""
        body, headers = self.body, dict(self.headers)
        if request and len(body) > COMPRESS_ABOVE and "gzip" in request.headers.get("accept-encoding", ""):
            body, headers["Content-Encoding"] = gzip.compress(body, 1), "gzip"
        headers["Content-Length"] = str(len(body))
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}", *(f"{k}: {v}" for k, v in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode() + body


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """Read one request; None when the client is done.

    Raises:
        ValueError: it is not HTTP.

    """
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    parts = urlsplit(target)
    return Request(method, unquote(parts.path), dict(parse_qsl(parts.query, keep_blank_values=True)), headers, body)
