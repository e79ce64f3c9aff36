"""What the command line prints: parts of it that are joined by more than an id, and what is never filtered."""

from __future__ import annotations

from typing import Any

import pytest

from crenel.dialects import aws
from crenel.network.firewalls import Answer, Infrastructure, Role
from crenel.provenance import Origin
from dialects.aws.asking import asked, read
from dialects.aws.samples import EVERYTHING, GROUPS, OPEN, SUBNETS, acl, card, entry, estate, group, permission, table

CLOSED = [group("sg-web", outwards=()), *GROUPS[1:]]
"""The web machine may not send anything."""
SHUT = [acl("acl-a", ("subnet-a",)), acl("acl-b", ("subnet-b",), *OPEN)]
"""Nothing passes the border of its subnet."""
VPC = {"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}]}


@pytest.mark.parametrize(
    ("says", "target", "traffic", "outcome"),
    [
        ("the resolver is the base of the network's range plus two", "10.0.0.2", "UDP/53", "allowed"),
        ("and answers over TCP", "10.0.0.2", "TCP/53", "allowed"),
        ("it is at link-local addresses too", "169.254.169.253", "UDP/53", "allowed"),
        ("of IPv6 as well", "fd00:ec2::253", "UDP/53", "allowed"),
        ("metadata of instances", "169.254.169.254", "TCP/80", "allowed"),
        ("over IPv6", "fd00:ec2::254", "TCP/80", "allowed"),
        ("metadata of tasks", "169.254.170.2", "TCP/80", "allowed"),
        ("time", "169.254.169.123", "UDP/123", "allowed"),
        ("licence activation", "169.254.169.250", "TCP/1688", "allowed"),
        ("the router of its subnet", "10.0.1.1", "ICMP", "allowed"),
        ("no other machine of the network", "10.0.7.7", "UDP/53", "denied"),
        ("nor a resolver of the internet", "8.8.8.8", "UDP/53", "denied"),
    ],
)
def test_services_of_the_platform_are_not_filtered(says: str, target: str, traffic: str, outcome: str) -> None:
    """Neither groups nor lists filter them (VPC user guide, "Infrastructure security", "Network ACLs")."""
    assert asked(read(*estate(CLOSED, SHUT), VPC), "eni-web", target, traffic).value == outcome, says


def test_a_resolver_whose_address_is_not_known_is_not_said_to_be_blocked() -> None:
    """Without the range of the network, and without a local route, any private address may be the resolver's."""
    documents = [each for each in estate(CLOSED, SHUT) if "RouteTables" not in each and "Subnets" not in each]
    made = read(*documents)
    assert asked(made, "eni-web", "10.0.0.2", "UDP/53").value == "unknown"
    assert asked(made, "eni-web", "10.0.0.2", "TCP/80").value == "denied"
    assert asked(made, "eni-web", "8.8.8.8", "UDP/53").value == "denied"


def allowing(**rule: Any) -> list[Any]:
    """The estate with one rule for the web machine, and open lists."""
    opened = [acl("acl-a", ("subnet-a",), *OPEN), acl("acl-b", ("subnet-b",), *OPEN)]
    return estate([group("sg-web", permission("tcp", 443, None, **rule)), *GROUPS[1:]], opened)


def from_files(*documents: tuple[str, Any]) -> Infrastructure:
    """What documents of files say."""
    return aws.read([(data, Origin(name)) for name, data in documents])


def test_entries_of_prefix_lists() -> None:
    """The answer does not name its list: the file does, or a field beside; else it is a problem, and not known."""
    entries = {"Entries": [{"Cidr": "203.0.113.0/24"}, {"Cidr": "2001:db8::/32"}]}
    base = [("base.json", each) for each in allowing(lists=("pl-0a1",))]
    for name, data in (("pl-0a1.json", entries), ("x.json", {"PrefixListId": "pl-0a1", **entries})):
        made = from_files(*base, (name, data))
        assert [asked(made, end, "eni-web", "TCP/443").value for end in ("203.0.113.9", "203.0.114.9")] == [
            "allowed",
            "denied",
        ]
        assert not made.problems
    made = from_files(*base, ("entries.json", entries))
    assert asked(made, "203.0.113.9", "eni-web", "TCP/443").value == "unknown"
    assert [each.field for each in made.problems] == [("Entries",)]
    made = from_files(*base, ("x.json", {"PrefixListId": "pl-0a1", "Entries": []}))
    assert asked(made, "203.0.113.9", "eni-web", "TCP/443").value == "denied"


def test_rules_by_themselves_say_the_same() -> None:
    """``describe-security-group-rules`` alone is enough; beside the groups it adds nothing."""
    rules = [
        {"GroupId": "sg-web", "IsEgress": False, "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443,
         "CidrIpv4": "203.0.113.0/24"},
        {"GroupId": "sg-web", "IsEgress": False, "IpProtocol": "tcp", "FromPort": 8000, "ToPort": 8099,
         "ReferencedGroupInfo": {"GroupId": "sg-app"}},
        {"GroupId": "sg-web", "IsEgress": True, "IpProtocol": "-1", "FromPort": -1, "ToPort": -1, "CidrIpv6": "::/0"},
    ]  # fmt: skip
    opened = [acl("acl-a", ("subnet-a",), *OPEN)]
    alone = read(*estate(GROUPS[1:], opened), {"SecurityGroupRules": rules})
    assert asked(alone, "203.0.113.9", "eni-web", "TCP/443").value == "allowed"
    assert asked(alone, "8.8.8.8", "eni-web", "TCP/443").value == "denied"
    assert asked(alone, "eni-web", "2a00::1", "UDP/9").value == "allowed"
    assert asked(alone, "eni-web", "8.8.8.8", "UDP/9").value == "denied"
    both = read(*estate(acls=opened), {"SecurityGroupRules": [{**rules[0], "CidrIpv4": "0.0.0.0/0"}]})
    (web,) = [one for tier in both.tiers for rank in tier.ranks for one in rank
              if one.title == "security group sg-web (web)" and tier.direction.value == "ingress"]  # fmt: skip
    assert len(web.rules) == 3, "two of IPv4 and one of IPv6; the one that is written twice is one"


@pytest.mark.parametrize(("name", "outcome"), [("app", "allowed"), ("db", "denied"), ("other", "unknown")])
def test_a_group_that_is_named_is_found_by_its_name(name: str, outcome: str) -> None:
    """A pair without an id is the group of that name; of a name that nobody has nothing is known."""
    rule = permission("tcp", 443)
    rule["UserIdGroupPairs"] = [{"GroupName": name}]
    opened = [acl("acl-a", ("subnet-a",), *OPEN)]
    made = read(*estate([group("sg-web", rule), group("sg-app"), group("sg-base"), group("sg-db")], opened))
    assert asked(made, "eni-app", "eni-web", "TCP/443").value == outcome


def test_an_entry_of_no_direction_may_be_one_of_both() -> None:
    """It can be read no more than one without a number, and stands where its number puts it."""
    odd = {name: value for name, value in entry(50).items() if name != "Egress"}
    opened = group("sg-web", EVERYTHING)
    made = read(*estate([opened, *GROUPS[1:]], [acl("acl-a", ("subnet-a",), odd, *OPEN), SHUT[1]]))
    assert asked(made, "8.8.8.8", "eni-web", "TCP/443").value == "unknown"
    assert asked(made, "eni-web", "8.8.8.8", "TCP/443").value == "unknown"
    assert [each.message for each in made.problems] == ["an entry that cannot be read: no rule number, or no direction"]


def test_an_interface_that_instances_show_is_one() -> None:
    """It has what the interface tells by itself; the zone may be told by the instance alone."""
    told = card("eni-n", "subnet-a", "10.0.1.20", "sg-web", instance="i-1")
    told.pop("AvailabilityZone")
    shown = {"NetworkInterfaceId": "eni-n", "PrivateIpAddress": "10.0.1.99", "Groups": []}
    instances = {"Instances": [{"InstanceId": "i-1", "Placement": {"AvailabilityZone": "eu-west-1c"},
                                "NetworkInterfaces": [shown]}]}  # fmt: skip
    for documents in (
        [{"NetworkInterfaces": [told]}, {"Reservations": [instances]}],
        [{"Reservations": [instances]}, {"NetworkInterfaces": [told]}],
    ):
        (found,) = read(*documents).interfaces
        assert (found.machine, str(found.addresses)) == ("aws:///eu-west-1c/i-1", "10.0.1.20/32")


def routes(*given: tuple[str, str], private: tuple[str, ...] = ()) -> tuple[Answer, Answer]:
    """Whether the web machine is entered, and leaves, over IPv4 by some routes."""
    documents = [each for each in estate() if "RouteTables" not in each]
    translators = [{"NatGatewayId": each, "ConnectivityType": "private"} for each in private]
    made = read(*documents, {"RouteTables": [table("rtb-1", *given, main=True)]}, {"NatGateways": translators})
    (found,) = [each for each in made.interfaces if each.name == "eni-web"]
    return found.entered[4].answer, found.leaves[4].answer


def test_routes_of_every_sort() -> None:
    """Halves of the internet, a translator that leads to other networks, a list of prefixes, a black hole."""
    yes, no, unknown = Answer.YES, Answer.NO, Answer.UNKNOWN
    assert routes(("0.0.0.0/1", "igw-1"), ("128.0.0.0/1", "igw-1")) == (unknown, unknown)
    assert routes(("0.0.0.0/0", "nat-1")) == (no, yes)
    assert routes(("0.0.0.0/0", "nat-1"), private=("nat-1",)) == (no, no)
    assert routes(("192.168.0.0/16", "tgw-1")) == (no, no)
    listed = table("rtb-1", ("10.0.0.0/16", "local"), main=True)
    listed["Routes"].append({"DestinationPrefixListId": "pl-1", "GatewayId": "igw-1", "State": "active"})
    hole = table("rtb-1", ("0.0.0.0/0", "igw-1"), main=True)
    hole["Routes"][0]["State"] = "blackhole"
    for one, answer in ((listed, unknown), (hole, no)):
        documents = [each for each in estate() if "RouteTables" not in each]
        (found,) = [each for each in read(*documents, {"RouteTables": [one]}).interfaces if each.name == "eni-web"]
        assert found.entered[4].answer is answer


# Load balancers


def front(kind: str, group_data: dict[str, Any], *more: dict[str, Any], protocol: str = "TCP") -> Infrastructure:
    """A load balancer before one group of targets."""
    arn = f"arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/{'app' if kind == 'application' else 'net'}/lb/1"
    listener = arn.replace(":loadbalancer/", ":listener/") + "/2"
    action = [{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "tg"}]}}]
    return read(
        *estate(),
        {"LoadBalancers": [{"LoadBalancerArn": arn, "LoadBalancerName": "lb", "Scheme": "internet-facing", "Type": kind,
                            "SecurityGroups": ["sg-web"], "AvailabilityZones": [{"SubnetId": "subnet-a"}]}]},
        {"Listeners": [{"ListenerArn": listener, "LoadBalancerArn": arn, "Port": 443, "Protocol": protocol,
                        "DefaultActions": action}]},
        {"TargetGroups": [{"TargetGroupArn": "tg", "Port": 30443, **group_data}]},
        {"TargetGroupArn": "tg", "TargetHealthDescriptions": [{"Target": {"Id": "i-web", "Port": 30443}}]},
        *more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("protocol", "kind", "attribute", "keeps"),
    [
        ("TCP", "instance", None, True),
        ("TCP", "instance", "false", False),
        ("TLS", "instance", "false", False),
        ("TCP", "ip", None, False),
        ("TCP", "ip", "true", True),
        ("UDP", "ip", "false", True),
        ("TCP_UDP", "instance", None, True),
        ("TCP", "alb", None, None),
    ],
)
def test_client_ip_preservation(protocol: str, kind: str, attribute: str | None, keeps: bool | None) -> None:
    """By the table of "Edit target group attributes for your Network Load Balancer"."""
    listed = [{"Key": "proxy_protocol_v2.enabled", "Value": "true"}]
    listed += [{"Key": "preserve_client_ip.enabled", "Value": attribute}] if attribute else []
    attributes = {"TargetGroupArn": "tg", "Attributes": listed}
    made = front("network", {"Protocol": protocol, "TargetType": kind}, attributes, protocol=protocol)
    assert {each.keeps_client for each in made.balancers[0].listeners} == {keeps}


def test_rules_of_a_listener_lead_elsewhere() -> None:
    """All targets of an Application Load Balancer are known when the rules of its listener are."""
    group_data = {"Protocol": "HTTP", "TargetType": "instance"}
    rule = "arn:aws:elasticloadbalancing:eu-west-1:1:listener-rule/app/lb/1/2/3"
    other = [{"Target": {"Id": "i-app", "Port": 30080}}]
    rules = {"Rules": [{"RuleArn": rule, "Actions": [{"Type": "forward", "TargetGroupArn": "tg-2"}]}]}
    groups = {"TargetGroups": [{"TargetGroupArn": "tg-2", "TargetType": "instance", "Protocol": "HTTP", "Port": 80}]}
    health = {"TargetGroupArn": "tg-2", "TargetHealthDescriptions": other}
    (listening,) = front("application", group_data, protocol="HTTPS").balancers[0].listeners
    assert (listening.targets, listening.tls, listening.keeps_client) == (None, True, False)
    (listening,) = front("application", group_data, rules, groups, health).balancers[0].listeners
    assert listening.targets is not None
    assert [each.port for each in listening.targets] == [30443, 30080]


def test_a_load_balancer_without_its_interfaces_has_some_in_its_subnets() -> None:
    """They have its groups; one of the network sort without groups is not filtered by any."""
    made = front("network", {"Protocol": "TCP", "TargetType": "instance"})
    (own,) = [each for each in made.interfaces if each.role is Role.BALANCER]
    assert (own.name, own.machine, str(own.ranges)) == ("lb in subnet-a", "lb", "10.0.1.0/24, 2600:1f18:a::/64")
    assert SUBNETS[0]["CidrBlock"] == "10.0.1.0/24"


@pytest.mark.parametrize(("kind", "port", "outcome"), [("instance", 30443, "unknown"), ("instance", 443, "denied"),
                                                       ("ip", 30443, "denied")])  # fmt: skip
def test_clients_of_a_load_balancer_that_keeps_them(kind: str, port: int, outcome: str) -> None:
    """A rule that names its group lets them in too ("Update the security groups for your Network Load Balancer").

    Who comes through it cannot be told by the address; where it does not keep addresses, nobody but itself is let in.
    """
    opened = [acl("acl-a", ("subnet-a",), *OPEN), acl("acl-b", ("subnet-b",), *OPEN)]
    node = group("sg-app", permission("tcp", 30000, 32767, groups=("sg-web",)))
    made = front("network", {"Protocol": "TCP", "TargetType": kind}, *estate([*GROUPS[:1], node, *GROUPS[2:]], opened))
    assert asked(made, "8.8.8.8", "eni-app", f"TCP/{port}").value == outcome
    assert asked(made, "lb in subnet-a", "eni-app", "TCP/30443").value == "allowed"


def test_targets_of_a_group_that_is_not_named_are_a_problem() -> None:
    """With two groups it is not known whose they are."""
    groups = {"TargetGroups": [{"TargetGroupArn": name, "TargetType": "ip"} for name in ("one", "two")]}
    made = read(groups, {"TargetHealthDescriptions": [{"Target": {"Id": "10.0.1.1"}}]})
    assert [each.field for each in made.problems] == [("TargetHealthDescriptions",)]


# Clusters

CLUSTER = {
    "cluster": {
        "name": "shop",
        "resourcesVpcConfig": {
            "clusterSecurityGroupId": "sg-cluster", "securityGroupIds": [], "subnetIds": ["subnet-a", "subnet-b"],
        },
    }
}  # fmt: skip
OWN = group("sg-cluster", permission("-1", None, None, groups=("sg-cluster",)))


def test_a_cluster_has_a_control_plane() -> None:
    """Its interfaces carry the cluster's group, and so reach nodes that do; where they are shown, these are they."""
    node = card("eni-node", "subnet-a", "10.0.1.30", "sg-cluster", instance="i-node")
    made = read(*estate([OWN], cards=[node]), CLUSTER)
    assert aws.recognises(CLUSTER)
    plane = "control plane of shop in subnet-a"
    assert asked(made, plane, "eni-node", "TCP/10250").value == "allowed"
    assert asked(made, "10.0.1.77", "eni-node", "TCP/10250").value == "denied"
    shown = card("eni-plane", "subnet-a", "10.0.1.40", "sg-cluster", description="Amazon EKS shop")
    made = read(*estate([OWN], cards=[node, shown]), CLUSTER)
    assert [each.name for each in made.interfaces] == ["eni-node", "eni-plane"]


def test_a_cluster_whose_group_is_not_told() -> None:
    """Nothing is known of what its control plane may do then."""
    bare = {"cluster": {"name": "shop", "resourcesVpcConfig": {"subnetIds": ["subnet-a"]}}}
    made = read(*estate(), bare)
    assert asked(made, "eni-app", "control plane of shop in subnet-a", "TCP/443").value in ("denied", "unknown")
    assert asked(made, "10.0.1.77", "control plane of shop in subnet-a", "TCP/443").value == "unknown"
