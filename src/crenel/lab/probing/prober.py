"""Sends probes and watches what becomes of them, all from one process.

Each probe has a socket that is made in the namespace of its source, with a source port that no other probe of the batch
has. It is over when the other end answers, or was seen to get it, or when a rule logs that it dropped it. What neither
happens to is sent again, twice, and is lost if that is the same: silence is never taken for a denial.
"""

from __future__ import annotations

import errno
import resource
import select
import socket
import struct
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from ipaddress import ip_address
from itertools import groupby

from crenel.kernel.conntrack import Conntrack
from crenel.kernel.namespaces import Namespace
from crenel.kernel.nflog import LoggedPacket, PacketLog
from crenel.kernel.packets import ABORT, SCTP_ABORT, Packet, echo, parse, sctp_init
from crenel.lab.probing.listeners import Listeners, Target
from crenel.lab.probing.observations import LOST, Fate, Observation
from crenel.lab.probing.probes import Probe
from crenel.lab.probing.tokens import token
from crenel.network.traffic import ICMP, ICMPV6, SCTP, TCP, UDP

GRACES = (0.4, 0.8, 1.6)
"""Seconds without any news after which what is left is sent again, and in the end counts as lost. An answer takes
microseconds on an idle machine; on a busy one the kernel's workers may come late, or drop what is too much for them."""
_IN_FLIGHT = (512, 64, 8)
"""How many probes of each try may wait for their fate before more are sent."""
_PATIENCE = 20.0
"""Seconds that a batch may take after its last probe was sent, with news or without."""
_BATCH = 8192
_PORTS = range(33000, 65000)
"""Source ports of probes; above node ports and below the end."""
_POLL_EVERY = 64
_PAUSE = 0.01
"""Seconds without news after which more is sent, although much is under way."""
_TRACKED = 100_000
"""Connections that a node may remember before it is made to forget; the kernel's table has 262,144 for all."""
_TOKENS = 1 << 31
_SOL_RAW, _ICMP_FILTER, _ICMPV6_FILTER, _ECHO_REPLY = 255, 1, 1, 129
_RESET = struct.pack("ii", 1, 0)
_GONE = {errno.ECONNREFUSED, errno.ECONNRESET}


class Prober:
    """Probes one twin. `spaces` are its namespaces, `logs` the packet logs of its nodes."""

    def __init__(self, spaces: Mapping[str, Namespace], nodes: Iterable[Namespace], log_group: int) -> None:
        self._spaces = spaces
        self._nodes = list(nodes)
        self._poller = select.epoll()
        self._handlers: dict[int, Callable[[int], None]] = {}
        self.listeners = Listeners(self._poller, self._handlers)
        self.listeners.report = self._got
        self._logs = [PacketLog(node, log_group) for node in self._nodes]
        for number, log in enumerate(self._logs):
            self._poller.register(log.fileno(), select.EPOLLIN)
            self._handlers[log.fileno()] = self._read_log(number)
        self._next_port = 0
        self._probes: Sequence[Probe] = ()
        self._open: dict[int, socket.socket] = {}
        self._by_socket: dict[int, int] = {}
        self._by_port: dict[int, int] = {}
        self._by_ends: dict[tuple[int, Target, Target], int] = {}
        """By protocol and both ends, the number of a probe that chose its port."""
        self.conversing: frozenset[int] = frozenset({UDP})
        """The protocols whose probes are over only when the answer is back, although they were seen to arrive."""
        self._found: dict[int, Observation] = {}
        self._raw: dict[str, socket.socket] = {}
        self._in_flight = _IN_FLIGHT[0]
        self._sent = 0
        self._connected: set[int] = set()
        self._where: dict[int, Target] = {}
        """By probe, where it was seen to arrive."""
        self._base = 1
        """The token of the batch's first probe, so that nothing of an earlier batch is taken for one of this."""
        _raise_limit()

    def close(self) -> None:
        """Stop everything."""
        self.listeners.close()
        for log in self._logs:
            log.close()
        self._poller.close()

    def run(self, probes: Sequence[Probe], progress: Callable[[int], None] = lambda _done: None) -> list[Observation]:
        """Send all probes. Returns what was observed, in their order. `progress` is told how many are over."""
        found: list[Observation] = []
        for start in range(0, len(probes), _BATCH):
            batch = probes[start : start + _BATCH]
            seen = [LOST] * len(batch)
            for grace, in_flight in zip(GRACES, _IN_FLIGHT, strict=True):
                left = [number for number, each in enumerate(seen) if each.fate is Fate.LOST]
                again = self._batch([batch[number] for number in left], grace, in_flight)
                for number, each in zip(left, again, strict=True):
                    seen[number] = each
            found += seen
            progress(len(found))
            self.forget(_TRACKED)
        return found

    def serve(self, also: Mapping[int, Callable[[int], None]], until: Callable[[], bool]) -> None:
        """Let the listeners answer, and wait on further descriptors, until it is time to stop."""
        for descriptor, handler in also.items():
            self._handlers[descriptor] = handler
            self._poller.register(descriptor, select.EPOLLIN)
        try:
            while not until():
                self._poll(1.0)
        finally:
            for descriptor in also:
                self._poller.unregister(descriptor)
                del self._handlers[descriptor]

    def fileno(self) -> int:
        """A descriptor that is readable when `attend` has something to do."""
        return self._poller.fileno()

    def attend(self) -> None:
        """Let the listeners do what waits for them now."""
        self._poll(0)

    def forget(self, most: int = 0) -> None:
        """Let nodes forget their connections, those that remember more than `most`."""
        for node in self._nodes:
            with Conntrack(node) as table:
                if table.count() > most:
                    table.flush()

    def _batch(self, probes: Sequence[Probe], grace: float, in_flight: int) -> list[Observation]:
        if not probes:
            return []
        self._probes, self._in_flight = probes, in_flight
        self._sent = 0
        self._found, self._by_port, self._by_ends, self._where = {}, {}, {}, {}
        order = sorted(range(len(probes)), key=lambda number: probes[number].source.space)
        for space, numbers in groupby(order, key=lambda number: probes[number].source.space):
            self._send_from(space, list(numbers))
        self._wait(0, grace)
        for number in list(self._open):
            self._end(number)
        self._close_raw()
        self._base = (self._base + len(probes)) % _TOKENS or 1
        return [self._found.get(number, LOST) for number in range(len(probes))]

    def _send_from(self, space: str, numbers: Sequence[int]) -> None:
        for chunk in range(0, len(numbers), _POLL_EVERY):
            with self._spaces[space].entered():
                for number in numbers[chunk : chunk + _POLL_EVERY]:
                    self._send(number)
            self._poll(0)
            self._wait(self._in_flight, _PAUSE)

    def _send(self, number: int) -> None:
        probe = self._probes[number]
        self._sent += 1
        port = self._sender(number)
        family = socket.AF_INET if probe.source.family == 4 else socket.AF_INET6
        if probe.protocol not in (TCP, UDP):
            self._send_raw(number, probe, family, port)
            return
        opened = socket.socket(family, socket.SOCK_STREAM if probe.protocol == TCP else socket.SOCK_DGRAM)
        opened.setblocking(False)
        self._open[number] = opened
        self._by_socket[opened.fileno()] = number
        try:
            if probe.sport:
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind((probe.source.address, port))
            error = opened.connect_ex((probe.address, probe.port))
            if probe.protocol != TCP:
                opened.send(token(self._base + number))
        except OSError as refused:
            error = refused.errno or 0
        # A packet that is dropped on its way out gives an error too; its log tells why.
        if error in _GONE:
            self._arrived(number)
            return
        events = select.EPOLLOUT if probe.protocol == TCP else select.EPOLLIN
        self._handlers[opened.fileno()] = self._client
        self._poller.register(opened.fileno(), events)

    def _send_raw(self, number: int, probe: Probe, family: int, port: int) -> None:
        key = f"{probe.protocol} {probe.source.space} {probe.source.address}"
        if key not in self._raw:
            self._raw[key] = self._open_raw(probe, family)
        if probe.protocol == SCTP:
            message = sctp_init(port, probe.port, self._base + number)
        else:
            message = echo(probe.source.family, port)
        try:
            self._raw[key].sendto(message, (probe.address, 0))
        except OSError:
            return  # dropped on its way out, and logged

    def _open_raw(self, probe: Probe, family: int) -> socket.socket:
        """A raw socket of a source. One for echoes hears their replies and nothing else: raw(7), RFC 3542."""
        raw = socket.socket(family, socket.SOCK_RAW, probe.protocol)
        raw.setblocking(False)
        raw.bind((probe.source.address, 0))
        if probe.protocol == SCTP:
            if SCTP in self.conversing:
                self._hear(raw, self._aborted)
            return raw
        if probe.protocol == ICMP:
            raw.setsockopt(_SOL_RAW, _ICMP_FILTER, struct.pack("I", ~1 & 0xFFFFFFFF))
        else:
            others = [0xFFFFFFFF] * 8
            others[_ECHO_REPLY >> 5] &= ~(1 << (_ECHO_REPLY & 31))
            raw.setsockopt(socket.IPPROTO_ICMPV6, _ICMPV6_FILTER, struct.pack("8I", *others))
        self._hear(raw, self._replied)
        return raw

    def _hear(self, raw: socket.socket, handler: Callable[[bytes], None]) -> None:
        """Call a handler with each message that a raw socket gets, without the header of IP."""

        def read(_descriptor: int) -> None:
            for _ in range(_BATCH):
                try:
                    found = raw.recv(256)
                except OSError:
                    return
                # Raw sockets get the header of IPv4 and not that of IPv6: raw(7), ipv6(7).
                handler(found[(found[0] & 15) * 4 :] if raw.family == socket.AF_INET else found)

        self._poller.register(raw.fileno(), select.EPOLLIN)
        self._handlers[raw.fileno()] = read

    def _replied(self, message: bytes) -> None:
        """A reply to an echo; its identifier is the number that stands for a port."""
        number = self._by_port.get(int.from_bytes(message[4:6], "big"))
        if number is not None and self._probes[number].protocol in (ICMP, ICMPV6):
            self._arrived(number)

    def _aborted(self, message: bytes) -> None:
        """An SCTP packet; in an ABORT the verification tag is the number of the probe that it answers."""
        if len(message) >= SCTP_ABORT and message[SCTP_ABORT - 4] == ABORT:
            number = int.from_bytes(message[4:8], "big") - self._base
            if 0 <= number < len(self._probes):
                self._arrived(number)

    def _close_raw(self) -> None:
        for raw in self._raw.values():
            if self._handlers.pop(raw.fileno(), None) is not None:
                self._poller.unregister(raw.fileno())
            raw.close()
        self._raw = {}

    def _sender(self, number: int) -> int:
        """The source port of a probe. It is known again by one of its own, or by a chosen one with both ends."""
        probe = self._probes[number]
        if probe.sport:
            source, target = int(ip_address(probe.source.address)), int(ip_address(probe.address))
            self._by_ends[probe.protocol, (source, probe.sport), (target, probe.port)] = number
            self._by_port.setdefault(probe.sport, number)  # behind a translation the other end differs
            return probe.sport
        port = self._port(probe.source.address)
        self._by_port[port] = number
        return port

    def _port(self, address: str) -> int:
        """A source port that no other probe of the batch has, and that nobody listens on."""
        while True:
            port = _PORTS[self._next_port]
            self._next_port = (self._next_port + 1) % len(_PORTS)
            if (address, port) not in self.listeners.taken:
                return port

    def _wait(self, most: int, grace: float) -> None:
        """Wait until at most so many probes are under way, or nothing was heard for `grace` seconds."""
        end = time.monotonic() + _PATIENCE
        news, known = time.monotonic() + grace, len(self._found)
        while self._sent - len(self._found) > most:
            now = time.monotonic()
            if now > end or now > news:
                return
            self._poll(min(0.05, grace))
            if len(self._found) != known:
                news, known = time.monotonic() + grace, len(self._found)

    def _poll(self, seconds: float) -> None:
        for number, _ in self._poller.poll(seconds, 1024):
            if (handler := self._handlers.get(number)) is not None:
                handler(number)

    def _client(self, descriptor: int) -> None:
        number = self._by_socket[descriptor]
        probe, opened = self._probes[number], self._open[number]
        if probe.protocol != TCP:
            self._answered(number, opened)
            return
        error = opened.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error in _GONE or (not error and probe.direct):
            self._arrived(number)
        elif error:
            self._end(number)
        elif number not in self._connected:
            # Which pod it is behind the Service, that pod will say when it gets this.
            self._connected.add(number)
            self._introduce(number, opened)
            self._poller.modify(descriptor, select.EPOLLIN)
        else:
            self._end(number)

    def _introduce(self, number: int, opened: socket.socket) -> None:
        try:
            opened.send(token(self._base + number))
        except OSError:
            self._end(number)

    def _answered(self, number: int, opened: socket.socket) -> None:
        try:
            opened.recv(64)
        except ConnectionError:
            pass
        except OSError:
            return
        self._arrived(number)

    def _arrived(self, number: int) -> None:
        self._found.setdefault(number, Observation(Fate.ARRIVED, target=self._where.get(number)))
        self._end(number)

    def _got(self, received: int, target: Target) -> None:
        """An ear reports a token. A datagram is over only when its answer is back."""
        number = received - self._base
        if not 0 <= number < len(self._probes):
            return
        self._where[number] = target
        if self._probes[number].protocol not in self.conversing:
            self._arrived(number)

    def _read_log(self, place: int) -> Callable[[int], None]:
        log = self._logs[place]

        def read(_descriptor: int) -> None:
            for logged in log.read():
                self._dropped(logged)

        return read

    def _dropped(self, logged: LoggedPacket) -> None:
        try:
            packet = parse(logged.payload)
        except ValueError:
            return
        number = self._whose(packet)
        if number is None or self._probes[number].protocol != packet.protocol:
            return
        target = (packet.destination, packet.dport)
        self._found.setdefault(number, Observation(Fate.DROPPED, logged.prefix.strip(), target))
        self._end(number)

    def _whose(self, packet: Packet) -> int | None:
        """The probe that a packet belongs to, or whose answer it is: where no connection counts, that is judged too."""
        there, here = (packet.source, packet.sport), (packet.destination, packet.dport)
        for source, target in ((there, here), (here, there)):
            if (number := self._by_ends.get((packet.protocol, source, target))) is not None:
                return number
        return self._by_port.get(packet.sport)

    def _end(self, number: int) -> None:
        opened = self._open.pop(number, None)
        if opened is None:
            return
        descriptor = opened.fileno()
        del self._by_socket[descriptor]
        self._connected.discard(number)
        if self._handlers.pop(descriptor, None) is not None:
            self._poller.unregister(descriptor)
        if self._probes[number].protocol == TCP:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        opened.close()


def _raise_limit() -> None:
    """Let this process have as many descriptors as it may."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
