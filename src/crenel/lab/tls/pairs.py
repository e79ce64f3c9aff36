"""Who is asked by whom: every port that speaks TLS, by every workload that policies let through to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from crenel.lab.probing.probes import Party, Planner, Route
from crenel.lab.stage import Stage
from crenel.lab.tls.ports import Secured
from crenel.network.traffic import TCP


@dataclass(frozen=True, slots=True)
class Pair:
    """A workload that may connect to a port."""

    source: Party
    target: Secured


@dataclass(slots=True)
class Pairs:
    """Those that are asked, and how many are not."""

    asked: list[Pair] = field(default_factory=list)
    denied: int = 0
    undecided: int = 0
    left_out: int = 0


def pairs(staged: Stage, targets: Sequence[Secured], certified: Collection[str], most: int) -> Pairs:
    """Find them, not more than `most`. Whoever asks has to be one of those that are `certified`, titles of pods."""
    found = Pairs()
    parties = staged.parties
    planner = Planner(staged.placement.model.network, parties, staged.served, staged.entrances)
    ends = {(each.title, each.address): each for each in parties.pods}
    for target in targets:
        end = ends[target.pod.title, target.address]
        for source in (each for each in parties.pods if each.title in certified and _is_pair(each, end)):
            probe = planner.direct(_route(source, end), source, end, TCP, target.port)
            allowed = probe.candidates[0].expected.allowed
            found.denied += allowed is False
            found.undecided += allowed is None
            if allowed:
                found.asked.append(Pair(source, target))
    found.left_out = max(0, len(found.asked) - most)
    if found.left_out:
        found.asked = _spread(found.asked, most)
    return found


def _is_pair(source: Party, target: Party) -> bool:
    """Whether one is asked from the other: what is on the network of its node is guarded from nobody who is, too."""
    alike = source.family == target.family and not (source.hosted and target.hosted)
    return alike and source.address != target.address


def _route(source: Party, target: Party) -> Route:
    if target.hosted:
        return Route.TO_NODE
    return Route.FROM_NODE if source.hosted else Route.PODS


def _spread(all_of_them: Sequence[Pair], most: int) -> list[Pair]:
    """The first workloads of each port, so that every port is asked by somebody before one is asked by more."""
    turns: Counter[tuple[str, int]] = Counter()
    ranked: list[tuple[int, int]] = []
    for number, each in enumerate(all_of_them):
        place = each.target.address, each.target.port
        turns[place] += 1
        ranked.append((turns[place], number))
    return [all_of_them[number] for number in sorted(number for _, number in sorted(ranked)[:most])]
