"""Rules of VPC networks and policies as filters of the neutral model, one for each rule.

Sources: "VPC firewall rules" ("Firewall rule components"), "Firewall policy rule details" ("Action on match").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crenel.dialects.gcp.members import Guarded, Members
from crenel.dialects.gcp.records import End, Estate, SecurityRule
from crenel.dialects.gcp.rulereading import EGRESS, INGRESS
from crenel.dialects.gcp.services import traffic
from crenel.network.firewalls import ANYONE, Filter, FilterRule, Peer
from crenel.network.rules import Action, Direction
from crenel.network.traffic import Match

API = "compute.googleapis.com"
_DIRECTIONS = {INGRESS: Direction.INGRESS, EGRESS: Direction.EGRESS}
_ACTIONS: dict[str, tuple[tuple[Action, str], ...]] = {
    "allow": ((Action.ALLOW, ""),),
    "deny": ((Action.DENY, ""),),
    "goto_next": ((Action.NEXT, ""),),
    "apply_security_profile_group": ((Action.ALLOW, "let through by its security profile"), (Action.DENY, "")),
}
_EITHER = ((Action.ALLOW, "allowed by it"), (Action.DENY, "denied by it"))


class Translator:
    """Translates rules, and reports what is wrong with them, once."""

    def __init__(self, estate: Estate, members: Members) -> None:
        self._estate = estate
        self._members = members
        self._reported: set[tuple[str, str]] = set()

    def filter(
        self, rule: SecurityRule, direction: Direction, scope: Guarded, around: Sequence[frozenset[str]]
    ) -> Filter | None:
        """What a rule does for interfaces in `scope`, in one direction; None where it does nothing for any.

        `around` are the interfaces that it may mean by their tags and accounts.
        """
        if not rule.enabled or not self._concerns(rule, direction):
            return None
        guarded = self._members.guarded(rule.targets, scope)
        if not guarded.sure and not guarded.possible:
            return None
        rules = tuple(self._parts(rule, direction, around))
        return Filter(rule.title, guarded.sure, rules, guarded.possible, rule.origin, API)

    def _concerns(self, rule: SecurityRule, direction: Direction) -> bool:
        known = _DIRECTIONS.get(rule.direction)
        if known is None:
            self._report(rule, f"direction {rule.direction!r} is neither INGRESS nor EGRESS")
        return known in (None, direction)

    def _parts(
        self, rule: SecurityRule, direction: Direction, around: Sequence[frozenset[str]]
    ) -> Iterator[FilterRule]:  # fmt: skip
        inbound = direction is Direction.INGRESS
        far, near = (rule.source, rule.destination) if inbound else (rule.destination, rule.source)
        peer = self._members.peer(far, around)
        subject = ANYONE if near.silent else Peer(addresses=near.ranges, unknown=near.unknown)
        doubts = [*self._doubts(rule, far), far.narrowed, near.narrowed]
        for action, told in self._actions(rule):
            for matches, wrong in self._traffic(rule):
                only = " and ".join(text for text in (*doubts, told, wrong) if text)
                yield FilterRule(action, peer, matches, only, rule.field, "", subject)

    def _doubts(self, rule: SecurityRule, far: End) -> Iterator[str]:
        yield rule.doubt
        if rule.direction not in _DIRECTIONS:
            yield "a rule for this direction"
        if rule.priority is None:
            self._report(rule, "no priority that can be read")
            yield "tried before the others, which its priority would tell"
        if far.silent and not far.narrowed:
            self._report(rule, "it does not say for whom at the other end it is")
            yield "for this other end"

    def _actions(self, rule: SecurityRule) -> tuple[tuple[Action, str], ...]:
        if rule.action in _ACTIONS:
            return _ACTIONS[rule.action]
        self._report(rule, "it both allows and denies" if rule.action == "both" else f"unknown action {rule.action!r}")
        return _EITHER

    def _traffic(self, rule: SecurityRule) -> Iterator[tuple[tuple[Match, ...] | None, str]]:
        found = traffic(rule.services)
        for message in found.wrong:
            self._report(rule, message)
        if not rule.services:
            self._report(rule, "no protocol")
            yield None, "for this protocol"
        if found.matches != ():
            yield found.matches, ""
        if found.wrong:
            yield None, f"meant by {', '.join(found.wrong)}"

    def _report(self, rule: SecurityRule, message: str) -> None:
        if (rule.title, message) not in self._reported:
            self._reported.add((rule.title, message))
            self._estate.report(message, rule.origin, rule.field, rule.title)
