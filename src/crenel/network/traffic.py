"""What a packet carries: protocols and ports, and the table that cuts them into atoms.

A set of traffic is one integer, a bitset over *atoms*: the coarsest intervals of (protocol, destination port) that no
rule of the input splits. `ALL` (every bit set, without end) is every kind of traffic, whatever the table.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

TCP, UDP, SCTP, ICMP, ICMPV6 = 6, 17, 132, 1, 58
"""IP protocol numbers (IANA)."""

PORTED = (TCP, UDP, SCTP)
LAST_PORT = 65535
NAMES = {TCP: "TCP", UDP: "UDP", SCTP: "SCTP", ICMP: "ICMP", ICMPV6: "ICMPv6"}
NUMBERS = {name.upper(): number for number, name in NAMES.items()}
ALL = -1

Ports: TypeAlias = tuple[int, int]
"""First and last port, both included."""

_TRAFFIC = re.compile(r"(?P<protocol>[A-Za-z0-9]+)(?:/(?P<ports>[0-9]+(?:-[0-9]+)?(?:,[0-9]+(?:-[0-9]+)?)*))?\Z")


def protocol_number(name: str) -> int:
    """Return the number of a protocol given by name or number.

    Raises:
        ValueError: no such protocol.
    """
    if name.upper() in NUMBERS:
        return NUMBERS[name.upper()]
    if name.isdecimal() and int(name) <= 255:
        return int(name)
    raise ValueError(f"unknown protocol {name!r}: TCP, UDP, SCTP, ICMP, ICMPv6 or a number up to 255")


def protocol_name(number: int) -> str:
    """Return the usual name of a protocol, or its number as text."""
    return NAMES.get(number, str(number))


@dataclass(frozen=True, slots=True)
class Match:
    """What one entry of a rule speaks of.

    `protocol` None is every protocol (only a port name makes sense with it). `name` is a port by name, resolved per
    destination; otherwise `ports` are inclusive, None for all.
    """

    protocol: int | None
    ports: Ports | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """One atom: ports `first` to `last` of a protocol; a protocol without ports has 0 to 0."""

    protocol: int
    first: int
    last: int


def parse_traffic(text: str) -> tuple[Match, ...]:
    """Read ``TCP/5432``, ``UDP/53,5353``, ``TCP/8000-9000``, ``ICMP`` or ``TCP``.

    Raises:
        ValueError: it is none of those, or a port is not from 1 to 65535.
    """
    match = _TRAFFIC.match(text.strip())
    if match is None:
        raise ValueError(f"cannot read traffic {text!r}: write it like TCP/5432, UDP/53 or TCP/8000-9000")
    protocol = protocol_number(match["protocol"])
    if match["ports"] is None:
        return (Match(protocol),)
    if protocol not in PORTED:
        raise ValueError(f"{protocol_name(protocol)} has no ports")
    found = []
    for part in match["ports"].split(","):
        low, _, high = part.partition("-")
        first, last = int(low), int(high or low)
        if not 1 <= first <= last <= LAST_PORT:
            raise ValueError(f"impossible port {part!r}: ports are from 1 to {LAST_PORT}")
        found.append(Match(protocol, (first, last)))
    return tuple(found)


class TrafficTable:
    """The atoms of one network. Immutable; `slots[i]` is what bit i stands for."""

    def __init__(self, matches: Iterable[Match], protocols: Iterable[int] = ()) -> None:
        starts: dict[int, set[int]] = {protocol: {1} for protocol in PORTED}
        plain = {ICMP, ICMPV6} | {number for number in protocols if number not in PORTED}
        for match in matches:
            if match.protocol is None:
                continue
            if match.protocol not in PORTED:
                plain.add(match.protocol)
            elif match.ports is not None:
                starts[match.protocol].add(match.ports[0])
                starts[match.protocol].add(match.ports[1] + 1)
        self._starts: dict[int, list[int]] = {}
        self._base: dict[int, int] = {}
        self.slots: list[Slot] = []
        for protocol in PORTED:
            cuts = sorted(cut for cut in starts[protocol] if 1 <= cut <= LAST_PORT)
            self._starts[protocol] = cuts
            self._base[protocol] = len(self.slots)
            ends = [cut - 1 for cut in cuts[1:]] + [LAST_PORT]
            self.slots += [Slot(protocol, first, last) for first, last in zip(cuts, ends, strict=True)]
        for protocol in sorted(plain):
            self._base[protocol] = len(self.slots)
            self.slots.append(Slot(protocol, 0, 0))
        self._base[-1] = len(self.slots)
        self.slots.append(Slot(-1, 0, 0))
        self.everything = (1 << len(self.slots)) - 1
        self._masks: dict[Match, int] = {}
        self._texts: dict[int, tuple[tuple[str, str], ...]] = {}

    def fits(self, matches: Iterable[Match]) -> bool:
        """Whether no atom would have to be split for these."""
        return all(self._fits(match) for match in matches)

    def _fits(self, match: Match) -> bool:
        if match.protocol is None or (match.protocol in PORTED and match.ports is None):
            return True
        if match.protocol not in PORTED:
            return match.protocol in self._base
        if match.ports is None:
            return True
        first, last = match.ports
        return self._is_cut(match.protocol, first) and self._is_cut(match.protocol, last + 1)

    def _is_cut(self, protocol: int, port: int) -> bool:
        cuts = self._starts[protocol]
        position = bisect_left(cuts, port)
        return port > LAST_PORT or (position < len(cuts) and cuts[position] == port)

    def mask(self, match: Match) -> int:
        """The atoms that a numeric match covers, or touches where it would split one. Port names are not resolved here."""
        if (known := self._masks.get(match)) is None:
            known = self._masks[match] = self._mask(match)
        return known

    def _mask(self, match: Match) -> int:
        if match.protocol is None:
            return ALL
        if match.protocol not in PORTED:
            return 1 << self._base.get(match.protocol, self._base[-1])
        cuts, base = self._starts[match.protocol], self._base[match.protocol]
        first, last = match.ports or (1, LAST_PORT)
        start = bisect_left(cuts, first + 1) - 1
        stop = bisect_left(cuts, last + 1)
        return (1 << base + stop) - (1 << base + start)

    def union(self, matches: Iterable[Match]) -> int:
        """The atoms that any of some numeric matches covers."""
        mask = 0
        for match in matches:
            mask |= self.mask(match)
        return mask

    def describe(self, mask: int) -> tuple[tuple[str, str], ...]:
        """Write a set of atoms as (protocol, ports) pairs: ports like ``80,443-445``, ``*`` for a protocol without ports.

        The remaining IP protocols, which no rule names, are called ``other``.
        """
        mask &= self.everything
        if (known := self._texts.get(mask)) is None:
            known = self._texts[mask] = self._describe(mask)
        return known

    def _describe(self, mask: int) -> tuple[tuple[str, str], ...]:
        runs: dict[int, list[list[int]]] = {}
        for index, slot in enumerate(self.slots):
            if not mask >> index & 1:
                continue
            known = runs.setdefault(slot.protocol, [])
            if known and known[-1][1] + 1 == slot.first:
                known[-1][1] = slot.last
            else:
                known.append([slot.first, slot.last])
        written = []
        for protocol, spans in runs.items():
            name = "other" if protocol == -1 else protocol_name(protocol)
            text = ",".join(str(a) if a == b else f"{a}-{b}" for a, b in spans) if protocol in PORTED else "*"
            written.append((name, text))
        return tuple(written)

    def sample(self, mask: int) -> tuple[int, int | None] | None:
        """One (protocol, port) of a set, the lowest; port None for a protocol without ports; None for the empty set."""
        mask &= self.everything
        if not mask:
            return None
        slot = self.slots[(mask & -mask).bit_length() - 1]
        return slot.protocol, (slot.first if slot.protocol in PORTED else None)
