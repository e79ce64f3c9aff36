"""Input of any form is read without an exception, and what is wrong becomes a problem."""

from __future__ import annotations

import copy
import random
import time
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from crenel.dialects import hosts
from crenel.network.wire import wire
from crenel.provenance import Origin
from dialects.hosts.asking import chain, inputs, match, rule, verdict
from dialects.hosts.samples import ip6tables_text, ipset_text, iptables_text, nft_listing

JUNK: list[Any] = [
    None,
    True,
    0,
    -1,
    1 << 40,
    1.5,
    "",
    "x",
    "@x",
    "10.0.0.0/8",
    "*",
    [],
    {},
    [[]],
    {"set": []},
    {"range": [9, 1]},
    {"prefix": {"addr": "x", "len": 99}},
    {"concat": [1]},
    {"elem": None},
]
MORE = [
    {
        "map": {
            "family": "inet",
            "table": "t",
            "name": "m",
            "type": "ipv4_addr",
            "map": "verdict",
            "elem": [["1.2.3.4", {"jump": {"target": "services"}}]],
        }
    },
    chain("nat", "prerouting", -100, type="nat"),
    rule("nat", match("tcp dport", 80), {"dnat": {"family": "ip", "addr": "10.0.0.1", "port": 90}}),
    rule("in", {"vmap": {"key": {"payload": {"protocol": "ip", "field": "saddr"}}, "data": "@m"}}),
    rule("in", {"mangle": {"key": {"meta": {"key": "mark"}}, "value": {"|": [{"meta": {"key": "mark"}}, 4]}}}),
    rule(
        "in",
        {"match": {"op": "in", "left": {"&": [{"meta": {"key": "mark"}}, 4]}, "right": {"|": [4, 8]}}},
        verdict("drop"),
    ),
]


def places(value: Any) -> list[tuple[Any, Any]]:
    """All that can be replaced: (container, key)."""
    found: list[tuple[Any, Any]] = []
    listed = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in listed:
        found += [(value, key), *places(each)]
    return found


@given(st.randoms(use_true_random=False), st.integers(1, 4))
@settings(max_examples=250, deadline=None)
def test_listings_of_any_form(chance: random.Random, changes: int) -> None:
    """Whatever is changed, taken away or doubled in a listing, it is read and can be asked."""
    data = copy.deepcopy(nft_listing())
    data["nftables"] += copy.deepcopy(MORE)
    for _ in range(changes):
        container, key = chance.choice(places(data["nftables"]))
        if chance.random() < 0.2 and isinstance(container, dict):
            del container[key]
        else:
            container[key] = copy.deepcopy(chance.choice([*JUNK, container[key]]))
    if hosts.recognises(data):
        wire(hosts.read([(data, Origin("h.json"))]))


WORDS = [
    "-A",
    "INPUT",
    "-j",
    "DROP",
    "-s",
    "!",
    "--dport",
    "-m",
    "set",
    "--match-set",
    "x",
    "src,dst",
    "0x1/",
    '"',
    "\\",
    "-p",
    "tcp",
    ":",
    "*nat",
    "COMMIT",
    "1:2",
    "--mark",
    "add",
    "create",
    "hash:ip,port",
    "-g",
    "--to-destination",
    "[::1]:x",
]


@given(st.randoms(use_true_random=False), st.integers(1, 6))
@settings(max_examples=250, deadline=None)
def test_texts_of_any_form(chance: random.Random, changes: int) -> None:
    """The same for texts, word by word."""
    documents = []
    for number, text in enumerate((iptables_text(), ip6tables_text(), ipset_text())):
        lines = [line.split(" ") for line in text.splitlines()]
        for _ in range(changes):
            line = chance.choice(lines)
            line[chance.randrange(len(line))] = chance.choice(WORDS)
        documents.append(("\n".join(" ".join(line) for line in lines), Origin(f"h.{number}")))
    wire(hosts.read([each for each in documents if hosts.recognises(each[0])]))


@given(st.recursive(st.sampled_from(JUNK), lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=4), inner)))
@settings(max_examples=100, deadline=None)
def test_anything_is_asked_about(data: Any) -> None:
    """`recognises` takes any value."""
    hosts.recognises(data)
    hosts.recognises({"nftables": data})
    if hosts.recognises({"nftables": data}):
        hosts.read([({"nftables": data}, Origin("h.json"))])


def test_many_rules_are_read_in_seconds() -> None:
    """A ruleset of 4,000 rules takes well under four seconds, so that 20,000 take seconds."""
    rules = [
        [match("ip saddr", f"10.{n >> 8}.{n & 255}.0"), match("tcp dport", n + 1), verdict("drop")] for n in range(4000)
    ]
    data = inputs(*rules, policy="accept")
    started = time.process_time()
    made = hosts.read([(data, Origin("h.json"))])
    assert time.process_time() - started < 4
    assert len(made.tiers[-1].ranks[0][0].rules) > 4000
