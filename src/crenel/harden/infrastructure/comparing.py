"""Whether two infrastructures let the same through, on the common refinement of their addresses and traffic.

Asked is everything between any two members, and between each member and every block of addresses outside, both ways, in
both families; where tiers of the second judge replies, whether the answers to all that is let through come back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from crenel.bits import members, union
from crenel.network.addresses import FAMILIES, AddressSet, Family
from crenel.network.endpoints import Registry
from crenel.network.evaluate import Cell
from crenel.network.firewalls import Infrastructure
from crenel.network.lowering import View
from crenel.network.network import Cuts, Network
from crenel.network.traffic import ICMP, ICMPV6, PORTED, Match, TrafficTable
from crenel.network.wire import CLIENT_PORTS, Frame, Wire, blueprint, client_cuts, wire

_LOOPBACK = AddressSet.of("127.0.0.0/8", "::1")
"""What never leaves a machine."""
_FOREIGN: dict[Family, Match] = {4: Match(ICMPV6), 6: Match(ICMP)}
"""The control messages of the other family, which no packet of a family carries (RFC 792, RFC 4443)."""


@dataclass(frozen=True, slots=True)
class Blind:
    """What a platform decides by itself whatever its rules say, so that it is not compared."""

    addresses: AddressSet = AddressSet()
    traffic: tuple[Match, ...] = ()
    carried: tuple[int, ...] = ()
    """The only protocols that its network carries, where these are not all."""
    families: tuple[Family, ...] = FAMILIES
    """The families that are compared."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The second infrastructure, with what members of the first are called there: as senders, and as receivers."""

    infrastructure: Infrastructure
    sources: Mapping[str, str]
    targets: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """One pair that the two treat differently. Traffic is in words; empty where there is none of its sort."""

    source: str
    destination: str
    family: Family
    missing: str = ""
    """What the first lets through, and the second does not for sure."""
    extra: str = ""
    """What the second lets through, surely or possibly, and the first does not."""
    unanswered: str = ""
    """What both let through, and the second does not answer."""

    def __str__(self) -> str:
        parts = {"missing": self.missing, "extra": self.extra, "unanswered": self.unanswered}
        said = "; ".join(f"{name} {text}" for name, text in parts.items() if text)
        return f"IPv{self.family} {self.source} to {self.destination}: {said}"


_Solved: TypeAlias = dict[tuple[int, int], tuple[int, int]]
"""By (source, destination) the traffic that surely passes, and all that may."""


@dataclass(frozen=True, slots=True)
class _Pairs:
    """The members of one family and the blocks outside that are compared, as one wire numbers them."""

    sources: Mapping[str, int]
    targets: Mapping[str, int]
    blocks: frozenset[int]


def compare(expected: Infrastructure, seen: Seen, blind: Blind | None = None) -> list[Difference]:
    """All pairs on which the second differs from the first."""
    blind = blind or Blind()
    one, other = _wires(expected, seen.infrastructure, blind)
    return [each for family in blind.families for each in _of_family(one, other, seen, blind, family)]


def _wires(expected: Infrastructure, got: Infrastructure, blind: Blind) -> tuple[Wire, Wire]:
    registry = Registry()
    own = frozenset(each.addresses for each in expected.interfaces if each.addresses)
    cuts = blueprint(expected, registry).cuts() | blueprint(got, registry).cuts() | client_cuts()
    more = Cuts(
        own | {blind.addresses | _LOOPBACK}, frozenset((*blind.traffic, *map(Match, blind.carried))), both_families=True
    )
    frame = Frame(registry, cuts | more, TrafficTable((cuts | more).traffic))
    return wire(expected, frame), wire(got, frame)


def _of_family(one: Wire, other: Wire, seen: Seen, blind: Blind, family: Family) -> Iterator[Difference]:
    own = {each.name: each for each in one.infrastructure.interfaces if each.addresses.only(family)}
    blocks = _blocks(one, own.keys(), blind.addresses | _LOOPBACK, family)
    table = one.forth.table
    carried = table.sum(map(Match, blind.carried)) if blind.carried else table.everything
    judged = carried & ~table.sum((*blind.traffic, _FOREIGN[family]))
    mine = _Pairs({name: one.index(name) for name in own}, {name: one.index(name) for name in own}, blocks)
    theirs = _Pairs(
        {name: other.index(seen.sources[name]) for name in own if name in seen.sources},
        {name: other.index(seen.targets[name]) for name in own if name in seen.targets},
        blocks,
    )
    wanted, got = _solved(one.forth, mine, family), _solved(other.forth, theirs, family)
    replies = _answers(other, theirs, family)
    for source, destination in _compared(theirs):
        first = wanted[_end(mine.sources, source), _end(mine.targets, destination)][0] & judged
        ends = _end(theirs.sources, source), _end(theirs.targets, destination)
        sure, possible = (each & judged for each in got[ends])
        silent = first & sure & ~replies(*ends)
        if first & ~sure or possible & ~first or silent:
            names = _title(one.forth, source), _title(one.forth, destination)
            texts = (_words(table, each) for each in (first & ~sure, possible & ~first, silent))
            yield Difference(*names, family, *texts)


_End: TypeAlias = "str | int"
"""A member by its name, or a block by its index."""


def _end(indices: Mapping[str, int], end: _End) -> int:
    return indices[end] if isinstance(end, str) else end


def _compared(pairs: _Pairs) -> Iterator[tuple[_End, _End]]:
    for target in pairs.targets:
        others: list[_End] = [*pairs.sources, *sorted(pairs.blocks)]
        yield from ((source, target) for source in others if source != target)
    for source in pairs.sources:
        yield from ((source, block) for block in sorted(pairs.blocks))


def _blocks(ready: Wire, names: Iterable[str], blind: AddressSet, family: Family) -> frozenset[int]:
    """The blocks of a family that nobody has an address of, and that are compared."""
    known = {each.name: each.addresses for each in ready.infrastructure.interfaces}
    taken = blind
    for name in names:
        taken |= known[name]
    everything = AddressSet.everything(family)
    found = ready.forth.blocks_within(everything - taken)
    return frozenset(each for each in found if not (ready.forth.endpoints[each].addresses or taken) & taken)


def _solved(network: Network, pairs: _Pairs, family: Family) -> _Solved:
    view = _view(network, family)
    blocks, found = union(pairs.blocks), _Solved()
    everybody = union(pairs.sources.values()) | blocks
    for target in pairs.targets.values():
        for source, traffic in _passing(network.column(view, target, everybody, local=False), everybody):
            found[source, target] = traffic
    for source in pairs.sources.values():
        for target, traffic in _passing(network.row(view, source, blocks), blocks):
            found[source, target] = traffic
    return found


def _passing(cells: Iterable[Cell], ends: int) -> Iterator[tuple[int, tuple[int, int]]]:
    sure = dict.fromkeys(members(ends), 0)
    possible = dict(sure)
    for cell in cells:
        for end in members(cell.sure & ends):
            sure[end] |= cell.traffic
        for end in members(cell.allowed & ends):
            possible[end] |= cell.traffic
    yield from ((end, (sure[end], possible[end])) for end in sure)


@dataclass(frozen=True, slots=True)
class _Answered:
    """Which protocols get answers, whatever port the client has chosen."""

    back: Network
    passing: _Solved

    def __call__(self, source: int, destination: int) -> int:
        if not self.back.blueprint.stages:
            return -1
        through = self.passing.get((destination, source), (0, 0))[0]
        table, answered = self.back.table, 0
        for protocol, atoms in table.protocols.items():
            needed = table.mask(Match(protocol, CLIENT_PORTS)) if protocol in PORTED else atoms
            answered |= atoms if needed & ~through == 0 else 0
        return answered


def _answers(ready: Wire, pairs: _Pairs, family: Family) -> _Answered:
    turned = _Pairs(pairs.targets, pairs.sources, pairs.blocks)
    passing = _solved(ready.back, turned, family) if ready.back.blueprint.stages else {}
    return _Answered(ready.back, passing)


def _view(network: Network, family: Family) -> View:
    return next(view for view in network.views if view.family in (None, family))


def _title(network: Network, end: _End) -> str:
    return end if isinstance(end, str) else str(network.endpoints[end].addresses)


def _words(table: TrafficTable, mask: int) -> str:
    return ", ".join(f"{name}/{ports}" if ports != "*" else name for name, ports in table.describe(mask))
