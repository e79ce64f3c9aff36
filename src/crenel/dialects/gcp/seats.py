"""Interfaces of instances as interfaces of the neutral model.

Source: "Network interfaces" and "IP addresses" (Compute Engine): what is outside sees the external address of an
access configuration, firewalls see the internal one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from crenel.dialects.gcp.machines import short_name
from crenel.dialects.gcp.naming import apart, last, place_of, project_of, provider_id, region_of
from crenel.dialects.gcp.records import Estate, Instance, Nic
from crenel.dialects.gcp.routing import Routing
from crenel.network.addresses import FAMILIES, AddressSet
from crenel.network.firewalls import Interface, Role


@dataclass(frozen=True, slots=True)
class Seat:
    """An interface with what it was made of. `secure` are its secure tags, None where these are not known."""

    interface: Interface
    instance: Instance
    nic: Nic
    secure: frozenset[str] | None = None

    @property
    def region(self) -> str:
        """The region that it is in."""
        return region_of(place_of(self.instance.key))


def seats(estate: Estate) -> list[Seat]:
    """All interfaces of all instances."""
    pairs = [(instance, nic) for instance in estate.instances.values() for nic in instance.nics]
    names = apart({f"{instance.key}/{nic.name}": short_name(instance, nic) for instance, nic in pairs})
    routing, bound = Routing(estate), _bound(estate)
    return [
        Seat(
            _interface(names[f"{instance.key}/{nic.name}"], instance, nic, estate, routing),
            instance,
            nic,
            _secure(instance, bound),
        )
        for instance, nic in pairs
    ]


def _interface(name: str, instance: Instance, nic: Nic, estate: Estate, routing: Routing) -> Interface:
    ranges = AddressSet()
    if not nic.addresses and nic.subnet in estate.subnets:
        ranges = estate.subnets[nic.subnet].ranges
    return Interface(
        name,
        Role.MACHINE,
        nic.addresses,
        nic.aliases - nic.addresses,
        nic.external,
        provider_id(instance.key),
        nic.hostnames,
        network_name(nic.network),
        {family: routing.entered(instance, nic, family) for family in FAMILIES},
        {family: routing.leaves(instance, nic, family) for family in FAMILIES},
        instance.origin,
        ranges,
    )


def _bound(estate: Estate) -> dict[tuple[str, str], set[str]]:
    """Secure tags by the zone of an instance and by its number or name."""
    return {(place_of(path), last(path)): tags for path, tags in estate.bindings.items()}


def _secure(instance: Instance, bound: Mapping[tuple[str, str], set[str]]) -> frozenset[str] | None:
    """The secure tags that an instance is made with, or that are bound to it."""
    place = place_of(instance.key)
    found = [bound[place, name] for name in (instance.number, instance.name) if (place, name) in bound]
    return frozenset[str]().union(*found, instance.secure or ()) if found else instance.secure


def within(seated: Sequence[Seat], network: str) -> Iterator[Seat]:
    """Those in one network."""
    return (seat for seat in seated if seat.nic.network == network)


def network_name(path: str) -> str:
    """What a network is called, with its project."""
    return f"{project_of(path)}/{last(path)}" if project_of(path) else last(path)
