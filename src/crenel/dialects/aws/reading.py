"""Reads what ``aws ec2 describe-*`` and its kin print into an estate.

Sources: the response elements of each action in the API references of EC2, Elastic Load Balancing and Elastic Load
Balancing V2. Documents are known by their one list; several may be in one mapping.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from crenel.dialects.aws.records import (
    Acl,
    Card,
    Entry,
    Estate,
    Group,
    LoadBalancer,
    Permission,
    Route,
    Subnet,
    Table,
    TargetGroup,
)
from crenel.dialects.aws.traffic import traffic
from crenel.dialects.trees import Node, addresses
from crenel.network.addresses import AddressSet
from crenel.network.rules import Action, Direction
from crenel.provenance import Origin

_PREFIX_LIST = re.compile(r"pl-[0-9a-f]+")
_BALANCER = re.compile(r"ELB (?:(app|net|gwy)/)?(?P<name>[^/]+)(?:/[0-9a-f]+)?\Z")


def take(data: Any, origin: Origin, estate: Estate) -> None:
    """Read one document."""
    whole = Node(data, origin)
    for name, read in READERS.items():
        for node in whole.nodes(name):
            read(node, estate)
    for each in whole.nodes("NatGateways"):
        if each.text("ConnectivityType") == "private":
            estate.private_translators.add(each.text("NatGatewayId"))
    if entries := tuple(whole.nodes("Entries")):
        _list_entries(entries, origin, whole, estate)


def _list_entries(entries: tuple[Node, ...], origin: Origin, whole: Node, estate: Estate) -> None:
    """The answer of ``get-managed-prefix-list-entries`` does not name its list: the file's name has to."""
    if (found := _PREFIX_LIST.search(origin.source)) is None:
        message = "entries of a prefix list that is not named: put its id, pl-..., into the file's name"
        estate.complain(message, origin, ("Entries",), "prefix list")
        return
    texts = [each.text("Cidr") for each in entries]
    estate.lists[found[0]] = _union(texts, whole, estate, f"prefix list {found[0]}")


def _union(texts: list[str], node: Node, estate: Estate, title: str) -> AddressSet:
    found, wrong = addresses(*(text for text in texts if text))
    for text in wrong:
        estate.complain(f"{text!r} is not a CIDR", node.origin, node.field, title)
    return found


def _group(node: Node, estate: Estate) -> None:
    """A security group (``SecurityGroup``)."""
    group = estate.groups.setdefault(node.text("GroupId"), Group(node.text("GroupId")))
    group.name, group.origin, group.field = node.text("GroupName"), node.origin, node.field
    for name, direction in (("IpPermissions", Direction.INGRESS), ("IpPermissionsEgress", Direction.EGRESS)):
        for each in node.nodes(name):
            group.permissions += _permission(each, direction, estate, group.title)


def _permission(node: Node, direction: Direction, estate: Estate, title: str) -> Iterator[Permission]:
    """One element of ``IpPermissions``: every peer of it is a rule of its own, as the console shows them."""
    try:
        matches, only = traffic(node.text("IpProtocol"), _signed(node, "FromPort"), _signed(node, "ToPort"))
    except ValueError as error:
        yield _unreadable(node, direction, estate, title, error)
        return
    for kind, name in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6")):
        for each in node.nodes(kind):
            found = _union([each.text(name)], each, estate, title)
            if found:
                yield Permission(
                    direction, matches, only, found, (), (), each.origin, each.field, each.text("Description")
                )  # fmt: skip
    for each in node.nodes("UserIdGroupPairs"):
        groups = (each.text("GroupId"),)
        yield Permission(
            direction, matches, only, AddressSet(), groups, (), each.origin, each.field, each.text("Description")
        )  # fmt: skip
    for each in node.nodes("PrefixListIds"):
        lists = (each.text("PrefixListId"),)
        yield Permission(
            direction, matches, only, AddressSet(), (), lists, each.origin, each.field, each.text("Description")
        )  # fmt: skip


def _unreadable(node: Node, direction: Direction, estate: Estate, title: str, error: ValueError) -> Permission:
    """A rule that may let in anything: groups have no others than those that allow."""
    estate.complain(f"a rule that cannot be read: {error}", node.origin, node.field, title)
    unknown = ("a rule that cannot be read",)
    return Permission(direction, None, "", AddressSet(), (), (), node.origin, node.field, unknown=unknown)


def _signed(node: Node, name: str) -> int | None:
    value, _ = node.find(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else node.number(name)


def _group_rule(node: Node, estate: Estate) -> None:
    """A rule by itself (``SecurityGroupRule``); one that its group has already is not added again."""
    group = estate.groups.setdefault(node.text("GroupId"), Group(node.text("GroupId")))
    direction = Direction.EGRESS if node.flag("IsEgress") else Direction.INGRESS
    try:
        matches, only = traffic(node.text("IpProtocol"), _signed(node, "FromPort"), _signed(node, "ToPort"))
    except ValueError as error:
        group.permissions.append(_unreadable(node, direction, estate, group.title, error))
        return
    found = _union([node.text("CidrIpv4"), node.text("CidrIpv6")], node, estate, group.title)
    referred = node.node("ReferencedGroupInfo")
    groups = (referred.text("GroupId"),) if referred is not None else ()
    lists = (node.text("PrefixListId"),) if node.text("PrefixListId") else ()
    made = Permission(direction, matches, only, found, groups, lists, node.origin, node.field, node.text("Description"))
    known = ((each.direction, each.traffic, each.addresses, each.groups, each.lists) for each in group.permissions)
    if (direction, matches, found, groups, lists) not in known:
        group.permissions.append(made)


def _acl(node: Node, estate: Estate) -> None:
    """A network ACL (``NetworkAcl``)."""
    acl = estate.acls.setdefault(node.text("NetworkAclId"), Acl(node.text("NetworkAclId")))
    acl.origin = node.origin
    acl.subnets |= {each.text("SubnetId") for each in node.nodes("Associations")} - {""}
    for each in node.nodes("Entries"):
        acl.entries.append(_entry(each, estate, f"network acl {acl.id}"))


_ACTIONS = {"allow": Action.NEXT, "deny": Action.DENY}


def _entry(node: Node, estate: Estate, title: str) -> Entry:
    ports, message = node.node("PortRange"), node.node("IcmpTypeCode")
    low = _signed(ports, "From") if ports else _signed(message, "Type") if message else None
    high = _signed(ports, "To") if ports else _signed(message, "Code") if message else None
    direction = Direction.EGRESS if node.flag("Egress") else Direction.INGRESS
    number, why = node.number("RuleNumber") or 0, "no rule number, or no direction"
    try:
        matches, only = traffic(node.text("Protocol"), low, high)
        found = AddressSet.of(node.text("CidrBlock") or node.text("Ipv6CidrBlock") or "no range")
        action = _ACTIONS[node.text("RuleAction").lower()]
        placed = node.number("RuleNumber") is not None and node.flag("Egress") is not None
    except (ValueError, KeyError) as error:
        placed, why = False, str(error)
    if not placed:
        estate.complain(f"an entry that cannot be read: {why}", node.origin, node.field, title)
        return Entry(number, direction, Action.MAY_DECIDE, None, "", AddressSet(), node.field)
    return Entry(number, direction, action, matches, only, found, node.field)


def _subnet(node: Node, estate: Estate) -> None:
    """A subnet (``Subnet``)."""
    six = [each.text("Ipv6CidrBlock") for each in node.nodes("Ipv6CidrBlockAssociationSet")]
    found = _union([node.text("CidrBlock"), *six], node, estate, f"subnet {node.text('SubnetId')}")
    estate.subnets[node.text("SubnetId")] = Subnet(node.text("SubnetId"), node.text("VpcId"), found)


def _table(node: Node, estate: Estate) -> None:
    """A route table (``RouteTable``)."""
    table = estate.tables.setdefault(node.text("RouteTableId"), Table(node.text("RouteTableId")))
    table.network, table.origin = node.text("VpcId"), node.origin
    for each in node.nodes("Associations"):
        table.main = table.main or bool(each.flag("Main"))
        table.subnets |= {each.text("SubnetId")} - {""}
    for each in node.nodes("Routes"):
        found = _union(
            [each.text("DestinationCidrBlock"), each.text("DestinationIpv6CidrBlock")], each, estate,
            f"route table {table.id}",
        )  # fmt: skip
        names = ("GatewayId", "EgressOnlyInternetGatewayId", "NatGatewayId", "TransitGatewayId", "NetworkInterfaceId",
                 "VpcPeeringConnectionId", "InstanceId", "LocalGatewayId", "CarrierGatewayId")  # fmt: skip
        target = next((text for name in names if (text := each.text(name))), "")
        table.routes.append(Route(found, target, each.text("State") != "blackhole", each.field))


def _card(node: Node, estate: Estate) -> None:
    """A network interface (``NetworkInterface``)."""
    attached = node.node("Attachment")
    instance = attached.text("InstanceId") if attached is not None else ""
    if instance and node.text("AvailabilityZone"):
        estate.zones.setdefault(instance, node.text("AvailabilityZone"))
    front = _BALANCER.match(node.text("Description"))
    machine = front["name"] if front else estate.machine(instance) if instance else ""
    _add_card(node, estate, machine, balancer=front is not None)


def _add_card(node: Node, estate: Estate, machine: str, *, balancer: bool = False) -> None:
    title = f"network interface {node.text('NetworkInterfaceId')}"
    own, handed, public = [node.text("PrivateIpAddress")], list[str](), list[str]()
    for each in node.nodes("PrivateIpAddresses"):
        address, association = each.text("PrivateIpAddress"), each.node("Association")
        (own if each.flag("Primary") or address == own[0] else handed).append(address)
        if association is not None and (each.flag("Primary") or address == own[0]):
            public.append(association.text("PublicIp"))
    if (association := node.node("Association")) is not None:
        public.append(association.text("PublicIp"))
    six = [each.text("Ipv6Address") for each in node.nodes("Ipv6Addresses")]
    own, handed = [*own, *six[:1]], [*handed, *six[1:]]
    handed += [each.text("Ipv4Prefix") for each in node.nodes("Ipv4Prefixes")]
    handed += [each.text("Ipv6Prefix") for each in node.nodes("Ipv6Prefixes")]
    groups = tuple(each.text("GroupId") for each in node.nodes("Groups")) if node.has("Groups") else None
    estate.cards[node.text("NetworkInterfaceId")] = Card(
        node.text("NetworkInterfaceId"), node.text("SubnetId"), node.text("VpcId"), _union(own, node, estate, title),
        _union(handed, node, estate, title), _union([*public, *six], node, estate, title), groups, machine, balancer,
        node.origin,
    )  # fmt: skip


def _reservation(node: Node, estate: Estate) -> None:
    """Instances (``Reservation``), with the interfaces that they show; those that are told by themselves count more."""
    for each in node.nodes("Instances"):
        placement = each.node("Placement")
        instance = each.text("InstanceId")
        estate.zones[instance] = placement.text("AvailabilityZone") if placement is not None else ""
        for card in each.nodes("NetworkInterfaces"):
            if card.text("NetworkInterfaceId") not in estate.cards:
                _add_card(card, estate, estate.machine(instance))


def _prefix_list(node: Node, estate: Estate) -> None:
    """A prefix list of AWS itself, whose entries are in it (``PrefixList``)."""
    if texts := list(node.texts("Cidrs")):
        estate.lists[node.text("PrefixListId")] = _union(
            texts, node, estate, f"prefix list {node.text('PrefixListId')}"
        )


def _balancer(node: Node, estate: Estate) -> None:
    """A load balancer of the second generation (``LoadBalancer``)."""
    scheme, arn = node.text("Scheme"), node.text("LoadBalancerArn")
    groups = node.texts("SecurityGroups") if node.has("SecurityGroups") else None
    old = estate.balancers.get(arn)
    estate.balancers[arn] = LoadBalancer(
        node.text("LoadBalancerName"), arn, node.text("DNSName"), node.text("Type"),
        None if not scheme else scheme == "internal", groups or (() if node.text("Type") == "network" else groups),
        tuple(each.text("SubnetId") for each in node.nodes("AvailabilityZones")), old.listeners if old else [],
        node.origin, node.field,
    )  # fmt: skip


def _listener(node: Node, estate: Estate) -> None:
    arn = node.text("LoadBalancerArn")
    made = estate.balancers.setdefault(arn, LoadBalancer("", arn, "", "", None, None, ()))
    groups: dict[str, None] = {}
    for action in node.nodes("DefaultActions"):
        forward = action.node("ForwardConfig")
        more = [each.text("TargetGroupArn") for each in forward.nodes("TargetGroups")] if forward is not None else []
        groups |= dict.fromkeys(text for text in (action.text("TargetGroupArn"), *more) if text)
    made.listeners.append((node.text("Protocol"), node.number("Port") or 0, tuple(groups), node.origin, node.field))


def _target_group(node: Node, estate: Estate) -> None:
    arn = node.text("TargetGroupArn")
    known = estate.targets.get(arn)
    estate.targets[arn] = TargetGroup(
        arn, node.text("TargetType") or "instance", node.number("Port"), node.text("Protocol"),
        known.targets if known else None,
    )  # fmt: skip


def _first_balancer(node: Node, estate: Estate) -> None:
    """A load balancer of the first generation (``LoadBalancerDescription``)."""
    name = node.text("LoadBalancerName")
    made = LoadBalancer(
        name, name, node.text("DNSName"), "classic", node.text("Scheme") == "internal", node.texts("SecurityGroups"),
        node.texts("Subnets"), [], node.origin, node.field,
    )  # fmt: skip
    instances = tuple((each.text("InstanceId"), None) for each in node.nodes("Instances"))
    for each in node.nodes("ListenerDescriptions"):
        listener = each.node("Listener")
        if listener is not None:
            port, arn = listener.number("InstancePort"), f"{name}:{listener.number('LoadBalancerPort')}"
            targets = tuple((instance, port) for instance, _ in instances)
            estate.targets[arn] = TargetGroup(arn, "instance", port, "TCP", targets)
            place = (listener.origin, listener.field)
            made.listeners.append((listener.text("Protocol"), listener.number("LoadBalancerPort") or 0, (arn,), *place))
    estate.balancers[name] = made


def take_health(data: Any, origin: Origin, estate: Estate) -> None:
    """Read the targets of a group, which the answer does not name: a field beside them may, or there is only one."""
    whole = Node(data, origin)
    found = tuple(
        (target.text("Id"), target.number("Port"))
        for each in whole.nodes("TargetHealthDescriptions")
        if (target := each.node("Target")) is not None
    )
    arn = whole.text("TargetGroupArn") or (next(iter(estate.targets)) if len(estate.targets) == 1 else "")
    if found and arn:
        old = estate.targets.get(arn, TargetGroup(arn, "instance", None, "", None))
        estate.targets[arn] = TargetGroup(arn, old.kind, old.port, old.protocol, (*(old.targets or ()), *found))


READERS: dict[str, Callable[[Node, Estate], None]] = {
    "SecurityGroups": _group,
    "SecurityGroupRules": _group_rule,
    "NetworkAcls": _acl,
    "Subnets": _subnet,
    "RouteTables": _table,
    "NetworkInterfaces": _card,
    "Reservations": _reservation,
    "PrefixLists": _prefix_list,
    "LoadBalancers": _balancer,
    "Listeners": _listener,
    "TargetGroups": _target_group,
    "LoadBalancerDescriptions": _first_balancer,
}
"""By the name of their list."""
