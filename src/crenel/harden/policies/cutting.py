"""What was possible before and is not any more: for each workload, who loses what, and what is left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from crenel.bits import members, union
from crenel.dialects.model import Model
from crenel.harden.needs.ground import governed, owner
from crenel.harden.needs.model import Need, Pods, traffic_text
from crenel.harden.policies.proof import Proof
from crenel.network.network import by_member
from crenel.network.rules import Direction
from crenel.questions.parties import Parties, Party
from crenel.questions.verdict import Traffic


@dataclass(frozen=True, slots=True)
class Cut:
    """The connections of one workload in one direction that are cut.

    `parties` are the other ends, `traffic` all that was cut for any of them, `left` the needs that remain, as texts.
    """

    workload: Pods
    direction: Direction
    parties: tuple[Party, ...]
    traffic: Traffic
    left: tuple[str, ...]


def cuts(proof: Proof, needs: Sequence[Need], namespaces: Sequence[str]) -> Iterator[Cut]:
    """All cuts, by workload."""
    lost = _Lost(proof.before, proof.after, namespaces)
    parties = Parties(proof.after.network)
    left = _left(needs)
    for pods in lost.workloads:
        for direction, found in ((Direction.INGRESS, lost.ingress), (Direction.EGRESS, lost.egress)):
            who, what = found.get(pods, (0, 0))
            if who and what:
                if not parties.workloads & ~(who | lost.own[pods]):
                    who |= lost.own[pods]  # all of them are said more shortly, and nobody is cut from itself
                named = tuple(parties.named(part) for part in parties.classes(who))
                traffic = proof.after.network.table.describe(what)
                if named:
                    yield Cut(pods, direction, named, traffic, tuple(left.get((pods, direction), ())))


def _left(needs: Sequence[Need]) -> dict[tuple[Pods, Direction], list[str]]:
    """The other ends of the needs of each workload, with all of their traffic together."""
    found: dict[tuple[Pods, Direction], dict[str, list[str]]] = defaultdict(dict)
    for need in needs:
        for own, other, direction in (
            (need.source, need.target, Direction.EGRESS),
            (need.target, need.source, Direction.INGRESS),
        ):
            if isinstance(own, Pods):
                found[own, direction].setdefault(str(other), []).append(traffic_text(need.traffic))
    return {key: [f"{other} {' '.join(texts)}" for other, texts in ends.items()] for key, ends in found.items()}


class _Lost:
    """What each workload loses, as (endpoints at the other end, traffic)."""

    def __init__(self, before: Model, after: Model, namespaces: Sequence[str]) -> None:
        groups = after.scope.groups
        self._pods = {i: owner(each) for i, each in groups.items() if governed(each, namespaces)}
        self.workloads = list(dict.fromkeys(self._pods.values()))
        self._inside = union(self._pods)
        self.own: dict[Pods, int] = dict.fromkeys(self.workloads, 0)
        for index, pods in self._pods.items():
            self.own[pods] |= 1 << index
        self.ingress: dict[Pods, tuple[int, int]] = {}
        self.egress: dict[Pods, tuple[int, int]] = {}
        was, now = _allowed(before), _allowed(after)
        everything = after.network.table.everything
        leaving: dict[tuple[int, int], int] = defaultdict(int)
        for target, parts in was.items():
            kept = by_member(now.get(target, ()))
            for who, what in _minus(by_member(parts), kept, everything):
                if self._inside >> target & 1:
                    self._add(self.ingress, self._pods[target], target, who, what)
                if who & self._inside:
                    leaving[who & self._inside, what] |= 1 << target
        for (who, what), targets in leaving.items():
            for index in members(who):
                self._add(self.egress, self._pods[index], index, targets, what)

    def _add(self, into: dict[Pods, tuple[int, int]], pods: Pods, own: int, who: int, what: int) -> None:
        if who & ~(1 << own):
            known, carried = into.get(pods, (0, 0))
            into[pods] = known | who, carried | what


def _allowed(model: Model) -> dict[int, list[tuple[int, int]]]:
    """By destination who may reach it with what, surely or possibly."""
    network = model.network
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    everyone = network.of_sources()
    for view in network.views:
        for region in network.solve(view, everyone, everyone):
            for target in members(region.destinations):
                found[target].append((region.sources, region.traffic))
    return found


def _minus(
    parts: Sequence[tuple[int, int]], kept: Sequence[tuple[int, int]], everything: int
) -> Iterator[tuple[int, int]]:
    for who, what in parts:
        left = who
        for also, too in kept:
            if common := left & also:
                if rest := what & everything & ~too:
                    yield common, rest
                left &= ~also
        if left:
            yield left, what & everything
