"""Sets of IP addresses, exact, for both families.

An `AddressSet` holds sorted, disjoint, non-adjacent ranges of integers per family, so that equal sets compare equal
however they were written. CIDR text follows RFC 4632 and RFC 4291.
"""

from __future__ import annotations

import ipaddress
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

Family: TypeAlias = Literal[4, 6]
Range: TypeAlias = tuple[int, int]
"""First and last address, both included."""

FAMILIES: tuple[Family, Family] = (4, 6)
LAST: dict[Family, int] = {4: 2**32 - 1, 6: 2**128 - 1}
"""The highest address of each family."""
_WIDTH: dict[Family, int] = {4: 32, 6: 128}


@lru_cache(maxsize=65536)
def parse_network(text: str) -> tuple[Family, int, int]:
    """Read an address or a CIDR. Returns (family, first, last).

    Host bits are cut off, as the packet filters do that get such a CIDR; whether the API takes them is not decided
    here.

    Raises:
        ValueError: it is neither an address nor a CIDR.
    """
    network = ipaddress.ip_network(text, strict=False)
    first = int(network.network_address)
    last = int(network.broadcast_address)
    return (4 if network.version == 4 else 6), first, last


def parse_address(text: str) -> tuple[Family, int]:
    """Read one address. Returns (family, value); an IPv4-mapped IPv6 address is IPv6.

    Raises:
        ValueError: it is no address.
    """
    address = ipaddress.ip_address(text)
    return (4 if address.version == 4 else 6), int(address)


def address_text(family: Family, value: int) -> str:
    """Write one address in its usual form (RFC 5952 for IPv6)."""
    return str(ipaddress.IPv4Address(value) if family == 4 else ipaddress.IPv6Address(value))


def _normal(ranges: Iterable[Range]) -> tuple[Range, ...]:
    merged: list[Range] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            if last > merged[-1][1]:
                merged[-1] = (merged[-1][0], last)
        else:
            merged.append((first, last))
    return tuple(merged)


def _minus(ranges: tuple[Range, ...], holes: tuple[Range, ...]) -> tuple[Range, ...]:
    left: list[Range] = []
    for first, last in ranges:
        start = first
        for low, high in holes:
            if high < start:
                continue
            if low > last:
                break
            if low > start:
                left.append((start, low - 1))
            start = high + 1
        if start <= last:
            left.append((start, last))
    return tuple(left)


def _common(left: tuple[Range, ...], right: tuple[Range, ...]) -> tuple[Range, ...]:
    found: list[Range] = []
    i = j = 0
    while i < len(left) and j < len(right):
        low, high = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if low <= high:
            found.append((low, high))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return tuple(found)


@dataclass(frozen=True, slots=True)
class AddressSet:
    """A set of addresses of both families. The empty set is false."""

    v4: tuple[Range, ...] = ()
    v6: tuple[Range, ...] = ()

    @classmethod
    def of(cls, *texts: str) -> AddressSet:
        """The union of addresses and CIDRs.

        Raises:
            ValueError: one of them is neither.
        """
        found: dict[Family, list[Range]] = {4: [], 6: []}
        for text in texts:
            family, first, last = parse_network(text)
            found[family].append((first, last))
        return cls(_normal(found[4]), _normal(found[6]))

    @classmethod
    def from_range(cls, family: Family, first: int, last: int) -> AddressSet:
        """The addresses from `first` to `last`, both included."""
        return cls(((first, last),), ()) if family == 4 else cls((), ((first, last),))

    @classmethod
    def everything(cls, *families: Family) -> AddressSet:
        """All addresses of the given families."""
        return cls(((0, LAST[4]),) if 4 in families else (), ((0, LAST[6]),) if 6 in families else ())

    def ranges(self, family: Family) -> tuple[Range, ...]:
        """The ranges of one family, ascending."""
        return self.v4 if family == 4 else self.v6

    def families(self) -> tuple[Family, ...]:
        """The families it has addresses of."""
        return tuple(family for family in FAMILIES if self.ranges(family))

    def only(self, family: Family) -> AddressSet:
        """Its addresses of one family."""
        return AddressSet(self.v4, ()) if family == 4 else AddressSet((), self.v6)

    def __bool__(self) -> bool:
        return bool(self.v4 or self.v6)

    def __or__(self, other: AddressSet) -> AddressSet:
        return AddressSet(_normal(self.v4 + other.v4), _normal(self.v6 + other.v6))

    def __sub__(self, other: AddressSet) -> AddressSet:
        return AddressSet(_minus(self.v4, other.v4), _minus(self.v6, other.v6))

    def __and__(self, other: AddressSet) -> AddressSet:
        return AddressSet(_common(self.v4, other.v4), _common(self.v6, other.v6))

    def __le__(self, other: AddressSet) -> bool:
        return not self - other

    def contains(self, family: Family, value: int) -> bool:
        """Whether one address is in the set."""
        ranges = self.ranges(family)
        position = bisect_right(ranges, (value, LAST[6])) - 1
        return position >= 0 and ranges[position][0] <= value <= ranges[position][1]

    def covers(self, family: Family) -> bool:
        """Whether every address of a family is in the set."""
        return self.ranges(family) == ((0, LAST[family]),)

    def size(self) -> int:
        """How many addresses it has."""
        return sum(last - first + 1 for first, last in self.v4 + self.v6)

    def first(self, family: Family) -> int | None:
        """Its lowest address of a family."""
        ranges = self.ranges(family)
        return ranges[0][0] if ranges else None

    def cidrs(self) -> list[str]:
        """The shortest list of CIDRs that add up to it, IPv4 first, ascending."""
        return [text for family in FAMILIES for low, high in self.ranges(family) for text in _cidrs(family, low, high)]

    def written(self) -> tuple[list[str], list[str]]:
        """The shortest way to write it as CIDRs with exceptions. Returns (cidrs, exceptions)."""
        shown: list[str] = []
        holes: list[str] = []
        for family in FAMILIES:
            part = self.only(family)
            plain = part.cidrs()
            hull = _hull(part, family)
            missing = (hull - part).cidrs() if hull else []
            if len(missing) + 1 < len(plain):
                shown += hull.cidrs()
                holes += missing
            else:
                shown += plain
        return shown, holes

    def __str__(self) -> str:
        shown, holes = self.written()
        text = ", ".join(shown) or "no address"
        return f"{text} except {', '.join(holes)}" if holes else text


def _hull(part: AddressSet, family: Family) -> AddressSet:
    """The smallest single CIDR around a set of one family."""
    ranges = part.ranges(family)
    if not ranges:
        return part
    first, last = ranges[0][0], ranges[-1][1]
    bits = (first ^ last).bit_length()
    base = first >> bits << bits
    return AddressSet.from_range(family, base, base | (1 << bits) - 1)


def _cidrs(family: Family, first: int, last: int) -> Iterator[str]:
    width = _WIDTH[family]
    while first <= last:
        size = (first & -first).bit_length() - 1 if first else width
        while first + (1 << size) - 1 > last:
            size -= 1
        yield f"{address_text(family, first)}/{width - size}"
        first += 1 << size


SPECIAL = AddressSet.of(
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
    "224.0.0.0/3",
)  # fmt: skip
"""IPv4 blocks that are not globally routable unicast (IANA special-purpose registry, RFC 6890; multicast, class E)."""

INTERNET = (AddressSet.everything(4) - SPECIAL) | (
    AddressSet.of("2000::/3") - AddressSet.of("2001:db8::/32", "3fff::/20")
)
"""Globally routable unicast (RFC 6890; IPv6 global unicast 2000::/3 of RFC 4291 without documentation prefixes)."""
