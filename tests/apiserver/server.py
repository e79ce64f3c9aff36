"""The server itself: a loop in a thread, TLS on a loopback port, one connection after another."""

from __future__ import annotations

import asyncio
import re
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from apiserver.api import Api
from apiserver.certificates import Certificates, certificates
from apiserver.faults import Fault
from apiserver.messages import HEAD_LIMIT, Request, read_request

IDLE = 20.0
"""Seconds a connection may stay silent: no test waits longer for a mistake of its own."""


@dataclass
class _Planned:
    """A fault or a callback for the next requests to a path."""

    path: re.Pattern[str]
    action: Fault | Callable[[Request], None]
    times: int
    after: int


@dataclass
class Server:
    """A running API server; use it as a context manager.

    `requests` is everything that was asked, in order. `tls` False serves plain HTTP.
    """

    api: Api = field(default_factory=Api)
    keys: Certificates = field(default_factory=certificates)
    tls: bool = True
    requests: list[Request] = field(default_factory=list)
    _planned: list[_Planned] = field(default_factory=list)

    def fail(self, path: str, fault: Fault, *, times: int = 1_000_000, after: int = 0) -> None:
        """Play a fault for requests whose path and query match a regular expression, after letting `after` pass."""
        self._planned.append(_Planned(re.compile(path), fault, times, after))

    def before(self, path: str, callback: Callable[[Request], None], *, times: int = 1, after: int = 0) -> None:
        """Run something in the server before it answers a request whose path matches."""
        self._planned.append(_Planned(re.compile(path), callback, times, after))

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def paths(self) -> list[str]:
        """The paths of all requests, in order."""
        return [request.path for request in self.requests]

    def __enter__(self) -> Self:
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError("the test API server does not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(10)

    async def _run(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        context = self.keys.server_context() if self.tls else None
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context, limit=HEAD_LIMIT)
        self.port: int = server.sockets[0].getsockname()[1]
        self._connections: set[asyncio.Task[Any]] = set()
        self._ready.set()
        await self._stopping.wait()
        server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._connections.add(task)
        try:
            while await self._turn(reader, writer):
                pass
        except (ConnectionError, TimeoutError, asyncio.CancelledError, ssl.SSLError, ValueError):
            pass
        finally:
            self._connections.discard(task)
            writer.close()

    async def _turn(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; False when the connection is over."""
        request = await asyncio.wait_for(read_request(reader), IDLE)
        if request is None:
            return False
        self.requests.append(request)
        if fault := self._due(request):
            await fault.play(request, writer, self._stopping)
        else:
            writer.write(self.api.answer(request, _subject(writer)).encode(request))
        await writer.drain()
        return not writer.is_closing() and request.headers.get("connection") != "close"

    def _due(self, request: Request) -> Fault | None:
        query = "&".join(f"{key}={value}" for key, value in request.query.items())
        line = f"{request.path}?{query}" if query else request.path
        for planned in [each for each in self._planned if each.path.search(line)]:
            if planned.after > 0:
                planned.after -= 1
            elif planned.times > 0:
                planned.times -= 1
                if not callable(planned.action):
                    return planned.action
                planned.action(request)
        return None


def _subject(writer: asyncio.StreamWriter) -> str | None:
    certificate = writer.get_extra_info("peercert") or {}
    names = [value for part in certificate.get("subject", ()) for key, value in part if key == "commonName"]
    return names[0] if names else None
