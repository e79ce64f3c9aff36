"""Load balancers of the neutral model: one for each address that forwarding rules have.

Sources: "Cloud Load Balancing overview" (schemes; passthrough and proxy), "External passthrough Network Load Balancer
overview" (packets keep the client's address and have the forwarding rule's as their destination), "Firewall rules" of
the proxy load balancers (Google Front Ends, proxy-only subnets).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from crenel.dialects.gcp.balancerreading import PROXIES
from crenel.dialects.gcp.machines import group_members
from crenel.dialects.gcp.naming import apart, last, provider_id
from crenel.dialects.gcp.records import Backend, Estate, Forwarding
from crenel.dialects.gcp.seats import Seat, network_name
from crenel.dialects.gcp.services import protocol
from crenel.dialects.trees import addresses
from crenel.network.addresses import AddressSet
from crenel.network.firewalls import Answer, Balancer, Fact, Interface, Listening, Role, Target
from crenel.network.traffic import TCP, UDP
from crenel.provenance import Severity

FRONT_ENDS = AddressSet.of("35.191.0.0/16", "130.211.0.0/22")
"""Where proxies outside of one's own networks send from ("External Application Load Balancer", "Firewall rules")."""
_PASSTHROUGH = ("targetPools", "targetInstances", "backendServices")
_PROXY_SUBNETS = ("REGIONAL_MANAGED_PROXY", "GLOBAL_MANAGED_PROXY", "INTERNAL_HTTPS_LOAD_BALANCER")
_MESH = "INTERNAL_SELF_MANAGED"
_MOST_PORTS = 1024
"""How many ports of one rule are listed one by one."""


@dataclass(frozen=True, slots=True)
class Balancing:
    """Load balancers, interfaces of their proxies, and those of machines for packets with a balancer's address."""

    balancers: tuple[Balancer, ...]
    proxies: tuple[Interface, ...]
    floating: tuple[Seat, ...]


class Balancers:
    """Makes them. `distinct` says whether rules tell the addresses of machines and of load balancers apart."""

    def __init__(self, estate: Estate, seats: Sequence[Seat], distinct: bool) -> None:
        self._estate = estate
        self._distinct = distinct
        self._floating: dict[tuple[str, str], Seat] = {}
        self._by_instance: dict[str, list[Seat]] = defaultdict(list)
        for seat in seats:
            self._by_instance[seat.instance.key].append(seat)

    def all(self) -> Balancing:
        """All of them."""
        groups: dict[str, list[Forwarding]] = defaultdict(list)
        for each in self._estate.forwardings.values():
            if _kind(each) and each.scheme != _MESH:
                groups[f"{each.address} {_inner_network(each)}" if each.address else each.key].append(each)
        names = apart({found[0].key: found[0].name for found in groups.values()})
        made = [self._made(names[found[0].key], found) for found in groups.values()]
        proxies = [
            self._proxy(names[found[0].key], found[0]) for found in groups.values() if _kind(found[0]) in PROXIES
        ]
        return Balancing(tuple(made), tuple(proxies), tuple(self._floating.values()))

    def _made(self, name: str, rules: Sequence[Forwarding]) -> Balancer:
        found, wrong = addresses(*(each.address for each in rules if each.address))
        listeners = tuple(each for rule in rules for each in self._listening(rule))
        for text in wrong:
            self._estate.report(f"{text!r} is no address", rules[0].origin, rules[0].field, name)
        if any(not _ports(each) for each in rules):
            text = f"the load balancer {name} takes more ports than are listed: whatever is asked may be one of them"
            self._estate.report(text, rules[0].origin, rules[0].field, f"load balancer {name}", Severity.NOTICE)
            listeners = ()
        hostnames = tuple(name for each in rules for name in each.hostnames)
        return Balancer(name, hostnames, found, _facing(rules[0]), listeners, rules[0].origin)

    def _listening(self, rule: Forwarding) -> Iterator[Listening]:
        kind = _kind(rule)
        targets = self._targets(rule)
        for number in _protocols(rule):
            for port in _ports(rule):
                yield Listening(
                    number, port, PROXIES.get(kind, False), targets, kind not in PROXIES, rule.origin, rule.field
                )  # fmt: skip

    def _targets(self, rule: Forwarding) -> tuple[Target, ...] | None:
        """Where a rule leads; None where some of it is not in the input."""
        proxied = _kind(rule) in PROXIES
        found: list[Target] = []
        for backend in self._backends(rule.target or rule.service):
            if backend is None:
                return None
            for group, members in [("", backend.instances), *((each, self._members(each)) for each in backend.groups)]:
                ports = self._backend_ports(backend, group) if proxied else [None]
                if members is None or (members and not ports):
                    return None
                found += [self._target(each, port, rule, proxied) for each in members for port in ports]
        return tuple(dict.fromkeys(found))

    def _members(self, group: str) -> tuple[str, ...] | None:
        return group_members(group, self._estate)

    def _backends(self, path: str) -> Iterator[Backend | None]:
        """All backends behind something, through proxies and URL maps; None for each that is not in the input."""
        left, seen = [path], {path}
        while left:
            known = self._estate.backends.get(left.pop())
            yield known
            fresh = [each for each in (known.services if known is not None else ()) if each not in seen]
            seen.update(fresh)
            left += fresh

    def _backend_ports(self, backend: Backend, group: str) -> Sequence[int | None]:
        """The ports that a proxy connects to: those that the group names, or else the one of the service."""
        named = self._estate.named_ports.get(group, {}).get(backend.port_name, [])
        return named or ([backend.port] if backend.port is not None else [])

    def _target(self, instance: str, port: int | None, rule: Forwarding, proxied: bool) -> Target:
        """A machine. What passes through keeps the forwarding rule's address as its destination."""
        seats = [each for each in self._by_instance.get(instance, ()) if rule.network in ("", each.nic.network)]
        if not seats:
            return Target(provider_id(instance) or last(instance), port=port)
        seat = seats[0]
        if not proxied and self._distinct:
            seat = self._floating.setdefault((seat.interface.name, rule.address), floating(seat, rule))
        return Target(seats[0].interface.machine, port=port, interface=seat.interface.name)

    def _proxy(self, name: str, rule: Forwarding) -> Interface:
        """What stands for proxies: they are somewhere in a subnet kept for them, or are Google's front ends."""
        ranges, network = FRONT_ENDS, ""
        if rule.region or "INTERNAL" in rule.scheme:
            network, ranges = rule.network, AddressSet()
            for subnet in self._estate.subnets.values():
                near = not rule.region or f"/regions/{rule.region}/" in subnet.key
                if subnet.purpose in _PROXY_SUBNETS and near and network in ("", subnet.network):
                    ranges |= subnet.ranges
        return Interface(
            f"proxies of {name}", Role.BALANCER, machine=name, network=network_name(network), origin=rule.origin,
            ranges=ranges,
        )  # fmt: skip


def floating(seat: Seat, rule: Forwarding) -> Seat:
    """The interface of a seat for packets with a load balancer's address, which in IPv6 is a range."""
    meant, _ = addresses(*([rule.address] if rule.address else []))
    own = meant if meant.size() == 1 else AddressSet()
    interface = replace(
        seat.interface, name=f"{seat.interface.name} for {rule.address or rule.name}", addresses=own, machine="",
        delegated=AddressSet(), public=AddressSet(), entered={}, leaves={}, ranges=meant - own,
    )  # fmt: skip
    return replace(seat, interface=interface)


def _kind(rule: Forwarding) -> str:
    """The collection that a forwarding rule leads to; empty where that is nothing that balances, such as a VPN."""
    path = rule.service or rule.target
    kind = path.rsplit("/", 2)[-2] if path.count("/") > 1 else ""
    return kind if kind in PROXIES or kind in _PASSTHROUGH else ""


def _inner_network(rule: Forwarding) -> str:
    return rule.network if "INTERNAL" in rule.scheme else ""


def _facing(rule: Forwarding) -> Fact:
    text = f"its load balancing scheme is {rule.scheme or 'not written'}"
    if not rule.scheme:
        return Fact(Answer.UNKNOWN, text, rule.origin, rule.field)
    return Fact(Answer.NO if "INTERNAL" in rule.scheme else Answer.YES, text, rule.origin, rule.field)


def _protocols(rule: Forwarding) -> tuple[int, ...]:
    """TCP where nothing is written (API, ``IPProtocol``); L3_DEFAULT is all that has ports here."""
    if rule.protocol == "L3_DEFAULT":
        return (TCP, UDP)
    number = protocol(rule.protocol or "tcp")
    return (number,) if number is not None else ()


def _ports(rule: Forwarding) -> list[int]:
    """The ports of a rule one by one; none where they are too many, or all."""
    found = [port for first, end in rule.ports or () for port in range(first, min(end, first + _MOST_PORTS) + 1)]
    return found if len(found) <= _MOST_PORTS else []
