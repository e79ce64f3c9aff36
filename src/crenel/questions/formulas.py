"""Under which conditions an unknown connection is allowed: folds what the evaluator recorded into one formula."""

from __future__ import annotations

from collections.abc import Sequence

from crenel.network.conditions import (
    ALWAYS,
    NEVER,
    AddressWithin,
    ComesFirst,
    Formula,
    LabelHolds,
    NameResolves,
    PolicyDecides,
    all_of,
    any_of,
    is_,
    negated,
    too_long,
)
from crenel.network.endpoints import Endpoint, Kind
from crenel.network.evaluate import Event
from crenel.network.lowering import Entry
from crenel.network.rules import Action


def allowed_when(events: Sequence[Event], other: Endpoint, other_index: int) -> Formula:
    """The condition under which one end of a connection allows it.

    `events` are those of one traffic atom in the order of evaluation; `other` is the end that the rules call peer.
    """
    allowed, guard, left = NEVER, ALWAYS, NEVER
    previous: object = None
    for event in events:
        if event.stage is not previous:
            guard, left, previous = any_of(guard, left), NEVER, event.stage
        condition = _condition(event, other, other_index)
        action = event.entry.rule.action if event.entry is not None else Action.DENY
        if action is Action.MAY_DENY:
            guard = all_of(guard, condition)
            continue
        hit = all_of(guard, condition)
        if action in (Action.ALLOW, Action.MAY_DECIDE):
            allowed = any_of(allowed, hit)
        elif action is Action.NEXT:
            left = any_of(left, hit)
        guard = all_of(guard, negated(condition))
        if too_long(guard) or too_long(allowed):
            return any_of(allowed, guard)
    return any_of(allowed, any_of(guard, left))


def _condition(event: Event, other: Endpoint, other_index: int) -> Formula:
    """When an entry that matched possibly does match."""
    entry = event.entry
    if entry is None:
        return ALWAYS if event.sure else is_(LabelHolds("the pod"))
    if entry.rule.action in (Action.MAY_DENY, Action.MAY_DECIDE):
        return is_(PolicyDecides(entry.policy.title))
    if event.contested:
        return all_of(_matches(event, entry, other, other_index), is_(ComesFirst(entry.policy.title)))
    return _matches(event, entry, other, other_index)


def _matches(event: Event, entry: Entry, other: Endpoint, other_index: int) -> Formula:
    if event.sure:
        return ALWAYS
    if entry.peers.sure >> other_index & 1:
        return is_(entry.policy.condition or LabelHolds("the pod"))
    peers = entry.rule.peers
    if peers.doubt is not None:
        return is_(peers.doubt)
    found = NEVER
    if peers.names and other.kind in (Kind.BLOCK, Kind.NAME):
        for pattern in peers.names:
            found = any_of(found, is_(NameResolves(pattern)))
    if peers.possible >> other_index & 1 and peers.condition is not None:
        found = any_of(found, is_(peers.condition))
    if peers.addresses is not None and other.kind not in (Kind.BLOCK, Kind.LOCAL):
        found = any_of(found, is_(AddressWithin(other.title, str(peers.addresses))))
    return found or is_(LabelHolds("the other end"))
