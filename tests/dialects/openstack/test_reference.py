"""Whatever the groups are, the translation decides as the naive reference does, packet by packet and reply by reply."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from crenel.network.traffic import ICMP, ICMPV6, PORTED, Match
from crenel.network.wire import wire
from crenel.questions.crossing import block_of, crossing
from crenel.questions.verdict import Outcome
from dialects.openstack import samples
from dialects.openstack.asking import read
from dialects.openstack.reference import Packet, passes
from dialects.openstack.samples import group, port

KEYS = ("sg-a", "sg-b", "sg-c")
INSIDE = (("10.0.0.10", "fd00::10"), ("10.0.0.20", "fd00::20"), ("10.0.1.30", "fd00:1::30"))
OUTSIDE = ("10.0.0.99", "192.168.1.5", "203.0.113.9", "fd00::99", "2001:db8:9::1")
PREFIXES = {
    "IPv4": ("10.0.0.0/24", "10.0.0.20/32", "203.0.113.0/24", "192.168.0.0/16", "0.0.0.0/0"),
    "IPv6": ("fd00::/64", "fd00::20/128", "2001:db8::/32", "::/0"),
}
PORTS = (22, 79, 80, 90, 91, 443, 40000)


@st.composite
def rules(draw: st.DrawFn) -> dict[str, Any]:
    """A rule of any sort that is not in doubt."""
    ethertype = draw(st.sampled_from(("IPv4", "IPv6")))
    protocol = draw(st.sampled_from((None, "tcp", "tcp", "udp", "sctp", "icmp", "gre")))
    ports = draw(st.sampled_from((None, 22, 443, (80, 90), (1024, 65535)))) if protocol in ("tcp", "udp") else None
    remote: dict[str, Any] = draw(
        st.one_of(
            st.just({}),
            st.sampled_from(PREFIXES[ethertype]).map(lambda text: {"remote_ip_prefix": text}),
            st.sampled_from(KEYS).map(lambda key: {"remote_group_id": key}),
        )
    )
    return samples.rule(draw(st.sampled_from(("ingress", "egress"))), ethertype, protocol, ports, **remote)


@st.composite
def estates(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Three groups, stateful and stateless, and three ports, each with groups of one sort."""
    stateful = {key: draw(st.booleans()) for key in KEYS}
    groups = [
        group(key, key, *draw(st.lists(rules(), max_size=5)), stateful=stateful[key]) for key in KEYS
    ]  # fmt: skip
    ports = []
    for number, addresses in enumerate(INSIDE):
        wanted = draw(st.booleans())
        mine = tuple(key for key in KEYS if stateful[key] is wanted and draw(st.booleans()))
        pairs = draw(st.sampled_from(((), ("192.168.0.0/16",), ("2001:db8:9::1",))))
        ports.append(
            port(f"p{number}", *addresses, groups=mine, port_security_enabled=bool(mine) or draw(st.booleans()),
                 allowed_address_pairs=[{"ip_address": text} for text in pairs])
        )  # fmt: skip
    return groups, ports


EVERYBODY = [*(text for both in INSIDE for text in both), *OUTSIDE]
SORTS = [(6, 22), (6, 80), (6, 91), (17, 443), (132, 9), (47, 0), (99, 0), (0, 0)]
PACKETS = [
    Packet(source, target, protocol or (ICMPV6 if ":" in source else ICMP), number)
    for source in EVERYBODY
    for target in EVERYBODY
    for protocol, number in SORTS
    if (":" in source) == (":" in target) and not {source, target} <= {*OUTSIDE}
    and not any({source, target} <= {*both} for both in INSIDE)
]  # fmt: skip
"""Between addresses of one family that are not those of one port, nor both outside."""


@given(estates(), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_translation_and_reference_agree(
    estate: tuple[list[dict[str, Any]], list[dict[str, Any]]], random: Random
) -> None:
    """Some packets of all sorts, and the packets that answer them."""
    groups, ports = estate
    ready = wire(read(samples.groups(*groups), samples.ports(*ports)))
    index = {text: ready.index(f"p{number}") for number, both in enumerate(INSIDE) for text in both}
    index |= {text: block_of(ready.forth, text) for text in OUTSIDE}
    for packet in random.sample(PACKETS, 60):
        _compare(groups, ports, packet, ready, index)


def _compare(
    groups: list[dict[str, Any]], ports: list[dict[str, Any]], packet: Packet, ready: Any, index: dict[str, int]
) -> None:
    match = Match(packet.protocol, (packet.port, packet.port) if packet.protocol in PORTED else None)
    found = crossing(ready, 6 if ":" in packet.source else 4, index[packet.source], index[packet.destination], (match,))
    assert (found.request.outcome is Outcome.ALLOWED) is passes(groups, ports, packet), packet
    assert found.request.outcome in (Outcome.ALLOWED, Outcome.DENIED), packet
    answers = [Packet(packet.destination, packet.source, packet.protocol, each) for each in PORTS if each >= 1024]
    for answer in answers:
        wanted = passes(groups, ports, answer, reply=True)
        mask = ready.back.table.mask(
            Match(answer.protocol, (answer.port, answer.port) if answer.protocol in PORTED else None)
        )
        assert bool(found.reply.sure & mask) is wanted, answer
