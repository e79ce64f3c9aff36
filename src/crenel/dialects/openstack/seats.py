"""Ports and servers as interfaces, with the groups that guard them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from crenel.dialects import trees
from crenel.dialects.openstack.reading import ranges
from crenel.dialects.openstack.records import Estate, FixedAddress, Port, Server
from crenel.dialects.openstack.routing import Routing
from crenel.dialects.openstack.rules import Members
from crenel.network.addresses import AddressSet
from crenel.network.firewalls import Interface, Role
from crenel.provenance import NOWHERE


@dataclass(frozen=True, slots=True)
class Seat:
    """An interface with the ids of its groups; None where these are not in the input.

    `secured` is false for a port that nothing filters, None where neither is known.
    """

    interface: Interface
    groups: tuple[str, ...] | None
    secured: bool | None = True
    port: str = ""


class Seating:
    """Makes the interfaces of an estate. Ports of load balancers are left to these: `taken` are their ids."""

    def __init__(self, estate: Estate, routing: Routing, taken: frozenset[str]) -> None:
        self._estate = estate
        self._routing = routing
        self._taken = taken
        self._hosts: dict[str, list[Server]] = defaultdict(list)
        for server in estate.servers.values():
            for text in server.fixed:
                self._hosts[text].append(server)
        self._owned = {port: server.id for server in estate.servers.values() for port in server.ports}

    def seats(self) -> list[Seat]:
        """All interfaces: those of ports, and of servers no port of which is in the input."""
        ports = [each for each in self._estate.ports.values() if not each.trusted and each.id not in self._taken]
        machines = {port.id: self._machine(port) for port in ports}
        served = set(machines.values())
        servers = [each for each in self._estate.servers.values() if each.id not in served]
        times = Counter([*(self._called(port, machines[port.id]) for port in ports), *(each.name for each in servers)])
        named = ((port, machines[port.id], self._called(port, machines[port.id])) for port in ports)
        return [
            *(self._of_port(port, _apart(called, port.id, times), machine) for port, machine, called in named),
            *(self._of_server(each, _apart(each.name or each.id, each.id, times)) for each in servers),
        ]

    def _machine(self, port: Port) -> str:
        """The id of the server that a port belongs to; empty where that is not known.

        A port says it itself; lists of the command line do not, but those of servers have the addresses.
        """
        if port.device and (not port.owner or port.owner.startswith("compute:")):
            return port.device
        if port.device or port.id in self._owned:
            return self._owned.get(port.id, "")
        found = {server.id for each in port.fixed for server in self._hosts.get(each.address, ())}
        return found.pop() if len(found) == 1 else ""

    def _called(self, port: Port, machine: str) -> str:
        server = self._estate.servers.get(machine)
        return port.name or (server.name if server is not None else "") or port.id

    def _of_port(self, port: Port, name: str, machine: str) -> Seat:
        addresses = self._addresses(port)
        nowhere = AddressSet()
        for each in () if addresses else port.fixed or self._anywhere(port):
            nowhere |= ranges(self._estate.subnets.get(each.subnet))
        pairs, wrong = trees.addresses(*port.pairs)
        for text in wrong:
            self._estate.report(f"{text!r} is no address or CIDR", port.origin, port.field, f"port {name}")
        public = self._routing.floating(port)
        network = self._estate.networks.get(port.network)
        interface = Interface(
            name, Role.MACHINE if machine or not port.owner else Role.OTHER, addresses, pairs - addresses, public,
            f"openstack:///{machine}" if machine else "",
            network=network.name if network is not None else port.network,
            entered={each: self._routing.entered(each, port, addresses) for each in (4, 6)},
            leaves={each: self._routing.leaves(each, port, addresses) for each in (4, 6)},
            origin=port.origin, ranges=nowhere,
        )  # fmt: skip
        return Seat(interface, port.groups, _secured(port), port.id)

    def _addresses(self, port: Port) -> AddressSet:
        texts = [each.address for each in port.fixed if each.address]
        found, wrong = trees.addresses(*texts)
        for text in wrong:
            self._estate.report(f"{text!r} is no address", port.origin, port.field, f"port {port.name or port.id}")
        return found

    def _anywhere(self, port: Port) -> Iterable[FixedAddress]:
        """A port without addresses may get one of each subnet of its network."""
        return [FixedAddress("", each.id) for each in self._estate.subnets.values() if each.network == port.network]

    def _of_server(self, server: Server, name: str) -> Seat:
        port = Port(
            server.id, server.name, tuple(FixedAddress(each) for each in server.fixed), device=server.id,
            origin=server.origin, field=server.field,
        )  # fmt: skip
        public = trees.addresses(*server.floating)[0]
        addresses = self._addresses(port)
        interface = Interface(
            name, Role.MACHINE, addresses, public=public, machine=f"openstack:///{server.id}",
            entered={each: self._routing.entered(each, port, addresses, public) for each in (4, 6)},
            leaves={each: self._routing.leaves(each, port, addresses, public) for each in (4, 6)},
            network=", ".join(server.networks), origin=server.origin,
        )  # fmt: skip
        return Seat(interface, self._by_name(server), True if server.groups else None)

    def _by_name(self, server: Server) -> tuple[str, ...] | None:
        """The ids of the groups that a server names; None where one is not known, or not the only one of its name."""
        if not server.groups:
            return None
        by_name: dict[str, list[str]] = defaultdict(list)
        for group in self._estate.groups.values():
            by_name[group.name].append(group.id)
            by_name[group.id].append(group.id)
        found = [by_name.get(each, []) for each in server.groups]
        return tuple(each[0] for each in found) if all(len(set(each)) == 1 for each in found) else None


def _apart(called: str, key: str, times: Counter[str]) -> str:
    return f"{called} ({key})" if times[called] > 1 and called != key else called


def _secured(port: Port) -> bool | None:
    """Whether a port is filtered: port security is required for a port to have groups (Neutron, port security)."""
    if port.secured is not None:
        return port.secured
    return True if port.groups else None


def members(seats: Sequence[Seat]) -> dict[str, Members]:
    """The members of all groups."""
    v4: dict[str, list[tuple[int, int]]] = defaultdict(list)
    v6: dict[str, list[tuple[int, int]]] = defaultdict(list)
    nameless: dict[str, dict[str, AddressSet]] = defaultdict(dict)
    for group, seat in _pairs(seats):
        each = seat.interface
        v4[group] += each.addresses.v4 + each.delegated.v4
        v6[group] += each.addresses.v6 + each.delegated.v6
        if not each.addresses:
            nameless[group][each.name] = each.ranges
    return {
        group: Members(AddressSet() | AddressSet(tuple(v4[group]), tuple(v6[group])), nameless.get(group))
        for group in {**v4, **v6, **nameless}
    }


def _pairs(seats: Iterable[Seat]) -> Iterator[tuple[str, Seat]]:
    for seat in seats:
        for group in seat.groups or ():
            yield group, seat


def balancer_seat(name: str, address: AddressSet, where: AddressSet) -> Seat:
    """What stands for a load balancer: the addresses that it connects from, or where these are."""
    interface = Interface(name, Role.BALANCER, address, machine=name, ranges=where, origin=NOWHERE)
    return Seat(interface, (), False)
