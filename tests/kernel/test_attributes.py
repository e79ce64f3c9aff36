"""Netlink's attributes are written as the kernel reads them, and read with care."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crenel.kernel.attributes import attribute, each_attribute, nested, parse_attributes, text


def test_layout() -> None:
    """An attribute is its length, its type, its payload and padding; strings end with a zero."""
    assert attribute(3, b"abc") == b"\x07\0\x03\0abc\0" or attribute(3, b"abc") == b"\0\x07\0\x03abc\0"
    assert len(attribute(1, b"")) == 4
    assert parse_attributes(nested(5, text(1, "lo"))) == {5: text(1, "lo")}
    assert text(1, "lo") == attribute(1, b"lo\0")


@given(st.dictionaries(st.integers(0, 0x3FFF), st.binary(max_size=40)))
def test_what_is_written_is_read(values: dict[int, bytes]) -> None:
    """Reading gives back what was written, whether flags are set in the type or not."""
    assert parse_attributes(b"".join(attribute(*each) for each in values.items())) == values
    assert parse_attributes(b"".join(nested(kind, value) for kind, value in values.items())) == values


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5), st.binary(max_size=20)), max_size=5), st.binary())
def test_malformed_attributes_are_value_errors(parts: list[tuple[int, int, bytes]], rest: bytes) -> None:
    """Whatever the bytes are, they are read or are a ValueError; no payload is longer than the bytes."""
    data = b"".join(length.to_bytes(2, "little") + bytes([kind, 0]) + more for length, kind, more in parts) + rest
    with contextlib.suppress(ValueError):
        assert sum(len(payload) + 4 for _, payload in each_attribute(data)) <= len(data)


@pytest.mark.parametrize("data", [b"\0", b"\x03\0\x01\0", b"\x09\0\x01\0abcd", b"\x04\0\x01\0\0\0"])
def test_wrong_lengths(data: bytes) -> None:
    """A length below the header, or beyond the end, is an error, and so is what follows the last attribute."""
    with pytest.raises(ValueError, match="attribute"):
        parse_attributes(data)


def test_too_long() -> None:
    """What does not fit into a length of 16 bits is not written."""
    assert len(attribute(1, bytes(65531))) == 65536
    with pytest.raises(ValueError, match="at most 65531 bytes"):
        attribute(1, bytes(65532))
    with pytest.raises(ValueError, match="zero byte"):
        text(1, "a\0b")
