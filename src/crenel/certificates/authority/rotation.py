"""Replacing the CA without an outage, as a sequence of phases that each wait for what makes the next one safe.

1. *making*: the new root and intermediate are made.
2. *trusting*: consumers get a bundle with both roots. The old CA signs. It is over when every consumer was read back
   with both, and as long after that as users of files may take to notice (`reload`).
3. *reissuing*: the new CA signs, and every consumer gets a new leaf. It is over when every consumer was read back with
   one, when no other leaf of the old CA is still valid, and after `reload` again.
4. *removing*: consumers get a bundle without the old root. When all were read back without it, its keys are destroyed.

At every moment the roots that any user of the files may trust cover the leaves that any other may show. All that moves
a rotation on is in the state and in what consumers are seen to have, so it can be asked for again at any time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from crenel.certificates.authority.contents import Held
from crenel.certificates.authority.ledger import Issued
from crenel.certificates.authority.policy import Policy
from crenel.certificates.authority.state import Consumer, Hierarchy, Phase, Rotation, State

_FRESH = 0.9
"""How much of its life an intermediate may have used up when it begins to sign."""

_NEXT: dict[Phase, Phase] = {"making": "trusting", "trusting": "reissuing", "reissuing": "removing"}


@dataclass(frozen=True, slots=True)
class Wait:
    """One thing that a rotation waits for."""

    what: Literal["key", "bundle", "leaf", "reload", "unknown"]
    message: str
    consumer: str = ""
    until: int | None = None
    """When it is over by itself; None where somebody has to do something."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of the world: what each consumer was read back with, and what was ever issued."""

    held: Mapping[str, Held]
    issued: Sequence[Issued]
    now: datetime

    @property
    def seconds(self) -> int:
        """The time, since 1970."""
        return int(self.now.timestamp())

    @property
    def later(self) -> int:
        """The next whole second: by then it was seen."""
        return math.ceil(self.now.timestamp())


def waits(state: State, policy: Policy, seen: Seen) -> list[Wait]:
    """What a rotation waits for in its present phase; nothing where there is none, or where it can go on."""
    rotation = state.rotation
    if rotation is None:
        return []
    found = list(_lacks(state, rotation, seen))
    if found or rotation.phase in ("making", "removing"):
        return found
    until = (rotation.confirmed if rotation.confirmed is not None else seen.later) + _seconds(policy)
    if seen.seconds < until or rotation.confirmed is None:
        found.append(Wait("reload", "users of the files may not have noticed the new ones yet", until=until))
    return found


def advance(state: State, policy: Policy, seen: Seen) -> bool:
    """Move a rotation on as far as its present phase allows. Returns whether anything in the state is different.

    What was confirmed is taken back where a consumer is seen to lack something, and not where it is out of sight. The
    last phase is left by whoever destroys the keys.
    """
    rotation = state.rotation
    if rotation is None:
        return False
    lacking = {each.what for each in _lacks(state, rotation, seen)}
    before = rotation.confirmed
    if lacking:
        rotation.confirmed = before if lacking == {"unknown"} else None
        return rotation.confirmed != before
    if before is None:
        rotation.confirmed = seen.later
    if rotation.phase == "removing" or waits(state, policy, seen):
        return before is None
    _enter(state, rotation, _NEXT[rotation.phase], seen)
    return True


def is_over(state: State, seen: Seen) -> bool:
    """Whether nothing but destroying the old keys is left to do."""
    rotation = state.rotation
    return (
        rotation is not None and rotation.phase == "removing" and not any(True for _ in _lacks(state, rotation, seen))
    )


def _enter(state: State, rotation: Rotation, phase: Phase, seen: Seen) -> None:
    rotation.phase, rotation.since, rotation.confirmed = phase, seen.seconds, None
    if phase == "reissuing":
        state.signer = rotation.new


def _seconds(policy: Policy) -> int:
    return int(policy.reload.total_seconds())


def _lacks(state: State, rotation: Rotation, seen: Seen) -> Iterator[Wait]:
    """What is not yet as the phase wants it."""
    if rotation.phase == "making":
        if not state.hierarchy(rotation.new).is_complete:
            yield Wait("key", "the new root and its intermediate are not made: its key store has to be connected")
        return
    if rotation.phase == "trusting" and not _can_sign(state, rotation, seen):
        yield Wait("key", "the new CA's intermediate is due: its root's key has to be connected")
    for consumer in state.consumers:
        held = seen.held.get(consumer.name, Held(problem="it was not looked at"))
        if held.is_unknown:
            yield Wait("unknown", held.problem, consumer.name)
        elif not held.bundle >= state.bundle:
            yield Wait("bundle", _because("it does not trust the new CA yet", held), consumer.name)
        elif rotation.phase == "removing" and held.bundle != state.bundle:
            yield Wait("bundle", "it still trusts the old CA", consumer.name)
        elif rotation.phase != "trusting" and (message := _old_leaf(state, rotation, consumer, held)):
            yield Wait("leaf", _because(message, held), consumer.name)
    if rotation.phase == "reissuing":
        yield from _unseen(state, rotation, seen)


def _can_sign(state: State, rotation: Rotation, seen: Seen) -> bool:
    """Whether the new CA has an intermediate with enough of its life to come."""
    current = state.current(state.hierarchy(rotation.new))
    return current is not None and current.certificate.used(seen.now) <= _FRESH


def _old_leaf(state: State, rotation: Rotation, consumer: Consumer, held: Held) -> str:
    if consumer.identity is None:
        return ""
    if held.leaf is None:
        return "it has no certificate"
    found = state.issuer(held.leaf.aki)
    if found is not None and found[0].number == rotation.new:
        return ""
    return f"its certificate {held.leaf.serial[:16]} is not one of the new CA"


def _unseen(state: State, rotation: Rotation, seen: Seen) -> Iterator[Wait]:
    """Leaves of the old CA that nobody can read back: those for requests, and those of consumers that are forgotten."""
    keys = _identifiers(state.hierarchy(rotation.old))
    known = {each.place for each in state.consumers}
    revoked = {(each.issuer, each.serial) for each in state.revoked}
    for entry in seen.issued:
        if entry.issuer not in keys or entry.consumer in known or (entry.issuer, entry.serial) in revoked:
            continue
        if entry.not_after >= seen.seconds:
            until = datetime.fromtimestamp(entry.not_after, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            names = ", ".join(entry.names[:2])
            yield Wait("leaf", f"{names}: the old CA's certificate {entry.serial[:16]} is valid until {until}",
                       until=entry.not_after)  # fmt: skip


def _identifiers(hierarchy: Hierarchy) -> set[str]:
    return {each.certificate.ski for each in hierarchy.issued}


def _because(message: str, held: Held) -> str:
    return f"{message}: {held.problem}" if held.problem else message
