"""What firewalls of the infrastructure let through, from one interface or address to another.

Tiers are lowered to stages over a network whose members are the interfaces. Stateful tiers are asked about the first
packet of a connection; stateless ones about the reply as well, which goes from the ports of the server to a port that
the client chose.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

from crenel.network.addresses import FAMILIES, AddressSet
from crenel.network.conditions import InputLacks
from crenel.network.endpoints import Endpoint, Kind, Registry
from crenel.network.firewalls import Filter, FilterRule, Infrastructure, Interface, Tier
from crenel.network.network import Blueprint, Cuts, Network
from crenel.network.rules import Peers, Policy, Rule, Stage
from crenel.network.subjects import apart
from crenel.network.traffic import PORTED, Match, TrafficTable

CLIENT_PORTS = (1024, 65535)
"""The ports that a client may send from: clients of all systems, address translators and load balancers included
(RFC 6056, section 3.2)."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What a wire shares with other networks so that their sets of blocks and traffic mean the same."""

    registry: Registry
    cuts: Cuts = field(default_factory=Cuts)
    table: TrafficTable | None = None


@dataclass(frozen=True, slots=True)
class Wire:
    """The firewalls of an infrastructure, ready to be asked.

    `forth` is the network that first packets cross; `back` the one of the tiers that see replies, which these cross
    with the ends exchanged. Endpoints bear the names of interfaces.
    """

    infrastructure: Infrastructure
    forth: Network
    back: Network

    def index(self, interface: str) -> int:
        """The index of an interface, in both networks.

        Raises:
            KeyError: there is none of that name.
        """
        index = self.forth.blueprint.registry.known(interface)
        if index is None or index not in self.forth.endpoints:
            raise KeyError(interface)
        return index

    def replies(self, asked: Iterable[Match]) -> tuple[Match, ...]:
        """The traffic of the replies to some traffic: to the ports that clients choose."""
        protocols = dict.fromkeys(match.protocol for match in asked)
        return tuple(Match(each, CLIENT_PORTS) if each in PORTED else Match(each) for each in protocols)


@dataclass(frozen=True, slots=True)
class Behind:
    """Who is behind some interfaces: bitsets of endpoints, sure within possible, and addresses outside."""

    sure: int
    possible: int
    outside: AddressSet


class Seats:
    """Who is behind which interface.

    `alone` has by the name of an interface those who are behind it and no other. Each of `several` are those who may be
    behind any of some interfaces, with these. `outside` has the addresses of interfaces that nobody is behind.
    """

    def __init__(
        self,
        alone: Mapping[str, int],
        several: Sequence[tuple[frozenset[str], int]] = (),
        outside: Mapping[str, AddressSet] | None = None,
    ) -> None:
        self._alone = alone
        self._several = several
        self._outside = outside or {}
        self._known: dict[frozenset[str], Behind] = {}

    def behind(self, names: frozenset[str]) -> Behind:
        """Who is behind any of some interfaces, by their names; a name that nobody knows has nobody behind it."""
        if (known := self._known.get(names)) is None:
            known = self._known[names] = self._behind(names)
        return known

    def _behind(self, names: frozenset[str]) -> Behind:
        sure = possible = 0
        for mask in (self._alone[name] for name in names if name in self._alone):
            sure |= mask
        for alternatives, mask in self._several:
            sure |= mask if alternatives <= names else 0
            possible |= mask if not alternatives.isdisjoint(names) else 0
        addresses = [self._outside[name] for name in names if name in self._outside]
        return Behind(sure, sure | possible, reduce(AddressSet.__or__, addresses, AddressSet()))


def blueprint(infrastructure: Infrastructure, registry: Registry) -> Blueprint:
    """The members and stages that an infrastructure makes."""
    members = [_endpoint(each) for each in infrastructure.interfaces]
    families = tuple(family for family in FAMILIES if any(family in each.families for each in members)) or FAMILIES
    indices = {each.name: registry.index(each.name) for each in members}
    seats = Seats({name: 1 << index for name, index in indices.items()})
    stages = [stage(each, seats) for each in apart(infrastructure)]
    inside = AddressSet()
    for each in infrastructure.interfaces:
        inside |= each.addresses | each.public
    return Blueprint(registry, members, stages, families, inside)


def client_cuts() -> Cuts:
    """Where replies cut traffic."""
    return Cuts(traffic=frozenset(Match(each, CLIENT_PORTS) for each in PORTED))


def wire(infrastructure: Infrastructure, frame: Frame | None = None) -> Wire:
    """Lower an infrastructure. A `frame` is needed where its answers are joined with those of another network."""
    frame = frame or Frame(Registry())
    whole = blueprint(infrastructure, frame.registry)
    cuts = whole.cuts() | frame.cuts | client_cuts()
    table = frame.table or TrafficTable(cuts.traffic)
    tiers = list(zip(whole.stages, infrastructure.tiers, strict=True))
    forth = [each for each, tier in tiers if not tier.replies]
    back = [each for each, tier in tiers if tier.stateless or tier.replies]
    return Wire(infrastructure, *(Network(replace(whole, stages=some), cuts, table) for some in (forth, back)))


def stage(tier: Tier, seats: Seats, point: int = 0) -> Stage:
    """Lower one tier whose rules have no subjects of their own (`apart`)."""
    ranks = tuple(tuple(_policy(each, seats) for each in rank) for rank in tier.ranks)
    return Stage(tier.layer, tier.direction, ranks, isolating=tier.isolating, point=point)


_NOWHERE = AddressSet()
_MOST = 1024
"""How many addresses of its own an interface may have; one that is said to have more has some of them."""


def _endpoint(interface: Interface) -> Endpoint:
    few = interface.addresses.size() <= _MOST
    return Endpoint(
        interface.name,
        Kind.NODE,
        addresses=(interface.addresses or None) if few else None,
        ranges=interface.ranges if few else interface.addresses,
        families=(interface.addresses or interface.ranges).families() or FAMILIES,
        hosted=True,
        origin=interface.origin,
    )


def _policy(filter_: Filter, seats: Seats) -> Policy:
    rules = tuple(part for rule in filter_.rules for part in _rules(rule, seats))
    guarded, perhaps = seats.behind(filter_.guards - filter_.possible), seats.behind(filter_.possible)
    possible = (guarded.possible | perhaps.possible) & ~guarded.sure
    return Policy(
        filter_.title,
        guarded.sure,
        rules,
        possible,
        InputLacks(f"whether {filter_.title} guards it") if possible else None,
        filter_.origin,
        filter_.api,
        guarded.outside or None,
        filter_.field,
    )


def _rules(rule: FilterRule, seats: Seats) -> Iterable[Rule]:
    """The part of a rule that is known, and the part that is not, as rules of their own."""
    peer = rule.peer
    if peer.everyone or peer.addresses is not None or peer.interfaces:
        named = seats.behind(peer.interfaces)
        peers = Peers(
            everyone=peer.everyone,
            endpoints=named.sure,
            possible=named.possible & ~named.sure,
            condition=InputLacks("whether it is behind that interface") if named.possible & ~named.sure else None,
            addresses=(peer.addresses or _NOWHERE) | named.outside if named.outside else peer.addresses,
            doubt=InputLacks(f"whether it is {rule.only}") if rule.only else None,
        )
        yield Rule(rule.action, peers, rule.traffic, rule.field, rule.name)
    for text in peer.unknown:
        doubt = InputLacks(f"whether it is in {text}")
        yield Rule(rule.action, Peers(everyone=True, doubt=doubt), rule.traffic, rule.field, rule.name)
