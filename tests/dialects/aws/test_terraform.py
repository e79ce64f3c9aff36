"""Plans and states of Terraform: resources joined by what expressions refer to, and by ids."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crenel.dialects import aws
from crenel.network.firewalls import Answer, Infrastructure, Target
from crenel.provenance import Origin
from crenel.questions.verdict import Outcome
from dialects.aws.asking import asked, read
from dialects.aws.plans import EVERYWHERE, Written, inline, machine, network, numbered, plan, shop, state, written

WEB, DB = "terraform:aws_instance.web", "terraform:aws_instance.db"
A, D, U = Outcome.ALLOWED, Outcome.DENIED, Outcome.UNKNOWN
OUT = "8.8.8.8"
RESOURCES = ("planned_values", "root_module", "resources")


def group(name: str, *rules: dict[str, Any], **references: str | list[str]) -> Written:
    """A group with rules inside and all outwards; references are told for all rules at once."""
    egress = [inline("-1", 0, 0, EVERYWHERE)]
    open_ = [{key: True for key in ("security_groups", "cidr_blocks") if key not in rule} for rule in rules]
    return written(
        f"aws_security_group.{name}", {"name": name, "ingress": list(rules), "egress": egress}, {"ingress": open_},
        vpc_id="aws_vpc.main.id", **references,
    )  # fmt: skip


def vague(rule: dict[str, Any], name: str) -> dict[str, Any]:
    """A rule of which a value is known only after apply."""
    return {key: value for key, value in rule.items() if key != name}


def test_a_plan_is_joined_by_what_expressions_refer_to() -> None:
    """Nothing has an id yet: groups, rules of all styles, subnets and routes are joined all the same."""
    made = plan(*shop())
    assert aws.recognises(made)
    found = read(made)
    assert found.problems == []
    assert [(each.name, str(each.ranges), each.entered[4].answer) for each in found.interfaces] == [
        (WEB, "10.0.1.0/24", Answer.YES),
        (DB, "10.0.2.0/24", Answer.NO),
    ]
    assert [asked(found, OUT, WEB, f"TCP/{port}") for port in (443, 80)] == [A, D]
    assert [asked(found, WEB, DB, f"TCP/{port}") for port in (5432, 5433)] == [A, D]
    assert asked(found, OUT, DB, "TCP/5432") is D
    assert [asked(found, each, OUT, "TCP/443") for each in (WEB, DB)] == [A, D]


def test_rules_lead_to_their_text() -> None:
    """Rules inside of a group and those of their own have their places in the plan."""
    fields = {rule.field for tier in read(plan(*shop())).tiers for one in tier.ranks[0] for rule in one.rules}
    assert {(*RESOURCES, 7, "values", "ingress", 0), (*RESOURCES, 8, "values"), (*RESOURCES, 10, "values")} <= fields


def two(*groups: Written) -> Infrastructure:
    """The web machine behind a group ``web``, and a second one behind ``db``."""
    return read(plan(*network(), *groups, machine("web", "front", "web"), machine("db", "back", "db")))


def test_a_rule_inside_of_a_group_refers_to_another_group() -> None:
    """The configuration has one expression for all rules inside: with one group in it, that one is meant."""
    rules = (inline("tcp", 22, None, "203.0.113.0/24"), vague(inline("tcp", 5432), "security_groups"))
    found = two(group("web"), group("db", *rules, ingress="aws_security_group.web.id"))
    assert [asked(found, WEB, DB, f"TCP/{port}") for port in (5432, 22)] == [A, D]
    assert asked(found, "203.0.113.9", DB, "TCP/22") is A


def test_rules_that_refer_to_several_groups_are_not_guessed() -> None:
    """Of two rules with a group each it is not known which has which, so both match possibly."""
    rules = (vague(inline("tcp", 5432), "security_groups"), vague(inline("tcp", 22), "security_groups"))
    both = ["aws_security_group.web.id", "aws_security_group.other.id"]
    found = two(group("web"), group("other"), group("db", *rules, ingress=both))
    assert [asked(found, WEB, DB, f"TCP/{port}") for port in (5432, 22, 80)] == [U, U, D]


def test_a_rule_may_name_its_own_group() -> None:
    """``self`` is who carries the group."""
    found = two(group("web", inline("tcp", 80, self=True)), group("db"))
    assert [asked(found, each, WEB, "TCP/80") for each in (WEB, DB)] == [A, D]


@pytest.mark.parametrize("name", ["cidr_blocks", "security_groups"])
def test_peers_that_are_not_known_match_possibly(name: str) -> None:
    """A range or a group that comes from elsewhere may be any, for the ports of its rule."""
    found = two(group("web", vague(inline("tcp", 80), name), ingress="data.aws_thing.elsewhere"), group("db"))
    assert [asked(found, OUT, WEB, f"TCP/{port}") for port in (80, 81)] == [U, D]


def test_all_rules_of_a_group_may_be_unknown() -> None:
    """Rules that are made from something unknown may let in anything, and are not taken for none."""
    made = written("aws_security_group.web", {"name": "web"}, vpc_id="aws_vpc.main.id", ingress="aws_vpc.main.id")
    assert asked(two(made, group("db")), OUT, WEB, "TCP/80") is U


def test_a_rule_for_a_group_that_is_not_in_the_input() -> None:
    """Its other rules are not known: what this one lets in is sure, the rest is open."""
    rule = {"type": "ingress", "protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": [EVERYWHERE]}
    web = written("aws_instance.web", {"vpc_security_group_ids": ["sg-1"]}, subnet_id="aws_subnet.front.id")
    added = written("aws_security_group_rule.web", {**rule, "security_group_id": "sg-1"})
    found = read(plan(*network(), web, added))
    assert [asked(found, OUT, WEB, f"TCP/{port}") for port in (443, 80)] == [A, U]


def test_a_rule_for_the_default_group() -> None:
    """A machine without groups has the default one of its network, and rules may be added to that by reference."""
    rule = {"type": "ingress", "protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": [EVERYWHERE]}
    added = written("aws_security_group_rule.web", rule, security_group_id="aws_vpc.main.default_security_group_id")
    web = written("aws_instance.web", {}, ("vpc_security_group_ids",), subnet_id="aws_subnet.front.id")
    found = read(plan(*network(), web, added))
    assert [asked(found, OUT, WEB, f"TCP/{port}") for port in (443, 80)] == [A, D]


def acl(values: dict[str, Any], *more: Written, unknown: Any = ()) -> Infrastructure:
    """The shop with a list of the web machine's subnet."""
    made = written("aws_network_acl.front", values, unknown, vpc_id="aws_vpc.main.id", subnet_ids="aws_subnet.front.id")
    return read(plan(*shop(), made, *more))


def test_a_list_stands_at_its_subnets() -> None:
    """Entries inside of a list are tried by number, and replies are judged as well."""
    shut = numbered(50, "deny", "tcp", from_port=443, to_port=443, cidr_block="8.8.8.0/24")
    found = acl({"ingress": [numbered(100), shut], "egress": [numbered(100)]})
    assert [asked(found, each, WEB, "TCP/443") for each in (OUT, "9.9.9.9")] == [D, A]
    mute = acl({"ingress": [numbered(100)], "egress": []})
    assert asked(mute, "9.9.9.9", WEB, "TCP/443") is D


def number(name: str, egress: bool, **values: Any) -> Written:
    """An entry that is a resource."""
    fields = {"rule_number": 100, "rule_action": "allow", "protocol": "-1", "cidr_block": EVERYWHERE, **values}
    return written(
        f"aws_network_acl_rule.{name}", {"egress": egress, **fields}, network_acl_id="aws_network_acl.front.id"
    )


def test_entries_may_be_resources() -> None:
    """They are joined to their list; what of them is not known may decide anything."""
    ways = number("in", egress=False), number("out", egress=True)
    assert asked(acl({}, *ways, unknown=("ingress", "egress")), OUT, WEB, "TCP/443") is A
    narrow = number("in", egress=False, protocol="tcp", from_port=80, to_port=80), ways[1]
    assert asked(acl({}, *narrow, unknown=("ingress", "egress")), OUT, WEB, "TCP/443") is D
    open_ = ways[0]._replace(
        values=vague(ways[0].values, "cidr_block"), unknown={**ways[0].unknown, "cidr_block": True},
        expressions={**ways[0].expressions, "cidr_block": {"references": ["aws_vpc.main.cidr_block"]}},
    )  # fmt: skip
    found = acl({}, open_, ways[1], unknown=("ingress", "egress"))
    assert asked(found, OUT, WEB, "TCP/443") is U
    assert [each.message for each in found.problems] == [
        "an entry of which aws_network_acl_rule.in.cidr_block is not known"
    ]


def test_instances_of_a_resource_are_joined_by_index() -> None:
    """``aws_subnet.zone[count.index].id`` is the subnet of the same index, and a list with a splat has them all."""
    zones = [
        written(f"aws_subnet.zone[{index}]", {"cidr_block": f"10.0.{index}.0/24"}, vpc_id="aws_vpc.main.id")
        for index in range(2)
    ]
    nodes = [
        written(
            f"aws_instance.node[{index}]", {}, subnet_id=["aws_subnet.zone", "count.index"],
            vpc_security_group_ids="aws_security_group.web.id",
        )
        for index in range(2)
    ]  # fmt: skip
    shut = {"ingress": [], "egress": [numbered(100)]}
    closed = written("aws_network_acl.zones", shut, subnet_ids="aws_subnet.zone", vpc_id="aws_vpc.main.id")
    resources = (*network(), *zones, group("web", inline("tcp", 80, None, EVERYWHERE)), *nodes)
    found = read(plan(*resources))
    assert [str(each.ranges) for each in found.interfaces] == ["10.0.0.0/24", "10.0.1.0/24"]
    names = [each.name for each in found.interfaces]
    assert [asked(found, OUT, each, "TCP/80") for each in names] == [A, A]
    only = closed._replace(address="aws_network_acl.zones[0]")
    for one in (closed, only):
        listed = read(plan(*resources, one))
        assert [asked(listed, OUT, each, "TCP/80") for each in names] == [D, D]
    assert "a list of Terraform that refers to a resource with several instances means all of them" in (
        listed.assumptions
    )


def test_public_addresses_that_are_not_known_yet() -> None:
    """Whether there will be one is told by the machine, by its subnet or by an address that it is given."""
    asked_for = machine("db", "back", "db")
    asked_for = asked_for._replace(values={**asked_for.values, "associate_public_ip_address": True})
    given = written("aws_eip.db", {}, ("public_ip",), instance="aws_instance.db.id")
    back = written(
        "aws_route_table_association.back", {},
        route_table_id="aws_route_table.front.id", subnet_id="aws_subnet.back.id",
    )  # fmt: skip
    for resources, answer in (
        ([*shop()[:-1], asked_for, back], Answer.YES),
        ([*shop(), given, back], Answer.YES),
        ([*shop(), back], Answer.NO),
        ([*shop(), given], Answer.NO),
    ):
        entered = {each.name: each.entered[4].answer for each in read(plan(*resources)).interfaces}
        assert entered[DB] is answer


def deployed(*more: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """A state with ids: a machine with an interface of its own, and a load balancer before it."""
    return state(
        ("aws_subnet.a", {"id": "subnet-a", "vpc_id": "vpc-1", "cidr_block": "10.0.1.0/24"}),
        (
            "aws_route_table.a",
            {
                "id": "rtb-a", "vpc_id": "vpc-1",
                "route": [{"cidr_block": EVERYWHERE, "ipv6_cidr_block": "", "gateway_id": "igw-1"}],
            },
        ),
        ("aws_route_table_association.a", {"id": "x", "subnet_id": "subnet-a", "route_table_id": "rtb-a"}),
        (
            "aws_network_acl.a",
            {"id": "acl-a", "subnet_ids": ["subnet-a"], "ingress": [numbered(1)], "egress": [numbered(1)]},
        ),
        ("aws_security_group.web", {"id": "sg-1", "name": "web", "ingress": [inline("tcp", 80, None, "8.8.8.8/32")],
                                    "egress": []}),
        (
            "aws_instance.web",
            {
                "id": "i-1", "primary_network_interface_id": "eni-1", "availability_zone": "eu-west-1a",
                "private_ip": "10.0.1.4", "public_ip": "203.0.113.4", "secondary_private_ips": ["10.0.1.5"],
                "subnet_id": "subnet-a", "vpc_security_group_ids": ["sg-1"], "ipv6_addresses": [],
            },
        ),
        *more,
    )  # fmt: skip


def test_a_state_is_joined_by_ids() -> None:
    """Addresses, provider id, groups and routes are as they are deployed."""
    found = read(deployed())
    (interface,) = found.interfaces
    assert (interface.name, interface.machine) == ("eni-1", "aws:///eu-west-1a/i-1")
    assert [str(each) for each in (interface.addresses, interface.delegated, interface.public)] == [
        "10.0.1.4/32", "10.0.1.5/32", "203.0.113.4/32",
    ]  # fmt: skip
    assert interface.entered[4].answer is Answer.YES
    assert [asked(found, each, "eni-1", "TCP/80") for each in (OUT, "9.9.9.9")] == [A, D]
    assert found.problems == []


def test_load_balancers_lead_to_their_targets() -> None:
    """Listeners and target groups are joined; what a rule adds to a listener is a target as well."""
    found = read(
        deployed(
            ("aws_lb.web", {
                "id": "arn:lb", "name": "front", "dns_name": "Front.example.com", "internal": False,
                "load_balancer_type": "application", "security_groups": ["sg-1"], "subnets": ["subnet-a"],
            }),
            ("aws_lb_target_group.web", {"id": "arn:tg", "port": 8080, "protocol": "HTTP", "target_type": "instance"}),
            ("aws_lb_target_group.pods", {"id": "arn:pods", "port": 9090, "protocol": "HTTP", "target_type": "ip"}),
            ("aws_lb_target_group_attachment.web", {"id": "a", "target_group_arn": "arn:tg", "target_id": "i-1"}),
            ("aws_lb_target_group_attachment.pod", {
                "id": "b", "target_group_arn": "arn:pods", "target_id": "10.0.1.77", "port": 9091,
            }),
            ("aws_lb_listener.web", {
                "id": "arn:l", "load_balancer_arn": "arn:lb", "port": 443, "protocol": "HTTPS",
                "default_action": [{"type": "forward", "target_group_arn": "arn:tg"}],
            }),
            ("aws_lb_listener_rule.pods", {
                "id": "arn:r", "listener_arn": "arn:l",
                "action": [{"type": "forward", "forward": [{"target_group": [{"arn": "arn:pods"}]}]}],
            }),
        )
    )  # fmt: skip
    (balancer,) = found.balancers
    assert (balancer.name, balancer.hostnames, balancer.facing.answer) == ("front", ("front.example.com",), Answer.YES)
    (listening,) = balancer.listeners
    assert (listening.port, listening.tls) == (443, True)
    assert listening.targets == (
        Target(machine="aws:///eu-west-1a/i-1", port=8080),
        Target(address="10.0.1.77", port=9091),
    )
    assert [each.name for each in found.interfaces if each.machine == "front"] == ["front in subnet-a"]


def test_data_sources_are_no_groups() -> None:
    """A data source of a group does not show its rules: they are not known, and not none."""
    sources = [("data.aws_security_group.web", {"id": "sg-9", "name": "web"})]
    values = {"id": "i-2", "primary_network_interface_id": "eni-2", "vpc_security_group_ids": ["sg-9"]}
    assert asked(read(state(*sources, ("aws_instance.web", values))), OUT, "eni-2", "TCP/80") is U


def test_interfaces_are_given_to_instances() -> None:
    """An interface of its own, attached in any of the ways, stands for the instance; groups may be attached later."""
    card = written(
        "aws_network_interface.db", {"private_ips": ["10.0.2.7"]}, ("private_ip",),
        subnet_id="aws_subnet.back.id", security_groups="aws_security_group.db.id",
    )  # fmt: skip
    named = "aws_network_interface.db.id"
    inside = Written(
        "aws_instance.db", {"network_interface": [{"device_index": 0}]},
        {"id": True, "network_interface": [{"network_interface_id": True}]},
        {"network_interface": [{"network_interface_id": {"references": [named]}}]},
    )  # fmt: skip
    more = written(
        "aws_network_interface_sg_attachment.db", {},
        network_interface_id=named, security_group_id="aws_security_group.ssh.id",
    )  # fmt: skip
    rules = (inline("tcp", 5432, None, EVERYWHERE), inline("tcp", 22, None, EVERYWHERE))
    groups = group("db", rules[0]), group("ssh", rules[1])
    found = read(plan(*network(), *groups, card, inside))
    assert [(each.name, str(each.addresses), each.machine) for each in found.interfaces] == [
        ("terraform:aws_network_interface.db", "10.0.2.7/32", "aws:////terraform:aws_instance.db")
    ]
    name = found.interfaces[0].name
    assert [asked(found, OUT, name, f"TCP/{port}") for port in (5432, 22)] == [A, D]
    found = read(plan(*network(), *groups, card, inside, more))
    assert [asked(found, OUT, name, f"TCP/{port}") for port in (5432, 22)] == [A, A]


def test_prefix_lists_of_the_input_are_looked_into() -> None:
    """Entries inside of a list and those of their own are the peers of rules that name it; others match possibly."""
    listed = written("aws_ec2_managed_prefix_list.office", {"entry": [{"cidr": "203.0.113.0/24"}]})
    more = written(
        "aws_ec2_managed_prefix_list_entry.home", {"cidr": "198.51.100.0/24"},
        prefix_list_id="aws_ec2_managed_prefix_list.office.id",
    )  # fmt: skip
    rule = written(
        "aws_vpc_security_group_ingress_rule.office", {"ip_protocol": "tcp", "from_port": 22, "to_port": 22},
        security_group_id="aws_security_group.web.id", prefix_list_id="aws_ec2_managed_prefix_list.office.id",
    )  # fmt: skip
    sources = ("203.0.113.9", "198.51.100.9", OUT)
    found = two(group("web"), group("db"), listed, more, rule)
    assert [asked(found, each, WEB, "TCP/22") for each in sources] == [A, A, D]
    elsewhere = written(
        "aws_vpc_security_group_ingress_rule.office",
        {"ip_protocol": "tcp", "from_port": 22, "to_port": 22, "prefix_list_id": "pl-1"},
        security_group_id="aws_security_group.web.id",
    )
    assert asked(two(group("web"), group("db"), elsewhere), OUT, WEB, "TCP/22") is U


def test_instances_of_modules_are_kept_apart() -> None:
    """What an expression in a module refers to is in the same instance of the module."""
    inner = [group("web", inline("tcp", 80, None, EVERYWHERE)), written("aws_instance.web", {}, subnet_id="x",
             vpc_security_group_ids="aws_security_group.web.id")]  # fmt: skip
    whole = plan(*inner)
    root = whole["planned_values"]["root_module"]["resources"]
    names = [f"module.site[{index}]." for index in range(2)]
    whole["planned_values"]["root_module"] = {
        "child_modules": [
            {"address": name[:-1], "resources": [{**each, "address": name + each["address"]} for each in root]}
            for name in names
        ]
    }
    whole["resource_changes"] = [
        {**each, "address": name + each["address"]} for each in whole["resource_changes"] for name in names
    ]
    module = {"module": whole["configuration"]["root_module"]}
    whole["configuration"] = {"root_module": {"module_calls": {"site": module}}}
    guards = {
        one.title: sorted(one.guards) for tier in read(whole).tiers[:1] for one in tier.ranks[0]
    }  # fmt: skip
    assert guards == {
        f"security group terraform:{name}aws_security_group.web (web)": [f"terraform:{name}aws_instance.web"]
        for name in names
    }


def test_a_plan_and_answers_of_the_service_are_read_together() -> None:
    """A plan that adds a rule to a group which the service tells has both: no rule of the group is unknown."""
    answer = {"SecurityGroups": [{"GroupId": "sg-1", "GroupName": "web", "IpPermissions": []}]}
    rule = {"type": "ingress", "protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": [EVERYWHERE]}
    web = written("aws_instance.web", {"vpc_security_group_ids": ["sg-1"]}, subnet_id="aws_subnet.front.id")
    added = written("aws_security_group_rule.web", {**rule, "security_group_id": "sg-1"})
    found = read(plan(*network(), web, added), answer)
    assert [asked(found, OUT, WEB, f"TCP/{port}") for port in (443, 80)] == [A, D]


def test_what_is_attached_to_an_unknown_subnet_may_be_attached_to_any() -> None:
    """With a list or a route table that is of some subnet, those that have none are not taken to have the default."""
    shut: dict[str, Any] = {"ingress": [], "egress": []}
    unclear = written("aws_network_acl.each", shut, vpc_id="aws_vpc.main.id", subnet_ids="each.value.id")
    clear = written("aws_network_acl.front", shut, vpc_id="aws_vpc.main.id", subnet_ids="aws_subnet.front.id")
    assert asked(read(plan(*shop(), unclear)), OUT, WEB, "TCP/443") is U
    assert asked(read(plan(*shop(), unclear, clear)), OUT, WEB, "TCP/443") is D
    loose = [each for each in shop() if "association" not in each.address]
    association = written(
        "aws_route_table_association.each", {}, route_table_id="aws_route_table.front.id", subnet_id="each.value.id"
    )
    for resources, answer in ((loose, Answer.NO), ([*loose, association], Answer.UNKNOWN)):
        entered = {each.name: each.entered[4].answer for each in read(plan(*resources)).interfaces}
        assert entered[WEB] is answer


@pytest.mark.parametrize(
    ("kind", "values", "answer"),
    [
        ("nat_gateway", {"connectivity_type": "public"}, Answer.YES),
        ("nat_gateway", {"connectivity_type": "private"}, Answer.NO),
        ("internet_gateway", {}, Answer.NO),
        ("vpn_gateway", {}, Answer.UNKNOWN),
    ],
)
def test_gateways_without_ids_are_told_by_their_type(kind: str, values: dict[str, Any], answer: Answer) -> None:
    """A machine without a public address leaves through a public translator, and through no internet gateway."""
    field = "nat_gateway_id" if kind == "nat_gateway" else "gateway_id"
    gateway = written(f"aws_{kind}.out", values)
    table = Written(
        "aws_route_table.back", {"route": [{"cidr_block": EVERYWHERE}]}, {"id": True, "route": [{field: True}]},
        {"route": {"references": [f"aws_{kind}.out.id", f"aws_{kind}.out"]}},
    )  # fmt: skip
    association = written(
        "aws_route_table_association.back", {},
        route_table_id="aws_route_table.back.id", subnet_id="aws_subnet.back.id",
    )  # fmt: skip
    found = read(plan(*shop(), gateway, table, association))
    assert {each.name: each.leaves[4].answer for each in found.interfaces}[DB] is answer


def test_what_a_network_has_by_itself_may_be_written() -> None:
    """Its default list, group and table with other rules count instead of those that AWS makes."""
    listed = written(
        "aws_default_network_acl.main", {"ingress": [], "egress": []},
        default_network_acl_id="aws_vpc.main.default_network_acl_id",
    )  # fmt: skip
    assert asked(read(plan(*shop(), listed)), OUT, WEB, "TCP/443") is D
    own = written(
        "aws_default_security_group.main", {"ingress": [inline("tcp", 80, None, EVERYWHERE)], "egress": []},
        vpc_id="aws_vpc.main.id",
    )  # fmt: skip
    bare = written("aws_instance.web", {}, ("vpc_security_group_ids",), subnet_id="aws_subnet.front.id")
    found = read(plan(*network(), own, bare))
    assert [asked(found, OUT, WEB, f"TCP/{port}") for port in (80, 443)] == [A, D]
    assert asked(found, WEB, OUT, "TCP/443") is D
    out = {"cidr_block": EVERYWHERE, "gateway_id": "igw-1"}
    table = written(
        "aws_default_route_table.main", {"route": [out]},
        default_route_table_id="aws_vpc.main.default_route_table_id",
    )  # fmt: skip
    loose = [each for each in shop() if "association" not in each.address]
    entered = {each.name: each.entered[4].answer for each in read(plan(*loose, table)).interfaces}
    assert entered[WEB] is Answer.YES


def test_ipv6_is_read_alike() -> None:
    """Ranges of rules, of entries and of subnets; an address that is asked for is a public one."""
    subnet = written(
        "aws_subnet.six",
        {"cidr_block": "10.0.6.0/24", "ipv6_cidr_block": "2001:db8:0:6::/64"},
        vpc_id="aws_vpc.main.id",
    )
    rule = written(
        "aws_vpc_security_group_ingress_rule.six",
        {"ip_protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_ipv6": "2001:db8:ffff::/48"},
        security_group_id="aws_security_group.web.id",
    )
    route = written(
        "aws_route.six", {"destination_ipv6_cidr_block": "::/0"},
        route_table_id="aws_route_table.front.id", gateway_id="aws_internet_gateway.main.id",
    )  # fmt: skip
    association = written(
        "aws_route_table_association.six", {},
        route_table_id="aws_route_table.front.id", subnet_id="aws_subnet.six.id",
    )  # fmt: skip
    web = machine("web", "six", "web")
    web = web._replace(
        values={**web.values, "ipv6_address_count": 1}, unknown={**web.unknown, "ipv6_addresses": True}
    )  # fmt: skip
    every = {"cidr_block": "", "ipv6_cidr_block": "::/0"}
    listed = written(
        "aws_network_acl.six", {"ingress": [numbered(1, **every)], "egress": [numbered(1, **every)]},
        subnet_ids="aws_subnet.six.id",
    )  # fmt: skip
    resources = (*network(), subnet, group("web"), rule, route, association, web)
    for more in ((), (listed,)):
        found = read(plan(*resources, *more))
        assert found.interfaces[0].entered[6].answer is Answer.YES
        sources = ("2001:db8:ffff::9", "2001:db8:fffe::9")
        assert [asked(found, each, WEB, "TCP/443") for each in sources] == ([A, D] if more else [D, D])


def test_groups_that_nobody_tells() -> None:
    """They are those of a launch template, or the default of a network that is not in the input: not none."""
    bare = written("aws_instance.web", {}, ("vpc_security_group_ids",), subnet_id="aws_subnet.front.id")
    templated = bare._replace(values={"launch_template": [{"name": "nodes"}]})
    placed = {"subnet_id": "subnet-1", "private_ip": "10.9.0.4"}
    elsewhere = written("aws_instance.web", placed, ("vpc_security_group_ids",))
    assert [asked(read(plan(*network(), each)), OUT, WEB, "TCP/80") for each in (bare, templated, elsewhere)] == [
        D, U, U,
    ]  # fmt: skip


def test_routes_that_are_not_known() -> None:
    """Routes that are made from something unknown may be any; those of a table that is not in the input as well."""
    hidden = written("aws_route_table.back", {}, route="aws_vpc.main.id", vpc_id="aws_vpc.main.id")
    own = written(
        "aws_route_table_association.back", {},
        route_table_id="aws_route_table.back.id", subnet_id="aws_subnet.back.id",
    )  # fmt: skip
    foreign = written(
        "aws_route_table_association.back", {"route_table_id": "rtb-1"}, subnet_id="aws_subnet.back.id"
    )  # fmt: skip
    for more, answer in (((), Answer.NO), ((hidden, own), Answer.UNKNOWN), ((foreign,), Answer.UNKNOWN)):
        leaves = {each.name: each.leaves[4].answer for each in read(plan(*shop(), *more)).interfaces}
        assert leaves[DB] is answer


def test_the_main_table_of_a_network() -> None:
    """It is that of subnets which have no other one."""
    route = {"cidr_block": EVERYWHERE, "gateway_id": "igw-1"}
    resources: list[tuple[str, dict[str, Any]]] = [
        ("aws_subnet.b", {"id": "subnet-b", "vpc_id": "vpc-1", "cidr_block": "10.0.2.0/24"}),
        ("aws_route_table.main", {"id": "rtb-m", "vpc_id": "vpc-1", "route": [route]}),
        ("aws_instance.b", {"id": "i-b", "subnet_id": "subnet-b", "public_ip": "203.0.113.5"}),
    ]
    main = ("aws_main_route_table_association.m", {"id": "x", "vpc_id": "vpc-1", "route_table_id": "rtb-m"})
    default = ("aws_default_route_table.m", {"id": "rtb-d", "vpc_id": "vpc-1", "route": [route]})
    for more, answer in ((), Answer.UNKNOWN), ((main,), Answer.YES), ((default,), Answer.YES):
        (interface,) = read(state(*resources, *more)).interfaces
        assert interface.entered[4].answer is answer


def test_a_prefix_list_with_an_entry_that_is_not_known() -> None:
    """It may hold anything."""
    listed = written("aws_ec2_managed_prefix_list.office", {"entry": []})
    named = "aws_ec2_managed_prefix_list.office.id"
    entry = written("aws_ec2_managed_prefix_list_entry.nat", {}, cidr="aws_eip.nat.public_ip", prefix_list_id=named)
    rule = written(
        "aws_vpc_security_group_ingress_rule.office", {"ip_protocol": "tcp", "from_port": 22, "to_port": 22},
        security_group_id="aws_security_group.web.id", prefix_list_id=named,
    )  # fmt: skip
    asked_of = [two(group("web"), group("db"), listed, *more, rule) for more in ((), (entry,))]
    assert [asked(each, OUT, WEB, "TCP/22") for each in asked_of] == [D, U]


def test_targets_that_are_not_known() -> None:
    """With one target that is not known nothing is said of where a listener leads."""
    behind = [
        written("aws_lb.web", {"name": "front", "internal": True}, security_groups="aws_security_group.web.id"),
        written("aws_lb_target_group.web", {"port": 80, "protocol": "HTTP"}),
        Written(
            "aws_lb_listener.web", {"port": 80, "protocol": "HTTP", "default_action": [{"type": "forward"}]},
            {"id": True, "load_balancer_arn": True, "default_action": [{"target_group_arn": True}]},
            {
                "load_balancer_arn": {"references": ["aws_lb.web.arn", "aws_lb.web"]},
                "default_action": [{"target_group_arn": {"references": ["aws_lb_target_group.web.arn"]}}],
            },
        ),
        written(
            "aws_lb_target_group_attachment.web", {},
            target_group_arn="aws_lb_target_group.web.arn", target_id="aws_instance.web.id",
        ),
    ]  # fmt: skip
    other = written(
        "aws_lb_target_group_attachment.other", {},
        target_group_arn="aws_lb_target_group.web.arn", target_id="aws_spot_instance_request.web.spot_instance_id",
    )  # fmt: skip
    targets = [
        read(plan(*shop(), *behind, *more)).balancers[0].listeners[0].targets for more in ((), (other,))
    ]  # fmt: skip
    assert targets == [(Target(machine="aws:////terraform:aws_instance.web", port=80),), None]


SPOILED = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=8),
    st.sampled_from([[], {}, [None], [[]], [{}], {"a": [1]}, "10.0.0.1/8", -1, 70000, "aws_vpc.main", [True], 1.5]),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_nothing_that_is_malformed_raises(data: st.DataObject) -> None:
    """Any value of any resource may be anything: it is read, and asked about."""
    listed = [*shop(), number("in", egress=False), group("more", inline("tcp", 1, 2, EVERYWHERE))]
    position = data.draw(st.integers(0, len(listed) - 1))
    chosen = listed[position]
    spoiled = {name: data.draw(SPOILED) for name in data.draw(st.permutations([*chosen.values, *chosen.unknown]))[:2]}
    unknown = {**chosen.unknown, **{name: data.draw(SPOILED) for name in spoiled}}
    listed[position] = chosen._replace(values={**chosen.values, **spoiled}, unknown=unknown)
    for document in (plan(*listed), state(*((each.address, {**each.values, "id": "x"}) for each in listed))):
        assert isinstance(aws.recognises(document), bool)
        for interface in aws.read([(document, Origin("plan.json"))]).interfaces:
            assert interface.name
