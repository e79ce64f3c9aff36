"""From the firewalls of an infrastructure to the rules of a router that stands between its interfaces.

Each interface takes the place that a pod has on a node. Tiers go into a table each by the packets that they judge:
those that know connections, those that judge every packet without regard to connections, and those of replies. A
packet needs all tables. Within a direction the tiers of a table keep their order.

What depends on something that the input does not say is left out, and `Ruleset.doubts` says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from crenel.bits import union
from crenel.enforce.compiler import compile_stages
from crenel.enforce.hooks import Marks, Sight
from crenel.enforce.ruleset import Ruleset
from crenel.enforce.site import Site
from crenel.network.firewalls import Tier
from crenel.network.rules import Action, Stage
from crenel.network.wire import Wire

_TABLES = {
    Sight.FIRST: "crenel-firewalls",
    Sight.EVERY: "crenel-firewalls-stateless",
    Sight.REPLIES: "crenel-firewalls-replies",
}


def compile_wire(wire: Wire, site: Site, marks: Marks | None = None) -> dict[Sight, Ruleset]:
    """Compile all tiers for a router, into a table for each sort of packets that some tier judges.

    `site` has the interfaces, with the links that lead to them, in the place of pods.
    """
    lowered = [(sight(tier), stage) for tier, stage in _lowered(wire)]
    skips = tuple(_skips(wire.infrastructure.tiers))
    found: dict[Sight, Ruleset] = {}
    for each in Sight:
        if stages := [stage for judged, stage in lowered if judged is each]:
            made = compile_stages(
                wire.forth.endpoints,
                list(map(_sure, stages)),
                site,
                marks=marks or Marks(),
                table=_TABLES[each],
                sight=each,
            )
            found[each] = replace(made, doubts=(*made.doubts, *_perhaps(stages, site), *skips))
    return found


def sight(tier: Tier) -> Sight:
    """Which packets a tier judges."""
    if tier.replies:
        return Sight.REPLIES
    return Sight.EVERY if tier.stateless else Sight.FIRST


def _lowered(wire: Wire) -> Iterator[tuple[Tier, Stage]]:
    """The tiers with their stages, in order."""
    forth, back = iter(wire.forth.blueprint.stages), iter(wire.back.blueprint.stages)
    for tier in wire.infrastructure.tiers:
        stages = [next(forth)] if not tier.replies else []
        stages += [next(back)] if tier.stateless or tier.replies else []
        yield tier, stages[0]


def _skips(tiers: Sequence[Tier]) -> Iterator[str]:
    """Allowances that end the way of first packets through tiers that are in another table: these still judge them."""
    for place, tier in enumerate(tiers):
        later = [each for each in tiers[place + 1 :] if each.direction is tier.direction and not each.replies]
        others = dict.fromkeys(each.layer for each in later if sight(each) is not sight(tier))
        if others and not tier.replies and _allows(tier):
            yield f"{tier.layer} {tier.direction.value}: what it allows is still judged by {', '.join(others)}"


def _allows(tier: Tier) -> bool:
    return any(rule.action is Action.ALLOW for rank in tier.ranks for each in rank for rule in each.rules)


def _perhaps(stages: Sequence[Stage], site: Site) -> Iterator[str]:
    here = union(pod.endpoint for pod in site.pods)
    for stage in stages:
        for policy in (policy for rank in stage.ranks for policy in rank):
            if policy.possible & here:
                yield f"{policy.title}: it is left out for those of whom it is not known whether it guards them"


def _sure(stage: Stage) -> Stage:
    """A stage whose policies guard only those that they certainly guard."""
    return replace(stage, ranks=tuple(tuple(replace(each, possible=0) for each in rank) for rank in stage.ranks))
