"""Which objects a difference comes from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

import msgspec

from crenel.bits import members
from crenel.dialects.assemble import ADMIN, BASELINE, FOREIGN, NETWORKPOLICY
from crenel.dialects.change import Amended
from crenel.dialects.model import Model
from crenel.kubernetes.objects.meta import KubernetesObject
from crenel.kubernetes.objects.policies import AdminPolicy, NetworkPolicy
from crenel.network.rules import Direction, Policy
from crenel.provenance import NOWHERE, Origin
from crenel.questions.explain import passage
from crenel.questions.verdict import Decision

_SAMPLES = 4
"""How many pairs of a rectangle are explained to find out what bears on it."""
_PATIENCE = 4000
"""How many pairs of one difference are explained; beyond that, whatever guards an end counts as a cause."""


@dataclass(frozen=True, slots=True)
class Cause:
    """An object that differs: `change` is ``added``, ``removed`` or ``changed``."""

    title: str
    change: str
    origin: Origin = NOWHERE


class Causes:
    """The objects that differ between two models, and which connections each of them bears on."""

    def __init__(self, before: Model, after: Model, causes: list[Cause]) -> None:
        self.all = causes
        self._models = (before, after)
        self._marks: list[tuple[str, int, int]] = []
        self._members: set[str] = set()
        self._left = _PATIENCE

    def mark(self, policy: Policy, direction: Direction) -> None:
        """Note whom a policy guards."""
        mask = policy.subjects | policy.possible
        self._marks.append((policy.title, mask, 0) if direction is Direction.EGRESS else (policy.title, 0, mask))

    def add_member(self, cause: Cause, index: int) -> None:
        """Note a workload that came, went, or looks different to selectors."""
        self.all.append(cause)
        self._members.add(cause.title)
        self._marks.append((cause.title, 1 << index, 1 << index))

    def of(self, sources: int, destinations: int, opened: bool) -> tuple[str, ...]:
        """The titles of what opened, or closed, a rectangle: what guards its ends, narrowed to what some pairs meet."""
        guards = dict.fromkeys(title for title, out, into in self._marks if out & sources or into & destinations)
        if len(guards) <= 1:
            return tuple(guards)
        met = {title for pair in self._sample(sources, destinations) for title in self._met(*pair, opened)}
        narrowed = tuple(title for title in guards if title in met or title in self._members)
        return narrowed or tuple(guards)

    def _sample(self, sources: int, destinations: int) -> list[tuple[int, int]]:
        """Pairs of a rectangle, of different groups where there are."""
        pairs = [(one, other) for one in self._few(sources) for other in self._few(destinations)]
        self._left -= len(pairs)
        return pairs if self._left > 0 else []

    def _few(self, mask: int) -> list[int]:
        by_group: dict[str, list[int]] = defaultdict(list)
        for index in members(mask):
            endpoint = self._models[1].network.endpoints.get(index) or self._models[0].network.endpoints[index]
            by_group[endpoint.group].append(index)
        turns = zip_longest(*by_group.values())
        return [index for turn in turns for index in turn if index is not None][:_SAMPLES]

    def _met(self, source: int, destination: int, opened: bool) -> Iterator[str]:
        """The policies that allowed the pair where it is more open, and that denied it where it is less."""
        before, after = self._models
        wider, narrower = (after, before) if opened else (before, after)
        yield from _deciding(wider, source, destination, {Decision.ALLOW, Decision.POSSIBLE})
        yield from _deciding(narrower, source, destination, {Decision.DENY, Decision.POSSIBLE})


def _deciding(model: Model, source: int, destination: int, wanted: set[Decision]) -> Iterator[str]:
    network = model.network
    if source not in network.endpoints or destination not in network.endpoints:
        return
    for view in network.views_of(source, destination):
        for step in passage(network, view, source, destination, network.table.everything).steps:
            if step.decisive and step.decision in wanted:
                yield step.policy


def of_change(before: Model, change: Amended) -> Causes:
    """The causes of a change of policies."""
    found = Causes(before, change.model, [Cause(title, how, origin) for title, how, origin in change.changed])
    for direction, policy in change.differing or ():
        found.mark(policy, direction)
    return found


def of_inputs(before: Model, after: Model) -> Causes:
    """All that differs between two inputs."""
    old, new = _policies(before), _policies(after)
    found = Causes(before, after, [])
    for title in sorted(old.keys() | new.keys()):
        if title not in old or title not in new or _meaning(old[title]) != _meaning(new[title]):
            found.all.append(Cause(title, _how(title in old, title in new), (new.get(title) or old[title]).origin))
    names = {cause.title for cause in found.all}
    for model in (before, after):
        for stage in model.assembly.blueprint.stages:
            for policy in (policy for rank in stage.ranks for policy in rank if policy.title in names):
                found.mark(policy, stage.direction)
    _foreign(found, before, after)
    _layers(found, before, after)
    _add_members(found, before, after)
    return found


def _foreign(found: Causes, before: Model, after: Model) -> None:
    """Policies that are not understood: that they came or went is a cause as well."""
    old = {policy.title: policy for policy in before.given.decoded.foreign_policies}
    new = {policy.title: policy for policy in after.given.decoded.foreign_policies}
    names = {
        title
        for title in old.keys() | new.keys()
        if title not in old or title not in new or old[title].spec != new[title].spec
    }
    for title in sorted(names):
        origin = (new.get(title) or old[title]).origin or NOWHERE
        found.all.append(Cause(title, _how(title in old, title in new), origin))
    for model in (before, after):
        for stage in model.assembly.blueprint.stages:
            for policy in (policy for rank in stage.ranks for policy in rank if policy.title in names):
                found.mark(policy, stage.direction)


def _layers(found: Causes, before: Model, after: Model) -> None:
    """Firewalls, routes and ways in, by what they say of whom: both sides share their sets."""
    old, new = _beyond(before), _beyond(after)
    for title in sorted(title for title in old.keys() | new.keys() if _said(old, title) != _said(new, title)):
        origin = next(policy for _, policy in (new.get(title) or old[title])).origin
        found.all.append(Cause(title, _how(title in old, title in new), origin))
        for direction, policy in (*old.get(title, ()), *new.get(title, ())):
            found.mark(policy, direction)


def _beyond(model: Model) -> dict[str, list[tuple[Direction, Policy]]]:
    """What stands on the way beside policies of workloads, by title."""
    known: dict[str, list[tuple[Direction, Policy]]] = defaultdict(list)
    for stage in model.assembly.blueprint.stages:
        if stage.name not in (FOREIGN, ADMIN, NETWORKPOLICY, BASELINE):
            for policy in (policy for rank in stage.ranks for policy in rank):
                known[policy.title].append((stage.direction, policy))
    return known


def _said(policies: dict[str, list[tuple[Direction, Policy]]], title: str) -> object:
    return [
        (direction, policy.subjects, policy.possible, policy.at, [(r.action, r.peers, r.traffic) for r in policy.rules])
        for direction, policy in policies.get(title, ())
    ]


def _add_members(found: Causes, before: Model, after: Model) -> None:
    old, new = before.scope.groups, after.scope.groups
    for index in sorted(old.keys() | new.keys()):
        if index not in old or index not in new or _identity(before, index) != _identity(after, index):
            group = new.get(index) or old[index]
            title = f"{group.kind.lower()} {group.namespace}/{group.workload}"
            found.add_member(Cause(title, _how(index in old, index in new), group.origin), index)


def _how(was: bool, is_now: bool) -> str:
    return "changed" if was and is_now else "added" if is_now else "removed"


def _identity(model: Model, index: int) -> object:
    group = model.scope.groups[index]
    namespace = model.scope.population.namespaces.get(group.namespace, {})
    return (group.labels, group.ports, group.hosted, group.addresses, group.unsettled, sorted(namespace.items()))


def _policies(model: Model) -> dict[str, NetworkPolicy | AdminPolicy]:
    decoded = model.given.decoded
    found: dict[str, NetworkPolicy | AdminPolicy] = {policy.title: policy for policy in decoded.network_policies}
    return found | {policy.title: policy for policy in decoded.admin_policies}


def _meaning(policy: KubernetesObject) -> object:
    return msgspec.to_builtins((policy.api_version, getattr(policy, "spec", None)))
