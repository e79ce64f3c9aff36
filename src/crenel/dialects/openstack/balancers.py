"""Load balancers of Octavia.

Sources: Octavia API v2; "Octavia Provider Feature Matrix"; octavia.network.drivers.neutron.allowed_address_pairs: the
amphorae take packets of each listener from its `allowed_cidrs`, or from everywhere, and connect to members themselves.
The provider ovn hands packets on as they are, with the address of the client (ovn-octavia-provider documentation).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from crenel.dialects import trees
from crenel.dialects.openstack.reading import ranges
from crenel.dialects.openstack.records import Estate, Listener, LoadBalancer, Member, Port
from crenel.dialects.openstack.routing import Routing, shown
from crenel.dialects.openstack.seats import Seat, balancer_seat
from crenel.network.addresses import INTERNET, AddressSet
from crenel.network.firewalls import (
    ANYONE,
    Answer,
    Balancer,
    Fact,
    Filter,
    FilterRule,
    Listening,
    Peer,
    Target,
    Tier,
)
from crenel.network.rules import Action, Direction
from crenel.network.traffic import SCTP, TCP, UDP, Match

LISTENERS = "octavia listener"
_PROTOCOLS = {"UDP": UDP, "SCTP": SCTP}
_VRRP = "octavia-lb-vrrp-"
"""What the names of ports of amphorae begin with (octavia.common.constants.AMP_BASE_PORT_PREFIX)."""
_OWNERS = ("Octavia", "ovn-lb-vip")
_AMPHORA, _OVN = ("amphora", "octavia", "amphorav2"), "ovn"


@dataclass(frozen=True, slots=True)
class Balancing:
    """The load balancers of an estate, what stands for them, and the tier of their listeners."""

    balancers: tuple[Balancer, ...] = ()
    seats: tuple[Seat, ...] = ()
    tiers: tuple[Tier, ...] = ()


def own_ports(estate: Estate) -> frozenset[str]:
    """The ids of ports that hold the address of a load balancer and have no packets of their own."""
    named = {each.port for each in estate.balancers.values() if each.port}
    owned = {each.id for each in estate.ports.values() if each.owner in _OWNERS}
    return frozenset(named | owned)


class Balancers:
    """Makes them, given the interfaces of machines."""

    def __init__(self, estate: Estate, routing: Routing, seats: Sequence[Seat]) -> None:
        self._estate = estate
        self._routing = routing
        self._by_address: dict[str, list[Seat]] = defaultdict(list)
        for seat in seats:
            for text in seat.interface.addresses.cidrs():
                self._by_address[text.partition("/")[0]].append(seat)
        self._members: dict[str, list[Member]] = defaultdict(list)
        for member in estate.members.values():
            if member.pool:
                self._members[member.pool].append(member)

    def all(self) -> Balancing:
        """All of them."""
        found = list(self._estate.balancers.values())
        times = Counter(each.name for each in found)
        named = [(each, each.id if times[each.name] > 1 or not each.name else each.name) for each in found]
        filters = tuple(filter_ for each, name in named if (filter_ := self._filter(each, name)) is not None)
        tier = Tier(LISTENERS, Direction.INGRESS, (filters,), isolating=True)
        return Balancing(
            tuple(self._made(each, name) for each, name in named),
            tuple(self._seat(each, name) for each, name in named),
            (tier,) if filters else (),
        )  # fmt: skip

    def _made(self, balancer: LoadBalancer, name: str) -> Balancer:
        own = trees.addresses(balancer.address)[0] if balancer.address else AddressSet()
        public = self._routing.floating(self._port(balancer))
        listeners = tuple(
            listening
            for each in self._listeners(balancer)
            if (listening := self._listening(each, balancer)) is not None
        )
        return Balancer(name, (), own | public, self._facing(balancer, own, public), listeners, balancer.origin)

    def _port(self, balancer: LoadBalancer) -> Port:
        known = self._estate.ports.get(balancer.port)
        if known is not None:
            return known
        for port in self._estate.ports.values():
            if port.owner in _OWNERS and any(each.address == balancer.address for each in port.fixed):
                return port
        return Port(balancer.port or balancer.id, balancer.name)

    def _facing(self, balancer: LoadBalancer, own: AddressSet, public: AddressSet) -> Fact:
        at = balancer.origin, balancer.field
        if public & INTERNET:
            return Fact(Answer.YES, f"the floating address {shown(public)} leads to it", *at)
        if own & INTERNET:
            return Fact(Answer.YES, f"its address {shown(own)} is public", *at)
        if not own:
            return Fact(Answer.UNKNOWN, "its address is not in the input", *at)
        if public or not self._estate.floating:
            return Fact(
                Answer.UNKNOWN, f"its address {shown(own)} is private: what leads to it is not in the input", *at
            )
        return Fact(Answer.NO, f"its address {shown(own)} is private, and no floating address leads to it", *at)

    # Listeners

    def _listeners(self, balancer: LoadBalancer) -> Iterator[Listener]:
        """Those that name the load balancer, or that it names."""
        for each in self._estate.listeners.values():
            if balancer.id in (each.balancers or ()) or each.id in (balancer.listeners or ()):
                yield each

    def _complete(self, balancer: LoadBalancer) -> bool:
        """Whether all listeners of a load balancer are in the input."""
        return balancer.listeners is not None and all(
            each in self._estate.listeners and self._estate.listeners[each].port for each in balancer.listeners
        )

    def _listening(self, listener: Listener, balancer: LoadBalancer) -> Listening | None:
        if not listener.port:
            return None
        keeps = True if balancer.provider == _OVN else False if balancer.provider in _AMPHORA else None
        return Listening(
            _PROTOCOLS.get(listener.protocol, TCP), listener.port, listener.protocol == "TERMINATED_HTTPS",
            self._targets(listener), keeps, listener.origin, listener.field,
        )  # fmt: skip

    def _targets(self, listener: Listener) -> tuple[Target, ...] | None:
        """The members of the default pool; None where other pools may take requests, or members are not told."""
        pools = [each for each in self._estate.pools.values() if listener.id in each.listeners]
        keys = dict.fromkeys([listener.pool, *(each.id for each in pools)] if listener.pool else [e.id for e in pools])
        if listener.redirects or not keys:
            return None
        found: list[Target] = []
        for key in keys:
            members = self._members_of(key)
            if members is None:
                return None
            found += [target for each in members for target in self._target(each)]
        return tuple(dict.fromkeys(found))

    def _members_of(self, key: str) -> list[Member] | None:
        pool = self._estate.pools.get(key)
        if pool is not None and pool.members is not None:
            known = [self._estate.members.get(each) for each in pool.members]
            return [each for each in known if each is not None] if None not in known else None
        return self._members.get(key)

    def _target(self, member: Member) -> Iterator[Target]:
        seats = self._by_address.get(member.address, [])
        machines = [seat for seat in seats if seat.interface.machine]
        for seat in machines:
            yield Target(machine=seat.interface.machine, port=member.port, interface=seat.interface.name)
        if not machines:
            interface = seats[0].interface.name if len(seats) == 1 else ""
            yield Target(address=member.address, port=member.port, interface=interface)

    # What stands for it

    def _seat(self, balancer: LoadBalancer, name: str) -> Seat:
        """The ports of the amphorae, whose addresses members see; somewhere in its subnet where these are not known."""
        texts = list(self._estate.amphorae.get(balancer.id, ()))
        for port in self._estate.ports.values():
            if port.name.startswith(_VRRP) and balancer.address in port.pairs:
                texts += [each.address for each in port.fixed]
        addresses, _ = trees.addresses(*dict.fromkeys(texts))
        where = ranges(self._estate.subnets.get(balancer.subnet))
        return balancer_seat(name, addresses, AddressSet() if addresses else where)

    def _filter(self, balancer: LoadBalancer, name: str) -> Filter | None:
        """What the listeners of a load balancer take, and from whom; None where nothing of this is known."""
        listeners = [each for each in self._listeners(balancer) if each.port]
        if not listeners:
            return None
        rules = [rule for each in listeners for rule in _taken(each)]
        if not self._complete(balancer):
            rules.append(FilterRule(Action.ALLOW, Peer(unknown=("what further listeners take, not in the input",))))
        title = f"listeners of the load balancer {name}"
        return Filter(title, frozenset({name}), tuple(rules), origin=listeners[0].origin, api="openstack")


def _taken(listener: Listener) -> Iterator[FilterRule]:
    """What one listener takes, and from whom; `allowed_cidrs` is not in lists of the command line."""
    assert listener.port is not None
    traffic = (Match(_PROTOCOLS.get(listener.protocol, TCP), (listener.port, listener.port)),)
    addresses, wrong = trees.addresses(*(listener.cidrs or ()))
    if not listener.cidrs:
        doubt = "allowed by its allowed_cidrs, which are not in the input" if listener.cidrs is None else ""
        yield FilterRule(Action.ALLOW, ANYONE, traffic, doubt, listener.field, listener.name)
        return
    peer = Peer(addresses=addresses, unknown=tuple(f"allowed CIDR {text!r}" for text in wrong))
    yield FilterRule(Action.ALLOW, peer, traffic, field=listener.field, name=listener.name)
