"""What firewalls that are there let through, and those that are declared would not, and the other way round.

Both are solved on the same blocks of addresses and the same traffic, tier by tier, and compared as `crenel diff` does.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field, replace

from crenel.audit.words import plain_title
from crenel.bits import union
from crenel.network.endpoints import Kind, Registry
from crenel.network.evaluate import Cell, cross, start
from crenel.network.firewalls import Filter, FilterRule, Infrastructure
from crenel.network.lowering import View
from crenel.network.network import Network
from crenel.network.rules import Direction
from crenel.network.traffic import TrafficTable
from crenel.network.wire import Frame, Wire, blueprint, client_cuts, wire
from crenel.questions.diff import cell_changes

Part = tuple[int, int]
"""Ends and traffic, as bitsets of the network of a `Comparison`."""
_CONTROLLERS = ("elbv2.k8s.aws/", "kubernetes.io/rule/")
"""How the descriptions of rules begin that controllers of load balancers write into groups of others."""


@dataclass(eq=False)
class Drift:
    """What differs for some interfaces in one direction because of some objects.

    `more` is what is there and not declared, `less` what is declared and not there.
    """

    objects: tuple[Filter, ...]
    direction: Direction
    interfaces: list[str] = field(default_factory=list)
    more: list[Part] = field(default_factory=list)
    less: list[Part] = field(default_factory=list)


class Comparison:
    """Compares an infrastructure as it is with what it is declared to be. `network` has the blocks and the traffic."""

    def __init__(self, live: Infrastructure, declared: Infrastructure) -> None:
        self._names = {each.name for each in live.interfaces} & {each.name for each in declared.interfaces}
        self._sides = _alike([self._comparable(each) for each in (live, declared)])
        self.network: Network = self._sides[0].forth

    def _comparable(self, infrastructure: Infrastructure) -> Infrastructure:
        """The interfaces that both have, and rules without those that controllers write."""
        tiers = [
            replace(tier, ranks=tuple(tuple(map(_without_controllers, rank)) for rank in tier.ranks))
            for tier in infrastructure.tiers
        ]
        interfaces = [each for each in infrastructure.interfaces if each.name in self._names]
        return replace(infrastructure, interfaces=interfaces, tiers=tiers)

    def drifts(self) -> list[Drift]:
        """All differences that are sure, by the objects that they come from."""
        found: dict[object, Drift] = {}
        for name in sorted(self._names):
            for direction in Direction:
                differing = list(self._differing(name, direction))
                objects, layers = tuple(each for each, _ in differing), {layer for _, layer in differing}
                if not objects:
                    continue
                key = direction, frozenset((plain_title(each.title), each.origin) for each in objects)
                known = found.get(key)
                drift = known or Drift(objects, direction)
                for more, part in self._changes(name, direction, layers):
                    (drift.more if more else drift.less).append(part)
                if drift.more or drift.less:
                    found[key] = drift
                    drift.interfaces.append(name)
        return list(found.values())

    def _differing(self, name: str, direction: Direction) -> Iterator[tuple[Filter, str]]:
        """The objects that guard an interface and differ between the sides, as they are declared, with their layers."""
        live, declared = (_guarding(side.infrastructure, name, direction) for side in self._sides)
        for title, (chosen, layer) in {**live, **declared}.items():
            if not (title in live and title in declared and self._rules(live[title][0]) == self._rules(chosen)):
                yield chosen, layer

    def _rules(self, filter_: Filter) -> list[FilterRule]:
        """What the rules of an object mean, wherever they are written."""
        return [
            replace(each, field=(), name="", peer=replace(each.peer, interfaces=each.peer.interfaces & self._names))
            for each in filter_.rules
        ]

    def _changes(self, name: str, direction: Direction, layers: Container[str]) -> Iterator[tuple[bool, Part]]:
        """What surely differs for an interface: whether it is there and not declared, and what it is.

        Isolating tiers of other layers are the same on both sides, so that it does not matter what they let through.
        """
        live, declared = self._sides
        index = live.index(name)
        others = self._ends & ~(1 << index)
        for old, new in zip(declared.forth.views, live.forth.views, strict=True):
            was, now = (_solved(view, direction, layers, index) for view in (old, new))
            changes = cell_changes(was, now, others & new.everyone, self.network.table)
            for (ends, before, after), traffic in changes.items():
                if {before, after} == {"none", "sure"}:
                    yield after == "sure", (ends, traffic)

    @property
    def _ends(self) -> int:
        registry = self.network.blueprint.registry
        return self.network.of_kind(Kind.BLOCK) | union(map(registry.index, self._names))


def _alike(sides: Sequence[Infrastructure]) -> list[Wire]:
    """Networks on the same endpoints, blocks and traffic."""
    registry, cuts = Registry(), client_cuts()
    for each in sides:
        cuts |= blueprint(each, registry).cuts()
    frame = Frame(registry, cuts, TrafficTable(cuts.traffic))
    return [wire(each, frame) for each in sides]


def _solved(view: View, direction: Direction, layers: Container[str], index: int) -> list[Cell]:
    """What the tiers of some layers let through at one end, together with those that hand on the undecided."""
    cells = start(view.everyone)
    met = [each for each in view.of(direction) if each.stage.name in layers or not each.stage.isolating]
    cross(cells, met, index, True)
    return cells


def _guarding(infrastructure: Infrastructure, name: str, direction: Direction) -> dict[str, tuple[Filter, str]]:
    """The objects that guard an interface, with their layers, by their titles; parts of one object are joined."""
    found: dict[str, tuple[Filter, str]] = {}
    for tier in infrastructure.tiers:
        for filter_ in (each for rank in tier.ranks for each in rank if tier.direction is direction):
            if name in filter_.guards | filter_.possible and filter_.origin.source:
                known = found[filter_.title][0] if filter_.title in found else None
                rules = (*known.rules, *filter_.rules) if known is not None else filter_.rules
                found[filter_.title] = replace(known or filter_, rules=rules), tier.layer
    return found


def _without_controllers(filter_: Filter) -> Filter:
    kept = tuple(each for each in filter_.rules if not each.name.startswith(_CONTROLLERS))
    return filter_ if len(kept) == len(filter_.rules) else replace(filter_, rules=kept)
