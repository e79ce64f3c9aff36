"""Reads what ``aws ec2 describe-*`` and ``aws eks describe-cluster`` print into an estate.

Sources: the response elements of each action in the API references of EC2 and EKS. Documents are known by their one
list; several may be in one mapping.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from crenel.dialects.aws import balancerreading
from crenel.dialects.aws.making import What, Where, entry, permission, union
from crenel.dialects.aws.records import Card, Entry, Estate, Permission, Plane, Route, Subnet
from crenel.dialects.trees import Node
from crenel.network.rules import Direction
from crenel.provenance import Origin

_PREFIX_LIST = re.compile(r"pl-[0-9a-f]+")
_BALANCER = re.compile(r"ELB (?:(app|net|gwy)/)?(?P<name>[^/]+)(?:/[0-9a-f]+)?\Z")
_CLUSTER = "Amazon EKS "
"""What the descriptions of a control plane's interfaces begin with; the name of the cluster follows."""


def take(data: Any, origin: Origin, estate: Estate) -> None:
    """Read one document."""
    whole = Node(data, origin)
    for name, read in READERS.items():
        for node in whole.nodes(name):
            read(node, estate)
    entries = tuple(whole.nodes("Entries"))
    if entries or (whole.has("Entries") and whole.text("PrefixListId")):
        _list_entries(entries, whole, estate)
    if (cluster := whole.node("cluster")) is not None:
        _cluster(cluster, estate)


def numbered(node: Node | None, name: str) -> int | str | None:
    """A whole number, which may be negative or written as a text; also a text that is not resolved yet."""
    value = None if node is None else node.data.get(name)
    return value if isinstance(value, int | str) and not isinstance(value, bool) else None


def at(node: Node, title: str) -> Where:
    """Where a mapping is."""
    return Where(title, node.origin, node.field)


# Security groups


def _group(node: Node, estate: Estate) -> None:
    """A security group (``SecurityGroup``)."""
    group = estate.group(node.text("GroupId"))
    group.name, group.network, group.origin = node.text("GroupName"), node.text("VpcId"), node.origin
    group.field, group.permissions = node.field, [each for each in group.permissions if not each.unknown]
    estate.whole.add(group.id)
    for name, direction in (("IpPermissions", Direction.INGRESS), ("IpPermissionsEgress", Direction.EGRESS)):
        for each in node.nodes(name):
            group.permissions += _permissions(each, direction, estate, group.title)


def _permissions(node: Node, direction: Direction, estate: Estate, title: str) -> Iterator[Permission]:
    """One element of ``IpPermissions``: every peer of it is a rule of its own, as the console shows them."""
    what = What(node.text("IpProtocol"), numbered(node, "FromPort"), numbered(node, "ToPort"))

    def made(each: Node, **peers: tuple[str, ...]) -> Permission:
        return permission(direction, what, at(each, title), estate, **peers, name=each.text("Description"))

    try:
        what.read()
    except ValueError:
        yield made(node)
        return
    for kind, name in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6")):
        yield from (made(each, ranges=(each.text(name),)) for each in node.nodes(kind))
    yield from (made(each, groups=(_peer_group(each),)) for each in node.nodes("UserIdGroupPairs"))
    yield from (made(each, lists=(each.text("PrefixListId"),)) for each in node.nodes("PrefixListIds"))


def _peer_group(node: Node) -> str:
    """The id, or else the name, of a group that a rule names (``UserIdGroupPair``)."""
    return node.text("GroupId") or node.text("GroupName") or "of which neither id nor name is written"


def _group_rule(node: Node, estate: Estate) -> None:
    """A rule by itself (``SecurityGroupRule``)."""
    group = estate.group(node.text("GroupId"))
    direction = Direction.EGRESS if node.flag("IsEgress") else Direction.INGRESS
    referred = node.node("ReferencedGroupInfo")
    groups = (_peer_group(referred),) if referred is not None else ()
    what = What(node.text("IpProtocol"), numbered(node, "FromPort"), numbered(node, "ToPort"))
    made = permission(
        direction, what, at(node, group.title), estate, (node.text("CidrIpv4"), node.text("CidrIpv6")), groups,
        (node.text("PrefixListId"),), node.text("Description"),
    )  # fmt: skip
    group.permissions.append(made)
    group.origin, group.field = (group.origin, group.field) if group.origin.source else (node.origin, node.field)


# Network ACLs


def _acl(node: Node, estate: Estate) -> None:
    """A network ACL (``NetworkAcl``)."""
    acl = estate.acl(node.text("NetworkAclId"))
    acl.origin, acl.entries = node.origin, []
    estate.whole.add(acl.id)
    acl.subnets |= {each.text("SubnetId") for each in node.nodes("Associations")} - {""}
    for each in node.nodes("Entries"):
        acl.entries += _entries(each, estate, f"network acl {acl.id}")


def _entries(node: Node, estate: Estate, title: str) -> Iterator[Entry]:
    """One entry (``NetworkAclEntry``); where its direction is not told it is one of both."""
    ports, message = node.node("PortRange"), node.node("IcmpTypeCode")
    what = What(
        node.text("Protocol"),
        numbered(message, "Type") if ports is None else numbered(ports, "From"),
        numbered(message, "Code") if ports is None else numbered(ports, "To"),
    )
    cidr = node.text("CidrBlock") or node.text("Ipv6CidrBlock")
    egress, where, action = node.flag("Egress"), at(node, title), node.text("RuleAction")
    if egress is not None:
        direction = Direction.EGRESS if egress else Direction.INGRESS
        yield entry(node.number("RuleNumber"), direction, action, what, cidr, where, estate)
        return
    made = entry(node.number("RuleNumber"), None, action, what, cidr, where, estate)
    yield from (replace(made, direction=each) for each in Direction)


# Networks


def _vpc(node: Node, estate: Estate) -> None:
    """A virtual network (``Vpc``)."""
    vpc = estate.vpc(node.text("VpcId"))
    texts = [node.text("CidrBlock"), *(each.text("CidrBlock") for each in node.nodes("CidrBlockAssociationSet"))]
    vpc.addresses |= union(texts, at(node, f"vpc {vpc.id}"), estate)


def _subnet(node: Node, estate: Estate) -> None:
    """A subnet (``Subnet``)."""
    six = [each.text("Ipv6CidrBlock") for each in node.nodes("Ipv6CidrBlockAssociationSet")]
    found = union([node.text("CidrBlock"), *six], at(node, f"subnet {node.text('SubnetId')}"), estate)
    estate.subnets[node.text("SubnetId")] = Subnet(
        node.text("SubnetId"), node.text("VpcId"), found, node.flag("MapPublicIpOnLaunch")
    )


_TARGETS = (
    "GatewayId", "EgressOnlyInternetGatewayId", "NatGatewayId", "TransitGatewayId", "NetworkInterfaceId",
    "VpcPeeringConnectionId", "InstanceId", "LocalGatewayId", "CarrierGatewayId",
)  # fmt: skip


def _table(node: Node, estate: Estate) -> None:
    """A route table (``RouteTable``)."""
    table = estate.table(node.text("RouteTableId"))
    table.network, table.origin, table.routes = node.text("VpcId"), node.origin, []
    estate.whole.add(table.id)
    for each in node.nodes("Associations"):
        table.main = table.main or bool(each.flag("Main"))
        table.subnets |= {each.text("SubnetId")} - {""}
    for each in node.nodes("Routes"):
        table.routes.append(_route(each, estate, f"route table {table.id}"))


def _route(node: Node, estate: Estate, title: str) -> Route:
    where = at(node, title)
    found = union([node.text("DestinationCidrBlock"), node.text("DestinationIpv6CidrBlock")], where, estate)
    target = next((text for name in _TARGETS if (text := node.text(name))), "")
    listed = node.text("DestinationPrefixListId")
    return Route(
        found, target, node.text("State") != "blackhole", node.field, f"prefix list {listed}" if listed else ""
    )


def _translator(node: Node, estate: Estate) -> None:
    if node.text("ConnectivityType") == "private":
        estate.private_translators.add(node.text("NatGatewayId"))


# Interfaces


def _card(node: Node, estate: Estate) -> None:
    """A network interface (``NetworkInterface``)."""
    attached = node.node("Attachment")
    instance = attached.text("InstanceId") if attached is not None else ""
    if instance and (zone := node.text("AvailabilityZone")):
        estate.zones[instance] = estate.zones.get(instance) or zone
    front = _BALANCER.match(node.text("Description"))
    if node.text("Description").startswith(_CLUSTER):
        estate.shown.add(node.text("Description").removeprefix(_CLUSTER))
    _add_card(node, estate, instance, front["name"] if front is not None else "")


def _add_card(node: Node, estate: Estate, instance: str, balancer: str = "") -> None:
    """Add an interface.

    The first address of each family is its own; further ones, and prefixes, it hands on, as to pods (EKS best practices
    guide, "Amazon VPC CNI").
    """
    where = at(node, f"network interface {node.text('NetworkInterfaceId')}")
    first = node.text("PrivateIpAddress")
    own, handed, public = [first], list[str](), list[str]()
    for each in node.nodes("PrivateIpAddresses"):
        address, association = each.text("PrivateIpAddress"), each.node("Association")
        primary = bool(each.flag("Primary")) or address == first
        (own if primary else handed).append(address)
        if association is not None and primary:
            public.append(association.text("PublicIp"))
    if (association := node.node("Association")) is not None:
        public.append(association.text("PublicIp"))
    six = [each.text("Ipv6Address") for each in node.nodes("Ipv6Addresses")]
    own, handed = [*own, *six[:1]], [*handed, *six[1:]]
    for kind in ("Ipv4Prefix", "Ipv6Prefix"):
        handed += [each.text(kind) for each in node.nodes(f"{kind}es")]
    groups = tuple(each.text("GroupId") for each in node.nodes("Groups")) if node.has("Groups") else None
    estate.cards[node.text("NetworkInterfaceId")] = Card(
        node.text("NetworkInterfaceId"), node.text("SubnetId"), node.text("VpcId"), union(own, where, estate),
        union(handed, where, estate), union([*public, *six], where, estate), groups, instance, balancer,
        origin=node.origin,
    )  # fmt: skip


def _reservation(node: Node, estate: Estate) -> None:
    """Instances (``Reservation``), with the interfaces that they show; those that are told by themselves count more."""
    for each in node.nodes("Instances"):
        placement, instance = each.node("Placement"), each.text("InstanceId")
        zone = placement.text("AvailabilityZone") if placement is not None else ""
        estate.zones[instance] = zone or estate.zones.get(instance, "")
        for card in each.nodes("NetworkInterfaces"):
            if card.text("NetworkInterfaceId") not in estate.cards:
                _add_card(card, estate, instance)


# Prefix lists


def _prefix_list(node: Node, estate: Estate) -> None:
    """A prefix list of AWS itself, whose entries are in it (``PrefixList``)."""
    if texts := list(node.texts("Cidrs")):
        identifier = node.text("PrefixListId")
        estate.lists[identifier] = union(texts, at(node, f"prefix list {identifier}"), estate)


def _list_entries(entries: tuple[Node, ...], whole: Node, estate: Estate) -> None:
    """The answer of ``get-managed-prefix-list-entries`` does not name its list: the file's name has to, or a field."""
    found = _PREFIX_LIST.search(whole.text("PrefixListId")) or _PREFIX_LIST.search(whole.origin.source)
    if found is None:
        message = "entries of a prefix list that is not named: put its id, pl-..., into the file's name"
        estate.complain(message, whole.origin, ("Entries",), "prefix list")
        return
    where = Where(f"prefix list {found[0]}", whole.origin, ("Entries",))
    estate.lists[found[0]] = union([each.text("Cidr") for each in entries], where, estate)


# Clusters


def _cluster(node: Node, estate: Estate) -> None:
    """A cluster of EKS (``Cluster``)."""
    network = node.node("resourcesVpcConfig")
    if network is None:
        return
    own = network.text("clusterSecurityGroupId")
    groups = tuple(filter(None, (own, *network.texts("securityGroupIds"))))
    estate.planes.append(
        Plane(node.text("name"), groups if own else None, network.texts("subnetIds"), node.origin)
    )  # fmt: skip


READERS: dict[str, Callable[[Node, Estate], None]] = {
    "Vpcs": _vpc,
    "SecurityGroups": _group,
    "SecurityGroupRules": _group_rule,
    "NetworkAcls": _acl,
    "Subnets": _subnet,
    "RouteTables": _table,
    "NatGateways": _translator,
    "NetworkInterfaces": _card,
    "Reservations": _reservation,
    "PrefixLists": _prefix_list,
    **balancerreading.READERS,
}
"""By the name of their list."""
