"""Plans and states of Terraform's provider openstack."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from crenel.dialects import openstack
from crenel.network.firewalls import Answer
from crenel.questions.verdict import Outcome
from dialects.openstack.asking import A, D, U, interface, outcome, read

CLIENT = "203.0.113.9"


class Written(NamedTuple):
    """A resource: its address, its values, what is known only after it is applied, what expressions refer to."""

    address: str
    values: dict[str, Any]
    unknown: tuple[str, ...] = ("id",)
    references: Mapping[str, Any] = MappingProxyType({})


def plan(*resources: Written) -> dict[str, Any]:
    """A plan that makes all of these."""
    return {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": [_value(each) for each in resources]}},
        "resource_changes": [
            {"address": each.address, "change": {"after_unknown": dict.fromkeys(each.unknown, True)}}
            for each in resources
        ],
        "configuration": {"root_module": {"resources": [
            {"address": each.address.split("[")[0], "expressions": _expressions(each.references)} for each in resources
        ]}},
    }  # fmt: skip


def _expressions(references: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: [_expressions(each) for each in value] if isinstance(value, list) else {"references": [value]}
        for name, value in references.items()
    }


def state(*resources: Written) -> dict[str, Any]:
    """A state in which all of these are."""
    return {"format_version": "1.0", "values": {"root_module": {"resources": [_value(each) for each in resources]}}}


def _value(each: Written) -> dict[str, Any]:
    kind, name = each.address.split("[")[0].split(".")
    return {"address": each.address, "mode": "managed", "type": kind, "name": name, "values": each.values}


GROUP = Written("openstack_networking_secgroup_v2.web", {"name": "web"})
IN_GROUP = {"security_group_id": "openstack_networking_secgroup_v2.web.id"}


def rule(name: str, references: dict[str, Any] | None = None, **values: Any) -> Written:
    """A rule of the group, as the provider fills it in."""
    whole = {
        "direction": "ingress", "ethertype": "IPv4", "protocol": "tcp", "port_range_min": 443, "port_range_max": 443,
        "remote_ip_prefix": None, **values,
    }  # fmt: skip
    unknown = ("id", "security_group_id", *(references or {}))
    return Written(f"openstack_networking_secgroup_rule_v2.{name}", whole, unknown, {**IN_GROUP, **(references or {})})


PORT = Written(
    "openstack_networking_port_v2.web",
    {"name": "web", "fixed_ip": [{"ip_address": "10.0.0.10"}], "port_security_enabled": None},
    ("id", "security_group_ids", "all_security_group_ids", "network_id"),
    {"security_group_ids": "openstack_networking_secgroup_v2.web.id",
     "network_id": "openstack_networking_network_v2.main.id"},
)  # fmt: skip
NETWORK = Written("openstack_networking_network_v2.main", {"name": "shop", "external": False})
SUBNET = Written(
    "openstack_networking_subnet_v2.main", {"name": "four", "cidr": "10.0.0.0/24"}, ("id", "network_id", "gateway_ip"),
    {"network_id": "openstack_networking_network_v2.main.id"},
)  # fmt: skip


def web(*more: Written) -> list[Any]:
    """A group, a port in it, and more."""
    return [plan(GROUP, PORT, *more)]


@pytest.mark.parametrize(
    ("made", "traffic", "expected"),
    [
        (rule("https"), "TCP/443", A),
        (rule("https"), "TCP/80", D),
        (rule("all", port_range_min=0, port_range_max=0), "TCP/80", A),
        (rule("ping", protocol="icmp", port_range_min=0, port_range_max=0), "ICMP", A),
        (rule("ping", protocol="icmp", port_range_min=8, port_range_max=0), "ICMP", U),
        (rule("office", remote_ip_prefix="198.51.100.0/24"), "TCP/443", D),
        (rule("self", {"remote_group_id": "openstack_networking_secgroup_v2.web.id"}), "TCP/443", D),
        (rule("gone", {"remote_group_id": "data.openstack_networking_secgroup_v2.gone.id"}), "TCP/443", U),
    ],
)
def test_rules_are_joined_with_their_group_before_it_has_an_id(made: Written, traffic: str, expected: Outcome) -> None:
    """By what their expressions refer to; ports that are both 0 are not set."""
    assert outcome(web(made), CLIENT, "web", traffic) is expected


def test_new_groups_let_everything_out() -> None:
    """Neutron gives them two rules, which `delete_default_rules` takes away."""
    assert outcome(web(), "web", CLIENT) is A
    assert any("all egress" in text for text in read(*web()).assumptions)
    closed = GROUP._replace(values={"name": "web", "delete_default_rules": True})
    assert outcome([plan(closed, PORT)], "web", CLIENT) is D


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"port_security_enabled": False}, A),
        ({"no_security_groups": True}, D),
        ({"no_security_groups": False}, D),
    ],
)
def test_ports_without_groups(values: dict[str, Any], expected: Outcome) -> None:
    """Port security may be off, and groups none at all."""
    port = PORT._replace(values={**PORT.values, **values})
    assert outcome([plan(GROUP, port)], CLIENT, "web") is expected


def test_a_port_that_names_no_group_gets_the_default_one() -> None:
    """Which is not in the plan, so that nothing is known of it."""
    port = PORT._replace(references={}, unknown=("id", "all_security_group_ids"))
    assert outcome([plan(port)], CLIENT, "web") is U


def test_a_port_without_an_address_will_have_one_of_its_subnet() -> None:
    """Rules for a range around the subnet match for sure, others possibly."""
    port = Written(
        PORT.address, {"name": "web", "fixed_ip": [{"ip_address": None}]}, PORT.unknown,
        {**PORT.references, "fixed_ip": [{"subnet_id": "openstack_networking_subnet_v2.main.id"}]},
    )  # fmt: skip
    made = [plan(GROUP, port, NETWORK, SUBNET, rule("any"))]
    assert str(interface(made, "web").ranges) == "10.0.0.0/24"
    assert interface(made, "web").network == "shop"
    named = [plan(GROUP, port, SUBNET, rule("self", {"remote_group_id": "openstack_networking_secgroup_v2.web.id"}))]
    assert outcome(named, "web", "web") is A
    assert outcome(named, "10.0.0.77", "web") is D, "an address that nothing in the plan has"


def test_servers_with_and_without_ports() -> None:
    """A server has the ports that it names, and one for each network without; groups are named by their names."""
    server = Written(
        "openstack_compute_instance_v2.web",
        {"name": "srv", "security_groups": ["web"], "network": [{"fixed_ip_v4": "10.0.0.40"}, {}]},
        ("id",), {"network": [{}, {"port": "openstack_networking_port_v2.web.id"}]},
    )  # fmt: skip
    made = web(server, rule("https"))
    assert [(each.name, each.machine) for each in read(*made).interfaces] == [
        ("web", "openstack:///openstack_compute_instance_v2.web"),
        ("srv/0", "openstack:///openstack_compute_instance_v2.web"),
    ]
    assert [outcome(made, CLIENT, "srv/0", f"TCP/{each}") for each in (443, 22)] == [A, D]
    unnamed = server._replace(values={**server.values, "security_groups": ["other"]})
    assert outcome(web(unnamed), CLIENT, "srv/0") is U


def test_floating_addresses_and_routers_of_a_plan() -> None:
    """Addresses are not known yet, but that there are some is; a router leads out of the subnets it is attached to."""
    router = Written(
        "openstack_networking_router_v2.edge", {"name": "edge", "external_network_id": "ext", "enable_snat": None}
    )
    attached = Written(
        "openstack_networking_router_interface_v2.main", {}, ("id", "router_id", "subnet_id"),
        {"router_id": "openstack_networking_router_v2.edge.id", "subnet_id": "openstack_networking_subnet_v2.main.id"},
    )  # fmt: skip
    port = PORT._replace(
        references={**PORT.references, "fixed_ip": [{"subnet_id": "openstack_networking_subnet_v2.main.id"}]}
    )
    made = interface([plan(GROUP, port, SUBNET, router, attached)], "web")
    assert (made.leaves[4].answer, made.entered[4].answer) == (Answer.YES, Answer.UNKNOWN)
    floating = Written(
        "openstack_networking_floatingip_v2.web", {"pool": "public"}, ("id", "address", "port_id"),
        {"port_id": "openstack_networking_port_v2.web.id"},
    )  # fmt: skip
    made = interface([plan(GROUP, port, SUBNET, router, attached, floating)], "web")
    assert "not known yet" in made.entered[4].why
    assert (made.leaves[4].answer, made.entered[4].answer) == (Answer.UNKNOWN, Answer.UNKNOWN)
    known = floating._replace(values={"address": "93.184.216.9"})
    made = interface([plan(GROUP, port, SUBNET, router, attached, known)], "web")
    assert made.entered[4].answer is Answer.YES


def test_load_balancers_of_a_plan() -> None:
    """Listener, pool and members are joined by what they refer to."""
    balancer = Written("openstack_lb_loadbalancer_v2.front", {
        "name": "front", "vip_address": "10.0.0.100", "loadbalancer_provider": "ovn",
    })  # fmt: skip
    listener = Written(
        "openstack_lb_listener_v2.https", {"name": "https", "protocol": "TCP", "protocol_port": 443},
        ("id", "loadbalancer_id"), {"loadbalancer_id": "openstack_lb_loadbalancer_v2.front.id"},
    )  # fmt: skip
    pool = Written(
        "openstack_lb_pool_v2.web", {"name": "web", "protocol": "TCP"}, ("id", "listener_id"),
        {"listener_id": "openstack_lb_listener_v2.https.id"},
    )  # fmt: skip
    member = Written(
        "openstack_lb_member_v2.web[0]", {"address": "10.0.0.10", "protocol_port": 30443}, ("id", "pool_id"),
        {"pool_id": "openstack_lb_pool_v2.web.id"},
    )  # fmt: skip
    several = Written(
        "openstack_lb_members_v2.more", {"member": [{"address": "10.0.9.9", "protocol_port": 30444}]},
        ("id", "pool_id"), {"pool_id": "openstack_lb_pool_v2.web.id"},
    )  # fmt: skip
    [made] = read(plan(balancer, listener, pool, member, several)).balancers
    [listening] = made.listeners
    assert (listening.port, listening.keeps_client) == (443, True)
    assert [(each.address, each.port) for each in listening.targets or ()] == [
        ("10.0.0.10", 30443),
        ("10.0.9.9", 30444),
    ]


def test_instances_are_joined_with_the_same_index() -> None:
    """With ``count`` an expression names the resource without an index; the one of the same index is meant."""
    groups = [
        Written(f"openstack_networking_secgroup_v2.web[{number}]", {"name": f"web{number}"}) for number in range(2)
    ]
    rules = [
        Written(
            f"openstack_networking_secgroup_rule_v2.r[{number}]",
            {"direction": "ingress", "ethertype": "IPv4", "protocol": "tcp", "port_range_min": 80 + number,
             "port_range_max": 80 + number}, ("id", "security_group_id"), IN_GROUP,
        )
        for number in range(2)
    ]  # fmt: skip
    port = PORT._replace(references={"security_group_ids": "openstack_networking_secgroup_v2.web[1].id"})
    made = [plan(*groups, *rules, port)]
    assert [outcome(made, CLIENT, "web", f"TCP/{each}") for each in (80, 81)] == [D, A]


def test_states_have_ids() -> None:
    """What is deployed is joined by ids; that other rules of the group may exist is said."""
    group = Written(GROUP.address, {"id": "sg", "name": "web", "stateful": True, "delete_default_rules": True})
    https = Written("openstack_networking_secgroup_rule_v2.https", {
        "id": "r", "security_group_id": "sg", "direction": "ingress", "ethertype": "IPv4", "protocol": "tcp",
        "port_range_min": 443, "port_range_max": 443, "remote_ip_prefix": "0.0.0.0/0", "remote_group_id": "",
    })  # fmt: skip
    port = Written(PORT.address, {
        "id": "p", "name": "web", "all_fixed_ips": ["10.0.0.10"], "security_group_ids": ["sg"], "device_id": "srv",
        "device_owner": "compute:nova", "port_security_enabled": True,
    })  # fmt: skip
    made = [state(group, https, port)]
    assert [outcome(made, CLIENT, "web", f"TCP/{each}") for each in (443, 22)] == [A, D]
    assert interface(made, "web").machine == "openstack:///srv"
    found = read(*made)
    assert "Terraform does not manage" in found.problems[0].message
    [only] = found.tiers[-1].ranks[0][0].rules
    assert only.field == ("values", "root_module", "resources", 1, "values")


def test_plans_of_other_providers_are_not_recognised() -> None:
    """One resource of the provider is enough."""
    other = {"format_version": "1.2", "planned_values": {"root_module": {"resources": [
        {"address": "aws_instance.a", "type": "aws_instance", "values": {}}]}}}  # fmt: skip
    assert not openstack.recognises(other)
    assert openstack.recognises(web()[0])
