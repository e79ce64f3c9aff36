"""Whom tags, service accounts and address groups mean: as sources, and as targets.

Sources: "VPC firewall rules", "Sources for ingress rules", "How source network tags and source service accounts imply
packet sources": a source that is an instance means the primary internal IPv4 address of its interface and its IPv6
addresses, neither alias ranges nor external IPv4 addresses. "Secure tags for firewalls" says the same of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from crenel.dialects.gcp.naming import last
from crenel.dialects.gcp.records import End, Instance, Targets
from crenel.dialects.gcp.seats import Seat
from crenel.network.addresses import AddressSet
from crenel.network.firewalls import ANYONE, Peer

_NONE = AddressSet()


@dataclass(frozen=True, slots=True)
class Guarded:
    """Names of interfaces that a rule guards, surely and possibly."""

    sure: frozenset[str]
    possible: frozenset[str] = frozenset()


class Members:
    """Finds them among the interfaces of an estate."""

    def __init__(self, seats: Sequence[Seat], groups: Mapping[str, AddressSet]) -> None:
        self._groups = groups
        self._seats = seats
        self._unbound = frozenset(seat.interface.name for seat in seats if seat.secure is None)
        self._unsettled = {seat.interface.name: seat.instance.doubt for seat in seats if seat.instance.doubt}
        self._by: dict[tuple[str, str], list[Seat]] = {}
        for seat in seats:
            for mark in _marks(seat.instance, seat.secure):
                self._by.setdefault(mark, []).append(seat)

    def peer(self, end: End, around: Sequence[frozenset[str]]) -> Peer:
        """The other end of a rule. `around` are the interfaces that may be meant: those of networks it can speak of."""
        reach = frozenset[str]().union(*around)
        if end.silent:
            return ANYONE
        seats = [seat for seat in self._marked(end) if seat.interface.name in reach]
        addresses = end.ranges
        for group in end.groups:
            addresses |= self._groups.get(group, _NONE)
        named = [seat for seat in seats if not _by_address(seat)]
        for seat in seats:
            addresses |= _sent(seat) if _by_address(seat) else _NONE
        names = frozenset(seat.interface.name for seat in named)
        return Peer(False, addresses or None, names, (*end.unknown, *self._unresolved(end)))

    def _marked(self, end: End) -> Iterable[Seat]:
        marks = [("tag", each) for each in end.tags]
        marks += [("account", each) for each in end.accounts]
        marks += [("secure", each) for each in end.secure]
        return {id(seat): seat for mark in sorted(marks) for seat in self._by.get(mark, ())}.values()

    def _unresolved(self, end: End) -> Iterable[str]:
        yield from (f"address group {last(each)}" for each in end.groups if each not in self._groups)
        if self._unbound or not self._seats:
            yield from (f"secure tag {each}" for each in sorted(end.secure))
        if self._unsettled and (end.tags or end.accounts):
            yield from dict.fromkeys(self._unsettled.values())
        if not self._seats:
            yield from (f"tag {each}" for each in sorted(end.tags))
            yield from (f"service account {each}" for each in sorted(end.accounts))

    def guarded(self, targets: Targets, scope: Guarded) -> Guarded:
        """The interfaces that a rule guards, of those that it is for."""
        if not (targets.tags or targets.accounts or targets.secure):
            return scope
        end = End(tags=targets.tags, accounts=targets.accounts, secure=targets.secure)
        meant = frozenset(seat.interface.name for seat in self._marked(end))
        maybe = frozenset(self._unsettled) if targets.tags or targets.accounts else frozenset[str]()
        maybe |= self._unbound if targets.secure else frozenset[str]()
        sure = scope.sure & meant
        return Guarded(sure, (scope.possible & meant) | ((scope.sure | scope.possible) & maybe) - sure)


def _marks(instance: Instance, secure: frozenset[str] | None) -> Iterable[tuple[str, str]]:
    yield from (("tag", each) for each in instance.tags)
    yield from (("account", each) for each in instance.accounts)
    yield from (("secure", each) for each in secure or ())


def _by_address(seat: Seat) -> bool:
    """Whether it is told by its addresses: where it has others that are not meant, and these are known."""
    return bool(seat.interface.delegated and seat.interface.addresses)


def _sent(seat: Seat) -> AddressSet:
    return seat.interface.addresses | seat.interface.delegated.only(6)
