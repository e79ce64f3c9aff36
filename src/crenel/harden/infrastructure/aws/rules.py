"""Lines of an intent as single rules of AWS: one protocol, one range of ports, one other end.

Source: EC2 API, ``AuthorizeSecurityGroupIngress``: ``-1`` is every protocol; TCP and UDP have ports, ICMP a type and a
code, -1 for any; of all other protocols no ports are told apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from crenel.harden.infrastructure.lines import Line
from crenel.harden.infrastructure.traffic import rows
from crenel.network.addresses import FAMILIES, AddressSet, Family
from crenel.network.traffic import ICMP, ICMPV6, LAST_PORT, PORTED, SCTP, TCP, UDP, Match

_NAMES = {TCP: "tcp", UDP: "udp", ICMP: "icmp", ICMPV6: "icmpv6"}
_FOREIGN: dict[Family, int] = {4: ICMPV6, 6: ICMP}
_UNSPEAKABLE = re.compile(r"[^a-zA-Z0-9. _:/()#,@\[\]+=&;{}!$*-]")
_LONGEST = 255


@dataclass(frozen=True, slots=True)
class Ports:
    """Protocol and ports as they are written; ports None where none are."""

    protocol: str
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. Its other end is a CIDR, or a group or a prefix list by our name for it.

    `weight` is what it counts for in each family against the quota: a reference to a group counts once in both, one to
    a prefix list as much as that has entries (VPC user guide, "Amazon VPC quotas").
    """

    ports: Ports
    cidr: str = ""
    group: str = ""
    listed: str = ""
    why: str = ""
    weight: tuple[int, int] = (0, 0)


def inexpressible(match: Match) -> str:
    """Why security groups cannot say some traffic; empty where they can."""
    if match.protocol == SCTP and match.ports not in (None, (1, LAST_PORT)):
        return "security groups of AWS do not tell ports of SCTP apart"
    return ""


def ports_of(match: Match | None) -> Ports:
    """Protocol and ports of one row."""
    if match is None or match.protocol is None:
        return Ports("-1")
    name = _NAMES.get(match.protocol, str(match.protocol))
    if match.protocol in (ICMP, ICMPV6):
        return Ports(name, -1, -1)
    if match.protocol in PORTED and match.protocol != SCTP:
        return Ports(name, *(match.ports or (0, LAST_PORT)))
    return Ports(name)


def rules(line: Line, lists: Mapping[AddressSet, str]) -> Iterator[Rule]:
    """The rules of one line. `lists` are the addresses that have a prefix list, which is of one family."""
    why = description(line.why)
    for match in rows(line.kinds):
        if line.group:
            yield Rule(ports_of(match), group=line.group, why=why, weight=(1, 1))
        for family in FAMILIES if not line.group else ():
            if match is not None and match.protocol == _FOREIGN[family]:
                continue
            part = line.addresses.only(family)
            cidrs, one = part.cidrs(), (1, 0) if family == 4 else (0, 1)
            if part in lists:
                weight = (one[0] * len(cidrs), one[1] * len(cidrs))
                yield Rule(ports_of(match), listed=lists[part], why=why, weight=weight)
            else:
                yield from (Rule(ports_of(match), each, why=why, weight=one) for each in cidrs)


def description(why: tuple[str, ...]) -> str:
    """Reasons as the description of a rule: no more than 255 characters, of those that are allowed there."""
    text = _UNSPEAKABLE.sub("", "; ".join(why))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
