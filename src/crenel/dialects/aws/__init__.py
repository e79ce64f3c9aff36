"""AWS: security groups, network ACLs, routes and load balancers.

Read are what the command line prints, plans and states of Terraform, and templates of CloudFormation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from crenel.dialects.aws import template, terraform
from crenel.dialects.aws.balancerreading import take_parts
from crenel.dialects.aws.balancers import balancers, stand_ins
from crenel.dialects.aws.clusters import control_planes
from crenel.dialects.aws.defaults import complete
from crenel.dialects.aws.reading import take
from crenel.dialects.aws.records import Card, Estate
from crenel.dialects.aws.routing import Routing
from crenel.dialects.aws.tiers import Tiers
from crenel.network.addresses import FAMILIES, AddressSet
from crenel.network.firewalls import Infrastructure, Interface, Role, Subnet
from crenel.provenance import Origin

__all__ = ["read", "recognises"]

_MARKS = {
    "SecurityGroups": "GroupId", "SecurityGroupRules": "GroupId", "NetworkAcls": "NetworkAclId", "Subnets": "SubnetId",
    "RouteTables": "RouteTableId", "NetworkInterfaces": "NetworkInterfaceId", "Reservations": "Instances",
    "PrefixLists": "PrefixListId", "LoadBalancers": "LoadBalancerArn", "Listeners": "LoadBalancerArn",
    "TargetGroups": "TargetGroupArn", "LoadBalancerDescriptions": "LoadBalancerName", "Vpcs": "VpcId",
    "TargetHealthDescriptions": "Target", "InternetGateways": "InternetGatewayId", "NatGateways": "NatGatewayId",
    "EgressOnlyInternetGateways": "EgressOnlyInternetGatewayId", "Entries": "Cidr", "Rules": "RuleArn",
}  # fmt: skip
"""What an element of each list has. Gateways are told by the ids in routes."""
_PLAIN = ("Entries", "Listeners", "Subnets", "Rules")
"""Lists that others may have as well: without elements they tell nothing."""


def recognises(data: Any) -> bool:
    """Whether a parsed document speaks of AWS.

    That is an answer of EC2, Elastic Load Balancing or EKS, a plan or state of Terraform with resources of AWS, or a
    template of CloudFormation.
    """
    return _is_answer(data) or template.recognises(data) or terraform.recognises(data)


def _is_answer(data: Any) -> bool:
    if not isinstance(data, dict):
        return False
    listed = any(_is_ours(name, data.get(name)) for name in _MARKS)
    return listed or _is_cluster(data) or _has_attributes(data) or _has_entries(data)


def _is_ours(name: str, value: Any) -> bool:
    if not isinstance(value, list):
        return False
    return _MARKS[name] in value[0] if value and isinstance(value[0], dict) else not value and name not in _PLAIN


def _is_cluster(data: dict[str, Any]) -> bool:
    cluster = data.get("cluster")
    return isinstance(cluster, dict) and isinstance(cluster.get("resourcesVpcConfig"), dict)


def _has_entries(data: dict[str, Any]) -> bool:
    """The entries of a prefix list that is named beside them, be it that there are none."""
    return isinstance(data.get("PrefixListId"), str) and isinstance(data.get("Entries"), list)


def _has_attributes(data: dict[str, Any]) -> bool:
    """Attributes of a target group."""
    listed = data.get("Attributes")
    first = listed[0] if isinstance(listed, list) and listed else None
    return isinstance(first, dict) and "Value" in first and "." in str(first.get("Key"))


def read(documents: Sequence[tuple[Any, Origin]]) -> Infrastructure:
    """What all documents of an input say together. What is wrong in them is among the problems; raises nothing."""
    estate = Estate()
    answers = [(data, origin) for data, origin in documents if _is_answer(data)]
    for data, origin in answers:
        take(data, origin, estate)
    for data, origin in answers:
        take_parts(data, origin, estate)
    for data, origin in documents:
        terraform.take(data, origin, estate)
        template.take(data, origin, estate)
    complete(estate)
    cards = [_placed(card, estate) for card in (*estate.cards.values(), *control_planes(estate), *stand_ins(estate))]
    routing = Routing(estate)
    interfaces = [_interface(card, estate, routing) for card in cards]
    tiers = Tiers(estate, cards)
    listed = any(isinstance(data.get("NetworkInterfaces"), list) for data, _ in answers)
    return Infrastructure(
        interfaces, tiers.all(), list(balancers(estate)), list(_assumptions(estate)), estate.problems,
        idle=tiers.idle() if listed else (),
        subnets=[Subnet(each.id, each.addresses) for each in estate.subnets.values()],
    )  # fmt: skip


def _placed(card: Card, estate: Estate) -> Card:
    """A card with the network of its subnet, where it does not tell its own."""
    known = estate.subnets.get(card.subnet)
    return card if card.network or known is None else replace(card, network=known.network)


def _interface(card: Card, estate: Estate, routing: Routing) -> Interface:
    known = estate.subnets.get(card.subnet)
    machine = card.balancer or (estate.machine(card.instance) if card.instance else "")
    return Interface(
        card.id,
        Role.BALANCER if card.balancer else Role.MACHINE if card.instance or card.fleet else Role.OTHER,
        card.addresses,
        card.delegated,
        card.public,
        machine,
        network=card.network,
        entered={family: routing.entered(card, family) for family in FAMILIES},
        leaves={family: routing.leaves(card, family) for family in FAMILIES},
        origin=card.origin,
        ranges=known.addresses if known is not None and not card.addresses else AddressSet(),
        subnet=card.subnet,
    )


def _assumptions(estate: Estate) -> Iterator[str]:
    yield from estate.assumptions
    if any(card.groups for card in estate.cards.values()):
        yield "a security group that a rule refers to is carried by no interface but those in the input"
    if estate.tables:
        yield "routes for parts of the internet do not lead elsewhere than the default route"
