"""What small policies become, as text."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from crenel.enforce.ruleset import LocalOrigin, Ruleset
from crenel.enforce.text import definition
from crenel.network.rules import Direction
from enforce.interpreter import ACCEPTED, Packet, decide
from enforce.small import admin, chains, compiled, lines, text
from questions.cluster import app, namespace, node, pod, policy, port


def test_default_deny() -> None:
    """A policy without rules leaves its pods a profile that drops all but what their own node sends."""
    found = compiled(policy("shop/deny", ingress=[]))
    assert text(found) == lines("""
        table inet crenel {
            map ingress/networkpolicy/subjects/v4 {
                type ipv4_addr : verdict
                elements = { 10.0.0.1 : goto profile/ingress/networkpolicy/6f78753dbf, 10.0.0.2 : goto profile/ingress/networkpolicy/6f78753dbf }
            }
            chain egress {
                comment "egress of the pods on this node"
            }
            chain ingress/networkpolicy {
                comment "the stage networkpolicy"
                ip daddr vmap @ingress/networkpolicy/subjects/v4
                accept
            }
            chain ingress {
                comment "ingress of the pods on this node"
                goto ingress/networkpolicy
            }
            chain ingress/networkpolicy/shop/deny {
                comment "networkpolicy shop/deny"
            }
            chain profile/ingress/networkpolicy/6f78753dbf {
                comment "networkpolicy shop/deny"
                meta iif 0 accept
                counter name denied/5273bedaf7 log prefix "denied/5273bedaf7 " group 67 snaplen 128 drop
            }
        }
    """)  # noqa: E501 - as nft reads it
    denial = found.denials["denied/5273bedaf7"]
    assert (denial.direction, denial.policies, denial.isolation) == (
        Direction.INGRESS,
        ("networkpolicy shop/deny",),
        True,
    )


def test_no_policy() -> None:
    """Where no policy guards a pod of the node, both directions are empty chains, which let everything pass."""
    assert text(compiled(policy("data/deny", {"app": "nobody"}, ingress=[]))) == lines("""
        table inet crenel {
            chain egress {
                comment "egress of the pods on this node"
            }
            chain ingress {
                comment "ingress of the pods on this node"
            }
        }
    """)


def test_a_named_port() -> None:
    """A port by name is a set of what it means at each pod that declares it, looked up with the destination."""
    rules = [{"from": [app("api")], "ports": [port("http")]}]
    found = compiled(policy("shop/http", {"app": "web"}, ingress=rules))
    assert chains(found, "ingress/networkpolicy/shop/http") == lines("""
        table inet crenel {
            set ingress/networkpolicy/shop/http/0/v4 {
                type ipv4_addr
                comment "networkpolicy shop/http ingress rule 1"
                elements = { 10.0.0.2 }
            }
            map ingress/networkpolicy/subjects/v4 {
                type ipv4_addr : verdict
                elements = { 10.0.0.1 : goto profile/ingress/networkpolicy/de83e1e168 }
            }
            set port/http/TCP/v4 {
                type ipv4_addr . inet_proto . inet_service
                elements = { 10.0.0.1 . tcp . 8080, 10.0.0.2 . tcp . 9090 }
            }
            chain ingress/networkpolicy/shop/http {
                comment "networkpolicy shop/http"
                ip saddr @ingress/networkpolicy/shop/http/0/v4 ip daddr . meta l4proto . th dport @port/http/TCP/v4 counter name ingress/networkpolicy/shop/http/allow accept
            }
        }
    """)  # noqa: E501 - as nft reads it


def test_a_named_port_that_nobody_has() -> None:
    """A rule whose port no pod declares matches nothing, so there is no rule."""
    found = compiled(policy("shop/odd", {"app": "web"}, ingress=[{"ports": [port("gopher")]}]))
    assert found.chains["ingress/networkpolicy/shop/odd"].rules == ()


def test_a_cidr_with_an_exception() -> None:
    """A block without its exceptions is an interval set of what is left."""
    block = {"ipBlock": {"cidr": "203.0.113.0/24", "except": ["203.0.113.64/26"]}}
    found = compiled(policy("shop/out", {"app": "web"}, egress=[{"to": [block]}]))
    assert chains(found, "egress/networkpolicy/shop/out") == lines("""
        table inet crenel {
            set egress/networkpolicy/shop/out/0/cidr4 {
                type ipv4_addr
                flags interval
                comment "networkpolicy shop/out egress rule 1"
                elements = { 203.0.113.0-203.0.113.63, 203.0.113.128-203.0.113.255 }
            }
            map egress/networkpolicy/subjects/v4 {
                type ipv4_addr : verdict
                elements = { 10.0.0.1 : goto profile/egress/networkpolicy/f55b82d50c }
            }
            chain egress/networkpolicy/shop/out {
                comment "networkpolicy shop/out"
                ip daddr @egress/networkpolicy/shop/out/0/cidr4 counter name egress/networkpolicy/shop/out/allow accept
            }
        }
    """)


def test_pass_in_the_admin_tier() -> None:
    """*Pass* goes to the stage that follows for good; what the admin tier does not decide goes there too."""
    data = {"namespaces": {"matchLabels": {"kubernetes.io/metadata.name": "data"}}}
    first = admin("first", 1, ingress=[{"action": "Pass", "from": [data]}, {"action": "Deny", "from": [ANYBODY]}])
    last = admin("last", 1, "Baseline", ingress=[{"action": "Accept", "from": [ANYBODY]}])
    assert text(compiled(first, policy("shop/deny", ingress=[]), last)) == lines("""
        table inet crenel {
            map ingress/admin/subjects/v4 {
                type ipv4_addr : verdict
                elements = { 10.0.0.1 : goto profile/ingress/admin/c64524fcfa, 10.0.0.2 : goto profile/ingress/admin/c64524fcfa }
            }
            map ingress/baseline/subjects/v4 {
                type ipv4_addr : verdict
                elements = { 10.0.0.1 : goto profile/ingress/baseline/cc7ffd6795, 10.0.0.2 : goto profile/ingress/baseline/cc7ffd6795 }
            }
            set ingress/clusternetworkpolicy/first/0/v4 {
                type ipv4_addr
                comment "clusternetworkpolicy first ingress rule 1"
                elements = { 10.0.0.3 }
            }
            set ingress/clusternetworkpolicy/first/1/v4 {
                type ipv4_addr
                comment "clusternetworkpolicy first ingress rule 2"
                elements = { 10.0.0.1, 10.0.0.2, 10.0.0.3 }
            }
            map ingress/networkpolicy/subjects/v4 {
                type ipv4_addr : verdict
                elements = { 10.0.0.1 : goto profile/ingress/networkpolicy/6f78753dbf, 10.0.0.2 : goto profile/ingress/networkpolicy/6f78753dbf }
            }
            chain egress {
                comment "egress of the pods on this node"
            }
            chain ingress/baseline {
                comment "the stage baseline"
                ip daddr vmap @ingress/baseline/subjects/v4
                accept
            }
            chain ingress/networkpolicy {
                comment "the stage networkpolicy"
                ip daddr vmap @ingress/networkpolicy/subjects/v4
                goto ingress/baseline
            }
            chain ingress/admin {
                comment "the stage admin"
                ip daddr vmap @ingress/admin/subjects/v4
                goto ingress/networkpolicy
            }
            chain ingress {
                comment "ingress of the pods on this node"
                goto ingress/admin
            }
            chain ingress/clusternetworkpolicy/first {
                comment "clusternetworkpolicy first"
                ip saddr @ingress/clusternetworkpolicy/first/0/v4 counter name ingress/clusternetworkpolicy/first/next goto ingress/networkpolicy
                ip saddr @ingress/clusternetworkpolicy/first/1/v4 counter name denied/b6a14113a1 log prefix "denied/b6a14113a1 " group 67 snaplen 128 drop
            }
            chain ingress/clusternetworkpolicy/last {
                comment "clusternetworkpolicy last"
                ip saddr @ingress/clusternetworkpolicy/first/1/v4 counter name ingress/clusternetworkpolicy/last/allow accept
            }
            chain ingress/networkpolicy/shop/deny {
                comment "networkpolicy shop/deny"
            }
            chain profile/ingress/admin/c64524fcfa {
                comment "clusternetworkpolicy first"
                jump ingress/clusternetworkpolicy/first
                goto ingress/networkpolicy
            }
            chain profile/ingress/baseline/cc7ffd6795 {
                comment "clusternetworkpolicy last"
                jump ingress/clusternetworkpolicy/last
                accept
            }
            chain profile/ingress/networkpolicy/6f78753dbf {
                comment "networkpolicy shop/deny"
                meta iif 0 accept
                counter name denied/5273bedaf7 log prefix "denied/5273bedaf7 " group 67 snaplen 128 drop
            }
        }
    """)  # noqa: E501 - as nft reads it


def test_ports_and_ranges_are_one_set() -> None:
    """Several ports of a rule are one set of disjoint ranges: those that touch or overlap are merged."""
    ports = [port(443), port(80), _range(8000, 8100), port(53, "UDP"), port(8050), _range(8101, 8200), port(80)]
    found = compiled(policy("shop/out", {"app": "web"}, egress=[{"ports": ports}]))
    assert chains(found, "egress/networkpolicy/shop/out") == lines("""
        table inet crenel {
            set egress/networkpolicy/shop/out/0/ports {
                type inet_proto . inet_service
                flags interval
                elements = { tcp . 80, tcp . 443, tcp . 8000-8200, udp . 53 }
            }
            map egress/networkpolicy/subjects/v4 {
                type ipv4_addr : verdict
                elements = { 10.0.0.1 : goto profile/egress/networkpolicy/f55b82d50c }
            }
            chain egress/networkpolicy/shop/out {
                comment "networkpolicy shop/out"
                meta l4proto . th dport @egress/networkpolicy/shop/out/0/ports counter name egress/networkpolicy/shop/out/allow accept
            }
        }
    """)  # noqa: E501 - as nft reads it


def test_a_single_port_is_no_set() -> None:
    """One port, one range and a whole protocol are written into the rule; a peer that nobody is makes no rule."""
    rules = [{"ports": [{"protocol": "UDP"}]}, {"ports": [port(9, "SCTP")]}, {"ports": [_range(80, 90)]}]
    found = compiled(policy("shop/in", {"app": "web"}, ingress=[*rules, {"from": [app("nobody")]}]))
    assert chains(found, "ingress/networkpolicy/shop/in") == lines("""
        table inet crenel {
            map ingress/networkpolicy/subjects/v4 {
                type ipv4_addr : verdict
                elements = { 10.0.0.1 : goto profile/ingress/networkpolicy/8c71be4208 }
            }
            chain ingress/networkpolicy/shop/in {
                comment "networkpolicy shop/in"
                meta l4proto udp counter name ingress/networkpolicy/shop/in/allow accept
                sctp dport 9 counter name ingress/networkpolicy/shop/in/allow accept
                tcp dport 80-90 counter name ingress/networkpolicy/shop/in/allow accept
            }
        }
    """)


def test_sets_of_the_same_content_are_shared() -> None:
    """Two rules with the same peers or ports use one set each, in whatever direction and order they name them."""
    both = [{"from": [app("api")]}, {"from": [app("api")], "ports": [port(80), port(443)]}]
    inward = policy("shop/in", {"app": "web"}, ingress=both)
    outward = policy("shop/out", {"app": "web"}, egress=[{"to": [app("api")], "ports": [port(443), port(80)]}])
    found = compiled(inward, outward)
    assert chains(found, "egress/networkpolicy/shop/out", "ingress/networkpolicy/shop/in") == lines("""
        table inet crenel {
            set egress/networkpolicy/shop/out/0/ports {
                type inet_proto . inet_service
                elements = { tcp . 80, tcp . 443 }
            }
            set egress/networkpolicy/shop/out/0/v4 {
                type ipv4_addr
                comment "networkpolicy shop/out egress rule 1"
                elements = { 10.0.0.2 }
            }
            map egress/networkpolicy/subjects/v4 {
                type ipv4_addr : verdict
                elements = { 10.0.0.1 : goto profile/egress/networkpolicy/f55b82d50c }
            }
            map ingress/networkpolicy/subjects/v4 {
                type ipv4_addr : verdict
                elements = { 10.0.0.1 : goto profile/ingress/networkpolicy/8c71be4208 }
            }
            chain egress/networkpolicy/shop/out {
                comment "networkpolicy shop/out"
                ip daddr @egress/networkpolicy/shop/out/0/v4 meta l4proto . th dport @egress/networkpolicy/shop/out/0/ports counter name egress/networkpolicy/shop/out/allow accept
            }
            chain ingress/networkpolicy/shop/in {
                comment "networkpolicy shop/in"
                ip saddr @egress/networkpolicy/shop/out/0/v4 counter name ingress/networkpolicy/shop/in/allow accept
                ip saddr @egress/networkpolicy/shop/out/0/v4 meta l4proto . th dport @egress/networkpolicy/shop/out/0/ports counter name ingress/networkpolicy/shop/in/allow accept
            }
        }
    """)  # noqa: E501 - as nft reads it


def test_both_families() -> None:
    """A rule is one line per family, kind of peer and kind of port; a block is of its own family alone."""
    block = {"ipBlock": {"cidr": "2001:db8::/32", "except": ["2001:db8:1::/48"]}}
    rule = {"from": [app("api"), block], "ports": [port("http"), port(53, "UDP")]}
    found = compiled(policy("shop/p", {"app": "web"}, ingress=[rule]), people=DUAL)
    assert text(found) == lines("""
        table inet crenel {
            set ingress/networkpolicy/shop/p/0/cidr6 {
                type ipv6_addr
                flags interval
                comment "networkpolicy shop/p ingress rule 1"
                elements = { 2001:db8::-2001:db8:0:ffff:ffff:ffff:ffff:ffff, 2001:db8:2::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff }
            }
            set ingress/networkpolicy/shop/p/0/v4 {
                type ipv4_addr
                comment "networkpolicy shop/p ingress rule 1"
                elements = { 10.0.0.2 }
            }
            set ingress/networkpolicy/shop/p/0/v6 {
                type ipv6_addr
                comment "networkpolicy shop/p ingress rule 1"
                elements = { fd00::2 }
            }
            map ingress/networkpolicy/subjects/v4 {
                type ipv4_addr : verdict
                elements = { 10.0.0.1 : goto profile/ingress/networkpolicy/f7336da767 }
            }
            map ingress/networkpolicy/subjects/v6 {
                type ipv6_addr : verdict
                elements = { fd00::1 : goto profile/ingress/networkpolicy/f7336da767 }
            }
            set port/http/TCP/v4 {
                type ipv4_addr . inet_proto . inet_service
                elements = { 10.0.0.1 . tcp . 8080 }
            }
            set port/http/TCP/v6 {
                type ipv6_addr . inet_proto . inet_service
                elements = { fd00::1 . tcp . 8080 }
            }
            chain egress {
                comment "egress of the pods on this node"
            }
            chain ingress/networkpolicy {
                comment "the stage networkpolicy"
                ip daddr vmap @ingress/networkpolicy/subjects/v4
                ip6 daddr vmap @ingress/networkpolicy/subjects/v6
                accept
            }
            chain ingress {
                comment "ingress of the pods on this node"
                goto ingress/networkpolicy
            }
            chain ingress/networkpolicy/shop/p {
                comment "networkpolicy shop/p"
                ip saddr @ingress/networkpolicy/shop/p/0/v4 ip daddr . meta l4proto . th dport @port/http/TCP/v4 counter name ingress/networkpolicy/shop/p/allow accept
                ip saddr @ingress/networkpolicy/shop/p/0/v4 udp dport 53 counter name ingress/networkpolicy/shop/p/allow accept
                ip6 saddr @ingress/networkpolicy/shop/p/0/v6 ip6 daddr . meta l4proto . th dport @port/http/TCP/v6 counter name ingress/networkpolicy/shop/p/allow accept
                ip6 saddr @ingress/networkpolicy/shop/p/0/v6 udp dport 53 counter name ingress/networkpolicy/shop/p/allow accept
                ip6 saddr @ingress/networkpolicy/shop/p/0/cidr6 ip6 daddr . meta l4proto . th dport @port/http/TCP/v6 counter name ingress/networkpolicy/shop/p/allow accept
                ip6 saddr @ingress/networkpolicy/shop/p/0/cidr6 udp dport 53 counter name ingress/networkpolicy/shop/p/allow accept
            }
            chain profile/ingress/networkpolicy/f7336da767 {
                comment "networkpolicy shop/p"
                meta iif 0 accept
                jump ingress/networkpolicy/shop/p
                counter name denied/e45bde8910 log prefix "denied/e45bde8910 " group 67 snaplen 128 drop
            }
        }
    """)  # noqa: E501 - as nft reads it


def test_the_nodes_exemption_is_bound_to_local_origin() -> None:
    """What a node itself sends passes isolation; a packet from elsewhere with that node's address does not."""
    found = compiled(policy("shop/deny", ingress=[]))
    sent = Packet(4, int(ip_address("172.18.0.2")), int(ip_address("10.0.0.1")), 6, 80, local=True)
    forged = Packet(4, sent.source, sent.destination, 6, 80)
    assert decide(found, sent, Direction.INGRESS) == ACCEPTED
    assert decide(found, forged, Direction.INGRESS) == "denied/5273bedaf7"


def test_only_isolation_knows_the_exemption() -> None:
    """Neither the admin tiers nor egress let a node pass because it is the pod's own."""
    rules = [{"action": "Deny", "from": [ANYBODY]}]
    found = compiled(
        admin("first", 1, ingress=rules), admin("last", 1, "Baseline", ingress=rules), policy("shop/o", egress=[])
    )
    assert _exempting(found) == []
    assert _exempting(compiled(policy("shop/i", ingress=[], egress=[]))) == ["profile/ingress/networkpolicy/b6ad74d506"]


def test_the_base_chains_are_always_the_same() -> None:
    """No policy shapes the base chains: they are the same text for any two clusters."""
    one, other = compiled(policy("shop/i", ingress=[])), compiled(policy("shop/o", egress=[]), people=DUAL)
    assert one.hooks == other.hooks
    assert (
        _hooked(definition(one))
        == _hooked(definition(other))
        == [
            "type filter hook prerouting priority raw; policy accept;",
            "type filter hook input priority filter; policy accept;",
            "type filter hook forward priority filter; policy accept;",
            "type filter hook output priority filter; policy accept;",
            "type filter hook forward priority filter + 1; policy accept;",
            "type filter hook postrouting priority srcnat + 10; policy accept;",
        ]
    )


ANYBODY: dict[str, Any] = {"namespaces": {}}

DUAL = [
    namespace("shop"),
    node("n1", "172.18.0.2"),
    pod("shop/web", ("10.0.0.1", "fd00::1"), ports={"http": 8080}, nodeName="n1"),
    pod("shop/api", ("10.0.0.2", "fd00::2"), nodeName="n1"),
]


def _range(first: int, last: int) -> dict[str, object]:
    return {"port": first, "endPort": last, "protocol": "TCP"}


def _exempting(ruleset: Ruleset) -> list[str]:
    """The chains that let pass what the node itself sends."""
    return [
        name
        for name, chain in ruleset.chains.items()
        if any(isinstance(each, LocalOrigin) for rule in chain.rules for each in rule.matches)
    ]


def _hooked(table: str) -> list[str]:
    return [line.strip() for line in table.splitlines() if " hook " in line]
