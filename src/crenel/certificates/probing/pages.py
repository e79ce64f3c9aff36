"""What is said in HTTP/1.1 (RFC 9112), HTTP/2 (RFC 9113) or by whatever else answers: as little as tells who it was."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MOST = 1 << 14
"""Bytes of an answer that are looked at."""
MOST_FIELDS = 64
"""How many header fields are looked at."""

_STATUS = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: [^\r\n]*)?\r?\n")
_DIGITS = {f"{value:05b}": digit for value, digit in enumerate("012")} | {
    f"{value:06b}": digit for value, digit in enumerate("3456789", 0x19)
}
"""The Huffman codes of digits (RFC 7541, appendix B)."""
_INDEXED = {8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500}
"""Statuses of the static table of HPACK (RFC 7541, appendix A)."""

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
"""How a client begins HTTP/2 (RFC 9113, section 3.4)."""
_HEADERS, _SETTINGS, _GOAWAY = 1, 4, 7
_PADDED, _PRIORITY = 0x08, 0x20


@dataclass(frozen=True, slots=True)
class Page:
    """An answer of HTTP."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    """By names in small letters; of several fields of one name the first one."""
    body: bytes = b""
    """Its beginning."""

    @property
    def hsts(self) -> int | None:
        """The ``max-age`` of Strict-Transport-Security (RFC 6797, section 6.1); None without a valid one."""
        for directive in self.headers.get("strict-transport-security", "").split(";"):
            name, _, value = directive.partition("=")
            digits = value.strip().strip('"')
            if name.strip().lower() == "max-age" and digits.isascii() and digits.isdigit() and len(digits) < 16:
                return int(digits)
        return None


def request(host: str) -> bytes:
    """Ask for the first page of a host in HTTP/1.1."""
    return f"GET / HTTP/1.1\r\nHost: {host}\r\nUser-Agent: crenel\r\nAccept: */*\r\nConnection: close\r\n\r\n".encode(
        "ascii"
    )


def read(data: bytes) -> Page | None:
    """Read an answer of HTTP/1.x, or its beginning; None where it is none."""
    found = _STATUS.match(data)
    if found is None:
        return None
    head, _, body = data.partition(b"\r\n\r\n")
    headers: dict[str, str] = {}
    for line in head.split(b"\r\n")[1 : MOST_FIELDS + 1]:
        name, separator, value = line.partition(b":")
        if separator:
            headers.setdefault(name.decode("latin-1").lower(), value.strip().decode("latin-1"))
    return Page(int(found[1]), headers, body)


def is_whole(data: bytes) -> bool:
    """Whether an answer in HTTP/1.x says by its length that it is complete."""
    head, separator, body = data.partition(b"\r\n\r\n")
    page = read(head + separator)
    if not separator or page is None:
        return False
    length = page.headers.get("content-length", "")
    return length.isascii() and length.isdigit() and len(length) < 10 and len(body) >= int(length)


def request_2(host: str) -> bytes:
    """Ask for the first page of a host in HTTP/2: the preface, no settings, and one request."""
    name = host.encode("ascii", "ignore")[:126]
    # GET, https and / are in the static table (RFC 7541, appendix A); the authority is written as it is.
    block = bytes((0x82, 0x87, 0x84, 0x41, len(name))) + name
    return PREFACE + _frame(_SETTINGS, 0, 0, b"") + _frame(_HEADERS, 0x05, 1, block)


def read_2(data: bytes) -> Page | None:
    """The status of the first answer in HTTP/2; None as long as there is none."""
    at = 0
    while at + 9 <= len(data):
        size, kind, flags = int.from_bytes(data[at : at + 3], "big"), data[at + 3], data[at + 4]
        body = data[at + 9 : at + 9 + size]
        if kind == _HEADERS and len(body) == size:
            status = _status(_block(body, flags))
            return Page(status) if status is not None else None
        at += 9 + size
    return None


def speaks_2(data: bytes) -> bool:
    """Whether bytes begin as a server's HTTP/2 does: with its settings (RFC 9113, section 3.4), or with a farewell."""
    return len(data) >= 9 and data[3] in (_SETTINGS, _GOAWAY) and data[5:9] == bytes(4)


def _frame(kind: int, flags: int, stream: int, body: bytes) -> bytes:
    return len(body).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + body


def _block(body: bytes, flags: int) -> bytes:
    """The header block of a HEADERS frame."""
    padding = body[0] if flags & _PADDED and body else 0
    start = (1 if flags & _PADDED else 0) + (5 if flags & _PRIORITY else 0)
    return body[start : len(body) - padding]


def _status(block: bytes) -> int | None:
    """The status that a header block begins with; before it there may be changes of the table's size."""
    while block and block[0] >> 5 == 1:
        block = _after_number(block, 5)
    if not block:
        return None
    if block[0] & 0x80:
        return _INDEXED.get(block[0] & 0x7F)
    if block[0] not in (0x48, 0x08, 0x18) or len(block) < 2:
        return None
    huffman, size = block[1] & 0x80, block[1] & 0x7F
    value = block[2 : 2 + size]
    text = _digits(value) if huffman else value.decode("ascii", "replace")
    return int(text) if len(text) == 3 and text.isascii() and text.isdigit() else None


def _after_number(block: bytes, bits: int) -> bytes:
    """What follows a number that begins in the last `bits` of a byte (RFC 7541, section 5.1)."""
    most = (1 << bits) - 1
    at = 1
    if block[0] & most == most:
        while at < len(block) and block[at] & 0x80:
            at += 1
        at += 1
    return block[at:]


def _digits(value: bytes) -> str:
    """Three digits in the Huffman code."""
    bits = "".join(f"{each:08b}" for each in value[:4])
    text = ""
    while len(text) < 3:
        for size in (5, 6):
            if (digit := _DIGITS.get(bits[:size])) is not None and len(bits) >= size:
                text, bits = text + digit, bits[size:]
                break
        else:
            return text
    return text
