"""Whether the internet gets to an interface, and whether an interface gets out."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from crenel.network.firewalls import Answer, Fact
from dialects.azure import samples
from dialects.azure.asking import machines, read
from dialects.azure.samples import configuration, identifier, network, nic, public, refer, subnet, table

ROUTING = "https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview"
DEFAULT = "https://learn.microsoft.com/azure/virtual-network/ip-services/default-outbound-access"
SNAT = "https://learn.microsoft.com/azure/load-balancer/load-balancer-outbound-connections"
PUBLIC = "https://learn.microsoft.com/azure/virtual-network/ip-services/public-ip-addresses"
NO, YES, UNKNOWN = Answer.NO, Answer.YES, Answer.UNKNOWN


def estate(
    *routes: tuple[str, str, str], pip: bool = True, own: dict[str, Any] | None = None, **more: Any
) -> list[Any]:
    """One machine, with a public address of each family unless told otherwise."""
    return [
        network(subnet("s", "10.0.1.0/24", table="rt" if routes else "", **more)),
        table("rt", *routes),
        nic(
            "a",
            configuration("ipconfig1", "10.0.1.4", "s", "pip" if pip else ""),
            configuration("six", "fd00:1::4", "s", "pip6" if pip else ""),
            **(own or {}),
        ),
        [public("pip", "20.0.0.1"), public("pip6", "2603:1020::1")],
    ]


def fact(documents: list[Any], which: str, family: Any = 4) -> Fact:
    """What is known of the first interface."""
    interface = machines(read(*documents))[0]
    return (interface.entered if which == "entered" else interface.leaves)[family]


class Case(NamedTuple):
    """An estate, and what becomes of packets in and out."""

    says: str
    source: str
    documents: list[Any]
    entered: Answer
    leaves: Answer
    why: str


APPLIANCE = ("VirtualAppliance", "10.0.9.9")
LB = samples.balanced()
CASES = [
    Case("a public address and Azure's own routes", PUBLIC, estate(), YES, YES, "public address pip (20.0.0.1)"),
    Case("no public address", PUBLIC, estate(pip=False), NO, YES, "but default outbound access"),
    Case(
        "everything to an appliance",
        ROUTING,
        estate(("0.0.0.0/0", *APPLIANCE)),
        NO,
        UNKNOWN,
        "rt sends 0.0.0.0/0 to the appliance 10.0.9.9",
    ),
    Case(
        "everything to a gateway",
        ROUTING,
        estate(("0.0.0.0/0", "VirtualNetworkGateway", "")),
        NO,
        UNKNOWN,
        "to the gateway of the network",
    ),
    Case("everything dropped", ROUTING, estate(("0.0.0.0/0", "None", "")), NO, NO, "rt sends 0.0.0.0/0 to nowhere"),
    Case(
        "in two halves",
        ROUTING,
        estate(("0.0.0.0/1", *APPLIANCE), ("128.0.0.0/1", *APPLIANCE)),
        NO,
        UNKNOWN,
        "public address",
    ),
    Case("a route to the internet", ROUTING, estate(("0.0.0.0/0", "Internet", "")), YES, YES, "public address pip"),
    Case(
        "the longer prefix wins",
        ROUTING,
        estate(("0.0.0.0/0", *APPLIANCE), ("0.0.0.0/1", "Internet", ""), ("128.0.0.0/1", "Internet", "")),
        YES,
        YES,
        "public address",
    ),
    Case("a part to an appliance", ROUTING, estate(("8.8.8.0/24", *APPLIANCE)), YES, YES, "public address pip"),
    Case(
        "a part straight to the internet",
        ROUTING,
        estate(("0.0.0.0/0", *APPLIANCE), ("8.8.8.0/24", "Internet", "")),
        UNKNOWN,
        UNKNOWN,
        "and only 8.8.8.0/24 to the internet",
    ),
    Case("private prefixes do not matter", ROUTING, estate(("10.0.0.0/8", *APPLIANCE)), YES, YES, "public address pip"),
    Case("a NAT gateway", SNAT, estate(pip=False, nat="nat"), NO, YES, "NAT gateway nat"),
    Case(
        "a private subnet",
        DEFAULT,
        estate(pip=False, defaultOutboundAccess=False),
        NO,
        NO,
        "no default outbound access",
    ),
    Case(
        "default access that the interface does not have",
        DEFAULT,
        estate(pip=False, own={"defaultOutboundConnectivityEnabled": False}),
        NO,
        NO,
        "no default outbound access",
    ),
    Case(
        "a route table that is not in the input",
        ROUTING,
        [estate(("0.0.0.0/0", "None", ""))[0], *estate()[2:]],
        UNKNOWN,
        UNKNOWN,
        "the route table rt of the subnet s is not in the input",
    ),
    Case(
        "a subnet that is not",
        ROUTING,
        estate()[2:],
        UNKNOWN,
        UNKNOWN,
        "the routes of the subnet s is not in the input",
    ),
    Case(
        "behind a standard load balancer without outbound rules",
        SNAT,
        [*LB[:3], LB[4]],
        NO,
        NO,
        "behind a standard load balancer nothing else",
    ),
    Case(
        "with one",
        SNAT,
        [
            {
                **LB[0],
                "outboundRules": [
                    {"name": "o", "backendAddressPool": refer(f"{LB[0]['id']}/backendAddressPools/nodes")}
                ],
            },
            *LB[1:3],
        ],
        NO,
        YES,
        "the outbound rules of its load balancer",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_routes(case: Case) -> None:
    """In and out in IPv4, as the source has it, with a reason in words."""
    entered, leaves = fact(case.documents, "entered"), fact(case.documents, "leaves")
    assert (entered.answer, leaves.answer) == (case.entered, case.leaves), case.source
    assert case.why in f"{entered.why}\n{leaves.why}"


def test_rules_of_a_load_balancer_let_their_machines_out() -> None:
    """Without an outbound rule a balancing rule translates sources as well, unless that is switched off."""
    rules = [{**each, "disableOutboundSnat": False} for each in LB[0]["loadBalancingRules"]]
    assert fact([{**LB[0], "loadBalancingRules": rules}, *LB[1:3]], "leaves").answer is YES


def test_families_are_apart() -> None:
    """A default route of one family says nothing of the other; IPv6 has no default outbound access."""
    documents = estate(("0.0.0.0/0", "None", ""))
    assert (fact(documents, "entered", 4).answer, fact(documents, "entered", 6).answer) == (NO, YES)
    assert fact(estate(("::/0", "None", "")), "entered", 6).answer is NO
    assert fact(estate(pip=False), "leaves", 6).answer is NO
    alone = [network(subnet("s", "10.0.1.0/24")), nic("b", configuration("ipconfig1", "10.0.1.5", "s"))]
    assert (fact(alone, "entered", 6).why, fact(alone, "leaves", 6).why) == (
        "no public IPv6 address",
        "no IPv6 address",
    )


def test_a_route_leads_to_its_text() -> None:
    """The reason for a route has the place of that route."""
    found = fact(estate(("10.1.0.0/16", "None", ""), ("0.0.0.0/0", "None", "")), "entered")
    assert (found.origin.source, found.field) == ("file-1.json", ("routes", 1))


def test_routes_by_service_tags() -> None:
    """A tag as a prefix counts with the addresses that the input says it has."""
    tags = {"values": [{"name": "Everything", "properties": {"addressPrefixes": ["0.0.0.0/1", "128.0.0.0/1"]}}]}
    documents = [*estate(("Everything", "None", "")), tags]
    assert fact(documents, "entered").answer is NO


def test_routes_of_their_own_and_tables_told_by_subnets() -> None:
    """Tables name their subnets, and routes may be resources of their own."""
    alone = {
        "id": f"{identifier('routeTables', 'rt')}/routes/r", "name": "r", "addressPrefix": "0.0.0.0/0",
        "nextHopType": "None",
    }  # fmt: skip
    told = {**table("rt"), "subnets": [refer(f"{samples.VNET}/subnets/s")]}
    assert fact([network(subnet("s", "10.0.1.0/24")), told, alone, *estate()[2:]], "entered").answer is NO
