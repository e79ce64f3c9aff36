"""Routes of the infrastructure as stages: whether anything leads from an interface to the internet, and from there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from crenel.network.addresses import FAMILIES, AddressSet, Family
from crenel.network.conditions import InputLacks
from crenel.network.firewalls import UNKNOWN, Answer, Fact, Interface, Role
from crenel.network.rules import Action, Direction, Peers, Policy, Rule, Stage
from crenel.network.wire import Seats

ROUTE = "route"
"""The name of the stages."""
_WORDS = {Direction.EGRESS: "a route to the internet", Direction.INGRESS: "a route from the internet"}


def routes(
    interfaces: Iterable[Interface], internet: AddressSet, direction: Direction, seats: Seats, point: int
) -> Iterator[Stage]:
    """One stage for the routes of one direction; none where all interfaces have one."""
    listed = [each for each in interfaces if each.role is Role.MACHINE]
    policies = [policy for family in FAMILIES for policy in _policies(listed, internet, direction, family, seats)]
    if policies:
        yield Stage(ROUTE, direction, (tuple(policies),), point=point)


def _policies(
    interfaces: Iterable[Interface], internet: AddressSet, direction: Direction, family: Family, seats: Seats
) -> Iterator[Policy]:
    groups: dict[Fact, list[str]] = defaultdict(list)
    for each in interfaces:
        facts = each.leaves if direction is Direction.EGRESS else each.entered
        groups[facts.get(family, UNKNOWN)].append(each.name)
    for fact, names in groups.items():
        if fact.answer is not Answer.YES:
            yield _policy(fact, frozenset(names), internet.only(family), direction, seats)


def _policy(fact: Fact, names: frozenset[str], internet: AddressSet, direction: Direction, seats: Seats) -> Policy:
    what, behind = _WORDS[direction], seats.behind(names)
    lacking = InputLacks(f"whether there is no {what.removeprefix('a ')}", f"there is {what}")
    doubt = lacking if fact.answer is Answer.UNKNOWN else None
    rule = Rule(Action.DENY, Peers(addresses=internet, outside_only=True, doubt=doubt), None, fact.field)
    possible = behind.possible & ~behind.sure
    title = f"{ROUTE} ({fact.why})" if fact.why else ROUTE
    return Policy(title, behind.sure, (rule,), possible, lacking if possible else None, fact.origin)
