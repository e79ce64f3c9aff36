"""Security groups: what rules mean, by the API reference and by what Neutron makes of them."""

from __future__ import annotations

from typing import Any

import pytest

from crenel.provenance import Severity
from crenel.questions.verdict import Outcome
from dialects.openstack import samples
from dialects.openstack.asking import A, D, U, interface, outcome, read, text
from dialects.openstack.samples import egress, group, groups, port, ports, rule

API = "https://docs.openstack.org/api-ref/network/v2/#security-group-rules-security-group-rules"
OVN = "neutron.common.ovn.acl"
RPC = "neutron.db.securitygroups_rpc_base"
DB = "neutron.db.securitygroups_db"
DRIVER = "neutron.agent.linux.iptables_firewall"
CLIENT = "203.0.113.9"


def guarded(*rules: dict[str, Any], more: tuple[Any, ...] = (), **fields: Any) -> list[Any]:
    """One server behind one group."""
    return [
        groups(group("sg", "only", *rules)),
        ports(port("web", "10.0.0.10", "2001:db8:a::10", groups=("sg",), **fields), *more),
    ]


TCP: dict[str, Any] = {"protocol": "tcp", "ports": 443}
CASES: list[tuple[str, str, list[Any], str, str, str, Outcome]] = [
    ("a group without rules lets nothing in", API, guarded(), CLIENT, "web", "TCP/443", D),
    ("nor out", API, guarded(), "web", CLIENT, "TCP/443", D),
    ("a new group lets everything out", API, guarded(*egress()), "web", CLIENT, "TCP/443", A),
    ("a rule is for ports between both ends", API, guarded(rule(protocol="tcp", ports=(80, 443))), CLIENT, "web",
     "TCP/443", A),
    ("and for no other", API, guarded(rule(protocol="tcp", ports=(80, 443))), CLIENT, "web", "TCP/444", D),
    ("without ports it is for all of the protocol", API, guarded(rule(protocol="tcp")), CLIENT, "web", "TCP/1", A),
    ("without a protocol for everything", API, guarded(rule()), CLIENT, "web", "50", A),
    ("any is no protocol", API, guarded(rule(protocol="any")), CLIENT, "web", "UDP/9", A),
    ("a protocol may be a number", API, guarded(rule(protocol="6", ports=443)), CLIENT, "web", "TCP/443", A),
    ("or a name besides the usual ones", "neutron_lib.constants.IP_PROTOCOL_MAP", guarded(rule(protocol="vrrp")),
     CLIENT, "web", "112", A),
    ("an IPv4 rule is not for IPv6", API, guarded(rule(**TCP)), "2001:db8:9::1", "web", "TCP/443", D),
    ("an IPv6 rule is", API, guarded(rule(ethertype="IPv6", **TCP)), "2001:db8:9::1", "web", "TCP/443", A),
    ("an IPv6 rule is not for IPv4", API, guarded(rule(ethertype="IPv6", **TCP)), CLIENT, "web", "TCP/443", D),
    ("a prefix is the other end", API, guarded(rule(**TCP, remote_ip_prefix="203.0.113.0/24")), CLIENT, "web",
     "TCP/443", A),
    ("outside of it nobody gets in", API, guarded(rule(**TCP, remote_ip_prefix="203.0.113.0/24")), "198.51.100.1",
     "web", "TCP/443", D),
    ("bits of the host do not matter", f"{DB}: normalized_cidr",
     guarded(rule(**TCP, remote_ip_prefix="203.0.113.77/24")), CLIENT, "web", "TCP/443", A),
    ("icmp is for all of it", API, guarded(rule(protocol="icmp")), CLIENT, "web", "ICMP", A),
    ("icmp of IPv6 is ICMPv6", f"{DB}: _make_canonical_ipv6_icmp_protocol",
     guarded(rule(ethertype="IPv6", protocol="icmp")), "2001:db8:9::1", "web", "ICMPv6", A),
    ("a type of ICMP is a part of it", API, guarded(rule(protocol="icmp", ports=(8, 0))), CLIENT, "web", "ICMP", U),
    ("protocol 0 is any for some drivers", "neutron_lib.constants: PROTO_NUM_IP, PROTO_NUM_HOPOPT",
     guarded(rule(protocol="0")), CLIENT, "web", "TCP/443", U),
    ("a DHCP client gets its packets out", f"{DRIVER}: _spoofing_rule", guarded(), "web", "10.0.0.2", "UDP/67", U),
    ("and answers in", f"{DRIVER}: _add_ingress_dhcp_rule", guarded(), "10.0.0.2", "web", "UDP/68", U),
    ("the metadata service needs a rule as others do", f"{OVN}, which has none for it", guarded(), "web",
     "169.254.169.254", "TCP/80", D),
    ("UDP-Lite has ports that are not told apart", DB, guarded(rule(protocol="udplite", ports=9)), CLIENT, "web", "136",
     U),
    ("an address group that is not in the input may be anybody", API,
     guarded(rule(**TCP, remote_address_group_id="ag-1")), CLIENT, "web", "TCP/443", U),
    ("one that is has its addresses", "https://docs.openstack.org/api-ref/network/v2/#address-groups",
     [*guarded(rule(**TCP, remote_address_group_id="ag-1")),
      {"address_groups": [{"id": "ag-1", "name": "ours", "description": "", "project_id": "p",
                           "addresses": ["203.0.113.0/24", "2001:db8:9::/48"]}]}], CLIENT, "web", "TCP/443", A),
    ("and no others", "https://docs.openstack.org/api-ref/network/v2/#address-groups",
     [*guarded(rule(**TCP, remote_address_group_id="ag-1")),
      {"address_groups": [{"id": "ag-1", "name": "ours", "description": "", "project_id": "p",
                           "addresses": ["203.0.113.0/24"]}]}], "198.51.100.1", "web", "TCP/443", D),
    ("a group that a port names and no document tells may allow anything", API,
     [ports(port("web", "10.0.0.10", groups=("sg-9",)))], CLIENT, "web", "TCP/443", U),
    ("a port without port security is not filtered", "Neutron API, port security",
     guarded(port_security_enabled=False, security_groups=[]), CLIENT, "web", "TCP/443", A),
    ("a port without a group lets nothing through", "ovn_client: _add_port_to_drop_port_group",
     [ports(port("web", "10.0.0.10"))], CLIENT, "web", "TCP/443", D),
    ("whether port security is on may be unknown", "openstack port list",
     [[{"ID": "p", "Name": "web", "MAC Address": "fa", "Fixed IP Addresses": [{"ip_address": "10.0.0.10"}],
        "Status": "ACTIVE", "Security Groups": []}]], CLIENT, "web", "TCP/443", U),
    ("ports of the network itself are not filtered", "neutron_lib.utils.net: is_port_trusted",
     [*guarded(more=(port("gw", "10.0.0.1", device_owner="network:router_interface"),))], "10.0.0.1", CLIENT,
     "TCP/443", A),
]  # fmt: skip


@pytest.mark.parametrize(("what", "source", "documents", "client", "server", "traffic", "expected"), CASES)
def test_what_rules_mean(
    what: str, source: str, documents: list[Any], client: str, server: str, traffic: str, expected: Outcome
) -> None:
    """Each sentence holds; where one knows it from stands beside it."""
    assert outcome(documents, client, server, traffic) is expected, f"{what} ({source})"


def remote(**fields: Any) -> list[Any]:
    """A database that members of another group reach, and a member with the given further fields."""
    return [
        groups(
            group("sg-db", "db", rule(protocol="tcp", ports=5432, remote_group_id="sg-app")), group("sg-app", "app")
        ),
        ports(
            port("db", "10.0.0.20", "2001:db8:a::20", groups=("sg-db",)),
            port("app", "10.0.0.30", "2001:db8:a::30", groups=("sg-app",), port_security_enabled=True, **fields),
            port("other", "10.0.0.40", groups=("sg-other",)),
        ),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "client", "expected"),
    [
        pytest.param({}, "10.0.0.30", A, id="its address"),
        pytest.param({}, "10.0.0.40", D, id="another"),
        pytest.param({}, "2001:db8:a::30", D, id="its address of the other family"),
        pytest.param({"allowed_address_pairs": [{"ip_address": "10.9.0.0/16"}]}, "10.9.1.1", A, id="a pair"),
        pytest.param({"allowed_address_pairs": [{"ip_address": "0.0.0.0/0"}]}, "8.8.8.8", A, id="a pair of everybody"),
    ],
)
def test_a_remote_group_is_the_addresses_of_its_members(fields: dict[str, Any], client: str, expected: Outcome) -> None:
    """Fixed addresses and allowed address pairs of its members (_select_ips_for_remote_group), of the rule's family."""
    made = [*remote(**fields)]
    assert outcome(made, client, "db", "TCP/5432") is expected, RPC


def test_members_of_a_group_that_nothing_tells_of_may_be_anybody() -> None:
    """A remote group of which neither rules nor ports are in the input; one of which the rules are has no members."""
    documents = guarded(rule(protocol="tcp", remote_group_id="sg-gone"))
    assert outcome(documents, CLIENT, "web") is U
    assert outcome([*documents, groups(group("sg-gone", "gone"))], CLIENT, "web") is D
    assert any("no others" in text for text in read(*documents).assumptions)


def test_groups_of_a_port_are_a_union() -> None:
    """What any of them allows is allowed, and the step names the group and the rule's number."""
    documents = [
        groups(group("a", "one", rule(protocol="tcp", ports=22)), group("b", "two", *egress(), rule(**TCP))),
        ports(port("web", "10.0.0.10", groups=("a", "b"))),
    ]  # fmt: skip
    assert [outcome(documents, CLIENT, "web", f"TCP/{number}") for number in (22, 443, 80)] == [A, A, D]
    assert "security group two ingress rule 3 allows it" in text(documents, CLIENT, "web")
    assert "security group one isolates web" in text(documents, CLIENT, "web", "TCP/80")


def test_stateless_groups_need_rules_for_replies() -> None:
    """Of an answer only those ports get through that a rule of the other direction names."""
    documents = samples.stateless()
    assert outcome(documents, CLIENT, "web") is Outcome.PARTIAL, "replies to 32768-60999 only"
    assert outcome(documents, "2001:db8:9::1", "web") is A
    assert outcome(documents, CLIENT, "web", "UDP/53") is A
    assert outcome(documents, "198.51.100.1", "web", "UDP/53") is D, "replies to 203.0.113.0/24 only"
    assert outcome(documents, "client", "web", family=6) is A
    documents[0]["security_groups"][0]["stateful"] = True
    assert outcome(documents, "198.51.100.1", "web", "UDP/53") is A


def test_a_port_with_groups_of_both_sorts_is_reported() -> None:
    """Neutron refuses that (SecurityGroupConflict); it is taken for stateful, so that its groups stay a union."""
    documents = [
        groups(group("a", "one", rule(**TCP), stateful=False), group("b", "two", rule(protocol="tcp", ports=22))),
        ports(port("web", "10.0.0.10", groups=("a", "b"))),
    ]
    assert [each.severity for each in read(*documents).problems] == [Severity.WARNING]
    assert outcome(documents, CLIENT, "web") is A


@pytest.mark.parametrize(
    ("bad", "message", "expected"),
    [
        (rule(protocol="tcp", ports=(443, 80)), "the wrong way round", D),
        (rule(protocol="tcp", ports=(400, 70000)), "not all from 1 to 65535", A),
        (rule(protocol="quic"), "unknown protocol 'quic'", U),
        (rule(**TCP, remote_ip_prefix="10.0.0.0/33"), "no address or CIDR", U),
        (rule(**TCP, remote_ip_prefix="::/0"), "not of IPv4", D),
        (rule("inwards", **TCP), "neither ingress nor egress", U),
        ({**rule(**TCP), "port_range_min": "http"}, "", U),
    ],
)
def test_what_is_wrong_in_a_rule_is_said(bad: dict[str, Any], message: str, expected: Outcome) -> None:
    """A rule that Neutron would reject is a problem with its place, and allows nothing for sure that it may not."""
    documents = guarded(bad)
    assert outcome(documents, CLIENT, "web") is expected
    problems = read(*documents).problems
    assert [message in each.message for each in problems] == ([True] if message else [])
    assert all(each.field == ("security_groups", 0, "security_group_rules", 0) for each in problems)


def test_allowed_address_pairs_are_handed_on() -> None:
    """Addresses of pairs are those that a port lends, to pods for example; its own stay its own."""
    pairs = [{"ip_address": "192.168.0.0/18"}, {"ip_address": "10.0.0.10"}]
    made = interface(guarded(allowed_address_pairs=pairs), "web")
    assert str(made.delegated) == "192.168.0.0/18"
    assert made.machine == f"openstack:///{samples.SERVERS['web']}"


def test_groups_without_a_flag_are_taken_for_stateful() -> None:
    """Lists of the command line do not show it; the report says that this is assumed."""
    listed = [{"ID": "sg", "Name": "only", "Description": "", "Project": "p", "Tags": [], "Shared": False}]
    documents = [listed, *guarded(rule(**TCP))[1:]]
    assert "security groups are stateful where the input does not tell" in read(*documents).assumptions
