"""Network ACLs of an intent, which know no connections: what comes in has its answer going out, and the other way.

Source: VPC user guide, "Network ACLs" (the first entry that matches decides, traffic within the subnet is not judged,
an answer needs an entry of its own, to the port that the client chose) and "Amazon VPC quotas" (20 rules a direction,
those that deny the rest, one for each family, included).

They are the second wall behind the security groups, which are exact: where the entries are too many the same addresses
are let through with all their traffic.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from crenel.harden.infrastructure.aws.rules import Ports
from crenel.harden.infrastructure.lines import Line, lines
from crenel.harden.infrastructure.model import End, Group, Opening, Subnet, Wanted
from crenel.harden.infrastructure.texts import shown
from crenel.harden.infrastructure.traffic import rows
from crenel.harden.infrastructure.written import Unfit
from crenel.network.addresses import FAMILIES, AddressSet, Family
from crenel.network.rules import Direction
from crenel.network.traffic import ICMP, ICMPV6, LAST_PORT, TCP, UDP, Match
from crenel.network.wire import CLIENT_PORTS

ENTRIES = 18
"""What a list has room for in one direction: the quota without the two entries that deny the rest."""
FIRST, STEP = 100, 10
_FOREIGN: dict[Family, int] = {4: ICMPV6, 6: ICMP}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry that allows. The protocol is a number as text, or ``-1``; ICMP has type and code for ports."""

    number: int
    ports: Ports
    cidr: str


@dataclass(frozen=True, slots=True)
class Acl:
    """The list of one subnet."""

    subnet: Subnet
    entries: Mapping[Direction, Sequence[Entry]]
    coarse: bool = False
    """Whether traffic is not told apart because the entries would be too many."""


@dataclass(frozen=True, slots=True)
class Acls:
    """All lists of an intent."""

    acls: Sequence[Acl]
    unfit: Sequence[Unfit]


def acls(wanted: Wanted) -> Acls:
    """The lists of all subnets that have members of groups only."""
    made: list[Acl] = []
    unfit: list[Unfit] = []
    for subnet in wanted.subnets:
        here = [each for each in wanted.groups if any(one.subnet == subnet.name for one in each.members)]
        if not here:
            continue
        if subnet.shared:
            unfit.append(Unfit(subnet.name, f"no network ACL is written: {_others(subnet.shared)} in this subnet too"))
            continue
        if unknown := [each for group in here for each in _nameless(wanted, group)]:
            text = f"no network ACL is written: no address of {shown(dict.fromkeys(unknown))} is known"
            unfit.append(Unfit(subnet.name, text))
            continue
        fine, rough = _of(wanted, subnet, here, coarse=False), _of(wanted, subnet, here, coarse=True)
        fitting = next((each for each in (fine, rough) if _size(each) <= ENTRIES), None)
        if fitting is not None:
            made.append(fitting)
        else:
            text = f"no network ACL is written: it takes {_size(rough)} entries in one direction, of {ENTRIES} at most"
            unfit.append(Unfit(subnet.name, text))
    return Acls(made, unfit)


def _nameless(wanted: Wanted, group: Group) -> Iterator[str]:
    """The groups that one has to do with of which no address is known."""
    for direction in Direction:
        for opening in wanted.of(group.name, direction):
            yield from (each for each in sorted(opening.end.groups) if not wanted.addresses_of(End(frozenset({each}))))


def _others(names: Sequence[str]) -> str:
    return f"{shown(names)}, which nothing is known of, {'is' if len(names) == 1 else 'are'}"


def _size(acl: Acl) -> int:
    return max(len(each) for each in acl.entries.values())


def _of(wanted: Wanted, subnet: Subnet, here: Sequence[Group], coarse: bool) -> Acl:
    entries = {}
    for direction in Direction:
        asked = [_crossing(wanted, subnet, each) for group in here for each in wanted.of(group.name, direction)]
        answers = [_crossing(wanted, subnet, each) for group in here for each in wanted.of(group.name, direction.other)]
        found = [*asked, *(replace(each, traffic=_replies(each)) for each in answers)]
        found = [replace(each, traffic=None) for each in found] if coarse else found
        entries[direction] = tuple(_entries(lines(found)))
    return Acl(subnet, entries, coarse)


def _crossing(wanted: Wanted, subnet: Subnet, opening: Opening) -> Opening:
    """An opening by addresses, without the ranges that are all inside of the subnet, which are not judged."""
    ranges = [each for each in wanted.addresses_of(opening.end).cidrs() if not AddressSet.of(each) <= subnet.addresses]
    return replace(opening, end=End(addresses=AddressSet.of(*ranges)))


def _replies(opening: Opening) -> tuple[Match, ...] | None:
    """What answers an opening: to the ports that clients choose (`crenel.network.wire.CLIENT_PORTS`)."""
    if opening.traffic is None:
        return None
    protocols = dict.fromkeys(each.protocol for each in opening.traffic)
    if None in protocols:
        return None
    return tuple(Match(each, CLIENT_PORTS) if each in (TCP, UDP) else Match(each) for each in protocols)


def _entries(found: Sequence[Line]) -> Iterator[Entry]:
    number = FIRST
    for line in found:
        for match in rows(line.kinds):
            for cidr in _cidrs(line.addresses, match):
                yield Entry(number, _ports(match), cidr)
                number += STEP


def _cidrs(addresses: AddressSet, match: Match | None) -> Iterator[str]:
    for family in FAMILIES:
        if match is None or match.protocol != _FOREIGN[family]:
            yield from addresses.only(family).cidrs()


def _ports(match: Match | None) -> Ports:
    if match is None or match.protocol is None:
        return Ports("-1")
    if match.protocol in (ICMP, ICMPV6):
        return Ports(str(match.protocol), -1, -1)
    if match.protocol in (TCP, UDP):
        return Ports(str(match.protocol), *(match.ports or (0, LAST_PORT)))
    return Ports(str(match.protocol))
