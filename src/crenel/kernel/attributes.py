"""The attributes of netlink messages: type, length, value, padded to four bytes.

The format is that of linux/netlink.h (struct nlattr); lengths and types are in the byte order of the host.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_HEADER = struct.Struct("=HH")
_LONGEST = 0xFFFF
_NESTED = 0x8000
_TYPE = 0x3FFF
_PADDING = (b"", b"\0\0\0", b"\0\0", b"\0")


def attribute(kind: int, payload: bytes) -> bytes:
    """Write one attribute.

    Raises:
        ValueError: it would be longer than 65,535 bytes.
    """
    length = len(payload) + 4
    if length > _LONGEST:
        raise ValueError(f"a netlink attribute holds at most {_LONGEST - 4} bytes, not {len(payload)}")
    return _HEADER.pack(length, kind) + payload + _PADDING[length & 3]


def nested(kind: int, *attributes: bytes) -> bytes:
    """Write an attribute that holds others, with the flag NLA_F_NESTED.

    Raises:
        ValueError: it would be longer than 65,535 bytes.
    """
    return attribute(kind | _NESTED, b"".join(attributes))


def text(kind: int, value: str) -> bytes:
    """Write a string that ends with a zero byte.

    Raises:
        ValueError: the string has a zero byte, or is too long.
    """
    if "\0" in value:
        raise ValueError(f"{value!r} has a zero byte")
    return attribute(kind, value.encode() + b"\0")


def parse_attributes(data: bytes) -> dict[int, bytes]:
    """Read all attributes of a message or of a nested one, by their types without flags; the last of a type counts.

    Raises:
        ValueError: a length is wrong.
    """
    return dict(each_attribute(data))


def each_attribute(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Read attributes in their order, with all of one type, as (type without flags, payload).

    Raises:
        ValueError: a length is wrong.
    """
    position, end = 0, len(data)
    while position < end:
        if end - position < 4:
            raise ValueError(f"{end - position} stray bytes after the last netlink attribute")
        length, kind = _HEADER.unpack_from(data, position)
        if length < 4 or position + length > end:
            raise ValueError(f"a netlink attribute of {length} bytes where {end - position} are left")
        yield kind & _TYPE, data[position + 4 : position + length]
        position += length + 3 & ~3
