"""Turns rectangles of endpoints into lines between parties: few, disjoint, and each as short as it can be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Generic, TypeVar

from crenel.network.network import Network
from crenel.questions.parties import Parties, Party

Tag = TypeVar("Tag")


class Lines(Generic[Tag]):
    """Collects rectangles, each with a tag that keeps it apart from others, and lists them as lines.

    Addresses outside are joined per party inside, so that a workload's way out is one line of CIDRs. `refine` may give
    each line a tag of its own, from the rectangle's tag and the sources and destinations that the line stands for.
    """

    def __init__(
        self, network: Network, parties: Parties, expand: bool, refine: Callable[[Tag, int, int], Tag] | None = None
    ) -> None:
        self._refine = refine
        self._network = network
        self._parties = parties
        self._expand = expand
        self._inside: dict[tuple[Party, Party, Tag], int] = defaultdict(int)
        self._out: dict[tuple[Party, int, Tag], int] = defaultdict(int)
        self._in: dict[tuple[Party, int, Tag], int] = defaultdict(int)

    def add(self, sources: int, destinations: int, traffic: int, tag: Tag) -> None:
        """Add a rectangle whose ends are of one class each."""
        if destinations & self._parties.blocks:
            for party in self._single(sources):
                self._out[party, traffic, self._tag(tag, party, sources, None, destinations)] |= destinations
        elif sources & self._parties.blocks:
            for party in self._single(destinations):
                self._in[party, traffic, self._tag(tag, None, sources, party, destinations)] |= sources
        else:
            for one, other in self._pairs(sources, destinations):
                self._inside[one, other, self._tag(tag, one, sources, other, destinations)] |= traffic

    def _tag(self, tag: Tag, one: Party | None, sources: int, other: Party | None, destinations: int) -> Tag:
        if self._refine is None:
            return tag
        return self._refine(
            tag,
            self._parties.members(one, sources) if one is not None else sources,
            self._parties.members(other, destinations) if other is not None else destinations,
        )

    def all(self) -> Iterator[tuple[Party, Party, int, Tag]]:
        """The lines: (source, destination, traffic, tag)."""
        for (one, other, tag), traffic in self._inside.items():
            yield one, other, traffic, tag
        for (party, traffic, tag), mask in self._out.items():
            for outside in self._outside(mask):
                yield party, outside, traffic, tag
        for (party, traffic, tag), mask in self._in.items():
            for outside in self._outside(mask):
                yield outside, party, traffic, tag

    def _outside(self, mask: int) -> list[Party]:
        return self._parties.expanded(mask) if self._expand else _split(self._parties.named(mask))

    def _single(self, mask: int) -> list[Party]:
        return self._parties.expanded(mask) if self._expand else _split(self._parties.named(mask))

    def _pairs(self, sources: int, destinations: int) -> Iterator[tuple[Party, Party]]:
        if self._expand:
            found = [
                (one, other)
                for one in self._parties.expanded(sources)
                for other in self._parties.expanded(destinations)
            ]
        else:
            found = list(_untied(self._parties.named(sources), self._parties.named(destinations)))
        for one, other in found:
            if not (one.names == other.names and one.single and other.single and self._alone(one.names[0])):
                yield one, other

    def _alone(self, name: str) -> bool:
        """Whether an endpoint has nobody of its own kind to talk to."""
        index = self._network.blueprint.registry.known(name)
        endpoint = self._network.endpoints.get(index) if index is not None else None
        return endpoint is not None and (endpoint.replicas == 1 or endpoint.hosted)


def _untied(sources: Party, destinations: Party) -> Iterator[tuple[Party, Party]]:
    """Lines of single names where one side is single: they read and grep better than lists."""
    if len(sources.names) > 1 and len(destinations.names) > 1:
        yield sources, destinations
        return
    for one in _split(sources):
        for other in _split(destinations):
            yield one, other


def _split(party: Party) -> list[Party]:
    if party.exceptions or len(party.names) == 1:
        return [party]
    return [_named(name, party.outside) for name in party.names]


@lru_cache(maxsize=65536)
def _named(name: str, outside: bool) -> Party:
    return Party((name,), outside=outside)
