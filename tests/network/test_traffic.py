"""The table of traffic: atoms that mean the same however they were cut."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crenel.bits import members
from crenel.network.traffic import ALL, ICMP, SCTP, TCP, UDP, Match, TrafficTable, parse_traffic, protocol_number

BORDERS = (1, 2, 79, 80, 81, 443, 8080, 65534, 65535)


@st.composite
def matches(draw: st.DrawFn) -> Match:
    """A match as a rule may have it, but for names."""
    protocol = draw(st.sampled_from((TCP, TCP, UDP, SCTP, ICMP, 47, 50)))
    if protocol not in (TCP, UDP, SCTP) or draw(st.integers(0, 4)) == 0:
        return Match(protocol)
    first, last = sorted((draw(st.sampled_from(BORDERS)), draw(st.sampled_from(BORDERS))))
    return Match(protocol, (first, last))


def carried(match: Match) -> set[tuple[int, int]]:
    """The (protocol, port) pairs at the borders that a match covers; port 0 for what has none."""
    assert match.protocol is not None
    if match.protocol not in (TCP, UDP, SCTP):
        return {(match.protocol, 0)}
    low, high = match.ports or (1, 65535)
    return {(match.protocol, port) for port in BORDERS if low <= port <= high}


def meant(table: TrafficTable, mask: int) -> set[tuple[int, int]]:
    """The same for a set of atoms."""
    found = set()
    for bit in members(mask & table.everything):
        slot = table.slots[bit]
        ported = slot.protocol in (TCP, UDP, SCTP)
        inside = [port for port in BORDERS if slot.first <= port <= slot.last] if ported else [0]
        found |= {(slot.protocol, port) for port in inside}
    return found


many = st.lists(matches(), max_size=6)


@settings(max_examples=40)
@given(many)
def test_masks_hold_exactly_what_was_matched(wanted: list[Match]) -> None:
    """Every match that the table was made for is a set of whole atoms, and their sum is their union."""
    table = TrafficTable(wanted)
    assert table.fits(wanted)
    for match in wanted:
        assert meant(table, table.mask(match)) == carried(match)
    assert meant(table, table.sum(wanted)) == {each for match in wanted for each in carried(match)}


@settings(max_examples=40)
@given(many)
def test_atoms_are_disjoint_and_cover_everything(wanted: list[Match]) -> None:
    """Every port of TCP, UDP and SCTP is in exactly one atom; unnamed protocols share one."""
    table = TrafficTable(wanted)
    assert table.weight(ALL) == 3 * 65535 + sum(1 for slot in table.slots if slot.protocol not in (TCP, UDP, SCTP))
    assert table.mask(Match(99)) == table.mask(Match(98))
    assert table.mask(Match(99)) & table.mask(Match(TCP)) == 0


@settings(max_examples=50)
@given(many, many)
def test_refined_keeps_bits_and_meaning(old: list[Match], new: list[Match]) -> None:
    """A refined table has every old bit where it was; sets without a split atom mean the same in both."""
    table = TrafficTable(old)
    finer, split = table.refined(new)
    assert finer.fits([*old, *new])
    assert table.fits(old), "the old table is left as it was"
    assert table.everything & ~finer.everything == 0
    for bit in members(table.everything & ~split):
        assert table.slots[bit] == finer.slots[bit]
    for match in [*old, *new]:
        assert meant(finer, finer.mask(match)) == carried(match)
        if not table.mask(match) & split:
            assert finer.mask(match) == table.mask(match)
    assert (split == 0) == table.fits(new)
    assert finer.describe(ALL)[:4] == TrafficTable([*old, *new]).describe(ALL)[:4]


@settings(max_examples=40)
@given(many, many)
def test_refining_is_the_same_as_starting_over(old: list[Match], new: list[Match]) -> None:
    """A refined table describes every match in the same words as one made for all matches at once."""
    finer, _ = TrafficTable(old).refined(new)
    fresh = TrafficTable([*old, *new])
    for match in [*old, *new]:
        assert finer.describe(finer.mask(match)) == fresh.describe(fresh.mask(match))
        assert finer.weight(finer.mask(match)) == fresh.weight(fresh.mask(match))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("TCP/80", [("TCP", "80")]),
        ("tcp/80,443", [("TCP", "80,443")]),
        ("TCP/80-90,85-100", [("TCP", "80-100")]),
        ("UDP/53,54", [("UDP", "53-54")]),
        ("SCTP/1-65535", [("SCTP", "1-65535")]),
        ("TCP", [("TCP", "1-65535")]),
        ("ICMP", [("ICMP", "*")]),
        ("icmpv6", [("ICMPv6", "*")]),
        ("47", [("47", "*")]),
        ("80", [("80", "*")]),
        ("6/22", [("TCP", "22")]),
        (" TCP/80 ", [("TCP", "80")]),
    ],
)
def test_read_and_written(text: str, written: list[tuple[str, str]]) -> None:
    """Traffic that is read is written again with its ports in order."""
    parsed = parse_traffic(text)
    table = TrafficTable(parsed)
    assert list(table.describe(table.sum(parsed))) == written


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cannot read traffic '': write it like TCP/5432, UDP/53 or TCP/8000-9000"),
        ("TCP/", "cannot read traffic 'TCP/': write it like TCP/5432, UDP/53 or TCP/8000-9000"),
        ("TCP/http", "cannot read traffic 'TCP/http': write it like TCP/5432, UDP/53 or TCP/8000-9000"),
        ("TCP/80,", "cannot read traffic 'TCP/80,': write it like TCP/5432, UDP/53 or TCP/8000-9000"),
        ("TCP/0", "impossible port '0': ports are from 1 to 65535"),
        ("TCP/65536", "impossible port '65536': ports are from 1 to 65535"),
        ("TCP/90-80", "impossible port '90-80': ports are from 1 to 65535"),
        ("XYZ/80", "unknown protocol 'XYZ': TCP, UDP, SCTP, ICMP, ICMPv6 or a number up to 255"),
        ("256", "unknown protocol '256': TCP, UDP, SCTP, ICMP, ICMPv6 or a number up to 255"),
        ("ICMP/8", "ICMP has no ports"),
        ("47/80", "47 has no ports"),
    ],
)
def test_what_cannot_be_read(text: str, message: str) -> None:
    """Traffic that cannot be read is an error that says how to write it."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole text is compared
        parse_traffic(text)
    assert str(caught.value) == message


def test_everything_in_words() -> None:
    """All traffic is every port of the three protocols with ports, ICMP, and the rest as one."""
    assert TrafficTable([Match(47)]).describe(ALL) == (
        ("TCP", "1-65535"),
        ("UDP", "1-65535"),
        ("SCTP", "1-65535"),
        ("ICMP", "*"),
        ("47", "*"),
        ("ICMPv6", "*"),
        ("other", "*"),
    )


def test_sample() -> None:
    """A sample is the lowest port of a set, no port for a protocol without, nothing for nothing."""
    table = TrafficTable([Match(TCP, (80, 90)), Match(UDP, (53, 53))])
    assert table.sample(table.mask(Match(TCP, (80, 90)))) == (TCP, 80)
    assert table.sample(table.mask(Match(ICMP))) == (ICMP, None)
    assert table.sample(0) is None


def test_protocol_numbers() -> None:
    """A protocol may be given by name in any case, or by number."""
    assert [protocol_number(text) for text in ("tcp", "UDP", "Sctp", "icmp", "ICMPv6", "0", "255")] == [
        6, 17, 132, 1, 58, 0, 255,
    ]  # fmt: skip
