"""Where ports are: floating addresses, routers, external networks; and the load balancers of Octavia."""

from __future__ import annotations

from typing import Any

import pytest

from crenel.network.addresses import AddressSet, Family
from crenel.network.firewalls import Answer, Target
from crenel.network.rules import Direction
from crenel.questions.verdict import Outcome
from dialects.openstack import samples
from dialects.openstack.asking import A, D, U, interface, outcome, read
from dialects.openstack.samples import floating, group, groups, port, ports, rule

YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN
L3 = "https://docs.openstack.org/neutron/latest/admin/intro-os-networking.html"
WEB = ports(port("web", "10.0.0.10"))
PUBLIC = {"floatingips": [floating("93.184.216.9", "port-web")]}
SPARE = {"floatingips": [floating("93.184.216.9")]}
PRIVATE = {"floatingips": [floating("172.24.4.9", "port-web")]}
OPEN6 = [
    ports(port("web", "2a00:1450::5", network_id="net-ext")),
    {"networks": [{"id": "net-ext", "name": "public", "router:external": True}]},
]

ROUTES: list[tuple[str, list[Any], Family, Answer, Answer, str]] = [
    ("a floating address is translated to a port, both ways", [WEB, PUBLIC], 4, YES, YES, "93.184.216.9"),
    ("floating addresses that lead elsewhere do not", [WEB, SPARE, *samples.network()], 4, NO, YES, "no floating"),
    ("without any in the input nobody knows", [WEB, *samples.network()], 4, UNKNOWN, YES, "not in the input"),
    ("a private floating address may be translated once more", [WEB, PRIVATE], 4, UNKNOWN, UNKNOWN, "is private"),
    ("a router without a gateway leads nowhere", [WEB, SPARE, *samples.network(gateway=False)], 4, NO, NO, ""),
    ("without translation private addresses need more", [WEB, SPARE, *samples.network(snat=False)], 4, NO, UNKNOWN, ""),
    ("the address of a gateway may be private", [WEB, SPARE, *samples.network(address="172.24.4.1")], 4, NO, UNKNOWN,
     ""),
    ("without routers nobody knows", [WEB, SPARE], 4, NO, UNKNOWN, ""),
    ("a subnet without a gateway has no way out",
     [WEB, SPARE, {"subnets": [{"id": "subnet-4", "cidr": "10.0.0.0/24", "gateway_ip": None, "ip_version": 4}]}], 4, NO,
     NO, ""),
    ("a private IPv6 address is not translated", [ports(port("web", "fd00::5")), *samples.network()], 6, NO, NO,
     "no public IPv6"),
    ("a public one in an external network is routed", OPEN6, 6, YES, YES, "external network public"),
    ("one elsewhere may be", OPEN6[:1], 6, UNKNOWN, UNKNOWN, "is public"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "documents", "family", "entered", "leaves", "why"), ROUTES)
def test_routes(what: str, documents: list[Any], family: Family, entered: Answer, leaves: Answer, why: str) -> None:
    """Each sentence holds; the reason says what decides."""
    made = interface(documents, "web")
    assert (made.entered[family].answer, made.leaves[family].answer) == (entered, leaves), f"{what} ({L3})"
    assert why in made.entered[family].why


def test_routers_tell_their_subnets_themselves_when_shown() -> None:
    """``openstack router show`` lists them, in place of ports of the router."""
    shown = {
        "id": "r", "name": "edge", "external_gateway_info": {"network_id": "x", "enable_snat": True},
        "interfaces_info": [{"port_id": "p", "ip_address": "10.0.0.1", "subnet_id": "subnet-4"}],
    }  # fmt: skip
    assert interface([WEB, shown], "web").leaves[4].answer is YES


def test_floating_addresses_are_the_public_ones() -> None:
    """Found by port, or by the fixed address in lists that lack it."""
    assert interface([WEB, PUBLIC], "web").public == AddressSet.of("93.184.216.9")
    row = [{"ID": "f", "Floating IP Address": "93.184.216.9", "Fixed IP Address": "10.0.0.10", "Port": None}]
    assert interface([WEB, row], "web").public == AddressSet.of("93.184.216.9")


# Load balancers


def test_a_load_balancer_has_its_listeners_and_targets() -> None:
    """Members that are ports in the input are machines, others addresses; amphorae hide clients."""
    [made] = read(*samples.shop(), *samples.balancer(), SPARE).balancers
    assert (made.name, str(made.addresses), made.facing.answer) == ("front", "10.0.0.100/32", NO)
    [listening] = made.listeners
    assert (listening.protocol, listening.port, listening.keeps_client) == (6, 443, False)
    machine = f"openstack:///{samples.SERVERS['web']}"
    assert listening.targets == (Target(machine, "", 30443, "web"), Target("", "10.0.9.9", 30443))
    assert (listening.origin.source, listening.field) == ("file-7.json", ("listeners", 0))


@pytest.mark.parametrize(("provider", "keeps"), [("amphora", False), ("octavia", False), ("ovn", True), ("f5", None)])
def test_who_members_see_is_up_to_the_provider(provider: str, keeps: bool | None) -> None:
    """Amphorae connect themselves, OVN hands packets on (cloud-provider-openstack, issue 2291)."""
    assert read(*samples.balancer(provider)).balancers[0].listeners[0].keeps_client is keeps


@pytest.mark.parametrize(
    ("more", "facing"),
    [
        ([{"floatingips": [floating("93.184.216.9", "port-vip")]}], YES),
        ([{"floatingips": [floating("93.184.216.9", fixed="10.0.0.100")]}], YES),
        ([{"floatingips": [floating("172.24.4.9", "port-vip")]}], UNKNOWN),
        ([SPARE], NO),
        ([], UNKNOWN),
    ],
)
def test_whom_a_load_balancer_faces(more: list[Any], facing: Answer) -> None:
    """By the floating address that leads to its port."""
    [made] = read(*samples.balancer(), *more).balancers
    assert made.facing.answer is facing
    assert (AddressSet.of("93.184.216.9") <= made.addresses) is (facing is YES)


def test_a_load_balancer_is_not_a_machine() -> None:
    """The port of its address is not an interface of its own; what stands for it bears its name."""
    assert [(each.name, each.machine) for each in read(*samples.balancer()).interfaces] == [("front", "front")]


@pytest.mark.parametrize(
    ("more", "client", "traffic", "expected"),
    [
        ({}, "203.0.113.9", "TCP/443", A),
        ({}, "203.0.113.9", "TCP/80", D),
        ({}, "203.0.113.9", "UDP/443", D),
        ({"allowed_cidrs": ["203.0.113.0/24"]}, "203.0.113.9", "TCP/443", A),
        ({"allowed_cidrs": ["203.0.113.0/24"]}, "198.51.100.9", "TCP/443", D),
        ({"allowed_cidrs": ["203.0.113.0/99"]}, "198.51.100.9", "TCP/443", U),
        ({"protocol": "UDP"}, "198.51.100.9", "UDP/443", A),
    ],
)
def test_what_a_listener_takes(more: dict[str, Any], client: str, traffic: str, expected: Outcome) -> None:
    """Its port, from everybody or from its allowed CIDRs."""
    assert outcome(samples.balancer(**more), client, "front", traffic) is expected


def test_what_lists_of_the_command_line_lack_is_unknown() -> None:
    """They tell neither the listeners of a load balancer nor the CIDRs of a listener."""
    listed = [{"id": "lb-1", "name": "front", "project_id": "p", "vip_address": "10.0.0.100", "provider": "amphora",
               "operating_status": "ONLINE", "provisioning_status": "ACTIVE"}]  # fmt: skip
    [made] = read(listed).balancers
    assert (made.listeners, made.facing.answer) == ((), UNKNOWN)
    shown = {"id": "li-1", "name": "https", "protocol": "TCP", "protocol_port": 443, "default_pool_id": None,
             "loadbalancers": "lb-1", "l7policies": None, "connection_limit": -1}  # fmt: skip
    assert outcome([listed, shown], "203.0.113.9", "front", "TCP/443") is U
    assert outcome([listed, shown], "203.0.113.9", "front", "TCP/80") is U, "further listeners"
    assert read(listed, shown).balancers[0].listeners[0].targets is None


def test_policies_of_layer_7_lead_to_pools_that_are_not_known() -> None:
    """With them the default pool is not all."""
    [made] = read(*samples.balancer(l7policies=[{"id": "l7"}])).balancers
    assert made.listeners[0].targets is None


def test_the_status_of_a_load_balancer_has_its_members() -> None:
    """``openstack loadbalancer status show`` is the one command that tells members with their pool and listener."""
    status = {"operating_status": "ONLINE", "provisioning_status": "ACTIVE"}
    tree = {"loadbalancer": {"id": "lb-1", "name": "front", **status, "listeners": [{
        "id": "li-1", "name": "https", **status,
        "pools": [{"id": "pool-1", "name": "web", **status,
                   "members": [{"id": "m-1", "address": "10.0.0.10", "protocol_port": 30443, **status}]}],
    }]}}  # fmt: skip
    documents = samples.balancer()
    [made] = read(documents[0], documents[1], tree).balancers
    assert made.listeners[0].targets == (Target(address="10.0.0.10", port=30443),)


def test_members_see_the_amphorae() -> None:
    """By the ports of these, which have the load balancer's address as a pair; else somewhere in its subnet."""
    vrrp = port("octavia-lb-vrrp-1", "10.0.0.101", allowed_address_pairs=[{"ip_address": "10.0.0.100"}])
    member = [
        groups(group("sg", "member", rule(protocol="tcp", ports=30443, remote_ip_prefix="10.0.0.101/32"))),
        ports(port("web", "10.0.0.10", groups=("sg",))),
    ]
    known = [*samples.balancer(), ports(vrrp), *member]
    assert interface(known, "front").addresses == AddressSet.of("10.0.0.101")
    assert outcome(known, "front", "web", "TCP/30443") is A
    subnet = samples.network()[2]
    assert interface([*samples.balancer(), subnet], "front").ranges == AddressSet.of("10.0.0.0/24")
    assert outcome([*samples.balancer(), subnet, *member], "front", "web", "TCP/30443") is U


def test_the_tier_of_listeners_is_apart_from_groups() -> None:
    """It stands at load balancers, for packets that come in."""
    tiers = [(each.layer, each.direction) for each in read(*samples.balancer()).tiers]
    assert tiers == [("octavia listener", Direction.INGRESS)]
