"""iptables-save and ip6tables-save: what each rule means, case by case."""

from __future__ import annotations

import pytest

from crenel.dialects.hosts import Site, recognises
from crenel.network.addresses import AddressSet
from crenel.network.firewalls import Target
from crenel.network.traffic import parse_traffic
from crenel.network.wire import wire
from crenel.provenance import Severity
from crenel.questions.crossing import block_of, crossing
from dialects.hosts.asking import HOST, SITE, ask, outcome, read, saved
from dialects.hosts.samples import ip6tables_text, ipset_text, iptables_text

OPEN, CLOSED, UNKNOWN = "allowed", "denied", "unknown"

CASES: list[tuple[str, str, list[str], dict[str, str]]] = [
    (
        "iptables(8): a policy is what becomes of packets that no rule matches; rules are tried in order.",
        "INPUT=DROP",
        ["-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT", "-A INPUT -m state --state ESTABLISHED -j ACCEPT"],
        {"outside > host TCP/22": OPEN, "outside > host TCP/23": CLOSED, "outside > host UDP/22": CLOSED},
    ),
    (
        "iptables(8): the first match decides, an earlier DROP before a later ACCEPT.",
        "",
        ["-A INPUT -s 203.0.113.0/24 -j DROP", "-A INPUT -s 203.0.113.9/32 -j ACCEPT"],
        {"outside > host TCP/22": CLOSED, "198.51.100.1 > host TCP/22": OPEN},
    ),
    (
        "iptables(8): packets for the host pass INPUT, those for others FORWARD.",
        "",
        ["-A INPUT -p tcp -m tcp --dport 80 -j DROP", "-A FORWARD -p tcp -m tcp --dport 81 -j DROP"],
        {
            "outside > host TCP/80": CLOSED, "outside > pod TCP/80": OPEN, "outside > pod TCP/81": CLOSED,
            "pod > outside TCP/81": CLOSED, "pod > outside TCP/80": OPEN, "pod > host TCP/80": CLOSED,
            "pod > host TCP/81": OPEN,
        },
    ),
    (
        "iptables(8): what the host sends passes OUTPUT, to its own pods as well.",
        "",
        ["-A OUTPUT -d 10.244.0.0/16 -j DROP"],
        {"host > pod TCP/80": CLOSED, "host > outside TCP/80": OPEN, "outside > pod TCP/80": OPEN},
    ),
    (
        "iptables(8): RETURN stops traversing a chain and goes on after the jump.",
        "",
        [
            "-A INPUT -j MINE", "-A INPUT -j DROP", "-A MINE -s 203.0.113.0/24 -j RETURN", "-A MINE -j ACCEPT",
        ],
        {"outside > host TCP/80": CLOSED, "198.51.100.1 > host TCP/80": OPEN},
    ),
    (
        "iptables(8): --goto, unlike --jump, does not come back to this chain but to the one that called it.",
        "",
        ["-A INPUT -j FIRST", "-A FIRST -g SECOND", "-A FIRST -j DROP", "-A SECOND -p udp -j ACCEPT"],
        {"outside > host TCP/80": OPEN, "outside > host UDP/80": OPEN},
    ),
    (
        "iptables(8): RETURN in a built-in chain is its policy.",
        "INPUT=DROP",
        ["-A INPUT -p tcp -j RETURN", "-A INPUT -j ACCEPT"],
        {"outside > host TCP/80": CLOSED, "outside > host UDP/80": OPEN},
    ),
    (
        "iptables(8): ! inverts what follows.",
        "",
        ["-A INPUT ! -s 203.0.113.0/24 -p tcp -m tcp ! --dport 443 -j DROP", "-A INPUT ! -p tcp -j DROP"],
        {
            "outside > host TCP/80": OPEN, "198.51.100.1 > host TCP/80": CLOSED, "198.51.100.1 > host TCP/443": OPEN,
            "outside > host UDP/443": CLOSED,
        },
    ),
    (
        "iptables-extensions(8), conntrack: a first packet is NEW, never ESTABLISHED, RELATED or INVALID.",
        "",
        [
            "-A INPUT -m conntrack --ctstate INVALID -j DROP", "-A INPUT -m conntrack --ctstate RELATED -j DROP",
            "-A INPUT -p tcp -m conntrack --ctstate NEW,UNTRACKED -m tcp --dport 23 -j REJECT",
        ],
        {"outside > host TCP/22": OPEN, "outside > host TCP/23": CLOSED},
    ),
    (
        "iptables-extensions(8), multiport: up to 15 ports and ranges.",
        "INPUT=DROP",
        ["-A INPUT -m state --state ESTABLISHED -j ACCEPT", "-A INPUT -p tcp -m multiport --dports 22,80:90 -j ACCEPT"],
        {"outside > host TCP/22,80-90": OPEN, "outside > host TCP/91": CLOSED, "outside > host TCP/22-23": "partial"},
    ),
    (
        "iptables-extensions(8), multiport: --ports is the source or the destination.",
        "",
        ["-A INPUT -p tcp -m multiport --ports 80 -j DROP"],
        {"outside > host TCP/80": CLOSED, "outside > host TCP/81": UNKNOWN},
    ),
    (
        "iptables-extensions(8), iprange: from one address to another.",
        "",
        ["-A INPUT -m iprange --src-range 203.0.113.5-203.0.113.10 -j DROP"],
        {"outside > host TCP/80": CLOSED, "203.0.113.11 > host TCP/80": OPEN},
    ),
    (
        "iptables-extensions(8), mark: marks that earlier tables and chains have set.",
        "",
        [
            "-A INPUT -s 203.0.113.0/24 -j MARKED", "-A INPUT -m mark --mark 0x4000/0x4000 -j DROP",
            "-A MARKED -p tcp -m tcp --dport 80 -j MARK --set-xmark 0x4000/0x4000",
        ],
        {"outside > host TCP/80": CLOSED, "outside > host TCP/81": OPEN, "198.51.100.1 > host TCP/80": OPEN},
    ),
    (
        "iptables-extensions(8), addrtype: the host's own addresses are LOCAL.",
        "",
        ["-A INPUT -m addrtype ! --dst-type LOCAL -j DROP", "-A FORWARD -m addrtype --dst-type LOCAL -j DROP"],
        {"outside > host TCP/80": OPEN, "outside > pod TCP/80": OPEN},
    ),
    (
        "iptables-extensions(8), tcp: a first packet has SYN and neither ACK nor RST nor FIN.",
        "",
        [
            "-A INPUT -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -m state --state NEW -j DROP",
            "-A INPUT -p tcp -m tcp --dport 81 --tcp-flags FIN,SYN,RST,ACK SYN -j DROP",
        ],
        {"outside > host TCP/80": OPEN, "outside > host TCP/81": CLOSED},
    ),
    (
        "iptables(8): -i lo is loopback, which nothing from outside comes in by.",
        "INPUT=DROP",
        ["-A INPUT -i lo -j ACCEPT"],
        {"outside > host TCP/80": CLOSED, "host > host TCP/80": OPEN},
    ),
    (
        "iptables(8): another device is one that the input does not place, unless the caller does.",
        "",
        ["-A INPUT -i eth0 -p tcp -m tcp --dport 80 -j DROP"],
        {"outside > host TCP/80": UNKNOWN, "outside > host TCP/81": OPEN},
    ),
    (
        "iptables-extensions(8), icmp: types are not told apart.",
        "INPUT=DROP",
        ["-A INPUT -p icmp -m icmp --icmp-type 8 -j ACCEPT"],
        {"outside > host ICMP": UNKNOWN, "outside > host TCP/80": CLOSED},
    ),
    (
        "iptables-extensions(8), limit: some packets match, others do not.",
        "INPUT=DROP",
        ["-A INPUT -p tcp -m tcp --dport 22 -m limit --limit 3/min --limit-burst 5 -j ACCEPT"],
        {"outside > host TCP/22": UNKNOWN, "outside > host TCP/23": CLOSED},
    ),
    (
        "iptables-extensions(8): a module that is not known may match or not, with all its options.",
        "",
        ["-A INPUT -p tcp -m geoip --source-country XX --dport 1 -m tcp --dport 22 -j DROP"],
        {"outside > host TCP/22": UNKNOWN, "outside > host TCP/23": OPEN},
    ),
    (
        "iptables-extensions(8): NFQUEUE hands the decision to a program; a target that is not known decides as well.",
        "",
        [
            "-A INPUT -p tcp -m tcp --dport 22 -j NFQUEUE --queue-num 1", "-A INPUT -p tcp -m tcp --dport 23 -j WONDER",
            "-A INPUT -p tcp -m tcp --dport 22:23 -j DROP",
        ],
        {"outside > host TCP/22": UNKNOWN, "outside > host TCP/23": UNKNOWN, "outside > host TCP/24": OPEN},
    ),
    (
        "iptables-extensions(8): LOG and its kin go on to the next rule.",
        "",
        ['-A INPUT -j LOG --log-prefix "in: -j DROP "', "-A INPUT -p tcp -m tcp --dport 22 -j DROP"],
        {"outside > host TCP/22": CLOSED, "outside > host TCP/23": OPEN},
    ),
    (
        "iptables-extensions(8), set: a set that is not in the input is not known.",
        "",
        ["-A INPUT -m set --match-set blocked src -j DROP"],
        {"outside > host TCP/22": UNKNOWN},
    ),
    (
        "iptables-extensions(8), rpfilter: packets come in where their source is routed.",
        "",
        ["-A INPUT -m rpfilter --invert -j DROP"],
        {"outside > host TCP/22": OPEN},
    ),
    (
        "iptables-extensions(8), comment: quotes and backslashes are the shell's.",
        "",
        ['-A INPUT -p tcp -m tcp --dport 22 -m comment --comment "say \\"no\\" -j ACCEPT" -j DROP'],
        {"outside > host TCP/22": CLOSED},
    ),
    (
        "kube-proxy's chains deny nothing for the host, but what they accept passes a policy.",
        "FORWARD=DROP",
        [
            "-A INPUT -j KUBE-FIREWALL", "-A KUBE-FIREWALL -d 172.18.0.0/16 -j DROP", "-A FORWARD -j FLANNEL-FWD",
            "-A FLANNEL-FWD -s 10.244.0.0/16 -j ACCEPT", "-A FLANNEL-FWD -d 10.244.0.0/16 -j ACCEPT",
        ],
        {"outside > host TCP/22": OPEN, "outside > pod TCP/80": OPEN},
    ),
    (
        "Calico marks what its policies allow; where they are not followed, so is what the mark decides.",
        "FORWARD=DROP",
        [
            "-A FORWARD -j cali-FORWARD", "-A FORWARD -m mark --mark 0x10000/0x10000 -j ACCEPT",
            "-A cali-FORWARD -o cali+ -j cali-tw-1", "-A cali-tw-1 -j MARK --set-xmark 0x10000/0x10000",
            "-A cali-tw-1 -j DROP",
        ],
        {"outside > pod TCP/80": UNKNOWN},
    ),
    (
        "A host endpoint of Calico (cali-fh-) may deny, which is meant for the host.",
        "",
        ["-A INPUT -j cali-INPUT", "-A cali-INPUT -j cali-fh-eth0", "-A cali-fh-eth0 -j DROP"],
        {"outside > host TCP/22": UNKNOWN, "outside > pod TCP/22": OPEN},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("source", "policies", "rules", "answers"), CASES, ids=[case[0][:60] for case in CASES])
def test_rules(source: str, policies: str, rules: list[str], answers: dict[str, str]) -> None:
    """Each case holds as the manual page says that it names."""
    made = read(saved(*rules, policies=policies))
    requests = {question: ask(made, *_parts(question)).request.outcome.value for question in answers}
    assert requests == answers, source


def _parts(question: str) -> tuple[str, str, str]:
    source, _, target, traffic = question.split()
    return source, target, traffic


def test_replies_need_a_rule() -> None:
    """Without a rule for established connections replies to what the host asks for are dropped by the policy."""
    closed = saved("-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT", policies="INPUT=DROP")
    open_ = saved("-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", policies="INPUT=DROP")
    assert outcome(read(closed), "host > outside TCP/443") == CLOSED
    assert ask(read(closed), "host", "outside", "TCP/443").request.outcome.value == OPEN
    assert outcome(read(open_), "host > outside TCP/443") == OPEN
    assert outcome(read(closed), "outside > host TCP/22") == OPEN, "the output chain has no such policy"
    narrow = saved("-A INPUT -p tcp -m tcp --dport 3306 -j DROP")
    assert outcome(read(narrow), "host > outside TCP/443") == OPEN, "clients choose other ports"


def test_families() -> None:
    """iptables is about IPv4 alone, ip6tables about IPv6; both of one host are taken together."""
    made = read(saved(policies="INPUT=DROP"))
    assert outcome(made, "outside > host TCP/22") == CLOSED
    assert outcome(made, "outside > host TCP/22 v6") == OPEN
    both = read(saved(policies="INPUT=DROP"), saved("-A INPUT -s 2001:db8::/32 -j DROP", tool="ip6tables"))
    assert outcome(both, "outside > host TCP/22 v6") == CLOSED
    headless = saved("-A INPUT -s 2001:db8::/32 -j DROP").partition("\n")[2]
    assert outcome(read(headless), "outside > host TCP/22 v6") == CLOSED, "by its addresses"


def test_the_sample() -> None:
    """A whole host: SSH for the office, the kubelet for nodes, node ports for all, one network kept from pods."""
    made = read(iptables_text(), ip6tables_text(), ipset_text())
    assert not made.problems
    expected = {
        "198.51.100.7 > host TCP/22": OPEN, "outside > host TCP/22": CLOSED, "outside > host TCP/22 v6": CLOSED,
        "172.18.0.9 > host TCP/10250": OPEN, "outside > host TCP/10250": CLOSED, "outside > host TCP/30080": OPEN,
        "outside > host TCP/30080 v6": OPEN, "192.0.2.1 > pod TCP/80": CLOSED, "outside > pod TCP/80": OPEN,
        "host > outside TCP/443": OPEN, "host > host TCP/5": OPEN,
    }  # fmt: skip
    assert {question: outcome(made, question) for question in expected} == expected


def test_raw_comes_before_connections() -> None:
    """In table raw nothing is tracked yet, so the state is INVALID; NOTRACK makes it UNTRACKED from then on."""
    early = read(saved("-A PREROUTING -m conntrack --ctstate INVALID -j DROP", table="raw"))
    assert outcome(early, "outside > host TCP/22") == CLOSED
    untracked = read(
        saved("-A PREROUTING -p udp -m udp --dport 53 -j NOTRACK", table="raw"),
        saved("-A INPUT -m conntrack --ctstate NEW -j DROP", "-A INPUT -m conntrack --ctstate UNTRACKED -j ACCEPT"),
    )
    assert ask(untracked, "outside", "host", "UDP/53").request.outcome.value == OPEN
    assert outcome(untracked, "outside > host UDP/54") == CLOSED


def test_translation_comes_before_the_input_chain() -> None:
    """A redirected packet meets INPUT with its new port; one that is handed on meets FORWARD instead."""
    made = read(
        saved(
            "-A PREROUTING -p tcp -m tcp --dport 80 -m addrtype --dst-type LOCAL -j REDIRECT --to-ports 8080",
            "-A PREROUTING -p tcp -m tcp --dport 81 -d 172.18.0.2/32 -j DNAT --to-destination 10.244.1.5:90",
            table="nat",
        ),
        saved("-A INPUT -p tcp -m tcp --dport 8080 -j DROP", "-A INPUT -p tcp -m tcp --dport 81 -j DROP",
              "-A FORWARD -d 10.244.1.5/32 -p tcp -m tcp --dport 81 -j DROP"),
    )  # fmt: skip
    assert outcome(made, "outside > host TCP/80") == CLOSED
    assert outcome(made, "outside > host TCP/81") == OPEN
    assert outcome(made, "outside > pod TCP/80") == OPEN
    (balancer,) = made.balancers
    assert balancer.name == "host/h"
    (listening,) = balancer.listeners
    assert (listening.protocol, listening.port, listening.keeps_client) == (6, 81, True)
    assert listening.targets == (Target(address="10.244.1.5", port=90),)


def test_node_ports_never_meet_the_input_chain() -> None:
    """What stops packets to a node port are the chains before destination NAT; INPUT and FORWARD see other packets."""
    made = read(
        saved("-A PREROUTING -p tcp -m tcp --dport 30080 -j DROP", table="mangle"),
        saved("-A PREROUTING -p tcp -m tcp --dport 30090 -j DNAT --to-destination 10.9.9.9:1", table="nat"),
        saved("-A INPUT -p tcp -m tcp --dport 30081 -j DROP", "-A FORWARD -p tcp -m tcp --dport 30082 -j DROP"),
    )
    ready = wire(made)
    client = block_of(ready.forth, "203.0.113.9")
    found = {
        port: crossing(ready, 4, client, ready.index("host/h/nodeports"), parse_traffic(f"TCP/{port}")).outcome.value
        for port in (30080, 30081, 30082, 30090)
    }
    assert found == {30080: CLOSED, 30081: OPEN, 30082: OPEN, 30090: OPEN}
    assert outcome(made, "outside > host TCP/30081") == CLOSED


def test_what_the_caller_knows_of_devices() -> None:
    """With the addresses behind devices their names decide."""
    site = Site(SITE.addresses, {"eth0": AddressSet.of("0.0.0.0/0") - AddressSet.of("10.244.0.0/16")})
    rules = saved("-A INPUT -i eth0 -p tcp -m tcp --dport 10250 -j DROP")
    assert outcome(read(rules, site=site), "outside > host TCP/10250") == CLOSED
    assert outcome(read(rules, site=site), "pod > host TCP/10250") == OPEN


def test_the_hosts_own_addresses() -> None:
    """A rule for one of the host's addresses is decided where they are known, and is a doubt where they are not."""
    rules = saved(f"-A INPUT -d {HOST[4]}/32 -j DROP", "-A INPUT -d 172.18.0.3/32 -p udp -j DROP")
    assert outcome(read(rules), "outside > host TCP/22") == CLOSED
    assert outcome(read(rules, site=None), "outside > host TCP/22") == UNKNOWN
    assert ask(read(rules), "outside", "host", "UDP/22").outcome.value == CLOSED


def test_a_loop_is_a_problem() -> None:
    """Chains that jump in a circle, which no kernel takes, are a notice, and what they decide is not known."""
    made = read(saved("-A INPUT -j A", "-A A -p tcp -j B", "-A B -j A", "-A INPUT -p udp -j DROP"))
    assert [(each.severity, each.message) for each in made.problems] == [
        (Severity.NOTICE, "chain A leads back to itself, or too deep")
    ]
    assert outcome(made, "outside > host TCP/22") == UNKNOWN
    assert outcome(made, "outside > host UDP/22") == CLOSED


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("-A INPUT -s 300.1.1.1 -j DROP", "-s is not understood"),
        ("-A INPUT -p tcp -m tcp --dport 90:80 -j DROP", "--dport is not understood: ports 90:80"),
        ("-A INPUT -p tcp -m tcp --dport 70000 -j DROP", "--dport is not understood"),
        ("-A INPUT -p wonder -j DROP", "-p is not understood: protocol wonder"),
        ('-A INPUT -m comment --comment "open -j DROP', "a rule that cannot be read"),
        ("-A INPUT -s 10.0.0.0/8 -j", "a rule whose target is missing"),
        ("-A INPUT -m tcp --wonder 5 -j DROP", "--wonder is not understood"),
        ("-A INPUT -j DROP\nwonder", "not a line of iptables-save"),
    ],
)
def test_what_cannot_be_read(line: str, message: str) -> None:
    """Each mistake is a notice with its line; what the rule decides is not known, and the rest is still read."""
    made = read(saved(line, "-A INPUT -p udp -m udp --dport 99 -j DROP"))
    assert [each.message[: len(message)] for each in made.problems] == [message]
    assert made.problems[0].line is not None
    assert outcome(made, "outside > host UDP/99") in (CLOSED, UNKNOWN)
    assert outcome(made, "outside > host TCP/22") != CLOSED or line.endswith("wonder")


def test_legacy_rules_beside() -> None:
    """The remark that iptables-save makes of rules that it does not print is a notice."""
    text = (
        saved(policies="INPUT=DROP")
        + "# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\n"
    )
    (problem,) = read(text).problems
    assert problem.message.startswith("other rules of this host are not in this text: Warning: iptables-legacy")


def test_steps_name_the_rule() -> None:
    """The trace has the text of the rule, and leads to its line."""
    made = read(saved("-A INPUT -p tcp -m tcp --dport 22 -j DROP"))
    (step,) = [each for each in ask(made, "outside", "host", "TCP/22").steps if each.policy]
    assert step.rule == "host/h iptables filter INPUT rule '-A INPUT -p tcp -m tcp --dport 22 -j DROP' denies it"
    assert step.stage == "host iptables INPUT (filter)"
    assert step.field == (6, "rule")


@pytest.mark.parametrize("text", [iptables_text(), ip6tables_text(), ipset_text(), "*filter\n:INPUT ACCEPT\nCOMMIT\n"])
def test_is_recognised(text: str) -> None:
    """Texts of these tools are."""
    assert recognises(text)


@pytest.mark.parametrize(
    "text", ["", "kind: Pod\n", "* a list\n* of things\n", "*filter of coffee", "create a plan:\n"]
)
def test_is_not_recognised(text: str) -> None:
    """Other texts are not."""
    assert not recognises(text)
