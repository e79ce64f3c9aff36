"""Who outside gets to an interface, and past the policies of a pod: asked of the solvers once, and kept."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from crenel.bits import members, union
from crenel.dialects.joined import Joined
from crenel.network.addresses import INTERNET, AddressSet, Family
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
        self._requests: dict[tuple[str, Family], Solved] = {}
        self._replies: dict[tuple[str, Family, int], Reach] = {}
        self._pods: dict[tuple[int, Family], Solved] = {}
        self._reaches: dict[tuple[int, int, int], Reach] = {}
        self._joined: dict[tuple[int, int], Reach] = {}

    def same(self, reach: Reach) -> Reach:
        """The one object for equal reaches, so that they can be told apart by identity."""
        return self._reaches.setdefault((reach.possible.bit_length(), reach.sure, reach.possible), reach)

    @cached_property
    def interfaces(self) -> dict[str, Interface]:
        """The interfaces by name."""
        return {each.name: each for each in self.joined.infrastructure.interfaces}

    @cached_property
    def _internet(self) -> AddressSet:
        inside = self.joined.model.assembly.blueprint.inside | self.wire.forth.blueprint.inside
        return INTERNET - inside

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
        key = (interface, family)
        if (solved := self._requests.get(key)) is None:
            forth = self.wire.forth
            cells = forth.end(_view(forth, family), Direction.INGRESS, self.wire.index(interface))
            solved = self._requests[key] = Solved(self, cells, forth.table.everything, self.universe(family))
        request, reply = solved.reach(self.wire.forth.table.mask(match)), self._reply(interface, family, match)
        pair = id(request), id(reply)
        if (known := self._joined.get(pair)) is None:
            known = self._joined[pair] = self.same(request & reply)
        return known

    def _reply(self, interface: str, family: Family, match: Match) -> Reach:
        back, protocol = self.wire.back, match.protocol or 0
        if (known := self._replies.get((interface, family, protocol))) is None:
            universe, traffic = self.universe(family), back.table.sum(self.wire.replies([match]))
            cells = back.row(_view(back, family), self.wire.index(interface), universe, traffic)
            known = self._replies[interface, family, protocol] = self.same(_some(cells, universe))
        return known

    def between(self, source: int, interface: str, family: Family, match: Match) -> Reach:
        """Whether one endpoint of the wire gets through to an interface, as everybody, perhaps everybody, or nobody."""
        found = crossing(self.wire, family, source, self.wire.index(interface), (match,))
        universe = self.universe(family)
        sure = universe if not found.request.asked & ~found.request.sure and found.reply.sure else 0
        return Reach(sure, universe if found.request.possible and found.reply.possible else 0)

    def past_policies(self, pod: int, family: Family, match: Match) -> Reach:
        """Whom the policies at a pod let in on a port: blocks outside and nodes, as its peers."""
        if (solved := self._pods.get((pod, family))) is None:
            cells = self.network.end(_view(self.network, family), Direction.INGRESS, pod)
            solved = self._pods[pod, family] = Solved(self, cells, self.network.table.everything)
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
    """One end of connections, solved for all traffic; whoever is not in `universe` is left out."""

    def __init__(self, ground: Ground, cells: list[Cell], everything: int, universe: int = -1) -> None:
        self._ground = ground
        self._by_atom: dict[int, Reach] = {}
        for cell in cells:
            reach = ground.same(Reach(cell.sure & universe, cell.allowed & universe))
            self._by_atom |= dict.fromkeys(members(cell.traffic & everything), reach)

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
