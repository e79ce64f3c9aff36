"""TCP connections to one server, each with its limits of time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from crenel.certificates.probing.targets import is_address

LARGEST_READ = 1 << 16
"""Bytes of one read."""
MOST_READ = 1 << 20
"""Bytes that are read from one connection. Some messages of TLS may be repeated for ever without any data in them."""

Address: TypeAlias = tuple[int, Any]
"""A family of sockets, and an address of that family."""


class UnreachableError(Exception):
    """No connection could be made; the text says why."""


class EndlessError(OSError):
    """The other side sends without end."""


class Line:
    """One connection."""

    def __init__(self, opened: socket.socket) -> None:
        self._socket = opened
        self._loop = asyncio.get_running_loop()
        self._read = 0

    async def send(self, data: bytes) -> None:
        """Send all of `data`.

        Raises:
            OSError: the other side is gone.
        """
        await self._loop.sock_sendall(self._socket, data)

    async def receive(self) -> bytes:
        """What comes next; nothing when the other side has ended the connection.

        Raises:
            EndlessError: more than `MOST_READ` bytes have come.
            OSError: the connection was reset.
        """
        data = await self._loop.sock_recv(self._socket, LARGEST_READ)
        self._read += len(data)
        if self._read > MOST_READ:
            raise EndlessError
        return data


class Peer:
    """A server under its addresses; `step` is how long one step may take, in seconds."""

    def __init__(self, addresses: list[Address], step: float) -> None:
        self._addresses = addresses
        self.step = step
        self.connections = 0
        """How many connections were made."""

    @classmethod
    async def find(cls, host: str, port: int, step: float) -> Peer:
        """Look the addresses of a host up.

        Raises:
            UnreachableError: it has none.
        """
        try:
            async with asyncio.timeout(step):
                found = await _lookup(host, port)
        except TimeoutError:
            raise UnreachableError(f"the name was not resolved in {step:g} s") from None
        except (OSError, UnicodeError):
            raise UnreachableError("the name has no address") from None
        return cls([(family, address) for family, _, _, _, address in found], step)

    @asynccontextmanager
    async def line(self) -> AsyncIterator[Line]:
        """A new connection, closed at the end.

        Raises:
            UnreachableError: none of the addresses takes it.
        """
        opened = await self._connect()
        try:
            yield Line(opened)
        finally:
            opened.close()

    async def _connect(self) -> socket.socket:
        """Connect to the first address that answers, which is then the one for all further connections."""
        why = "no address"
        for address in list(self._addresses):
            try:
                opened = await self._try(address)
            except TimeoutError:
                why = f"no answer in {self.step:g} s"
            except OSError as error:
                why = os.strerror(error.errno).lower() if error.errno else str(error)
            else:
                self._addresses = [address]
                self.connections += 1
                return opened
        raise UnreachableError(why)

    async def _try(self, address: Address) -> socket.socket:
        family, place = address
        opened = socket.socket(family, socket.SOCK_STREAM)
        try:
            opened.setblocking(False)
            with contextlib.suppress(OSError):
                opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            async with asyncio.timeout(self.step):
                await asyncio.get_running_loop().sock_connect(opened, place)
        except BaseException:
            opened.close()
            raise
        return opened


async def _lookup(host: str, port: int) -> Sequence[tuple[Any, ...]]:
    """The addresses of a host; those that are addresses already need no thread of their own."""
    if is_address(host):
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    return await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
