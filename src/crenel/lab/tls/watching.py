"""Who sees what on the wire: captures on nodes, and tokens that are looked for in what crosses them.

A token that is split over two packets is found too. What is remembered is bounded: the ends of so many streams, and one
sighting of a token for each target and direction.
"""

from __future__ import annotations

import secrets
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import NamedTuple, Self

from crenel.kernel.capture import Capture, segment
from crenel.kernel.namespaces import Namespace

_STREAMS = 4096
_SIGHTINGS = 1 << 16
_DOMAIN = "crenel-lab.example"


class Sighting(NamedTuple):
    """A token in plain text, and where: `place` is a target with which it was exchanged, else where it was sent to."""

    token: str
    place: tuple[int, int]
    """An address, as a number, and a port."""
    sent: bool
    """Whether the target sent it."""


def token() -> str:
    """A host name that nobody has seen before; all are of one length."""
    return f"{secrets.token_hex(16)}.{_DOMAIN}"


class Watch:
    """The captures of some nodes, from the moment it is made on; a context manager."""

    def __init__(
        self, nodes: Mapping[str, Namespace], tokens: Iterable[str], targets: Iterable[tuple[str, int]]
    ) -> None:
        """`targets` are the addresses and ports whose packets are counted."""
        self._tokens = {each: each.encode("ascii") for each in tokens}
        self._overlap = max(map(len, self._tokens.values())) - 1
        self._ends: OrderedDict[tuple[int, int, int, int], bytes] = OrderedDict()
        self.seen: set[Sighting] = set()
        self.packets: Counter[tuple[int, int]] = Counter()
        """Packets with data from or to a target, by its address and port."""
        self._targets = {(int(ip_address(address)), port) for address, port in targets}
        self.captures: dict[str, Capture] = {}
        try:
            for name, namespace in nodes.items():
                self.captures[name] = Capture(namespace)
        except BaseException:
            self.close()
            raise

    def read(self, node: str) -> None:
        """Look through the packets that wait at a node, as many as are read at once."""
        for packet in self.captures[node].read():
            self._look(packet)

    def finish(self) -> None:
        """Look through all that waits."""
        for capture in self.captures.values():
            while packets := capture.read():
                for packet in packets:
                    self._look(packet)

    def _look(self, packet: bytes) -> None:
        found = segment(packet)
        if found is None or not found.payload:
            return
        head = found.head
        here, there = (head.source, head.sport), (head.destination, head.dport)
        sent = here in self._targets
        place = here if sent else there
        if place in self._targets:
            self.packets[place] += 1
        stream = (*here, *there)
        text = self._ends.pop(stream, b"") + found.payload
        for name, written in self._tokens.items():
            if written in text and (place in self._targets or len(self.seen) < _SIGHTINGS):
                self.seen.add(Sighting(name, place, sent))
        self._ends[stream] = text[-self._overlap :]
        if len(self._ends) > _STREAMS:
            self._ends.popitem(last=False)

    def lost(self) -> dict[str, int]:
        """How many packets each node's capture had no room for."""
        return {name: capture.lost for name, capture in self.captures.items()}

    def close(self) -> None:
        """Stop all captures."""
        for capture in self.captures.values():
            capture.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
