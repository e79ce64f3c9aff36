"""Chooses the labels by which policies select a workload: few, stable, and of exactly this workload.

Which pods a selector matches is asked of the model (`crenel.dialects.scope`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

from crenel.bits import members, union
from crenel.harden.needs.ground import Ground, at, mapping
from crenel.harden.needs.model import Pods
from crenel.kubernetes.objects.meta import LabelSelector, Requirement
from crenel.kubernetes.population import PER_POD

_PREFERRED = (
    "app.kubernetes.io/name", "app", "k8s-app", "app.kubernetes.io/component", "app.kubernetes.io/instance", "name",
    "component", "service", "tier", "role", "run", "io.kompose.service", "app.kubernetes.io/part-of",
)  # fmt: skip
"""Labels that people select by, the most telling first (kubernetes.io, "Recommended Labels")."""
_UNSTABLE = (
    "version",
    "hash",
    "revision",
    "release",
    "chart",
    "heritage",
    "managed-by",
    "generation",
    "date",
    "commit",
)
"""Words in the keys of labels that change with a release, or say nothing about the workload."""
_JOB = "batch.kubernetes.io/job-name"
"""On the pods of a Job, whatever its template says (batch/v1)."""
_MOST = 3
"""How many labels are tried together before all of them are."""


@dataclass(frozen=True)
class Choice:
    """A selector of pods in a namespace. `shared` are the other workloads that it selects too, for want of better."""

    labels: Mapping[str, str]
    absent: tuple[str, ...] = ()
    """Keys that the pods do not have, where others with the same labels do."""
    shared: tuple[Pods, ...] = ()

    @property
    def selector(self) -> LabelSelector:
        """It as the model takes it."""
        return LabelSelector(
            match_labels=dict(self.labels) or None,
            match_expressions=[Requirement(key, "DoesNotExist") for key in self.absent] or None,
        )

    @property
    def data(self) -> dict[str, Any]:
        """It as it is written."""
        found: dict[str, Any] = {}
        if self.labels:
            found["matchLabels"] = dict(self.labels)
        if self.absent:
            found["matchExpressions"] = [{"key": key, "operator": "DoesNotExist"} for key in self.absent]
        return found


class Chooser:
    """Chooses for the workloads of one model, each once."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._known: dict[Pods, Choice] = {}

    def of(self, pods: Pods) -> Choice:
        """The labels of a workload that policies can select, which one in the network of its node is not."""
        if pods not in self._known:
            self._known[pods] = self._choose(pods)
        return self._known[pods]

    def _choose(self, pods: Pods) -> Choice:
        twins = self._twins(pods)
        wanted = union(index for each in (pods, *twins) for index in self._ground.owners[each])
        labels, ranked = self._candidates(pods)
        stable = [key for key in ranked if not _is_unstable(key)]
        for keys in filter(None, (*_tried(stable), tuple(ranked))):
            choice = Choice({key: labels[key] for key in keys}, (), twins)
            if self._selected(pods, choice) == (wanted, wanted):
                return choice
        for chosen in (stable, ranked):
            choice = self._told_apart(pods, Choice({key: labels[key] for key in chosen}), wanted)
            if self._selected(pods, choice) == (wanted, wanted):
                return Choice(choice.labels, choice.absent, twins)
        return Choice(choice.labels, choice.absent, tuple(self._others(pods, choice, self._ground.mask(pods))))

    def _twins(self, pods: Pods) -> tuple[Pods, ...]:
        """The workloads of its namespace that have the same labels, all of them."""
        mine = self._labels(pods)
        return tuple(sorted(each for each in self._by_labels.get((pods.namespace, mine), ()) if each != pods))

    @cached_property
    def _by_labels(self) -> dict[tuple[str, frozenset[frozenset[tuple[str, str]]]], list[Pods]]:
        found: dict[tuple[str, frozenset[frozenset[tuple[str, str]]]], list[Pods]] = defaultdict(list)
        for each in self._ground.owners:
            if not self._ground.hosted(each):
                found[each.namespace, self._labels(each)].append(each)
        return found

    def _labels(self, pods: Pods) -> frozenset[frozenset[tuple[str, str]]]:
        groups = self._ground.model.scope.groups
        return frozenset(
            frozenset((key, value) for key, value in groups[index].labels.items() if key not in PER_POD)
            for index in self._ground.owners[pods]
        )

    def _candidates(self, pods: Pods) -> tuple[dict[str, str], list[str]]:
        """The labels that all pods of a workload have, and their keys, the best first."""
        parts = [self._ground.model.scope.groups[index].labels for index in self._ground.owners[pods]]
        labels = {
            key: value
            for key, value in parts[0].items()
            if (key not in PER_POD or (pods.kind == "Job" and key == _JOB))
            and all(part.get(key) == value for part in parts)
        }
        own = self._own_keys(pods)
        rank = {key: place for place, key in enumerate(_PREFERRED)}
        return labels, sorted(labels, key=lambda key: (key not in own, rank.get(key, len(rank)), key))

    def _own_keys(self, pods: Pods) -> set[str]:
        """The keys by which its controller selects its pods, which never change."""
        written = self._ground.written.get(pods)
        selector = mapping(at(written.data, ("spec", "selector"))) if written is not None else {}
        own = mapping(selector.get("matchLabels")) or ({} if "matchExpressions" in selector else selector)
        return {str(key) for key in own}

    def _selected(self, pods: Pods, choice: Choice) -> tuple[int, int]:
        return self._ground.model.scope.in_namespace(pods.namespace, choice.selector)

    def _told_apart(self, pods: Pods, choice: Choice, wanted: int) -> Choice:
        """Leave out others by labels that they have more."""
        mine = {key for index in self._ground.owners[pods] for key in self._ground.model.scope.groups[index].labels}
        absent: list[str] = []
        for other in self._others(pods, choice, wanted):
            more = sorted(set(self._ground.group(other).labels) - mine - PER_POD)
            if more and not set(more) & set(absent):
                absent.append(more[0])
        return Choice(choice.labels, tuple(absent))

    def _others(self, pods: Pods, choice: Choice, wanted: int) -> list[Pods]:
        found = self._selected(pods, choice)[1] & ~wanted
        return sorted({self._ground.of(index) for index in members(found)})


def _is_unstable(key: str) -> bool:
    last = key.rpartition("/")[2].lower()
    return any(word in last for word in _UNSTABLE)


def _tried(keys: list[str]) -> Iterator[tuple[str, ...]]:
    for count in range(1, _MOST + 1):
        yield from combinations(keys[:8], count)
    yield tuple(keys)
