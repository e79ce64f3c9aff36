"""Interfaces with all that firewalls, routes and load balancers ask of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from crenel.dialects.azure.effective import readable
from crenel.dialects.azure.fields import last, parent
from crenel.dialects.azure.naming import apart, provider_id, short
from crenel.dialects.azure.records import Configuration, Estate, Nic
from crenel.dialects.azure.routing import Routing
from crenel.dialects.azure.spaces import PRIVATE, Spaces
from crenel.network.addresses import FAMILIES, AddressSet, Family
from crenel.network.firewalls import Interface, Role
from crenel.provenance import NOWHERE

_PODS = "microsoft.containerservice/managedclusters"
"""What a subnet is delegated to whose addresses pods get (AKS, "Configure Azure CNI networking for dynamic allocation
of IPs")."""


@dataclass(frozen=True, slots=True)
class Seat:
    """An interface and where it is. Keys are those of records.

    `standard` says that it has a public address of the Standard SKU (None: it may have); `floating` that it is the one
    of another for packets with the address of a load balancer.
    """

    interface: Interface
    nic: Nic
    subnet: str = ""
    configurations: tuple[Configuration, ...] = ()
    standard: bool | None = False
    floating: bool = False

    @property
    def places(self) -> frozenset[str]:
        """The keys of its address configurations and of the pools that these are in."""
        return frozenset(key for each in self.configurations for key in (each.key, *each.pools, *each.natted))


@dataclass(slots=True)
class Seating:
    """Makes the interfaces of an estate."""

    estate: Estate
    routing: Routing
    spaces: Spaces
    _names: dict[str, str] = field(default_factory=dict)

    def seats(self) -> list[Seat]:
        """All interfaces, in the order of the input."""
        nics = [*self._nics()]
        self._names = apart({nic.key: short(nic.key, nic.name) for nic in nics})
        found = [seat for nic in nics for seat in self._of(nic)]
        return [*(self._routing_for_pods(seat) for seat in found), *self._pod_subnets()]

    def _nics(self) -> Iterator[Nic]:
        estate = self.estate
        for nic in estate.nics.values():
            more = tuple(estate.nic_members.get(nic.key, ()))
            yield replace(nic, machine=nic.machine or estate.machines.get(nic.key, ""), groups=(*nic.groups, *more))
        instances = {parent(key, levels) for key in (*estate.nics, *estate.sets) for levels in (1, 2)}
        for key, nic in estate.sets.items():
            if key not in instances:
                yield nic
        for key, machine in estate.machines.items():
            if key not in estate.nics and parent(key) not in estate.sets:
                yield Nic(key, last(key), machine, None)

    def _of(self, nic: Nic) -> Iterator[Seat]:
        configurations = self._pooled(nic)
        main = [_main(configurations, family) for family in (4, 6)]
        first, second = (each for each in main)
        if first and second and bool(first.address) != bool(second.address):
            yield self._seat(nic, [first], "", [])
            yield self._seat(nic, [second], second.name, [])
        else:
            yield self._seat(nic, [each for each in main if each], "", self._delegated(configurations, main))
        for each in configurations:
            if each not in main and not self._is_delegated(each, main):
                yield self._seat(nic, [each], each.name, [])

    def _pooled(self, nic: Nic) -> list[Configuration]:
        more = self.estate.configuration_pools
        return [replace(each, pools=(*each.pools, *more.get(each.key, ()))) for each in nic.configurations]

    def _delegated(self, configurations: Iterable[Configuration], main: Sequence[Configuration | None]) -> list[str]:
        return [each.address for each in configurations if each not in main and self._is_delegated(each, main)]

    def _is_delegated(self, each: Configuration, main: Sequence[Configuration | None]) -> bool:
        """Whether a further configuration is but one more address, as those are that pods get (Azure CNI)."""
        subnets = {one.subnet for one in main if one}
        return each.public == "" and not each.pools and not each.natted and each.subnet in subnets

    def _seat(self, nic: Nic, configurations: list[Configuration], suffix: str, delegated: list[str]) -> Seat:
        subnet = next((each.subnet for each in configurations if each.subnet), "") or ""
        name = self._names[nic.key]
        families: tuple[Family, ...] = FAMILIES if configurations else ()
        addresses = self._addresses(nic, configurations)
        interface = Interface(
            f"{name}/{suffix}" if suffix else name, Role.OTHER if nic.endpoint else Role.MACHINE, addresses,
            readable(tuple(delegated)), self._public_addresses(configurations), provider_id(nic.machine),
            self._hostnames(configurations), network=self.estate.network_name(subnet),
            entered={each: self.routing.entered(each, configurations, subnet) for each in families},
            leaves={each: self.routing.leaves(each, nic, configurations, subnet) for each in families},
            origin=nic.origin, ranges=AddressSet() if addresses else self._ranges(configurations),
        )  # fmt: skip
        return Seat(interface, nic, subnet, tuple(configurations), self._standard(configurations))

    def _addresses(self, nic: Nic, configurations: Iterable[Configuration]) -> AddressSet:
        total = AddressSet()
        for each in configurations:
            found = readable((each.address,))
            total |= found
            if each.address and found.size() != 1:
                message = f"{each.address!r} is not an address"
                self.estate.report(message, nic.origin, (), f"network interface {nic.name}")
        return total

    def _ranges(self, configurations: Iterable[Configuration]) -> AddressSet:
        total = AddressSet()
        for each in configurations:
            known = self.estate.subnets.get(each.subnet or "")
            if known is not None:
                total |= readable(known.prefixes).only(6 if each.version == 6 else 4)
        return total

    def _public_addresses(self, configurations: Iterable[Configuration]) -> AddressSet:
        known = (self.estate.publics.get(each.public or "") for each in configurations)
        return readable(tuple(each.address for each in known if each is not None))

    def _hostnames(self, configurations: Iterable[Configuration]) -> tuple[str, ...]:
        known = (self.estate.publics.get(each.public or "") for each in configurations)
        return tuple(each.hostname for each in known if each is not None and each.hostname)

    def _standard(self, configurations: Iterable[Configuration]) -> bool | None:
        answers = [
            known.standard if (known := self.estate.publics.get(each.public or "")) is not None else None
            for each in configurations
            if each.public != ""
        ]
        return True if True in answers else None if None in answers else False

    # What interfaces hand on

    def _routing_for_pods(self, seat: Seat) -> Seat:
        """Routes to an interface for ranges outside of the network: those of pods on it (AKS, "kubenet")."""
        own, table = seat.interface.addresses, self.estate.table_of(seat.subnet)
        if not own or table is None:
            return seat
        outside = PRIVATE - self.spaces.at(seat.subnet, seat.nic.key).own(self.estate)
        handed = seat.interface.delegated
        for route in table.routes:
            addresses = readable((route.prefix,))
            if readable((route.address,)) & own and addresses and addresses <= outside:
                handed |= addresses
        return seat if handed == seat.interface.delegated else replace(
            seat, interface=replace(seat.interface, delegated=handed)
        )  # fmt: skip

    def _pod_subnets(self) -> Iterator[Seat]:
        for subnet in self.estate.subnets.values():
            prefixes = readable(subnet.prefixes)
            delegated = any(each.lower() == _PODS for each in subnet.delegations)
            if prefixes and (delegated or subnet.key in self.estate.pod_subnets):
                nic = Nic(f"{subnet.key}/pods", f"pods in the subnet {subnet.name}", origin=subnet.origin)
                interface = Interface(
                    nic.name, Role.OTHER, delegated=prefixes, ranges=prefixes,
                    network=self.estate.network_name(subnet.key),
                    leaves={4: self.routing.leaves(4, nic, (), subnet.key)}, origin=subnet.origin,
                )  # fmt: skip
                yield Seat(interface, nic, subnet.key)


def _main(configurations: Iterable[Configuration], version: int) -> Configuration | None:
    """The configuration whose address packets of a machine have, of one family."""
    mine = [each for each in configurations if each.version == version]
    return next((each for each in mine if each.primary), mine[0] if mine else None)


def floating(seat: Seat, address: str, name: str) -> Seat:
    """The interface of a seat for packets with a load balancer's address (Azure Load Balancer, "Floating IP")."""
    interface = replace(
        seat.interface, name=f"{seat.interface.name} for {address or name}", addresses=readable((address,)),
        delegated=AddressSet(), public=AddressSet(), machine="", entered={}, leaves={}, ranges=AddressSet(),
    )  # fmt: skip
    return replace(seat, interface=interface, floating=True, standard=False)


def gateway_seat(name: str, subnet: str, estate: Estate) -> Seat:
    """What stands for the instances of an application gateway: they are somewhere in its subnet."""
    known = estate.subnets.get(subnet)
    origin = known.origin if known is not None else NOWHERE
    ranges = readable(known.prefixes) if known is not None else AddressSet()
    interface = Interface(
        name, Role.BALANCER, machine=name, network=estate.network_name(subnet), origin=origin, ranges=ranges
    )  # fmt: skip
    return Seat(interface, Nic(f"{subnet}/{name}", name, origin=origin), subnet)
