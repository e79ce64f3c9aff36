"""Solves statements: not pair by pair, but as rectangles of sources, targets and traffic, and what holds for each."""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from crenel.bits import key, members, union
from crenel.network.addresses import Family
from crenel.network.conditions import NameResolves, conditions_of
from crenel.network.endpoints import Kind
from crenel.network.lowering import View
from crenel.network.network import Network
from crenel.questions.connections import Connection, Row, doubt, only_family
from crenel.questions.explain import condition, passage
from crenel.questions.lines import Lines
from crenel.questions.parties import Parties
from crenel.questions.proving.ends import Aim, Chosen

_Same: TypeAlias = "tuple[tuple[int, int], tuple[int, int], int, Certainty]"
_Tag: TypeAlias = tuple[str, tuple[str, ...], Family | None]


class Certainty(enum.Enum):
    """Whether a rectangle's connections are allowed."""

    SURE = "sure"
    POSSIBLE = "possible"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Part:
    """A rectangle of one view: bitsets of sources, targets and traffic."""

    view: View
    sources: int
    targets: int
    traffic: int
    certainty: Certainty


@dataclass(frozen=True, slots=True)
class Hole:
    """What a statement says nothing about: a rectangle."""

    sources: Chosen
    aim: Aim


class Solving:
    """Asks one network about sets of sources and targets."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.parties = _Everybody(network)

    @cached_property
    def alone(self) -> int:
        """Those that have nobody of their own kind to talk to: what they send to themselves never leaves the pod."""
        return union(
            index
            for index, each in self.network.endpoints.items()
            if each.kind is not Kind.WORKLOAD or each.replicas == 1 or each.hosted
        )

    def parts(self, sources: Chosen, aim: Aim, *, local: bool = True) -> Iterator[Part]:
        """All connections between two ends. Without `local`, as if nobody ran on the node of a target."""
        for view in self.network.views:
            starts, ends = sources.seen(view).possible, aim.chosen.seen(view).possible
            for alike in self.network.alike(view, ends & view.destinations):
                yield from self._column(view, alike, starts, aim.traffic, local)

    def _column(self, view: View, alike: Sequence[int], starts: int, traffic: int, local: bool) -> Iterator[Part]:
        wanted = starts & view.sources_of(alike[0])
        if not wanted:
            return
        target = union(alike)
        for cell in self.network.column(view, alike[0], wanted, traffic, local=local):
            what = cell.traffic & self.network.table.everything
            if not what:
                continue
            sure = cell.sure & wanted
            kinds = (
                (Certainty.SURE, sure),
                (Certainty.POSSIBLE, cell.allowed & ~sure & wanted),
                (Certainty.NONE, wanted & ~cell.allowed),
            )
            for certainty, who in kinds:
                part = Part(view, who, target, what, certainty)
                if not self._is_itself(part):
                    yield part

    def _is_itself(self, part: Part) -> bool:
        """Whether nothing is left of a rectangle but what an endpoint sends to itself."""
        if not part.sources or not part.targets or not part.traffic:
            return True
        return part.sources == part.targets and part.sources.bit_count() == 1 and bool(part.sources & self.alone)

    def without(self, part: Part, holes: Iterable[Hole]) -> list[Part]:
        """A rectangle without what holes surely have of it: further rectangles."""
        left = [part]
        for hole in holes:
            sources = hole.sources.seen(part.view).sure
            targets = hole.aim.chosen.seen(part.view).sure
            left = [piece for each in left for piece in _cut(each, sources, targets, hole.aim.traffic)]
        return [each for each in left if not self._is_itself(each)]

    def implied(self, part: Part, patterns: frozenset[str]) -> bool:
        """Whether a possible way out is one of addresses that only names lead to which were exempted."""
        blocks = self.network.of_kind(Kind.BLOCK)
        if not patterns or part.certainty is not Certainty.POSSIBLE or part.targets & ~blocks:
            return False
        target = members(part.targets)[0]
        return all(self._by_name(part, source, target, patterns) for source in members(part.sources))

    def _by_name(self, part: Part, source: int, target: int, patterns: frozenset[str]) -> bool:
        found = passage(self.network, part.view, source, target, part.traffic)
        on = conditions_of(condition(self.network, found))
        return bool(on) and all(isinstance(each, NameResolves) and _covered(each.pattern, patterns) for each in on)

    def pairs(self, sources: Chosen, aims: Iterable[Aim]) -> int:
        """How many pairs of ends are meant, addresses as one end, however many ports are asked about."""
        starts, ends = sources.everyone, 0
        for aim in aims:
            ends |= aim.chosen.everyone
        blocks = self.network.of_kind(Kind.BLOCK)
        itself = starts & ends & self.alone & ~blocks
        return self._count(starts, blocks) * self._count(ends, blocks) - itself.bit_count()

    def _count(self, mask: int, blocks: int) -> int:
        return (mask & ~blocks).bit_count() + bool(mask & blocks)

    def connections(self, parts: Iterable[Part]) -> list[Connection]:
        """Rectangles as people read them; `certainty` may be ``none`` too."""
        lines: Lines[_Tag] = Lines(self.network, self.parties, expand=False)
        for part, family in self._by_family(parts):
            for sources in self.parties.classes(part.sources):
                for targets in self.parties.classes(part.targets):
                    lines.add(sources, targets, part.traffic, self._tag(part, sources, targets, family))
        found = [
            Connection(one, other, self.network.table.describe(traffic), *tag)
            for one, other, traffic, tag in lines.all()
        ]
        return sorted(found, key=lambda each: (*each.sources.key, *each.destinations.key, each.traffic))

    def _by_family(self, parts: Iterable[Part]) -> Iterator[tuple[Part, Family | None]]:
        """Each rectangle once, with the family that it is limited to."""
        first: dict[_Same, Part] = {}
        families: dict[_Same, set[Family | None]] = defaultdict(set)
        for part in parts:
            same = key(part.sources), key(part.targets), part.traffic, part.certainty
            first.setdefault(same, part)
            families[same].add(part.view.family)
        for same, part in first.items():
            yield part, only_family(self.network, part.targets, families[same])

    def _tag(self, part: Part, sources: int, targets: int, family: Family | None) -> _Tag:
        if part.certainty is not Certainty.POSSIBLE:
            return part.certainty.value, (), family
        row = Row(sources, targets, part.traffic, sure=False, family=family)
        return part.certainty.value, doubt(self.network, self.parties, row)[1], family


class _Everybody(Parties):
    """Names for all endpoints: statements may ask about families and names that no rule speaks of."""

    @cached_property
    def blocks(self) -> int:
        """All blocks."""
        return self._network.of_kind(Kind.BLOCK)

    @cached_property
    def names(self) -> int:
        """All names."""
        return self._network.of_kind(Kind.NAME)


def _covered(pattern: str, patterns: frozenset[str]) -> bool:
    """Whether a name, or a pattern of names, is one of some patterns, or falls under one."""
    return pattern in patterns or any(each.startswith("*.") and pattern.endswith(each[1:]) for each in patterns)


def _cut(part: Part, sources: int, targets: int, traffic: int) -> Iterator[Part]:
    """A rectangle without another one, as up to three."""
    who, whom, what = part.sources & sources, part.targets & targets, part.traffic & traffic
    if not (who and whom and what):
        yield part
        return
    view, certainty = part.view, part.certainty
    yield Part(view, part.sources & ~who, part.targets, part.traffic, certainty)
    yield Part(view, who, part.targets & ~whom, part.traffic, certainty)
    yield Part(view, who, whom, part.traffic & ~what, certainty)
