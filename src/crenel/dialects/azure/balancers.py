"""Load balancers and application gateways of the neutral model.

Sources: "Azure Load Balancer components", "Azure Load Balancer Floating IP configuration", "Azure network security
groups overview" ("Virtual machines in load-balanced pools": source and destination that a group sees are those of the
clients and of the machines), "How an application gateway works".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from crenel.dialects.azure.effective import readable
from crenel.dialects.azure.fields import last
from crenel.dialects.azure.naming import apart, machine_within
from crenel.dialects.azure.records import Estate, Forwarding, Frontend, LoadBalancer, Pool
from crenel.dialects.azure.seats import Seat, floating, gateway_seat
from crenel.network.addresses import AddressSet
from crenel.network.firewalls import Answer, Balancer, Fact, Listening, Target
from crenel.network.traffic import TCP, UDP
from crenel.provenance import Severity

_PROTOCOLS = {"tcp": (TCP,), "udp": (UDP,), "all": (TCP, UDP), "*": (TCP, UDP)}
_MOST_PORTS = 1024
"""How many ports of one rule are listed one by one: more than a frontend has instances behind it."""


def merged(balancer: LoadBalancer, estate: Estate) -> LoadBalancer:
    """A load balancer with the pools and rules that were read as resources of their own."""
    pools = {each.key: each for each in balancer.pools}
    own = estate.loose_pools.get(balancer.key, [])
    mine = {*pools, *(each.key for each in own)}
    for each in [*own, *(each for each in estate.pool_addresses if each.key in mine)]:
        known = pools.get(each.key, Pool(each.key))
        pools[each.key] = Pool(
            each.key, known.members + each.members, known.addresses + each.addresses, known.complete and each.complete
        )
    more = estate.loose_forwardings.get(balancer.key, ())
    outbound = (*balancer.outbound, *sorted(estate.outbound_pools & pools.keys()))
    return replace(balancer, pools=tuple(pools.values()), rules=(*balancer.rules, *more), outbound=outbound)


def translated(balancers: Iterable[LoadBalancer]) -> Iterator[str]:
    """The keys of pools whose members leave by a public address of a load balancer, and of those members."""
    for balancer in balancers:
        public = {each.key for each in balancer.frontends if each.public != ""}
        pools = {lead for rule in balancer.rules if rule.outbound and rule.frontend in public for lead, _ in rule.leads}
        yield from _with_members(balancer, pools | set(balancer.outbound))


def balanced(balancers: Iterable[LoadBalancer]) -> Iterator[str]:
    """The keys of pools of load balancers of the Standard SKU, and of their members."""
    for balancer in balancers:
        if balancer.standard and not balancer.proxy:
            yield from _with_members(balancer, {each.key for each in balancer.pools})


def _with_members(balancer: LoadBalancer, pools: set[str]) -> Iterator[str]:
    yield from pools
    for each in balancer.pools:
        if each.key in pools:
            yield from each.members


def fronted(balancers: Iterable[LoadBalancer]) -> dict[str, bool | None]:
    """Whether what is behind public frontends is closed to the internet without a group, by the keys of pools.

    That is so with the Standard SKU ("Public IP addresses", table of SKUs); None where the SKU is not written.
    """
    found: dict[str, bool | None] = {}
    for balancer in balancers:
        public = {each.key for each in balancer.frontends if each.public != ""}
        pools = {lead for rule in balancer.rules if rule.frontend in public for lead, _ in rule.leads}
        if not balancer.proxy and balancer.standard is not False:
            found.update(dict.fromkeys(_with_members(balancer, pools), balancer.standard))
    return found


@dataclass(frozen=True, slots=True)
class Balancing:
    """The load balancers of an estate, and the interfaces that stand for them and for their addresses on machines."""

    balancers: tuple[Balancer, ...]
    seats: tuple[Seat, ...]


class Balancers:
    """Makes them, given the interfaces of machines."""

    def __init__(self, estate: Estate, balancers: Sequence[LoadBalancer], seats: Sequence[Seat]) -> None:
        self._estate = estate
        self._balancers = balancers
        self._by_place: dict[str, list[Seat]] = defaultdict(list)
        self._by_address: dict[str, list[Seat]] = defaultdict(list)
        for seat in seats:
            for place in seat.places:
                self._by_place[place].append(seat)
            for each in seat.configurations:
                self._by_address[each.address].append(seat)
        self._floating: dict[tuple[str, str], Seat] = {}

    def all(self) -> Balancing:
        """All of them: one for each frontend, whose rules do not mix."""
        several = {
            frontend.key: balancer.name if len(balancer.frontends) == 1 else f"{balancer.name}/{frontend.name}"
            for balancer in self._balancers
            for frontend in balancer.frontends
        }
        names = apart(several)
        made = [
            self._made(balancer, frontend, names[frontend.key])
            for balancer in self._balancers
            for frontend in balancer.frontends
        ]
        proxies = [
            gateway_seat(names[frontend.key], subnet, self._estate)
            for balancer in self._balancers
            for frontend in balancer.frontends
            for subnet in (balancer.subnets[:1] if balancer.proxy else ())
        ]
        return Balancing(tuple(made), (*proxies, *self._floating.values()))

    def _made(self, balancer: LoadBalancer, frontend: Frontend, name: str) -> Balancer:
        public = self._estate.publics.get(frontend.public or "")
        address = (public.address if public is not None else "") or frontend.address
        pools = {each.key: each for each in balancer.pools}
        mine = [rule for rule in balancer.rules if rule.frontend == frontend.key]
        listeners = [each for rule in mine for each in self._listening(rule, balancer, frontend, address, pools)]
        if any(not _ports_of(rule) for rule in mine):
            text = (
                f"the load balancer {name} takes more ports than are listed here: whatever is asked may be one of them"
            )
            self._estate.report(text, balancer.origin, (), f"load balancer {name}", Severity.NOTICE)
            listeners = []
        hostname = public.hostname if public is not None else ""
        return Balancer(
            name, (hostname,) if hostname else (), readable((address,)), self._facing(frontend, balancer),
            tuple(listeners), balancer.origin,
        )  # fmt: skip

    def _facing(self, frontend: Frontend, balancer: LoadBalancer) -> Fact:
        if frontend.public != "":
            known = self._estate.publics.get(frontend.public or "")
            name = known.name if known is not None else last(frontend.public or "of its own")
            address = f" ({known.address})" if known is not None and known.address else ""
            return Fact(Answer.YES, f"its frontend has the public address {name}{address}", balancer.origin)
        if frontend.address or frontend.subnet:
            where = frontend.address or f"in the subnet {last(frontend.subnet or '')}"
            return Fact(Answer.NO, f"its frontend has a private address, {where}", balancer.origin)
        return Fact(Answer.UNKNOWN, "its frontend has no address in the input", balancer.origin)

    def _listening(
        self, rule: Forwarding, balancer: LoadBalancer, frontend: Frontend, address: str, pools: Mapping[str, Pool]
    ) -> Iterator[Listening]:  # fmt: skip
        targets = self._targets(rule, frontend, address, pools)
        for protocol in _PROTOCOLS.get(rule.protocol, (TCP, UDP)):
            for port in _ports_of(rule):
                yield Listening(
                    protocol, port, rule.tls, targets, keeps_client=not balancer.proxy, origin=balancer.origin,
                    field=rule.field,
                )  # fmt: skip

    def _targets(
        self, rule: Forwarding, frontend: Frontend, address: str, pools: Mapping[str, Pool]
    ) -> tuple[Target, ...] | None:  # fmt: skip
        """Where a rule leads; None where some of it is not in the input."""
        found: list[Target] = []
        complete = rule.known
        for lead, port in rule.leads:
            pool = pools.get(lead)
            seats = [*self._by_place.get(lead, ())]
            complete = complete and (pool is None or pool.complete)
            for member in pool.members if pool is not None else ():
                known = self._by_place.get(member, [])
                seats += known
                machine = machine_within(member)
                if not known and machine:
                    found.append(Target(machine=machine, port=port))
                complete = complete and bool(known or machine)
            for text in pool.addresses if pool is not None else ():
                at = self._by_address.get(text, [])
                seats += at
                found += [] if at else [Target(address=text, port=port)]
            found += [self._target(seat, rule, frontend, address, port) for seat in seats]
        return tuple(dict.fromkeys(found)) if complete else None

    def _target(self, seat: Seat, rule: Forwarding, frontend: Frontend, address: str, port: int | None) -> Target:
        machine = seat.interface.machine
        if rule.floating:
            key = seat.interface.name, frontend.key
            seat = self._floating.setdefault(key, floating(seat, address, frontend.name))
        own = "" if machine else _first(seat.interface.addresses)
        return Target(machine=machine, address=own, port=port, interface=seat.interface.name)


def _ports_of(rule: Forwarding) -> range:
    """The ports of a rule one by one; none where they are too many, or all."""
    first, final = rule.ports or (0, -1)
    return range(first, final + 1) if final - first < _MOST_PORTS else range(0)


def _first(addresses: AddressSet) -> str:
    return addresses.cidrs()[0].partition("/")[0] if addresses else ""
