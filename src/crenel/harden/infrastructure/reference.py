"""The intent itself as an infrastructure: what written rules are held against."""

from __future__ import annotations

from collections.abc import Iterator

from crenel.harden.infrastructure.model import Group, Opening, Sort, Wanted
from crenel.network.firewalls import Filter, FilterRule, Infrastructure, Interface, Peer, Role, Tier
from crenel.network.rules import Action, Direction

LAYER = "intent"


def reference(wanted: Wanted) -> Infrastructure:
    """Interfaces with the names of members, behind one tier for each direction, which knows connections."""
    interfaces = [_interface(group, number) for group in wanted.groups for number, _ in enumerate(group.members)]
    tiers = [
        Tier(LAYER, direction, (tuple(_filters(wanted, direction)),), isolating=True)
        for direction in (Direction.EGRESS, Direction.INGRESS)
    ]
    return Infrastructure(interfaces, tiers)


def _interface(group: Group, number: int) -> Interface:
    member = group.members[number]
    role = Role.BALANCER if group.sort is Sort.BALANCER else Role.MACHINE
    return Interface(member.name, role, member.addresses)


def _filters(wanted: Wanted, direction: Direction) -> Iterator[Filter]:
    for group in wanted.groups:
        rules = tuple(_rule(wanted, each) for each in wanted.of(group.name, direction))
        yield Filter(f"{group.name} {direction.value}", frozenset(each.name for each in group.members), rules)


def _rule(wanted: Wanted, opening: Opening) -> FilterRule:
    members = frozenset(each.name for name in opening.end.groups for each in wanted.group(name).members)
    peer = Peer(addresses=opening.end.addresses or None, interfaces=members)
    return FilterRule(Action.NEXT, peer, opening.traffic, name=opening.why)
