"""Named sets and maps of nft's JSON, by table and name, with what conditions they come to.

A set that rules of the packet path add to, or whose elements expire, holds other elements tomorrow: who is in it now
is in it, who is not may be.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crenel.dialects.hosts.ruleset import AnyOf, Condition, Doubt
from crenel.dialects.hosts.selectors import Selector
from crenel.dialects.hosts.values import Unreadable


@dataclass(frozen=True, slots=True)
class NamedSet:
    """The elements of a set, or the pairs of a map. `changing` is why there may be others tomorrow, in words."""

    elements: Sequence[Any]
    changing: str = ""


@dataclass(slots=True)
class Sets:
    """The named sets and maps of all tables of one document."""

    named: dict[tuple[str, str, str], NamedSet] = field(default_factory=dict)
    """By family, table and name."""
    _memo: dict[tuple[str, str, str, Selector, bool], tuple[Condition, ...]] = field(default_factory=dict)

    def add(self, kind: str, value: Mapping[str, Any]) -> None:
        """Take in a set or a map as it is listed."""
        elements = value.get("elem")
        flags = value.get("flags")
        moving = isinstance(flags, list) and ("dynamic" in flags or "timeout" in flags)
        key = (str(value.get("family")), str(value.get("table")), str(value.get("name")))
        listed = elements if isinstance(elements, list) else []
        plain = [(unwrapped(each[0]), each[1]) for each in listed if _is_pair(each)] if kind == "map" else None
        found: Sequence[Any] = plain if plain is not None else [unwrapped(each) for each in listed]
        self.named[key] = NamedSet(found, f"one that set {key[2]} has by then" if moving else "")

    def grows(self, family: str, table: str, name: str) -> None:
        """Note that a rule adds to a set or removes from it."""
        key = (family, table, name)
        if key in self.named and not self.named[key].changing:
            self.named[key] = NamedSet(self.named[key].elements, f"one that rules add to set {name}")

    def pairs(self, family: str, table: str, data: Any) -> NamedSet:
        """The pairs of a map, named or in place.

        Raises:
            Unreadable: it is no map, or not in the input.
        """
        if isinstance(data, str) and data.startswith("@"):
            known = self.named.get((family, table, data[1:]))
            if known is None:
                raise Unreadable(f"map {data} is not in the input")
            return known
        listed = data.get("set") if isinstance(data, dict) else None
        if not isinstance(listed, list) or not all(map(_is_pair, listed)):
            raise Unreadable(str(data)[:60])
        return NamedSet([(unwrapped(each[0]), each[1]) for each in listed])

    def member(self, family: str, table: str, name: str, selector: Selector, inverted: bool) -> tuple[Condition, ...]:
        """The conditions of being, or `inverted` of not being, in a named set.

        Raises:
            Unreadable: the set is not in the input, or has elements of another sort.
        """
        key = (family, table, name, selector, inverted)
        if key not in self._memo:
            known = self.named.get(key[:3])
            if known is None:
                raise Unreadable(f"set @{name} is not in the input")
            self._memo[key] = _member(known, selector, inverted)
        return self._memo[key]


def _member(known: NamedSet, selector: Selector, inverted: bool) -> tuple[Condition, ...]:
    if not known.changing:
        return selector.among(known.elements, inverted)
    outside = (*selector.among(known.elements, True), Doubt(("not " if inverted else "") + known.changing))
    return outside if inverted else (AnyOf((selector.among(known.elements, False), outside)),)


def unwrapped(element: Any) -> Any:
    """An element without what is said about it: its timeout, its counter, its comment."""
    if isinstance(element, dict) and isinstance(element.get("elem"), dict):
        return element["elem"].get("val")
    return element


def _is_pair(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2


def values(right: Any) -> Iterable[Any]:
    """The values of a right side that is no named set."""
    if isinstance(right, dict) and isinstance(right.get("set"), list):
        return [unwrapped(each) for each in right["set"]]
    if isinstance(right, dict) and "set" in right:
        return [unwrapped(right["set"])]
    return [unwrapped(right)]
