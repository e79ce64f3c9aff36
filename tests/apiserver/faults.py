"""What can go wrong on purpose: answers of a proxy, a server that hangs, drips, closes early or sends garbage."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from apiserver.messages import Request, Response


@dataclass(frozen=True)
class Answer:
    """Answer with this instead."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    async def play(self, request: Request, writer: asyncio.StreamWriter, stopping: asyncio.Event) -> None:
        """Do it."""
        del request, stopping
        writer.write(Response.json(self.body, self.status, **self.headers).encode())


@dataclass(frozen=True)
class Hang:
    """Say nothing until the server stops."""

    async def play(self, request: Request, writer: asyncio.StreamWriter, stopping: asyncio.Event) -> None:
        """Do it."""
        del request, writer
        await asyncio.wait_for(stopping.wait(), 30)


@dataclass(frozen=True)
class Drip:
    """Send a valid beginning and then a byte now and again, without end."""

    pause: float = 0.05

    async def play(self, request: Request, writer: asyncio.StreamWriter, stopping: asyncio.Event) -> None:
        """Do it."""
        del request
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{")
        while not stopping.is_set():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(self.pause)


@dataclass(frozen=True)
class CloseEarly:
    """Promise a body, send part of it, and close."""

    sent: bytes = b'{"kind":"PodList","items":['

    async def play(self, request: Request, writer: asyncio.StreamWriter, stopping: asyncio.Event) -> None:
        """Do it."""
        del request, stopping
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n" + self.sent)
        writer.close()


@dataclass(frozen=True)
class Raw:
    """Send these bytes, which need not be HTTP, and close."""

    data: bytes

    async def play(self, request: Request, writer: asyncio.StreamWriter, stopping: asyncio.Event) -> None:
        """Do it."""
        del request, stopping
        writer.write(self.data)
        await writer.drain()
        writer.close()


Fault = Answer | Hang | Drip | CloseEarly | Raw
