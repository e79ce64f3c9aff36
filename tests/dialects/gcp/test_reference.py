"""Whatever the rules and policies are, the translation decides as the naive reference does, packet by packet."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from crenel.network.addresses import Family
from crenel.network.traffic import ICMP, ICMPV6, PORTED, Match
from crenel.network.wire import wire
from crenel.questions.crossing import block_of, crossing
from crenel.questions.verdict import Outcome
from dialects.gcp import samples
from dialects.gcp.asking import read
from dialects.gcp.reference import Packet, World, passes
from dialects.gcp.samples import ACCOUNT, ROOT

NETS = (f"{ROOT}/global/networks/main", f"{ROOT}/global/networks/other")
INSIDE = (
    ("10.0.1.5", "2600:1900::5:0:0"), ("10.0.1.6", "2600:1900::6:0:0"), ("10.9.1.7", "2600:1900:1::7:0:0"),
)  # fmt: skip
NAMES = ("web", "db", "far")
PLACES = ((NETS[0], ""), (NETS[1], ""), (NETS[1], "us-east1"), (NETS[0], "us-west1"))
"""What network policies are attached to, and the regions that they are for."""
OUTSIDE = ("10.0.1.99", "192.168.1.5", "8.8.4.4", "34.80.1.1", "2600:1900::99:0:0", "2a00:1450::1")
FOUR = ("10.0.1.0/24", "10.0.1.6/32", "34.0.0.0/8", "34.80.0.0/16", "192.168.0.0/16", "0.0.0.0/0")
SIX = ("2600:1900::/64", "2600:1900::6:0:0/96", "2a00::/16", "::/0")
PROTOCOLS = (
    ("all",), ("tcp",), ("tcp:22", "udp:53"), ("tcp:80-90,443",), ("icmp",), ("58",), ("udp:1-1023",), ("sctp",),
    ("47",),
)  # fmt: skip
SORTS = [(6, 22), (6, 80), (6, 443), (6, 444), (17, 53), (17, 5000), (132, 9), (47, 0), (0, 0)]
ADDRESSES = [text for both in INSIDE for text in both]
PACKETS = [
    Packet(source, target, protocol or (ICMPV6 if ":" in source else ICMP), port)
    for source in [*ADDRESSES, *OUTSIDE]
    for target in [*ADDRESSES, *OUTSIDE]
    for protocol, port in SORTS
    if (":" in source) == (":" in target) and not {source, target} <= {*OUTSIDE}
    and not any({source, target} <= {*both} for both in INSIDE)
]  # fmt: skip


def ranges() -> st.SearchStrategy[list[str]]:
    """Ranges of one family, as rules have them."""
    return st.one_of(*(st.lists(st.sampled_from(each), min_size=1, max_size=2) for each in (FOUR, SIX)))


@st.composite
def vpc_rules(draw: st.DrawFn, number: int) -> dict[str, Any]:
    """A rule of one of the networks."""
    egress = draw(st.booleans())
    more: dict[str, Any] = {}
    if draw(st.booleans()):
        more["destinationRanges" if egress else "sourceRanges"] = draw(ranges())
    by_account = draw(st.booleans())
    if not egress and draw(st.booleans()):
        marks = ("sourceServiceAccounts", [ACCOUNT.format("db")]) if by_account else ("sourceTags", ["web", "x"])
        more[marks[0]] = marks[1]
    if draw(st.booleans()):
        targets = ("targetServiceAccounts", [ACCOUNT.format("web")]) if by_account else ("targetTags", ["db"])
        more[targets[0]] = targets[1]
    if draw(st.integers(0, 4)) == 0:
        more["sourceRanges" if egress else "destinationRanges"] = draw(ranges())
    return samples.firewall(
        f"r{number}", *draw(st.sampled_from(PROTOCOLS)), deny=draw(st.booleans()), egress=egress,
        priority=draw(st.sampled_from((0, 1000, 1000, 65535))), net=draw(st.sampled_from(NETS)), **more,
    )  # fmt: skip


@st.composite
def policy_rules(draw: st.DrawFn, number: int) -> dict[str, Any]:
    """A rule of a policy; `number` is its priority."""
    egress = draw(st.booleans())
    match: dict[str, Any] = {"destIpRanges" if egress else "srcIpRanges": draw(ranges())}
    if draw(st.integers(0, 3)) == 0:
        match["srcIpRanges" if egress else "destIpRanges"] = draw(ranges())
    more: dict[str, Any] = {"targetServiceAccounts": [ACCOUNT.format("web")]} if draw(st.integers(0, 3)) == 0 else {}
    rule = samples.policy_rule(
        number, draw(st.sampled_from(("allow", "deny", "goto_next"))), *draw(st.sampled_from(PROTOCOLS)), egress=egress,
        **more,
    )  # fmt: skip
    rule["match"] = {"layer4Configs": rule["match"]["layer4Configs"], **match}
    return rule


def listed(draw: st.DrawFn, most: int) -> list[dict[str, Any]]:
    """Some rules of a policy."""
    return [draw(policy_rules(number)) for number in range(draw(st.integers(0, most)))]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Two networks, three machines, rules, and policies at all levels."""
    order = draw(st.sampled_from(("AFTER_CLASSIC_FIREWALL", "BEFORE_CLASSIC_FIREWALL")))
    networks = [samples.network(), samples.network("other", networkFirewallPolicyEnforcementOrder=order)]
    machines = [
        samples.instance(name, samples.nic(four, six=six, net=NETS[number == 2]), tags=tags, account=name)
        for number, (name, tags, (four, six)) in enumerate(zip(NAMES, (("web",), ("db",), ()), INSIDE, strict=True))
    ]  # fmt: skip
    rules = [draw(vpc_rules(number)) for number in range(draw(st.integers(1, 8)))]
    rules.append(samples.firewall("none", "tcp:1", net=NETS[1], targetTags=["nobody"]))
    organisation = [samples.hierarchical("base", "9", "organizations/1", *listed(draw, 3))]
    policies = [
        samples.network_policy(f"p{number}", *listed(draw, 3), nets=(net,), region=region)
        for number, (net, region) in enumerate(PLACES)
    ]  # fmt: skip
    return World(networks, machines, rules, organisation, policies)


@given(worlds(), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_translation_and_reference_agree(world: World, random: Random) -> None:
    """Some packets of all sorts, between machines and outside."""
    ready = wire(read(*world))
    index = {text: ready.index(name) for name, both in zip(NAMES, INSIDE, strict=True) for text in both}
    index |= {text: block_of(ready.forth, text) for text in OUTSIDE}
    for packet in random.sample(PACKETS, 60):
        match = Match(packet.protocol, (packet.port, packet.port) if packet.protocol in PORTED else None)
        family: Family = 6 if ":" in packet.source else 4
        found = crossing(ready, family, index[packet.source], index[packet.destination], (match,))
        wanted = Outcome.ALLOWED if passes(world, packet) else Outcome.DENIED
        assert found.outcome is wanted, packet
