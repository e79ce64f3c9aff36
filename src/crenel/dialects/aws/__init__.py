"""AWS: security groups, network ACLs, routes and load balancers, as the command line prints them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from crenel.dialects.aws.balancers import balancers, stand_ins
from crenel.dialects.aws.reading import take, take_health
from crenel.dialects.aws.records import Card, Estate
from crenel.dialects.aws.routing import entered, leaves
from crenel.dialects.aws.tiers import Tiers
from crenel.network.addresses import FAMILIES, AddressSet
from crenel.network.firewalls import Infrastructure, Interface, Role
from crenel.provenance import Origin

__all__ = ["read", "recognises"]

_MARKS = {
    "SecurityGroups": "GroupId", "SecurityGroupRules": "GroupId", "NetworkAcls": "NetworkAclId", "Subnets": "SubnetId",
    "RouteTables": "RouteTableId", "NetworkInterfaces": "NetworkInterfaceId", "Reservations": "Instances",
    "PrefixLists": "PrefixListId", "LoadBalancers": "LoadBalancerArn", "Listeners": "LoadBalancerArn",
    "TargetGroups": "TargetGroupArn", "LoadBalancerDescriptions": "LoadBalancerName",
    "TargetHealthDescriptions": "Target", "InternetGateways": "InternetGatewayId", "NatGateways": "NatGatewayId",
    "EgressOnlyInternetGateways": "EgressOnlyInternetGatewayId", "Entries": "Cidr",
}  # fmt: skip
"""What an element of each list has. Gateways are told by the ids in routes."""
_PLAIN = ("Entries", "Listeners", "Subnets")
"""Lists that others may have as well: without elements they tell nothing."""


def recognises(data: Any) -> bool:
    """Whether a parsed document is an answer of EC2 or of Elastic Load Balancing: a mapping with one of their lists."""
    return isinstance(data, dict) and any(_is_ours(name, data.get(name)) for name in _MARKS)


def _is_ours(name: str, value: Any) -> bool:
    if not isinstance(value, list):
        return False
    return _MARKS[name] in value[0] if value and isinstance(value[0], dict) else not value and name not in _PLAIN


def read(documents: Sequence[tuple[Any, Origin]]) -> Infrastructure:
    """What all documents of an input say together. What is wrong in them is among the problems; raises nothing."""
    estate = Estate()
    known = [(data, origin) for data, origin in documents if recognises(data)]
    for data, origin in known:
        take(data, origin, estate)
    for data, origin in known:
        take_health(data, origin, estate)
    cards = [*estate.cards.values(), *stand_ins(estate)]
    interfaces = [_interface(card, estate) for card in cards]
    tiers = Tiers(estate, cards).all()
    return Infrastructure(interfaces, tiers, list(balancers(estate)), list(_assumptions(estate)), estate.problems)


def _interface(card: Card, estate: Estate) -> Interface:
    known = estate.subnets.get(card.subnet)
    return Interface(
        card.id,
        Role.BALANCER if card.balancer else Role.MACHINE if card.machine else Role.OTHER,
        card.addresses,
        card.delegated,
        card.public,
        card.machine,
        network=card.network,
        entered={family: entered(card, family, estate) for family in FAMILIES},
        leaves={family: leaves(card, family, estate) for family in FAMILIES},
        origin=card.origin,
        ranges=known.addresses if known is not None and not card.addresses else AddressSet(),
    )


def _assumptions(estate: Estate) -> Iterator[str]:
    if any(card.groups for card in estate.cards.values()):
        yield "a security group that a rule refers to is carried by no interface but those in the input"
    if estate.tables:
        yield "routes for parts of the internet do not lead elsewhere than the default route"
