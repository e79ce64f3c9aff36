"""Sets of addresses are what the standard library's sets of addresses would be."""

from __future__ import annotations

import ipaddress
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crenel.network.addresses import FAMILIES, INTERNET, LAST, AddressSet, Family, parse_address, parse_network

CORNERS = (str(ipaddress.IPv4Address(0)), "255.255.255.255", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
V4 = st.tuples(st.integers(0, 255), st.integers(24, 32)).map(lambda each: f"10.0.0.{each[0]}/{each[1]}")
V6 = st.tuples(st.integers(0, 255), st.integers(120, 128)).map(lambda each: f"fd00::{each[0]:x}/{each[1]}")
CIDRS = st.lists(st.one_of(V4, V6, st.sampled_from(("0.0.0.0/0", "::/0", "0.0.0.0/1", "10.0.0.0/8"))), max_size=6)
AROUND = [f"10.0.0.{number}" for number in range(256)] + [f"fd00::{number:x}" for number in range(256)] + list(CORNERS)


def listed(*cidrs: str) -> list[bool]:
    """Which of the addresses around lie in a list of CIDRs, by the standard library."""
    networks = [ipaddress.ip_network(cidr, strict=False) for cidr in cidrs]
    return [any(ipaddress.ip_address(text) in network for network in networks) for text in AROUND]


def held(found: AddressSet) -> list[bool]:
    """Which of the addresses around a set says that it has."""
    return [found.contains(*parse_address(text)) for text in AROUND]


@settings(max_examples=30)
@given(CIDRS, CIDRS)
def test_union_intersection_difference(left: list[str], right: list[str]) -> None:
    """Every operation holds exactly the addresses that it should, whatever was put in."""
    one, other = AddressSet.of(*left), AddressSet.of(*right)
    mine, theirs = listed(*left), listed(*right)
    assert held(one) == mine
    assert held(one | other) == [a or b for a, b in zip(mine, theirs, strict=True)]
    assert held(one & other) == [a and b for a, b in zip(mine, theirs, strict=True)]
    assert held(one - other) == [a and not b for a, b in zip(mine, theirs, strict=True)]
    assert (one <= other) == (one | other == other)


@settings(max_examples=50)
@given(CIDRS, CIDRS)
def test_equal_sets_are_equal_however_they_were_made(left: list[str], right: list[str]) -> None:
    """Ranges are sorted, disjoint and not adjacent, so that equality of sets is equality of values."""
    one, other = AddressSet.of(*left), AddressSet.of(*right)
    assert (one - other) | (one & other) == one
    assert one - (one - other) == one & other
    assert one | other == other | one
    for found in (one | other, one - other, one & other):
        for family in FAMILIES:
            ranges = found.ranges(family)
            assert all(first <= last for first, last in ranges)
            assert all(left[1] + 1 < right[0] for left, right in pairwise(ranges))


@settings(max_examples=50)
@given(CIDRS, CIDRS)
def test_cidrs_are_the_shortest_list(left: list[str], right: list[str]) -> None:
    """Written as CIDRs, a set is what the standard library collapses it to; read again it is the same set."""
    found = AddressSet.of(*left) - AddressSet.of(*right)
    assert AddressSet.of(*found.cidrs()) == found
    for family in FAMILIES:
        own = [ipaddress.ip_network(cidr) for cidr in found.only(family).cidrs()]
        assert own == list(ipaddress.collapse_addresses(own))  # type: ignore[type-var]


@given(CIDRS, CIDRS)
def test_written_with_exceptions(left: list[str], right: list[str]) -> None:
    """CIDRs less their exceptions are the set, and take no more texts than plain CIDRs."""
    found = AddressSet.of(*left) - AddressSet.of(*right)
    shown, holes = found.written()
    assert AddressSet.of(*shown) - AddressSet.of(*holes) == found
    assert len(shown) + len(holes) <= len(found.cidrs())


@given(CIDRS, CIDRS)
def test_size_and_first(left: list[str], right: list[str]) -> None:
    """The size counts every address once, and the first one is the lowest."""
    found = AddressSet.of(*left) - AddressSet.of(*right)
    networks = [ipaddress.ip_network(cidr) for cidr in found.cidrs()]
    assert found.size() == sum(network.num_addresses for network in networks)
    assert bool(found) == bool(networks)
    for family in FAMILIES:
        lowest = [int(network.network_address) for network in networks if network.version == family]
        assert found.first(family) == (min(lowest) if lowest else None)


@pytest.mark.parametrize(
    ("cidrs", "but", "text"),
    [
        ([], [], "no address"),
        (["10.0.0.5"], [], "10.0.0.5/32"),
        (["10.0.0.0/24", "10.0.1.0/24"], [], "10.0.0.0/23"),
        (["10.0.0.7/24"], [], "10.0.0.0/24"),
        (["10.0.0.0/8"], ["10.1.0.0/16"], "10.0.0.0/8 except 10.1.0.0/16"),
        (["0.0.0.0/0"], ["10.0.0.0/8", "192.168.0.0/16"], "0.0.0.0/0 except 10.0.0.0/8, 192.168.0.0/16"),
        (["10.0.0.0/24"], ["10.0.0.0/25"], "10.0.0.128/25"),
        (["::/0", "0.0.0.0/0"], [], "0.0.0.0/0, ::/0"),
        (["2001:DB8:0::/32"], [], "2001:db8::/32"),
        (["255.255.255.255", "::"], [], "255.255.255.255/32, ::/128"),
    ],
)
def test_text(cidrs: list[str], but: list[str], text: str) -> None:
    """A set is written as shortly as CIDRs with exceptions allow, IPv4 first."""
    assert str(AddressSet.of(*cidrs) - AddressSet.of(*but)) == text


@pytest.mark.parametrize(
    "text", ["", "10.0.0", "10.0.0.0/33", "10.0.0.256", "fd00::/129", "::g", "shop/web", "10.0.0.01"]
)
def test_what_is_no_address(text: str) -> None:
    """What is neither an address nor a CIDR is an error, never an empty set."""
    with pytest.raises(ValueError, match="does not appear to be"):
        parse_network(text)


@pytest.mark.parametrize("family", FAMILIES)
def test_everything(family: Family) -> None:
    """All addresses of a family cover that family and none of the other."""
    found = AddressSet.everything(family)
    assert found.families() == (family,)
    assert [found.covers(each) for each in FAMILIES] == [each == family for each in FAMILIES]
    assert not AddressSet.from_range(family, 1, LAST[family]).covers(family)
    assert AddressSet.everything(*FAMILIES) - found == AddressSet.everything(*FAMILIES).only(10 - family)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "routable"),
    [
        ("8.8.8.8", True), ("1.1.1.1", True), ("10.1.2.3", False), ("100.64.0.1", False), ("127.0.0.1", False),
        ("169.254.169.254", False), ("172.31.0.1", False), ("172.32.0.1", True), ("192.168.1.1", False),
        ("198.19.0.1", False), ("203.0.113.9", False), ("223.255.255.255", True), ("224.0.0.1", False),
        ("255.255.255.255", False), ("2606:4700::1111", True), ("2001:db8::1", False), ("fd00::1", False),
        ("fe80::1", False), ("ff02::1", False), ("::1", False),
    ],
)  # fmt: skip
def test_internet(text: str, routable: bool) -> None:
    """The internet is what is globally routable unicast, and nothing special or private."""
    assert INTERNET.contains(*parse_address(text)) is routable
