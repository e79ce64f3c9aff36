"""Security groups, prefix lists and network ACLs as Terraform's JSON, for the provider hashicorp/aws from version 5 on.

Source: the registry's pages of aws_security_group, aws_vpc_security_group_ingress_rule and its egress twin,
aws_ec2_managed_prefix_list, aws_network_acl and aws_network_acl_rule. Groups have no rules inside of them, so that they
can refer to each other, and the provider takes away the rule outwards that AWS gives each new group.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from crenel.harden.infrastructure.aws.acls import Acl, Acls
from crenel.harden.infrastructure.aws.groups import Groups, SecurityGroup
from crenel.harden.infrastructure.aws.rules import Ports, Rule
from crenel.harden.infrastructure.texts import TERRAFORM, named
from crenel.network.addresses import AddressSet
from crenel.network.rules import Direction
from crenel.network.traffic import ICMP, ICMPV6

GROUP = "aws_security_group"
_ICMP = (str(ICMP), str(ICMPV6))


def configuration(groups: Groups, acls: Acls, network: str) -> dict[str, Any]:
    """The configuration; `network` is the id of the VPC, empty for a variable."""
    resources: dict[str, dict[str, Any]] = defaultdict(dict)
    vpc = network or "${var.vpc_id}"
    for each in groups.groups:
        resources[GROUP][each.name] = {
            "name": named(each.name), "description": f"{each.owner}, by crenel harden", "vpc_id": vpc,
        }  # fmt: skip
        _rules(each, resources)
    for name, addresses in groups.lists.items():
        resources["aws_ec2_managed_prefix_list"][name] = _list(name, addresses)
    for number, acl in enumerate(acls.acls, 1):
        _acl(acl, f"subnet-{number}", vpc, resources)
    made: dict[str, Any] = {
        "terraform": {**TERRAFORM, "required_providers": {"aws": {"source": "hashicorp/aws", "version": ">= 5.0"}}}
    }
    if not network:
        made["variable"] = {"vpc_id": {"type": "string", "description": "The id of the VPC of the nodes."}}
    return {**made, "resource": dict(resources)}


def _rules(group: SecurityGroup, resources: Mapping[str, dict[str, Any]]) -> None:
    for direction, listed in group.rules.items():
        for number, rule in enumerate(listed, 1):
            body = {"security_group_id": _id(GROUP, group.name), "ip_protocol": rule.ports.protocol}
            body |= _range(rule.ports, "from_port", "to_port") | _end(rule)
            body |= {"description": rule.why} if rule.why else {}
            kind = f"aws_vpc_security_group_{direction.value}_rule"
            resources[kind][f"{group.name}-{number}"] = body


def _range(ports: Ports, low: str, high: str) -> dict[str, Any]:
    return {} if ports.low is None else {low: ports.low, high: ports.high}


def _end(rule: Rule) -> dict[str, str]:
    if rule.group:
        return {"referenced_security_group_id": _id(GROUP, rule.group)}
    if rule.listed:
        return {"prefix_list_id": _id("aws_ec2_managed_prefix_list", rule.listed)}
    return {"cidr_ipv6" if ":" in rule.cidr else "cidr_ipv4": rule.cidr}


def _id(kind: str, name: str) -> str:
    return f"${{{kind}.{name}.id}}"


def _list(name: str, addresses: AddressSet) -> dict[str, Any]:
    cidrs = addresses.cidrs()
    return {
        "name": named(name), "address_family": "IPv6" if addresses.v6 else "IPv4", "max_entries": len(cidrs),
        "entry": [{"cidr": each} for each in cidrs],
    }  # fmt: skip


def _acl(acl: Acl, name: str, vpc: str, resources: Mapping[str, dict[str, Any]]) -> None:
    resources["aws_network_acl"][name] = {"vpc_id": vpc, "subnet_ids": [acl.subnet.name]}
    for direction, entries in acl.entries.items():
        for each in entries:
            names = ("icmp_type", "icmp_code") if each.ports.protocol in _ICMP else ("from_port", "to_port")
            cidr = "ipv6_cidr_block" if ":" in each.cidr else "cidr_block"
            resources["aws_network_acl_rule"][f"{name}-{direction.value}-{each.number}"] = {
                "network_acl_id": _id("aws_network_acl", name), "rule_number": each.number,
                "egress": direction is Direction.EGRESS, "rule_action": "allow", "protocol": each.ports.protocol,
                cidr: each.cidr, **_range(each.ports, *names),
            }  # fmt: skip
