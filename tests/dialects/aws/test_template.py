"""Templates of CloudFormation: references, functions, conditions, and what AWS adds by itself.

Source: CloudFormation template reference and user guide, the pages that the dialect names.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crenel.dialects import aws
from crenel.dialects.aws.functions import Functions
from crenel.dialects.aws.records import Unresolved
from crenel.network.firewalls import Answer, Infrastructure
from crenel.provenance import Origin
from dialects.aws.asking import asked, read
from dialects.aws.spoiling import spoiled
from dialects.aws.templates import attribute, ref, resource, rule, template


def ask(made: Infrastructure, source: str, target: str, traffic: str) -> str:
    """What becomes of a connection between interfaces or addresses."""
    return asked(made, source, target, traffic).value


def group(*rules: Any, **more: Any) -> dict[str, Any]:
    """The group of the web machine with other rules."""
    return resource("SecurityGroup", GroupDescription="web", VpcId=ref("Vpc"), SecurityGroupIngress=[*rules], **more)


def entry(number: int, port: int, action: str = "allow", *, egress: bool = False, high: int = 0) -> dict[str, Any]:
    """An entry of the network ACL ``List``."""
    return resource("NetworkAclEntry", NetworkAclId=ref("List"), RuleNumber=number, Protocol=6, RuleAction=action,
                    Egress=egress, CidrBlock="0.0.0.0/0", PortRange={"From": port, "To": high or port})  # fmt: skip


LIST = {
    "List": resource("NetworkAcl", VpcId=ref("Vpc")),
    "Listed": resource("SubnetNetworkAclAssociation", SubnetId=ref("Public"), NetworkAclId=ref("List")),
}
CASES: list[tuple[str, dict[str, Any], str, str, str, str]] = [
    ("a rule inside of a group", template(), "8.8.8.8", "Web", "TCP/443", "allowed"),
    ("and no other port", template(), "8.8.8.8", "Web", "TCP/80", "denied"),
    ("a parameter without a default is not known", template(), "8.8.8.8", "Web", "TCP/22", "unknown"),
    ("a rule that is a resource, from a group", template(), "Web", "Db", "TCP/5432", "allowed"),
    ("and from nobody else", template(), "10.0.9.9", "Db", "TCP/5432", "denied"),
    ("a group without rules outwards lets everything out", template(), "Web", "8.8.8.8", "TCP/25", "allowed"),
    ("one with such rules lets out what they name", template(), "Db", "8.8.8.8", "TCP/443", "allowed"),
    ("and nothing else", template(), "Db", "8.8.8.8", "TCP/25", "denied"),
    ("a rule outwards that is a resource may take away the one of AWS",
     template(Out=resource("SecurityGroupEgress", GroupId=ref("WebGroup"), **rule(80, "0.0.0.0/0"))),
     "Web", "8.8.8.8", "TCP/25", "unknown"),
    ("and is one itself",
     template(Out=resource("SecurityGroupEgress", GroupId=ref("WebGroup"), **rule(80, "0.0.0.0/0"))),
     "Web", "8.8.8.8", "TCP/80", "allowed"),
    ("ports may be texts", template(WebGroup=group(rule("80", "0.0.0.0/0"))), "8.8.8.8", "Web", "TCP/80", "allowed"),
    ("a port of a mapping", template(WebGroup=group(rule({"Fn::FindInMap": ["Ports", "web", "number"]}, "0.0.0.0/0"))),
     "8.8.8.8", "Web", "TCP/8443", "allowed"),
    ("a range that is put together",
     template(WebGroup=group(rule(80, {"Fn::Join": ["", ["10.0.", "7.0/24"]]}))),
     "10.0.7.7", "Web", "TCP/80", "allowed"),
    ("a range of another resource", template(WebGroup=group(rule(80, attribute("Private", "CidrBlock")))),
     "Db", "Web", "TCP/80", "denied"),
    ("Fn::Sub has parameters", template(WebGroup=group(rule(80, {"Fn::Sub": "${Range}"}))),
     "10.0.77.7", "Web", "TCP/80", "allowed"),
    ("the short form of Ref is read by its text", template(WebGroup=group(rule(80, "Range"))),
     "10.0.77.7", "Web", "TCP/80", "allowed"),
    ("so is that of GetAtt", template(WebGroup=group(rule(443, None, SourceSecurityGroupId="DbGroup.GroupId"))),
     "Db", "Web", "TCP/443", "allowed"),
    ("so is that of Sub", template(WebGroup=group(rule(80, "${Range}"))), "10.0.77.7", "Web", "TCP/80", "allowed"),
    ("a list in the place of a range is not known", template(WebGroup=group(rule(80, ["IsOpen", "a", "b"]))),
     "8.8.8.8", "Web", "TCP/80", "unknown"),
    ("a condition that holds", template(WebGroup=group(rule(80, {"Fn::If": ["IsShut", "8.8.8.0/24", "9.9.9.0/24"]}))),
     "8.8.8.8", "Web", "TCP/80", "allowed"),
    ("and one that does not", template(WebGroup=group(rule(80, {"Fn::If": ["IsOpen", "8.8.8.0/24", "9.9.9.0/24"]}))),
     "8.8.8.8", "Web", "TCP/80", "denied"),
    ("one that is not decided", template(WebGroup=group(rule(80, {"Fn::If": ["IsAdmin", "8.8.8.0/24", "1.1.1.1/32"]}))),
     "8.8.8.8", "Web", "TCP/80", "unknown"),
    ("AWS::NoValue takes a rule away",
     template(WebGroup=group({"Fn::If": ["IsOpen", rule(80, "0.0.0.0/0"), ref("AWS::NoValue")]})),
     "8.8.8.8", "Web", "TCP/80", "denied"),
    ("a resource whose condition does not hold is not there",
     template(In=resource("SecurityGroupIngress", "IsOpen", GroupId=ref("WebGroup"), **rule(80, "0.0.0.0/0"))),
     "8.8.8.8", "Web", "TCP/80", "denied"),
    ("one whose condition holds is",
     template(In=resource("SecurityGroupIngress", "IsShut", GroupId=ref("WebGroup"), **rule(80, "0.0.0.0/0"))),
     "8.8.8.8", "Web", "TCP/80", "allowed"),
    ("one whose condition is not decided may be",
     template(In=resource("SecurityGroupIngress", "IsAdmin", GroupId=ref("WebGroup"), **rule(80, "0.0.0.0/0"))),
     "8.8.8.8", "Web", "TCP/80", "unknown"),
    ("a parameter in the place of all rules",
     template(WebGroup=resource("SecurityGroup", VpcId=ref("Vpc"), SecurityGroupIngress=ref("Admins"))),
     "8.8.8.8", "Web", "TCP/80", "unknown"),
    ("a prefix list of the template",
     template(Some=resource("PrefixList", Entries=[{"Cidr": "8.8.8.0/24"}]),
              WebGroup=group(rule(80, None, SourcePrefixListId=ref("Some")))),
     "8.8.8.8", "Web", "TCP/80", "allowed"),
    ("one with an entry that is not known",
     template(Some=resource("PrefixList", Entries=[{"Cidr": ref("Admins")}]),
              WebGroup=group(rule(80, None, SourcePrefixListId=ref("Some")))),
     "8.8.8.8", "Web", "TCP/80", "unknown"),
    ("the default group of the network lets itself in",
     template(Web=resource("Instance", SubnetId=ref("Public"), PrivateIpAddress="10.0.0.10"),
              Db=resource("Instance", SubnetId=ref("Private"), PrivateIpAddress="10.0.1.10")),
     "Db", "Web", "TCP/80", "allowed"),
    ("and nobody else", template(Web=resource("Instance", SubnetId=ref("Public"), PrivateIpAddress="10.0.0.10")),
     "8.8.8.8", "Web", "TCP/80", "denied"),
    ("it is referred to by an attribute of the network",
     template(WebGroup=group(rule(80, None, SourceSecurityGroupId=attribute("Vpc", "DefaultSecurityGroup"))),
              Db=resource("Instance", SubnetId=ref("Private"), PrivateIpAddress="10.0.1.10")),
     "Db", "Web", "TCP/80", "allowed"),
    ("a new network ACL denies everything", template(**LIST), "8.8.8.8", "Web", "TCP/443", "denied"),
    ("its entries are resources of their own",
     template(**LIST, A=entry(100, 443), B=entry(100, 1024, high=65535, egress=True)),
     "8.8.8.8", "Web", "TCP/443", "allowed"),
    ("the lower number counts",
     template(**LIST, A=entry(100, 443), B=entry(100, 1024, high=65535, egress=True), C=entry(90, 443, "deny")),
     "8.8.8.8", "Web", "TCP/443", "denied"),
    ("the reply needs one too", template(**LIST, A=entry(100, 443)), "8.8.8.8", "Web", "TCP/443", "denied"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("says", "document", "source", "target", "traffic", "outcome"), CASES, ids=[case[0] for case in CASES]
)
def test_rules(says: str, document: dict[str, Any], source: str, target: str, traffic: str, outcome: str) -> None:
    """What a template makes of rules and functions."""
    assert ask(read(document), source, target, traffic) == outcome, says


def fact(made: Infrastructure, name: str) -> tuple[Answer, Answer]:
    """Whether an interface is entered, and leaves, over IPv4."""
    (found,) = [each for each in made.interfaces if each.name == name]
    return found.entered[4].answer, found.leaves[4].answer


def test_routes() -> None:
    """A subnet that gives out public addresses and leads to a gateway is entered; one behind a translator leaves."""
    made = read(template())
    assert fact(made, "Web") == (Answer.YES, Answer.YES)
    assert fact(made, "Db") == (Answer.NO, Answer.YES)


def test_public_addresses() -> None:
    """The instance may refuse one, an address may be given to it, and a table without a route leads nowhere."""
    nics = [
        {"DeviceIndex": "0", "SubnetId": ref("Public"), "AssociatePublicIpAddress": False, "GroupSet": ["WebGroup"]}
    ]
    refused = template(Web=resource("Instance", NetworkInterfaces=nics))
    assert fact(read(refused), "Web") == (Answer.NO, Answer.NO)
    given = template(Db=resource("Instance", SubnetId=ref("Public"), SecurityGroupIds=["DbGroup"]),
                     Public=resource("Subnet", VpcId=ref("Vpc"), CidrBlock="10.0.0.0/24"),
                     Address=resource("EIP", InstanceId=ref("Db")))  # fmt: skip
    assert fact(read(given), "Db") == (Answer.YES, Answer.YES)
    assert fact(read(given), "Web")[0] is Answer.NO
    alone = template(PublicRoutes=None)
    assert fact(read(alone), "Web") == (Answer.NO, Answer.NO), "the main table has the local route alone"


def test_what_answers_rest_on() -> None:
    """Defaults of parameters and what AWS makes by itself are stated, and what belongs nowhere is named."""
    made = read(template(Odd=resource("SecurityGroupIngress", GroupId=ref("Admins"), **rule(1, "0.0.0.0/0"))))
    assert "the parameter Range of the template has its default, 10.0.0.0/16" in made.assumptions
    assert "the default network ACL of Vpc is as AWS makes it: it allows everything" in made.assumptions
    assert [str(each).partition(": ")[2] for each in made.problems] == [
        "Odd: Resources.Odd.Properties: it is not known which security group this belongs to; it is not applied"
    ]


def nodes(**template_data: Any) -> dict[str, Any]:
    """A cluster of EKS with nodes that are launched by a template of such data."""
    return template(
        Cluster=resource("AWS::EKS::Cluster", Name="shop", ResourcesVpcConfig={"SubnetIds": [ref("Private")]}),
        Start=resource("LaunchTemplate", LaunchTemplateData=template_data),
        Nodes=resource("AWS::EKS::Nodegroup", ClusterName="shop", Subnets=[ref("Private")],
                       LaunchTemplate={"Id": ref("Start"), "Version": "1"}),
    )  # fmt: skip


def test_clusters() -> None:
    """Nodes have the cluster's group, which lets itself in, or those of their launch template (EKS user guide)."""
    name = "machines of Nodes in Private"
    made = read(nodes())
    assert ask(made, "control plane of shop in Private", name, "TCP/10250") == "allowed"
    assert ask(made, "10.0.9.9", name, "TCP/10250") == "denied"
    own = read(nodes(SecurityGroupIds=["WebGroup"]))
    assert ask(own, "10.0.9.9", name, "TCP/443") == "allowed"
    assert ask(own, "control plane of shop in Private", name, "TCP/10250") == "denied"
    inner = read(nodes(NetworkInterfaces=[{"Groups": [attribute("Cluster", "ClusterSecurityGroupId")]}]))
    assert ask(inner, "control plane of shop in Private", name, "TCP/10250") == "allowed"


def test_load_balancers() -> None:
    """They face the internet unless they are internal; targets are those that the group is given."""
    more = {
        "Lb": resource("AWS::ElasticLoadBalancingV2::LoadBalancer", Type="network", Subnets=[ref("Public")]),
        "Tg": resource("AWS::ElasticLoadBalancingV2::TargetGroup", Port=30443, Protocol="TCP", TargetType="ip",
                       Targets=[{"Id": "10.0.1.10"}],
                       TargetGroupAttributes=[{"Key": "preserve_client_ip.enabled", "Value": "true"}]),
        "Li": resource("AWS::ElasticLoadBalancingV2::Listener", LoadBalancerArn=ref("Lb"), Port=443, Protocol="TLS",
                       DefaultActions=[{"Type": "forward", "TargetGroupArn": ref("Tg")}]),
    }  # fmt: skip
    (found,) = read(template(**more)).balancers
    (listening,) = found.listeners
    assert (found.name, found.facing.answer, listening.port, listening.tls) == ("Lb", Answer.YES, 443, True)
    assert listening.keeps_client is True
    assert listening.targets is not None
    assert [(each.address, each.port) for each in listening.targets] == [("10.0.1.10", 30443)]
    crowd = resource("AWS::AutoScaling::AutoScalingGroup", VPCZoneIdentifier=[ref("Private")],
                     TargetGroupARNs=[ref("Tg")], LaunchTemplate={"LaunchTemplateId": "lt-1"})  # fmt: skip
    (found,) = read(template(**more, Crowd=crowd)).balancers
    assert found.listeners[0].targets is None


def test_two_templates_do_not_meet() -> None:
    """Resources of the same name in two templates are two."""
    made = read(template(), template(WebGroup=group(rule(80, "0.0.0.0/0"))))
    assert ask(made, "8.8.8.8", "Web", "TCP/443") == "allowed"
    assert ask(made, "8.8.8.8", "1.json:Web", "TCP/443") == "denied"


def test_functions() -> None:
    """Values of functions by the user guide; what a template does not tell is unresolved."""
    functions = Functions.of(template())
    cases: list[tuple[Any, Any]] = [
        ({"Fn::Cidr": ["10.0.0.0/16", 2, 5]}, ["10.0.0.0/27", "10.0.0.32/27"]),
        ({"Fn::Split": [",", "a,b"]}, ["a", "b"]),
        ({"Fn::Select": ["1", ["a", "b"]]}, "b"),
        ({"Fn::Sub": ["${A}-${!B}", {"A": "x"}]}, "x-${B}"),
        (ref("Vpc"), "Vpc"),
        (attribute("Vpc", "CidrBlock"), "10.0.0.0/16"),
        ({"Fn::Join": [".", ["a", {"Fn::Join": ["-", ["b", "c"]]}]]}, "a.b-c"),
    ]
    for value, expected in cases:
        assert functions.resolve(value) == expected
        assert not isinstance(functions.resolve(value), Unresolved)
    for value in ({"Fn::ImportValue": "x"}, ref("AWS::Region"), {"Fn::Join": ["", ["a", ref("Admins")]]}, ref("None")):
        assert isinstance(functions.resolve(value), Unresolved)


def test_references_that_go_round_end() -> None:
    """Neither conditions nor ranges that refer to themselves, or to each other many times, take long."""
    document = template(Vpc=resource("VPC", CidrBlock=attribute("Vpc", "CidrBlock")))
    names = [f"C{number}" for number in range(60)]
    document["Conditions"] = {
        name: {"Fn::And": [{"Condition": other}, {"Condition": other}]}
        for name, other in zip(names, [*names[1:], "C0"], strict=True)
    }
    document["Resources"]["Odd"] = resource("Instance", "C0")
    assert read(document).interfaces


@given(st.randoms(use_true_random=False))
def test_anything_is_read(chance: random.Random) -> None:
    """Templates of which parts are lost, or are of another type, raise nothing."""
    document = spoiled({**nodes(), **template()}, chance)
    aws.recognises(document)
    assert all(each.layer for each in aws.read([(document, Origin("x.json"))]).tiers)
