"""How the internet gets to ports, and they get to it: floating addresses, routers, and networks that lead out.

Source: Neutron administration guide, "Networking architecture" and "Layer 3": a floating address is translated one to
one by the router of the port's subnet; a router with a gateway in an external network gives its own address to what
leaves, unless `enable_snat` is off.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from crenel.dialects import trees
from crenel.dialects.openstack.reading import ranges
from crenel.dialects.openstack.records import Estate, Port, Router
from crenel.network.addresses import INTERNET, AddressSet, Family
from crenel.network.firewalls import Answer, Fact

_NONE = AddressSet()
_PLANNED = Fact(
    Answer.UNKNOWN, "a floating address leads to it that is not known yet: whether the internet reaches that"
)


class Routing:
    """Answers for the ports of an estate."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._by_port: dict[str, list[AddressSet]] = defaultdict(list)
        self._by_fixed: dict[str, AddressSet] = defaultdict(AddressSet)
        for each in estate.floating.values():
            found, wrong = trees.addresses(each.address) if each.address else (_NONE, ())
            if not wrong and each.port:
                self._by_port[each.port].append(found)
            elif not wrong and each.fixed:
                self._by_fixed[each.fixed] |= found
        self._routers: dict[str, list[Router]] = defaultdict(list)
        for router in estate.routers.values():
            for subnet in dict.fromkeys([*router.subnets, *estate.attached.get(router.id, ())]):
                self._routers[subnet].append(router)

    def floating(self, port: Port) -> AddressSet:
        """The floating addresses of a port."""
        found = _NONE
        for addresses in self._by_port.get(port.id, ()):
            found |= addresses
        for fixed in port.fixed:
            found |= self._by_fixed.get(fixed.address, _NONE)
        return found

    def entered(self, family: Family, port: Port, own: AddressSet, public: AddressSet | None = None) -> Fact:
        """Whether packets of the internet are routed to a port."""
        floating = (self.floating(port) if public is None else public).only(family)
        if floating:
            return _by_floating(floating, "is translated to it")
        if (fact := self._by_network(family, port, own)) is not None:
            return fact
        if family == 6:
            return Fact(Answer.NO, "it has no public IPv6 address")
        if port.id in self._by_port:
            return _PLANNED
        if not self._estate.floating and public is None:
            return Fact(Answer.UNKNOWN, "whether a floating address leads to it is not in the input")
        return Fact(Answer.NO, "no floating address leads to it, and its own is private")

    def leaves(self, family: Family, port: Port, own: AddressSet, public: AddressSet | None = None) -> Fact:
        """Whether connections of a port are routed to the internet."""
        floating = (self.floating(port) if public is None else public).only(family)
        if floating:
            return _by_floating(floating, "is what it leaves by")
        if (fact := self._by_network(family, port, own)) is not None:
            return fact
        if family == 6:
            return Fact(Answer.NO, "it has no public IPv6 address, and IPv6 is not translated")
        return _PLANNED if port.id in self._by_port else self._by_router(port)

    def _by_network(self, family: Family, port: Port, own: AddressSet) -> Fact | None:
        """By the port's own addresses; None where these are private and decide nothing."""
        mine = own.only(family)
        external = self._estate.networks.get(port.network)
        if mine & INTERNET:
            text = f"its own address {shown(mine & INTERNET)} is public"
            if external is not None and external.external:
                return Fact(Answer.YES, f"{text}, in the external network {external.name}", port.origin, port.field)
            return Fact(Answer.UNKNOWN, f"{text}: whether it is routed there is not in the input")
        if not mine and family == 6 and not own:
            return Fact(Answer.UNKNOWN, "its addresses are not in the input")
        return None

    def _by_router(self, port: Port) -> Fact:
        """By the routers that its subnets are attached to."""
        subnets = [self._estate.subnets.get(each.subnet) for each in port.fixed if each.subnet]
        mine = [each for each in subnets if each is not None and (ranges(each).v4 or not each.range)]
        if mine and all(each.gateway == "" for each in mine):
            return Fact(Answer.NO, f"its subnet {mine[0].name or mine[0].id} has no gateway")
        routers = list(self._attached(port))
        leading = [each for each in routers if each.external]
        if not routers:
            return Fact(Answer.UNKNOWN, "which router its subnet is attached to is not in the input")
        if not leading:
            known = all(each.external == "" for each in routers)
            text = f"router {routers[0].name or routers[0].id} has no external gateway"
            return Fact(Answer.NO, text) if known else Fact(Answer.UNKNOWN, f"whether {text}")
        return _by_gateway(leading[0])

    def _attached(self, port: Port) -> Iterator[Router]:
        for each in port.fixed:
            yield from self._routers.get(each.subnet, ())


def shown(addresses: AddressSet) -> str:
    """Addresses as reports write them: single ones without a prefix length."""
    return re.sub(r"/(?:32|128)\b", "", str(addresses))


def _by_floating(floating: AddressSet, what: str) -> Fact:
    if floating <= INTERNET:
        return Fact(Answer.YES, f"the floating address {shown(floating)} {what}")
    text = f"the floating address {shown(floating)} {what}, which is private: whether the internet is behind it"
    return Fact(Answer.UNKNOWN, f"{text} is not in the input")


def _by_gateway(router: Router) -> Fact:
    name = router.name or router.id
    if router.translates is False:
        text = f"router {name} leads out without translation, and its address is private"
        return Fact(Answer.UNKNOWN, f"{text}: what is beyond is not in the input", router.origin)
    addresses = trees.addresses(*router.addresses)[0]
    if addresses and not addresses & INTERNET:
        text = f"router {name} leaves by {shown(addresses)}, which is private"
        return Fact(Answer.UNKNOWN, f"{text}: what is beyond is not in the input", router.origin)
    return Fact(Answer.YES, f"router {name} translates what leaves by its external gateway", router.origin)
