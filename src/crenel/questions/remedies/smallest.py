"""Finds the smallest change: fewest edits, then least extra access, solved again before it is shown.

One edit is made per block on the way, the best of those that lift it; then the connection is solved again on the
changed network, until it is allowed. How much an edit opens is measured on the network, not guessed from its text.
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.bits import members
from crenel.dialects.assemble import NETWORKPOLICY
from crenel.dialects.change import AnyPolicy, amended
from crenel.dialects.model import Model
from crenel.kubernetes.objects.policies import AdminPolicy, NetworkPolicy
from crenel.network.evaluate import Event
from crenel.network.lowering import View
from crenel.network.rules import Direction
from crenel.network.traffic import ALL
from crenel.questions.diff import compare
from crenel.questions.explain import Passage, passage
from crenel.questions.remedies import adminpolicy, networkpolicy
from crenel.questions.remedies.proposal import Blocked, Edit, Remedy, Wish
from crenel.questions.verdict import Outcome

_MOST_EDITS = 6
_SHOWN_EXTRA = 5


def remedy(model: Model, blocked: Blocked | None) -> Remedy | None:
    """The smallest change found for one connection; None when no edit of policies that we understand allows it."""
    if blocked is None:
        return None
    current, edits = model, list[Edit]()
    for _ in range(_MOST_EDITS):
        found = _passage(current, blocked)
        if found is None or (found.outcome is Outcome.UNKNOWN and not edits):
            return None
        if found.outcome is Outcome.ALLOWED:
            return Remedy(tuple(edits), tuple(_extra(model, current, blocked))) if edits else None
        best = _best(current, blocked, found)
        if best is None:
            return None
        current, edit = best
        edits.append(edit)
    return None


def _passage(model: Model, blocked: Blocked) -> Passage | None:
    """The first view in which the connection is not allowed, or any."""
    traffic = _mask(model, blocked)
    found = [
        passage(model.network, view, blocked.source, blocked.destination, traffic) for view in _views(model, blocked)
    ]
    return next((each for each in found if each.outcome is not Outcome.ALLOWED), found[0] if found else None)


def _views(model: Model, blocked: Blocked) -> list[View]:
    return model.network.views_of(blocked.source, blocked.destination)


def _mask(model: Model, blocked: Blocked) -> int:
    if blocked.traffic is None:
        return ALL
    endpoint = model.network.endpoints[blocked.destination]
    resolved = [each for match in blocked.traffic for each in (endpoint.named(match) if match.name else (match,))]
    return model.network.table.sum(resolved)


def _best(model: Model, blocked: Blocked, found: Passage) -> tuple[Model, Edit] | None:
    """The edit that lifts the first block and opens least; later kinds of edit lose against earlier ones that tie."""
    block = _first_block(found)
    if block is None:
        return None
    direction, event = block
    measured: list[tuple[int, int, Model, Edit]] = []
    for order, edit in enumerate(_edits(model, blocked, direction, event)):
        change = amended(model, [edit.policy], [edit.replaces] if edit.replaces is not None else [])
        if change.near is None or not _lifted(change.model, blocked, direction, event):
            continue
        opened = openness(change.model, direction, change.near) - openness(model, direction, change.near)
        measured.append((opened, order, change.model, edit))
    if not measured:
        return None
    _, _, changed, edit = min(measured, key=lambda each: each[:2])
    return changed, edit


def _first_block(found: Passage) -> tuple[Direction, Event] | None:
    for met in found.met:
        for event in met.events:
            if event.entry is None or event.entry.rule.action.name == "DENY":
                return met.point.direction, event
    return None


def _lifted(model: Model, blocked: Blocked, direction: Direction, event: Event) -> bool:
    """Whether the block is gone: all of the traffic passes, or is blocked by another stage."""
    found = _passage(model, blocked)
    if found is None or found.outcome is Outcome.ALLOWED:
        return found is not None
    again = _first_block(found)
    return again is not None and (again[0], again[1].stage.stage.name) != (direction, event.stage.stage.name)


def _edits(model: Model, blocked: Blocked, direction: Direction, event: Event) -> Iterator[Edit]:
    wish = _wish(model, blocked, direction)
    if wish is None:
        return
    known = {policy.title: policy for policy in _policies(model)}
    if event.stage.stage.name == NETWORKPOLICY:
        subject = blocked.source if direction is Direction.EGRESS else blocked.destination
        titles = [policy.title for policy in event.stage.isolators(subject)]
        yield from networkpolicy.edits(
            wish, [each for title in titles if isinstance(each := known.get(title), NetworkPolicy)]
        )
    elif event.entry is not None:
        policy, number = known.get(event.entry.policy.title), event.entry.rule.field[-1]
        if isinstance(policy, AdminPolicy) and isinstance(number, int):
            yield from adminpolicy.edits(wish, policy, number)


def _policies(model: Model) -> list[AnyPolicy]:
    return [*model.given.decoded.network_policies, *model.given.decoded.admin_policies]


def _wish(model: Model, blocked: Blocked, direction: Direction) -> Wish | None:
    out = direction is Direction.EGRESS
    subject, other = (blocked.source, blocked.destination) if out else (blocked.destination, blocked.source)
    group = model.scope.groups.get(subject)
    if group is None:
        return None
    place = blocked.end if out else blocked.start
    endpoint = model.network.endpoints[other]
    addresses = place.addresses
    if addresses is not None and endpoint.addresses is not None:
        addresses &= endpoint.addresses
    return Wish(
        direction,
        model.network.endpoints[subject],
        group,
        endpoint,
        model.scope.groups.get(other),
        blocked.traffic,
        addresses,
    )


def openness(model: Model, direction: Direction, near: tuple[int, int]) -> int:
    """How much one direction lets through at the ends that a change concerns: ends × peers × atoms of traffic."""
    total = 0
    subjects = near[0] if direction is Direction.EGRESS else near[1]
    table = model.network.table
    for view in model.network.views:
        for subject in members(subjects):
            for cell in model.network.end(view, direction, subject):
                total += (cell.allowed & ~cell.denied).bit_count() * table.weight(cell.traffic)
    return total


def _extra(before: Model, after: Model, blocked: Blocked) -> Iterator[str]:
    """What else becomes possible, as text."""
    if before.network.blueprint.registry is not after.network.blueprint.registry:
        return
    added = compare(before, after, expand=True).added
    names = tuple(before.network.endpoints[index].title for index in (blocked.source, blocked.destination))
    others = [each.connection for each in added if (each.connection.source, each.connection.destination) != names]
    for connection in others[:_SHOWN_EXTRA]:
        traffic = " ".join(f"{protocol}/{ports}" for protocol, ports in connection.traffic)
        yield f"{connection.source} to {connection.destination} {traffic}"
    if len(others) > _SHOWN_EXTRA:
        yield f"and {len(others) - _SHOWN_EXTRA} more"
