"""Whether an interface is on the internet: by the route table of its subnet and its public addresses.

Source: VPC user guide, "Route tables" (the subnet's own one, else the main one of its network; the most specific route
counts), "Internet gateways" (a public IPv4 address and a route to the gateway, or an IPv6 address and such a route),
"Egress-only internet gateways" and "NAT gateways" (outwards alone).
"""

from __future__ import annotations

from crenel.dialects.aws.records import Card, Estate, Route, Table
from crenel.network.addresses import INTERNET, AddressSet, Family
from crenel.network.firewalls import Answer, Fact

_GATEWAYS = ("igw-", "nat-", "eigw-")
_ALL: dict[Family, str] = {4: "0.0.0.0/0", 6: "::/0"}


class Routing:
    """Answers for the interfaces of an estate."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._own = {subnet: table for table in estate.tables.values() for subnet in table.subnets}
        self._main = {table.network: table for table in estate.tables.values() if table.main}

    def entered(self, card: Card, family: Family) -> Fact:
        """Whether packets from the internet are routed to it, and answers back."""
        if (pending := _public(card, family)) is Answer.NO:
            return Fact(Answer.NO, f"{card.id} has no public IPv{family} address", card.origin)
        found = self._by_gateway(card, family, ("igw-",), "an internet gateway")
        if pending is Answer.UNKNOWN and found.answer is Answer.YES:
            return Fact(Answer.UNKNOWN, f"whether {card.id} has a public IPv{family} address", card.origin)
        return found

    def leaves(self, card: Card, family: Family) -> Fact:
        """Whether its own connections are routed to the internet."""
        pending = _public(card, family)
        outwards: tuple[str, ...] = ("nat-",) if family == 4 else ("eigw-", "nat-")
        if pending is Answer.NO:
            return self._by_gateway(card, family, outwards, "an address translator")
        found = self._by_gateway(card, family, _GATEWAYS, "the internet")
        if pending is Answer.UNKNOWN and found.answer is Answer.YES:
            translated = self._by_gateway(card, family, outwards, "an address translator")
            why = f"whether {card.id} has a public IPv{family} address"
            return translated if translated.answer is Answer.YES else Fact(Answer.UNKNOWN, why, card.origin)
        return found

    def _by_gateway(self, card: Card, family: Family, kinds: tuple[str, ...], what: str) -> Fact:
        table = self._own.get(card.subnet) or self._main.get(card.network or " ")
        if table is None:
            return Fact(Answer.UNKNOWN, f"the route table of {card.subnet or card.id} is not in the input")
        route = _default(table, family)
        if route is not None:
            answer, why = self._by_route(route, kinds, what)
            return Fact(answer, f"route table {table.id} {why}", table.origin, route.field)
        vague = next((route for route in table.routes if route.unknown), None)
        if vague is not None:
            why = f"route table {table.id} has a route for {vague.unknown}"
            return Fact(Answer.UNKNOWN, why, table.origin, vague.field)
        if _parts(table, family):
            return Fact(Answer.UNKNOWN, f"route table {table.id} has routes for parts of {_ALL[family]}", table.origin)
        return Fact(Answer.NO, f"route table {table.id} has no route for {_ALL[family]}", table.origin)

    def _by_route(self, route: Route, kinds: tuple[str, ...], what: str) -> tuple[Answer, str]:
        target = self._estate.gateway(route.target)
        if not route.active:
            return Answer.NO, "leads into a black hole"
        if route.target in self._estate.private_translators:
            return Answer.NO, f"leads to {route.target}, and that to other networks alone"
        if target.startswith(kinds):
            return Answer.YES, f"leads to {route.target}"
        if target.startswith(_GATEWAYS):
            return Answer.NO, f"leads to {route.target}, not to {what}"
        return Answer.UNKNOWN, f"leads to {route.target or 'a target that is not understood'}"


def _public(card: Card, family: Family) -> Answer:
    """Whether it has a public address."""
    return Answer.YES if card.public.only(family) else card.pending.get(family, Answer.NO)


def _default(table: Table, family: Family) -> Route | None:
    """The route of all addresses that no other one has."""
    everything = AddressSet.everything(family)
    return next((route for route in table.routes if route.addresses.only(family) == everything), None)


def _parts(table: Table, family: Family) -> bool:
    """Whether routes lead some of the internet anywhere."""
    return any(route.target != "local" and route.addresses & INTERNET.only(family) for route in table.routes)
