"""What a packet carries: protocols and ports, and the table that cuts them into atoms.

A set of traffic is one integer, a bitset over *atoms*: the coarsest intervals of (protocol, destination port) that no
rule of the input splits. `ALL` (every bit set, without end) is every kind of traffic, whatever the table.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from typing import TypeAlias

from crenel.bits import members, union

TCP, UDP, SCTP, ICMP, ICMPV6 = 6, 17, 132, 1, 58
"""IP protocol numbers (IANA)."""

PORTED = (TCP, UDP, SCTP)
LAST_PORT = 65535
NAMES = {TCP: "TCP", UDP: "UDP", SCTP: "SCTP", ICMP: "ICMP", ICMPV6: "ICMPv6"}
NUMBERS = {name.upper(): number for number, name in NAMES.items()}
ALL = -1
"""Every kind of traffic, as a set of atoms of any table."""
OTHER = -1
"""Stands for the IP protocols that no rule names."""

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

    def __init__(self, matches: Iterable[Match] = ()) -> None:
        self.slots: list[Slot] = []
        self._starts: dict[int, list[int]] = {}
        self._bits: dict[int, list[int]] = {}
        starts: dict[int, set[int]] = {protocol: {1} for protocol in PORTED}
        plain = {ICMP, ICMPV6}
        for match in matches:
            if match.protocol is not None and match.protocol not in PORTED:
                plain.add(match.protocol)
            elif match.protocol is not None and match.ports is not None:
                starts[match.protocol] |= {match.ports[0], match.ports[1] + 1}
        for protocol in PORTED:
            cuts = sorted(cut for cut in starts[protocol] if 1 <= cut <= LAST_PORT)
            ends = [cut - 1 for cut in cuts[1:]] + [LAST_PORT]
            self._starts[protocol] = cuts
            self._bits[protocol] = [self._slot(protocol, first, last) for first, last in zip(cuts, ends, strict=True)]
        for protocol in [*sorted(plain), OTHER]:
            self._bits[protocol] = [self._slot(protocol, 0, 0)]
        self._settle()

    def _slot(self, protocol: int, first: int, last: int) -> int:
        self.slots.append(Slot(protocol, first, last))
        return len(self.slots) - 1

    def _settle(self) -> None:
        self.everything = (1 << len(self.slots)) - 1
        self._masks: dict[Match, int] = {}
        self._texts: dict[int, tuple[tuple[str, str], ...]] = {}

    def refined(self, matches: Iterable[Match]) -> tuple[TrafficTable, int]:
        """A table with further cuts, every old bit where it was. Returns it and the set of atoms that were split.

        A set that holds one of those has to be made anew; all others mean the same in both tables.
        """
        finer = copy(self)
        finer.slots = list(self.slots)
        finer._starts = {protocol: list(cuts) for protocol, cuts in self._starts.items()}
        finer._bits = {protocol: list(bits) for protocol, bits in self._bits.items()}
        split = 0
        for match in matches:
            if match.protocol is None or self._fits(match):
                continue
            if match.protocol not in PORTED:
                finer._bits[match.protocol] = [finer._slot(match.protocol, 0, 0)]
                split |= 1 << self._bits[OTHER][0]
            elif match.ports is not None:
                split |= finer._cut(match.protocol, match.ports[0]) | finer._cut(match.protocol, match.ports[1] + 1)
        finer._settle()
        return finer, split

    def _cut(self, protocol: int, port: int) -> int:
        """Cut before a port. Returns the atom that was split, as a set; the empty set when there was a cut already."""
        if self._is_cut(protocol, port):
            return 0
        position = bisect_left(self._starts[protocol], port)
        bit = self._bits[protocol][position - 1]
        old = self.slots[bit]
        self.slots[bit] = Slot(protocol, old.first, port - 1)
        self._starts[protocol].insert(position, port)
        self._bits[protocol].insert(position, self._slot(protocol, port, old.last))
        return 1 << bit

    def fits(self, matches: Iterable[Match]) -> bool:
        """Whether no atom would have to be split for these."""
        return all(self._fits(match) for match in matches)

    def _fits(self, match: Match) -> bool:
        if match.protocol is None or (match.protocol in PORTED and match.ports is None):
            return True
        if match.protocol not in PORTED:
            return match.protocol in self._bits
        if match.ports is None:
            return True
        first, last = match.ports
        return self._is_cut(match.protocol, first) and self._is_cut(match.protocol, last + 1)

    def _is_cut(self, protocol: int, port: int) -> bool:
        cuts = self._starts[protocol]
        position = bisect_left(cuts, port)
        return port > LAST_PORT or (position < len(cuts) and cuts[position] == port)

    def mask(self, match: Match) -> int:
        """The atoms that a numeric match covers, or touches where it would split one; names are not resolved."""
        if (known := self._masks.get(match)) is None:
            known = self._masks[match] = self._mask(match)
        return known

    def _mask(self, match: Match) -> int:
        if match.protocol is None:
            return ALL
        if match.protocol not in PORTED:
            return 1 << self._bits.get(match.protocol, self._bits[OTHER])[0]
        cuts = self._starts[match.protocol]
        first, last = match.ports or (1, LAST_PORT)
        return union(self._bits[match.protocol][bisect_left(cuts, first + 1) - 1 : bisect_left(cuts, last + 1)])

    @property
    def protocols(self) -> dict[int, int]:
        """The atoms of each protocol that is told apart; those that are not are one, by a number that none has."""
        return {protocol: union(bits) for protocol, bits in self._bits.items()}

    def sum(self, matches: Iterable[Match]) -> int:
        """The atoms that any of some numeric matches covers."""
        mask = 0
        for match in matches:
            mask |= self.mask(match)
        return mask

    def describe(self, mask: int) -> tuple[tuple[str, str], ...]:
        """Write a set of atoms as (protocol, ports) pairs: ports like ``80,443-445``, ``*`` where there are none.

        The remaining IP protocols, which no rule names, are called ``other``.
        """
        mask &= self.everything
        if (known := self._texts.get(mask)) is None:
            known = self._texts[mask] = self._describe(mask)
        return known

    def _describe(self, mask: int) -> tuple[tuple[str, str], ...]:
        written = []
        for protocol, bits in self._bits.items():
            runs: list[list[int]] = []
            for slot in (self.slots[bit] for bit in bits if mask >> bit & 1):
                if runs and runs[-1][1] + 1 == slot.first:
                    runs[-1][1] = slot.last
                else:
                    runs.append([slot.first, slot.last])
            if runs:
                name = "other" if protocol == OTHER else protocol_name(protocol)
                text = ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs) if protocol in PORTED else "*"
                written.append((name, text))
        return tuple(written)

    def weight(self, mask: int) -> int:
        """How many ports, or protocols without ports, a set of atoms holds."""
        mask &= self.everything
        return sum(self.slots[bit].last - self.slots[bit].first + 1 for bit in members(mask))

    def sample(self, mask: int) -> tuple[int, int | None] | None:
        """One (protocol, port) of a set, the lowest; port None for a protocol without ports; None for the empty set."""
        mask &= self.everything
        if not mask:
            return None
        slot = self.slots[(mask & -mask).bit_length() - 1]
        return slot.protocol, (slot.first if slot.protocol in PORTED else None)
