"""Plans and states of Terraform's provider aws, as ``terraform show -json`` prints them."""

from __future__ import annotations

from typing import Any, NamedTuple

EVERYWHERE = "0.0.0.0/0"


class Written(NamedTuple):
    """A resource: its values, what is known only after it is applied, and what its expressions refer to."""

    address: str
    values: dict[str, Any]
    unknown: dict[str, Any]
    expressions: dict[str, Any]


def written(address: str, values: dict[str, Any], unknown: Any = (), **references: str | list[str]) -> Written:
    """A resource without an id. What refers to another one is not known; `unknown` are further ones, or a mapping."""
    more = unknown if isinstance(unknown, dict) else dict.fromkeys(unknown, True)
    expressions = {
        name: {"references": [to] if isinstance(to, str) else to} for name, to in references.items()
    }  # fmt: skip
    open_ = {name: True for name in references if name not in values}
    return Written(address, values, {"id": True, **open_, **more}, expressions)


def plan(*resources: Written) -> dict[str, Any]:
    """A plan that makes all of these."""
    return {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": [_value(each) for each in resources]}},
        "resource_changes": [
            {"address": each.address, "change": {"actions": ["create"], "after_unknown": each.unknown}}
            for each in resources
        ],
        "configuration": {
            "root_module": {
                "resources": [
                    {"address": each.address.split("[")[0], "expressions": each.expressions} for each in resources
                ]
            }
        },
    }


def state(*resources: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """A state in which all of these are."""
    listed = [_value(Written(address, values, {}, {})) for address, values in resources]
    return {"format_version": "1.0", "values": {"root_module": {"resources": listed}}}


def _value(each: Written) -> dict[str, Any]:
    kind, name = each.address.removeprefix("data.").split("[")[0].split(".")
    return {"address": each.address, "mode": "managed", "type": kind, "name": name, "values": each.values}


def inline(protocol: str, low: int, high: int | None = None, *ranges: str, **more: Any) -> dict[str, Any]:
    """A rule inside of a group, as the provider fills it in."""
    return {
        "protocol": protocol, "from_port": low, "to_port": low if high is None else high, "cidr_blocks": list(ranges),
        "ipv6_cidr_blocks": [], "prefix_list_ids": [], "security_groups": [], "self": False, "description": "", **more,
    }  # fmt: skip


def numbered(number: int, action: str = "allow", protocol: str = "-1", **more: Any) -> dict[str, Any]:
    """An entry inside of a network ACL."""
    return {
        "rule_no": number, "action": action, "protocol": protocol, "from_port": 0, "to_port": 0, "icmp_type": 0,
        "icmp_code": 0, "cidr_block": EVERYWHERE, "ipv6_cidr_block": "", **more,
    }  # fmt: skip


def network() -> list[Written]:
    """A network with two subnets: one with an open list and a way to the internet, one with neither."""
    return [
        written("aws_vpc.main", {"cidr_block": "10.0.0.0/16"}),
        written("aws_internet_gateway.main", {}, vpc_id="aws_vpc.main.id"),
        written(
            "aws_subnet.front", {"cidr_block": "10.0.1.0/24", "map_public_ip_on_launch": True}, vpc_id="aws_vpc.main.id"
        ),
        written(
            "aws_subnet.back", {"cidr_block": "10.0.2.0/24", "map_public_ip_on_launch": False}, vpc_id="aws_vpc.main.id"
        ),
        written("aws_route_table.front", {}, ("route",), vpc_id="aws_vpc.main.id"),
        written(
            "aws_route.out", {"destination_cidr_block": EVERYWHERE},
            route_table_id="aws_route_table.front.id", gateway_id="aws_internet_gateway.main.id",
        ),
        written(
            "aws_route_table_association.front", {},
            route_table_id="aws_route_table.front.id", subnet_id="aws_subnet.front.id",
        ),
    ]  # fmt: skip


def machine(name: str, subnet: str, *groups: str) -> Written:
    """An instance in a subnet, with groups."""
    carried = [f"aws_security_group.{each}.id" for each in groups]
    return written(
        f"aws_instance.{name}", {"launch_template": []}, ("private_ip", "public_ip", "primary_network_interface_id"),
        subnet_id=f"aws_subnet.{subnet}.id", vpc_security_group_ids=carried,
    )  # fmt: skip


def shop() -> list[Written]:
    """A web machine that anybody reaches on 443, and a database that it alone reaches; rules of three styles."""
    return [
        *network(),
        written(
            "aws_security_group.web", {"name": "web", "ingress": [inline("tcp", 443, None, EVERYWHERE)]}, ("egress",),
            vpc_id="aws_vpc.main.id",
        ),
        written(
            "aws_security_group_rule.out",
            {"type": "egress", "protocol": "all", "from_port": 0, "to_port": 0, "cidr_blocks": [EVERYWHERE]},
            security_group_id="aws_security_group.web.id",
        ),
        written("aws_security_group.db", {"name": "db"}, ("ingress", "egress"), vpc_id="aws_vpc.main.id"),
        written(
            "aws_vpc_security_group_ingress_rule.db", {"ip_protocol": "tcp", "from_port": 5432, "to_port": 5432},
            security_group_id="aws_security_group.db.id", referenced_security_group_id="aws_security_group.web.id",
        ),
        machine("web", "front", "web"),
        machine("db", "back", "db"),
    ]  # fmt: skip
