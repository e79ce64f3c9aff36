"""Security rules as rules of the neutral model: for one direction, at one place.

Source: "Azure network security groups overview": rules are tried by priority, the lowest number first, and the first
that matches decides; the default rules come last, and some services of the platform are no subject of the rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from crenel.dialects.azure.records import End, Estate, Group, SecurityRule
from crenel.dialects.azure.rulereading import DEFAULTS
from crenel.dialects.azure.services import Service, from_ports, only_dns, services, unsupported
from crenel.dialects.azure.spaces import HOST, METADATA, Space
from crenel.dialects.azure.tags import PLATFORM_DNS, PLATFORM_TAGS, Meaning, Terms, Vocabulary
from crenel.network.addresses import AddressSet
from crenel.network.firewalls import ANYONE, FilterRule, Peer
from crenel.network.rules import Action, Direction
from crenel.network.traffic import Match
from crenel.provenance import FieldPath, Origin

_DIRECTIONS = {"inbound": Direction.INGRESS, "outbound": Direction.EGRESS}
_NONE = AddressSet()
_NOTHING = End()


@dataclass(frozen=True, slots=True)
class Place:
    """Where rules are applied: in which direction, to whom, and what VirtualNetwork is there.

    `addresses` are all that the guarded interfaces have, or may get; `nameless` says that of some nothing is known.
    `passes` is the action of a rule that allows.
    """

    direction: Direction
    space: Space
    addresses: AddressSet
    nameless: bool = False
    passes: Action = Action.ALLOW


@dataclass(frozen=True, slots=True)
class _Task:
    """A group at a place, and what words mean there."""

    group: Group
    place: Place
    terms: Terms


class Translator:
    """Translates the rules of groups, and reports what is wrong with them, once."""

    def __init__(self, estate: Estate, vocabulary: Vocabulary) -> None:
        self._estate = estate
        self._vocabulary = vocabulary
        self._reported: set[tuple[str, FieldPath, str]] = set()

    def rules(self, group: Group, place: Place) -> tuple[FilterRule, ...]:
        """All rules of a group at a place, first match first."""
        task = _Task(group, place, self._vocabulary.at(place.space))
        names = {rule.name.lower() for rule in group.rules}
        more = (each for each in self._estate.loose_rules.get(group.key, ()) if each.name.lower() not in names)
        defaults = DEFAULTS if group.defaults is None else group.defaults
        ordered = self._ordered([*group.rules, *more, *defaults], task)
        platform: list[FilterRule] = []
        if place.direction is Direction.EGRESS:
            platform = [*self._of_platform(ordered, task), _free(place)]
        listed = [part for rule, doubt in ordered for part in self._parts(rule, doubt, task)]
        return (*_preface(group, place), *platform, *listed)

    def admin_rules(self, rules: Sequence[SecurityRule], place: Place) -> tuple[FilterRule, ...]:
        """Security admin rules: *always allow* and *deny* are final, *allow* goes on ("Security admin rules")."""
        on = replace(place, passes=Action.NEXT)
        task = _Task(Group("", "security admin rules"), on, self._vocabulary.at(place.space))
        return tuple(
            replace(part, action=Action.ALLOW) if rule.access == "alwaysallow" else part
            for rule, doubt in self._ordered(rules, task)
            for part in self._parts(rule, doubt, task)
        )

    def _ordered(self, rules: Iterable[SecurityRule], task: _Task) -> list[tuple[SecurityRule, str]]:
        """The rules of one direction as they are tried, each with what is doubtful about that."""
        mine = [rule for rule in rules if self._concerns(rule, task)]
        mine.sort(key=lambda rule: rule.priority if rule.priority is not None else -1)
        times = Counter(rule.priority for rule in mine)
        return [(rule, self._doubt(rule, times, task)) for rule in mine]

    def _concerns(self, rule: SecurityRule, task: _Task) -> bool:
        known = _DIRECTIONS.get(rule.direction)
        if known is None:
            self._report(rule, task, f"direction {rule.direction!r} is neither Inbound nor Outbound")
        return known in (None, task.place.direction)

    def _doubt(self, rule: SecurityRule, times: Counter[int | None], task: _Task) -> str:
        if rule.priority is None:
            self._report(rule, task, "no priority that can be read")
            return "tried before the others, which its priority would tell"
        if times[rule.priority] > 1:
            self._report(rule, task, f"priority {rule.priority} is used twice in one direction")
            return f"tried first of the rules with priority {rule.priority}"
        return "" if rule.direction in _DIRECTIONS else "a rule for this direction"

    def _parts(self, rule: SecurityRule, doubt: str, task: _Task) -> Iterator[FilterRule]:
        """One rule: the part that is sure, and for each doubt one that is possible."""
        inbound = task.place.direction is Direction.INGRESS
        source, destination = self._meaning(rule, "source", task), self._meaning(rule, "destination", task)
        peers, subjects = (source, destination) if inbound else (destination, source)
        subjects, from_port = _for_all(subjects, task.place), from_ports(rule)
        field = rule.field if _same_document(rule.origin, task.group.origin) else ()
        for action, told in self._actions(rule, task):
            for service in self._services(rule, task):
                for peer, peer_doubt in _alternatives(peers):
                    for subject, own_doubt in _alternatives(subjects):
                        here = f"with its guarded end {own_doubt}" if own_doubt else ""
                        only = _joined(doubt, told, service.only, from_port, peer_doubt, here)
                        yield FilterRule(action, peer, service.matches, only, field, rule.name, subject)

    def _meaning(self, rule: SecurityRule, which: str, task: _Task) -> Meaning:
        end: End = rule.source if which == "source" else rule.destination
        if end == _NOTHING:
            self._report(rule, task, f"no {which} address")
            return Meaning(Peer(), ((ANYONE, f"at a {which} that the rule does not name"),))
        found = task.terms.meaning(end)
        for text in found.unreadable:
            self._report(rule, task, f"{text!r} is neither an address prefix nor a service tag")
        return found

    def _actions(self, rule: SecurityRule, task: _Task) -> list[tuple[Action, str]]:
        passes = task.place.passes
        if rule.access in ("allow", "alwaysallow"):
            return [(passes, "")]
        if rule.access == "deny":
            return [(Action.DENY, "")]
        self._report(rule, task, f"access {rule.access!r} is neither Allow nor Deny")
        return [(passes, "allowed by it"), (Action.DENY, "denied by it")]

    def _services(self, rule: SecurityRule, task: _Task) -> tuple[Service, ...]:
        found = services(rule)
        for message in found.unreadable:
            self._report(rule, task, message)
        return found.found

    def _of_platform(self, ordered: Sequence[tuple[SecurityRule, str]], task: _Task) -> Iterator[FilterRule]:
        """The rules with the tags of services of the platform, which alone say anything about these."""
        for rule, doubt in ordered:
            words = {text.lower() for text in rule.destination.prefixes} & PLATFORM_TAGS.keys()
            for part in self._parts(rule, doubt, task) if words else ():
                matches = only_dns(part.traffic) if PLATFORM_DNS in words else part.traffic
                if matches != ():
                    yield replace(part, traffic=matches)

    def _report(self, rule: SecurityRule, task: _Task, message: str) -> None:
        origin = rule.origin or task.group.origin
        mark = (origin.source, (origin.document, *rule.field), message)
        if mark not in self._reported:
            self._reported.add(mark)
            self._estate.report(message, origin, rule.field, f"{task.group.title}, rule {rule.name}")


def _for_all(meaning: Meaning, place: Place) -> Meaning:
    """The meaning of the guarded end, which is everyone where it surely holds all that are guarded."""
    if meaning.sure.everyone or place.nameless or not place.addresses <= (meaning.sure.addresses or _NONE):
        return meaning
    return Meaning(ANYONE)


def _alternatives(meaning: Meaning) -> Iterator[tuple[Peer, str]]:
    """What an end means, part by part, each with its doubt in words."""
    sure = meaning.sure
    if sure.everyone or sure.addresses or sure.interfaces:
        yield sure, ""
    if not sure.everyone:
        yield from meaning.maybe


def _joined(*doubts: str) -> str:
    return " and ".join(filter(None, doubts)) if any(doubts) else ""


def _same_document(one: Origin | None, other: Origin) -> bool:
    return one is None or (one.source, one.document) == (other.source, other.document)


def _preface(group: Group, place: Place) -> Iterator[FilterRule]:
    """What comes before all rules: what may be decided either way."""
    doubts: list[tuple[tuple[Match, ...] | None, str]] = []
    if group.partial:
        doubts.append((None, "matched by a rule that is not in the input"))
    if place.nameless or place.addresses.v6:
        doubts.append((tuple(unsupported()), "let through: network security groups do not support ICMPv6"))
    for traffic, words in doubts:
        yield FilterRule(place.passes, ANYONE, traffic, words)
        yield FilterRule(Action.DENY, ANYONE, traffic, words)


def _free(place: Place) -> FilterRule:
    """Services of the platform are reached whatever the rules say, but for those with the tags of these services.

    "Azure platform considerations" of the overview: DHCP, DNS, the metadata service and health monitoring are not
    subject to the groups unless targeted by service tags specific to each.
    """
    return FilterRule(place.passes, Peer(addresses=HOST | METADATA), name="services of the platform")
