"""Which groups stand where, as tiers.

Source: "How network security groups filter network traffic": inbound the group of the subnet comes first, then that of
the interface, outbound the other way round, and both have to allow; that includes traffic within the subnet. Where
there is none everything passes, unless a public address of the Standard SKU is in front ("Public IP addresses").
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from crenel.dialects.azure.fields import last
from crenel.dialects.azure.records import Estate, Group
from crenel.dialects.azure.rules import Place, Translator
from crenel.dialects.azure.seats import Seat
from crenel.dialects.azure.spaces import EVERYTHING, Space, Spaces
from crenel.network.addresses import AddressSet
from crenel.network.firewalls import Filter, FilterRule, Peer, Tier
from crenel.network.rules import Action, Direction
from crenel.provenance import NOWHERE

API = "azure"
SUBNET = "network security group of the subnet"
INTERFACE = "network security group of the interface"
ADMIN = "security admin rules"
_LEVELS = {Direction.INGRESS: (SUBNET, INTERFACE), Direction.EGRESS: (INTERFACE, SUBNET)}


@dataclass(frozen=True, slots=True)
class _Attached:
    """Interfaces that one group guards where VirtualNetwork is the same. `group` None: whether any does is unknown."""

    group: str | None
    space: Space
    seats: tuple[Seat, ...]


class Tiers:
    """Makes the tiers of an estate."""

    def __init__(
        self, estate: Estate, translator: Translator, spaces: Spaces, closed: Mapping[str, bool | None]
    ) -> None:  # fmt: skip
        self._estate = estate
        self._translator = translator
        self._spaces = spaces
        self._closed = closed
        self._times: Counter[str | None] = Counter()

    def all(self, seats: Sequence[Seat]) -> list[Tier]:
        """Those of both directions, in the order in which packets meet them."""
        attached = {level: self._attached(seats, level) for level in (SUBNET, INTERFACE)}
        self._times.update(each.group for listed in attached.values() for each in listed)
        found: list[Tier] = []
        for direction in (Direction.EGRESS, Direction.INGRESS):
            found += self._admin(seats, direction)
            first, second = _LEVELS[direction]
            for level, passes in ((first, Action.NEXT), (second, Action.ALLOW)):
                filters = [self._filter(each, level, direction, passes) for each in attached[level]]
                if level == INTERFACE and direction is Direction.INGRESS:
                    filters += self._unopened(seats)
                if filters:
                    found.append(Tier(level, direction, (tuple(filters),), isolating=True))
        return found

    def _attached(self, seats: Sequence[Seat], level: str) -> list[_Attached]:
        groups: dict[tuple[str | None, Space], list[Seat]] = defaultdict(list)
        for seat in seats:
            group = self._group_of(seat, level)
            if group != "":
                groups[group, self._spaces.at(seat.subnet, seat.nic.key)].append(seat)
        return [_Attached(group, space, tuple(mine)) for (group, space), mine in groups.items()]

    def _group_of(self, seat: Seat, level: str) -> str | None:
        """The key of the group that guards an interface at a level; empty for none, None for nobody knows.

        Private endpoints have none but where the network policies of their subnet are enabled ("Manage network policies
        for private endpoints").
        """
        if level == INTERFACE:
            told = self._estate.nic_groups.get(seat.nic.key, "")
            return seat.nic.group or told or seat.nic.group
        known = self._estate.subnets.get(seat.subnet)
        if seat.nic.endpoint and (known is None or not known.endpoints_guarded):
            return "" if known is not None and known.endpoints_guarded is False else None
        told = self._estate.subnet_groups.get(seat.subnet, "")
        if known is None:
            return told or None
        return known.group or told or known.group

    def _filter(self, attached: _Attached, level: str, direction: Direction, passes: Action) -> Filter:
        names = frozenset(seat.interface.name for seat in attached.seats)
        if attached.group is None:
            return Filter(f"the {level}, if it has one (not in the input)", frozenset(), (), names, api=API)
        group = self._estate.groups.get(attached.group)
        if group is None:
            group = Group(attached.group, last(attached.group), partial=True)
            if attached.group not in self._estate.loose_rules:
                group = replace(group, name=f"{group.name}, which is not in the input")
        place = _place(attached.seats, attached.space, direction, passes)
        rules = self._translator.rules(group, place)
        title = group.title if self._times[attached.group] == 1 else f"{group.title} ({self._where(attached, level)})"
        return Filter(title, names, rules, origin=group.origin, api=API)

    def _where(self, attached: _Attached, level: str) -> str:
        """Where a group is that is at several places."""
        keys = dict.fromkeys(seat.subnet for seat in attached.seats)
        names = sorted({known.name if (known := self._estate.subnets.get(key)) else last(key) for key in keys})
        more = f" and {len(names) - 2} more" if len(names) > 2 else ""
        return f"{'subnet' if level == SUBNET else 'interfaces in'} {', '.join(names[:2])}{more}"

    def _admin(self, seats: Sequence[Seat], direction: Direction) -> Iterator[Tier]:
        """Security admin rules come before all groups ("Azure network security groups overview")."""
        filters = []
        for key, rules in self._estate.admin_rules.items():
            mine = tuple(seat for seat in seats if key in (seat.nic.key, seat.subnet))
            if mine and rules:
                space = self._spaces.at(mine[0].subnet, mine[0].nic.key)
                made = self._translator.admin_rules(rules, _place(mine, space, direction, Action.NEXT))
                names = frozenset(seat.interface.name for seat in mine)
                filters.append(
                    Filter(f"{ADMIN} of {last(key)}", names, made, origin=rules[0].origin or NOWHERE, api=API)
                )
        if filters:
            yield Tier(ADMIN, direction, tuple((each,) for each in filters))

    def _unopened(self, seats: Sequence[Seat]) -> Iterator[Filter]:
        """Interfaces with a Standard public address, or behind one, that no group opens to the internet."""
        for seat in seats:
            levels = {self._group_of(seat, level) for level in (SUBNET, INTERFACE)}
            answers = {seat.standard, *(self._closed.get(place, False) for place in seat.places)}
            if levels == {""} and answers != {False}:
                space = self._spaces.at(seat.subnet, seat.nic.key)
                name = frozenset({seat.interface.name})
                sure = name if True in answers else frozenset[str]()
                rule = FilterRule(Action.ALLOW, Peer(addresses=EVERYTHING - space.internet), name="not the internet")
                title = f"no network security group at {seat.interface.name}, whose Standard public address needs one"
                yield Filter(title, sure, (rule,), name - sure, seat.interface.origin, API)


def _place(seats: Sequence[Seat], space: Space, direction: Direction, passes: Action) -> Place:
    v4: list[tuple[int, int]] = []
    v6: list[tuple[int, int]] = []
    for seat in seats:
        for addresses in (seat.interface.addresses, seat.interface.ranges, seat.interface.delegated):
            v4 += addresses.v4
            v6 += addresses.v6
    nameless = any(not (seat.interface.addresses or seat.interface.ranges) for seat in seats)
    return Place(direction, space, AddressSet() | AddressSet(tuple(v4), tuple(v6)), nameless, passes)
