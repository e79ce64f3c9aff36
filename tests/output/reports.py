"""Reports made by hand, for the renderers."""

from __future__ import annotations

from crenel.output.reports import Context, MapReport
from crenel.questions.connections import Connection
from crenel.questions.parties import Party
from crenel.questions.verdict import Traffic

ALL: Traffic = (
    ("TCP", "1-65535"), ("UDP", "1-65535"), ("SCTP", "1-65535"), ("ICMP", "*"), ("ICMPv6", "*"), ("other", "*"),
)  # fmt: skip
SQL: Traffic = (("TCP", "5432"),)
HOSTILE = 'a"b|c`<i>\\ -->\n@team'
"""A name that no API would take, and that no report may stumble over."""


def connection(source: str, destination: str, traffic: Traffic = SQL, **fields: object) -> Connection:
    """A connection between single names; what begins with a digit or ``dns:`` is outside."""
    return Connection(party(source), party(destination), traffic, **fields)  # type: ignore[arg-type]


def party(name: str) -> Party:
    """A party of one name."""
    return Party((name,), outside=name[0].isdigit() or name.startswith("dns:"))


SAMPLE = MapReport(
    [
        connection("*", "0.0.0.0/0", ALL),
        connection("shop/cart", "data/db"),
        connection("shop/web", "data/db", certainty="possible", conditions=("shop/web gets an address in 10.0.0.0/8",)),
        connection("shop/web", "dns:api.example.com", (("TCP", "443"),), family=6),
        connection(
            "shop/web",
            "192.0.2.0/24",
            (("TCP", "443"),),
            certainty="possible",
            conditions=("the address is one of api.example.com",),
            implied=True,
        ),
    ],
    ["data/db", "shop/cart", "shop/web"],
)
"""A map with something of everything."""

NAUGHTY = MapReport(
    [connection(f"shop/{HOSTILE}", "data/db"), connection("shop/web", f"data/{HOSTILE}")],
    ["shop/web"],
    Context(f"not enforced: {HOSTILE}"),
)
"""A map with hostile names."""

EMPTY = MapReport([], ["shop/web"])
"""A map without a connection."""
