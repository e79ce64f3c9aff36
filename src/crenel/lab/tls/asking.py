"""Real connections in the twin: what a port serves, whom it answers, and connections in plain text to compare with.

All is done from one thread, which is in the namespace of whoever asks; the listeners and the captures are attended to
meanwhile.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Self, TypeVar

from crenel.certificates.probing import mutual, pages, talking
from crenel.certificates.probing.asking import Heard, ask
from crenel.certificates.probing.mutual import Contexts, Mutual
from crenel.certificates.probing.peers import Peer, UnreachableError
from crenel.certificates.probing.wire.greeting import Until
from crenel.certificates.probing.wire.hello import EVERY_GROUP, Offer
from crenel.certificates.probing.wire.numbers import Group, Version
from crenel.certificates.probing.wire.shares import share
from crenel.certificates.probing.wire.suites import suites_of
from crenel.kernel.namespaces import Namespace
from crenel.lab.probing.prober import Prober
from crenel.lab.tls.watching import Watch

STEP = 5.0
"""Seconds that one step of a conversation may take."""
_AT_ONCE = 16
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Question:
    """Whom one workload asks: an address and port, under a name if it has one, with its certificates."""

    address: str
    port: int
    name: str | None
    contexts: Contexts
    asked: bool
    """Whether the server asks for certificates."""
    sealed: str
    """The host that is asked for through TLS."""
    open: str
    """The host that is asked for in plain text."""


class Asking:
    """Asks from namespaces, while a prober's listeners answer and a watch is read; a context manager."""

    def __init__(self, prober: Prober, watch: Watch) -> None:
        self._runner = asyncio.Runner()
        self._prober, self._watch = prober, watch

    def __enter__(self) -> Self:
        loop = self._runner.get_loop()
        loop.add_reader(self._prober.fileno(), self._prober.attend)
        for node, capture in self._watch.captures.items():
            loop.add_reader(capture.fileno(), self._watch.read, node)
        return self

    def __exit__(self, *_: object) -> None:
        loop = self._runner.get_loop()
        loop.remove_reader(self._prober.fileno())
        for capture in self._watch.captures.values():
            loop.remove_reader(capture.fileno())
        self._runner.close()

    def served(self, space: Namespace, address: str, port: int, name: str | None) -> Heard | str:
        """What a port serves to a client of TLS 1.3; or why it cannot be asked."""
        return self._run(space, _served(address, port, name))

    def prove(self, space: Namespace, questions: Sequence[Question]) -> list[Mutual | str]:
        """Make all attempts of one workload; for each question what came of them, or why there are none."""
        return self._run(space, _all(questions))

    def plainly(self, space: Namespace, server: Namespace, address: str, host: str) -> int:
        """Ask for a host in plain text at an address where somebody answers that; returns the port."""
        with server.entered():
            listening = socket.socket(_family(address), socket.SOCK_STREAM)
        with listening:
            listening.bind((address, 0))
            listening.listen()
            self._run(space, _control(listening, address, host))
            port: int = listening.getsockname()[1]
            return port

    def _run(self, space: Namespace, work: Coroutine[Any, Any, _Result]) -> _Result:
        with space.entered():
            return self._runner.run(work)


async def _all(questions: Sequence[Question]) -> list[Mutual | str]:
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(question: Question) -> Mutual | str:
        async with room:
            return await _proved(question)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(each)) for each in questions]
    return [task.result() for task in tasks]


async def _served(address: str, port: int, name: str | None) -> Heard | str:
    mine = share(Group.X25519)
    shares = [(mine.group, mine.public)] if mine is not None else ()
    offer = Offer(Version.TLS1_3, suites_of(Version.TLS1_3), name, mutual.HTTP1, EVERY_GROUP, shares)
    try:
        return await ask(_peer(address, port), offer, Until.CERTIFICATES, mine)
    except UnreachableError as error:
        return f"no connection: {error}"


async def _proved(question: Question) -> Mutual | str:
    peer = _peer(question.address, question.port)
    try:
        return await mutual.prove(
            peer, question.name, question.sealed, question.contexts, asked=question.asked, plain_host=question.open
        )
    except UnreachableError as error:
        return f"no connection: {error}"


async def _control(listening: socket.socket, address: str, host: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.close()

    listening.setblocking(False)
    server = await asyncio.start_server(answer, sock=listening.dup())
    async with server:
        try:
            await talking.plainly(_peer(address, listening.getsockname()[1]), pages.request(host))
        except UnreachableError:
            return  # the captures have not seen it, which is what counts


def _peer(address: str, port: int) -> Peer:
    return Peer([(_family(address), (address, port))], STEP)


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET if ip_address(address).version == 4 else socket.AF_INET6
