"""Members of an intent among the interfaces that a dialect has read: they are known by their addresses."""

from __future__ import annotations

from crenel.harden.infrastructure.comparing import Seen
from crenel.harden.infrastructure.model import Member, Wanted
from crenel.network.addresses import FAMILIES, AddressSet, Family, address_text
from crenel.network.firewalls import Infrastructure


def first(member: Member, family: Family) -> str:
    """The first address of a member in a family; empty where it has none."""
    value = member.addresses.first(family)
    return "" if value is None else address_text(family, value)


def firsts(member: Member) -> list[tuple[Family, str]]:
    """The families in which a member has addresses, each with the first of them."""
    return [(family, text) for family in FAMILIES if (text := first(member, family))]


def found(infrastructure: Infrastructure, wanted: Wanted) -> Seen:
    """What has been read, with the interfaces that stand for members."""
    names = {
        member.name: each.name
        for group in wanted.groups
        for member in group.members
        for each in infrastructure.interfaces
        if each.addresses & member.addresses
    }
    return Seen(infrastructure, names, names)


_WIDTHS: dict[Family, int] = {4: 16, 6: 48}


def networks(wanted: Wanted) -> list[str]:
    """Networks as virtual ones usually are, around the addresses of all members."""
    found = AddressSet()
    for family in FAMILIES:
        for first_, last in around(wanted).ranges(family):
            for value in (first_, last):
                found |= AddressSet.of(f"{address_text(family, value)}/{_WIDTHS[family]}")
    return found.cidrs() or ["192.0.2.0/24"]


def around(wanted: Wanted) -> AddressSet:
    """The addresses of all members."""
    total = AddressSet()
    for group in wanted.groups:
        total |= group.addresses
    return total
