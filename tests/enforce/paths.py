"""Which nodes judge a packet, and for which direction: the hooks that it passes on its way, in order.

Forwarded packets, and those that a node takes in, are judged for egress; those that leave a node after routing, its own
among them, are judged for ingress. A ruleset decides about the pods of its node alone, but it sees all that passes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from crenel.lab.probing.probes import Party
from crenel.network.rules import Direction


@dataclass(frozen=True, slots=True)
class Hop:
    """One judgement. `local` is whether the packet was sent by that node itself."""

    node: str
    direction: Direction
    local: bool = False


def path(source: Party, target: Party) -> tuple[Hop, ...]:
    """The judgements of a packet between two ends, where nothing translates addresses on the way."""
    return tuple(_hops(source, target))


def _hops(source: Party, target: Party) -> Iterator[Hop]:
    arrived = target.hosted and target.node == source.node
    if source.node:
        if not source.hosted:
            yield Hop(source.node, Direction.EGRESS)
        if not arrived:
            yield Hop(source.node, Direction.INGRESS, local=source.hosted)
    if target.node and target.node != source.node:
        yield Hop(target.node, Direction.EGRESS)
        if not target.hosted:
            yield Hop(target.node, Direction.INGRESS)


def is_guard(hop: Hop, source: Party, target: Party) -> bool:
    """Whether a judgement is that of the node of the pod that it is about; all others have to let the packet pass."""
    guarded = source if hop.direction is Direction.EGRESS else target
    return bool(guarded.node) and not guarded.hosted and guarded.node == hop.node
