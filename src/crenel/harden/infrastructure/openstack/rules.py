"""Security groups of an intent for Neutron: rules that allow, of one IP version, protocol and range of ports each.

Sources: Networking API v2.0, "Security groups" and "Security group rules"; neutron_lib.constants.IP_PROTOCOL_MAP.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from crenel.harden.infrastructure.lines import Line, lines
from crenel.harden.infrastructure.model import Group, Wanted
from crenel.harden.infrastructure.traffic import rows
from crenel.network.addresses import FAMILIES, Family
from crenel.network.rules import Direction
from crenel.network.traffic import ICMP, ICMPV6, PORTED, SCTP, TCP, UDP, Match

_NAMES = {TCP: "tcp", UDP: "udp", SCTP: "sctp", ICMP: "icmp", ICMPV6: "ipv6-icmp"}
_FOREIGN: dict[Family, int] = {4: ICMPV6, 6: ICMP}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. Its other end is a `prefix`, or the members of a group. Protocol and ports are empty for all."""

    direction: Direction
    family: Family
    protocol: str = ""
    ports: tuple[int, int] | None = None
    prefix: str = ""
    group: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """The security group of one group."""

    name: str
    rules: Sequence[Rule]


def inexpressible(match: Match) -> str:
    """Why a rule cannot say some traffic; empty where it can."""
    return "some drivers of Neutron take IP protocol 0 for any protocol" if match.protocol == 0 else ""


def groups(wanted: Wanted) -> list[SecurityGroup]:
    """The groups of an intent."""
    return [SecurityGroup(each.name, list(_rules(wanted, each))) for each in wanted.groups]


def _rules(wanted: Wanted, group: Group) -> Iterator[Rule]:
    for direction in Direction:
        for line in lines(wanted.of(group.name, direction)):
            yield from _of(line, direction, _families(group, wanted, line))


def _families(group: Group, wanted: Wanted, line: Line) -> Sequence[Family]:
    """The families of a rule: of those that two groups speak to each other in, or of the addresses that are named."""
    if not line.group:
        return line.addresses.families()
    ends = [each.addresses | each.ranges for each in (group, wanted.group(line.group))]
    return [family for family in FAMILIES if all(family in each.families() for each in ends)]


def _of(line: Line, direction: Direction, families: Sequence[Family]) -> Iterator[Rule]:
    why = "; ".join(line.why)
    for match in rows(line.kinds):
        protocol, ports = _protocol(match)
        for family in families:
            if match is not None and match.protocol == _FOREIGN[family]:
                continue
            if line.group:
                yield Rule(direction, family, protocol, ports, group=line.group, why=why)
            for cidr in line.addresses.only(family).cidrs() if not line.group else ():
                yield Rule(direction, family, protocol, ports, cidr, why=why)


def _protocol(match: Match | None) -> tuple[str, tuple[int, int] | None]:
    if match is None or match.protocol is None:
        return "", None
    return _NAMES.get(match.protocol, str(match.protocol)), match.ports if match.protocol in PORTED else None
