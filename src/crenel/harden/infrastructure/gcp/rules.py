"""VPC firewall rules of an intent: rules that allow for those with a tag, and one each that denies them the rest.

Source: "VPC firewall rules": of the rules that match the one with the lowest priority decides; the other end of an
ingress rule may be named by tags, that of an egress rule by ranges alone; a rule has ranges of one family.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from crenel.dialects.hosts.kinds import ALL, Kinds
from crenel.harden.infrastructure.lines import Line, lines
from crenel.harden.infrastructure.model import Wanted
from crenel.harden.infrastructure.texts import named
from crenel.harden.infrastructure.traffic import rows
from crenel.harden.infrastructure.written import Unfit
from crenel.network.addresses import FAMILIES
from crenel.network.rules import Direction
from crenel.network.traffic import ICMP, LAST_PORT, SCTP, TCP, UDP, Match

ALLOW, DENY = 1000, 2000
"""Priorities. Rules that Google Kubernetes Engine writes have the first one."""
RANGES = 5000
"""How many ranges a rule may have (Compute Engine API, "firewalls")."""
_PROTOCOLS = {TCP: "tcp", UDP: "udp", ICMP: "icmp", 50: "esp", 51: "ah", SCTP: "sctp", 4: "ipip"}
_SIDES = {Direction.INGRESS: "in", Direction.EGRESS: "out"}
_EVERYWHERE = {4: "0.0.0.0/0", 6: "::/0"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. Its other end is `ranges` of one family, or the members of a group, by its `tag`."""

    name: str
    direction: Direction
    target: str
    services: tuple[tuple[str, tuple[str, ...]], ...]
    """Protocols, each with its ranges of ports, none for all."""
    ranges: tuple[str, ...] = ()
    tag: str = ""
    why: str = ""
    allows: bool = True

    @property
    def priority(self) -> int:
        """When it is tried."""
        return ALLOW if self.allows else DENY


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules of an intent."""

    rules: Sequence[Rule]
    unfit: Sequence[Unfit] = ()


def rules(wanted: Wanted) -> Rules:
    """The rules of an intent, whose groups are no other ends of egress."""
    made: list[Rule] = []
    unfit: list[Unfit] = []
    for group in wanted.groups:
        mine = [each for way in Direction for each in _of(lines(wanted.of(group.name, way)), group.name, way)]
        most = max((len(each.ranges) for each in mine), default=0)
        if most > RANGES:
            text = f"no firewall rules are written: one takes {most} ranges, of {RANGES} at most; join addresses"
            unfit.append(Unfit(group.name, text))
        else:
            made += mine
    return Rules(made, unfit)


def tag(group: str) -> str:
    """The network tag of the members of a group."""
    return named(group)


def _of(found: Iterable[Line], group: str, direction: Direction) -> Iterator[Rule]:
    target, number = tag(group), 0
    for line in found:
        for ends in _ends(line):
            number += 1
            name, why = f"{target}-{_SIDES[direction]}-{number}", "; ".join(line.why)
            yield Rule(name, direction, target, _services(line.kinds), *ends, why=why)
    for family in FAMILIES:
        name = f"{target}-{_SIDES[direction]}-rest-ipv{family}"
        everything = (("all", ()),)
        yield Rule(name, direction, target, everything, (_EVERYWHERE[family],), why="what nothing needs", allows=False)


def _ends(line: Line) -> Iterator[tuple[tuple[str, ...], str]]:
    if line.group:
        yield (), tag(line.group)
    for family in FAMILIES if not line.group else ():
        if ranges := tuple(line.addresses.only(family).cidrs()):
            yield ranges, ""


def _services(kinds: Kinds) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if kinds == ALL:
        return (("all", ()),)
    ports: dict[int, list[str]] = defaultdict(list)
    for match in rows(kinds):
        if match is not None and match.protocol is not None:
            ports[match.protocol] += _range(match)
    return tuple((_PROTOCOLS.get(protocol, str(protocol)), tuple(listed)) for protocol, listed in ports.items())


def _range(match: Match) -> list[str]:
    if match.ports is None or match.ports == (1, LAST_PORT):
        return []
    first, last = match.ports
    return [str(first) if first == last else f"{first}-{last}"]
