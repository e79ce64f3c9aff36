"""Security groups, prefix lists and network ACLs as a template of CloudFormation.

Source: CloudFormation template reference, the pages of AWS::EC2::SecurityGroup, SecurityGroupIngress and -Egress,
PrefixList, NetworkAcl, NetworkAclEntry and SubnetNetworkAclAssociation. Rules that refer to groups are resources of
their own, so that groups can refer to each other. A group without any rule outwards in itself would get one to
everywhere: it has one to 127.0.0.1 instead, as that page advises.
"""

from __future__ import annotations

import re
from typing import Any

from crenel.harden.infrastructure.aws.acls import Acl, Acls
from crenel.harden.infrastructure.aws.groups import Groups, SecurityGroup
from crenel.harden.infrastructure.aws.rules import Ports, Rule
from crenel.harden.infrastructure.texts import named
from crenel.network.addresses import AddressSet
from crenel.network.rules import Direction
from crenel.network.traffic import ICMP, ICMPV6

_EC2 = "AWS::EC2::"
_ICMP = (str(ICMP), str(ICMPV6))
_NOWHERE = {"IpProtocol": "-1", "CidrIp": "127.0.0.1/32", "Description": "nothing else leaves"}
_ENDS = {Direction.INGRESS: "Source", Direction.EGRESS: "Destination"}


def template(groups: Groups, acls: Acls, network: str) -> dict[str, Any]:
    """The template; `network` is the id of the VPC, empty for a parameter."""
    resources: dict[str, Any] = {}
    vpc: Any = network or {"Ref": "VpcId"}
    for each in groups.groups:
        _group(each, vpc, resources)
    for name, addresses in groups.lists.items():
        resources[logical(name)] = _list(name, addresses)
    for number, acl in enumerate(acls.acls, 1):
        _acl(acl, f"Acl{number}", vpc, resources)
    made: dict[str, Any] = {"AWSTemplateFormatVersion": "2010-09-09"}
    if not network:
        made["Parameters"] = {"VpcId": {"Type": "AWS::EC2::VPC::Id"}}
    return {**made, "Resources": resources}


def logical(name: str) -> str:
    """The name of a resource in the template: letters and digits."""
    return "".join(part.capitalize() for part in re.split(r"[^A-Za-z0-9]+", name))


def _group(group: SecurityGroup, vpc: Any, resources: dict[str, Any]) -> None:
    own = logical(group.name)
    inside: dict[str, list[dict[str, Any]]] = {}
    for direction, listed in group.rules.items():
        kind = f"SecurityGroup{direction.value.capitalize()}"
        for number, rule in enumerate(listed, 1):
            body = _rule(rule, direction)
            if rule.cidr:
                inside.setdefault(kind, []).append(body)
            else:
                whole = {"GroupId": {"Fn::GetAtt": [own, "GroupId"]}, **body}
                resources[f"{own}{direction.value.capitalize()}{number}"] = {
                    "Type": f"{_EC2}{kind}",
                    "Properties": whole,
                }
    inside.setdefault("SecurityGroupEgress", [_NOWHERE])
    properties = {"GroupName": named(group.name), "GroupDescription": f"{group.owner}, by crenel harden", "VpcId": vpc}
    resources[own] = {"Type": f"{_EC2}SecurityGroup", "Properties": {**properties, **inside}}


def _rule(rule: Rule, direction: Direction) -> dict[str, Any]:
    body: dict[str, Any] = {"IpProtocol": rule.ports.protocol}
    if rule.ports.low is not None:
        body |= {"FromPort": rule.ports.low, "ToPort": rule.ports.high}
    if rule.cidr:
        body["CidrIpv6" if ":" in rule.cidr else "CidrIp"] = rule.cidr
    elif rule.group:
        body[f"{_ENDS[direction]}SecurityGroupId"] = {"Fn::GetAtt": [logical(rule.group), "GroupId"]}
    else:
        body[f"{_ENDS[direction]}PrefixListId"] = {"Fn::GetAtt": [logical(rule.listed), "PrefixListId"]}
    return body | ({"Description": rule.why} if rule.why else {})


def _list(name: str, addresses: AddressSet) -> dict[str, Any]:
    cidrs = addresses.cidrs()
    family = "IPv6" if addresses.v6 else "IPv4"
    entries = [{"Cidr": each} for each in cidrs]
    properties = {"PrefixListName": named(name), "AddressFamily": family, "MaxEntries": len(cidrs), "Entries": entries}
    return {"Type": f"{_EC2}PrefixList", "Properties": properties}


def _acl(acl: Acl, name: str, vpc: Any, resources: dict[str, Any]) -> None:
    resources[name] = {"Type": f"{_EC2}NetworkAcl", "Properties": {"VpcId": vpc}}
    attached = {"SubnetId": acl.subnet.name, "NetworkAclId": {"Ref": name}}
    resources[f"{name}Subnet"] = {"Type": f"{_EC2}SubnetNetworkAclAssociation", "Properties": attached}
    for direction, entries in acl.entries.items():
        for each in entries:
            cidr = "Ipv6CidrBlock" if ":" in each.cidr else "CidrBlock"
            body = {
                "NetworkAclId": {"Ref": name}, "RuleNumber": each.number, "RuleAction": "allow",
                "Egress": direction is Direction.EGRESS, "Protocol": int(each.ports.protocol), cidr: each.cidr,
            }  # fmt: skip
            title = f"{name}{direction.value.capitalize()}{each.number}"
            resources[title] = {"Type": f"{_EC2}NetworkAclEntry", "Properties": body | _range(each.ports)}


def _range(ports: Ports) -> dict[str, Any]:
    if ports.low is None:
        return {}
    if ports.protocol in _ICMP:
        return {"Icmp": {"Type": ports.low, "Code": ports.high}}
    return {"PortRange": {"From": ports.low, "To": ports.high}}
