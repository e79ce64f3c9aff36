"""Sets of packets as boxes: who sends, whom to, and what; with intersection and difference, both exact."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from crenel.dialects.hosts.kinds import ALL, Kinds
from crenel.network.addresses import FAMILIES, AddressSet, Family

ANYWHERE = AddressSet.everything(*FAMILIES)


@dataclass(frozen=True, slots=True)
class Region:
    """All packets from some addresses to some addresses of the same family, of some kinds."""

    source: AddressSet = ANYWHERE
    destination: AddressSet = ANYWHERE
    kinds: Kinds = ALL

    def __bool__(self) -> bool:
        return bool(self.kinds) and any(map(self.has, FAMILIES))

    def has(self, family: Family) -> bool:
        """Whether it has packets of a family."""
        return bool(self.source.ranges(family) and self.destination.ranges(family))

    def __and__(self, other: Region) -> Region:
        return Region(
            both(self.source, other.source), both(self.destination, other.destination), self.kinds & other.kinds
        )

    def minus(self, other: Region) -> Iterator[Region]:
        """What is in this region alone, as disjoint regions: at most three."""
        common = self & other
        if not common:
            yield self
            return
        rest = [
            replace(self, source=self.source - common.source),
            replace(self, source=common.source, destination=self.destination - common.destination),
            Region(common.source, common.destination, self.kinds - common.kinds),
        ]
        for part in rest:
            if part:
                yield part

    def covers(self, other: Region) -> bool:
        """Whether all packets of another region are in this one."""
        return all(
            other.source.only(family) <= self.source and other.destination.only(family) <= self.destination
            for family in FAMILIES
            if other.has(family)
        ) and (other.kinds <= self.kinds)


def both(left: AddressSet, right: AddressSet) -> AddressSet:
    """The addresses in both sets; quick for the sets that nearly all rules have."""
    if right is ANYWHERE or left is right:
        return left
    return right if left is ANYWHERE else left & right
