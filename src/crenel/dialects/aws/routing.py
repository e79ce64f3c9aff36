"""Whether an interface is on the internet: by the route table of its subnet and its public addresses.

Source: VPC user guide, "Route tables", "Internet gateways" (a public IPv4 address and a route to the gateway, or an
IPv6 address and such a route), "Egress-only internet gateways" and "NAT gateways" (outwards alone).
"""

from __future__ import annotations

from crenel.dialects.aws.records import Card, Estate, Route, Table
from crenel.network.addresses import INTERNET, AddressSet, Family
from crenel.network.firewalls import Answer, Fact

_GATEWAYS = ("igw-", "nat-", "eigw-")
_ALL: dict[Family, str] = {4: "0.0.0.0/0", 6: "::/0"}


def entered(card: Card, family: Family, estate: Estate) -> Fact:
    """Whether packets from the internet are routed to it, and answers back."""
    if not card.public.only(family):
        return Fact(Answer.NO, f"{card.id} has no public IPv{family} address", card.origin)
    return _by_gateway(card, family, estate, ("igw-",), "an internet gateway")


def leaves(card: Card, family: Family, estate: Estate) -> Fact:
    """Whether its own connections are routed to the internet."""
    if card.public.only(family):
        found = _by_gateway(card, family, estate, ("igw-", "nat-", "eigw-"), "the internet")
        if found.answer is not Answer.NO:
            return found
    return _by_gateway(card, family, estate, ("nat-",) if family == 4 else ("eigw-", "nat-"), "an address translator")


def _by_gateway(card: Card, family: Family, estate: Estate, kinds: tuple[str, ...], what: str) -> Fact:
    table = estate.table_of(card.subnet, card.network)
    if table is None:
        return Fact(Answer.UNKNOWN, f"the route table of {card.subnet or card.id} is not in the input")
    route = _default(table, family)
    if route is not None:
        answer, why = _by_route(route, estate, kinds, what)
        return Fact(answer, f"route table {table.id} {why}", table.origin, route.field)
    if _parts(table, family):
        return Fact(Answer.UNKNOWN, f"route table {table.id} has routes for parts of {_ALL[family]}", table.origin)
    return Fact(Answer.NO, f"route table {table.id} has no route for {_ALL[family]}", table.origin)


def _by_route(route: Route, estate: Estate, kinds: tuple[str, ...], what: str) -> tuple[Answer, str]:
    if not route.active:
        return Answer.NO, "leads into a black hole"
    if route.target in estate.private_translators:
        return Answer.NO, f"leads to {route.target}, and that to other networks alone"
    if route.target.startswith(kinds):
        return Answer.YES, f"leads to {route.target}"
    if route.target.startswith(_GATEWAYS):
        return Answer.NO, f"leads to {route.target}, not to {what}"
    return Answer.UNKNOWN, f"leads to {route.target or 'a target that is not understood'}"


def _default(table: Table, family: Family) -> Route | None:
    """The route of all addresses that no other one has."""
    everything = AddressSet.everything(family)
    return next((route for route in table.routes if route.addresses.only(family) == everything), None)


def _parts(table: Table, family: Family) -> bool:
    """Whether routes lead some of the internet anywhere."""
    return any(route.target != "local" and route.addresses & INTERNET.only(family) for route in table.routes)
