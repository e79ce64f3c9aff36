"""Plans and states of Terraform's provider google."""

from __future__ import annotations

from typing import Any

import pytest

from crenel.dialects import gcp
from crenel.network.addresses import AddressSet
from crenel.network.firewalls import Answer, Interface
from crenel.questions.verdict import Outcome
from dialects.gcp.asking import A, D, U, outcome, read, text
from dialects.gcp.plans import NETWORK, SUBNET, Refer, Written, firewall, machine, made, plan, shop, state

OUT = "8.8.4.4"
ACCOUNT = "google_service_account.web.email"


def interface(documents: list[Any], name: str) -> Interface:
    """One interface."""
    return next(each for each in read(*documents).interfaces if each.name == name)


ANY: dict[str, Any] = {"source_ranges": ["0.0.0.0/0"]}
RULES: list[tuple[str, list[Written], dict[str, Any], str, Outcome]] = [
    ("a rule of the network", [firewall(**ANY)], {}, "TCP/443", A),
    ("is for its ports", [firewall(**ANY)], {}, "TCP/80", D),
    ("without a source it is for all of IPv4", [firewall()], {}, "TCP/443", A),
    ("also where the provider leaves that open", [firewall()._replace(unknown=("id", "source_ranges", "network"))], {},
     "TCP/443", A),
    ("a source that is known later may be anything",
     [firewall(source_ranges=Refer("google_compute_address.a.address"))], {}, "TCP/443", U),
    ("denials", [firewall(**ANY), firewall("no", allow=[], deny=[{"protocol": "all"}], priority=1, **ANY)], {},
     "TCP/443", D),
    ("disabled rules", [firewall(disabled=True, **ANY)], {}, "TCP/443", D),
    ("tags", [firewall(target_tags=["web"], **ANY)], {"tags": ["web"]}, "TCP/443", A),
    ("other tags", [firewall(target_tags=["web"], **ANY)], {"tags": ["db"]}, "TCP/443", D),
    ("tags that are known later", [firewall(target_tags=["web"], **ANY)], {"tags": Refer("google_tags.x")}, "TCP/443",
     U),
    ("accounts by what they refer to",
     [firewall(target_service_accounts=Refer(ACCOUNT), **ANY), made("service_account.web", account_id="web")],
     {"service_account": [{"email": Refer(ACCOUNT)}]}, "TCP/443", A),
    ("no account", [firewall(target_service_accounts=Refer(ACCOUNT), **ANY), made("service_account.web")], {},
     "TCP/443", D),
    ("no rule at all", [], {}, "TCP/443", D),
]  # fmt: skip


@pytest.mark.parametrize(("says", "rules", "values", "traffic", "expected"), RULES)
def test_rules_of_a_plan(
    says: str, rules: list[Written], values: dict[str, Any], traffic: str, expected: Outcome
) -> None:
    """Each holds before anything has an id."""
    assert outcome(shop(*rules, **values), OUT, "web", traffic) is expected, says


def test_a_planned_network_has_its_default_routes() -> None:
    """Unless they are deleted right away; what is not planned has no other routes, and no Cloud NAT."""
    made_with = interface(shop(), "web")
    assert (made_with.entered[4].answer, made_with.leaves[4].answer) == (Answer.YES, Answer.YES)
    assert made_with.machine == "gce://shop/us-east1-b/web"
    bare = made("compute_network.main", name="main", delete_default_routes_on_create=True)
    found = interface([plan(bare, SUBNET, machine())], "web")
    assert (found.entered[4].answer, found.leaves[4].answer) == (Answer.NO, Answer.NO)


def test_cloud_nat_of_a_plan() -> None:
    """A gateway belongs to the network of its router, and serves subnets that it names or all."""
    router = made(
        "compute_router.r", name="r", region="us-east1", network=Refer("google_compute_network.main.id")
    )  # fmt: skip
    inner = made(
        "compute_instance.in", name="in", zone="us-east1-b",
        network_interface=[{"network_ip": "10.0.1.9", "subnetwork": Refer("google_compute_subnetwork.web.id"),
                            "network": Refer("google_compute_network.main.id")}],
    )  # fmt: skip
    values: dict[str, Any] = {"name": "nat", "region": "us-east1", "router": Refer("google_compute_router.r.name")}
    everything = made(
        "compute_router_nat.n", source_subnetwork_ip_ranges_to_nat="ALL_SUBNETWORKS_ALL_IP_RANGES", **values
    )
    assert interface(shop(inner), "in").leaves[4].answer is Answer.NO
    assert interface(shop(inner, router, everything), "in").leaves[4].why == "Cloud NAT nat"
    some = made(
        "compute_router_nat.n", source_subnetwork_ip_ranges_to_nat="LIST_OF_SUBNETWORKS",
        subnetwork=[{"name": Refer("google_compute_subnetwork.web.id"), "source_ip_ranges_to_nat": ["ALL_IP_RANGES"]}],
        **values,
    )  # fmt: skip
    assert interface(shop(inner, router, some), "in").leaves[4].answer is Answer.YES
    other = made("compute_network.other", name="other")
    elsewhere = made("compute_router.r", name="r", region="us-east1", network=Refer("google_compute_network.other.id"))
    assert interface(shop(inner, other, elsewhere, everything), "in").leaves[4].answer is Answer.NO


def match(**more: Any) -> list[dict[str, Any]]:
    """What a rule of a policy matches."""
    return [{"layer4_configs": [{"ip_protocol": "tcp", "ports": ["443"]}], "src_ip_ranges": ["0.0.0.0/0"], **more}]


def test_network_policies_of_a_plan() -> None:
    """Rules and associations are resources of their own; the network may put them before its rules."""
    policy = made("compute_network_firewall_policy.p", name="p")
    rule = made(
        "compute_network_firewall_policy_rule.r", priority=10,
        firewall_policy=Refer("google_compute_network_firewall_policy.p.name"), action="deny", direction="INGRESS",
        match=match(),
    )  # fmt: skip
    attached = made(
        "compute_network_firewall_policy_association.a", name="a",
        firewall_policy=Refer("google_compute_network_firewall_policy.p.name"),
        attachment_target=Refer("google_compute_network.main.id"),
    )  # fmt: skip
    allowing = firewall(**ANY)
    assert outcome(shop(allowing, policy, rule, attached), OUT, "web") is A, "VPC rules come first"
    first = made(
        "compute_network.main", name="main", network_firewall_policy_enforcement_order="BEFORE_CLASSIC_FIREWALL"
    )  # fmt: skip
    documents = [plan(first, SUBNET, machine(), allowing, policy, rule, attached)]
    assert outcome(documents, OUT, "web") is D
    assert "firewall policy p, rule 10" in text(documents, OUT, "web")
    assert outcome([plan(first, SUBNET, machine(), allowing, policy, rule)], OUT, "web") is A, "not attached"


def test_whole_policies_of_a_plan() -> None:
    """Policies with their rules inside, for a region."""
    policy = made(
        "compute_region_network_firewall_policy_with_rules.p", name="p", region="us-east1",
        rule=[{"priority": 1, "action": "allow", "direction": "INGRESS", "match": match()}],
    )  # fmt: skip
    attached = made(
        "compute_region_network_firewall_policy_association.a", name="a", region="us-east1",
        firewall_policy=Refer("google_compute_region_network_firewall_policy_with_rules.p.id"),
        attachment_target=Refer("google_compute_network.main.id"),
    )  # fmt: skip
    assert outcome(shop(policy, attached), OUT, "web") is A
    assert outcome(shop(policy, attached), OUT, "web", "TCP/80") is D


def test_hierarchical_policies_of_a_plan() -> None:
    """Attached to the organisation; projects of the plan tell that they are in it."""
    policy = made("compute_firewall_policy.org", short_name="base", parent="organizations/1")
    rule = made(
        "compute_firewall_policy_rule.r", firewall_policy=Refer("google_compute_firewall_policy.org.id"), priority=1,
        action="deny", direction="INGRESS", match=match(),
    )  # fmt: skip
    attached = made(
        "compute_firewall_policy_association.a", firewall_policy=Refer("google_compute_firewall_policy.org.id"),
        attachment_target="organizations/1", name="a",
    )  # fmt: skip
    project = made("project.shop", project_id="shop", org_id="1", name="shop")
    documents = shop(firewall(**ANY), policy, rule, attached, project)
    assert outcome(documents, OUT, "web") is D
    elsewhere = made("project.shop", project_id="shop", org_id="2", name="shop")
    assert outcome(shop(firewall(**ANY), policy, rule, attached, elsewhere), OUT, "web") is A


def test_managed_groups_and_load_balancers_of_a_plan() -> None:
    """A template stands for all instances of a group, which a load balancer leads to."""
    nic = {"subnetwork": Refer("google_compute_subnetwork.web.id"), "network": Refer("google_compute_network.main.id")}
    template = made("compute_instance_template.t", tags=["web"], network_interface=[nic], region="us-east1")
    manager = made(
        "compute_instance_group_manager.m", name="web", zone="us-east1-b",
        version=[{"instance_template": Refer("google_compute_instance_template.t.id")}],
        named_port=[{"name": "http", "port": 8080}],
    )  # fmt: skip
    service = made(
        "compute_backend_service.s", name="s", port_name="http",
        backend=[{"group": Refer("google_compute_instance_group_manager.m.instance_group")}],
    )  # fmt: skip
    url_map = made(
        "compute_url_map.u", name="u", default_service=Refer("google_compute_backend_service.s.id")
    )  # fmt: skip
    proxy = made("compute_target_https_proxy.p", name="p", url_map=Refer("google_compute_url_map.u.id"))
    rule = made(
        "compute_global_forwarding_rule.f", name="front", port_range="443", ip_protocol="TCP",
        load_balancing_scheme="EXTERNAL_MANAGED", target=Refer("google_compute_target_https_proxy.p.id"),
    )  # fmt: skip
    probes = firewall(source_ranges=["35.191.0.0/16", "130.211.0.0/22"], target_tags=["web"],
                      allow=[{"protocol": "tcp", "ports": ["8080"]}])  # fmt: skip
    documents = [plan(NETWORK, SUBNET, template, manager, service, url_map, proxy, rule, probes)]
    found = read(*documents)
    [balancer] = found.balancers
    [listening] = balancer.listeners
    assert (balancer.name, balancer.facing.answer, listening.port, listening.tls) == ("front", Answer.YES, 443, True)
    assert [(each.interface, each.port) for each in listening.targets or ()] == [("instances of web", 8080)]
    assert interface(documents, "instances of web").ranges == AddressSet.of("10.0.1.0/24")
    assert outcome(documents, "proxies of front", "instances of web", "TCP/8080") is A
    assert outcome(documents, OUT, "instances of web", "TCP/8080") is D


def test_passthrough_load_balancers_of_a_plan() -> None:
    """Target pools lead straight to machines."""
    pool = made(
        "compute_target_pool.p", name="p", region="us-east1", instances=[Refer("google_compute_instance.web.self_link")]
    )._replace(unknown=("id", "self_link", "instances"))
    rule = made(
        "compute_forwarding_rule.f", name="front", region="us-east1", port_range="443", ip_address="34.9.9.9",
        target=Refer("google_compute_target_pool.p.id"),
    )  # fmt: skip
    [balancer] = read(*shop(firewall(**ANY), pool, rule)).balancers
    assert balancer.addresses == AddressSet.of("34.9.9.9")
    assert balancer.listeners[0].targets is not None
    assert [each.machine for each in balancer.listeners[0].targets] == ["gce://shop/us-east1-b/web"]
    assert balancer.listeners[0].keeps_client is True


def test_states_have_links() -> None:
    """What is deployed is joined by links and names, with documents of the command line as well."""
    link = "https://www.googleapis.com/compute/v1/projects/shop/global/networks/main"
    network = made("compute_network.main", name="main", self_link=link)
    rule = made("compute_firewall.a", name="a", network=link, direction="INGRESS", priority=1000,
                allow=[{"protocol": "tcp", "ports": ["443"]}], source_ranges=["0.0.0.0/0"],
                self_link="https://www.googleapis.com/compute/v1/projects/shop/global/firewalls/a")  # fmt: skip
    server = made("compute_instance.web", name="web", zone="us-east1-b", network_interface=[
        {"network": link, "network_ip": "10.0.1.5", "access_config": [{"nat_ip": "34.1.2.3"}]}])  # fmt: skip
    documents = [state(network, rule, server)]
    assert [outcome(documents, OUT, "web", f"TCP/{each}") for each in (443, 22)] == [A, D]
    found = interface(documents, "web")
    assert (str(found.public), found.entered[4].answer) == ("34.1.2.3/32", Answer.YES)
    assert any("default routes" in each for each in read(*documents).assumptions)
    [one] = [
        each for tier in read(*documents).tiers for rank in tier.ranks for each in rank if "vpc firewall" in each.title
    ]
    assert one.rules[0].field == ("values", "root_module", "resources", 1, "values")


def test_plans_of_other_providers_are_not_recognised() -> None:
    """One resource of the provider is enough."""
    assert not gcp.recognises(plan(Written("aws_instance.a", {})))
    assert gcp.recognises(shop()[0])
