"""What is asked of AWS in each region: the calls, what of an answer is kept, and the permission that each one needs.

Sources: the API references of EC2, Elastic Load Balancing (versions 2015-12-01 and 2012-06-01) and EKS; the Service
Authorization Reference for the names of actions. What is left out says nothing that these do not: the rules of security
groups are in the groups, and gateways are told by their ids in routes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")
_NAMESPACES = {"elb": "elasticloadbalancing", "elbv2": "elasticloadbalancing"}
"""What the actions of a service begin with in policies, where that is not its own name."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call that lists things; or with `after` one that is made for every element of an earlier answer."""

    service: str
    """As boto3 and the command line name it."""
    operation: str
    key: str
    """The field of the answer that is kept: a list, or a mapping."""
    after: Call | None = None
    item: str = ""
    """The field of each element of the earlier answer that tells it; empty where the elements are texts."""
    argument: str = ""
    """The name of the argument that this is given as."""
    only: str = ""
    """What must be in it for the call to be made."""
    names: bool = True
    """Whether the answer says itself what it is of; otherwise the argument is kept beside it."""

    @property
    def method(self) -> str:
        """The method of a client, such as ``describe_vpcs``."""
        return _CAPITAL.sub("_", self.operation).lower()

    @property
    def title(self) -> str:
        """As the command line has it: ``ec2 describe-vpcs``."""
        return f"{self.service} {self.method.replace('_', '-')}"

    @property
    def permission(self) -> str:
        """The action in a policy of IAM, such as ``ec2:DescribeVpcs``."""
        return f"{_NAMESPACES.get(self.service, self.service)}:{self.operation}"


@dataclass(frozen=True, slots=True)
class Task:
    """One call in one region; `item` is what it is about, empty where it lists everything."""

    region: str
    call: Call
    item: str = ""


_LISTS = Call("ec2", "DescribeManagedPrefixLists", "PrefixLists")
_BALANCERS = Call("elbv2", "DescribeLoadBalancers", "LoadBalancers")
_LISTENERS = Call("elbv2", "DescribeListeners", "Listeners", _BALANCERS, "LoadBalancerArn", "LoadBalancerArn")
_TARGETS = Call("elbv2", "DescribeTargetGroups", "TargetGroups")
_CLUSTERS = Call("eks", "ListClusters", "clusters")

CALLS = (
    Call("ec2", "DescribeVpcs", "Vpcs"),
    Call("ec2", "DescribeSubnets", "Subnets"),
    Call("ec2", "DescribeRouteTables", "RouteTables"),
    Call("ec2", "DescribeNatGateways", "NatGateways"),
    Call("ec2", "DescribeNetworkAcls", "NetworkAcls"),
    Call("ec2", "DescribeSecurityGroups", "SecurityGroups"),
    Call("ec2", "DescribeNetworkInterfaces", "NetworkInterfaces"),
    Call("ec2", "DescribeInstances", "Reservations"),
    _LISTS,
    Call("ec2", "GetManagedPrefixListEntries", "Entries", _LISTS, "PrefixListId", "PrefixListId", names=False),
    _BALANCERS,
    _LISTENERS,
    Call("elbv2", "DescribeRules", "Rules", _LISTENERS, "ListenerArn", "ListenerArn", only="/app/"),
    _TARGETS,
    Call(
        "elbv2", "DescribeTargetGroupAttributes", "Attributes", _TARGETS, "TargetGroupArn", "TargetGroupArn",
        names=False,
    ),
    Call(
        "elbv2", "DescribeTargetHealth", "TargetHealthDescriptions", _TARGETS, "TargetGroupArn", "TargetGroupArn",
        names=False,
    ),
    Call("elb", "DescribeLoadBalancers", "LoadBalancerDescriptions"),
    _CLUSTERS,
    Call("eks", "DescribeCluster", "cluster", _CLUSTERS, argument="name"),
)  # fmt: skip
"""All calls, each after the one that it needs."""

SERVICES = tuple(dict.fromkeys(call.service for call in CALLS))
"""The services that are asked."""


def waves() -> Iterable[tuple[Call, ...]]:
    """The calls in groups that can be made at the same time.

    The first wave has one call for each service, which shows whether the service can be asked at all.
    """
    pending, done = list(CALLS), set[Call]()
    first = {call.service: call for call in reversed(CALLS) if call.after is None}
    wave = tuple(call for call in CALLS if first[call.service] == call)
    while wave:
        yield wave
        done |= {*wave}
        pending = [call for call in pending if call not in done]
        wave = tuple(call for call in pending if call.after is None or call.after in done)


def permissions() -> list[str]:
    """The actions that a policy has to allow for everything to be read, sorted."""
    return sorted({call.permission for call in CALLS})
