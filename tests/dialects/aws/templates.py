"""Templates of CloudFormation: builders of single resources, and a whole one."""

from __future__ import annotations

from typing import Any


def resource(kind: str, condition: str = "", **properties: Any) -> dict[str, Any]:
    """A resource; `kind` is short where its service is EC2."""
    made = {"Type": kind if "::" in kind else f"AWS::EC2::{kind}", "Properties": properties}
    return {**made, "Condition": condition} if condition else made


def ref(name: str) -> dict[str, str]:
    """A reference."""
    return {"Ref": name}


def attribute(name: str, of: str) -> dict[str, list[str]]:
    """An attribute of a resource."""
    return {"Fn::GetAtt": [name, of]}


def rule(low: Any, cidr: Any = None, high: int | None = None, **more: Any) -> dict[str, Any]:
    """A rule of a security group, for TCP unless `more` says otherwise."""
    made: dict[str, Any] = {"IpProtocol": "tcp", "FromPort": low, "ToPort": low if high is None else high, **more}
    if cidr is not None:
        made["CidrIpv6" if isinstance(cidr, str) and ":" in cidr else "CidrIp"] = cidr
    return made


NETWORK = {
    "Vpc": resource("VPC", CidrBlock=ref("Range")),
    "Gateway": resource("InternetGateway"),
    "Attached": resource("VPCGatewayAttachment", VpcId=ref("Vpc"), InternetGatewayId=ref("Gateway")),
    "Public": resource("Subnet", VpcId=ref("Vpc"), CidrBlock={"Fn::Select": [0, {"Fn::Cidr": [ref("Range"), 4, 8]}]},
                       MapPublicIpOnLaunch=True, AvailabilityZone="eu-west-1a"),
    "Private": resource("Subnet", VpcId=ref("Vpc"), CidrBlock="10.0.1.0/24"),
    "Nat": resource("NatGateway", SubnetId=ref("Public")),
    "PublicTable": resource("RouteTable", VpcId=ref("Vpc")),
    "ToInternet": resource("Route", RouteTableId=ref("PublicTable"), DestinationCidrBlock="0.0.0.0/0",
                           GatewayId=ref("Gateway")),
    "PublicRoutes": resource("SubnetRouteTableAssociation", SubnetId=ref("Public"), RouteTableId=ref("PublicTable")),
    "PrivateTable": resource("RouteTable", VpcId=ref("Vpc")),
    "ToNat": resource("Route", RouteTableId=ref("PrivateTable"), DestinationCidrBlock="0.0.0.0/0",
                      NatGatewayId=ref("Nat")),
    "PrivateRoutes": resource("SubnetRouteTableAssociation", SubnetId=ref("Private"), RouteTableId=ref("PrivateTable")),
}  # fmt: skip
"""A network with a public and a private subnet."""

MACHINES = {
    "WebGroup": resource("SecurityGroup", GroupDescription="web", VpcId=ref("Vpc"),
                         SecurityGroupIngress=[rule(443, "0.0.0.0/0"), rule(22, ref("Admins"))]),
    "DbGroup": resource("SecurityGroup", GroupDescription="db", VpcId=ref("Vpc"),
                        SecurityGroupEgress=[rule(443, "0.0.0.0/0")]),
    "WebToDb": resource("SecurityGroupIngress", GroupId=attribute("DbGroup", "GroupId"),
                        **rule(5432, SourceSecurityGroupId=attribute("WebGroup", "GroupId"))),
    "Web": resource("Instance", SubnetId=ref("Public"), SecurityGroupIds=[attribute("WebGroup", "GroupId")],
                    PrivateIpAddress="10.0.0.10"),
    "Db": resource("Instance", SubnetId=ref("Private"), SecurityGroupIds=[attribute("DbGroup", "GroupId")],
                   PrivateIpAddress="10.0.1.10"),
}  # fmt: skip
PARAMETERS = {
    "Range": {"Type": "String", "Default": "10.0.0.0/16"},
    "Admins": {"Type": "String"},
    "Open": {"Type": "String", "Default": "no"},
}


def template(**resources: Any) -> dict[str, Any]:
    """The whole template, with more resources or others in the place of its own; None takes one away."""
    listed = {**NETWORK, **MACHINES, **resources}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": PARAMETERS,
        "Conditions": {
            "IsOpen": {"Fn::Equals": [ref("Open"), "yes"]},
            "IsShut": {"Fn::Not": [{"Condition": "IsOpen"}]},
            "IsAdmin": {"Fn::Equals": [ref("Admins"), "10.0.0.0/8"]},
        },
        "Mappings": {"Ports": {"web": {"number": 8443}}},
        "Resources": {name: each for name, each in listed.items() if each is not None},
    }
