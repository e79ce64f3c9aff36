"""Openings become the fewest lines that add up to them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crenel.harden.infrastructure.lines import Rectangle, cost, lines, smallest
from crenel.harden.infrastructure.traffic import kinds_of, written
from crenel.network.addresses import AddressSet, parse_address
from crenel.network.traffic import Match, parse_traffic
from harden.infrastructure.strategies import ADDRESSES, traffic
from harden.infrastructure.worlds import IN, at, of, opening

SAMPLES = ("10.0.1.5", "10.0.2.10", "10.0.2.11", "10.9.9.9", "203.0.113.1", "203.0.113.70", "8.8.8.8", "2001:db8:2::a")
PORTS = (1, 80, 443, 444, 1023, 1024, 8472, 30000, 65535)
RECTANGLES = st.lists(st.tuples(ADDRESSES, traffic(rare=True).map(kinds_of)), max_size=6)


def holds(rectangles: Sequence[Rectangle], address: str, port: int) -> bool:
    """Whether TCP to a port is open to an address, one rectangle after the other."""
    family, value = parse_address(address)
    asked = kinds_of([Match(6, (port, port))])
    return any(where.contains(family, value) and asked <= kinds for where, kinds in rectangles)


@given(RECTANGLES)
def test_they_add_up(rectangles: list[Rectangle]) -> None:
    """What is open before is open after, and nothing else; it never takes more rules."""
    found = smallest(rectangles)
    assert cost(found) <= cost(rectangles)
    for address in SAMPLES:
        for port in PORTS:
            assert holds(found, address, port) is holds(rectangles, address, port)


CASES = {
    "the same traffic": ([("10.0.0.0/9", "TCP/443"), ("10.128.0.0/9", "TCP/443")], [("10.0.0.0/8", "TCP/443")]),
    "the same addresses": ([("10.0.0.0/8", "TCP/80"), ("10.0.0.0/8", "TCP/81")], [("10.0.0.0/8", "TCP/80-81")]),
    "one inside another": ([("10.0.0.0/8", "TCP"), ("10.1.0.0/16", "TCP/443")], [("10.0.0.0/8", "TCP")]),
    "overlapping ones stay": (
        [("0.0.0.0/0", "TCP/443"), ("10.0.0.0/8", "")], [("10.0.0.0/8", "all traffic"), ("0.0.0.0/0", "TCP/443")],
    ),
    "ports that touch over several": (
        [("10.0.0.0/8", "TCP/1-99"), ("10.0.0.0/8", "TCP/100-200"), ("11.0.0.0/8", "TCP/1-200")],
        [("10.0.0.0/7", "TCP/1-200")],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("given_", "left"), CASES.values(), ids=CASES)
def test_cases(given_: list[tuple[str, str]], left: list[tuple[str, str]]) -> None:
    """What is said twice, or in pieces, is said once."""
    found = lines(opening("nodes", IN, at(cidr), text) for cidr, text in given_)
    assert sorted((str(each.addresses), written(each.kinds)) for each in found) == sorted(left)


def test_reasons_are_joined() -> None:
    """A line bears the reasons of all that it was made of, and not of what merely crosses it."""
    found = lines([
        opening("nodes", IN, of("a", "b"), "TCP/80", "web"),
        opening("nodes", IN, of("a"), "TCP/81", "api"),
        opening("nodes", IN, at("10.0.0.0/8"), "", "pods"),
        opening("nodes", IN, at("0.0.0.0/0"), "ICMP", "echo"),
    ])  # fmt: skip
    assert [(each.group or str(each.addresses), written(each.kinds), each.why) for each in found] == [
        ("a", "TCP/80-81", ("web", "api")),
        ("b", "TCP/80", ("web",)),
        ("10.0.0.0/8", "all traffic", ("pods",)),
        ("0.0.0.0/0", "ICMP", ("echo",)),
    ]


def test_named_ports_are_refused() -> None:
    """A port by its name is no port that a firewall knows."""
    with pytest.raises(ValueError, match="'https' has no number"):
        kinds_of([Match(6, None, "https")])


def test_ranges_of_both_families_are_one_line() -> None:
    """IPv4 and IPv6 are parted by those who write, not here."""
    (found,) = lines([opening("nodes", IN, at("0.0.0.0/0", "::/0"), "TCP/443")])
    assert found.addresses == AddressSet.everything(4, 6)
    assert found.kinds == kinds_of(parse_traffic("TCP/443"))
