"""Whether the internet reaches machines, and they reach it: external addresses, routes and Cloud NAT."""

from __future__ import annotations

from typing import Any

import pytest

from crenel.network.addresses import Family
from crenel.network.firewalls import Answer, Interface
from dialects.gcp.asking import read
from dialects.gcp.samples import NET, REGION, instance, network, nic, route, subnet

YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN
ROUTES = "https://docs.cloud.google.com/vpc/docs/routes"
NAT = "https://docs.cloud.google.com/nat/docs/overview"


def interface(*documents: Any, **of_machine: Any) -> Interface:
    """The interface of a machine among documents."""
    own = nic(**{"public": "34.1.2.3", **of_machine.pop("nic", {})})
    found = read([network()], [subnet()], [instance("web", own, **of_machine)], *documents)
    return next(each for each in found.interfaces if each.name == "web")


def router(*nats: dict[str, Any], net: str = NET, region: str = REGION) -> list[Any]:
    """A router with gateways of Cloud NAT."""
    return [{"kind": "compute#router", "name": "r", "selfLink": f"{region}/routers/r", "network": net, "region": region,
             "nats": list(nats)}]  # fmt: skip


ALL: dict[str, Any] = {"name": "nat", "sourceSubnetworkIpRangesToNat": "ALL_SUBNETWORKS_ALL_IP_RANGES"}
LISTED = {"name": "nat", "sourceSubnetworkIpRangesToNat": "LIST_OF_SUBNETWORKS"}
INNER = {"nic": {"public": None}}
TO_VM: dict[str, Any] = {"nextHopInstance": "zones/z/instances/fw"}


def served(*kinds: str, name: str = "web") -> list[dict[str, Any]]:
    """The ranges of a subnet that a gateway serves."""
    return [{"name": f"{REGION}/subnetworks/{name}", "sourceIpRangesToNat": list(kinds)}]


CASES: list[tuple[str, str, list[Any], dict[str, Any], Family, Answer, Answer]] = [
    ("an external address and the default route", ROUTES, [[route()]], {}, 4, YES, YES),
    ("no external address", ROUTES, [[route()]], INNER, 4, NO, UNKNOWN),
    ("without routes in the input nobody knows", ROUTES, [], {}, 4, UNKNOWN, UNKNOWN),
    ("no default route", ROUTES, [[route("10.0.1.0/24", 0, nextHopNetwork=NET)]], {}, 4, NO, NO),
    ("a default route elsewhere", ROUTES, [[route(**TO_VM)]], {}, 4, NO, UNKNOWN),
    ("the better priority counts", ROUTES, [[route(priority=900), route(**TO_VM)]], {}, 4, YES, YES),
    ("the worse does not", ROUTES, [[route(), route(priority=900, **TO_VM)]], {}, 4, NO, UNKNOWN),
    ("equal ones share packets", ROUTES, [[route(), route(**TO_VM)]], {}, 4, UNKNOWN, UNKNOWN),
    ("longer prefixes come first", ROUTES, [[route(), route("0.0.0.0/1", **TO_VM), route("128.0.0.0/1", **TO_VM)]], {},
     4, NO, UNKNOWN),
    ("some addresses apart", ROUTES, [[route(), route("8.0.0.0/8", **TO_VM)]], {}, 4, YES, YES),
    ("some addresses alone", ROUTES, [[route("8.0.0.0/8")]], {}, 4, UNKNOWN, UNKNOWN),
    ("a route for tags that it has", ROUTES, [[route(tags=["out"])]], {"tags": ("out",)}, 4, YES, YES),
    ("and for tags that it has not", ROUTES, [[route(tags=["out"])]], {}, 4, NO, NO),
    ("IPv6 has its own route", ROUTES, [[route()]], {"nic": {"six": "2600:1900::5"}}, 6, NO, NO),
    ("which is enough for it", ROUTES, [[route("::/0")]], {"nic": {"six": "2600:1900::5"}}, 6, YES, YES),
    ("no IPv6 address at all", ROUTES, [[route("::/0")]], {}, 6, NO, NO),
    ("Cloud NAT for all subnets", NAT, [[route()], router(ALL)], INNER, 4, NO, YES),
    ("of another region", NAT, [[route()], router(ALL, region=REGION.replace("east", "west"))], INNER, 4, NO, NO),
    ("of another network", NAT, [[route()], router(ALL, net=f"{NET}x")], INNER, 4, NO, NO),
    ("a router without", NAT, [[route()], router()], INNER, 4, NO, NO),
    ("for a list of subnets", NAT, [[route()], router({**LISTED, "subnetworks": served("ALL_IP_RANGES")})], INNER, 4,
     NO, YES),
    ("for another one", NAT, [[route()], router({**LISTED, "subnetworks": served("ALL_IP_RANGES", name="x")})], INNER,
     4, NO, NO),
    ("for secondary ranges alone", NAT,
     [[route()], router({**LISTED, "subnetworks": served("LIST_OF_SECONDARY_IP_RANGES")})], INNER, 4, NO, NO),
    ("private NAT leads to networks", NAT, [[route()], router({**ALL, "type": "PRIVATE"})], INNER, 4, NO, NO),
    ("NAT needs the default route", NAT, [[route("10.0.1.0/24", 0, nextHopNetwork=NET)], router(ALL)], INNER, 4, NO,
     NO),
]  # fmt: skip


@pytest.mark.parametrize(("says", "source", "documents", "machine", "family", "entered", "leaves"), CASES)
def test_routes(
    says: str, source: str, documents: list[Any], machine: dict[str, Any], family: Family, entered: Answer,
    leaves: Answer,
) -> None:  # fmt: skip
    """Each holds; every answer has a reason."""
    made = interface(*documents, **dict(machine))
    assert (made.entered[family].answer, made.leaves[family].answer) == (entered, leaves), f"{says} ({source})"
    assert made.entered[family].why
    assert made.leaves[family].why


def test_a_machine_is_known_by_its_provider_id() -> None:
    """As the controller of the cloud writes it for nodes (cloud-provider-gcp)."""
    made = interface([route()])
    assert made.machine == "gce://shop/us-east1-b/web"
    assert (str(made.addresses), str(made.public), made.network) == ("10.0.1.5/32", "34.1.2.3/32", "shop/main")


def test_alias_ranges_are_handed_on() -> None:
    """Pods of VPC-native clusters have them, and the rest of the IPv6 range of an interface."""
    aliased = {"aliasIpRanges": [{"ipCidrRange": "10.8.1.0/24", "subnetworkRangeName": "pods"}], "six": "2600:1900::5"}
    made = interface([route()], nic=aliased)
    assert made.delegated.v4
    assert str(made.delegated.only(4)) == "10.8.1.0/24"
    assert made.delegated.size() == 256 + 2**32 - 1
