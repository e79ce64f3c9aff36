"""Packets on their way through a host's chains: which they were when they came, and what has become of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from crenel.dialects.hosts.regions import Region
from crenel.dialects.hosts.ruleset import Side
from crenel.dialects.hosts.words import NO_MARK, Word
from crenel.network.addresses import AddressSet
from crenel.network.traffic import Ports

LIMIT = 256
"""Into how many pieces the packets at one rule may fall."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What chains see of a packet that is not as it came. None is: as it came.

    `source` and `destination` are each one of these addresses. `to_host` tells whether it is for the host itself,
    None where that is not known.
    """

    source: AddressSet | None = None
    destination: AddressSet | None = None
    ports: Ports | None = None
    to_host: bool | None = False
    mark: Word = NO_MARK
    connection: Word = NO_MARK
    untracked: bool = False

    def at(self, side: Side) -> AddressSet | None:
        """The address of one side, where it was replaced."""
        return self.source if side is Side.SOURCE else self.destination


@dataclass(frozen=True, slots=True)
class Box:
    """Packets that came as `region` says, now as they are `seen`, if what `doubts` say holds; all of it."""

    region: Region
    seen: Seen = field(default_factory=Seen)
    doubts: tuple[str, ...] = ()

    def within(self, region: Region) -> Box:
        """The part of it in a region."""
        return replace(self, region=self.region & region)

    def if_(self, doubt: str) -> Box:
        """The same under one more condition."""
        return self if doubt in self.doubts else replace(self, doubts=(*self.doubts, doubt))


def without(box: Box, matched: Iterable[Box], doubt: str) -> list[Box] | None:
    """What a rule leaves of a box: all but what surely matched, and under a `doubt` what possibly did.

    `matched` are parts of the box, those with doubts of their own only possible. Returns None where too many pieces
    are left.
    """
    left = [box]
    for part in matched:
        pieces: list[Box] = []
        for each in left:
            common = each.region & part.region
            if not common:
                pieces.append(each)
                continue
            pieces += [replace(each, region=rest) for rest in each.region.minus(common)]
            if part.doubts != box.doubts:
                pieces.append(replace(each, region=common).if_(doubt))
        if len(pieces) > LIMIT:
            return None
        left = pieces
    return left
