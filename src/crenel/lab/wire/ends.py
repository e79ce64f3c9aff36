"""Who is there: the interfaces with their addresses, and hosts outside in every block that rules tell apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from crenel.lab.cluster.outside import UNUSABLE, Inside, world
from crenel.lab.probing.probes import Party
from crenel.lab.twin.topology import OUTSIDE
from crenel.network.addresses import AddressSet, Family, address_text
from crenel.network.wire import Wire


@dataclass(frozen=True, slots=True)
class Ends:
    """All ends of a wire. `absent` are addresses, or interfaces, that the twin cannot have, in words."""

    interfaces: tuple[Party, ...]
    outside: tuple[Party, ...]
    absent: tuple[str, ...]

    @property
    def all(self) -> tuple[Party, ...]:
        """Everybody."""
        return self.interfaces + self.outside


def ends(wire: Wire) -> Ends:
    """Of each interface the first and the last address per family; of each block outside as `outside.world` chooses.

    Of two interfaces with the same address the first has it.
    """
    parties: list[Party] = []
    taken, absent = AddressSet(), []
    for each in wire.infrastructure.interfaces:
        free = each.addresses - UNUSABLE - taken
        if not free:
            absent.append(each.name)
        taken |= each.addresses
        index = wire.index(each.name)
        parties += (
            Party(each.name, each.name, f"interface {each.name}", index, "", family, text)
            for family, text in _first_and_last(free)
        )
    found = world(wire.forth, (), Inside(taken, taken), ())
    outside = (
        Party(host.title, host.title, OUTSIDE, host.endpoint, "", host.family, host.text) for host in found.hosts
    )
    return Ends(tuple(parties), tuple(outside), (*absent, *found.unprobed))


def _first_and_last(some: AddressSet) -> Iterator[tuple[Family, str]]:
    for family in some.families():
        ranges = some.ranges(family)
        for value in dict.fromkeys((ranges[0][0], ranges[-1][1])):
            yield family, address_text(family, value)


def edges(wire: Wire, protocol: int) -> list[int]:
    """The first and the last port of each range that rules, or the choice of clients, tell apart."""
    slots = [slot for slot in wire.forth.table.slots if slot.protocol == protocol]
    return sorted({port for slot in slots for port in (slot.first, slot.last)})
