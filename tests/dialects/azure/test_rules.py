"""Security rules, one at a time: what they match, in what order, and what comes without being written."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from crenel.questions.verdict import Outcome
from dialects.azure import samples
from dialects.azure.asking import A, D, U, outcome, read, text
from dialects.azure.samples import rule

OVERVIEW = "https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview"
TAGS = "https://learn.microsoft.com/azure/virtual-network/service-tags-overview"
GROUPS = "https://learn.microsoft.com/azure/virtual-network/application-security-groups"
FAQ = "https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq"
IPV6 = "https://learn.microsoft.com/azure/virtual-network/ip-services/ipv6-overview"
OUT = "8.8.8.8"
HOST, METADATA = "168.63.129.16", "169.254.169.254"
OUT6 = "2606:4700::1"


class Case(NamedTuple):
    """A connection under some rules at the subnet of machine `a` (10.0.1.4, fd00:1::4), which `b` shares."""

    says: str
    source: str
    rules: list[dict[str, Any]]
    sender: str
    target: str
    traffic: str
    expected: Outcome


def deny(priority: int, **more: Any) -> dict[str, Any]:
    """A rule that denies everything, in either direction."""
    return rule(f"deny-{priority}", priority, access="Deny", protocol="*", ports="*", **more)


def outward(**more: Any) -> dict[str, Any]:
    """A rule that denies everything outbound."""
    return deny(100, direction="Outbound", **more)


CASES = [
    # Defaults
    Case("nothing from the internet by default", OVERVIEW, [], OUT, "a", "TCP/443", D),
    Case("everything within the network by default", OVERVIEW, [], "b", "a", "TCP/443", A),
    Case("all of the network's address space, whoever is there", OVERVIEW, [], "10.0.200.9", "a", "UDP/53", A),
    Case("probes of the load balancer come in by default", OVERVIEW, [], HOST, "a", "TCP/80", A),
    Case("everything to the internet by default", OVERVIEW, [], "a", OUT, "TCP/443", A),
    Case("IPv6 to the internet too", OVERVIEW, [], "a", OUT6, "TCP/443", A),
    Case("nothing to private addresses outside of the network", TAGS, [], "a", "192.168.7.7", "TCP/443", D),
    Case("IPv6 within the network", OVERVIEW, [], "fd00:1::99", "a", "TCP/443", A),
    Case("no IPv6 from the internet", OVERVIEW, [], OUT6, "a", "TCP/443", D),
    Case("defaults are overridden by lower numbers", OVERVIEW, [deny(4096)], "b", "a", "TCP/443", D),
    Case("such a rule keeps probes out as well", OVERVIEW, [deny(4096)], HOST, "a", "TCP/80", D),
    # Order
    Case("the lower number wins: allow", OVERVIEW, [deny(200), rule("x", 100)], OUT, "a", "TCP/443", A),
    Case("the lower number wins: deny", OVERVIEW, [rule("x", 200), deny(100)], OUT, "a", "TCP/443", D),
    Case("directions are apart", OVERVIEW, [rule("x", 100), deny(100, direction="Outbound")], OUT, "a", "TCP/443", A),
    Case("outbound rules guard the sender", OVERVIEW, [outward()], "a", OUT, "TCP/443", D),
    # Ports and protocols
    Case("another port is no match", OVERVIEW, [rule("x", 100)], OUT, "a", "TCP/444", D),
    Case("a range of ports holds its ends", OVERVIEW, [rule("x", 100, ports="80-443")], OUT, "a", "TCP/443", A),
    Case("several ports and ranges", OVERVIEW, [rule("x", 100, ports=["80", "440-450"])], OUT, "a", "TCP/445", A),
    Case("0-65535 is every port", OVERVIEW, [rule("x", 100, ports="0-65535")], OUT, "a", "TCP/65535", A),
    Case("TCP is not UDP", OVERVIEW, [rule("x", 100)], OUT, "a", "UDP/443", D),
    Case("* is TCP and UDP", OVERVIEW, [rule("x", 100, protocol="*")], OUT, "a", "UDP/443", A),
    Case("* is ICMP", OVERVIEW, [rule("x", 100, protocol="*", ports="*")], OUT, "a", "ICMP", A),
    Case("ICMP alone", OVERVIEW, [rule("x", 100, protocol="Icmp", ports="*")], OUT, "a", "ICMP", A),
    Case("ESP alone", OVERVIEW, [rule("x", 100, protocol="Esp", ports="*")], OUT, "a", "50", A),
    Case("AH is not ESP", OVERVIEW, [rule("x", 100, protocol="Ah", ports="*")], OUT, "a", "50", D),
    Case("ports and no protocol: ICMP may be meant", OVERVIEW, [rule("x", 100, protocol="*")], OUT, "a", "ICMP", U),
    Case("GRE is not carried, whatever is allowed", FAQ, [rule("x", 100, protocol="*", ports="*")], OUT, "a", "47", D),
    Case("nor is IP in IP between machines", FAQ, [], "b", "a", "4", D),
    Case("nor SCTP", FAQ, [], "b", "a", "SCTP/9999", D),
    Case("ICMPv6 is not supported: nobody knows", IPV6, [], "fd00:1::99", "a", "ICMPv6", U),
    Case("nor when everything is denied", IPV6, [deny(100)], "fd00:1::99", "a", "ICMPv6", U),
    Case("a source port may be the one", OVERVIEW, [rule("x", 100, sourcePortRange="53")], OUT, "a", "TCP/443", U),
    Case(
        "several source ports, and a rule for the rest", OVERVIEW,
        [rule("x", 100, access="Deny", sourcePortRange=None, sourcePortRanges=["53", "67-68"]), rule("y", 200)],
        OUT, "a", "TCP/443", U,
    ),
    Case("every source port", OVERVIEW, [rule("x", 100, sourcePortRange="0-65535")], OUT, "a", "TCP/443", A),
    # Addresses
    Case("an address", OVERVIEW, [rule("x", 100, source=OUT)], OUT, "a", "TCP/443", A),
    Case("another address", OVERVIEW, [rule("x", 100, source="8.8.4.4")], OUT, "a", "TCP/443", D),
    Case("a prefix", OVERVIEW, [rule("x", 100, source="8.8.0.0/16")], OUT, "a", "TCP/443", A),
    Case("a prefix with host bits", OVERVIEW, [rule("x", 100, source="8.8.1.1/16")], OUT, "a", "TCP/443", A),
    Case("several prefixes", OVERVIEW, [rule("x", 100, source=["9.0.0.0/8", "8.8.8.8"])], OUT, "a", "TCP/443", A),
    Case("0.0.0.0/0 is IPv4", IPV6, [rule("x", 100, source="0.0.0.0/0")], OUT, "a", "TCP/443", A),
    Case("and no IPv6", IPV6, [rule("x", 100, source="0.0.0.0/0")], OUT6, "a", "TCP/443", D),
    Case("::/0 is IPv6", IPV6, [rule("x", 100, source="::/0")], OUT6, "a", "TCP/443", A),
    Case("* is both", IPV6, [rule("x", 100)], OUT6, "a", "TCP/443", A),
    Case("Any is *", OVERVIEW, [rule("x", 100, source="Any")], OUT6, "a", "TCP/443", A),
    Case(
        "a destination that the machine has", OVERVIEW,
        [rule("x", 100, destination="10.0.1.4")], OUT, "a", "TCP/443", A,
    ),
    Case("one of another machine", OVERVIEW, [rule("x", 100, destination="10.0.1.5")], OUT, "a", "TCP/443", D),
    Case("the same rule at that machine", OVERVIEW, [rule("x", 100, destination="10.0.1.5")], OUT, "b", "TCP/443", A),
    Case("the destination's subnet", OVERVIEW, [rule("x", 100, destination="10.0.1.0/24")], OUT, "a", "TCP/443", A),
    Case("its IPv4 alone is not its IPv6", IPV6, [rule("x", 100, destination="10.0.1.4")], OUT6, "a", "TCP/443", D),
    Case("its IPv6", IPV6, [rule("x", 100, destination="fd00:1::/64")], OUT6, "a", "TCP/443", A),
    Case(
        "its public address is never the destination", OVERVIEW,
        [rule("x", 100, destination="20.0.0.4")], OUT, "a", "TCP/443", D,
    ),
    Case("the source of an outbound rule", OVERVIEW, [outward(source="10.0.1.5")], "a", OUT, "TCP/443", A),
    Case("which is the machine itself", OVERVIEW, [outward(source="10.0.1.4")], "a", OUT, "TCP/443", D),
    # Service tags
    Case("Internet is outside", TAGS, [rule("x", 100, source="Internet")], OUT, "a", "TCP/443", A),
    Case("in IPv6 too", TAGS, [rule("x", 100, source="Internet")], OUT6, "a", "TCP/443", A),
    Case("in any case of letters", TAGS, [rule("x", 100, source="INTERNET")], OUT, "a", "TCP/443", A),
    Case("Internet is not the network", TAGS, [deny(100, source="Internet")], "b", "a", "TCP/443", A),
    Case("nor other private addresses", TAGS, [rule("x", 100, source="Internet")], "192.168.7.7", "a", "TCP/443", D),
    Case("VirtualNetwork is not outside", TAGS, [rule("x", 100, source="VirtualNetwork")], OUT, "a", "TCP/443", D),
    Case(
        "the host's address belongs to it", TAGS,
        [rule("x", 100, source="VirtualNetwork"), deny(200)], HOST, "a", "TCP/443", A,
    ),
    Case(
        "AzureLoadBalancer is probes alone", TAGS,
        [rule("x", 100, source="AzureLoadBalancer")], OUT, "a", "TCP/443", D,
    ),
    Case("other tags are not known", TAGS, [rule("x", 100, source="AzureCloud.westeurope")], OUT, "a", "TCP/443", U),
    Case("but they are public addresses", TAGS, [deny(100, source="AzureCloud")], "b", "a", "TCP/443", A),
    Case("a sure rule before it decides", TAGS, [rule("x", 100), deny(200, source="Storage")], OUT, "a", "TCP/443", A),
    # Services of the platform
    Case("DNS of the platform is not filtered", OVERVIEW, [outward()], "a", HOST, "UDP/53", A),
    Case("nor is its metadata service", OVERVIEW, [outward()], "a", METADATA, "TCP/80", A),
    Case("their own tag reaches it", OVERVIEW, [outward(destination="AzurePlatformIMDS")], "a", METADATA, "TCP/80", D),
    Case("the one of DNS too", OVERVIEW, [outward(destination="AzurePlatformDNS")], "a", HOST, "UDP/53", D),
    Case("which is about DNS alone", OVERVIEW, [outward(destination="AzurePlatformDNS")], "a", HOST, "TCP/80", A),
    Case("and not about metadata", OVERVIEW, [outward(destination="AzurePlatformDNS")], "a", METADATA, "TCP/80", A),
    Case(
        "an address in place of the tag does not", OVERVIEW,
        [outward(destination="168.63.129.16")], "a", HOST, "UDP/53", A,
    ),
]  # fmt: skip


def estate(*rules: dict[str, Any]) -> list[Any]:
    """Two machines in one subnet, both families, one of them with a public address."""
    return [
        [samples.group("nsg", *rules, subnets=("s",))],
        samples.network(samples.subnet("s", "10.0.1.0/24", "fd00:1::/64"), space=("10.0.0.0/16", "fd00:1::/48")),
        [
            samples.nic(
                "a",
                samples.configuration("ipconfig1", "10.0.1.4", "s", "pip"),
                samples.configuration("six", "fd00:1::4", "s"),
            ),
            samples.nic("b", samples.configuration("ipconfig1", "10.0.1.5", "s")),
        ],
        samples.public("pip", "20.0.0.4"),
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_rules(case: Case) -> None:
    """Each case by itself, as its source has it."""
    found = outcome(estate(*case.rules), case.sender, case.target, case.traffic)
    assert found is case.expected, f"{case.says} ({case.source})"


def test_default_rules_that_are_written_count_as_they_are() -> None:
    """The defaults of the input are applied, not those that are usual."""
    group = samples.group("nsg", subnets=("s",))
    group["defaultSecurityRules"] = [rule("OnlyThis", 65000, source="*", protocol="*", ports="*")]
    documents = [group, *estate()[1:]]
    assert outcome(documents, OUT, "a") is A
    assert outcome(documents, "a", OUT) is D


def test_reports_name_the_rule_and_its_place() -> None:
    """A verdict names the group, the rule and its number in the file; defaults have a name alone."""
    found = text(estate(rule("first", 300), rule("second", 200, access="Deny")), OUT, "a")
    assert "network security group nsg ingress rule 2 'second' denies it (file-0.json)" in found
    assert "network security group nsg rule 'DenyAllInBound' denies it" in text(estate(), OUT, "a")


MISTAKES = [
    (rule("x", 100, protocol="Sctp"), "protocol 'Sctp' is not known", U),
    (rule("x", 100, ports="http"), "'http' is no port or range of ports", U),
    (rule("x", 100, ports="443-80"), "'443-80' is no port or range of ports", U),
    (rule("x", 100, ports="99999999999999999999"), "is no port or range of ports", U),
    (rule("x", 100, ports=[]), "no destination port", U),
    (rule("x", 100, source="10.0.0.0/33"), "'10.0.0.0/33' is neither an address prefix nor a service tag", U),
    (rule("x", 100, source=[]), "no source address", U),
    (rule("x", 100, access="Maybe"), "access 'maybe' is neither Allow nor Deny", U),
    (rule("x", 100, direction="Sideways"), "direction 'sideways' is neither Inbound nor Outbound", U),
    (rule("x", "soon"), "no priority that can be read", U),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("written", "message", "expected"), MISTAKES, ids=lambda value: str(value)[:40])
def test_what_cannot_be_read_is_possible_and_reported(written: dict[str, Any], message: str, expected: Outcome) -> None:
    """A rule with a mistake is one problem, with its place; it may match, and the other rules hold."""
    found = read(*estate(written, rule("ssh", 300, ports="22")))
    assert [problem for problem in found.problems if message in problem.message], list(map(str, found.problems))
    problem = next(problem for problem in found.problems if message in problem.message)
    assert problem.field in {("securityRules", 0), (0, "securityRules", 0)}
    assert problem.object == "network security group nsg, rule x"
    assert outcome(estate(written, rule("ssh", 300, ports="22")), OUT, "a") is expected


def test_two_rules_with_one_priority_are_in_no_order() -> None:
    """Azure refuses that; where they disagree nobody knows, where they agree it does not matter."""
    clash = [rule("x", 100), rule("y", 100, access="Deny", ports="440-450")]
    found = read(*estate(*clash))
    assert sum("used twice" in problem.message for problem in found.problems) == 2
    assert outcome(estate(*clash), OUT, "a", "TCP/443") is U
    assert outcome(estate(rule("x", 100), rule("y", 100, ports="22")), OUT, "a", "TCP/21") is D
