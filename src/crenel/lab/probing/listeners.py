"""Who answers in the twin: TCP and UDP sockets on the ports of pods, and raw sockets that see SCTP arrive.

A TCP connection that brings a token, and a datagram, are reported with the address and port that they arrived at. A
datagram is answered with itself; on a connection that brings anything else the pod says who it is, for people who look
around. Where a port is `secured`, what is no token is a conversation of its own kind.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Protocol, TypeAlias

from crenel.kernel.namespaces import Namespace
from crenel.kernel.packets import sctp_abort
from crenel.lab.probing.tokens import token_of
from crenel.network.traffic import SCTP, TCP, UDP

Target: TypeAlias = tuple[int, int]
"""An address and a port."""
Report: TypeAlias = Callable[[int, Target], None]
"""Called with the number of a probe and where it arrived."""

_BACKLOG = 4096
_GREETING = 256
_CONVERSED = 1 << 14
_AT_ONCE = 512
"""How much one ear may be served before others are; the poller tells again."""


@dataclass(frozen=True, slots=True)
class Ear:
    """Where somebody listens."""

    title: str
    space: str
    address: str
    protocol: int
    port: int
    refuses: bool = False
    """Whether it answers what asks for an association, as somebody does who has no such port."""

    @property
    def target(self) -> Target:
        """Its address as a number, and its port; 0 where it hears all of them."""
        return int(ip_address(self.address)), self.port


class Conversation(Protocol):
    """What is said on one connection of a port that is not answered in plain text alone."""

    over: bool
    """Whether nothing more is to be sent."""

    def feed(self, data: bytes) -> bytes:
        """Take what came; returns what is to be sent."""


class Listeners:
    """All ears of a twin, served by whoever waits on `poller`: events of descriptors in `handlers` go there."""

    def __init__(self, poller: select.epoll, handlers: dict[int, Callable[[int], None]]) -> None:
        self._poller = poller
        self._handlers = handlers
        self._sockets: dict[int, tuple[socket.socket, Ear]] = {}
        self.report: Report = lambda _number, _target: None
        self.taken: set[tuple[str, int]] = set()
        """(address, port) of all of them."""
        self.secured: dict[tuple[str, int], Callable[[], Conversation]] = {}
        """By address and port of an ear for TCP, what begins a conversation there."""
        self._conversations: dict[int, Conversation] = {}

    def open(self, spaces: dict[str, Namespace], ears: Iterable[Ear]) -> None:
        """Listen. Of several ears at one place the first one counts.

        Raises:
            OSError: an address is not there, or there are too few descriptors.
        """
        by_space: dict[str, dict[tuple[str, int, int], Ear]] = {}
        for ear in ears:
            by_space.setdefault(ear.space, {}).setdefault((ear.address, ear.protocol, ear.port), ear)
        for space, wanted in by_space.items():
            with spaces[space].entered():
                for ear in wanted.values():
                    self._open(ear)

    def _open(self, ear: Ear) -> None:
        family = socket.AF_INET if ip_address(ear.address).version == 4 else socket.AF_INET6
        kind, protocol, handler = self._kind(ear.protocol)
        opened = socket.socket(family, kind, protocol)
        try:
            opened.setblocking(False)
            if ear.protocol == UDP:
                # A probe may be sent from here too; what its own peer answers is for its socket, which is connected.
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind((ear.address, ear.port))
            if ear.protocol == TCP:
                opened.listen(_BACKLOG)
            elif ear.protocol == SCTP:
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        except OSError:
            opened.close()
            raise
        self._add(opened, ear, handler)
        self.taken.add((ear.address, ear.port))

    def _kind(self, protocol: int) -> tuple[socket.SocketKind, int, Callable[[int], None]]:
        if protocol == TCP:
            return socket.SOCK_STREAM, 0, self._accept
        if protocol == UDP:
            return socket.SOCK_DGRAM, 0, self._datagram
        return socket.SOCK_RAW, SCTP, self._raw

    def _add(self, opened: socket.socket, ear: Ear, handler: Callable[[int], None]) -> None:
        number = opened.fileno()
        self._sockets[number] = opened, ear
        self._handlers[number] = handler
        self._poller.register(number, select.EPOLLIN)

    def _accept(self, number: int) -> None:
        listening, ear = self._sockets[number]
        for _ in range(_AT_ONCE):
            try:
                accepted, _ = listening.accept()
            except ConnectionError:
                continue  # it was over before we looked
            except OSError:
                return
            accepted.setblocking(False)
            self._add(accepted, ear, self._receive)
            self._receive(accepted.fileno())

    def _receive(self, number: int) -> None:
        accepted, ear = self._sockets[number]
        try:
            found = accepted.recv(_GREETING)
        except BlockingIOError:
            return
        except OSError:
            found = b""
        if (probe := token_of(found)) is not None:
            self.report(probe, ear.target)
        elif found and (begin := self.secured.get((ear.address, ear.port))) is not None:
            self._conversations[number] = begin()
            self._handlers[number] = self._converse
            self._say(number, accepted, found)
            return
        elif found:
            _greet(accepted, ear.title)
        self._close(number)

    def _converse(self, number: int) -> None:
        accepted, _ = self._sockets[number]
        try:
            found = accepted.recv(_CONVERSED)
        except BlockingIOError:
            return
        except OSError:
            found = b""
        if found:
            self._say(number, accepted, found)
        else:
            self._close(number)

    def _say(self, number: int, accepted: socket.socket, found: bytes) -> None:
        """Answer. Once all is said it is the other end that hangs up: a reset could overtake what was said."""
        conversation = self._conversations[number]
        try:
            if said := conversation.feed(found):
                accepted.send(said)
            if conversation.over:
                accepted.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(number)

    def _datagram(self, number: int) -> None:
        opened, ear = self._sockets[number]
        for _ in range(_AT_ONCE):
            try:
                found, peer = opened.recvfrom(2048)
            except OSError:
                return
            if (probe := token_of(found)) is not None:
                self.report(probe, ear.target)
            try:
                opened.sendto(found, peer)
            except OSError:
                continue

    def _raw(self, number: int) -> None:
        opened, ear = self._sockets[number]
        for _ in range(_AT_ONCE):
            try:
                found, peer = opened.recvfrom(2048)
            except OSError:
                return
            # Raw sockets get the header of IPv4 and not that of IPv6: raw(7), ipv6(7).
            start = (found[0] & 15) * 4 if opened.family == socket.AF_INET else 0
            # The initiate tag of an INIT chunk is the number of its probe: RFC 9260, section 3.3.2.
            if len(found) >= start + 20 and found[start + 12] == 1:
                port = int.from_bytes(found[start + 2 : start + 4], "big")
                tag = int.from_bytes(found[start + 16 : start + 20], "big")
                self.report(tag, (ear.target[0], port))
                if ear.refuses:
                    _refuse(opened, peer, found[start : start + 4], tag)

    def _close(self, number: int) -> None:
        opened, _ = self._sockets.pop(number)
        self._conversations.pop(number, None)
        self._poller.unregister(number)
        del self._handlers[number]
        opened.close()

    def close(self) -> None:
        """Stop listening."""
        for number in list(self._sockets):
            self._close(number)


def _refuse(opened: socket.socket, peer: tuple[Any, ...], ports: bytes, tag: int) -> None:
    sport, dport = int.from_bytes(ports[:2], "big"), int.from_bytes(ports[2:], "big")
    try:
        opened.sendto(sctp_abort(dport, sport, tag), (peer[0], 0))
    except OSError:
        return  # dropped on its way out, and logged


def _greet(accepted: socket.socket, title: str) -> None:
    body = f"{title}\n"
    head = f"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n"
    try:
        accepted.send((head + body).encode())
        accepted.shutdown(socket.SHUT_WR)
    except OSError:
        return
