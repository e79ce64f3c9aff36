"""FW-10: open to the internet over IPv6, closed to it over IPv4."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, messages
from audit.walls import ROUTE, nodes, rule, tcp

DUAL = nodes().replace(
    "networkIP: 10.0.1.10",
    "networkIP: 10.0.1.10, ipv6AccessConfigs: [{externalIpv6: '2600:1900::10', externalIpv6PrefixLength: 128}]",
)
SIX = DUAL + ROUTE.replace("0.0.0.0/0", "'::/0'").replace("name: default", "name: default6")
OPEN = rule("six", "'::/0'", tcp("22"))


def test_real_command(tmp_path: Path) -> None:
    """The rule that opens over IPv6 alone is named at its line."""
    text = SIX + rule("four", "203.0.113.0/24", tcp("22")) + OPEN
    assert command("FW-10", text, tmp_path) == [
        (
            "38 high vpc firewall rule six: this rule lets the internet to ports (TCP/22) of n1 over IPv6, and not "
            "over IPv4"
        )
    ]


def test_without_a_route() -> None:
    """Where no route leads there over IPv6 it is low, and for the pedantic."""
    assert messages("FW-10", DUAL + OPEN) == []
    (line,) = messages("FW-10", DUAL + OPEN, "--persona", "pedantic")
    assert line.startswith("low vpc firewall rule six: ")


@pytest.mark.parametrize(
    "text",
    [
        SIX + OPEN + rule("four", "0.0.0.0/0", tcp("22")),
        SIX + rule("six", "'2001:db8:1::/48'", tcp("22")),
        nodes(OPEN),
    ],
    ids=["both", "an office", "no IPv6"],
)
def test_clean(text: str) -> None:
    """What is open over both, to few, or on a machine without IPv6, is no finding."""
    assert messages("FW-10", text, "--persona", "pedantic") == []
