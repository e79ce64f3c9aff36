"""Security groups and network ACLs of Terraform's provider aws, planned or deployed, as records.

Source: the documentation of each resource in the registry. Rules are written inside of their group or list, or are
resources of their own, of two generations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from crenel.dialects.aws.blocks import Block
from crenel.dialects.aws.making import What, entry, permission
from crenel.dialects.aws.records import UNKNOWN_ID, Acl, Entry, Estate, Group, Permission, Unresolved
from crenel.network.addresses import AddressSet
from crenel.network.rules import Action, Direction
from crenel.provenance import Severity

GROUPS = ("aws_security_group", "aws_default_security_group")
ACLS = ("aws_network_acl", "aws_default_network_acl")
SUBNETS = ("aws_subnet", "aws_default_subnet")
VPCS = ("aws_vpc", "aws_default_vpc")
OWNERS = ("aws_eks_cluster", *VPCS)
"""What has a security group by itself."""
UNCLEAR = f"terraform:{UNKNOWN_ID}"
"""The id of the list, or of the table, of subnets of which it is not known which one they have."""
ANY_SUBNET = "*"
"""Stands among subnets for all that have no other list or table."""
_EVERYTHING = What("-1")
_ICMP = ("icmp", "icmpv6", "1", "58")


def not_applied(block: Block, what: str, estate: Estate) -> None:
    """Note that something belongs nowhere that is known."""
    where = block.where
    message = f"it is not known which {what} this belongs to; it is not applied"
    estate.complain(message, where.origin, where.field, where.title, Severity.NOTICE)


# Security groups


def _group(block: Block, estate: Estate) -> None:
    group = estate.group(block.key)
    group.name, group.network = block.node.text("name"), block.one("vpc_id", *VPCS)
    group.origin, group.field = block.node.origin, block.node.field
    if group.id in estate.whole:  # what is planned comes in the place of what is there
        group.permissions = []
    estate.whole.add(group.id)
    for direction in Direction:
        if block.is_open(direction.value):
            group.permissions.append(_vague(block, direction, block.later(direction.value), estate))
        for each in block.blocks(direction.value):
            group.permissions += _permissions(each, direction, "protocol", group, estate)


def own(block: Block, part: str, name: str, estate: Estate) -> str:
    """Note that something is what a network has by itself. Returns the network's id; empty where it is not known."""
    vpc = block.node.text("vpc_id") or (block.one(name, *VPCS) if block.is_open(name) else "")
    if not vpc or isinstance(vpc, Unresolved):
        return ""
    estate.vpc(vpc).own[part] = block.key
    return vpc


def _default_group(block: Block, estate: Estate) -> None:
    own(block, "group", "vpc_id", estate)
    _group(block, estate)


def _vague(block: Block, direction: Direction, text: str, estate: Estate) -> Permission:
    """A rule that may let anything through."""
    return permission(direction, _EVERYTHING, block.where, estate, (Unresolved(text),))


def _permissions(
    block: Block, direction: Direction, protocol: str, group: Group, estate: Estate
) -> Iterator[Permission]:
    """Every peer of a block as a rule of its own."""
    named = block.text(protocol)
    lower = named if isinstance(named, Unresolved) else named.lower()
    what = What(lower, block.number("from_port"), block.number("to_port"))

    def made(**peers: tuple[str, ...]) -> Permission:
        return permission(direction, what, block.where, estate, **peers, name=block.node.text("description"))

    try:
        what.read()
    except ValueError:
        yield made()
        return
    for name in ("cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6"):
        yield from (made(ranges=(each,)) for each in block.texts(name))
    for name in ("security_groups", "source_security_group_id", "referenced_security_group_id"):
        yield from (made(groups=(each,)) for each in groups_of(block, name, estate))
    for name in ("prefix_list_ids", "prefix_list_id"):
        yield from (made(lists=(each,)) for each in block.refers(name, "aws_ec2_managed_prefix_list"))
    if block.is_open("self"):
        yield made(groups=(block.later("self"),))
    elif block.node.flag("self"):
        yield made(groups=(group.id,))


def groups_of(block: Block, name: str, estate: Estate, *, alone: bool = False) -> tuple[str, ...]:
    """The ids of the groups of a field.

    What has a group by itself is meant by that where its expression is `alone`, as it is outside of blocks.
    """
    kinds = (*GROUPS, *OWNERS) if alone or not block.path else GROUPS
    return tuple(_identifier(each, estate) for each in block.refers(name, *kinds))


def _identifier(text: str, estate: Estate) -> str:
    """The id of a group, without the account that it is in; one that is told by its name is known by that."""
    if isinstance(text, Unresolved) or text in estate.groups:
        return text
    if text in estate.clusters or text in estate.vpcs:
        return estate.clusters.get(text) or estate.vpcs[text].default_group
    own = text.rpartition("/")[2]
    named = [] if own.startswith("sg-") else [each.id for each in estate.groups.values() if each.name == own]
    return named[0] if len(named) == 1 else own


def _group_of(block: Block, estate: Estate) -> Group | None:
    """The group of a rule that is a resource; of one that is not in the input the other rules are not known."""
    key = _identifier(block.one("security_group_id", *GROUPS, *OWNERS), estate)
    if any(key == vpc.default_group for vpc in estate.vpcs.values() if vpc.made):
        return estate.group(key)
    if isinstance(key, Unresolved) or not key:
        not_applied(block, "security group", estate)
        return None
    if key not in estate.groups:
        vague = f"further rules of {key}, which is not in the input"
        estate.group(key).permissions += [_vague(block, direction, vague, estate) for direction in Direction]
        estate.group(key).origin, estate.group(key).field = block.node.origin, block.node.field
    return estate.group(key)


def _group_rule(block: Block, estate: Estate) -> None:
    group = _group_of(block, estate)
    if group is None:
        return
    direction = next((each for each in Direction if each.value == block.node.text("type").lower()), None)
    if direction is not None:
        group.permissions += _permissions(block, direction, "protocol", group, estate)
        return
    where, message = block.where, "a rule that is of no direction"
    estate.complain(message, where.origin, where.field, where.title)
    group.permissions += [_vague(block, each, message, estate) for each in Direction]


def _vpc_rule(direction: Direction) -> Callable[[Block, Estate], None]:
    def taken(block: Block, estate: Estate) -> None:
        if (group := _group_of(block, estate)) is not None:
            group.permissions += _permissions(block, direction, "ip_protocol", group, estate)

    return taken


# Network ACLs


def _acl(block: Block, estate: Estate) -> None:
    acl = estate.acl(block.key)
    acl.origin = block.node.origin
    if acl.id in estate.whole:
        acl.entries = []
    estate.whole.add(acl.id)
    for subnet in block.refers("subnet_ids", *SUBNETS):
        _place(acl, subnet, block, estate)
    for direction in Direction:
        if block.is_open(direction.value):
            vague = block.later(direction.value)
            acl.entries.append(entry(0, direction, "allow", _EVERYTHING, vague, block.where, estate))
        for each in block.blocks(direction.value):
            acl.entries.append(_entry(each, direction, ("rule_no", "action"), estate))


def _default_acl(block: Block, estate: Estate) -> None:
    own(block, "acl", "default_network_acl_id", estate)
    _acl(block, estate)


def _entry(block: Block, direction: Direction | None, names: tuple[str, str], estate: Estate) -> Entry:
    """One entry. `names` are those of its number and its action."""
    protocol = block.text("protocol")
    ports = ("icmp_type", "icmp_code") if protocol.lower() in _ICMP else ("from_port", "to_port")
    what = What(protocol, block.number(ports[0]), block.number(ports[1]))
    cidr = block.text("cidr_block") or block.text("ipv6_cidr_block")
    number = None if block.is_open(names[0]) else block.node.number(names[0])
    return entry(number, direction, block.text(names[1]), what, cidr, block.where, estate)


def _acl_rule(block: Block, estate: Estate) -> None:
    key, names = block.one("network_acl_id", *ACLS), ("rule_number", "rule_action")
    if isinstance(key, Unresolved) or not key:
        not_applied(block, "network ACL", estate)
    elif block.is_open("egress"):
        made = _entry(block, None, names, estate)
        estate.acl(key).entries += [replace(made, direction=each) for each in Direction]
    else:
        direction = Direction.EGRESS if block.node.flag("egress") else Direction.INGRESS
        estate.acl(key).entries.append(_entry(block, direction, names, estate))


def _acl_of_subnet(block: Block, estate: Estate) -> None:
    acl, subnet = block.one("network_acl_id", *ACLS), block.one("subnet_id", *SUBNETS)
    known = acl and not isinstance(acl, Unresolved)
    _place(estate.acl(acl) if known else _some_acl(block, estate), subnet, block, estate)


def _place(acl: Acl, subnet: str, block: Block, estate: Estate) -> None:
    """Put a list before a subnet; where it is not known which, before each that has no other it may stand."""
    if isinstance(subnet, Unresolved):
        not_applied(block, "subnet", estate)
        _some_acl(block, estate).subnets.add(ANY_SUBNET)
    elif subnet:
        acl.subnets.add(subnet)


def _some_acl(block: Block, estate: Estate) -> Acl:
    """A list of which nothing is known."""
    acl = estate.acl(UNCLEAR)
    if not acl.entries:
        acl.origin, where = block.node.origin, block.where
        acl.entries += [
            Entry(0, each, Action.MAY_DECIDE, None, "", AddressSet(), where.origin, where.field) for each in Direction
        ]
    return acl


RULES: dict[str, Callable[[Block, Estate], None]] = {
    "security_group": _group,
    "default_security_group": _default_group,
    "security_group_rule": _group_rule,
    "vpc_security_group_ingress_rule": _vpc_rule(Direction.INGRESS),
    "vpc_security_group_egress_rule": _vpc_rule(Direction.EGRESS),
    "network_acl": _acl,
    "default_network_acl": _default_acl,
    "network_acl_rule": _acl_rule,
    "network_acl_association": _acl_of_subnet,
}
"""By type, in the order in which they have to be read."""
