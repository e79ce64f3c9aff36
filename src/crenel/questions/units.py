"""What the lines of a map by namespace speak of: namespaces, the nodes together, each block and each DNS name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from crenel.bits import key, members, union
from crenel.network.endpoints import Kind
from crenel.network.network import Network
from crenel.questions.connections import Selection
from crenel.questions.parties import EVERY, Parties, Party

NODES = "node/*"
"""All nodes."""


@dataclass(frozen=True, slots=True)
class Share:
    """The part of a set that lies in each unit: a bitset of the units that it covers, and masks for the others."""

    covered: int
    parts: tuple[tuple[int, int], ...]


class Units:
    """The units of a network; a set of them is a bitset over their positions."""

    def __init__(self, network: Network, parties: Parties, selection: Selection) -> None:
        self._parties = parties
        self._network = network
        self.wanted = selection
        self.names: list[str] = list(parties.groups)
        self.masks: list[int] = list(parties.groups.values())
        if parties.nodes:
            self.names.append(NODES)
            self.masks.append(parties.nodes)
        singles = members((parties.blocks | parties.names) & (selection.sources | selection.destinations))
        self.names += [""] * len(singles)
        self.masks += [1 << index for index in singles]
        self._home = {index: unit for unit, mask in enumerate(self.masks) for index in members(mask)}
        self._known: dict[tuple[tuple[int, int], int], Share] = {}
        self._written: dict[tuple[tuple[int, int], int], list[Party]] = {}

    @cached_property
    def alone(self) -> int:
        """The endpoints that have nobody of their own kind to talk to."""
        inside = self._network.of_kind(Kind.WORKLOAD, Kind.NODE)
        endpoints = self._network.endpoints
        return union(index for index in members(inside) if endpoints[index].replicas == 1 or endpoints[index].hosted)

    def share(self, mask: int, within: int) -> Share:
        """Take a set apart, where of each unit only what is `within` counts."""
        place = key(mask), within
        if (known := self._known.get(place)) is None:
            known = self._known[place] = self._share(mask, within)
        return known

    def _share(self, mask: int, within: int) -> Share:
        inside = mask & within
        met = (
            range(len(self.masks)) if inside.bit_count() > len(self.masks) else {self._home[i] for i in members(inside)}
        )
        covered, parts = [], []
        for unit in met:
            part = inside & self.masks[unit]
            if part and part == within & self.masks[unit]:
                covered.append(unit)
            elif part:
                parts.append((unit, part))
        return Share(union(covered), tuple(parts))

    def parties(self, units: int, within: int) -> list[Party]:
        """Write some units: one party for the namespaces, one for each kind of what is not a namespace."""
        place = key(units), within
        if (known := self._written.get(place)) is None:
            known = self._written[place] = list(self._parties_of(units, within))
        return known

    def _parties_of(self, units: int, within: int) -> Iterator[Party]:
        spaces = [unit for unit in members(units) if unit < len(self._parties.groups)]
        if spaces:
            yield self._spaces(spaces, within)
        others = union(members(units)[len(spaces) :])
        mask = self.within(others, within)
        for part in self._parties.classes(mask):
            yield Party((NODES,)) if part == self._parties.nodes else self._parties.named(part)

    def within(self, units: int, wanted: int) -> int:
        """The endpoints of some units, as far as they are wanted."""
        mask = 0
        for unit in members(units):
            mask |= self.masks[unit] & wanted
        return mask

    def _spaces(self, units: list[int], within: int) -> Party:
        """Write namespaces as ``NAME/*``, and what is wanted of those that are wanted in part by its own names."""
        whole = [unit for unit in units if not self.masks[unit] & ~within]
        names = [f"{self.names[unit]}/*" for unit in whole]
        total = len(self._parties.groups)
        if len(whole) == len(units):
            if len(whole) == total > 1:
                return Party((EVERY,))
            missing = sorted(set(range(total)) - set(whole))
            if len(missing) + 1 < len(names):
                return Party((EVERY,), tuple(f"{self.names[unit]}/*" for unit in missing))
        partial = [self._parties.named(self.masks[unit] & within) for unit in units if unit not in whole]
        return Party(
            tuple(sorted([*names, *(name for party in partial for name in party.names)])),
            tuple(hole for party in partial for hole in party.exceptions),
        )
