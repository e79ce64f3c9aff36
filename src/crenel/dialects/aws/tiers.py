"""Security groups and network ACLs as tiers.

Sources: VPC user guide, "Security groups" (allow-only, the union of all groups of an interface, connections are
tracked; a group as a source means the private addresses of the interfaces that have it) and "Network ACLs" (of a
subnet, in the order of rule numbers, replies are judged as well, traffic within the subnet is not).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from crenel.dialects.aws.balancers import kept
from crenel.dialects.aws.records import Acl, Card, Entry, Estate, Group, Permission
from crenel.dialects.aws.services import Services
from crenel.network.addresses import FAMILIES, AddressSet
from crenel.network.firewalls import ANYONE, Filter, FilterRule, Peer, Tier
from crenel.network.rules import Action, Direction
from crenel.network.traffic import LAST_PORT, Match, Ports

API = "aws"
_ANY: Ports = (1, LAST_PORT)
GROUP, ACL = "aws security group", "aws network acl"


class Tiers:
    """Makes the tiers of an estate."""

    def __init__(self, estate: Estate, cards: Sequence[Card]) -> None:
        self._estate = estate
        self._cards = cards
        self._services = Services(estate)
        self._acl_of = {subnet: acl for acl in estate.acls.values() for subnet in acl.subnets}
        self._members: dict[str, set[str]] = defaultdict(set)
        self._networks: dict[str, set[str]] = defaultdict(set)
        self._through: dict[str, dict[str, tuple[Match, ...]]] = defaultdict(dict)
        comes = {each.title: tuple(kept(each, estate)) for each in estate.balancers.values()}
        for card in cards:
            for each in (card.groups or ()) if comes.get(card.balancer) else ():
                self._through[each][card.balancer] = comes[card.balancer]
        self._named: dict[str, list[str]] = defaultdict(list)
        for group in estate.groups.values():
            self._named[group.name].append(group.id)
        for card in cards:
            for each in card.groups or ():
                self._members[each].add(card.id)
                self._networks[each].add(card.network)

    def all(self) -> list[Tier]:
        """Those of both directions, in the order in which packets meet them."""
        found = []
        for direction, order in ((Direction.EGRESS, (GROUP, ACL)), (Direction.INGRESS, (ACL, GROUP))):
            for layer in order:
                filters = tuple(self._groups(direction) if layer == GROUP else self._acls(direction))
                if filters:
                    found.append(Tier(layer, direction, (filters,), isolating=True, stateless=layer == ACL))
        return found

    def idle(self) -> list[Filter]:
        """The security groups that no interface carries, of those of which the input has everything."""
        return [
            Filter(
                group.title, frozenset(), tuple(rule for each in Direction for rule in self._rules(group, each)),
                origin=group.origin, api=API, field=group.field, standard=group.is_default,
            )
            for group in self._estate.groups.values()
            if group.id in self._estate.whole and group.id not in self._members
        ]  # fmt: skip

    # Security groups

    def _groups(self, direction: Direction) -> Iterator[Filter]:
        for each in sorted(self._members):
            guards, group = frozenset(self._members[each]), self._estate.groups.get(each)
            if group is None:
                rule = FilterRule(Action.NEXT, Peer(unknown=(f"what security group {each} allows",)))
                yield Filter(f"security group {each}, which is not in the input", guards, (rule,), api=API)
            else:
                rules = (*self._free(self._networks[each], direction), *self._rules(group, direction))
                place, standard = group.field, group.is_default
                yield Filter(group.title, guards, rules, frozenset(), group.origin, API, place, standard)
        silent = [card for card in self._cards if card.groups is None]
        if silent:
            rule = FilterRule(Action.NEXT, Peer(unknown=("what its security groups allow",)))
            guards = frozenset(card.id for card in silent)
            yield Filter("security groups, which are not in the input", guards, (rule,), api=API)

    def _free(self, networks: set[str], direction: Direction) -> list[FilterRule]:
        return self._services.rules(networks, direction) if direction is Direction.EGRESS else []

    def _rules(self, group: Group, direction: Direction) -> Iterator[FilterRule]:
        """Its rules; the same may be written in several documents."""
        seen: set[tuple[object, ...]] = set()
        for each in group.permissions:
            if each.direction is direction and each.meaning not in seen:
                seen.add(each.meaning)
                yield FilterRule(Action.NEXT, self._peer(each), each.traffic, each.only, each.field, each.name)
                yield from self._vouched(each) if direction is Direction.INGRESS else ()

    def _vouched(self, permission: Permission) -> Iterator[FilterRule]:
        """The clients of a load balancer that keeps their addresses, where a rule names its group.

        They are let in like itself (Elastic Load Balancing, "Update the security groups for your Network Load
        Balancer"); an address alone does not tell who comes through it.
        """
        for group in map(self._identifier, permission.groups):
            for title, comes in self._through.get(group, {}).items():
                if traffic := _common(permission.traffic, comes):
                    peer = Peer(unknown=(f"what comes through {title}, which keeps the addresses of clients",))
                    yield FilterRule(Action.NEXT, peer, traffic, permission.only, permission.field, permission.name)

    def _peer(self, permission: Permission) -> Peer:
        addresses, unknown = permission.addresses, list(permission.unknown)
        for each in permission.lists:
            if each in self._estate.lists:
                addresses |= self._estate.lists[each]
            else:
                unknown.append(f"prefix list {each}")
        members: set[str] = set()
        for each in map(self._identifier, permission.groups):
            members |= self._members.get(each, set())
            if each not in self._members and each not in self._estate.groups:
                unknown.append(f"security group {each}")
        return Peer(addresses=addresses or None, interfaces=frozenset(members), unknown=tuple(unknown))

    def _identifier(self, text: str) -> str:
        """The id of a group that a rule names; one that it tells by name is found by that where it is the only one."""
        if text in self._members or text in self._estate.groups:
            return text
        named = self._named.get(text, [])
        return named[0] if len(named) == 1 else text

    # Network ACLs

    def _acls(self, direction: Direction) -> Iterator[Filter]:
        by_subnet: dict[str, list[Card]] = defaultdict(list)
        for card in self._cards:
            by_subnet[card.subnet].append(card)
        for subnet in sorted(by_subnet):
            guards = frozenset(card.id for card in by_subnet[subnet])
            free = self._services.rules({card.network for card in by_subnet[subnet]}, direction)
            rules, acl = (*free, *self._inside(subnet)), self._acl_of.get(subnet) if subnet else None
            if acl is None:
                where = subnet or "a subnet that is not in the input"
                rule = FilterRule(Action.NEXT, Peer(unknown=(f"what the network ACL of {where} allows",)))
                yield Filter(f"network acl of {where}, which is not in the input", guards, (*rules, rule), api=API)
            else:
                title = f"network acl {acl.id} ({subnet})"
                yield Filter(title, guards, (*rules, *_entries(acl, direction)), origin=acl.origin, api=API)

    def _inside(self, subnet: str) -> Iterator[FilterRule]:
        """What does not cross the border of the subnet is not judged."""
        known = self._estate.subnets.get(subnet)
        addresses = known.addresses if known is not None else AddressSet()
        vague = known.vague if known is not None and addresses else frozenset(FAMILIES)
        if addresses:
            yield FilterRule(Action.NEXT, Peer(addresses=addresses), name="within the subnet")
        if vague:
            peer, only = Peer(addresses=AddressSet.everything(*vague)), f"in the range of {subnet or 'its subnet'}"
            yield FilterRule(Action.NEXT, peer, only=only, name="within the subnet")


def _common(traffic: tuple[Match, ...] | None, comes: tuple[Match, ...]) -> tuple[Match, ...]:
    """What of some traffic comes through a load balancer."""
    if traffic is None:
        return comes
    return tuple(
        Match(one.protocol, (low, high))
        for one in traffic
        for other in comes
        for low, high in [_shared(one.ports or _ANY, other.ports or _ANY)]
        if one.protocol == other.protocol and low <= high
    )


def _shared(one: Ports, other: Ports) -> Ports:
    return max(one[0], other[0]), min(one[1], other[1])


def _entries(acl: Acl, direction: Direction) -> Iterator[FilterRule]:
    """Its entries in the order of their numbers; the same may be written in several documents."""
    mine = [each for each in acl.entries if each.direction is direction]
    seen: set[tuple[object, ...]] = set()
    for each in sorted(mine, key=lambda each: each.number):
        meaning = (each.number, each.action, each.traffic, each.only, each.addresses)
        if meaning in seen:
            continue
        seen.add(meaning)
        yield _rule(each)


def _rule(entry: Entry) -> FilterRule:
    if entry.action is Action.MAY_DECIDE:
        return FilterRule(entry.action, ANYONE, field=entry.field, name="an entry that cannot be read")
    peer = Peer(addresses=entry.addresses)
    return FilterRule(entry.action, peer, entry.traffic, entry.only, entry.field, f"number {entry.number}")
