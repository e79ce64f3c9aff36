"""The machines behind the firewalls of the infrastructure, as members of one network with routes and replies.

They are the nodes that the input joins to interfaces; where it joins none, all machines that it tells of, since a plan
or a saved answer of a cloud names no nodes. Two networks are made on the same sets: one with the routes of the
infrastructure, and one in which everything is routed, which tells what firewalls alone let through.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

from crenel.audit.finding import Named, Thing
from crenel.audit.reaching import Reach
from crenel.audit.words import plain_title
from crenel.bits import members, union
from crenel.dialects.joined import OWN, bind, join
from crenel.dialects.model import Input, Model, build_alike
from crenel.dialects.scope import node_name
from crenel.dialects.walls import with_walls
from crenel.kubernetes.decode import Decoded
from crenel.kubernetes.objects.meta import Metadata
from crenel.kubernetes.objects.workloads import Node, NodeAddress, NodeSpec, NodeStatus
from crenel.kubernetes.population import further_addresses, node_addresses
from crenel.network.addresses import FAMILIES, INTERNET, AddressSet, Family
from crenel.network.endpoints import Kind
from crenel.network.evaluate import Event
from crenel.network.firewalls import Answer, Fact, Filter, Infrastructure, Interface, Role
from crenel.network.network import Network
from crenel.network.rules import Action, Direction, Policy, Rule
from crenel.network.traffic import Match
from crenel.provenance import FieldPath

_ROUTED = {family: Fact(Answer.YES) for family in FAMILIES}
_LEADING = tuple(f"node-role.kubernetes.io/{role}" for role in ("control-plane", "master", "etcd"))
_MOST = 64
"""How many addresses of its own a machine may have here; of one with more none is known."""


@dataclass(frozen=True, eq=False)
class Machine:
    """A machine: `index` is its endpoint in both networks; `node` the object, None where the input has none for it."""

    index: int
    name: str
    interface: Interface | None
    node: Node | None

    @property
    def thing(self) -> Thing:
        """What a finding about the machine itself is about."""
        if self.node is not None:
            return self.node
        origin = self.interface.origin if self.interface is not None else Named("").origin
        return Named(f"machine {self.name}", "", origin)

    @property
    def leads(self) -> bool:
        """Whether its labels say that it is of the control plane."""
        return self.node is not None and any(role in self.node.labels for role in _LEADING)

    @property
    def addresses(self) -> AddressSet:
        """All addresses that it is known to have, or to get one of, public ones included."""
        own = self.interface
        if own is not None:
            return own.addresses | own.ranges | own.public
        return AddressSet.of(*node_addresses(self.node), *further_addresses(self.node)) if self.node else AddressSet()

    @property
    def families(self) -> tuple[Family, ...]:
        """The families of its addresses; IPv4 where none is known."""
        return self.addresses.families() or (4,)

    @property
    def routes(self) -> Mapping[Family, Fact]:
        """Per family, whether the internet is routed to it."""
        return self.interface.entered if self.interface is not None else {}


@dataclass(frozen=True, slots=True)
class Blamed:
    """The rule that lets something through, or the machine itself where no firewall stands."""

    thing: Thing
    field: FieldPath
    words: str
    key: object = None
    """The same for all that the same rule lets through; None where no rule does."""


class Machines:
    """All machines with both networks; made when first asked for."""

    def __init__(self, given: Input, infrastructure: Infrastructure) -> None:
        self._given = given
        self._infrastructure = infrastructure
        self._wide: dict[int, bool] = {}
        self._largest: dict[int, int] = {}
        self._blamed: dict[tuple[int, tuple[int, ...], int], tuple[Policy, Rule] | None] = {}
        self._made = list(_stand_ins(given.decoded.nodes, infrastructure)) if infrastructure.tiers else []
        self.known = bool(self._made) and any(each.node is not None for each in self._made)
        """Whether the machines are nodes of the cluster, and not all that the input tells of."""

    def __bool__(self) -> bool:
        return bool(self._made)

    @cached_property
    def all(self) -> Sequence[Machine]:
        """The machines, in the order of the input."""
        registry = self._models[0].network.blueprint.registry
        return [
            Machine(registry.index(node_name(each.stand_in.name)), each.stand_in.name, each.interface, each.node)
            for each in self._made
        ]

    @cached_property
    def _models(self) -> list[Model]:
        alone = Input(Decoded(nodes=[each.stand_in for each in self._made]), self._given.pod_cidrs)
        joined = join(alone, _narrowed(self._infrastructure, self._made))
        routed = [replace(each, entered=_ROUTED, leaves=_ROUTED) for each in joined.infrastructure.interfaces]
        everything = replace(joined.infrastructure, interfaces=routed)
        sides = (joined, replace(joined, wire=replace(joined.wire, infrastructure=everything)))
        return build_alike([alone, alone], [partial(with_walls, joined=each) for each in sides])

    @property
    def network(self) -> Network:
        """The network with the routes of the infrastructure."""
        return self._models[0].network

    @property
    def firewalls(self) -> Network:
        """The network in which everything is routed."""
        return self._models[1].network

    @cached_property
    def reach(self) -> Reach:
        """Who reaches the machines, and whom they reach, routes included."""
        return Reach(self.network, self.everywhere, union(each.index for each in self.all))

    @cached_property
    def let(self) -> Reach:
        """The same for what firewalls alone let through."""
        return Reach(self.firewalls, self.everywhere, union(each.index for each in self.all))

    @cached_property
    def everywhere(self) -> int:
        """The machines and all blocks of addresses."""
        return self.network.of_kind(Kind.BLOCK) | union(each.index for each in self.all)

    @cached_property
    def internet(self) -> Mapping[Family, int]:
        """By family, the blocks of the internet: what is routed globally and not the infrastructure's own."""
        inside = self.network.blueprint.inside
        for each in self._infrastructure.interfaces:
            inside |= each.addresses | each.public
        return {family: self._blocks(INTERNET.only(family) - inside, family) for family in FAMILIES}

    def _blocks(self, wanted: AddressSet, family: Family) -> int:
        """The blocks that share an address with a set of one family."""
        ranges = wanted.ranges(family)
        starts = [first for first, _ in ranges]
        found = []
        for index, each in self.network.endpoints.items():
            own = each.addresses.ranges(family) if each.kind is Kind.BLOCK and each.addresses is not None else ()
            for first, last in own:
                place = bisect_right(starts, last) - 1
                if place >= 0 and ranges[place][1] >= first:
                    found.append(index)
        return union(found)

    def mask(self, ports: Sequence[Match]) -> int:
        """Some traffic as a set of the networks' traffic; what rules do not cut is taken as a whole."""
        return self.network.table.sum(ports)

    def is_wide(self, ends: int, family: Family) -> bool:
        """Whether some ends hold at least half of the internet of a family: not an office, everybody."""
        met = ends & self.internet[family]
        if met not in self._wide:
            sizes = self._sizes
            self._wide[met] = 2 * sum(sizes[each] for each in members(met)) >= INTERNET.only(family).size()
        return self._wide[met]

    @cached_property
    def _sizes(self) -> Mapping[int, int]:
        """How many addresses each block has."""
        return {
            index: each.addresses.size()
            for index, each in self.network.endpoints.items()
            if each.kind is Kind.BLOCK and each.addresses is not None
        }

    def largest(self, ends: int) -> int:
        """The block with the most addresses of some."""
        if ends not in self._largest:
            self._largest[ends] = max(members(ends), key=self._sizes.__getitem__)
        return self._largest[ends]

    def text(self, block: int) -> str:
        """One address of a block."""
        addresses = self.network.endpoints[block].addresses
        met = (addresses & INTERNET or addresses) if addresses is not None else None
        return met.cidrs()[0].partition("/")[0] if met else "any address"

    def blamed(self, source: int, destination: int, traffic: int, machine: Machine) -> Blamed:
        """The rule that lets a connection through: the narrowest of them all, and of these the nearest.

        The firewalls have to let it through.
        """
        alike = self._kin[destination] if destination == machine.index else (destination,)
        key = source, alike, traffic
        if key not in self._blamed:
            met = [each for each in self.met(source, destination, traffic) if each[0].origin.source]
            nearest = reversed(met) if destination == machine.index else met
            self._blamed[key] = min(nearest, key=lambda each: self._weight(each[1]), default=None)
        if (found := self._blamed[key]) is None:
            return Blamed(machine.thing, (), "the lack of a rule")
        policy, rule = found
        # A rule of the platform has no place in the text: it is one for each object, whatever place of it guards.
        written = plain_title(policy.title) if not rule.field else "", policy.origin, rule.field
        return Blamed(Named(policy.title, "", policy.origin), rule.field, rule_words(rule), written)

    @cached_property
    def leaving(self) -> Sequence[Sequence[Machine]]:
        """The machines in groups whose own connections the same rules and routes guard."""
        found: dict[tuple[int, ...], list[Machine]] = {}
        stages = [stage for view in self.network.views for stage in view.of(Direction.EGRESS)]
        indices = [stage.index(by_subject=True) for stage in stages]
        for machine in self.all:
            met = [(*(bucket.number for bucket in each.buckets(machine.index)), -1) for each in indices]
            found.setdefault(tuple(number for numbers in met for number in numbers), []).append(machine)
        return list(found.values())

    @cached_property
    def _kin(self) -> Mapping[int, tuple[int, ...]]:
        """For each machine, a number for each view that is the same for all that rules treat alike as destinations."""
        found: dict[int, tuple[int, ...]] = {}
        for view in self.firewalls.views:
            everybody = union(each.index for each in self.all)
            for number, alike in enumerate(self.firewalls.alike(view, everybody)):
                for index in alike:
                    found[index] = (*found.get(index, ()), number)
        return found

    def blocking(self, source: int, destination: int, traffic: int) -> tuple[Policy, Rule | None] | None:
        """The first firewall that stops a connection or its answer, with the rule where one denies it."""
        network = self.firewalls
        for view in network.views_of(source, destination):
            for point in view.way:
                events: list[Event] = []
                network.point(point, source, destination, traffic, events.append)
                for each in events:
                    if each.entry is None:
                        guarded = destination if point.direction is Direction.INGRESS else source
                        policies = each.stage.isolators(guarded)
                        return next((policy for policy in policies if policy.origin.source), policies[0]), None
                    if each.entry.rule.action is Action.DENY:
                        return each.entry.policy, each.entry.rule
        return None

    def _weight(self, rule: Rule) -> int:
        table = self.network.table
        return table.weight(table.everything if rule.traffic is None else table.sum(rule.traffic))

    def met(self, source: int, destination: int, traffic: int) -> Iterator[tuple[Policy, Rule]]:
        """The rules that surely let a connection go on, in the order in which its packets meet them."""
        network = self.firewalls
        for view in network.views_of(source, destination):
            for point in view.way:
                events: list[Event] = []
                network.point(point, source, destination, traffic, events.append)
                yield from ((each.entry.policy, each.entry.rule) for each in events if each.entry and _passes(each))


def _passes(event: Event) -> bool:
    """Whether it is a rule, about first packets, that surely lets them go on."""
    entry = event.entry
    return (
        entry is not None
        and event.sure
        and not event.stage.stage.replies
        and entry.rule.action in (Action.ALLOW, Action.NEXT)
    )


def rule_words(rule: Rule) -> str:
    """How a message calls a rule."""
    return f"the rule {rule.name}" if rule.name else "this rule"


@dataclass(frozen=True, slots=True)
class _Made:
    """What stands for a machine: a Node that is bound to one interface, which may bear its own host firewall."""

    stand_in: Node
    interface: Interface | None
    node: Node | None


def _stand_ins(nodes: Sequence[Node], infrastructure: Infrastructure) -> Iterator[_Made]:
    known = {each.name: each for each in infrastructure.interfaces}
    bound = {name: names for name, names in bind(nodes, infrastructure.interfaces).items() if names}
    for node in nodes:
        if names := bound.get(node.name):
            cloud = [known[name] for name in names if not name.startswith(OWN)]
            chosen = _chosen(cloud, AddressSet.of(*node_addresses(node)))
            yield _made(node.name, chosen, node)
    if not bound:
        yield from _machines(infrastructure)


def _machines(infrastructure: Infrastructure) -> Iterator[_Made]:
    """Machines of which the input has no nodes."""
    by_machine: dict[str, list[Interface]] = {}
    for each in infrastructure.interfaces:
        if each.role is Role.MACHINE and (each.machine or not each.addresses):
            by_machine.setdefault(each.machine or each.name, []).append(each)
    taken: set[str] = set()
    for machine, interfaces in by_machine.items():
        own = all(each.name.startswith(OWN) for each in interfaces)
        name = machine if own or "://" not in machine else machine.rpartition("/")[2]
        name = machine if name in taken else name
        taken.add(name)
        cloud = [each for each in interfaces if not each.name.startswith(OWN)]
        yield _made(name, _chosen(cloud, AddressSet()), None)


def _chosen(interfaces: Sequence[Interface], own: AddressSet) -> Interface | None:
    """The interface of a machine that counts: one that the internet gets to, else the one with the node's address."""
    return min(
        interfaces,
        key=lambda each: (
            all(fact.answer is not Answer.YES for fact in each.entered.values()), not each.addresses & own
        ),
        default=None,
    )  # fmt: skip


def _made(name: str, interface: Interface | None, node: Node | None) -> _Made:
    texts = list(node_addresses(node)) if node is not None else []
    if interface is not None and 0 < interface.addresses.size() <= _MOST:
        texts = [cidr.partition("/")[0] for cidr in _each(interface.addresses)]
    status = NodeStatus([NodeAddress("InternalIP", text) for text in texts])
    spec = NodeSpec(provider_id=_key(interface) if interface is not None else None)
    return _Made(Node("v1", "Node", Metadata(name=name), spec=spec, status=status), interface, node)


def _each(addresses: AddressSet) -> list[str]:
    """Every address of a few."""
    return [
        AddressSet.from_range(family, value, value).cidrs()[0]
        for family in addresses.families()
        for first, last in addresses.ranges(family)
        for value in range(first, last + 1)
    ]


def _key(interface: Interface) -> str:
    return f"interface:{interface.name}"


def _narrowed(infrastructure: Infrastructure, made: Sequence[_Made]) -> Infrastructure:
    """The infrastructure with the interfaces that count bound to what stands for their machines, and no others."""
    chosen = {each.interface.name for each in made if each.interface is not None}

    def guards(filter_: Filter) -> bool:
        names = filter_.guards | filter_.possible
        return not names.isdisjoint(chosen) or any(name.startswith(OWN) for name in names)

    return replace(
        infrastructure,
        tiers=[
            replace(tier, ranks=tuple(tuple(filter(guards, rank)) for rank in tier.ranks))
            for tier in infrastructure.tiers
        ],
        interfaces=[
            each if each.name.startswith(OWN) else replace(each, machine=_key(each) if each.name in chosen else "")
            for each in infrastructure.interfaces
        ],
    )
