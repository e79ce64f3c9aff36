"""A naive evaluator of security groups and network ACLs: one packet at a time, straight from the vendor's text.

It shares nothing with the package. Sources: VPC user guide, "Security groups", "Security group rules", "Network ACLs",
"Custom network ACLs"; EC2 API, ``IpPermission`` and ``CreateNetworkAclEntry``. It knows the shapes that `samples` makes
and whatever is sure; it is not asked about anything else.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any, NamedTuple

_NUMBERS = {"tcp": 6, "udp": 17, "icmp": 1, "icmpv6": 58}


class Packet(NamedTuple):
    """A packet; ports are 0 for a protocol without ports."""

    source: str
    destination: str
    protocol: int
    source_port: int
    port: int


class World(NamedTuple):
    """What the documents of an estate list."""

    groups: list[dict[str, Any]]
    acls: list[dict[str, Any]]
    cards: list[dict[str, Any]]
    subnets: list[dict[str, Any]]
    lists: dict[str, list[str]]
    vpc: str
    """The range of the network."""


def answered(world: World, packet: Packet) -> bool:
    """Whether a connection's first packet arrives, and the reply to it."""
    back = Packet(packet.destination, packet.source, packet.protocol, packet.port, packet.source_port)
    return arrives(world, packet) and _crosses(world, back)


def arrives(world: World, packet: Packet) -> bool:
    """Whether the first packet of a connection arrives."""
    sender, receiver = _card(world, packet.source), _card(world, packet.destination)
    if not _is_free(world, packet.destination) and sender is not None and not _grouped(world, sender, packet, out=True):
        return False
    if receiver is not None and not _grouped(world, receiver, packet, out=False):
        return False
    return _crosses(world, packet)


def _grouped(world: World, card: dict[str, Any], packet: Packet, *, out: bool) -> bool:
    """Whether any rule of any group of an interface allows a packet; one without groups has no rules to obey."""
    mine = [each["GroupId"] for each in card["Groups"]]
    if not mine:
        return True
    name = "IpPermissionsEgress" if out else "IpPermissions"
    rules = [rule for group in world.groups if group["GroupId"] in mine for rule in group[name]]
    other = packet.destination if out else packet.source
    return any(_speaks_of(rule, packet) and _names(world, rule, other) for rule in rules)


def _speaks_of(rule: dict[str, Any], packet: Packet) -> bool:
    protocol = rule["IpProtocol"]
    if protocol == "-1":
        return True
    number = _NUMBERS[protocol] if protocol in _NUMBERS else int(protocol)
    if number != packet.protocol:
        return False
    return number not in (6, 17) or rule["FromPort"] <= packet.port <= rule["ToPort"]


def _names(world: World, rule: dict[str, Any], other: str) -> bool:
    texts = [each["CidrIp"] for each in rule["IpRanges"]] + [each["CidrIpv6"] for each in rule["Ipv6Ranges"]]
    for each in rule["PrefixListIds"]:
        texts += world.lists[each["PrefixListId"]]
    if any(_within(other, text) for text in texts):
        return True
    card = _card(world, other)
    carried = [each["GroupId"] for each in card["Groups"]] if card is not None else []
    return any(each["GroupId"] in carried for each in rule["UserIdGroupPairs"])


def _crosses(world: World, packet: Packet) -> bool:
    """Whether a packet gets out of the subnet of the one end and into that of the other."""
    sender, receiver = _card(world, packet.source), _card(world, packet.destination)
    if sender is not None and not _listed(world, sender, packet.destination, packet, egress=True):
        return False
    return receiver is None or _listed(world, receiver, packet.source, packet, egress=False)


def _listed(world: World, card: dict[str, Any], other: str, packet: Packet, *, egress: bool) -> bool:
    subnet = next(each for each in world.subnets if each["SubnetId"] == card["SubnetId"])
    ranges = [subnet["CidrBlock"], *(each["Ipv6CidrBlock"] for each in subnet["Ipv6CidrBlockAssociationSet"])]
    if any(_within(other, text) for text in ranges) or _is_free(world, other):
        return True
    acl = next(
        each for each in world.acls if any(one["SubnetId"] == subnet["SubnetId"] for one in each["Associations"])
    )  # fmt: skip
    entries = [each for each in acl["Entries"] if each["Egress"] == egress]
    for each in sorted(entries, key=lambda one: int(one["RuleNumber"])):
        text = each.get("CidrBlock") or each["Ipv6CidrBlock"]
        if _within(other, text) and _entry_speaks_of(each, packet):
            return bool(each["RuleAction"] == "allow")
    return False


def _entry_speaks_of(entry: dict[str, Any], packet: Packet) -> bool:
    protocol = int(entry["Protocol"])
    if protocol == -1:
        return True
    if protocol != packet.protocol:
        return False
    return protocol not in (6, 17) or entry["PortRange"]["From"] <= packet.port <= entry["PortRange"]["To"]


def _is_free(world: World, other: str) -> bool:
    """Whether an address is one of the platform, which nothing filters."""
    if _within(other, "169.254.0.0/16") or other in ("fd00:ec2::253", "fd00:ec2::254"):
        return True
    ranges = [world.vpc, *(each["CidrBlock"] for each in world.subnets)]
    return any(other == str(ip_network(text)[number]) for text in ranges for number in range(4))


def _card(world: World, address: str) -> dict[str, Any] | None:
    wanted = ip_address(address)
    for card in world.cards:
        listed = [card["PrivateIpAddress"], *(each["Ipv6Address"] for each in card["Ipv6Addresses"])]
        if wanted in [ip_address(each) for each in listed]:
            return card
    return None


def _within(address: str, text: str) -> bool:
    network = ip_network(text)
    return ip_address(address).version == network.version and ip_address(address) in network
