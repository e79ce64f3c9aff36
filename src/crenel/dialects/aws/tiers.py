"""Security groups and network ACLs as tiers.

Sources: VPC user guide, "Security groups" (allow-only, the union of all groups of an interface, connections are
tracked; a group as a source means the private addresses of the interfaces that have it) and "Network ACLs" (of a
subnet, in the order of rule numbers, replies are judged as well, traffic within the subnet is not); both pages: what
goes to the resolver, instance metadata, time and licence activation is not filtered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from crenel.dialects.aws.records import Acl, Card, Entry, Estate, Group, Permission
from crenel.network.addresses import AddressSet
from crenel.network.firewalls import ANYONE, Filter, FilterRule, Peer, Tier
from crenel.network.rules import Action, Direction

API = "aws"
GROUP, ACL = "aws security group", "aws network acl"
SERVICES = AddressSet.of(
    "169.254.169.253", "169.254.169.254", "169.254.169.123", "169.254.169.249", "169.254.169.250", "169.254.169.251",
    "169.254.170.2", "fd00:ec2::253", "fd00:ec2::254", "fd00:ec2::123", "fd00:ec2::250",
)  # fmt: skip
"""Services of the platform at link-local addresses, which nothing filters."""
_FREE = FilterRule(Action.NEXT, Peer(addresses=SERVICES), name="services of the platform, which are not filtered")


class Tiers:
    """Makes the tiers of an estate."""

    def __init__(self, estate: Estate, cards: Sequence[Card]) -> None:
        self._estate = estate
        self._cards = cards
        self._members: dict[str, set[str]] = defaultdict(set)
        for card in cards:
            for each in card.groups or ():
                self._members[each].add(card.id)

    def all(self) -> list[Tier]:
        """Those of both directions, in the order in which packets meet them."""
        found = []
        for direction, order in ((Direction.EGRESS, (GROUP, ACL)), (Direction.INGRESS, (ACL, GROUP))):
            for layer in order:
                filters = tuple(self._groups(direction) if layer == GROUP else self._acls(direction))
                if filters:
                    found.append(Tier(layer, direction, (filters,), isolating=True, stateless=layer == ACL))
        return found

    # Security groups

    def _groups(self, direction: Direction) -> Iterator[Filter]:
        for each in sorted(self._members):
            guards, group = frozenset(self._members[each]), self._estate.groups.get(each)
            if group is None:
                rule = FilterRule(Action.NEXT, Peer(unknown=(f"what security group {each} allows",)))
                yield Filter(f"security group {each}, which is not in the input", guards, (rule,), api=API)
            else:
                rules = tuple(self._rules(group, direction))
                yield Filter(group.title, guards, rules, origin=group.origin, api=API)
        silent = frozenset(card.id for card in self._cards if card.groups is None)
        if silent:
            rule = FilterRule(Action.NEXT, Peer(unknown=("what its security groups allow",)))
            yield Filter("security groups, which are not in the input", silent, (rule,), api=API)

    def _rules(self, group: Group, direction: Direction) -> Iterator[FilterRule]:
        if direction is Direction.EGRESS:
            yield _FREE
        for each in group.permissions:
            if each.direction is direction:
                name = each.name or ""
                yield FilterRule(Action.NEXT, self._peer(each), each.traffic, each.only, each.field, name)

    def _peer(self, permission: Permission) -> Peer:
        addresses, unknown = permission.addresses, list(permission.unknown)
        for each in permission.lists:
            if each in self._estate.lists:
                addresses |= self._estate.lists[each]
            else:
                unknown.append(f"prefix list {each}")
        members: set[str] = set()
        for each in permission.groups:
            members |= self._members.get(each, set())
            if each not in self._members and each not in self._estate.groups:
                unknown.append(f"security group {each}")
        return Peer(addresses=addresses or None, interfaces=frozenset(members), unknown=tuple(unknown))

    # Network ACLs

    def _acls(self, direction: Direction) -> Iterator[Filter]:
        by_subnet: dict[str, set[str]] = defaultdict(set)
        for card in self._cards:
            by_subnet[card.subnet].add(card.id)
        for subnet in sorted(by_subnet):
            guards, acl = frozenset(by_subnet[subnet]), self._estate.acl_of(subnet) if subnet else None
            if acl is None:
                where = subnet or "a subnet that is not in the input"
                rule = FilterRule(Action.NEXT, Peer(unknown=(f"what the network ACL of {where} allows",)))
                title = f"network acl of {where}, which is not in the input"
                yield Filter(title, guards, (*self._inside(subnet), rule), api=API)
            else:
                rules = (*self._inside(subnet), *_entries(acl, direction))
                yield Filter(f"network acl {acl.id} ({subnet})", guards, rules, origin=acl.origin, api=API)

    def _inside(self, subnet: str) -> Iterator[FilterRule]:
        """What does not cross the border of the subnet is not judged."""
        yield _FREE
        known = self._estate.subnets.get(subnet)
        if known is not None and known.addresses:
            yield FilterRule(Action.NEXT, Peer(addresses=known.addresses), name="within the subnet")
        else:
            unknown = (f"the range of {subnet or 'its subnet'}",)
            yield FilterRule(Action.NEXT, Peer(unknown=unknown), name="within the subnet")


def _entries(acl: Acl, direction: Direction) -> Iterator[FilterRule]:
    entries = sorted((each for each in acl.entries if each.direction is direction), key=lambda each: each.number)
    for each in entries:
        if each.action is Action.MAY_DECIDE:
            yield FilterRule(each.action, ANYONE, field=each.field, name="an entry that cannot be read")
        else:
            peer = Peer(addresses=each.addresses)
            yield FilterRule(each.action, peer, each.traffic, each.only, each.field, _name(each))


def _name(entry: Entry) -> str:
    return f"number {entry.number}"
