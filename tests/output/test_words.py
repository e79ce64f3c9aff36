"""Traffic and parties in words."""

from __future__ import annotations

import pytest

from crenel.output.words import clean, count, explicit, full_party, short_party, short_traffic, tidied
from crenel.questions.parties import Party
from crenel.questions.verdict import Traffic
from output.reports import ALL

WITHOUT_SQL: Traffic = (("TCP", "1-5431,5433-65535"), *ALL[1:])


@pytest.mark.parametrize(
    ("traffic", "text"),
    [
        (ALL, "all"),
        (WITHOUT_SQL, "all except TCP/5432"),
        (ALL[1:], "all except TCP"),
        ((("TCP", "80,443"), ("UDP", "53")), "TCP/80,443 UDP/53"),
        ((("TCP", "1-65535"),), "TCP"),
        ((("ICMP", "*"),), "ICMP"),
        ((("TCP", "1-1023"),), "TCP/1-1023"),
        ((), "none"),
    ],
)
def test_short_traffic(traffic: Traffic, text: str) -> None:
    """Traffic is written by what it has or by what it lacks, whichever is shorter."""
    assert short_traffic(traffic) == text


def test_all_is_all_that_the_network_tells_apart() -> None:
    """Where rules name a further protocol, everything but that one is not all."""
    everything = (*ALL[:5], ("47", "*"), ALL[5])
    assert short_traffic(ALL, everything) == "all except 47"
    assert short_traffic(everything, everything) == "all"


def test_explicit() -> None:
    """Machines get every protocol with its ports."""
    assert explicit(WITHOUT_SQL) == "TCP/1-5431,5433-65535 UDP/1-65535 SCTP/1-65535 ICMP ICMPv6 other"


def test_tidied() -> None:
    """Ports that came in pieces are put in order, and joined where they touch."""
    assert tidied((("TCP", "443,80"), ("UDP", "53"), ("TCP", "81-90"), ("ICMP", "*"), ("ICMP", "*"))) == (
        ("TCP", "80-90,443"), ("UDP", "53"), ("ICMP", "*"),
    )  # fmt: skip


def test_short_party_counts_what_it_leaves_out() -> None:
    """A long list ends in a count, the names before it are whole, and the full text has all of them."""
    party = Party(("*",), tuple(f"team-{number}/*" for number in range(20)))
    assert short_party(party) == "* except team-0/*, team-1/*, team-2/*, team-3/* and 16 more"
    assert full_party(party).endswith("team-18/*, team-19/*")
    assert short_party(Party(("shop/web",))) == "shop/web"
    assert short_party(Party(("shop/" + "x" * 80, "shop/y"))) == "shop/" + "x" * 80 + " and 1 more"


def test_clean() -> None:
    """Nothing of the input moves the cursor, breaks a line or cannot be encoded."""
    assert clean("a\x1b[31m\nb\udcff\u202e") == "a\\x1b[31m\\nb\\udcff\\u202e"
    assert clean("Straße") == "Straße"


@pytest.mark.parametrize(("number", "text"), [(0, "0 policies"), (1, "1 policy"), (2, "2 policies")])
def test_count(number: int, text: str) -> None:
    """Numbers agree with their nouns."""
    assert count(number, "policy") == text
