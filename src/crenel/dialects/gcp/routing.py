"""Whether packets get from the internet to an interface, and out to it: external addresses, routes, Cloud NAT.

Sources: "Routes" ("Applicability and order", "System-generated default routes"), "VM instances: external IP addresses",
"Cloud NAT overview".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crenel.dialects.gcp.naming import last, project_of
from crenel.dialects.gcp.records import Estate, Instance, Nic, Route, Translator
from crenel.network.addresses import INTERNET, AddressSet, Family
from crenel.network.firewalls import Answer, Fact

_SECONDARY = "LIST_OF_SECONDARY_IP_RANGES"
_WIDTH: dict[Family, int] = {4: 32, 6: 128}


@dataclass(frozen=True, slots=True)
class Way:
    """Whether packets to the internet go through its gateway, with the reason; `elsewhere` if a route leads them on."""

    fact: Fact
    elsewhere: bool = False


class Routing:
    """Answers for the interfaces of one estate."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._ways: dict[tuple[str, frozenset[str], Family], Way] = {}
        self._tags = {network: _tags(routes) for network, routes in estate.routes.items()}

    def way(self, instance: Instance, nic: Nic, family: Family) -> Way:
        """Where packets of an interface to the internet go. Routes may be for instances with some tags alone."""
        known = nic.network, instance.tags & self._tags.get(nic.network, frozenset()), family
        if known not in self._ways:
            self._ways[known] = self._way(*known)
        return self._ways[known]

    def _way(self, network: str, tags: frozenset[str], family: Family) -> Way:
        routes = [each for each in self._estate.routes.get(network, ()) if not each.tags or each.tags & tags]
        if network not in self._estate.routes:
            return Way(Fact(Answer.UNKNOWN, f"the routes of the network {last(network)} are not in the input"))
        if _split(routes, family):
            return Way(Fact(Answer.UNKNOWN, f"default routes of the network {last(network)} share their packets"))
        direct, chosen = AddressSet(), None
        for length in range(_WIDTH[family] + 1):
            for route in _by_priority(routes, family, length):
                mine = route.destination.only(family)
                direct = direct | mine if route.hop == "internet" else direct - mine
                chosen = route if length == 0 else chosen
        return _judged(network, direct & INTERNET.only(family), family, chosen)

    def entered(self, instance: Instance, nic: Nic, family: Family) -> Fact:
        """Whether the internet reaches an interface: by an external address, if answers go back that way."""
        if family not in nic.public:
            return Fact(Answer.NO, f"no external IPv{family} address", instance.origin, nic.field)
        way = self.way(instance, nic, family).fact
        return Fact(way.answer, f"external IPv{family} address; {way.why}", way.origin, way.field)

    def leaves(self, instance: Instance, nic: Nic, family: Family) -> Fact:
        """Whether connections of an interface get out to the internet."""
        if family not in nic.families | nic.public:
            return Fact(Answer.NO, f"no IPv{family} address", instance.origin, nic.field)
        way = self.way(instance, nic, family)
        if way.fact.answer is Answer.NO and way.elsewhere:
            return Fact(Answer.UNKNOWN, f"{way.fact.why}, and what becomes of it there is not in the input")
        if way.fact.answer is not Answer.YES or family in nic.public:
            return way.fact
        return self._translated(instance, nic, family)

    def _translated(self, instance: Instance, nic: Nic, family: Family) -> Fact:
        for each in self._estate.translators:
            if family in each.families and not each.private and self._serves(each, nic):
                return Fact(Answer.YES, f"Cloud NAT {each.name}", each.origin, each.field)
        nothing = f"no external IPv{family} address"
        known = self._estate.networks.get(nic.network)
        if project_of(nic.network) in self._estate.routers or (known is not None and known.planned):
            return Fact(Answer.NO, f"{nothing} and no Cloud NAT for its subnet", instance.origin, nic.field)
        return Fact(Answer.UNKNOWN, f"{nothing}, and whether there is Cloud NAT is not in the input")

    def _serves(self, translator: Translator, nic: Nic) -> bool:
        """Whether it translates the primary range of a subnet ("Subnet IP address ranges")."""
        subnet = nic.subnet
        if translator.network and nic.network and translator.network != nic.network:
            return False
        if translator.all_subnets:
            place = subnet.partition("/regions/")[2].partition("/")[0]
            return not place or not translator.region or place == translator.region
        return any(name == subnet and set(ranges) != {_SECONDARY} for name, ranges in translator.subnets)


def _tags(routes: Sequence[Route]) -> frozenset[str]:
    return frozenset(tag for each in routes for tag in each.tags)


def _by_priority(routes: Sequence[Route], family: Family, length: int) -> list[Route]:
    """The routes of one prefix length, so that the one that counts comes last: the lowest number."""
    found = [each for each in routes if _length(each.destination, family) == length]
    return sorted(found, key=lambda each: (-each.priority, each.hop == "internet"))


def _split(routes: Sequence[Route], family: Family) -> bool:
    """Whether the best default routes lead to different places, so that each gets some of the packets."""
    best = _by_priority(routes, family, 0)
    return len({each.hop == "internet" for each in best if each.priority == best[-1].priority}) > 1


def _length(destination: AddressSet, family: Family) -> int | None:
    mine = destination.only(family)
    return _WIDTH[family] - mine.size().bit_length() + 1 if mine else None


def _judged(network: str, direct: AddressSet, family: Family, chosen: Route | None) -> Way:
    everything = INTERNET.only(family)
    name = f"the network {last(network)}"
    if chosen is None and not direct:
        return Way(Fact(Answer.NO, f"{name} has no IPv{family} route to the internet gateway"))
    place = (chosen.origin, chosen.field) if chosen is not None else ()
    if direct == everything and chosen is not None:
        return Way(Fact(Answer.YES, f"route {chosen.name} of {name} leads to the internet gateway", *place))
    text = f"{name} has a default route {chosen.name} to {_hop(chosen)}" if chosen else f"{name} has no default route"
    if not direct:
        return Way(Fact(Answer.NO, text, *place), elsewhere=chosen is not None)
    if chosen is not None and chosen.hop == "internet":
        return Way(Fact(Answer.YES, f"{text}, but other routes for {everything - direct}", *place))
    return Way(Fact(Answer.UNKNOWN, f"{text}, and routes to the internet gateway for {direct} alone", *place))


def _hop(route: Route) -> str:
    return "the internet gateway" if route.hop == "internet" else route.hop
