"""Templates of CloudFormation as records: networks, security groups and network ACLs.

Source: CloudFormation template reference, the page of each resource type. What stands for an id is the name of the
resource in the template.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from crenel.dialects.aws.functions import Functions
from crenel.dialects.aws.making import What, entry, permission, union
from crenel.dialects.aws.pieces import Piece, pieces
from crenel.dialects.aws.reading import at, numbered
from crenel.dialects.aws.records import Estate, Permission, Route, Subnet, Unresolved
from crenel.dialects.aws.templatemachines import MACHINES
from crenel.network.addresses import Family
from crenel.network.rules import Direction
from crenel.provenance import Origin

_ALL = What("-1")


def recognises(data: Any) -> bool:
    """Whether it is a template: a mapping with ``Resources`` of types of AWS."""
    listed = data.get("Resources") if isinstance(data, dict) else None
    if not isinstance(listed, dict):
        return False
    return any(isinstance(each, dict) and str(each.get("Type")).startswith("AWS::") for each in listed.values())


def take(data: Any, origin: Origin, estate: Estate) -> None:
    """Add all resources of a document if it is a template.

    Conditions that it does not decide are taken to hold, and that is noted.
    """
    if not recognises(data):
        return
    functions = Functions.of(data, f"{origin.source}:" if estate.stacks else "")
    estate.stacks += 1
    found = list(pieces(functions, origin, estate))
    for kind, taker in _TAKERS.items():
        for piece in found:
            if piece.kind == kind:
                taker(piece, estate)
    for name, value in functions.used.items():
        estate.assume(f"the parameter {name} of the template has its default, {value}")


# Networks


def _vpc(piece: Piece, estate: Estate) -> None:
    vpc = estate.vpc(piece.id)
    vpc.made, vpc.origin = True, piece.node.origin
    vpc.addresses = union(piece.known("CidrBlock"), piece.where, estate)


def _vpc_range(piece: Piece, estate: Estate) -> None:
    vpc = estate.vpc(piece.text("VpcId"))
    vpc.addresses |= union(piece.known("CidrBlock"), piece.where, estate)
    six = ("AmazonProvidedIpv6CidrBlock", "Ipv6CidrBlock", "Ipv6IpamPoolId", "Ipv6Pool")
    vpc.six = vpc.six or any(piece.node.text(name) or piece.node.flag(name) for name in six)


def _subnet(piece: Piece, estate: Estate) -> None:
    names: dict[Family, str] = {4: "CidrBlock", 6: "Ipv6CidrBlock"}
    vague = frozenset(family for family, name in names.items() if isinstance(piece.text(name), Unresolved))
    found = union([text for name in names.values() for text in piece.known(name)], piece.where, estate)
    publishes = piece.node.flag("MapPublicIpOnLaunch")
    six = bool(piece.node.flag("AssignIpv6AddressOnCreation"))
    estate.subnets[piece.id] = Subnet(piece.id, piece.text("VpcId"), found, bool(publishes), vague, six)


def _gateway(prefix: str) -> Callable[[Piece, Estate], None]:
    def taken(piece: Piece, estate: Estate) -> None:
        estate.gateways[piece.id] = prefix
        if piece.text("ConnectivityType") == "private":
            estate.private_translators.add(piece.id)

    return taken


def _table(piece: Piece, estate: Estate) -> None:
    table = estate.table(piece.id)
    table.network, table.origin = piece.text("VpcId"), piece.node.origin
    if table.network in estate.vpcs:
        table.routes.append(Route(estate.vpcs[table.network].addresses, "local", active=True))


_TARGETS = {
    "GatewayId": "", "EgressOnlyInternetGatewayId": "eigw-", "NatGatewayId": "nat-", "TransitGatewayId": "",
    "NetworkInterfaceId": "", "VpcPeeringConnectionId": "", "InstanceId": "", "VpcEndpointId": "",
    "LocalGatewayId": "", "CarrierGatewayId": "", "CoreNetworkArn": "",
}  # fmt: skip
"""What leads on, and what its id begins with even where it is not known."""


def _route(piece: Piece, estate: Estate) -> None:
    names = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
    texts = [text for name in names if (text := piece.text(name))]
    unknown = next((text for text in texts if isinstance(text, Unresolved)), "")
    listed = piece.text("DestinationPrefixListId")
    found = union([] if listed or unknown else texts, piece.where, estate)
    target = next((name for name in _TARGETS if piece.text(name)), "")
    leads = piece.text(target) if target else ""
    if isinstance(leads, Unresolved) and _TARGETS[target]:
        estate.gateways[leads] = _TARGETS[target]
    why = unknown or (f"prefix list {listed}" if listed else "")
    estate.table(piece.text("RouteTableId")).routes.append(Route(found, leads, True, piece.node.field, why))


def _table_of_subnet(piece: Piece, estate: Estate) -> None:
    estate.table(piece.text("RouteTableId")).subnets.add(piece.text("SubnetId"))


# Security groups


def _group(piece: Piece, estate: Estate) -> None:
    """A group; without rules outwards it has the one that AWS gives it (``AWS::EC2::SecurityGroup``)."""
    group = estate.group(piece.id)
    group.name, group.network = piece.text("GroupName"), piece.text("VpcId")
    group.origin, group.field = piece.node.origin, piece.node.field
    for name, direction in (("SecurityGroupIngress", Direction.INGRESS), ("SecurityGroupEgress", Direction.EGRESS)):
        for each in piece.inner(name):
            group.permissions += _permissions(each, direction, estate)
        if vague := piece.hidden(name):
            group.permissions.append(permission(direction, _ALL, piece.where, estate, (vague,)))
    if not piece.node.data.get("SecurityGroupEgress"):
        group.permissions.append(permission(Direction.EGRESS, _ALL, piece.where, estate, ("0.0.0.0/0",)))
        estate.unconfined[piece.id] = group.permissions[-1]


def _permissions(piece: Piece, direction: Direction, estate: Estate) -> Iterator[Permission]:
    """A rule (``AWS::EC2::SecurityGroup Ingress`` and ``Egress``)."""
    what = What(piece.text("IpProtocol"), piece.number("FromPort"), piece.number("ToPort"))
    ranges = [text for name in ("CidrIp", "CidrIpv6") if (text := piece.text(name))]
    names = ("SourceSecurityGroupId", "SourceSecurityGroupName", "DestinationSecurityGroupId")
    groups = [text for name in names if (text := piece.text(name))]
    lists = [text for name in ("SourcePrefixListId", "DestinationPrefixListId") if (text := piece.text(name))]
    made = permission(
        direction, what, piece.where, estate, ranges, groups, lists, piece.node.text("Description")
    )  # fmt: skip
    yield replace(made, only=" and ".join(filter(None, (made.only, piece.condition))))


def _group_rule(direction: Direction) -> Callable[[Piece, Estate], None]:
    def taken(piece: Piece, estate: Estate) -> None:
        key = piece.text("GroupId") or piece.text("GroupName")
        if isinstance(key, Unresolved) or not key:
            piece.not_applied("security group", estate)
            return
        if key not in estate.groups:
            vague = Unresolved(f"further rules of {key}, which is not in the input")
            estate.group(key).permissions += [
                permission(each, _ALL, piece.where, estate, (vague,)) for each in Direction
            ]
        group = estate.group(key)
        group.permissions += _permissions(piece, direction, estate)
        if direction is Direction.EGRESS and key in estate.unconfined:
            vague = Unresolved("the rule outwards that AWS gives new groups, if others do not take it away")
            group.permissions.remove(estate.unconfined.pop(key))
            group.permissions.append(permission(direction, _ALL, piece.where, estate, (vague,)))

    return taken


def _list(piece: Piece, estate: Estate) -> None:
    """A prefix list (``AWS::EC2::PrefixList``); one with an entry that is not resolved is not known."""
    cidrs = [each.text("Cidr") for each in piece.inner("Entries")]
    if not piece.hidden("Entries") and not any(isinstance(each, Unresolved) for each in cidrs):
        estate.lists[piece.id] = union(cidrs, piece.where, estate)


# Network ACLs


def _acl(piece: Piece, estate: Estate) -> None:
    estate.acl(piece.id).origin = piece.node.origin


def _entry(piece: Piece, estate: Estate) -> None:
    """An entry (``AWS::EC2::NetworkAclEntry``); without a direction it is one of ingress."""
    key = piece.text("NetworkAclId")
    if isinstance(key, Unresolved) or not key:
        piece.not_applied("network ACL", estate)
        return
    ports, message = piece.node.node("PortRange"), piece.node.node("Icmp")
    low = numbered(ports, "From") if ports is not None else numbered(message, "Type")
    high = numbered(ports, "To") if ports is not None else numbered(message, "Code")
    cidr, action = piece.text("CidrBlock") or piece.text("Ipv6CidrBlock"), piece.text("RuleAction")
    direction = Direction.EGRESS if piece.node.flag("Egress") else Direction.INGRESS
    number = piece.node.number("RuleNumber")
    made = entry(number, direction, action, What(piece.text("Protocol"), low, high), cidr, at(
        piece.node, f"network acl {key}"
    ), estate)  # fmt: skip
    only = " and ".join(filter(None, (made.only, piece.condition)))
    estate.acl(key).entries.append(replace(made, only=only))


def _acl_of_subnet(piece: Piece, estate: Estate) -> None:
    key, subnet = piece.text("NetworkAclId"), piece.text("SubnetId")
    if isinstance(key, Unresolved) or isinstance(subnet, Unresolved) or not key:
        piece.not_applied("subnet or network ACL", estate)
    else:
        estate.acl(key).subnets.add(subnet)


_EC2 = "AWS::EC2::"
_TAKERS: dict[str, Callable[[Piece, Estate], None]] = {
    f"{_EC2}VPC": _vpc,
    f"{_EC2}VPCCidrBlock": _vpc_range,
    f"{_EC2}Subnet": _subnet,
    f"{_EC2}InternetGateway": _gateway("igw-"),
    f"{_EC2}EgressOnlyInternetGateway": _gateway("eigw-"),
    f"{_EC2}NatGateway": _gateway("nat-"),
    f"{_EC2}RouteTable": _table,
    f"{_EC2}Route": _route,
    f"{_EC2}SubnetRouteTableAssociation": _table_of_subnet,
    f"{_EC2}SecurityGroup": _group,
    f"{_EC2}SecurityGroupIngress": _group_rule(Direction.INGRESS),
    f"{_EC2}SecurityGroupEgress": _group_rule(Direction.EGRESS),
    f"{_EC2}PrefixList": _list,
    f"{_EC2}NetworkAcl": _acl,
    f"{_EC2}NetworkAclEntry": _entry,
    f"{_EC2}SubnetNetworkAclAssociation": _acl_of_subnet,
    **MACHINES,
}
"""By type, in the order in which they have to be read."""
