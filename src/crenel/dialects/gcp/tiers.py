"""All tiers of Google Cloud's firewalls, in the order in which they are evaluated.

Source: "Evaluation order for firewall policies and rules": hierarchical policies from the organisation down, regional
system policies, then VPC rules, global and regional network policies, or these policies before the rules, as each
network has it (``networkFirewallPolicyEnforcementOrder``), and implied actions last. A level that has no match, or says
``goto_next``, leaves it to the next; ``allow`` and ``deny`` end it all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from crenel.dialects.gcp.levels import Levels, Placed
from crenel.dialects.gcp.members import Guarded, Members
from crenel.dialects.gcp.naming import last, project_of
from crenel.dialects.gcp.platform import always, implied
from crenel.dialects.gcp.records import Estate, SecurityRule
from crenel.dialects.gcp.rules import API, Translator
from crenel.dialects.gcp.seats import Seat
from crenel.network.firewalls import ANYONE, Filter, FilterRule, Tier
from crenel.network.rules import Action, Direction

VPC = "gcp vpc firewall rules"
_EARLIEST = -1
_RankKey = tuple[int, bool]


class Tiers:
    """Makes them for the interfaces of one estate."""

    def __init__(self, estate: Estate, seats: Sequence[Seat]) -> None:
        self._estate = estate
        self._seats = seats
        self._translator = Translator(estate, Members(seats, estate.groups))
        self._levels = Levels(estate, seats)
        self._in: dict[str, frozenset[str]] = {
            network: frozenset(seat.interface.name for seat in seats if seat.nic.network == network)
            for network in {seat.nic.network for seat in seats}
        }
        self._everyone = frozenset(seat.interface.name for seat in seats)

    def all(self) -> list[Tier]:
        """Those of egress, then those of ingress."""
        return [tier for direction in (Direction.EGRESS, Direction.INGRESS) for tier in self._of(direction)]

    def _of(self, direction: Direction) -> Iterator[Tier]:
        if self._everyone:
            yield always(direction, self._everyone, self._estate)
            yield from self._policies(self._levels.before(), direction)
            yield from self._vpc(direction)
            yield from self._policies(self._levels.after(), direction)
            yield implied(direction, self._everyone)

    def _policies(self, levels: Iterable[tuple[str, Sequence[Placed]]], direction: Direction) -> Iterator[Tier]:
        for layer, placed in levels:
            ranks: dict[_RankKey, list[Filter]] = defaultdict(list)
            for each in placed:
                if each.policy.rules is None:
                    ranks[_EARLIEST, False].append(_unknown(each.policy.title, each.guarded))
                for rule in each.policy.rules or ():
                    self._add(rule, direction, each.guarded, tuple(self._in.values()), ranks)
            if ranks:
                yield Tier(layer, direction, _ordered(ranks))

    def _vpc(self, direction: Direction) -> Iterator[Tier]:
        ranks: dict[_RankKey, list[Filter]] = defaultdict(list)
        for network, names in sorted(self._in.items()):
            if self._missing(network):
                title = f"the vpc firewall rules of {last(network) or 'a network that is not named'}"
                ranks[_EARLIEST, False].append(_unknown(title, Guarded(names)))
            around = [names, *(self._in.get(each, frozenset[str]()) for each in self._peers(network))]
            for rule in self._estate.rules.get(network, {}).values():
                self._add(rule, direction, Guarded(names), around, ranks)
        if ranks:
            yield Tier(VPC, direction, _ordered(ranks))

    def _peers(self, network: str) -> Sequence[str]:
        known = self._estate.networks.get(network)
        return known.peers if known is not None else ()

    def _missing(self, network: str) -> bool:
        """Whether nothing tells which rules a network has: not one of its project is in the input."""
        known = self._estate.networks.get(network)
        if (known is not None and known.planned) or any(each.network == network for each in self._estate.effective):
            return False
        return network not in self._estate.rules and project_of(network) not in self._estate.projects_with_rules()

    def _add(
        self,
        rule: SecurityRule,
        direction: Direction,
        scope: Guarded,
        around: Sequence[frozenset[str]],
        ranks: Mapping[_RankKey, list[Filter]],
    ) -> None:
        """Put a rule where it is tried: by priority, and denials first where that is the same."""
        if rule.targets.networks:
            inside = frozenset[str]().union(*(self._in.get(each, frozenset()) for each in rule.targets.networks))
            scope = Guarded(scope.sure & inside, scope.possible & inside)
        made = self._translator.filter(rule, direction, scope, around)
        if made is not None:
            ranks[_EARLIEST if rule.priority is None else rule.priority, rule.action != "deny"].append(made)


def _ordered(ranks: Mapping[_RankKey, list[Filter]]) -> tuple[tuple[Filter, ...], ...]:
    return tuple(tuple(ranks[key]) for key in sorted(ranks))


def _unknown(title: str, guarded: Guarded) -> Filter:
    rules = tuple(
        FilterRule(action, ANYONE, None, f"{word} by a rule that is not in the input")
        for action, word in ((Action.ALLOW, "allowed"), (Action.DENY, "denied"))
    )
    return Filter(title, guarded.sure, rules, guarded.possible, api=API)
