"""Where groups stand, what VirtualNetwork is there, and what the input may lack."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from crenel.network.addresses import AddressSet
from crenel.network.firewalls import Filter, Infrastructure, Role, Tier
from crenel.questions.verdict import Outcome
from dialects.azure import samples
from dialects.azure.asking import A, D, U, machines, outcome, read, text
from dialects.azure.samples import configuration, group, identifier, network, nic, public, refer, rule, subnet

HOW = "https://learn.microsoft.com/azure/virtual-network/network-security-group-how-it-works"
TAGS = "https://learn.microsoft.com/azure/virtual-network/service-tags-overview"
GROUPS = "https://learn.microsoft.com/azure/virtual-network/application-security-groups"
PUBLIC = "https://learn.microsoft.com/azure/virtual-network/ip-services/public-ip-addresses"
OUT = "8.8.8.8"


class Case(NamedTuple):
    """A connection in some estate."""

    says: str
    source: str
    documents: list[Any]
    sender: str
    target: str
    traffic: str
    expected: Outcome


TWO = samples.two_tiers()
BOTH = samples.dual_stack()
WEB, NET, NICS, PUBLICS = TWO


def one(*rules: dict[str, Any], group_at: str = "", **more: Any) -> list[Any]:
    """One machine at 10.0.1.4 with a group at its subnet, unless told otherwise."""
    return [
        group("nsg", *rules, subnets=("s",)), network(subnet("s", "10.0.1.0/24", **more)),
        nic("a", configuration("ipconfig1", "10.0.1.4", "s"), group=group_at),
    ]  # fmt: skip


def peered(**peering: Any) -> list[Any]:
    """One machine in a network that is peered with another one."""
    made = {
        "name": "p", "remoteVirtualNetwork": refer(identifier("virtualNetworks", "hub")), "peeringState": "Connected",
        "allowVirtualNetworkAccess": True, "remoteAddressSpace": {"addressPrefixes": ["10.9.0.0/16"]}, **peering,
    }  # fmt: skip
    documents = one()
    return [documents[0], {**documents[1], "virtualNetworkPeerings": [made]}, documents[2]]


def routed(prefix: str, hop: str) -> list[Any]:
    """One machine in a subnet with a route of its own."""
    return [*one(table="rt"), samples.table("rt", (prefix, hop, "10.0.0.4"))]


def members(*rules: dict[str, Any]) -> list[Any]:
    """Three machines in one subnet: web in asg-web, db in asg-db, and other in neither."""
    return [
        group("nsg", *rules, subnets=("s",)),
        network(subnet("s", "10.0.1.0/24")),
        nic("web", configuration("ipconfig1", "10.0.1.4", "s", groups=("asg-web",))),
        nic("db", configuration("ipconfig1", "10.0.1.5", "s", groups=("asg-db",))),
        nic("other", configuration("ipconfig1", "10.0.1.6", "s")),
    ]


def asg(which: str, *names: str) -> dict[str, Any]:
    """The field of a rule that names application security groups."""
    listed = [refer(identifier("applicationSecurityGroups", name)) for name in names]
    return {f"{which}ApplicationSecurityGroups": listed}


DATABASE = (
    rule("Allow-HTTP", 100, source="Internet", ports="80", destination="", **asg("destination", "asg-web")),
    rule(
        "Allow-Logic",
        110,
        source="",
        ports="1433",
        destination="",
        **asg("source", "asg-web"),
        **asg("destination", "asg-db"),
    ),
    rule(
        "Deny-Database", 120, access="Deny", protocol="*", ports="1433", destination="", **asg("destination", "asg-db")
    ),
)

CASES = [
    # Subnet and interface
    Case("the group of the subnet guards all in it", HOW, TWO, OUT, "web", "TCP/443", A),
    Case("also those that nothing else names", HOW, TWO, OUT, "web2", "TCP/22", D),
    Case("both have to allow: both do", HOW, TWO, "web", "db", "TCP/5432", A),
    Case("both have to allow: the subnet's does not", HOW, TWO, "web", "db", "TCP/5433", D),
    Case(
        "both have to allow: the interface's does not",
        HOW,
        [
            group("s", rule("x", 100), subnets=("s",)),
            group("n"),
            network(subnet("s", "10.0.1.0/24")),
            nic("a", configuration("ipconfig1", "10.0.1.4", "s"), group="n"),
        ],
        OUT,
        "a",
        "TCP/443",
        D,
    ),
    Case("outbound the interface's allows, the subnet's does not", HOW, TWO, "db", OUT, "TCP/443", D),
    Case(
        "within the subnet the group filters as well",
        HOW,
        one(rule("x", 100, access="Deny", ports="*")),
        "10.0.1.9",
        "a",
        "TCP/80",
        D,
    ),
    Case("and lets through what its default rules do", HOW, TWO, "web", "web2", "TCP/8080", A),
    Case("no group anywhere: everything passes", HOW, TWO, "web", "bare", "TCP/8080", A),
    Case("outbound as well", HOW, TWO, "bare", OUT, "UDP/9", A),
    Case(
        "the group may be told by the interface alone",
        HOW,
        [group("nsg"), network(subnet("s", "10.0.1.0/24")), one(group_at="nsg")[2]],
        OUT,
        "a",
        "TCP/443",
        D,
    ),
    Case(
        "or by the subnet alone",
        HOW,
        [group("nsg"), network(subnet("s", "10.0.1.0/24", group="nsg")), one()[2]],
        OUT,
        "a",
        "TCP/443",
        D,
    ),
    Case(
        "ids differ in case",
        HOW,
        [
            group("nsg", subnets=("s",)),
            {**network(subnet("S", "10.0.1.0/24")), "id": samples.VNET.upper()},
            one()[2],
        ],
        OUT,
        "a",
        "TCP/443",
        D,
    ),
    # Families
    Case("IPv6 through both groups: the inner one speaks of IPv4", HOW, BOTH, "2606:4700::1", "one", "TCP/443", D),
    Case("IPv4 passes both", HOW, BOTH, OUT, "one", "TCP/443", A),
    Case("IPv6 where the outer group is all", HOW, BOTH, "2606:4700::1", "two", "TCP/443", A),
    Case("IPv6 of the office", HOW, BOTH, "2001:db8:1::9", "two", "TCP/22", A),
    Case("all other IPv6 is denied, the network's own too", HOW, BOTH, "fd00:1::99", "two", "TCP/80", D),
    # Public addresses of the Standard SKU
    Case("Standard without a group is closed", PUBLIC, TWO, OUT, "free", "TCP/443", D),
    Case("but not to the network", PUBLIC, TWO, "bare", "free", "TCP/443", A),
    Case(
        "Basic without a group is open",
        PUBLIC,
        [*TWO[:3], [public("pip-free", "20.1.2.4", "Basic")]],
        OUT,
        "free",
        "TCP/443",
        A,
    ),
    Case("an address that is not in the input may be either", PUBLIC, TWO[:3], OUT, "free", "TCP/443", U),
    Case("with a group that decides nothing else matters", PUBLIC, TWO[:3], OUT, "web", "TCP/443", A),
    # VirtualNetwork
    Case("peered networks are in it", TAGS, peered(), "10.9.1.1", "a", "TCP/443", A),
    Case("disconnected ones are not", TAGS, peered(peeringState="Disconnected"), "10.9.1.1", "a", "TCP/443", D),
    Case("nor those without access", TAGS, peered(allowVirtualNetworkAccess=False), "10.9.1.1", "a", "TCP/443", D),
    Case(
        "a peer whose space is not written may be private",
        TAGS,
        peered(remoteAddressSpace=None),
        "10.9.1.1",
        "a",
        "TCP/443",
        U,
    ),
    Case("and is never the internet", TAGS, peered(remoteAddressSpace=None), OUT, "a", "TCP/443", D),
    Case(
        "what a gateway leads to is not known",
        TAGS,
        [one()[0], network(subnet("s", "10.0.1.0/24"), subnet("GatewaySubnet", "10.0.255.0/27")), one()[2]],
        "192.168.5.5",
        "a",
        "TCP/443",
        U,
    ),
    Case(
        "but not public",
        TAGS,
        [one()[0], network(subnet("s", "10.0.1.0/24"), subnet("GatewaySubnet", "10.0.255.0/27")), one()[2]],
        OUT,
        "a",
        "TCP/443",
        D,
    ),
    Case("the same by a peer's gateway", TAGS, peered(useRemoteGateways=True), "192.168.5.5", "a", "TCP/443", U),
    Case("without a gateway nothing else is in it", TAGS, one(), "192.168.5.5", "a", "TCP/443", D),
    Case(
        "prefixes of user-defined routes are in it",
        TAGS,
        routed("192.168.0.0/16", "VirtualAppliance"),
        "192.168.5.5",
        "a",
        "TCP/443",
        A,
    ),
    Case("those that drop may be", TAGS, routed("192.168.0.0/16", "None"), "192.168.5.5", "a", "TCP/443", U),
    Case(
        "a default route may make it everything", TAGS, routed("0.0.0.0/0", "VirtualAppliance"), OUT, "a", "TCP/443", U
    ),
    Case("a default route to the internet does not", TAGS, routed("0.0.0.0/0", "Internet"), OUT, "a", "TCP/443", D),
    # Application security groups: the worked example of the page
    Case("ASG: the web is open", GROUPS, members(*DATABASE), OUT, "web", "TCP/80", A),
    Case("ASG: the rule is not for others", GROUPS, members(*DATABASE), OUT, "other", "TCP/80", D),
    Case("ASG: logic gets to the database", GROUPS, members(*DATABASE), "web", "db", "TCP/1433", A),
    Case("ASG: others do not", GROUPS, members(*DATABASE), "other", "db", "TCP/1433", D),
    Case("ASG: the denial is for the database alone", GROUPS, members(*DATABASE), "other", "web", "TCP/1433", A),
    Case(
        "ASG: a group without members may hold any private address",
        GROUPS,
        members(rule("x", 100, source="", **asg("source", "asg-z")), rule("y", 200, access="Deny", ports="443")),
        "other",
        "web",
        "TCP/443",
        U,
    ),
    Case(
        "ASG: but nobody outside",
        GROUPS,
        members(rule("x", 100, source="", **asg("source", "asg-z"))),
        OUT,
        "web",
        "TCP/443",
        D,
    ),
    # What is missing
    Case(
        "a group that is not in the input",
        HOW,
        [network(subnet("s", "10.0.1.0/24", group="gone")), one()[2]],
        OUT,
        "a",
        "TCP/443",
        U,
    ),
    Case(
        "a subnet that is not in the input: it may have a group",
        HOW,
        [one(rule("x", 100))[2], group("n", rule("x", 100), nics=("a",))],
        OUT,
        "a",
        "TCP/443",
        U,
    ),
    Case(
        "what one group denies is denied all the same",
        HOW,
        [one()[2], group("n", rule("x", 100), nics=("a",))],
        OUT,
        "a",
        "TCP/22",
        D,
    ),
    Case("a subnet that is not, with its group", HOW, [one(rule("x", 100))[0], one()[2]], OUT, "a", "TCP/443", A),
    Case(
        "a network that is not: private addresses may be in it",
        TAGS,
        [one()[0], one()[2]],
        "10.77.0.1",
        "a",
        "TCP/443",
        U,
    ),
    Case("public ones are taken not to be", TAGS, [one()[0], one()[2]], OUT, "a", "TCP/443", D),
    Case(
        "those with an interface in it surely are",
        TAGS,
        [group("t", subnets=("t",)), one()[0], one()[2], nic("b", configuration("ipconfig1", "10.5.1.4", "t"))],
        "b",
        "a",
        "TCP/443",
        A,
    ),
    Case(
        "a group whose rules are not in the list",
        HOW,
        [
            {
                "id": identifier("networkSecurityGroups", "nsg"),
                "name": "nsg",
                "type": "Microsoft.Network/networkSecurityGroups",
            },
            network(subnet("s", "10.0.1.0/24", group="nsg")),
            one()[2],
        ],
        OUT,
        "a",
        "TCP/443",
        U,
    ),
    Case(
        "a machine whose interface is not in the input",
        HOW,
        [
            {
                "id": f"{samples.COMPUTE}/virtualMachines/vm",
                "name": "vm",
                "type": "Microsoft.Compute/virtualMachines",
                "networkProfile": {"networkInterfaces": [refer(identifier("networkInterfaces", "eth"))]},
            }
        ],
        OUT,
        "eth",
        "TCP/443",
        U,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_places(case: Case) -> None:
    """Each case by itself, as its source has it."""
    found = outcome(case.documents, case.sender, case.target, case.traffic)
    assert found is case.expected, f"{case.says} ({case.source})"


def test_what_answers_rest_on_is_stated() -> None:
    """What VirtualNetwork is taken to be, membership of groups, and the absence of rules that come first."""
    stated = "\n".join(read(*members(*DATABASE)).assumptions)
    assert "VirtualNetwork of vnet: its address space" in stated
    assert "no gateway connects it" in stated
    assert "application security groups have the members that interfaces in the input name" in stated
    assert "no security admin rules" in stated
    assert "the address space of the virtual network vnet, and of all" in "\n".join(
        read(one()[0], one()[2]).assumptions
    )


def test_service_tags_in_the_input_are_known() -> None:
    """The published list, or the answer of the discovery service: tags are exact, regions too."""
    values = [
        {"name": "Storage", "id": "Storage", "properties": {"region": "", "addressPrefixes": ["20.60.0.0/16"]}},
        {"name": "Storage.WestEurope", "properties": {"addressPrefixes": ["20.60.5.0/24", "2603:1020:206::/48"]}},
    ]
    for tags in (
        {"changeNumber": 7, "cloud": "Public", "values": values},
        {"id": "x", "name": "Public", "values": values},
    ):
        for name, inside, outside in (("Storage", "20.60.1.1", OUT), ("storage.westeurope", "20.60.5.9", "20.60.1.1")):
            documents = [*one(rule("x", 100, source=name)), tags]
            assert outcome(documents, inside, "a") is A
            assert outcome(documents, outside, "a") is D


def bare(found: Infrastructure) -> list[Tier]:
    """Tiers without the places that rules were read from."""

    def filter_(one: Filter) -> Filter:
        return replace(one, rules=tuple(replace(rule, field=()) for rule in one.rules))

    return [replace(tier, ranks=tuple(tuple(map(filter_, rank)) for rank in tier.ranks)) for tier in found.tiers]


@pytest.mark.parametrize(("name", "documents"), samples.documents(), ids=lambda value: str(value)[:16])
def test_the_service_and_the_command_line_say_the_same(name: str, documents: list[Any]) -> None:
    """What is under ``properties`` and in ``value`` is read as what ``az`` prints; the places of rules differ."""
    flat, deep = read(*documents), read(*map(samples.in_service_shape, documents))
    assert bare(flat) == bare(deep), name
    assert list(map(str, flat.interfaces)) == list(map(str, deep.interfaces))
    assert [(each.name, each.addresses, len(each.listeners)) for each in flat.balancers] == [
        (each.name, each.addresses, len(each.listeners)) for each in deep.balancers
    ]
    fields = {rule.field for tier in deep.tiers for rank in tier.ranks for one in rank for rule in one.rules}
    assert any(field[-3:-1] == ("properties", "securityRules") for field in fields)


def test_interfaces_bear_the_names_of_nodes() -> None:
    """Machines of scale sets and others, as Kubernetes writes them: the resource group in lower case."""
    scaled = (
        f"{samples.SUBSCRIPTION}/resourceGroups/MC_Shop/providers/Microsoft.Compute/virtualMachineScaleSets/aks-pool"
    )
    member = {
        "id": f"{scaled}/virtualMachines/3/networkInterfaces/eth", "name": "eth",
        "ipConfigurations": [configuration("ipconfig1", "10.0.1.9", "s")],
        "virtualMachine": refer(f"{scaled}/virtualMachines/3"),
    }  # fmt: skip
    found = {each.name: each.machine for each in machines(read([member], one()[2]))}
    prefix = "azure:///subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups"
    assert found == {
        "aks-pool/3/eth": (
            f"{prefix}/mc_shop/providers/Microsoft.Compute/virtualMachineScaleSets/aks-pool/virtualMachines/3"
        ),
        "a": f"{prefix}/shop/providers/Microsoft.Compute/virtualMachines/a",
    }


def test_names_are_told_apart() -> None:
    """Two interfaces of one name in two resource groups get these in front."""
    other = nic("a", configuration("ipconfig1", "10.0.1.5", "s"))
    other["id"] = other["id"].replace("/shop/", "/mail/")
    assert [each.name for each in machines(read(one()[2], other))] == ["shop/a", "mail/a"]


def test_further_addresses_are_handed_on_or_stand_for_themselves() -> None:
    """Those that pods get are delegated; one with a public address of its own is an interface of its own."""
    many = nic(
        "a",
        configuration("ipconfig1", "10.0.1.4", "s", "pip"),
        *(configuration(f"ipconfig{number}", f"10.0.1.{number + 20}", "s") for number in range(2, 12)),
        configuration("other", "10.0.1.99", "s", "pip-2"),
    )
    found = machines(read(one()[1], many, public("pip", "20.0.0.1"), public("pip-2", "20.0.0.2")))
    assert [(each.name, str(each.addresses), str(each.public)) for each in found] == [
        ("a", "10.0.1.4/32", "20.0.0.1/32"), ("a/other", "10.0.1.99/32", "20.0.0.2/32"),
    ]  # fmt: skip
    assert found[0].delegated.size() == 10
    assert "10.0.1.22/31" in found[0].delegated.cidrs()


def test_ranges_of_pods() -> None:
    """kubenet routes a range to each node; a subnet for pods is delegated to the service that makes clusters."""
    table = samples.table(
        "rt", ("10.244.3.0/24", "VirtualAppliance", "10.0.1.4"), ("0.0.0.0/0", "VirtualAppliance", "10.0.1.4")
    )
    pods = subnet("pods", "10.0.8.0/21", delegations=[{"serviceName": "Microsoft.ContainerService/managedClusters"}])
    found = machines(read(network(subnet("s", "10.0.1.0/24", table="rt"), pods), one()[2], table))
    assert found[0].delegated == AddressSet.of("10.244.3.0/24")
    assert (found[1].name, found[1].role, str(found[1].delegated)) == (
        "pods in the subnet pods",
        Role.OTHER,
        "10.0.8.0/21",
    )


def test_rules_that_are_listed_alone() -> None:
    """``az network nsg rule list`` names the group by ids; with the group in the input both count."""
    alone = rule("x", 100)
    alone["id"] = f"{identifier('networkSecurityGroups', 'nsg')}/securityRules/x"
    assert outcome([[alone], *one()], OUT, "a") is A
    assert "rule 'x' passes it on" in text([[alone], *one()], OUT, "a")


def test_a_group_at_several_places_says_which() -> None:
    """One group at a subnet and at an interface in it has a title for each."""
    documents = [group("nsg", rule("x", 100), subnets=("s",), nics=("a",)), *one()[1:]]
    found = text(documents, OUT, "a")
    assert "network security group nsg (subnet s) ingress rule 1 'x' passes it on" in found
    assert "network security group nsg (interfaces in s) ingress rule 1 'x' allows it" in found


def test_rules_that_are_listed_twice_count_once() -> None:
    """The list of a group's rules beside the group itself says nothing new."""
    again = rule("x", 100)
    again["id"] = f"{identifier('networkSecurityGroups', 'nsg')}/securityRules/x"
    assert read([again], *one(rule("x", 100))).problems == []


@pytest.mark.parametrize(
    ("policies", "expected"),
    [("Disabled", A), ("Enabled", D), ("NetworkSecurityGroupEnabled", D), ("RouteTableEnabled", A), ("", U)],
)
def test_private_endpoints(policies: str, expected: Outcome) -> None:
    """Groups apply where the policies of the subnet say so ("Manage network policies for private endpoints")."""
    more = {"privateEndpointNetworkPolicies": policies} if policies else {}
    documents = one(rule("no", 100, access="Deny", protocol="*", ports="*"), **more)
    endpoint = {**documents[2], "privateEndpoint": refer(identifier("privateEndpoints", "pe")), "virtualMachine": None}
    assert outcome([*documents[:2], endpoint], "10.0.1.99", "a") is expected
    assert machines(read(*documents[:2], endpoint))[0].role is Role.OTHER


def test_interfaces_have_the_names_of_their_public_addresses() -> None:
    """The DNS label of a public address is a name of the interface."""
    documents = [*one(), public("pip", "20.0.0.1", label="a.westeurope.cloudapp.azure.com")]
    documents[2]["ipConfigurations"][0]["publicIPAddress"] = refer(identifier("publicIPAddresses", "pip"))
    assert machines(read(*documents))[0].hostnames == ("a.westeurope.cloudapp.azure.com",)
