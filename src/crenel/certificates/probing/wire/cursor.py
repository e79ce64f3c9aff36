"""Reading vectors of TLS (RFC 8446, section 3), with their bounds kept."""

from __future__ import annotations


class WireError(ValueError):
    """What came is not what the protocol allows; the message says what was found, without what was in it."""


class NoTLSError(WireError):
    """What came is no TLS record at all; `seen` is how it begins."""

    def __init__(self, seen: bytes) -> None:
        super().__init__("no TLS record")
        self.seen = seen


class Cursor:
    """A place in some bytes; what is asked for beyond the end is a `WireError`."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        """How many bytes there are still."""
        return len(self._data) - self._at

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        if size > self.left:
            raise WireError(f"{size} bytes expected, {self.left} there")
        taken = self._data[self._at : self._at + size]
        self._at += size
        return taken

    def number(self, size: int) -> int:
        """An unsigned number of `size` bytes."""
        return int.from_bytes(self.take(size), "big")

    def vector(self, size: int) -> bytes:
        """A vector whose length is a number of `size` bytes."""
        return self.take(self.number(size))

    def rest(self) -> bytes:
        """Everything that is left."""
        return self.take(self.left)

    def end(self) -> None:
        """Raise `WireError` when something is left."""
        if self.left:
            raise WireError(f"{self.left} bytes too many")


def vector(size: int, *parts: bytes) -> bytes:
    """Write a vector whose length is a number of `size` bytes."""
    body = b"".join(parts)
    return len(body).to_bytes(size, "big") + body
