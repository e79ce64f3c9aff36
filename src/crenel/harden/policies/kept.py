"""The policies of the input that stay as they are: what they allow is not written again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property

from crenel.bits import members
from crenel.dialects.model import Input, Model, build_with
from crenel.harden.needs.ground import MANAGED_BY, MANAGER, Ground, owner
from crenel.harden.needs.model import Named, Need, Pods
from crenel.harden.policies.masks import Masks, address_cuts
from crenel.harden.policies.model import Left
from crenel.kubernetes.objects.policies import AdminPolicy, ForeignPolicy, NetworkPolicy
from crenel.network.network import Cuts, by_member
from crenel.network.rules import Direction
from crenel.network.traffic import ALL


def is_ours(policy: NetworkPolicy | AdminPolicy | ForeignPolicy) -> bool:
    """Whether an earlier run wrote a policy."""
    return policy.labels.get(MANAGED_BY) == MANAGER


def without_ours(given: Input) -> Input:
    """An input without what earlier runs wrote."""
    decoded = given.decoded
    admin = [each for each in decoded.admin_policies if not is_ours(each)]
    plain = [each for each in decoded.network_policies if not is_ours(each)]
    foreign = [each for each in decoded.foreign_policies if not is_ours(each)]
    changed = replace(decoded, network_policies=plain, admin_policies=admin, foreign_policies=foreign)
    return replace(given, decoded=changed)


def with_policies(given: Input, policies: Sequence[NetworkPolicy]) -> Input:
    """An input whose NetworkPolicies are others."""
    return replace(given, decoded=replace(given.decoded, network_policies=list(policies)))


class Kept:
    """The NetworkPolicies of an input, and what they allow by themselves."""

    def __init__(self, ground: Ground, needs: Sequence[Need], policies: Sequence[NetworkPolicy]) -> None:
        self._ground = ground
        self._needs = needs
        self._policies = policies
        self._ends: dict[tuple[Pods, Direction], list[tuple[int, int]] | None] = {}

    @property
    def names(self) -> set[tuple[str, str]]:
        """The namespaces and names of all policies of the input, which are taken."""
        return {(each.namespace, each.name) for each in self._ground.decoded.network_policies}

    def denies(self, namespace: str) -> bool:
        """Whether one of them denies everything to all pods of a namespace, both ways."""
        return any(each.namespace == namespace and denies_all(each) for each in self._policies)

    @cached_property
    def _model(self) -> Model:
        names = frozenset(need.target.name for need in self._needs if isinstance(need.target, Named))
        cuts = address_cuts(self._needs) | Cuts(names=names)
        return build_with(with_policies(self._ground.model.given, self._policies), lambda _: cuts)

    @cached_property
    def _masks(self) -> Masks:
        return Masks(self._model)

    @cached_property
    def _subjects(self) -> dict[Direction, int]:
        """Whom they have rules for."""
        found = dict.fromkeys(Direction, 0)
        for stage in self._model.network.blueprint.stages:
            if stage.isolating:
                for policy in (each for rank in stage.ranks for each in rank if each.rules):
                    found[stage.direction] |= policy.subjects
        return found

    def allows(self, need: Need, pods: Pods, direction: Direction) -> bool:
        """Whether they surely allow a need at the end of one workload."""
        if not self._policies and not self._ground.decoded.foreign_policies:
            return False
        found = self._end(pods, direction)
        if found is None:
            return False
        other = self._masks.of(need.source if direction is Direction.INGRESS else need.target)
        table = self._model.network.table
        wanted = ALL if need.traffic is None else table.mask(need.traffic)
        wanted &= table.everything
        met = 0
        for who, what in found:
            if not wanted & ~what:
                met |= who
        return bool(other) and not other & ~met

    def _end(self, pods: Pods, direction: Direction) -> list[tuple[int, int]] | None:
        """Who may be at the other end, with what; None where no rule of theirs is for the workload."""
        if (pods, direction) not in self._ends:
            self._ends[pods, direction] = self._solved(pods, direction)
        return self._ends[pods, direction]

    def _solved(self, pods: Pods, direction: Direction) -> list[tuple[int, int]] | None:
        network = self._model.network
        own = [index for index, group in self._model.scope.groups.items() if owner(group) == pods]
        if not own or any(not self._subjects[direction] >> index & 1 for index in own):
            return None
        total: list[tuple[int, int]] | None = None
        for view in network.views:
            for index in own:
                cells = network.end(view, direction, index)
                found = by_member((cell.sure, cell.traffic) for cell in cells)
                total = found if total is None else _common(total, found)
        return total

    def said(self) -> Iterator[Left]:
        """All of them, for the report."""
        for policy in self._policies:
            selected = self._ground.model.scope.in_namespace(
                policy.namespace, policy.spec.pod_selector if policy.spec else None
            )
            names = sorted({str(self._ground.of(index)) for index in members(selected[1])})
            if denies_all(policy):
                what = "denies everything"
            else:
                what = (
                    f"is for {', '.join(names[:3])}{f' and {len(names) - 3} more' if len(names) > 3 else ''}"
                    if names
                    else "is for nobody"
                )
            yield Left(policy.title, what, "kept as it is", policy.origin)
        for each in self._ground.decoded.foreign_policies:
            yield Left(each.title, "opens egress to pods or names", "kept as it is", each.origin)


def _common(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(who & also, what & too) for who, what in one for also, too in other if who & also and what & too]


def denies_all(policy: NetworkPolicy) -> bool:
    """Whether a policy denies everything to all pods of its namespace, both ways."""
    spec = policy.spec
    if spec is None or (spec.pod_selector and (spec.pod_selector.match_labels or spec.pod_selector.match_expressions)):
        return False
    return set(spec.policy_types or ()) == {"Ingress", "Egress"} and not spec.ingress and not spec.egress
