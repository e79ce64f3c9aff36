"""AWS by the tables of its own documentation: security groups, network ACLs, routes, load balancers."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crenel.dialects import aws
from crenel.network.firewalls import Answer, Infrastructure
from crenel.provenance import Origin
from dialects.aws.asking import asked, read
from dialects.aws.samples import (
    CARDS,
    EVERYTHING,
    GROUPS,
    OPEN,
    TABLES,
    acl,
    card,
    entry,
    estate,
    group,
    permission,
    table,
)

WIDE = [acl("acl-a", ("subnet-a",), *OPEN), acl("acl-b", ("subnet-b",), *OPEN)]
ALL_IN = group("sg-web", EVERYTHING)


def web(*rules: dict[str, Any], **more: Any) -> list[Any]:
    """The estate with other rules for the web machine, and lists that are open."""
    others = [each for each in GROUPS if each["GroupId"] != "sg-web"]
    return estate([group("sg-web", *rules, **more), *others], WIDE)


GROUP_CASES: list[tuple[str, list[Any], str, str, str, str]] = [
    (
        "a rule for a range lets it in (VPC: Security group rules)",
        web(permission("tcp", 443, None, "203.0.113.0/24")),
        "203.0.113.9",
        "eni-web",
        "TCP/443",
        "allowed",
    ),
    (
        "and nobody else",
        web(permission("tcp", 443, None, "203.0.113.0/24")),
        "203.0.114.9",
        "eni-web",
        "TCP/443",
        "denied",
    ),
    (
        "nor on another port",
        web(permission("tcp", 443, None, "203.0.113.0/24")),
        "203.0.113.9",
        "eni-web",
        "TCP/444",
        "denied",
    ),
    (
        "a range of ports has both ends",
        web(permission("tcp", 80, 90, "0.0.0.0/0")),
        "8.8.8.8",
        "eni-web",
        "TCP/80,90",
        "allowed",
    ),
    (
        "a range of IPv4 says nothing of IPv6",
        web(permission("tcp", 443, None, "0.0.0.0/0")),
        "2a00::1",
        "eni-web",
        "TCP/443",
        "denied",
    ),
    ("one of IPv6 does", web(permission("tcp", 443, None, "::/0")), "2a00::1", "eni-web", "TCP/443", "allowed"),
    ("protocol -1 is everything", web(EVERYTHING), "8.8.8.8", "eni-web", "UDP/9", "allowed"),
    ("and every other protocol", web(EVERYTHING), "8.8.8.8", "eni-web", "47", "allowed"),
    (
        "a number of a protocol is that protocol",
        web(permission("47", None, None, "0.0.0.0/0")),
        "8.8.8.8",
        "eni-web",
        "47",
        "allowed",
    ),
    ("and no other", web(permission("47", None, None, "0.0.0.0/0")), "8.8.8.8", "eni-web", "50", "denied"),
    (
        "ICMP -1 is all of it (IpPermission)",
        web(permission("icmp", -1, -1, "0.0.0.0/0")),
        "8.8.8.8",
        "eni-web",
        "ICMP",
        "allowed",
    ),
    (
        "one type of it is not decided",
        web(permission("icmp", 8, -1, "0.0.0.0/0")),
        "8.8.8.8",
        "eni-web",
        "ICMP",
        "unknown",
    ),
    ("a group as a source is who carries it", estate(acls=WIDE), "eni-app", "eni-db", "TCP/5432", "allowed"),
    ("not who is in the same range", estate(acls=WIDE), "eni-web", "eni-db", "TCP/5432", "denied"),
    (
        "a group may name itself",
        web(permission("tcp", 80, None, groups=("sg-web",))),
        "eni-web",
        "eni-web",
        "TCP/80",
        "allowed",
    ),
    (
        "a group that nobody carries lets nobody in",
        estate([*GROUPS, group("sg-x")], WIDE),
        "8.8.8.8",
        "eni-db",
        "TCP/5432",
        "denied",
    ),
    (
        "one that is not in the input is not known",
        web(permission("tcp", 443, None, groups=("sg-far",))),
        "8.8.8.8",
        "eni-web",
        "TCP/443",
        "unknown",
    ),
    ("all groups of an interface add up: the one", estate(acls=WIDE), "eni-web", "eni-app", "TCP/8080", "allowed"),
    ("and the other", estate(acls=WIDE), "eni-web", "eni-app", "UDP/53", "allowed"),
    (
        "a prefix list that is not in the input is not known",
        web(permission("tcp", 443, None, lists=("pl-1",))),
        "8.8.8.8",
        "eni-web",
        "TCP/443",
        "unknown",
    ),
    (
        "a prefix list of AWS is its ranges",
        [
            *web(permission("tcp", 443, None, lists=("pl-1",))),
            {"PrefixLists": [{"PrefixListId": "pl-1", "Cidrs": ["52.0.0.0/8"]}]},
        ],
        "52.1.1.1",
        "eni-web",
        "TCP/443",
        "allowed",
    ),
    ("outwards a rule is needed as well", estate(acls=WIDE), "eni-app", "8.8.8.8", "TCP/443", "denied"),
    ("and lets out what it names", estate(acls=WIDE), "eni-app", "eni-db", "TCP/5432", "allowed"),
    ("a group without rules lets nothing out", estate(acls=WIDE), "eni-db", "8.8.8.8", "TCP/443", "denied"),
    (
        "what is let in is answered without a rule outwards",
        estate(acls=WIDE),
        "eni-app",
        "eni-db",
        "TCP/5432",
        "allowed",
    ),
    ("instance metadata is not filtered", estate(acls=WIDE), "eni-db", "169.254.169.254", "TCP/80", "allowed"),
    (
        "a group of an interface that is not in the input is not known",
        estate([each for each in GROUPS if each["GroupId"] != "sg-db"], WIDE),
        "eni-app",
        "eni-db",
        "TCP/5432",
        "unknown",
    ),
]


@pytest.mark.parametrize(
    ("says", "documents", "source", "target", "traffic", "outcome"), GROUP_CASES, ids=[case[0] for case in GROUP_CASES]
)
def test_security_groups(says: str, documents: list[Any], source: str, target: str, traffic: str, outcome: str) -> None:
    """What the VPC user guide says of security groups."""
    assert asked(read(*documents), source, target, traffic).value == outcome, says


def lists(*entries: dict[str, Any]) -> list[Any]:
    """The estate with one list for the web machine's subnet, whose group lets everything in."""
    others = [each for each in GROUPS if each["GroupId"] != "sg-web"]
    return estate([ALL_IN, *others], [acl("acl-a", ("subnet-a",), *entries), acl("acl-b", ("subnet-b",), *OPEN)])


OUT = entry(100, egress=True)
ACL_CASES: list[tuple[str, list[Any], str, str, str]] = [
    ("what no entry takes is denied (Network ACLs: *)", lists(OUT), "8.8.8.8", "TCP/443", "denied"),
    ("an entry lets it in", lists(entry(100, "allow", "6", 443, 443), OUT), "8.8.8.8", "TCP/443", "allowed"),
    (
        "the lower number counts",
        lists(entry(90, "deny", "6", 443, 443), entry(100), OUT),
        "8.8.8.8",
        "TCP/443",
        "denied",
    ),
    (
        "whatever the order in the answer",
        lists(entry(100), entry(90, "deny", "6", 443, 443), OUT),
        "8.8.8.8",
        "TCP/443",
        "denied",
    ),
    ("a later denial does nothing", lists(entry(80), entry(90, "deny"), OUT), "8.8.8.8", "TCP/443", "allowed"),
    ("without an entry outwards the reply is lost", lists(entry(100)), "8.8.8.8", "TCP/443", "denied"),
    (
        "one for 1024-65535 lets it through",
        lists(entry(100), entry(100, "allow", "6", 1024, 65535, egress=True)),
        "8.8.8.8",
        "TCP/443",
        "allowed",
    ),
    (
        "one for some ports does for some clients",
        lists(entry(100), entry(100, "allow", "6", 32768, 60999, egress=True)),
        "8.8.8.8",
        "TCP/443",
        "partial",
    ),
    (
        "one for another protocol does not",
        lists(entry(100), entry(100, "allow", "17", 1024, 65535, egress=True)),
        "8.8.8.8",
        "TCP/443",
        "denied",
    ),
    (
        "UDP needs its reply as well",
        lists(entry(100), entry(100, "allow", "6", 1, 65535, egress=True)),
        "8.8.8.8",
        "UDP/53",
        "denied",
    ),
    ("an entry of IPv4 says nothing of IPv6", lists(entry(100), OUT), "2a00::1", "TCP/443", "denied"),
    ("entries of IPv6 do", lists(*OPEN), "2a00::1", "TCP/443", "allowed"),
    ("within a subnet nothing is judged", lists(), "eni-web", "TCP/443", "allowed"),
    ("a denial of a range", lists(entry(50, "deny", cidr="8.8.8.0/24"), *OPEN), "8.8.8.8", "TCP/443", "denied"),
    ("and its neighbour", lists(entry(50, "deny", cidr="8.8.8.0/24"), *OPEN), "8.8.9.8", "TCP/443", "allowed"),
    (
        "ports of a protocol without ports do not count (NetworkAclEntry)",
        lists(entry(100, "allow", "47", 1, 2), OUT),
        "8.8.8.8",
        "47",
        "allowed",
    ),
]


@pytest.mark.parametrize(
    ("says", "documents", "source", "traffic", "outcome"), ACL_CASES, ids=[case[0] for case in ACL_CASES]
)
def test_network_acls(says: str, documents: list[Any], source: str, traffic: str, outcome: str) -> None:
    """What the VPC user guide says of network ACLs, replies included."""
    assert asked(read(*documents), source, "eni-web", traffic).value == outcome, says


def test_within_a_subnet_lists_do_not_judge() -> None:
    """Two machines of one subnet reach each other whatever its list says; from another subnet they do not."""
    closed = [acl("acl-a", ("subnet-a",)), acl("acl-b", ("subnet-b",), *OPEN)]
    made = read(*estate([group("sg-web", EVERYTHING), *GROUPS[1:]], closed))
    app = read(
        *estate([group("sg-app", EVERYTHING), *[each for each in GROUPS if each["GroupId"] != "sg-app"]], closed)
    )
    assert asked(app, "eni-web", "eni-app", "TCP/443").value == "allowed"
    assert asked(made, "eni-db", "eni-web", "TCP/443").value == "denied"


def test_a_list_that_is_not_in_the_input_is_not_known() -> None:
    """Without the network ACLs nothing that crosses a subnet is sure."""
    documents = [each for each in estate([ALL_IN, *GROUPS[1:]]) if "NetworkAcls" not in each]
    assert asked(read(*documents), "8.8.8.8", "eni-web", "TCP/443").value == "unknown"


def fact(made: Infrastructure, name: str, family: int = 4) -> tuple[Answer, Answer]:
    """Whether an interface is entered, and leaves."""
    (found,) = [each for each in made.interfaces if each.name == name]
    return found.entered[4 if family == 4 else 6].answer, found.leaves[4 if family == 4 else 6].answer


@pytest.mark.parametrize(
    ("says", "tables", "name", "family", "answers"),
    [
        ("a public address and a route to the gateway", TABLES, "eni-web", 4, (Answer.YES, Answer.YES)),
        ("IPv6 needs its own route", TABLES, "eni-web", 6, (Answer.YES, Answer.YES)),
        ("without a public address nothing comes in or goes out", TABLES, "eni-app", 4, (Answer.NO, Answer.NO)),
        ("through a translator it goes out alone", TABLES, "eni-db", 4, (Answer.NO, Answer.YES)),
        ("a public address without the route is none", [table("rtb-m", main=True)],
         "eni-web", 4, (Answer.NO, Answer.NO)),
        ("an egress-only gateway lets IPv6 out", [table("r", ("::/0", "eigw-1"), main=True)],
         "eni-web", 6, (Answer.NO, Answer.YES)),
        ("a default route in two halves is not decided", [table("r", ("0.0.0.0/1", "igw-1"), ("128.0.0.0/1", "igw-1"),
         main=True)], "eni-web", 4, (Answer.UNKNOWN, Answer.UNKNOWN)),
        ("the main table counts where no other is associated", [table("r", ("0.0.0.0/0", "igw-1"), main=True)],
         "eni-web", 4, (Answer.YES, Answer.YES)),
        ("no table, no answer", [], "eni-web", 4, (Answer.UNKNOWN, Answer.UNKNOWN)),
        ("a transit gateway leads who knows where", [table("r", ("0.0.0.0/0", "tgw-1"), main=True)],
         "eni-web", 4, (Answer.UNKNOWN, Answer.UNKNOWN)),
    ],
)  # fmt: skip
def test_routes(says: str, tables: list[Any], name: str, family: int, answers: tuple[Answer, Answer]) -> None:
    """What the VPC user guide says of routes and gateways."""
    documents = [{"RouteTables": tables} if "RouteTables" in each else each for each in estate()]
    assert fact(read(*documents), name, family) == answers, says


def test_interfaces() -> None:
    """Machines are named as nodes name them; further addresses and prefixes are delegated."""
    one = card(
        "eni-n",
        "subnet-a",
        "10.0.1.20",
        "sg-web",
        instance="i-0abc",
        further=("10.0.1.21",),
        prefixes=("10.0.1.32/28",),
    )
    (found,) = read({"NetworkInterfaces": [one]}).interfaces
    assert found.machine == "aws:///eu-west-1a/i-0abc"
    assert str(found.addresses) == "10.0.1.20/32"
    assert str(found.delegated) == "10.0.1.21/32, 10.0.1.32/28"


def balanced(kind: str, target: str, protocol: str = "TCP", scheme: str = "internet-facing") -> Infrastructure:
    """A load balancer before one target."""
    arn = "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/net/lb/1"
    return read(
        *estate(cards=[*CARDS, card("eni-lb", "subnet-a", "10.0.1.99", "sg-web", description="ELB net/lb/1")]),
        {"LoadBalancers": [{"LoadBalancerArn": arn, "LoadBalancerName": "lb", "DNSName": "LB-1.elb.amazonaws.com",
                            "Scheme": scheme, "Type": kind, "AvailabilityZones": [{"SubnetId": "subnet-a"}]}]},
        {"Listeners": [{"LoadBalancerArn": arn, "Port": 443, "Protocol": protocol,
                        "DefaultActions": [{"Type": "forward", "TargetGroupArn": "tg"}]}]},
        {"TargetGroups": [{"TargetGroupArn": "tg", "TargetType": target, "Port": 30443, "Protocol": protocol}]},
        {"TargetHealthDescriptions": [
            {"Target": {"Id": "i-web" if target == "instance" else "10.0.1.21", "Port": 30443}}]},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "target", "protocol", "keeps"),
    [
        ("network", "instance", "TCP", True),
        ("network", "ip", "TCP", False),
        ("network", "ip", "UDP", True),
        ("network", "ip", "TLS", False),
        ("application", "instance", "HTTPS", False),
        ("application", "ip", "HTTP", False),
    ],
)
def test_load_balancers(kind: str, target: str, protocol: str, keeps: bool) -> None:
    """Whom it faces, where its listener leads, and whether targets see the client (NLB: Client IP preservation)."""
    (found,) = balanced(kind, target, protocol).balancers
    assert (found.name, found.hostnames, found.facing.answer) == ("lb", ("lb-1.elb.amazonaws.com",), Answer.YES)
    (listening,) = found.listeners
    assert (listening.port, listening.keeps_client, listening.tls) == (443, keeps, protocol in ("HTTPS", "TLS"))
    assert listening.targets is not None
    (one,) = listening.targets
    assert (one.machine or one.address) == ("aws:///eu-west-1a/i-web" if target == "instance" else "10.0.1.21")
    assert balanced(kind, target, scheme="internal").balancers[0].facing.answer is Answer.NO


def test_what_is_wrong_is_named() -> None:
    """A range that is none and ports that are impossible cost nothing but their rule."""
    made = read(*web(permission("tcp", 443, None, "nonsense", "8.8.8.0/24"), permission("tcp", 9, 70000, "0.0.0.0/0")))
    place = "security group sg-web (web): SecurityGroups[0]"
    assert sorted(str(each).partition(": ")[2] for each in made.problems) == [
        f"{place}.IpPermissions[0].IpRanges[0]: 'nonsense' is not a CIDR",
        f"{place}.IpPermissions[1]: a rule that cannot be read: impossible ports 9 to 70000",
    ]
    assert asked(made, "8.8.8.8", "eni-web", "TCP/443").value == "allowed"


def test_other_documents_are_none() -> None:
    """A document is known by its lists."""
    assert aws.recognises({"SecurityGroups": []})
    others: list[Any] = [{}, [], "x", None, {"SecurityGroups": "x"}, {"apiVersion": "v1", "kind": "Pod"}]
    for other in others:
        assert not aws.recognises(other)


@given(st.randoms(use_true_random=False))
def test_anything_is_read(chance: random.Random) -> None:
    """Documents of which parts are lost, or are of another type, raise nothing."""

    def spoiled(value: Any) -> Any:
        if chance.random() < 0.05:
            return chance.choice([None, 7, "x", [], {}, -1, True, "10.0.0.0/8", [3]])
        if isinstance(value, dict):
            return {name: spoiled(each) for name, each in value.items() if chance.random() > 0.03}
        return [spoiled(each) for each in value] if isinstance(value, list) else value

    documents = [spoiled(each) for each in estate()]
    made = aws.read([(each, Origin("x.json")) for each in documents])
    assert all(each.layer for each in made.tiers)


BROKEN: list[tuple[str, list[Any]]] = [
    ("an interface without a subnet", estate([ALL_IN], WIDE, [{**CARDS[0], "SubnetId": ""}])),
    ("a denial of which the range cannot be read", lists(entry(50, "deny", cidr="x"), *OPEN)),
    ("a denial of a protocol that there is not", lists(entry(50, "deny", "x"), *OPEN)),
    ("an entry without a number", lists({**entry(50, "deny"), "RuleNumber": None}, *OPEN)),
    ("an entry that neither allows nor denies", lists(entry(50, "perhaps"), *OPEN)),
    ("TCP without ports in a list", lists(entry(50, "deny", "6"), *OPEN)),
    ("a rule of a group without a protocol", web({**permission("tcp", 1, 2, "8.0.0.0/8"), "IpProtocol": ""})),
    ("TCP without ports in a group", web(permission("tcp", None, None, "0.0.0.0/0"))),
]  # fmt: skip


@pytest.mark.parametrize(("says", "documents"), BROKEN, ids=[case[0] for case in BROKEN])
def test_what_cannot_be_read_leaves_it_open(says: str, documents: list[Any]) -> None:
    """It is neither taken for an allowance nor left out: the answer is unknown."""
    assert asked(read(*documents), "8.8.8.8", "eni-web", "TCP/443").value == "unknown", says


def test_a_translator_that_is_private_leads_nowhere() -> None:
    """A NAT gateway for other networks alone is no way to the internet."""
    private = {"NatGateways": [{"NatGatewayId": "nat-1", "ConnectivityType": "private"}]}
    assert fact(read(*estate(), private), "eni-db") == (Answer.NO, Answer.NO)


def test_entries_of_a_prefix_list_are_named_by_their_file() -> None:
    """The answer does not name its list: the id is in the file's name, and otherwise that is said."""
    entries = {"Entries": [{"Cidr": "8.8.8.0/24", "Description": "x"}]}
    documents = [(each, Origin("a.json")) for each in web(permission("tcp", 443, None, lists=("pl-0a1",)))]
    named = aws.read([*documents, (entries, Origin("entries-pl-0a1.json"))])
    assert asked(named, "8.8.8.8", "eni-web", "TCP/443").value == "allowed"
    nameless = aws.read([*documents, (entries, Origin("entries.json"))])
    assert [each.message.partition(":")[0] for each in nameless.problems] == [
        "entries of a prefix list that is not named"
    ]
