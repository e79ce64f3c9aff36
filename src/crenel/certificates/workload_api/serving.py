"""Serves the API until it is told to stop.

gRPC does not tell its services who connected. So connections are accepted here, where the kernel is asked, and passed
on to the service of the caller's entries, which listens in a folder that nobody else can enter.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import stat
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from spiffe._proto import workload_pb2_grpc as stubs

from crenel.certificates.authority.errors import AuthorityError
from crenel.certificates.workload_api.entries import Entry, entitled
from crenel.certificates.workload_api.peers import Peer, peer
from crenel.certificates.workload_api.service import Hub, Service
from crenel.certificates.workload_api.supplying import Supplier

POLL = 1.0
"""Seconds between two looks at the authority's files."""

_MOST, _MOST_OF_ONE = 1024, 256
"""Connections at a time, of all and of one user; each takes three files."""
FILES = 4 * _MOST
"""How many open files a server should be allowed."""
_CHUNK = 1 << 16
_GRACE = 0.5
_OPTIONS = (("grpc.max_receive_message_length", 1 << 16), ("grpc.max_concurrent_streams", 64), ("grpc.so_reuseport", 0))


@dataclass(slots=True)
class Front:
    """Accepts connections, and knows who each is from."""

    hub: Hub
    entries: Sequence[Entry]
    folder: Path
    """Where services listen."""
    say: Callable[[str], None]
    _services: dict[tuple[Entry, ...], tuple[Path, grpc.aio.Server]] = field(default_factory=dict)
    _open: Counter[int] = field(default_factory=Counter)
    _refused: set[int] = field(default_factory=set)
    _beginning: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection on, until either side ends it."""
        uid = None
        try:
            caller = peer(writer.get_extra_info("socket"))
            if self._open.total() >= _MOST or self._open[caller.uid] >= _MOST_OF_ONE:
                return
            uid = caller.uid
            self._open[uid] += 1
            path = await self._service(caller)
            inner_reader, inner_writer = await asyncio.open_unix_connection(str(path))
            try:
                await _together(_pump(reader, inner_writer), _pump(inner_reader, writer))
            finally:
                inner_writer.close()
        except OSError:
            return
        finally:
            if uid is not None:
                self._open[uid] -= 1
            writer.close()

    async def stop(self) -> None:
        """End all services."""
        for _, server in self._services.values():
            await server.stop(_GRACE)

    async def _service(self, caller: Peer) -> Path:
        """Where the service for a caller listens, begun where it is the first one of its kind."""
        found = entitled(self.entries, caller)
        if not found and caller.uid not in self._refused and len(self._refused) < _MOST:
            self._refused.add(caller.uid)
            self.say(f"no entry is for process {caller.pid} of {caller}")
        async with self._beginning:
            if found not in self._services:
                self._services[found] = await self._begun(found)
        return self._services[found][0]

    async def _begun(self, entries: tuple[Entry, ...]) -> tuple[Path, grpc.aio.Server]:
        path = self.folder / f"{len(self._services)}"
        server = grpc.aio.server(options=_OPTIONS)
        stubs.add_SpiffeWorkloadAPIServicer_to_server(Service(self.hub, entries), server)  # type: ignore[no-untyped-call]
        server.add_insecure_port(f"unix:{path}")
        await server.start()
        return path, server


async def serve(
    supplier: Supplier, path: Path, mode: int, stop: asyncio.Event, say: Callable[[str], None], poll: float = POLL
) -> None:
    """Serve at a path until `stop`; `say` is told what somebody who runs this has to know.

    Raises:
        AuthorityError: the authority cannot be asked to begin with, or nothing can be served at that path.
    """
    hub = Hub(supplier)
    await hub.refresh()
    if supplier.problem:
        raise AuthorityError(supplier.problem)
    for name, reason in supplier.supplied.refused.items():
        say(f"{name} gets no certificate: {reason}")
    async with _front(hub, supplier.entries, say) as front:
        own = _bound(path, mode)
        server = await asyncio.start_unix_server(front.accept, sock=own)
        try:
            say(f"serving at unix://{path}")
            await _follow(hub, stop, say, poll)
        finally:
            server.close()
            _remove(path)


@asynccontextmanager
async def _front(hub: Hub, entries: Sequence[Entry], say: Callable[[str], None]) -> AsyncIterator[Front]:
    folder = Path(tempfile.mkdtemp(prefix="crenel-"))
    front = Front(hub, entries, folder, say)
    try:
        yield front
    finally:
        await front.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def _follow(hub: Hub, stop: asyncio.Event, say: Callable[[str], None], poll: float) -> None:
    """Look at the authority again and again."""
    problem = ""
    while not stop.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), poll)
            return
        await hub.refresh()
        if hub.supplier.problem != problem:
            problem = hub.supplier.problem
            say(f"the authority cannot be asked: {problem}" if problem else "the authority can be asked again")


def _bound(path: Path, mode: int) -> socket.socket:
    """A socket at a path, of a mode from the moment that anybody can connect to it.

    Raises:
        AuthorityError: something is there, or others may put something else there.
    """
    if not hasattr(socket, "SO_PEERCRED"):
        raise AuthorityError("this system does not say who connects to a socket: nothing can be served here")
    parent = path.parent
    if not parent.is_dir():
        raise AuthorityError(f"{parent}: there is no such folder")
    found = stat.S_IMODE(parent.stat().st_mode)
    if found & 0o022 and not found & stat.S_ISVTX:
        raise AuthorityError(f"{parent}: others may write to this folder, and serve in its place; `chmod 755` it")
    _clear(path)
    own = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        own.bind(str(path))
        path.chmod(mode)
        own.listen(_MOST_OF_ONE)
        own.setblocking(False)
    except OSError as error:
        own.close()
        raise AuthorityError(f"{path}: nothing can be served there: {error.strerror or error}") from None
    return own


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _clear(path: Path) -> None:
    """Remove what a server that was killed has left behind."""
    if not os.path.lexists(path):
        return
    if not stat.S_ISSOCK(path.lstat().st_mode):
        raise AuthorityError(f"{path} is there already and is not ours")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except OSError as error:
            raise AuthorityError(f"{path}: {error.strerror or error}") from None
    raise AuthorityError(f"{path}: another process serves there")


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()


async def _together(*ways: object) -> None:
    """Run both ways of a connection; when one ends, so does the other."""
    tasks = [asyncio.ensure_future(each) for each in ways]  # type: ignore[call-overload]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
