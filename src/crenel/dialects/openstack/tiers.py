"""Security groups as tiers: the union of what the groups of a port allow, and nothing without any.

Sources: Neutron API v2.0 "Security groups": rules allow, and what none allows is dropped; a port without a group lets
nothing through, and one without port security everything (neutron.plugins.ml2.drivers.ovn: all ports that are not
trusted and have port security are in the group of ports that drop); groups are stateful unless told otherwise, a
stateless one needs rules for replies, and a port has groups of one sort only (neutron.db.securitygroups_db). Clients of
DHCP are let through by all drivers (neutron.agent.linux.iptables_firewall, `_spoofing_rule`). The metadata service is
not: its packets need a rule as others do. Neighbour discovery is not a connection and not modelled.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from crenel.dialects.openstack.records import Estate, Group
from crenel.dialects.openstack.rules import Translator
from crenel.dialects.openstack.seats import Seat
from crenel.network.addresses import AddressSet
from crenel.network.firewalls import Filter, FilterRule, Peer, Tier
from crenel.network.rules import Action, Direction
from crenel.network.traffic import UDP, Match
from crenel.provenance import Severity

API = "openstack"
GROUPS = "security group"
STATELESS = "stateless security group"
ALWAYS = "traffic that neutron always lets through"

_V4, _V6 = (Peer(addresses=AddressSet.everything(family)) for family in (4, 6))
_DHCP = {
    Direction.EGRESS: (
        FilterRule(Action.ALLOW, _V4, (Match(UDP, (67, 67)),), "from port 68, of a DHCP client", name="DHCP"),
        FilterRule(Action.ALLOW, _V6, (Match(UDP, (547, 547)),), "from port 546, of a DHCPv6 client", name="DHCPv6"),
    ),
    Direction.INGRESS: (
        FilterRule(Action.ALLOW, _V4, (Match(UDP, (68, 68)),), "from port 67, of a DHCP server", name="DHCP"),
        FilterRule(Action.ALLOW, _V6, (Match(UDP, (546, 546)),), "from port 547, of a DHCPv6 server", name="DHCPv6"),
    ),
}


class Tiers:
    """Makes the tiers of an estate."""

    def __init__(self, estate: Estate, translator: Translator) -> None:
        self._estate = estate
        self._translator = translator

    def all(self, seats: Sequence[Seat]) -> list[Tier]:
        """Those of both directions; ports with groups of both sorts count as stateful."""
        guarded = [seat for seat in seats if seat.secured is not False]
        stateless = {seat.interface.name for seat in guarded if self._is_stateless(seat)}
        apart = [seat for seat in guarded if seat.interface.name in stateless]
        others = [seat for seat in guarded if seat.interface.name not in stateless]
        found: list[Tier] = []
        for direction in (Direction.EGRESS, Direction.INGRESS):
            always = Filter(ALWAYS, _names(guarded), _DHCP[direction], api=API)
            found += [Tier(ALWAYS, direction, ((always,),))] if guarded else []
            for layer, some in ((GROUPS, others), (STATELESS, apart)):
                if filters := tuple(self._filters(some, direction)):
                    found.append(Tier(layer, direction, (filters,), isolating=True, stateless=layer == STATELESS))
        return found

    def _is_stateless(self, seat: Seat) -> bool:
        """Whether the groups of a port are stateless. Neutron lets no port have groups of both sorts."""
        known = [self._estate.groups.get(each) for each in seat.groups or ()]
        answers = {group.stateful is not False for group in known if group is not None}
        if any(group is not None and group.stateful is None for group in known):
            self._estate.assume("security groups are stateful where the input does not tell")
        if answers == {True, False}:
            text = f"{seat.interface.name} has both stateful and stateless security groups: it is taken for stateful"
            self._estate.report(text, seat.interface.origin, (), seat.interface.name, Severity.WARNING)
        return answers == {False}

    def _filters(self, seats: Sequence[Seat], direction: Direction) -> Iterator[Filter]:
        """One filter for each group and place that its rules were read from, and for ports without any."""
        by_group: dict[str, list[Seat]] = defaultdict(list)
        for seat in seats:
            for group in seat.groups or ():
                by_group[group].append(seat)
        for group, members in by_group.items():
            known = self._estate.groups.get(group)
            if known is None:
                yield from self._missing(group, members, direction)
                continue
            for origin, rules in self._translator.rules(known, direction).items():
                yield Filter(
                    known.title, _names(members), rules, origin=origin, api=API, standard=known.name == "default"
                )
        yield from _without(seats)

    def _missing(self, group: str, members: Sequence[Seat], direction: Direction) -> Iterator[Filter]:
        """A group that no document tells, of which there may be single rules."""
        unknown = Group(group, f"{group}, which is not in the input")
        for origin, rules in self._translator.rules(unknown, direction).items():
            yield Filter(unknown.title, _names(members), rules, origin=origin, api=API)


def _without(seats: Sequence[Seat]) -> Iterator[Filter]:
    """What stands at ports without a group, and at those whose groups are not in the input."""
    none = [seat for seat in seats if seat.groups == ()]
    sure, perhaps = ([seat for seat in none if seat.secured is answer] for answer in (True, None))
    if sure or perhaps:
        yield Filter("no security group", _names(sure), (), _names(perhaps), api=API)
    unknown = [seat for seat in seats if seat.groups is None]
    sure, perhaps = ([seat for seat in unknown if seat.secured is answer] for answer in (True, None))
    lacks = Peer(unknown=("what its security groups allow, which are not in the input",))
    if sure:
        yield Filter("its security groups", _names(sure), (FilterRule(Action.ALLOW, lacks),), api=API)
    if perhaps:
        yield Filter("its security groups, if it has any (not in the input)", frozenset(), (), _names(perhaps), api=API)


def _names(seats: Sequence[Seat]) -> frozenset[str]:
    return frozenset(seat.interface.name for seat in seats)
