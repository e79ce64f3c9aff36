"""Networks, subnets, routes and prefix lists of Terraform's provider aws, planned or deployed, as records.

Source: the documentation of each resource in the registry.
"""

from __future__ import annotations

from collections.abc import Callable

from crenel.dialects.aws.blocks import Block
from crenel.dialects.aws.making import union
from crenel.dialects.aws.records import Estate, Route, Subnet, Table, Unresolved
from crenel.dialects.aws.tfrules import ANY_SUBNET, SUBNETS, UNCLEAR, VPCS, not_applied, own
from crenel.network.addresses import AddressSet, Family

_TABLES = ("aws_route_table", "aws_default_route_table")
_RANGES: dict[Family, str] = {4: "cidr_block", 6: "ipv6_cidr_block"}


def _vpc(block: Block, estate: Estate) -> None:
    vpc = estate.vpc(block.key)
    vpc.addresses |= union([block.node.text(name) for name in _RANGES.values()], block.where, estate)
    vpc.six = bool(block.node.flag("assign_generated_ipv6_cidr_block")) or any(
        block.text(name) for name in ("ipv6_cidr_block", "ipv6_ipam_pool_id")
    )
    vpc.made, vpc.origin = not block.node.text("id"), block.node.origin
    names = {"group": "default_security_group_id", "acl": "default_network_acl_id", "table": "main_route_table_id"}
    vpc.own |= {part: identifier for part, name in names.items() if (identifier := block.node.text(name))}


def _more_ranges(block: Block, estate: Estate) -> None:
    vpc = block.one("vpc_id", *VPCS)
    if vpc and not isinstance(vpc, Unresolved):
        estate.vpc(vpc).addresses |= union([block.node.text("cidr_block")], block.where, estate)


def _subnet(block: Block, estate: Estate) -> None:
    found = union([block.node.text(name) for name in _RANGES.values()], block.where, estate)
    vague = frozenset(family for family, name in _RANGES.items() if block.is_open(name))
    publishes = block.node.flag("map_public_ip_on_launch")
    estate.subnets[block.key] = Subnet(block.key, block.one("vpc_id", *VPCS), found, publishes, vague)


# Routes


def _gateway(prefix: str) -> Callable[[Block, Estate], None]:
    def taken(block: Block, estate: Estate) -> None:
        if not block.key.startswith(prefix):
            estate.gateways[block.key] = prefix
        if block.node.text("connectivity_type") == "private":
            estate.private_translators.add(block.key)

    return taken


def _table(block: Block, estate: Estate) -> None:
    table = estate.table(block.key)
    table.network, table.origin = block.one("vpc_id", *VPCS), block.node.origin
    estate.whole.add(table.id)
    if block.is_open("route"):
        table.routes.append(Route(AddressSet(), "", active=True, field=block.node.field, unknown=block.later("route")))
    table.routes += [_route_of(each, "", estate) for each in block.blocks("route")]


def _default_table(block: Block, estate: Estate) -> None:
    vpc = own(block, "table", "default_route_table_id", estate)
    _table(block, estate)
    table = estate.table(block.key)
    table.network, table.main = vpc or table.network, True


_TARGETS = {
    "gateway_id": ("aws_internet_gateway", "aws_vpn_gateway"),
    "nat_gateway_id": ("aws_nat_gateway",),
    "egress_only_gateway_id": ("aws_egress_only_internet_gateway",),
    "transit_gateway_id": ("aws_ec2_transit_gateway",),
    "network_interface_id": ("aws_network_interface", "aws_instance"),
    "vpc_peering_connection_id": ("aws_vpc_peering_connection",),
    "vpc_endpoint_id": ("aws_vpc_endpoint",),
    "local_gateway_id": (),
    "carrier_gateway_id": ("aws_ec2_carrier_gateway",),
    "core_network_arn": (),
    "instance_id": ("aws_instance",),
}
"""The types of resources that each field of a route may lead to."""


def _route_of(block: Block, prefix: str, estate: Estate) -> Route:
    """One route. `prefix` is what the names of its destination begin with."""
    names = [f"{prefix}{name}" for name in _RANGES.values()]
    found = union([block.node.text(name) for name in names], block.where, estate)
    target = next((text for name, kinds in _TARGETS.items() if (text := block.one(name, *kinds))), "")
    unknown = next((block.later(name) for name in names if block.is_open(name)), "")
    listed = block.text("destination_prefix_list_id")
    if listed:
        unknown = f"prefix list {listed}"
    return Route(found, target, active=True, field=block.node.field, unknown=unknown)


def _table_by(identifier: str, block: Block, estate: Estate) -> Table:
    """A route table that something refers to; of one that is not in the input the other routes are not known."""
    if identifier not in estate.tables and identifier not in {vpc.main_table for vpc in estate.vpcs.values()}:
        unknown = f"what {identifier}, which is not in the input, has a route for"
        route = Route(AddressSet(), "", active=True, field=block.node.field, unknown=unknown)
        estate.table(identifier).routes.append(route)
        estate.table(identifier).origin = block.node.origin
    return estate.table(identifier)


def _route(block: Block, estate: Estate) -> None:
    table, vpc = block.one("route_table_id", *_TABLES), block.one("route_table_id", *VPCS)
    if isinstance(table, Unresolved) and vpc in estate.vpcs:
        table = estate.vpc(vpc).main_table
    if not table or isinstance(table, Unresolved):
        not_applied(block, "route table", estate)
        return
    _table_by(table, block, estate).routes.append(_route_of(block, "destination_", estate))


def _table_of_subnet(block: Block, estate: Estate) -> None:
    table, subnet = block.one("route_table_id", *_TABLES), block.one("subnet_id", *SUBNETS)
    if isinstance(subnet, Unresolved):
        not_applied(block, "subnet", estate)
        _table_by(UNCLEAR, block, estate).subnets.add(ANY_SUBNET)
    elif subnet:
        known = table if table and not isinstance(table, Unresolved) else UNCLEAR
        _table_by(known, block, estate).subnets.add(subnet)


def _main_table(block: Block, estate: Estate) -> None:
    table, vpc = block.one("route_table_id", *_TABLES), block.one("vpc_id", *VPCS)
    if not table or not vpc or isinstance(table, Unresolved) or isinstance(vpc, Unresolved):
        not_applied(block, "route table or network", estate)
        return
    estate.vpc(vpc).own["table"] = table
    found = _table_by(table, block, estate)
    found.network, found.main = vpc, True


# Prefix lists


def _prefix_list(block: Block, estate: Estate) -> None:
    entries = list(block.blocks("entry"))
    if not block.is_open("entry") and not any(each.is_open("cidr") for each in entries):
        estate.lists[block.key] = union([each.node.text("cidr") for each in entries], block.where, estate)


def _list_entry(block: Block, estate: Estate) -> None:
    listed = block.one("prefix_list_id", "aws_ec2_managed_prefix_list")
    if listed in estate.lists and block.is_open("cidr"):
        del estate.lists[listed]
    elif listed in estate.lists:
        estate.lists[listed] |= union([block.node.text("cidr")], block.where, estate)


NETWORKS: dict[str, Callable[[Block, Estate], None]] = {
    "vpc": _vpc,
    "default_vpc": _vpc,
    "vpc_ipv4_cidr_block_association": _more_ranges,
    "subnet": _subnet,
    "default_subnet": _subnet,
    "internet_gateway": _gateway("igw-"),
    "nat_gateway": _gateway("nat-"),
    "egress_only_internet_gateway": _gateway("eigw-"),
    "route_table": _table,
    "default_route_table": _default_table,
    "route": _route,
    "route_table_association": _table_of_subnet,
    "main_route_table_association": _main_table,
    "ec2_managed_prefix_list": _prefix_list,
    "ec2_managed_prefix_list_entry": _list_entry,
}
"""By type, in the order in which they have to be read."""
