"""Who can talk to whom: the question `map`.

The answer is a list of connections between parties, proportional to what the rules tell apart and not to the number of
pairs. Two workloads of one party reach each other as well as themselves; a workload with one replica is not listed as
reaching itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from crenel.bits import key, members
from crenel.network.addresses import Family
from crenel.network.conditions import Formula, NameResolves, SameNode, conditions_of, is_, words
from crenel.network.lowering import View
from crenel.network.network import Network, Region
from crenel.network.traffic import ALL
from crenel.questions.explain import condition, passage
from crenel.questions.lines import Lines
from crenel.questions.parties import Parties, Party
from crenel.questions.verdict import Traffic

Tag: TypeAlias = tuple[str, tuple[str, ...], Family | None, bool]


@dataclass(frozen=True, slots=True)
class Connection:
    """All of `source` reaches all of `destination` with `traffic`.

    `certainty` is ``sure`` or ``possible``; what a possible one depends on is in `conditions`. `family` is 4 or 6 where
    it holds for one address family alone, else None.
    """

    sources: Party
    destinations: Party
    traffic: Traffic
    certainty: str = "sure"
    conditions: tuple[str, ...] = ()
    family: Family | None = None
    implied: bool = False
    """True for what goes without saying: addresses that are reached only if a DNS name that is listed itself resolves
    to them, and what runs on the very node of the destination."""

    @property
    def source(self) -> str:
        """The source as text."""
        return str(self.sources)

    @property
    def destination(self) -> str:
        """The destination as text."""
        return str(self.destinations)


@dataclass(frozen=True, slots=True)
class Selection:
    """What of the map is wanted: bitsets of endpoints and traffic.

    With `touching`, a connection is wanted when either of its ends is in that set.
    """

    sources: int
    destinations: int
    traffic: int = ALL
    touching: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A region whose ends are of one class each: what a connection is made of."""

    sources: int
    destinations: int
    traffic: int
    sure: bool
    family: Family | None


def everything(parties: Parties, nodes: bool = False) -> Selection:
    """All workloads, the blocks outside and the DNS names; nodes if wanted."""
    inside = parties.workloads | (parties.nodes if nodes else 0)
    return Selection(inside | parties.blocks, inside | parties.blocks | parties.names)


def rows(network: Network, parties: Parties, selection: Selection) -> list[Row]:
    """Solve a selection. Connections between two ends outside are none of ours."""
    families: dict[tuple[tuple[int, int], tuple[int, int], int, bool], set[Family | None]] = defaultdict(set)
    for view in network.views:
        for region in _regions(network, view, selection):
            for sources, destinations in _classes(region, parties):
                families[key(sources), key(destinations), region.traffic, region.sure].add(view.family)
    return [
        Row(sources, destinations, traffic, sure, only_family(network, destinations, found))
        for ((_, sources), (_, destinations), traffic, sure), found in families.items()
    ]


def _regions(network: Network, view: View, selection: Selection) -> Iterable[Region]:
    near = selection.touching
    if near is None:
        return network.solve(view, selection.sources, selection.destinations, selection.traffic)
    into = network.solve(view, selection.sources, selection.destinations & near, selection.traffic)
    out = network.solve(view, selection.sources & near, selection.destinations & ~near, selection.traffic)
    return [*into, *out]


def _classes(region: Region, parties: Parties) -> Iterator[tuple[int, int]]:
    inside = parties.workloads | parties.nodes
    for sources in parties.classes(region.sources):
        for destinations in parties.classes(region.destinations):
            if (sources | destinations) & inside:
                yield sources, destinations


def only_family(network: Network, destinations: int, found: set[Family | None]) -> Family | None:
    """The family that a row is limited to: none when it holds in every view that knows its destinations."""
    if len(found) != 1 or None in found:
        return None
    family = next(iter(found))
    other = [view for view in network.views if view.family != family]
    return family if any(view.destinations & destinations for view in other) else None


def connections(network: Network, selection: Selection | None = None, expand: bool = False) -> list[Connection]:
    """List the connections of a selection, sorted by source and destination.

    With `expand` every party is a single endpoint or CIDR.
    """
    parties = Parties(network)
    lines: Lines[Tag] = Lines(network, parties, expand)
    for row in rows(network, parties, selection or everything(parties)):
        lines.add(row.sources, row.destinations, row.traffic, doubt(network, parties, row))
    listed = [
        Connection(sources, destinations, network.table.describe(traffic), *tag)
        for sources, destinations, traffic, tag in lines.all()
    ]
    return sorted(listed, key=lambda each: (*each.sources.key, *each.destinations.key, each.traffic, each.certainty))


def doubt(network: Network, parties: Parties, row: Row) -> Tag:
    """What keeps rows apart: (certainty, conditions, family, implied), as a `Connection` has them."""
    if row.sure:
        return "sure", (), row.family, False
    when = _condition(network, row)
    implied = all(isinstance(each, (NameResolves, SameNode)) for each in conditions_of(when))
    return "possible", tuple(words(when)), row.family, implied and not row.destinations & parties.names


def _condition(network: Network, row: Row) -> Formula:
    """When a possible row is allowed, taken at its first pair."""
    source, destination = members(row.sources)[0], members(row.destinations)[0]
    view = next(view for view in network.views_of(source, destination) if row.family in (None, view.family))
    found = passage(network, view, source, destination, row.traffic)
    if found.possible & ~found.sure:
        return condition(network, found)
    return is_(
        SameNode(
            "a pod of the source" if row.sources.bit_count() > 1 else network.endpoints[source].title, "the destination"
        )
    )
