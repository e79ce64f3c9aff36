"""Network security groups of an intent: ordered rules that allow, and last one for each direction that denies the rest.

Sources: "Azure network security groups overview" (priorities from 100 to 4096, the first match decides, default rules
come after all; augmented rules take several prefixes and ranges of ports, or application security groups, in one rule)
and "Azure subscription and service limits" (1,000 rules a group, 4,000 prefixes).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from crenel.dialects.azure.services import CARRIED
from crenel.dialects.hosts.kinds import ALL, Kinds
from crenel.harden.infrastructure.lines import Line, lines
from crenel.harden.infrastructure.model import Wanted
from crenel.harden.infrastructure.traffic import rows
from crenel.harden.infrastructure.written import Unfit
from crenel.network.addresses import FAMILIES
from crenel.network.rules import Direction
from crenel.network.traffic import ICMP, LAST_PORT, TCP, UDP, Match

FIRST, LAST, STEP = 100, 4096, 10
RULES, PREFIXES = 1000, 4000
_LONGEST = 140
_PROTOCOLS = {TCP: "Tcp", UDP: "Udp", ICMP: "Icmp", 50: "Esp", 51: "Ah"}
_SIDES = {Direction.INGRESS: "in", Direction.EGRESS: "out"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. Its other end is `prefixes`, or the members of the group `asg`; its ports are texts, or ``*``."""

    name: str
    priority: int
    direction: Direction
    protocol: str
    ports: tuple[str, ...]
    prefixes: tuple[str, ...] = ()
    asg: str = ""
    why: str = ""
    allows: bool = True


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """The network security group of one group."""

    name: str
    rules: Sequence[Rule]


@dataclass(frozen=True, slots=True)
class Groups:
    """All network security groups of an intent, and the groups that rules name by their application security group."""

    groups: Sequence[SecurityGroup]
    named: frozenset[str]
    unfit: Sequence[Unfit] = ()


def inexpressible(match: Match) -> str:
    """Why a network security group cannot say some traffic; empty where it can."""
    if match.protocol is None or match.protocol in CARRIED:
        return ""
    return "no virtual network of Azure carries it, or no rule names it"


def groups(wanted: Wanted) -> Groups:
    """The groups of an intent."""
    made: list[SecurityGroup] = []
    unfit: list[Unfit] = []
    for group in wanted.groups:
        drafts = {each: list(_drafts(lines(wanted.of(group.name, each)), each)) for each in Direction}
        if text := _too_many(drafts.values()):
            unfit.append(Unfit(group.name, text))
        else:
            rules = tuple(rule for each, found in drafts.items() for rule in _numbered(found, each))
            made.append(SecurityGroup(group.name, rules))
    return Groups(made, frozenset(rule.asg for each in made for rule in each.rules if rule.asg), unfit)


def _too_many(drafts: Iterable[Sequence[Rule]]) -> str:
    listed = [rule for found in drafts for rule in found]
    count, prefixes = len(listed) + len(Direction), sum(len(each.prefixes) for each in listed)
    if count <= RULES and prefixes <= PREFIXES:
        return ""
    return (
        f"no network security group is written: it takes {count} rules, of {RULES} at most, and {prefixes} prefixes,"
        f" of {PREFIXES} at most"
    )


def _drafts(found: Iterable[Line], direction: Direction) -> Iterator[Rule]:
    """The rules of some lines, without their numbers: one for each protocol and family."""
    for line in found:
        why = _short("; ".join(line.why))
        for protocol, ports in _services(line.kinds):
            if line.group:
                yield Rule("", 0, direction, protocol, ports, asg=line.group, why=why)
            for family in FAMILIES if not line.group else ():
                if prefixes := tuple(line.addresses.only(family).cidrs()):
                    yield Rule("", 0, direction, protocol, ports, prefixes, why=why)


def _services(kinds: Kinds) -> Iterator[tuple[str, tuple[str, ...]]]:
    if kinds == ALL:
        yield "*", ("*",)
        return
    ports: dict[int, list[str]] = defaultdict(list)
    for match in rows(kinds):
        if match is not None and match.protocol in _PROTOCOLS:
            ports[match.protocol].append(_range(match))
    yield from ((_PROTOCOLS[protocol], tuple(listed)) for protocol, listed in ports.items())


def _range(match: Match) -> str:
    if match.ports in (None, (1, LAST_PORT)) or match.ports is None:
        return "*"
    first, last = match.ports
    return str(first) if first == last else f"{first}-{last}"


def _numbered(drafts: Sequence[Rule], direction: Direction) -> Iterator[Rule]:
    step = STEP if FIRST + STEP * len(drafts) < LAST else 1
    side = _SIDES[direction]
    for number, each in enumerate(drafts):
        name = f"{side}-{number + 1}"
        yield Rule(name, FIRST + step * number, direction, each.protocol, each.ports, each.prefixes, each.asg, each.why)
    yield Rule(f"{side}-rest", LAST, direction, "*", ("*",), ("*",), why="what nothing needs", allows=False)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
