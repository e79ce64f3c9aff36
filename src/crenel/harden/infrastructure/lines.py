"""The fewest rules that add up to some openings, as far as that can be found quickly.

Openings to groups are joined by group. Openings to addresses are rectangles of addresses and traffic, which overlap:
they are written as they are but for those that another one covers, or cut so that no two share traffic, or so that no
two share addresses, whichever takes the fewest rules of one range each. The smallest cover by rectangles itself cannot
be found in general in any reasonable time (it is NP-hard).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from crenel.dialects.hosts.kinds import Kinds
from crenel.harden.infrastructure.model import Opening
from crenel.harden.infrastructure.traffic import kinds_of, rows
from crenel.network.addresses import AddressSet

Rectangle: TypeAlias = tuple[AddressSet, Kinds]
_NOBODY = AddressSet()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a rule set: a group by its name, or addresses where `group` is empty. `why` joins the reasons."""

    group: str
    addresses: AddressSet
    kinds: Kinds
    why: tuple[str, ...] = ()


def lines(openings: Iterable[Opening]) -> list[Line]:
    """What some openings of one group and direction come to: groups by name first, then addresses."""
    listed = [(each, kinds_of(each.traffic)) for each in openings]
    by_group: dict[str, Kinds] = {}
    for each, kinds in listed:
        for name in each.end.groups:
            by_group[name] = by_group.get(name, Kinds(_NOBODY)) | kinds
    made = [Line(name, _NOBODY, by_group[name], _why_group(name, listed)) for name in sorted(by_group)]
    rectangles = [(each.end.addresses, kinds) for each, kinds in listed if each.end.addresses and kinds]
    made += [Line("", where, kinds, _why(where, kinds, listed)) for where, kinds in smallest(rectangles)]
    return [each for each in made if each.kinds]


def _why_group(name: str, listed: Iterable[tuple[Opening, Kinds]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.why for each, _ in listed if name in each.end.groups and each.why))


def _why(where: AddressSet, kinds: Kinds, listed: Iterable[tuple[Opening, Kinds]]) -> tuple[str, ...]:
    """The reasons for a rectangle: of the openings that are all in it, or else of those that it is a part of."""
    met = [(each, own) for each, own in listed if each.why and own & kinds and each.end.addresses & where]
    inside = [each for each, own in met if own <= kinds and each.end.addresses <= where]
    return tuple(dict.fromkeys(each.why for each in inside or (each for each, _ in met)))


def smallest(rectangles: Sequence[Rectangle]) -> list[Rectangle]:
    """Rectangles with the same union, that take the fewest rules of the ways of cutting that are tried."""
    ways = (_as_they_are(rectangles), _by_traffic(rectangles), _by_addresses(rectangles))
    return sorted(min(ways, key=cost), key=_order)


def cost(rectangles: Iterable[Rectangle]) -> int:
    """How many rules of one CIDR and one range of ports they take."""
    return sum(len(where.cidrs()) * len(rows(kinds)) for where, kinds in rectangles)


def _order(rectangle: Rectangle) -> tuple[object, ...]:
    return rectangle[1].numbers.v4, rectangle[0].v4, rectangle[0].v6


def _as_they_are(rectangles: Iterable[Rectangle]) -> list[Rectangle]:
    """Joined where addresses or traffic are the same, without those that another one covers."""
    found = list(dict.fromkeys(rectangles))
    while True:
        joined = _same_traffic((where, kinds) for where, kinds in _same_addresses(found))
        left = [each for each in joined if not any(_covers(other, each) for other in joined if other is not each)]
        if left == found:
            return left
        found = left


def _covers(one: Rectangle, other: Rectangle) -> bool:
    return other[0] <= one[0] and other[1] <= one[1]


def _same_addresses(rectangles: Iterable[Rectangle]) -> list[Rectangle]:
    found: dict[AddressSet, Kinds] = {}
    for where, kinds in rectangles:
        found[where] = found[where] | kinds if where in found else kinds
    return list(found.items())


def _same_traffic(rectangles: Iterable[Rectangle]) -> list[Rectangle]:
    found: dict[Kinds, AddressSet] = {}
    for where, kinds in rectangles:
        found[kinds] = found.get(kinds, _NOBODY) | where
    return [(where, kinds) for kinds, where in found.items()]


def _by_traffic(rectangles: Iterable[Rectangle]) -> list[Rectangle]:
    """Cut so that no two share traffic, and joined where addresses are the same."""
    cells: list[Rectangle] = []
    for where, kinds in rectangles:
        left, refined = kinds, []
        for known, mine in cells:
            if common := mine & left:
                refined.append((known | where, common))
                left = left - common
            if rest := mine - kinds:
                refined.append((known, rest))
        cells = [*refined, *([(where, left)] if left else [])]
    return _same_addresses(cells)


def _by_addresses(rectangles: Iterable[Rectangle]) -> list[Rectangle]:
    """Cut so that no two share addresses, and joined where traffic is the same."""
    cells: list[Rectangle] = []
    for where, kinds in rectangles:
        left, refined = where, []
        for mine, known in cells:
            if common := mine & left:
                refined.append((common, known | kinds))
                left = left - common
            if rest := mine - where:
                refined.append((rest, known))
        cells = [*refined, *([(left, kinds)] if left else [])]
    return _same_traffic(cells)
