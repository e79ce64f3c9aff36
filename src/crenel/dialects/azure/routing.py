"""Whether packets get from the internet to an interface, and out to it: public addresses, routes, translators.

Sources: "Virtual network traffic routing" (how a route is selected, what overriding 0.0.0.0/0 changes), "Default
outbound access in Azure", "Using Source Network Address Translation (SNAT) for outbound connections".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crenel.dialects.azure.effective import readable
from crenel.dialects.azure.fields import last
from crenel.dialects.azure.records import Configuration, Estate, Nic, Route, RouteTable
from crenel.dialects.azure.spaces import EVERYTHING, UNREACHABLE
from crenel.network.addresses import AddressSet, Family
from crenel.network.firewalls import Answer, Fact

_DIRECT = "internet"
_DROPPED = "none"


@dataclass(frozen=True, slots=True)
class Way:
    """Where a subnet's packets to the internet go: straight there or not, with the reason, and by which route."""

    fact: Fact
    hop: str = _DIRECT


class Routing:
    """Answers for the interfaces of one estate.

    `translated` are the keys of pools, and of address configurations, whose members leave by the address of a load
    balancer; `balanced` those behind any one of the Standard SKU, internal ones included.
    """

    def __init__(self, estate: Estate, translated: Iterable[str], balanced: Iterable[str]) -> None:
        self._estate = estate
        self._translated = frozenset(translated)
        self._balanced = frozenset(balanced)
        self._ways: dict[tuple[str, Family], Way] = {}

    def way(self, subnet: str, family: Family) -> Way:
        """Where packets of a subnet to the internet go."""
        if (subnet, family) not in self._ways:
            self._ways[subnet, family] = self._way(subnet, family)
        return self._ways[subnet, family]

    def _way(self, subnet: str, family: Family) -> Way:
        known = self._estate.subnets.get(subnet)
        if known is None:
            return _unknown(f"the routes of the subnet {last(subnet)}" if subnet else "the subnet of the interface")
        reference = known.table if known.table is None else known.table or self._estate.subnet_tables.get(subnet, "")
        if reference == "":
            return Way(Fact(Answer.YES, f"the subnet {known.name} has the routes of Azure alone", known.origin))
        table = self._estate.table_of(subnet)
        if table is None or table.partial:
            return _unknown(f"the route table {last(reference or '')} of the subnet {known.name}")
        return self._by(table, family)

    def _by(self, table: RouteTable, family: Family) -> Way:
        """By the route with the longest prefix, for all of the internet at once."""
        internet = (EVERYTHING - UNREACHABLE).only(family)
        direct, chosen = internet, _OWN
        for length, addresses, route in sorted(self._prefixes(table, family), key=lambda each: each[0]):
            direct = direct | addresses & internet if route.hop == _DIRECT else direct - addresses
            chosen = route if length == 0 else chosen
        text = f"the route table {table.name} sends {chosen.prefix} to {_hop(chosen)}"
        straight = chosen.hop == _DIRECT
        if direct == internet or (straight and direct):
            other = internet - direct
            return Way(Fact(Answer.YES, f"{text}, but not {other}" if other else text, table.origin, chosen.field))
        if not direct:
            return Way(Fact(Answer.NO, text, table.origin, chosen.field), chosen.hop)
        return Way(Fact(Answer.UNKNOWN, f"{text}, and only {direct} to the internet", table.origin, chosen.field))

    def _prefixes(self, table: RouteTable, family: Family) -> Iterable[tuple[int, AddressSet, Route]]:
        for route in table.routes:
            addresses = readable((route.prefix,)).only(family)
            if addresses:
                size = addresses.size()
                yield (32 if family == 4 else 128) - size.bit_length() + 1, addresses, route
            elif tagged := self._estate.tags.get(route.prefix.lower(), AddressSet()).only(family):
                for text in tagged.cidrs():
                    yield int(text.partition("/")[2]), AddressSet.of(text), route

    def entered(self, family: Family, configurations: Sequence[Configuration], subnet: str) -> Fact:
        """Whether the internet reaches an interface: by a public address, if answers go back that way.

        A route for 0.0.0.0/0 to anything but the internet makes the subnet unreachable from there ("Virtual network
        traffic routing", "0.0.0.0/0 address prefix").
        """
        public = [each.public for each in configurations if each.version == family and each.public != ""]
        if not public:
            return Fact(Answer.NO, f"no public IPv{family} address")
        names = ", ".join(self._public(each) for each in public)
        way = self.way(subnet, family).fact
        if way.answer is Answer.YES:
            return Fact(Answer.YES, f"public address {names}; {way.why}", way.origin, way.field)
        return Fact(way.answer, f"public address {names}, but for the answers {way.why}", way.origin, way.field)

    def _public(self, reference: str | None) -> str:
        known = self._estate.publics.get(reference or "")
        if known is None:
            return last(reference) if reference else "of its own"
        return f"{known.name} ({known.address})" if known.address else known.name

    def leaves(self, family: Family, nic: Nic, configurations: Sequence[Configuration], subnet: str) -> Fact:
        """Whether connections of an interface get out to the internet."""
        mine = [each for each in configurations if each.version == family]
        if configurations and not mine:
            return Fact(Answer.NO, f"no IPv{family} address", nic.origin)
        way = self.way(subnet, family)
        if way.fact.answer is Answer.NO and way.hop != _DROPPED:
            return Fact(Answer.UNKNOWN, f"{way.fact.why}, and what becomes of it there is not in the input")
        if way.fact.answer is not Answer.YES:
            return way.fact
        return self._explicit(family, mine, subnet) or self._implicit(family, nic, mine, subnet)

    def _explicit(self, family: Family, mine: Sequence[Configuration], subnet: str) -> Fact | None:
        known = self._estate.subnets[subnet]
        translator = known.translator or self._estate.subnet_translators.get(subnet, "")
        if translator and family == 4:
            return Fact(Answer.YES, f"NAT gateway {last(translator)}", known.origin)
        if public := [each.public for each in mine if each.public != ""]:
            return Fact(Answer.YES, f"public address {self._public(public[0])}", known.origin)
        if any(self._translated & {each.key, *each.pools} for each in mine):
            return Fact(Answer.YES, "the outbound rules of its load balancer", known.origin)
        return None

    def _implicit(self, family: Family, nic: Nic, mine: Sequence[Configuration], subnet: str) -> Fact:
        """Default outbound access: of old networks, unless something explicit is there or the subnet is private."""
        known = self._estate.subnets[subnet]
        nothing = "no NAT gateway, no public address, no outbound rule"
        if family == 6:
            return Fact(Answer.NO, f"{nothing}: nothing else lets IPv6 out", known.origin)
        if known.outbound is False or nic.outbound is False:
            return Fact(Answer.NO, f"{nothing}, and no default outbound access", known.origin)
        if nic.outbound is None and any(self._balanced & {each.key, *each.pools} for each in mine):
            return Fact(Answer.NO, f"{nothing}: behind a standard load balancer nothing else lets it out", known.origin)
        if known.planned and known.outbound is None and nic.outbound is None:
            return Fact(Answer.UNKNOWN, f"{nothing}; default outbound access depends on when and how it is deployed")
        return Fact(Answer.YES, f"{nothing}, but default outbound access", known.origin)


_OWN = Route("of Azure", "all else", _DIRECT)


def _unknown(what: str) -> Way:
    return Way(Fact(Answer.UNKNOWN, f"{what} is not in the input"))


def _hop(route: Route) -> str:
    names = {"internet": "the internet", "none": "nowhere", "virtualappliance": "the appliance",
             "virtualnetworkgateway": "the gateway of the network", "vnetlocal": "the virtual network"}  # fmt: skip
    return f"{names.get(route.hop, route.hop)} {route.address}".rstrip()
