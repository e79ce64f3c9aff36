"""Connections whose packets never come to an enforcement point: those within one node, those that a tunnel hides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from crenel.bits import members, union
from crenel.network.addresses import AddressSet
from crenel.network.conditions import ALWAYS, NEVER, Condition, Formula, any_of, is_
from crenel.network.endpoints import Endpoint, Kind


@dataclass(frozen=True, slots=True)
class Shortcut:
    """All of `sources` and of the addresses `from_outside` to all of `destinations` and of `to_outside`.

    With a `condition` that is so if it holds; without one it is surely so.
    """

    sources: int = 0
    destinations: int = 0
    condition: Condition | None = None
    from_outside: AddressSet = AddressSet()
    to_outside: AddressSet = AddressSet()


@dataclass(frozen=True, slots=True)
class Bypass:
    """Who, seen from one end, surely passes a point by, and who perhaps: disjoint bitsets."""

    sure: int = 0
    perhaps: int = 0

    @property
    def any(self) -> int:
        """Everybody who may."""
        return self.sure | self.perhaps


NOBODY = Bypass()


class Shortcuts:
    """The shortcuts past one point, for the endpoints of one network."""

    def __init__(self, shortcuts: Iterable[Shortcut], endpoints: Mapping[int, Endpoint]) -> None:
        blocks = [(index, each.addresses) for index, each in endpoints.items() if each.kind is Kind.BLOCK]
        self._pairs = [
            (
                each.sources | _within(blocks, each.from_outside),
                each.destinations | _within(blocks, each.to_outside),
                each.condition,
            )
            for each in shortcuts
        ]
        self._having = [_numbers(pair[0] for pair in self._pairs), _numbers(pair[1] for pair in self._pairs)]
        self._places: dict[tuple[int, ...], int] = {}
        self._seen: dict[tuple[bool, tuple[int, ...]], Bypass] = {}

    def place(self, destination: int) -> int:
        """A number for how a destination is come to: the same for two whose sources pass by alike."""
        return self._places.setdefault(self._having[1].get(destination, ()), len(self._places))

    def sources(self, destination: int) -> Bypass:
        """Who passes by on the way to a destination."""
        return self._from(True, self._having[1].get(destination, ()))

    def destinations(self, source: int) -> Bypass:
        """To whom a source passes by."""
        return self._from(False, self._having[0].get(source, ()))

    def when(self, source: int, destination: int) -> Formula:
        """When one connection passes by; `NEVER`, or always, too."""
        found = NEVER
        here, there = self._having[0].get(source, ()), self._having[1].get(destination, ())
        for number in here:
            condition = self._pairs[number][2]
            if number in there:
                found = any_of(found, is_(condition) if condition is not None else ALWAYS)
        return found

    def _from(self, inwards: bool, numbers: tuple[int, ...]) -> Bypass:
        if (known := self._seen.get((inwards, numbers))) is None:
            known = self._seen[inwards, numbers] = self._joined(inwards, numbers)
        return known

    def _joined(self, inwards: bool, numbers: Sequence[int]) -> Bypass:
        sure = perhaps = 0
        for number in numbers:
            sources, destinations, condition = self._pairs[number]
            mask = sources if inwards else destinations
            sure |= mask if condition is None else 0
            perhaps |= mask if condition is not None else 0
        return Bypass(sure, perhaps & ~sure)


def _numbers(masks: Iterable[int]) -> dict[int, tuple[int, ...]]:
    """For each endpoint, which of some sets it is in."""
    found: dict[int, list[int]] = defaultdict(list)
    for number, mask in enumerate(masks):
        for index in members(mask):
            found[index].append(number)
    return {index: tuple(numbers) for index, numbers in found.items()}


def _within(blocks: Iterable[tuple[int, AddressSet | None]], wanted: AddressSet) -> int:
    """The blocks that lie in some addresses: at whose edges they are cut."""
    return union(index for index, own in blocks if own is not None and own <= wanted) if wanted else 0
