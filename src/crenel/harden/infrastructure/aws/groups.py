"""Security groups of an intent, within the quotas of AWS.

Source: VPC user guide, "Amazon VPC quotas": 60 rules a group for each direction and family, 5 groups an interface.
What does not go into one group goes into several, whose rules add up; others refer to the first of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from crenel.harden.infrastructure.aws.rules import Rule, rules
from crenel.harden.infrastructure.lines import Line, lines
from crenel.harden.infrastructure.model import Wanted
from crenel.harden.infrastructure.written import Unfit
from crenel.network.addresses import FAMILIES, AddressSet
from crenel.network.rules import Direction

RULES = 60
GROUPS = 5
_ENTRIES = 1000
"""How many entries a prefix list may have."""


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """One group: its name, whose rules it has, and the rules of each direction."""

    name: str
    owner: str
    rules: Mapping[Direction, Sequence[Rule]]


@dataclass(frozen=True, slots=True)
class Groups:
    """All groups of an intent, and the prefix lists that they refer to, by name."""

    groups: Sequence[SecurityGroup]
    lists: Mapping[str, AddressSet]
    unfit: Sequence[Unfit] = ()

    def of(self, owner: str) -> list[str]:
        """The names of the groups that members of one get."""
        return [each.name for each in self.groups if each.owner == owner]


def groups(wanted: Wanted) -> Groups:
    """The groups of an intent."""
    all_lines = {
        (each.name, direction): lines(wanted.of(each.name, direction))
        for each in wanted.groups
        for direction in Direction
    }
    lists = dict(_lists(line for found in all_lines.values() for line in found))
    taken = {each.name for each in wanted.groups}
    made: list[SecurityGroup] = []
    unfit: list[Unfit] = []
    for group in wanted.groups:
        parts = {
            direction: _parts([rule for line in all_lines[group.name, direction] for rule in rules(line, lists)])
            for direction in Direction
        }
        count = max(1, *(len(each) for each in parts.values()))
        if count > GROUPS:
            unfit.append(Unfit(group.name, _too_many(parts)))
            continue
        for number in range(count):
            mine = {each: found[number] if number < len(found) else () for each, found in parts.items()}
            made.append(SecurityGroup(_called(group.name, number, taken), group.name, mine))
    used = {rule.listed for each in made for found in each.rules.values() for rule in found}
    return Groups(made, {name: part for part, name in lists.items() if name in used}, unfit)


def _called(group: str, number: int, taken: set[str]) -> str:
    """The name of one of the groups that the rules of a group go into; only the first has the name itself."""
    found = group
    while number and found in taken:
        number += 1
        found = f"{group}-{number}"
    taken.add(found)
    return found


def _too_many(parts: Mapping[Direction, Sequence[Sequence[Rule]]]) -> str:
    counts = {
        f"IPv{family} {direction.value}": sum(rule.weight[place] for part in found for rule in part)
        for direction, found in parts.items()
        for place, family in enumerate(FAMILIES)
        if len(found) > GROUPS
    }
    beyond = {name: count for name, count in counts.items() if count > GROUPS * RULES} or counts
    listed = ", ".join(f"{count} rules of {name}" for name, count in beyond.items())
    return (
        f"no security group is written: it takes {listed}, and {GROUPS} groups of {RULES} have room for"
        f" {GROUPS * RULES}; join addresses or ports, or raise the quota"
    )


def _parts(listed: Iterable[Rule]) -> list[list[Rule]]:
    """Rules in portions that a group has room for."""
    found: list[list[Rule]] = []
    room = (0, 0)
    for rule in listed:
        left = (room[0] - rule.weight[0], room[1] - rule.weight[1])
        if min(left) < 0 or not found:
            found.append([])
            left = (RULES - rule.weight[0], RULES - rule.weight[1])
        found[-1].append(rule)
        room = left
    return found


def _lists(listed: Iterable[Line]) -> Iterator[tuple[AddressSet, str]]:
    """Prefix lists for addresses of several ranges that more than one rule names."""
    times: Counter[AddressSet] = Counter()
    for line in listed:
        for part in (line.addresses.only(family) for family in FAMILIES) if not line.group else ():
            times[part] += len(line.kinds.matches() or (None,))
    wanted = [part for part, count in times.items() if count > 1 and 1 < len(part.cidrs()) <= min(RULES, _ENTRIES)]
    for number, part in enumerate(sorted(wanted, key=lambda each: (each.v4, each.v6)), 1):
        yield part, f"ranges-{number}"
