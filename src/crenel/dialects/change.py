"""A model with some policies changed, sharing all that the change does not touch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from crenel.dialects import adminpolicy, networkpolicy
from crenel.dialects.assemble import ADMIN, BASELINE, NETWORKPOLICY, Assembly, admin_ranks
from crenel.dialects.distinctions import gather
from crenel.dialects.model import Input, Model, build
from crenel.kubernetes.decode import Decoded
from crenel.kubernetes.objects.policies import AdminPolicy, NetworkPolicy
from crenel.network.network import Network
from crenel.network.rules import Direction, Policy, Stage
from crenel.provenance import Origin

AnyPolicy: TypeAlias = NetworkPolicy | AdminPolicy


@dataclass(frozen=True, slots=True)
class Amended:
    """A model after a change, with what differs in it.

    `differing` are the neutral policies of one side only; None when the model was built anew, on a registry of its own.
    """

    model: Model
    changed: tuple[tuple[str, str, Origin], ...]
    """Title of each policy that was given or taken, ``added``, ``removed`` or ``changed``, and where it stands."""
    differing: tuple[tuple[Direction, Policy], ...] | None

    @property
    def near(self) -> tuple[int, int] | None:
        """The sources and destinations that the change can concern, as bitsets."""
        if self.differing is None:
            return None
        found = {Direction.EGRESS: 0, Direction.INGRESS: 0}
        for direction, policy in self.differing:
            found[direction] |= policy.subjects | policy.possible
        return found[Direction.EGRESS], found[Direction.INGRESS]


def amended(model: Model, added: Sequence[AnyPolicy], removed: Sequence[AnyPolicy] = ()) -> Amended:
    """Put policies in and take others out. What has the name of one that is put in has to be among the removed."""
    given = replace(model.given, decoded=_with(model.given.decoded, added, removed))
    changed = tuple(_changes(added, removed))
    if not (_tells_more_apart(model, added) or any(map(_speaks_of_names, removed))):
        stages = _Stages(model, given.decoded, added, removed)
        network = model.network.changed(stages.new, stages.fresh)
        if network is not None:
            return Amended(_shared(model, given, network), changed, tuple(stages.differing))
    return Amended(build(given), changed, None)


def _changes(added: Sequence[AnyPolicy], removed: Sequence[AnyPolicy]) -> Iterator[tuple[str, str, Origin]]:
    came = {policy.title: policy.origin for policy in added}
    went = {policy.title: policy.origin for policy in removed}
    for title in sorted(came | went):
        how = "changed" if title in came and title in went else "added" if title in came else "removed"
        yield title, how, came.get(title) or went[title]


def _with(decoded: Decoded, added: Sequence[AnyPolicy], removed: Sequence[AnyPolicy]) -> Decoded:
    out = set(map(id, removed))
    plain = [policy for policy in decoded.network_policies if id(policy) not in out]
    admin = [policy for policy in decoded.admin_policies if id(policy) not in out]
    return replace(
        decoded,
        network_policies=[*plain, *(policy for policy in added if isinstance(policy, NetworkPolicy))],
        admin_policies=[*admin, *(policy for policy in added if isinstance(policy, AdminPolicy))],
    )


def _tells_more_apart(model: Model, added: Sequence[AnyPolicy]) -> bool:
    """Whether pods that were one group could now differ."""
    alone = Decoded()
    alone.network_policies = [policy for policy in added if isinstance(policy, NetworkPolicy)]
    alone.admin_policies = [policy for policy in added if isinstance(policy, AdminPolicy)]
    return not gather(alone).keys <= model.frame.distinctions.keys


def _speaks_of_names(policy: AnyPolicy) -> bool:
    """Whether names would be left in the network that nobody mentions any more."""
    if not isinstance(policy, AdminPolicy) or policy.spec is None:
        return False
    return any(peer.domain_names for rule in policy.spec.egress or () for peer in rule.to or ())


class _Stages:
    """The stages after a change, and what differs in them."""

    def __init__(
        self, model: Model, decoded: Decoded, added: Sequence[AnyPolicy], removed: Sequence[AnyPolicy]
    ) -> None:
        self._decoded = decoded
        self._out = {policy.title for policy in [*added, *removed]}
        self._plain = [networkpolicy.translate(each, model.scope) for each in added if isinstance(each, NetworkPolicy)]
        self._admin = {
            each.title: adminpolicy.translate(each, model.scope) for each in added if isinstance(each, AdminPolicy)
        }
        self.fresh = [policy for each in [*self._plain, *self._admin.values()] for policy in each.values()]
        self.differing: list[tuple[Direction, Policy]] = []
        self.new = [self._replaced(stage) for stage in model.assembly.blueprint.stages]

    def _replaced(self, stage: Stage) -> Stage:
        if stage.name == NETWORKPOLICY:
            kept = [policy for policy in stage.ranks[0] if policy.title not in self._out]
            new = [each[stage.direction] for each in self._plain if stage.direction in each]
            return self._noted(stage, ((*kept, *new),)) if new or len(kept) < len(stage.ranks[0]) else stage
        if stage.name in (ADMIN, BASELINE):
            known = {policy.title: policy for rank in stage.ranks for policy in rank if policy.title not in self._out}
            known |= {title: each[stage.direction] for title, each in self._admin.items() if stage.direction in each}
            admin = [
                (each, {stage.direction: known[each.title]})
                for each in self._decoded.admin_policies
                if each.title in known
            ]
            return self._noted(stage, admin_ranks(admin, stage.direction, stage.name == BASELINE))
        return stage

    def _noted(self, stage: Stage, ranks: tuple[tuple[Policy, ...], ...]) -> Stage:
        before = {policy for rank in stage.ranks for policy in rank}
        now = {policy for rank in ranks for policy in rank}
        self.differing += [(stage.direction, policy) for policy in before ^ now]
        return stage if ranks == stage.ranks else replace(stage, ranks=ranks)


def _shared(model: Model, given: Input, network: Network) -> Model:
    return replace(model, given=given, assembly=Assembly(network.blueprint, model.scope), network=network)
