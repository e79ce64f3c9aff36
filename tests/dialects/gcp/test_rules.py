"""VPC firewall rules: what they match, whom they guard, in what order, and what comes without being written."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from crenel.questions.verdict import Outcome
from dialects.gcp import samples
from dialects.gcp.asking import A, D, U, outcome, read, text
from dialects.gcp.samples import ACCOUNT, firewall, instance, nic

VPC = "https://cloud.google.com/firewall/docs/firewalls"
API = "https://cloud.google.com/compute/docs/reference/rest/v1/firewalls"
OUT, OUT6 = "8.8.8.8", "2a00:1450::1"
METADATA = "169.254.169.254"


class Case(NamedTuple):
    """A connection under some rules of the network of `samples.shop`."""

    says: str
    source: str
    rules: list[dict[str, Any]]
    sender: str
    target: str
    traffic: str
    expected: Outcome


def deny(priority: int = 1000, **more: Any) -> dict[str, Any]:
    """A rule that denies everything."""
    return firewall(f"deny-{priority}", deny=True, priority=priority, **more)


def allow(priority: int = 1000, *protocols: str, **more: Any) -> dict[str, Any]:
    """A rule that allows HTTPS, or some other traffic."""
    return firewall(f"allow-{priority}", *(protocols or ("tcp:443",)), priority=priority, **more)


SIX: dict[str, Any] = {"sourceRanges": ["::/0"]}
CASES = [
    # Implied rules, and what no rule changes
    Case("nothing comes in by default", VPC, [], OUT, "web", "TCP/443", D),
    Case("nor from within the network", VPC, [], "db", "web", "TCP/443", D),
    Case("nor by IPv6", VPC, [], OUT6, "web", "TCP/443", D),
    Case("everything goes out by default", VPC, [], "web", OUT, "TCP/443", A),
    Case("by IPv6 too", VPC, [], "web", OUT6, "TCP/443", A),
    Case("the metadata server is always reached", VPC, [deny(0, egress=True)], "web", METADATA, "TCP/80", A),
    Case("mail to outside is blocked for most projects", VPC, [], "web", OUT, "TCP/25", U),
    Case("mail within the network is not", VPC, [], "web", "10.0.9.9", "TCP/25", A),
    Case("an odd protocol may not leave", VPC, [], "web", OUT, "89", U),
    Case("GRE is carried", VPC, [], "web", OUT, "47", A),
    # Order
    Case("the lower number wins: allow", VPC, [deny(200), allow(100)], OUT, "web", "TCP/443", A),
    Case("the lower number wins: deny", VPC, [allow(200), deny(100)], OUT, "web", "TCP/443", D),
    Case("at the same number deny wins", VPC, [allow(100), deny(100)], OUT, "web", "TCP/443", D),
    Case("in whatever order they are listed", VPC, [deny(100), allow(100)], OUT, "web", "TCP/443", D),
    Case("0 is the first", VPC, [allow(0), deny(1)], OUT, "web", "TCP/443", A),
    Case("disabled rules do nothing", VPC, [allow(disabled=True)], OUT, "web", "TCP/443", D),
    Case("disabled denials neither", VPC, [deny(1, disabled=True), allow()], OUT, "web", "TCP/443", A),
    Case("directions are apart", VPC, [allow(), deny(1, egress=True)], OUT, "web", "TCP/443", A),
    Case("egress rules guard the sender", VPC, [deny(1, egress=True)], "web", OUT, "TCP/443", D),
    Case("both ends must allow", VPC, [deny(1, egress=True), allow()], "db", "web", "TCP/443", D),
    # Traffic
    Case("another port is no match", VPC, [allow()], OUT, "web", "TCP/444", D),
    Case("a range holds its ends", VPC, [allow(1, "tcp:80-443")], OUT, "web", "TCP/443", A),
    Case("several ports", VPC, [allow(1, "tcp:80,440-450")], OUT, "web", "TCP/445", A),
    Case("a protocol without ports is all of them", VPC, [allow(1, "udp")], OUT, "web", "UDP/9", A),
    Case("TCP is not UDP", VPC, [allow()], OUT, "web", "UDP/443", D),
    Case("several protocols", VPC, [allow(1, "tcp:22", "icmp")], OUT, "web", "ICMP", A),
    Case("all", VPC, [allow(1, "all")], OUT, "web", "SCTP/5", A),
    Case("protocols by number", VPC, [allow(1, "50")], OUT, "web", "50", A),
    Case("ICMPv6 has a number", VPC, [allow(1, "58", **SIX)], OUT6, "web", "ICMPv6", A),
    Case("icmp is not ICMPv6", VPC, [allow(1, "icmp", **SIX)], OUT6, "web", "ICMPv6", D),
    Case("a protocol that nobody knows may be any", API, [allow(1, "quux")], OUT, "web", "TCP/443", U),
    Case("as may a port that cannot be read", API, [allow(1, "tcp:9-1")], OUT, "web", "TCP/443", U),
    # Ranges
    Case("no source is all of IPv4", VPC, [allow()], OUT, "web", "TCP/443", A),
    Case("and not IPv6", VPC, [allow()], OUT6, "web", "TCP/443", D),
    Case("IPv6 ranges", VPC, [allow(1, sourceRanges=["2a00::/16"])], OUT6, "web", "TCP/443", A),
    Case("inside of a range", VPC, [allow(1, sourceRanges=["8.8.0.0/16"])], OUT, "web", "TCP/443", A),
    Case("outside of it", VPC, [allow(1, sourceRanges=["8.9.0.0/16"])], OUT, "web", "TCP/443", D),
    Case("host bits are cut off", API, [allow(1, sourceRanges=["8.8.4.4/16"])], OUT, "web", "TCP/443", A),
    Case("a broken range may be any", API, [allow(1, sourceRanges=["8.8/99"])], OUT, "web", "TCP/443", U),
    Case("machines by their range", VPC, [allow(1, sourceRanges=["10.0.1.6/32"])], "db", "web", "TCP/443", A),
    Case("egress by destination", VPC, [deny(1, egress=True, destinationRanges=["8.0.0.0/8"])], "web", OUT, "TCP/1", D),
    Case("another destination", VPC, [deny(1, egress=True, destinationRanges=["9.0.0.0/8"])], "web", OUT, "TCP/1", A),
    Case("ingress by destination", VPC, [allow(1, destinationRanges=["10.0.1.5/32"])], OUT, "web", "TCP/443", A),
    Case("another own address", VPC, [allow(1, destinationRanges=["10.0.1.5/32"])], OUT, "db", "TCP/443", D),
    Case("egress by source", VPC, [deny(1, egress=True, sourceRanges=["10.0.1.6"])], "db", OUT, "TCP/1", D),
    Case("from another one's", VPC, [deny(1, egress=True, sourceRanges=["10.0.1.6"])], "web", OUT, "TCP/1", A),
    # Tags and accounts
    Case("target tags", VPC, [allow(1, targetTags=["web", "x"])], OUT, "web", "TCP/443", A),
    Case("without the tag", VPC, [allow(1, targetTags=["web"])], OUT, "db", "TCP/443", D),
    Case("target accounts", VPC, [allow(1, targetServiceAccounts=[ACCOUNT.format("db")])], OUT, "db", "TCP/443", A),
    Case("another account", VPC, [allow(1, targetServiceAccounts=[ACCOUNT.format("db")])], OUT, "web", "TCP/443", D),
    Case("source tags", VPC, [allow(1, sourceTags=["web"])], "web", "db", "TCP/443", A),
    Case("not with the tag", VPC, [allow(1, sourceTags=["web"])], "job", "db", "TCP/443", D),
    Case("alias ranges are not meant by tags", VPC, [allow(1, sourceTags=["web"])], "10.8.0.9", "db", "TCP/443", D),
    Case("nor external addresses", VPC, [allow(1, sourceTags=["web"])], "34.1.2.3", "db", "TCP/443", D),
    Case("source accounts", VPC, [allow(1, sourceServiceAccounts=[ACCOUNT.format("db")])], "db", "web", "TCP/443", A),
    Case("tags or ranges", VPC, [allow(1, sourceTags=["x"], sourceRanges=["8.8.8.8"])], OUT, "web", "TCP/443", A),
    Case("a tag that nobody has", VPC, [allow(1, sourceTags=["x"])], "web", "db", "TCP/443", D),
    # Malformed
    Case("neither allowed nor denied", API, [{**deny(1), "denied": []}], OUT, "web", "TCP/443", U),
    Case("a direction that is none", API, [{**deny(1), "direction": "UP"}, allow()], OUT, "web", "TCP/443", U),
    Case("a priority that is none", API, [{**deny(1), "priority": "x"}, allow()], OUT, "web", "TCP/443", U),
    Case("null is no priority", API, [{**deny(1), "priority": None}, allow(999)], OUT, "web", "TCP/443", U),
    Case("unwritten it is 1000", API, [{k: v for k, v in deny(1).items() if k != "priority"}, allow(999)],
         OUT, "web", "TCP/443", A),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_rules(case: Case) -> None:
    """What becomes of one connection."""
    assert outcome(samples.shop(*case.rules), case.sender, case.target, case.traffic) is case.expected, text(
        samples.shop(*case.rules), case.sender, case.target, case.traffic
    )


def test_a_rule_is_named_with_its_place() -> None:
    """The step names the rule and leads to its text, and the rule that a disabled one is not."""
    documents = samples.shop(firewall("first", "udp:1"), firewall("https", "tcp:443"))
    assert "vpc firewall rule https ingress rule 2 allows it (file-4.json)" in text(documents, OUT, "web")
    assert "implied deny ingress denies it" in text(documents, OUT, "web", "TCP/80")


def test_rules_of_another_network_do_nothing() -> None:
    """A rule guards the interfaces of its own network; that others have rules shows that the list is complete."""
    other = firewall("https", "tcp:443", net=f"{samples.ROOT}/global/networks/other")
    assert outcome(samples.shop(other), OUT, "web") is D


def test_without_any_rules_in_the_input_nothing_is_known() -> None:
    """Neither that it is closed, as the implied rule has it, nor that it is open."""
    documents = samples.shop()[:-1]
    assert outcome(documents, OUT, "web") is U
    assert outcome(documents, "web", OUT) is U
    assert "the vpc firewall rules of main" in text(documents, OUT, "web")


def test_source_tags_mean_the_same_network_and_its_peers() -> None:
    """An instance of another network with the tag is meant only if the networks are peered."""
    far = f"{samples.ROOT}/global/networks/far"
    other = [instance("far", nic("10.9.0.5", net=far, subnet="far"), tags=("web",))]
    documents = [*samples.shop(allow(1, sourceTags=["web"])), other]
    assert outcome(documents, "far", "db") is D
    documents[0] = [samples.network(peerings=[{"name": "p", "network": far, "state": "ACTIVE"}])]
    assert outcome(documents, "far", "db") is A


def test_problems_name_the_rule() -> None:
    """What the API would not take is told once, with the rule and the field."""
    found = read(*samples.shop(allow(7, "quux", sourceRanges=["8.8/99"])))
    assert [(each.object, each.message, each.field) for each in found.problems] == [
        ("vpc firewall rule allow-7", "'8.8/99' is no address range", (0, "sourceRanges")),
        ("vpc firewall rule allow-7", "protocol 'quux' is not known", (0,)),
    ]


def test_what_answers_rest_on_is_said() -> None:
    """Policies that are not in the input are assumed not to be."""
    assert read(*samples.shop()).assumptions == [
        "network tags and service accounts are those of instances in the input, and of no others",
        "no firewall policies of organizations and folders apply",
        "no firewall policies of networks apply",
    ]


@pytest.mark.parametrize("field", ["networkIP", "ipv6Address"])
def test_a_range_is_no_address_of_an_interface(field: str) -> None:
    """It is a problem, and the interface has no address that is known (API, ``networkInterfaces[]``)."""
    broken = {**nic(), "networkIP": "", field: "::/0"}
    found = read([instance("x", broken)])
    assert not found.interfaces[0].addresses
    assert [(each.object, each.message) for each in found.problems] == [("instance x", "'::/0' is no address")]
