"""Rules of firewalls that decide nothing, because of others.

In an ordered list a rule is dead where those before it decide all that it speaks of; in a union of allowances one is
implied where the others let through all that it does. Both are solved for every interface that the rule guards, with
the sets that the firewalls were lowered to, and hold for all of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from crenel.audit.finding import Named, Thing
from crenel.bits import members, union
from crenel.network.evaluate import Event, Step, run, start, steps
from crenel.network.firewalls import Infrastructure
from crenel.network.lowering import Index, StageView, View
from crenel.network.network import Network
from crenel.network.rules import Action, Direction, Policy, Rule
from crenel.network.wire import wire
from crenel.provenance import FieldPath, Origin, field_text

Key = tuple[str, Origin, FieldPath, str]
"""What tells a written rule: its object's title where that is one of several in a document, origin, field and name."""


Parts = list[tuple[int, int]]
"""Rectangles of (traffic, ends)."""
HOSTS = "host firewall"
"""The api of filters of hosts."""
_LAST_ENTRY = "number 32767"
"""How the entry is called that ends every network ACL of AWS."""


@dataclass(eq=False)
class Written:
    """One rule as somebody wrote it; `by` are those that decide what it speaks of, in order."""

    policy: Policy
    rule: Rule
    by: list[tuple[Policy, Rule]] = field(default_factory=list)

    @property
    def thing(self) -> Thing:
        """The object that it is in."""
        return Named(self.policy.title, "", self.policy.origin)

    @property
    def words(self) -> str:
        """How messages call it."""
        return f"the rule {self.rule.name}" if self.rule.name else "this rule"

    @property
    def evidence(self) -> list[str]:
        """Where the rules are that decide what it speaks of."""
        return [f"{policy.title}: {field_text(rule.field) or 'the rule'}" for policy, rule in self.by]


def name_of(policy: Policy, rule: Rule, beside: Policy) -> str:
    """How a message about a rule of one object calls another rule."""
    if policy.title == beside.title:
        return rule.name or "another rule"
    return f"{rule.name} of {policy.title}" if rule.name else policy.title


def key_of(policy: Policy, rule: Rule) -> Key:
    """What tells a rule from others, however often its object is lowered."""
    return "" if rule.field else policy.title, policy.origin, rule.field, rule.name


class Dead:
    """The dead and the implied rules of an infrastructure."""

    def __init__(self, infrastructure: Infrastructure) -> None:
        ordered, unions = _Ordered(), _Unions()
        if infrastructure.tiers:
            network = wire(infrastructure).forth
            for view in network.views:
                for direction in Direction:
                    stages = view.of(direction)
                    for interface in alike(stages, view, network):
                        ordered.look(stages, interface, view.everyone)
                        unions.look(stages, interface)
        self.shadowed: Sequence[Written] = ordered.dead()
        """Rules of ordered lists that decide nothing."""
        self.implied: Sequence[Written] = unions.implied()
        """Allowances that others make as well."""


def alike(stages: Sequence[StageView], view: View, network: Network) -> Iterator[int]:
    """One of each group of interfaces that the same rules guard."""
    indices = [stage.index(by_subject=True) for stage in stages]
    seen: set[tuple[int, ...]] = set()
    for interface in members(union(network.blueprint.registry.index(each.name) for each in network.blueprint.members)):
        met = tuple(number for index in indices for number in (*_numbers(index, interface), -1))
        if met not in seen and view.everyone >> interface & 1:
            seen.add(met)
            yield interface


def _numbers(index: Index, interface: int) -> list[int]:
    return [bucket.number for bucket in index.buckets(interface)]


def _is_union(stage: StageView) -> bool:
    """Whether a stage only allows, so that the order of its rules does not matter."""
    actions = {entry.rule.action for entry in stage.entries}
    return stage.stage.isolating and len(actions) == 1 and actions <= {Action.ALLOW, Action.NEXT}


def is_written(policy: Policy, rule: Rule) -> bool:
    """Whether somebody wrote a rule: what platforms add by themselves has a name and no place."""
    return bool(rule.field) or (bool(policy.origin.source) and not rule.name)


def _is_judged(policy: Policy, rule: Rule) -> bool:
    """Whether a dead rule is worth a word.

    The last entry of a network ACL is always there. A rule of a host that allows may be left out of the model where it
    only hands on, so that nothing follows from its being dead elsewhere.
    """
    hosts = policy.api == HOSTS and rule.action is not Action.DENY
    return is_written(policy, rule) and rule.name != _LAST_ENTRY and not hosts


def less(parts: Parts, traffic: int, ends: int) -> Parts:
    """What is left of some (traffic, ends) without a rectangle."""
    found: Parts = []
    for what, who in parts:
        both, common = what & traffic, who & ends
        if not both or not common:
            found.append((what, who))
            continue
        if what & ~both:
            found.append((what & ~both, who))
        if who & ~common:
            found.append((both, who & ~common))
    return found


class _Ordered:
    """Looks for dead rules in lists of which the first rule that matches counts."""

    def __init__(self) -> None:
        self._met: dict[Key, Written] = {}
        self._alive: set[Key] = set()

    def look(self, stages: Sequence[StageView], interface: int, everyone: int) -> None:
        """Take all packets through what guards an interface. Tiers that have to agree are lists of their own."""
        cells, before = start(everyone), list[Step]()
        for stage in stages:
            if _is_union(stage):
                continue
            if stage.stage.isolating:
                cells, before = start(everyone), []
            events: list[Event] = []
            run(cells, stage, interface, True, events.append)
            mine = steps(stage, interface, True)
            self._settle(mine, before, {id(event.entry) for event in events})
            before = [*before, *mine]
            if stage.stage.isolating:
                cells, before = start(everyone), []

    def _settle(self, mine: Sequence[Step], before: Sequence[Step], hit: set[int]) -> None:
        for number, (_, _, possible, traffic, entry) in enumerate(mine):
            if entry is None or not possible or not traffic:
                continue
            key = key_of(entry.policy, entry.rule)
            written = self._met.setdefault(key, Written(entry.policy, entry.rule))
            if id(entry) in hit:
                self._alive.add(key)
            elif key not in self._alive and _is_judged(entry.policy, entry.rule):
                for each in _covering([*before, *mine[:number]], traffic, possible):
                    if each not in written.by and is_written(*each):
                        written.by.append(each)

    def dead(self) -> list[Written]:
        """The rules that decided nothing for anybody, but for those that the platform alone comes before."""
        return [each for key, each in self._met.items() if key not in self._alive and each.by]


def _covering(steps_: Sequence[Step], traffic: int, ends: int) -> Iterator[tuple[Policy, Rule]]:
    """The rules that decide a rectangle before it comes to its own."""
    left: Parts = [(traffic, ends)]
    for action, sure, _, what, entry in steps_:
        if entry is None or action not in (Action.ALLOW, Action.DENY, Action.NEXT):
            continue
        rest = less(left, what, sure)
        if rest != left:
            left = rest
            yield entry.policy, entry.rule
        if not left:
            return


class _Unions:
    """Looks for allowances that others make as well."""

    def __init__(self) -> None:
        self._met: dict[Key, Written] = {}
        self._groups: list[dict[Key, list[tuple[int, int, int]]]] = []
        """For each group of interfaces, the rules that guard it as (traffic, sure, possible)."""
        self._homes: dict[Key, list[int]] = defaultdict(list)

    def look(self, stages: Sequence[StageView], interface: int) -> None:
        """Take in what guards an interface."""
        for stage in stages:
            if not _is_union(stage):
                continue
            mine: dict[Key, list[tuple[int, int, int]]] = defaultdict(list)
            for _, sure, possible, traffic, entry in steps(stage, interface, True):
                if entry is not None and possible and traffic:
                    key = key_of(entry.policy, entry.rule)
                    self._met.setdefault(key, Written(entry.policy, entry.rule))
                    mine[key].append((traffic, sure, possible))
            for key in mine:
                self._homes[key].append(len(self._groups))
            self._groups.append(mine)

    def implied(self) -> list[Written]:
        """Rules that can go without a change, narrow ones first; each is judged without those that went before."""
        gone: set[Key] = set()
        found: list[Written] = []
        for key in sorted(self._met, key=self._size):
            written = self._met[key]
            if _is_judged(written.policy, written.rule) and self._is_implied(key, gone) and written.by:
                gone.add(key)
                found.append(written)
        return found

    def _size(self, key: Key) -> tuple[int, int]:
        rects = [rect for home in self._homes[key] for rect in self._groups[home][key]]
        traffic = max((1 << 30) if what < 0 else what.bit_count() for what, _, _ in rects)
        return traffic, max(possible.bit_count() for _, _, possible in rects)

    def _is_implied(self, key: Key, gone: set[Key]) -> bool:
        by: dict[Key, None] = {}
        for home in self._homes[key]:
            left: Parts = [(traffic, possible) for traffic, _, possible in self._groups[home][key]]
            for other, rects in self._groups[home].items():
                if other == key or other in gone:
                    continue
                for traffic, sure, _ in rects:
                    rest = less(left, traffic, sure)
                    if rest != left:
                        left = rest
                        by.setdefault(other)
            if left:
                return False
        others = [(self._met[other].policy, self._met[other].rule) for other in by]
        self._met[key].by = [each for each in others if is_written(*each)]
        return True
