"""Answers of AWS as its command line prints them: builders of single things, and whole estates made of them."""

from __future__ import annotations

from typing import Any


def permission(
    protocol: str = "tcp", low: int | None = 443, high: int | None = None, *cidrs: str, groups: tuple[str, ...] = (),
    lists: tuple[str, ...] = (),
) -> dict[str, Any]:  # fmt: skip
    """One element of ``IpPermissions``; the port is one where `high` is not given."""
    made: dict[str, Any] = {
        "IpProtocol": protocol,
        "IpRanges": [{"CidrIp": each} for each in cidrs if ":" not in each],
        "Ipv6Ranges": [{"CidrIpv6": each} for each in cidrs if ":" in each],
        "UserIdGroupPairs": [{"GroupId": each, "UserId": "111122223333"} for each in groups],
        "PrefixListIds": [{"PrefixListId": each} for each in lists],
    }
    return made if low is None else {**made, "FromPort": low, "ToPort": low if high is None else high}


EVERYTHING = permission("-1", None, None, "0.0.0.0/0", "::/0")


def group(
    identifier: str, *inwards: dict[str, Any], outwards: tuple[dict[str, Any], ...] = (EVERYTHING,)
) -> dict[str, Any]:
    """A security group; a new one lets everything out."""
    return {
        "GroupId": identifier, "GroupName": identifier.removeprefix("sg-"), "VpcId": "vpc-1",
        "IpPermissions": list(inwards), "IpPermissionsEgress": list(outwards),
    }  # fmt: skip


def entry(
    number: int, action: str = "allow", protocol: str = "-1", low: int = 0, high: int = 0, cidr: str = "0.0.0.0/0", *,
    egress: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """An entry of a network ACL."""
    made: dict[str, Any] = {"RuleNumber": number, "RuleAction": action, "Protocol": protocol, "Egress": egress}
    made["Ipv6CidrBlock" if ":" in cidr else "CidrBlock"] = cidr
    return {**made, "PortRange": {"From": low, "To": high}} if high else made


def acl(identifier: str, subnets: tuple[str, ...], *entries: dict[str, Any]) -> dict[str, Any]:
    """A network ACL with the denials at its end, which nobody can delete."""
    last = [entry(32767, "deny", egress=egress) for egress in (False, True)]
    return {
        "NetworkAclId": identifier, "VpcId": "vpc-1", "Entries": [*entries, *last],
        "Associations": [{"NetworkAclAssociationId": f"a-{each}", "SubnetId": each} for each in subnets],
    }  # fmt: skip


OPEN = (entry(100), entry(100, egress=True), entry(101, cidr="::/0"), entry(101, cidr="::/0", egress=True))
"""The entries of a default network ACL of a network with IPv6."""


def subnet(identifier: str, cidr: str, six: str = "") -> dict[str, Any]:
    """A subnet."""
    blocks = [{"Ipv6CidrBlock": six, "AssociationId": "x"}] if six else []
    return {"SubnetId": identifier, "VpcId": "vpc-1", "CidrBlock": cidr, "Ipv6CidrBlockAssociationSet": blocks}


def table(
    identifier: str, *routes: tuple[str, str], subnets: tuple[str, ...] = (), main: bool = False
) -> dict[str, Any]:
    """A route table of (range, target)."""
    fields = {"igw": "GatewayId", "loc": "GatewayId", "nat": "NatGatewayId", "eig": "EgressOnlyInternetGatewayId"}
    return {
        "RouteTableId": identifier, "VpcId": "vpc-1",
        "Associations": [{"SubnetId": each, "Main": False} for each in subnets] + ([{"Main": True}] if main else []),
        "Routes": [
            {
                "DestinationIpv6CidrBlock" if ":" in cidr else "DestinationCidrBlock": cidr,
                fields.get(target[:3], "TransitGatewayId"): target, "State": "active",
            }
            for cidr, target in routes
        ],
    }  # fmt: skip


def card(
    identifier: str, subnet: str, address: str, *groups: str, public: str = "", six: str = "", instance: str = "",
    further: tuple[str, ...] = (), prefixes: tuple[str, ...] = (), description: str = "",
) -> dict[str, Any]:  # fmt: skip
    """A network interface."""
    private: list[dict[str, Any]] = [{"PrivateIpAddress": address, "Primary": True}]
    private += [{"PrivateIpAddress": each, "Primary": False} for each in further]
    made: dict[str, Any] = {
        "NetworkInterfaceId": identifier, "SubnetId": subnet, "VpcId": "vpc-1", "AvailabilityZone": "eu-west-1a",
        "PrivateIpAddress": address, "PrivateIpAddresses": private, "Description": description,
        "Groups": [{"GroupId": each, "GroupName": each} for each in groups],
        "Ipv6Addresses": [{"Ipv6Address": six}] if six else [],
        "Ipv4Prefixes": [{"Ipv4Prefix": each} for each in prefixes],
    }  # fmt: skip
    if public:
        made["Association"] = {"PublicIp": public, "IpOwnerId": "amazon"}
    if instance:
        made["Attachment"] = {"InstanceId": instance, "Status": "attached"}
    return made


SUBNETS = [subnet("subnet-a", "10.0.1.0/24", "2600:1f18:a::/64"), subnet("subnet-b", "10.0.2.0/24")]
TABLES = [
    table("rtb-public", ("10.0.0.0/16", "local"), ("0.0.0.0/0", "igw-1"), ("::/0", "igw-1"), subnets=("subnet-a",)),
    table("rtb-private", ("10.0.0.0/16", "local"), ("0.0.0.0/0", "nat-1"), main=True),
]
CARDS = [
    card("eni-web", "subnet-a", "10.0.1.10", "sg-web", public="18.200.1.1", six="2600:1f18:a::10", instance="i-web"),
    card("eni-app", "subnet-a", "10.0.1.11", "sg-app", "sg-base", instance="i-app"),
    card("eni-db", "subnet-b", "10.0.2.10", "sg-db", instance="i-db"),
]
GROUPS = [
    group("sg-web", permission("tcp", 443, None, "0.0.0.0/0", "::/0"), permission("tcp", 22, None, "203.0.113.0/24")),
    group(
        "sg-app",
        permission("tcp", 8000, 8099, groups=("sg-web",)),
        outwards=(permission("tcp", 5432, None, "10.0.2.0/24"),),
    ),
    group("sg-base", permission("udp", 53, None, "10.0.0.0/16"), outwards=()),
    group("sg-db", permission("tcp", 5432, None, groups=("sg-app",)), outwards=()),
]
ACLS = [
    acl("acl-a", ("subnet-a",), *OPEN),
    acl(
        "acl-b", ("subnet-b",),
        entry(90, "deny", "6", 5432, 5432, "10.0.1.12/32"),
        entry(100, "allow", "6", 5432, 5432, "10.0.1.0/24"),
        entry(100, "allow", "6", 32768, 60999, "10.0.1.0/24", egress=True),
    ),
]  # fmt: skip


def estate(
    groups: list[Any] | None = None, acls: list[Any] | None = None, cards: list[Any] | None = None, *more: Any
) -> list[Any]:
    """The documents of a whole estate, with some things in the place of the usual ones."""
    return [
        {"SecurityGroups": GROUPS if groups is None else groups},
        {"NetworkAcls": ACLS if acls is None else acls},
        {"NetworkInterfaces": CARDS if cards is None else cards},
        {"Subnets": SUBNETS},
        {"RouteTables": TABLES},
        *more,
    ]


def documents() -> list[tuple[str, list[Any]]]:
    """All whole estates by name."""
    narrow = acl(
        "acl-n", ("subnet-a", "subnet-b"), entry(100, "allow", "6", 443, 443), entry(110, "deny", "6", 1024, 2000),
        entry(120, "allow", "6", 1024, 65535), entry(100, "allow", "6", 49152, 65535, egress=True),
        entry(101, "allow", "6", 1024, 65535, "::/0", egress=True), entry(102, "allow", "6", 443, 443, "::/0"),
    )  # fmt: skip
    return [("three tiers", estate()), ("narrow lists", estate(acls=[narrow]))]
