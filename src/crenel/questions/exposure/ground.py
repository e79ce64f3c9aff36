"""Who outside gets to an interface, and past the policies of a pod: asked of the solvers once, and kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

from crenel.bits import members, union
from crenel.dialects.destinations import internet
from crenel.dialects.joined import Joined
from crenel.network.addresses import AddressSet, Family
from crenel.network.endpoints import Kind
from crenel.network.evaluate import Cell
from crenel.network.firewalls import Interface
from crenel.network.lowering import View
from crenel.network.network import Network
from crenel.network.rules import Direction
from crenel.network.traffic import Match
from crenel.questions.crossing import crossing
from crenel.questions.explain import passage
from crenel.questions.exposure.paths import Reach
from crenel.questions.verdict import Step


class Ground:
    """A joined model, ready to be walked."""

    def __init__(self, joined: Joined) -> None:
        self.joined = joined
        self.network = joined.model.network
        self.wire = joined.wire
        self._between: dict[tuple[int, str, Family, int], Reach] = {}
        self._ways: dict[Family, dict[str, Solved]] = {4: {}, 6: {}}
        self._pods: dict[tuple[int, Family], Solved] = {}
        self._reaches: dict[tuple[int, int, int], Reach] = {}
        self._blocks: dict[AddressSet, list[int]] = {}

    def same(self, reach: Reach) -> Reach:
        """The one object for equal reaches, so that they can be told apart by identity."""
        return self._reaches.setdefault((reach.possible.bit_length(), reach.sure, reach.possible), reach)

    @cached_property
    def interfaces(self) -> dict[str, Interface]:
        """The interfaces by name."""
        return {each.name: each for each in self.joined.infrastructure.interfaces}

    @cached_property
    def _by_machine(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for each in self.joined.infrastructure.interfaces:
            found[each.machine].append(each.name)
        return found

    def interfaces_of(self, machine: str) -> list[str]:
        """The names of the interfaces of a machine, or of a load balancer."""
        return self._by_machine.get(machine, [])

    def blocks(self, addresses: AddressSet) -> list[int]:
        """The blocks that share an address with a set."""
        if (known := self._blocks.get(addresses)) is None:
            known = self._blocks[addresses] = self.network.blocks_within(addresses)
        return known

    @cached_property
    def _internet(self) -> AddressSet:
        inside = self.joined.model.assembly.blueprint.inside | self.wire.forth.blueprint.inside
        return internet(inside)

    @cached_property
    def families(self) -> tuple[Family, ...]:
        """The families that the cluster, or the infrastructure, speaks."""
        spoken = {*self.network.blueprint.families}
        if self.joined.infrastructure.interfaces:
            spoken |= {*self.wire.forth.blueprint.families}
        return tuple(sorted(spoken))

    def universe(self, family: Family) -> int:
        """All of the internet, as blocks of one family."""
        return self._universes[family]

    @cached_property
    def _universes(self) -> dict[Family, int]:
        families: tuple[Family, ...] = (4, 6)
        blocks = self.network.of_kind(Kind.BLOCK)
        return {each: self._view(each).matcher.addresses(self._internet.only(each))[0] & blocks for each in families}

    def _view(self, family: Family) -> View:
        return _view(self.network, family)

    def addresses(self, blocks: int) -> AddressSet:
        """The addresses of some blocks."""
        v4: list[tuple[int, int]] = []
        v6: list[tuple[int, int]] = []
        for index in members(blocks):
            found = self.network.endpoints[index].addresses or AddressSet()
            v4 += found.v4
            v6 += found.v6
        return AddressSet() | AddressSet(tuple(v4), tuple(v6))

    def guarded(self, interface: str) -> bool:
        """Whether any filter in the input stands at an interface."""
        return bool(self._guarded >> self.wire.index(interface) & 1)

    @cached_property
    def _guarded(self) -> int:
        stages = self.wire.forth.blueprint.stages
        policies = (policy for stage in stages for rank in stage.ranks for policy in rank)
        return union(index for policy in policies for index in members(policy.subjects | policy.possible))

    def into(self, interface: str, family: Family, match: Match) -> Reach:
        """Who outside gets a connection through the firewalls to an interface: the request, and the reply."""
        return self.entering(interface, family, self.wire.forth.table.mask(match))

    def entering(self, interface: str, family: Family, traffic: int) -> Reach:
        """The same for some traffic as a bitset, where many interfaces are asked about one port."""
        if (way := self._ways[family].get(interface)) is None:
            way = self._ways[family][interface] = self._way(interface, family)
        return way.reach(traffic)

    def _way(self, interface: str, family: Family) -> Solved:
        """All traffic to one interface, each protocol with its replies."""
        forth, universe = self.wire.forth, self.universe(family)
        cells = forth.end(_view(forth, family), Direction.INGRESS, self.wire.index(interface))
        way = Solved(self)
        for protocol, atoms in forth.table.protocols.items():
            reply = self._reply(interface, family, protocol)
            for cell in cells:
                if common := cell.traffic & atoms:
                    way.put(common, Reach(cell.sure & universe, cell.allowed & universe) & reply)
        return way

    def _reply(self, interface: str, family: Family, protocol: int) -> Reach:
        back, universe = self.wire.back, self.universe(family)
        traffic = back.table.sum(self.wire.replies([Match(protocol)]))
        return _some(back.row(_view(back, family), self.wire.index(interface), universe, traffic), universe)

    def between(self, source: int, interface: str, family: Family, match: Match) -> Reach:
        """Whether one endpoint of the wire gets through to an interface, as everybody, perhaps everybody, or nobody."""
        key = (source, interface, family, self.wire.forth.table.mask(match))
        if (known := self._between.get(key)) is None:
            known = self._between[key] = self._crossed(source, interface, family, match)
        return known

    def _crossed(self, source: int, interface: str, family: Family, match: Match) -> Reach:
        found = crossing(self.wire, family, source, self.wire.index(interface), (match,))
        universe = self.universe(family)
        sure = universe if not found.request.asked & ~found.request.sure and found.reply.sure else 0
        return self.same(Reach(sure, universe if found.request.possible and found.reply.possible else 0))

    def past_policies(self, pod: int, family: Family, match: Match) -> Reach:
        """Whom the policies at a pod let in on a port: blocks outside and nodes, as its peers."""
        if (solved := self._pods.get((pod, family))) is None:
            cells = self.network.end(_view(self.network, family), Direction.INGRESS, pod)
            solved = self._pods[pod, family] = Solved(self)
            for cell in cells:
                solved.put(cell.traffic & self.network.table.everything, Reach(cell.sure, cell.allowed))
        return solved.reach(self.network.table.mask(match))

    def firewall_steps(self, source: int, interface: str, family: Family, match: Match) -> Sequence[Step]:
        """What the firewalls do to one connection."""
        return crossing(self.wire, family, source, self.wire.index(interface), (match,)).steps

    def policy_steps(self, source: int, pod: int, family: Family, match: Match) -> Sequence[Step]:
        """What policies at a pod do to one connection."""
        mask = self.network.table.mask(match)
        found = passage(self.network, _view(self.network, family), source, pod, mask)
        return [step for step in found.steps if step.direction is Direction.INGRESS]


class Solved:
    """One end of connections, solved for all traffic."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._by_atom: dict[int, Reach] = {}

    def put(self, traffic: int, reach: Reach) -> None:
        """Note who gets through with some traffic."""
        self._by_atom |= dict.fromkeys(members(traffic), self._ground.same(reach))

    def reach(self, traffic: int) -> Reach:
        """Who surely gets through with all of some traffic, and who possibly with any of it."""
        if not traffic & (traffic - 1):
            return self._by_atom[traffic.bit_length() - 1]
        first, *others = (self._by_atom[atom] for atom in members(traffic))
        sure, possible = first.sure, first.possible
        for each in others:
            sure &= each.sure
            possible |= each.possible
        return self._ground.same(Reach(sure, possible))


def _view(network: Network, family: Family) -> View:
    return next(view for view in network.views if view.family in (None, family))


def _some(cells: list[Cell], universe: int) -> Reach:
    """To whom a reply gets through, if only at some of the ports that clients choose."""
    sure = possible = 0
    for cell in cells:
        sure |= cell.sure
        possible |= cell.allowed
    return Reach(sure & universe, possible & universe)
