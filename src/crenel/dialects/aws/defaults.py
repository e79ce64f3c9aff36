"""What AWS gives a new virtual network by itself, for those that the input makes.

Sources: VPC user guide, "Default security groups for your VPCs" (all from itself, all outwards), "Default network ACL"
(everything is allowed; IPv6 where the network has it; for the subnets that are associated with no other) and "Main
route table" (the local route alone, for the subnets that are associated with no other). EC2 API, ``RunInstances``: an
interface for which no group is given has the default one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from crenel.dialects.aws.making import What, Where, entry, permission
from crenel.dialects.aws.records import Acl, Card, Estate, Route, Vpc
from crenel.network.addresses import Family
from crenel.network.rules import Direction

_ALL = What("-1")
_ANY: dict[Family, str] = {4: "0.0.0.0/0", 6: "::/0"}
_FIRST = {4: 100, 6: 101}


def complete(estate: Estate) -> None:
    """Add what the networks that the input makes have by themselves.

    What the default group of another network allows is not known.
    """
    placed = {subnet for acl in estate.acls.values() for subnet in acl.subnets}
    mains = {table.network for table in estate.tables.values() if table.main}
    for vpc in [each for each in estate.vpcs.values() if each.made]:
        loose = {subnet.id for subnet in estate.subnets.values() if subnet.network == vpc.id} - placed
        if loose:
            _acl(vpc, estate).subnets |= loose
        if vpc.id not in mains:
            _table(vpc, estate)
        _groups(vpc, estate)
    for card in list(estate.cards.values()):
        if card.fresh and card.groups == ():
            estate.cards[card.id] = replace(card, groups=None)


def _acl(vpc: Vpc, estate: Estate) -> Acl:
    acl = estate.acl(vpc.default_acl)
    if acl.id not in estate.whole:
        estate.assume(f"the default network ACL of {vpc.id} is as AWS makes it: it allows everything")
        acl.origin, where = vpc.origin, Where(f"network acl {acl.id}", vpc.origin, ())
        families: tuple[Family, ...] = (4, 6) if vpc.six else (4,)
        acl.entries += [
            entry(_FIRST[family], direction, "allow", _ALL, _ANY[family], where, estate)
            for family in families
            for direction in Direction
        ]
    return acl


def _table(vpc: Vpc, estate: Estate) -> None:
    table = estate.table(vpc.main_table)
    if table.id not in estate.whole:
        estate.assume(f"the main route table of {vpc.id} is as AWS makes it, but for the routes of the input")
        table.origin = vpc.origin
    table.network, table.main = vpc.id, True
    table.routes.append(Route(vpc.addresses, "local", active=True))


def _groups(vpc: Vpc, estate: Estate) -> None:
    """Cards without groups have the default one; so may those that refer to it."""
    identifier = vpc.default_group
    for card in list(_bare(vpc, estate)):
        estate.cards[card.id] = replace(card, groups=(identifier,))
    carried = any(identifier in (card.groups or ()) for card in estate.cards.values())
    if (carried or identifier in estate.groups) and identifier not in estate.whole:
        group = estate.group(identifier)
        estate.assume(f"the default security group of {vpc.id} has the rules that AWS gives it, and those of the input")
        group.name, group.network, group.origin = "default", vpc.id, vpc.origin
        where = Where(group.title, vpc.origin, ())
        outwards = tuple(_ANY.values()) if vpc.six else (_ANY[4],)
        group.permissions += [
            permission(Direction.INGRESS, _ALL, where, estate, groups=(identifier,)),
            permission(Direction.EGRESS, _ALL, where, estate, outwards),
        ]


def _bare(vpc: Vpc, estate: Estate) -> Iterator[Card]:
    """The interfaces that the input makes in a network without telling their groups."""
    for card in estate.cards.values():
        known = estate.subnets.get(card.subnet)
        if card.groups == () and card.fresh and known is not None and known.network == vpc.id:
            yield card
