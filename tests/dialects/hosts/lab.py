"""Three namespaces, outside - host - pod, in which packets with any head are sent and caught.

Raw sockets are handed what the packet filter of their namespace has let in (raw(7)), so whatever one catches has
arrived. A packet bears its number as its source port.
"""

from __future__ import annotations

import ipaddress
import itertools
import socket
import struct
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from crenel.kernel import sysctl
from crenel.kernel.conntrack import Conntrack
from crenel.kernel.links import LOOPBACK, Links
from crenel.kernel.namespaces import Namespace
from crenel.kernel.nftables import Nftables
from crenel.kernel.packets import parse
from crenel.network.addresses import AddressSet

TCP, UDP = 6, 17
OUTSIDE = ("10.1.0.1", "10.1.0.2", "192.0.2.7", "fd01::1", "fd01::2")
HOST = ("10.1.0.254", "10.9.0.254", "fd01::fe", "fd09::fe")
"""The first of each family at its device ``up0``, the second at ``pod0``."""
POD = ("10.9.0.1", "10.9.0.2", "fd09::1", "fd09::2")
ADDRESSES = {"outside": OUTSIDE, "host": HOST, "pod": POD}
DEVICES = {
    "up0": AddressSet.everything(4, 6) - AddressSet.of(*POD),
    "pod0": AddressSet.of(*POD),
}
"""What is reached by the host's devices."""
_MACS = {name: bytes([2, 0, 0, 0, 0, number]) for number, name in enumerate(("up", "outside", "down", "pod"), 1)}
_SETTLED = 0.004
"""Seconds in which a packet that is on its way arrives, on a machine that has nothing else to do."""
_PATIENCE = 3
"""Seconds for which one that should arrive is waited for."""


@dataclass(frozen=True)
class Probe:
    """One packet to be sent, and where it starts."""

    start: str
    source: str
    destination: str
    protocol: int
    port: int


@dataclass
class Arrival:
    """What became of a packet: where it came out, with which port, and whether a reset answered it, as a SYN is."""

    places: set[tuple[str, int]] = field(default_factory=set)
    answered: bool = False


@dataclass(repr=False)
class Lab:
    """The namespaces, and sockets in each of them that catch what comes in."""

    spaces: dict[str, Namespace]
    catchers: dict[str, list[socket.socket]]
    senders: dict[tuple[str, int], socket.socket]
    host: Nftables
    connections: Conntrack
    numbers: Iterator[int] = field(default_factory=lambda: itertools.cycle(range(20000, 60000)))

    def load(self, commands: str) -> Any:
        """Replace the host's rules. Returns them as nft lists them."""
        self.host.run("flush ruleset\n" + commands)
        self.connections.flush()
        return self.host.json("list ruleset")

    def arrived(self, probes: Sequence[Probe], wanted: Sequence[Arrival]) -> list[Arrival]:
        """Send packets. Returns what became of each; what is `wanted` at least is waited for on a busy machine."""
        waiting: dict[int, int] = {}
        found = [Arrival() for _ in probes]
        for position, probe in enumerate(probes):
            number = next(self.numbers)
            waiting[number] = position
            self._send(probe, number)
        end = time.monotonic() + _PATIENCE
        quiet = time.monotonic() + _SETTLED
        while (now := time.monotonic()) < quiet or (now < end and _is_missing(found, wanted)):
            for name, sport, dport in self._caught():
                quiet = time.monotonic() + _SETTLED
                if sport in waiting and probes[waiting[sport]].start != name:
                    found[waiting[sport]].places.add((name, dport))
                elif dport in waiting and probes[waiting[dport]].start == name:
                    found[waiting[dport]].answered = True
            time.sleep(0.001)
        return found

    def _send(self, probe: Probe, number: int) -> None:
        family = 6 if ":" in probe.source else 4
        data = head(probe, number) + body(probe, number)
        target = (probe.destination, 0) if family == 4 else (probe.destination, 0, 0, 0)
        with suppress(PermissionError):  # that is how one learns that the own rules have dropped it
            self.senders[probe.start, family].sendto(data, target)

    def _caught(self) -> Iterator[tuple[str, int, int]]:
        for name, catchers in self.catchers.items():
            for catcher in catchers:
                while True:
                    try:
                        data = catcher.recv(256)
                    except BlockingIOError:
                        break
                    if catcher.family == socket.AF_INET:
                        packet = parse(data)
                        yield name, packet.sport, packet.dport
                    else:
                        sport, dport = struct.unpack_from("!HH", data)
                        yield name, sport, dport


def _is_missing(found: Sequence[Arrival], wanted: Sequence[Arrival]) -> bool:
    return any(
        (least.places and not each.places) or (least.answered and not each.answered)
        for each, least in zip(found, wanted, strict=True)
    )


def head(probe: Probe, number: int) -> bytes:
    """The IP header; the kernel fills in the checksum of IPv4."""
    length = len(body(probe, number))
    source, destination = (ipaddress.ip_address(each).packed for each in (probe.source, probe.destination))
    if ":" in probe.source:
        return struct.pack("!IHBB", 6 << 28, length, probe.protocol, 64) + source + destination
    return struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, number, 0, 64, probe.protocol, 0) + source + destination


def body(probe: Probe, number: int) -> bytes:
    """A SYN, or an empty datagram, with its checksum: conntrack takes a wrong one for invalid."""
    if probe.protocol == TCP:
        plain = struct.pack("!HHIIBBHHH", number, probe.port, 1, 0, 0x50, 2, 1024, 0, 0)
        place = 16
    else:
        plain = struct.pack("!HHHH", number, probe.port, 8, 0)
        place = 6
    ends = b"".join(ipaddress.ip_address(each).packed for each in (probe.source, probe.destination))
    total = checksum(ends + struct.pack("!II", len(plain), probe.protocol) + plain)
    return plain[:place] + struct.pack("!H", total or 0xFFFF) + plain[place + 2 :]


def checksum(data: bytes) -> int:
    """The checksum of the internet protocols (RFC 1071)."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


@contextmanager
def lab() -> Iterator[Lab]:
    """Make the namespaces."""
    with ExitStack() as stack:
        spaces = {name: stack.enter_context(Namespace.new()) for name in ADDRESSES}
        _settings(spaces.values())
        _cables(spaces)
        catchers = {name: list(_catchers(stack, space)) for name, space in spaces.items()}
        senders = {
            (name, family): _raw(stack, space, family, socket.IPPROTO_RAW)
            for name, space in spaces.items()
            for family in (4, 6)
        }
        for (_, family), sender in senders.items():
            if family == 4:
                sender.setsockopt(socket.IPPROTO_IP, socket.IP_HDRINCL, 1)
        nft, connections = stack.enter_context(Nftables(spaces["host"])), stack.enter_context(Conntrack(spaces["host"]))
        yield Lab(spaces, catchers, senders, nft, connections)


def _settings(spaces: Iterable[Namespace]) -> None:
    for space in spaces:
        sysctl.write_all(
            space,
            {
                "net.ipv4.ip_forward": 1,
                "net.ipv6.conf.all.forwarding": 1,
                "net.ipv4.conf.all.rp_filter": 0,
                "net.ipv4.conf.default.rp_filter": 0,
                "net.ipv4.icmp_ratelimit": 0,
            },
        )


def _cables(spaces: dict[str, Namespace]) -> None:
    with ExitStack() as stack:
        links = {name: stack.enter_context(Links(space)) for name, space in spaces.items()}
        links["host"].veth("up0", "eth0", spaces["outside"], _MACS["up"], _MACS["outside"], 11, 2)
        links["host"].veth("pod0", "eth0", spaces["pod"], _MACS["down"], _MACS["pod"], 12, 2)
        for each in links.values():
            each.up(LOOPBACK)
        places: list[tuple[str, int, tuple[str, ...]]]
        places = [("outside", 2, OUTSIDE), ("pod", 2, POD), ("host", 11, HOST[::2]), ("host", 12, HOST[1::2])]
        for name, index, own in places:
            links[name].up(index)
            for address in own:
                links[name].address(index, ipaddress.ip_address(address), 32 if "." in address else 128)
        links["host"].commit()
        for name, index, others, mac in (
            ("outside", 2, (*HOST, *POD), _MACS["up"]),
            ("pod", 2, (*HOST, *OUTSIDE), _MACS["down"]),
            ("host", 11, OUTSIDE, _MACS["outside"]),
            ("host", 12, POD, _MACS["pod"]),
        ):
            for address in others:
                links[name].route(ipaddress.ip_network(address), index)
                links[name].neighbour(index, ipaddress.ip_address(address), mac)
            links[name].commit()
        links["host"].settle(11, 12)
        links["outside"].settle(2)
        links["pod"].settle(2)


def _catchers(stack: ExitStack, space: Namespace) -> Iterator[socket.socket]:
    for family in (4, 6):
        for protocol in (TCP, UDP):
            made = _raw(stack, space, family, protocol)
            made.setblocking(False)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            yield made


def _raw(stack: ExitStack, space: Namespace, family: int, protocol: int) -> socket.socket:
    with space.entered():
        return stack.enter_context(
            socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6, socket.SOCK_RAW, protocol)
        )
