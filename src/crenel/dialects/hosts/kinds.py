"""What a packet carries, as a set with exact algebra: IP protocols, and destination ports where they have any.

A kind is the number ``protocol << 16 | port``; a protocol without ports has all numbers of its row or none. Sets of
kinds are intervals of such numbers, and `AddressSet` is what the model has for the algebra of intervals.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from crenel.network.addresses import AddressSet
from crenel.network.traffic import LAST_PORT, PORTED, Match, Ports

_ROW = LAST_PORT + 1
_PROTOCOLS = 256


@dataclass(frozen=True, slots=True)
class Kinds:
    """A set of kinds. The empty set is false."""

    numbers: AddressSet

    @classmethod
    def of(cls, protocols: Iterable[tuple[int, int]], ports: Iterable[Ports] = ((0, LAST_PORT),)) -> Kinds:
        """Ranges of protocols, and the ports of each of them; protocols without ports take part as wholes."""
        wanted = list(ports)
        found = AddressSet()
        for first, last in protocols:
            if wanted == [(0, LAST_PORT)]:
                found |= _row(first, last)
                continue
            for protocol in range(first, last + 1):
                if protocol not in PORTED:
                    found |= _row(protocol, protocol)
                    continue
                for low, high in wanted:
                    found |= AddressSet.from_range(4, protocol * _ROW + low, protocol * _ROW + high)
        return cls(found)

    def __bool__(self) -> bool:
        return bool(self.numbers)

    def __and__(self, other: Kinds) -> Kinds:
        if self is other or other is ALL:
            return self
        return other if self is ALL else Kinds(self.numbers & other.numbers)

    def __or__(self, other: Kinds) -> Kinds:
        return Kinds(self.numbers | other.numbers)

    def __sub__(self, other: Kinds) -> Kinds:
        return Kinds(self.numbers - other.numbers)

    def __le__(self, other: Kinds) -> bool:
        return other is ALL or self.numbers <= other.numbers

    def rows(self) -> Iterator[tuple[int, Ports]]:
        """Its intervals as (protocol, ports), one protocol at a time."""
        for low, high in self.numbers.v4:
            for protocol in range(low // _ROW, high // _ROW + 1):
                base = protocol * _ROW
                yield protocol, (max(low - base, 0), min(high - base, LAST_PORT))

    def matches(self) -> tuple[Match, ...] | None:
        """The same in terms of the model; None for everything. Port 0 is no port that anybody asks about."""
        if self.numbers == ALL.numbers:
            return None
        found = []
        for protocol, (low, high) in self.rows():
            if (low, high) == (0, LAST_PORT) or protocol not in PORTED:
                found.append(Match(protocol))
            elif high:
                found.append(Match(protocol, (max(low, 1), high)))
        return tuple(found)

    def at(self, ports: Ports) -> tuple[Kinds, Kinds]:
        """The protocols whose packets to some ports are in the set. Returns (surely, possibly): some of the ports."""
        sure, possible = AddressSet(), AddressSet()
        for protocol, (low, high) in self.rows():
            if protocol not in PORTED or (low <= ports[0] and ports[1] <= high):
                sure |= _row(protocol, protocol)
            if protocol not in PORTED or (low <= ports[1] and ports[0] <= high):
                possible |= _row(protocol, protocol)
        return Kinds(sure), Kinds(possible)


def _row(first: int, last: int) -> AddressSet:
    return AddressSet.from_range(4, first * _ROW, (last + 1) * _ROW - 1)


ALL = Kinds(_row(0, _PROTOCOLS - 1))


@cache
def protocols(*numbers: int) -> Kinds:
    """All that some IP protocols carry."""
    return Kinds.of((number, number) for number in numbers)


WITH_PORTS = protocols(*PORTED)
"""What the model knows the ports of: TCP, UDP and SCTP."""
