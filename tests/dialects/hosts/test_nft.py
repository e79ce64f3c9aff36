"""``nft -j list ruleset``: what each rule means, case by case. Sources are nft(8) and libnftables-json(5)."""

from __future__ import annotations

from typing import Any

import pytest

from crenel.dialects import hosts
from crenel.dialects.hosts import Site, recognises, walk
from crenel.network.addresses import AddressSet
from crenel.provenance import Origin, Severity
from dialects.hosts.asking import (
    SITE,
    ask,
    chain,
    inputs,
    listing,
    match,
    outcome,
    read,
    rule,
    saved,
    table,
    verdict,
)
from dialects.hosts.samples import nft_listing

OPEN, CLOSED, UNKNOWN = "allowed", "denied", "unknown"
ACCEPT, DROP, RETURN = verdict("accept"), verdict("drop"), verdict("return")
SSH = match("tcp dport", 22)


def named(name: str, kind: Any, *elements: Any, **more: Any) -> dict[str, Any]:
    """A named set."""
    return {"set": {"family": "inet", "table": "t", "name": name, "type": kind, "elem": list(elements), **more}}


def vmap(key: str, *pairs: list[Any]) -> dict[str, Any]:
    """A verdict map in place."""
    first, second = key.split()
    field = {first: {"key": second}} if first in ("meta", "ct") else {"payload": {"protocol": first, "field": second}}
    return {"vmap": {"key": field, "data": {"set": list(pairs)}}}


def network(address: str, length: int) -> dict[str, Any]:
    """A prefix."""
    return {"prefix": {"addr": address, "len": length}}


def base(
    *rules: dict[str, Any], hook: str = "input", policy: str = "accept", more: tuple[dict[str, Any], ...] = ()
) -> Any:
    """A listing with one base chain, ``in``."""
    return listing(table(), *more, chain("in", hook, policy=policy), *rules)


CASES: list[tuple[str, Any, dict[str, str]]] = [
    (
        "nft(8), CHAINS: the policy is for packets that reach the end of a base chain.",
        inputs([SSH, ACCEPT], [match("ct state", ["established", "related"], "in"), ACCEPT]),
        {"outside > host TCP/22": OPEN, "outside > host TCP/23": CLOSED, "outside > host TCP/22 v6": OPEN},
    ),
    (
        "nft(8), VERDICT STATEMENT: accept ends this base chain alone, drop is final.",
        listing(
            table(),
            chain("first", "input", -10),
            chain("second", "input", 10),
            rule("first", SSH, ACCEPT),
            rule("second", SSH, DROP),
        ),
        {"outside > host TCP/22": CLOSED, "outside > host TCP/23": OPEN},
    ),
    (
        "nft(8), VERDICT STATEMENT: the order of priorities, not that of the listing.",
        listing(
            table(),
            chain("late", "input", 10),
            chain("early", "input", -10),
            rule("late", match("meta mark", 1), DROP),
            rule("early", SSH, {"mangle": {"key": {"meta": {"key": "mark"}}, "value": 1}}),
        ),
        {"outside > host TCP/22": CLOSED, "outside > host TCP/23": OPEN},
    ),
    (
        "nft(8), VERDICT STATEMENT: return goes back to the rule after the jump.",
        base(
            rule("in", verdict("jump", "c")),
            rule("in", DROP),
            rule("c", SSH, RETURN),
            rule("c", ACCEPT),
            more=(chain("c"),),
        ),
        {"outside > host TCP/22": CLOSED, "outside > host TCP/23": OPEN},
    ),
    (
        "nft(8), VERDICT STATEMENT: goto does not come back, so what is left is for the policy.",
        base(rule("in", verdict("goto", "c")), rule("in", DROP), rule("c", SSH, DROP), more=(chain("c"),)),
        {"outside > host TCP/22": CLOSED, "outside > host TCP/23": OPEN},
    ),
    (
        "nft(8), SETS: an interval set, and its negation, which is for IPv4 only as ip saddr is.",
        base(
            rule("in", match("ip saddr", "@s"), SSH, DROP),
            rule("in", match("ip saddr", "@s", "!="), match("udp dport", 53), DROP),
            more=(named("s", "ipv4_addr", network("203.0.113.0", 24), {"range": ["192.0.2.1", "192.0.2.9"]}),),
        ),
        {
            "outside > host TCP/22": CLOSED,
            "192.0.2.9 > host TCP/22": CLOSED,
            "192.0.2.10 > host TCP/22": OPEN,
            "192.0.2.10 > host UDP/53": CLOSED,
            "outside > host UDP/53": OPEN,
            "outside > host UDP/53 v6": OPEN,
        },
    ),
    (
        "nft(8), CONCATENATIONS: all parts of one element at once.",
        base(
            rule(
                "in",
                {
                    "match": {
                        "op": "==",
                        "left": {
                            "concat": [
                                {"payload": {"protocol": "ip", "field": "saddr"}},
                                {"payload": {"protocol": "tcp", "field": "dport"}},
                            ]
                        },
                        "right": {
                            "set": [{"concat": ["203.0.113.9", 22]}, {"concat": ["192.0.2.1", {"range": [80, 90]}]}]
                        },
                    }
                },
                DROP,
            )
        ),
        {
            "outside > host TCP/22": CLOSED,
            "outside > host TCP/80": OPEN,
            "192.0.2.1 > host TCP/85": CLOSED,
            "192.0.2.1 > host UDP/85": OPEN,
        },
    ),
    (
        "nft(8), VERDICT MAPS: the verdict of the element; * is for all others.",
        base(
            rule(
                "in",
                vmap(
                    "tcp dport",
                    [22, {"drop": None}],
                    [{"range": [80, 90]}, {"jump": {"target": "c"}}],
                    ["*", {"accept": None}],
                ),
            ),
            rule("in", DROP),
            rule("c", match("ip saddr", "203.0.113.9"), DROP),
            more=(chain("c"),),
        ),
        {
            "outside > host TCP/22": CLOSED,
            "outside > host TCP/85": CLOSED,
            "192.0.2.1 > host TCP/85": CLOSED,
            "outside > host TCP/23": OPEN,
            "outside > host UDP/22": CLOSED,
        },
    ),
    (
        "libnftables-json(5): the state in a verdict map; a first packet is new.",
        inputs([vmap("ct state", ["established", {"accept": None}], ["new", {"drop": None}])], policy="accept"),
        {"outside > host TCP/22": CLOSED},
    ),
    (
        "nft(8), CT: 'in' asks for any of some bits, '==' for exactly these.",
        inputs(
            [match("ct state", "invalid", "in"), DROP],
            [match("ct state", {"|": ["established", "new"]}, "!="), DROP],
            policy="accept",
        ),
        {"outside > host TCP/22": CLOSED},
    ),
    (
        "nft(8), TCP: flags of a first packet.",
        inputs(
            [
                {
                    "match": {
                        "op": "!=",
                        "left": {
                            "&": [{"payload": {"protocol": "tcp", "field": "flags"}}, ["fin", "syn", "rst", "ack"]]
                        },
                        "right": "syn",
                    }
                },
                match("ct state", "new", "in"),
                DROP,
            ],
            policy="accept",
        ),
        {"outside > host TCP/22": OPEN, "outside > host UDP/22": OPEN},
    ),
    (
        "nft(8), th: the port of whatever protocol has one; what lies there in others is not known.",
        inputs(
            [{"match": {"op": "==", "left": {"payload": {"protocol": "th", "field": "dport"}}, "right": 53}}, DROP],
            policy="accept",
        ),
        {
            "outside > host TCP/53": CLOSED,
            "outside > host UDP/53": CLOSED,
            "outside > host SCTP/53": CLOSED,
            "outside > host 47": UNKNOWN,
            "outside > host TCP/54": OPEN,
        },
    ),
    (
        "nft(8), META: the family and the protocol.",
        inputs(
            [match("meta nfproto", "ipv6"), SSH, DROP],
            [match("meta l4proto", {"set": ["udp", "sctp"]}), DROP],
            [match("ip6 nexthdr", "tcp"), match("tcp dport", 80), DROP],
            policy="accept",
        ),
        {
            "outside > host TCP/22": OPEN,
            "outside > host TCP/22 v6": CLOSED,
            "outside > host UDP/5": CLOSED,
            "outside > host TCP/80": OPEN,
            "outside > host TCP/80 v6": CLOSED,
        },
    ),
    (
        "nft(8), payload: the source port is the client's choice; all ports are all clients.",
        inputs([match("udp sport", 53), DROP], [match("tcp sport", {"range": [0, 65535]}), SSH, DROP], policy="accept"),
        {"outside > host UDP/5": UNKNOWN, "outside > host TCP/22": CLOSED, "outside > host TCP/23": OPEN},
    ),
    (
        "nft(8), comparisons: less and greater.",
        inputs([match("tcp dport", 1024, "<"), DROP], [match("tcp dport", 8000, ">="), DROP], policy="accept"),
        {"outside > host TCP/1-1023,8000-65535": CLOSED, "outside > host TCP/1024-7999": OPEN},
    ),
    (
        "nft(8), LIMIT, QUOTA, CONNLIMIT: what matches some packets of a sort.",
        inputs(
            [SSH, {"limit": {"rate": 5, "per": "second", "inv": True}}, DROP],
            [match("tcp dport", 23), {"ct count": {"val": 5, "inv": True}}, DROP],
            policy="accept",
        ),
        {"outside > host TCP/22": UNKNOWN, "outside > host TCP/23": UNKNOWN, "outside > host TCP/24": OPEN},
    ),
    (
        "nft(8), SET STATEMENT: who is in a set that rules add to is in it; who is not may be.",
        base(
            rule("in", match("ip saddr", "@seen"), DROP),
            rule(
                "in",
                SSH,
                {"set": {"op": "add", "set": "@seen", "elem": {"payload": {"protocol": "ip", "field": "saddr"}}}},
            ),
            more=(named("seen", "ipv4_addr", "203.0.113.9"),),
        ),
        {"outside > host TCP/22": CLOSED, "192.0.2.1 > host TCP/22": UNKNOWN, "outside > host TCP/22 v6": OPEN},
    ),
    (
        "nft(8), counters, logs, comments and continue change nothing.",
        inputs(
            [{"counter": {"packets": 5}}, {"log": {"prefix": "x"}}, {"continue": None}],
            [SSH, {"counter": "c"}, DROP],
            policy="accept",
        ),
        {"outside > host TCP/22": CLOSED, "outside > host TCP/23": OPEN},
    ),
    (
        "nft(8), QUEUE: a program decides; a statement that is not known decides as well.",
        inputs([SSH, {"queue": {"num": 1}}], [match("tcp dport", 23), {"wonder": {}}], policy="accept"),
        {"outside > host TCP/22": UNKNOWN, "outside > host TCP/23": UNKNOWN, "outside > host TCP/24": OPEN},
    ),
    (
        "nft(8), FIB: a type of the routing table; where packets come from there is a route.",
        inputs(
            [{"match": {"op": "!=", "left": {"fib": {"result": "type", "flags": ["daddr"]}}, "right": "local"}}, DROP],
            [
                {"match": {"op": "==", "left": {"fib": {"result": "oif", "flags": ["saddr", "iif"]}}, "right": False}},
                DROP,
            ],
            policy="accept",
        ),
        {"outside > host TCP/22": OPEN},
    ),
    (
        "nft(8), hooks: forward is for packets from pods and to pods.",
        base(rule("in", match("ip saddr", network("10.244.0.0", 16)), SSH, DROP), hook="forward"),
        {
            "pod > outside TCP/22": CLOSED,
            "outside > pod TCP/22": OPEN,
            "pod > host TCP/22": OPEN,
            "host > pod TCP/22": OPEN,
        },
    ),
    (
        "nft(8), hooks: prerouting is for both.",
        base(rule("in", match("ip saddr", "203.0.113.9"), SSH, DROP), hook="prerouting"),
        {"outside > host TCP/22": CLOSED, "outside > pod TCP/22": CLOSED, "host > outside TCP/22": OPEN},
    ),
    (
        "nft(8), hooks: postrouting sees what the host sends and what it forwards.",
        base(rule("in", match("ip daddr", "203.0.113.9"), SSH, DROP), hook="postrouting"),
        {"host > outside TCP/22": CLOSED, "pod > outside TCP/22": CLOSED, "outside > host TCP/22": OPEN},
    ),
    (
        "nft(8), ICMP: a type is not told apart, the protocol is.",
        inputs([match("icmp type", "echo-request"), ACCEPT]),
        {"outside > host ICMP": UNKNOWN, "outside > host TCP/22": CLOSED, "outside > host ICMPv6 v6": CLOSED},
    ),
    (
        "libnftables-json(5), xt: an extension of iptables is named without its parameters.",
        inputs(
            [{"xt": {"type": "match", "name": "multiport"}}, DROP],
            [{"xt": {"type": "target", "name": "LOG"}}],
            policy="accept",
        ),
        {"outside > host TCP/22": UNKNOWN},
    ),
    (
        "Tables of kube-proxy and of Calico are the cluster's.",
        listing(
            {"table": {"family": "ip", "name": "kube-proxy"}},
            {
                "chain": {
                    "family": "ip",
                    "table": "kube-proxy",
                    "name": "f",
                    "type": "filter",
                    "hook": "input",
                    "prio": 0,
                    "policy": "drop",
                }
            },
        ),
        {"outside > host TCP/22": OPEN},
    ),
]


@pytest.mark.parametrize(("source", "data", "answers"), CASES, ids=[case[0][:60] for case in CASES])
def test_rules(source: str, data: Any, answers: dict[str, str]) -> None:
    """Each case holds as the manual page says that it names."""
    made = read(data)
    found = {}
    for question in answers:
        start, _, end, traffic, *family = question.split()
        found[question] = ask(made, start, end, traffic, 6 if family else 4).request.outcome.value
    assert found == answers, source


def test_the_sample() -> None:
    """A whole host, as nft lists it."""
    made = read(nft_listing())
    assert not made.problems
    expected = {
        "198.51.100.7 > host TCP/22": OPEN, "outside > host TCP/22": CLOSED, "outside > host TCP/22 v6": CLOSED,
        "172.18.0.9 > host TCP/10250": OPEN, "outside > host TCP/10250": CLOSED, "outside > host TCP/30080": OPEN,
        "outside > host TCP/30080 v6": OPEN, "192.0.2.1 > pod TCP/80": CLOSED, "outside > pod TCP/80": OPEN,
        "host > outside TCP/443": OPEN, "host > host TCP/5": OPEN,
    }  # fmt: skip
    assert {question: outcome(made, question) for question in expected} == expected
    assert [tier.layer for tier in made.tiers if not tier.replies] == [
        "host nftables forward (priority 0)",
        "host nftables forward (priority 0)",
        "host nftables input (priority 0)",
    ]


def test_rules_of_iptables_are_read_from_its_own_text() -> None:
    """Where iptables-save is in the input too, the tables that nft lists in part are not read twice."""
    listed = listing(
        {"table": {"family": "ip", "name": "filter"}},
        {"chain": {"family": "ip", "table": "filter", "name": "INPUT", "type": "filter", "hook": "input", "prio": 0,
                   "policy": "accept"}},
        {"rule": {"family": "ip", "table": "filter", "chain": "INPUT", "handle": 3,
                  "expr": [{"xt": {"type": "match", "name": "multiport"}}, DROP]}},
    )  # fmt: skip
    text = saved("-A INPUT -p tcp -m multiport --dports 22,23 -j DROP").replace("v1.8.9", "v1.8.9 (nf_tables)")
    alone = read(listed)
    assert outcome(alone, "outside > host TCP/22") == UNKNOWN
    assert [each.message for each in alone.problems] == [
        "table ip filter has extensions of iptables, which nft does not list: give iptables-save as well"
    ]
    both = read(listed, text)
    assert outcome(both, "outside > host TCP/22") == CLOSED
    assert outcome(both, "outside > host TCP/24") == OPEN


def test_what_is_not_in_the_input() -> None:
    """A chain, a set or a map that is referred to and not there makes the rule unknown, with a notice for each."""
    data = inputs(
        [match("ip saddr", "@gone"), SSH, DROP],
        [match("tcp dport", 23), verdict("jump", "gone")],
        [match("tcp dport", 24), {"vmap": {"key": {"payload": {"protocol": "ip", "field": "saddr"}}, "data": "@gone"}}],
        policy="accept",
    )
    made = read(data)
    for port, expected in ((22, UNKNOWN), (23, UNKNOWN), (24, UNKNOWN), (25, OPEN)):
        assert outcome(made, f"outside > host TCP/{port}") == expected
    assert sorted(each.message for each in made.problems) == [
        "chain gone is not in the input",
        "match is not understood: set @gone is not in the input",
        "vmap is not understood: map @gone is not in the input",
    ]
    assert all(each.severity is Severity.NOTICE for each in made.problems)


def test_hooks_that_are_not_followed() -> None:
    """A chain of family netdev or bridge is a notice, and an assumption."""
    device = {
        "family": "netdev",
        "table": "n",
        "name": "i",
        "type": "filter",
        "hook": "ingress",
        "prio": 0,
        "policy": "drop",
    }
    made = read(listing({"table": {"family": "netdev", "name": "n"}}, {"chain": device}))
    assert [each.message for each in made.problems] == ["hook ingress of family netdev is not followed"]
    assert "chain i of table netdev n lets everything through" in " ".join(made.assumptions)


def test_hosts_are_told_apart() -> None:
    """Each document is of the host that its file is named for, or that the caller says; each has its own rules."""
    closed, open_ = inputs(), inputs(policy="accept")
    made = hosts.read([(closed, Origin("dir/a.nft.json")), (open_, Origin("x.json"))], hosts={"x.json": "b"})
    names = [f"host/{name}{part}" for name in "ab" for part in ("", "/pods", "/nodeports")]
    assert [each.name for each in made.interfaces] == names
    assert [each.machine for each in made.interfaces] == [*"aaabbb"]
    (tier,) = [tier for tier in made.tiers if tier.layer == "host nftables input (priority 0)" and not tier.replies][
        -1:
    ]
    assert [sorted(each.guards) for rank in tier.ranks for each in rank] == [["host/a"]]


def test_a_huge_number_of_jumps_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chains that call each other twice, 25 deep, come to an end with a notice, and what they decide is not known."""
    monkeypatch.setattr(walk, "VISITS", 5000)
    depth = 25
    items = [chain(f"c{number}") for number in range(depth)]
    calls = [rule(f"c{n}", verdict("jump", f"c{n + 1}")) for n in range(depth - 1) for _ in range(2)]
    last = rule(f"c{depth - 1}", match("ip saddr", "192.0.2.1"), match("udp dport", 9), DROP)
    made = read(listing(table(), chain("in", "input"), *items, rule("in", verdict("jump", "c0")), *calls, last))
    assert "the rules from here on are too many, or too entangled, to be followed" in {
        each.message for each in made.problems
    }
    assert outcome(made, "outside > host TCP/22") == UNKNOWN


def test_marks_that_depend_on_much() -> None:
    """Marks that are set under a doubt are not known afterwards; those under none are."""
    mark = {"mangle": {"key": {"meta": {"key": "mark"}}, "value": {"|": [{"meta": {"key": "mark"}}, 4]}}}
    data = inputs(
        [match("udp sport", 53), match("udp dport", 1), mark],
        [match("udp dport", 2), mark],
        [{"match": {"op": "==", "left": {"&": [{"meta": {"key": "mark"}}, 4]}, "right": 4}}, DROP],
        policy="accept",
    )
    made = read(data, site=Site(AddressSet.of("172.18.0.2")))
    assert {port: outcome(made, f"outside > host UDP/{port}") for port in (1, 2, 3)} == {1: UNKNOWN, 2: CLOSED, 3: OPEN}


@pytest.mark.parametrize("data", [nft_listing(), {"nftables": []}])
def test_is_recognised(data: Any) -> None:
    """Listings are."""
    assert recognises(data)
    assert not read(data, site=SITE).problems


@pytest.mark.parametrize("data", [{}, [], None, 5, {"nftables": {}}, {"nftables": [1]}, {"kind": "Pod"}, "nftables"])
def test_is_not_recognised(data: Any) -> None:
    """Other values are not."""
    assert not recognises(data)
