"""All layers in one network: what `map`, `diff` and `can` between two endpoints ask where an input has infrastructure.

Firewalls and routes stand between the members of the cluster as further points of the way (`crenel.dialects.walls`).
What the internet may send to a workload is what the paths that lead to it let through (`crenel.questions.exposure`):
there is no other way in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from crenel.bits import union
from crenel.dialects.assemble import ADMIN, BASELINE, FOREIGN, NETWORKPOLICY, Assembly
from crenel.dialects.destinations import internet
from crenel.dialects.entries import EntryKind
from crenel.dialects.joined import Joined
from crenel.dialects.model import Input, Model, build_alike
from crenel.dialects.walls import outside_of, unguarded_nodes, with_walls
from crenel.network.addresses import FAMILIES, AddressSet, Family
from crenel.network.conditions import InputLacks
from crenel.network.endpoints import Kind
from crenel.network.network import Blueprint, Cuts
from crenel.network.rules import Action, Direction, Peers, Policy, Rule, Stage
from crenel.network.traffic import Match
from crenel.questions.exposure.paths import Path
from crenel.questions.exposure.report import Exposure
from crenel.questions.verdict import Step

WAYS_IN = "ways in"
"""The stage of what leads in from outside."""


@dataclass(frozen=True, slots=True)
class Layers:
    """An input with its infrastructure, and what the internet reaches."""

    given: Input
    joined: Joined
    exposed: Exposure

    def assumptions(self) -> Iterator[str]:
        """What answers rest on that the input does not say."""
        yield from self.exposed.assumptions
        if nodes := unguarded_nodes(self.joined):
            more = f" and {len(nodes) - 1} more" if len(nodes) > 1 else ""
            yield f"no firewall stands between node {nodes[0]}{more} and the rest of the cluster"


def is_layer(step: Step) -> bool:
    """Whether a step of a trace is none of a policy of workloads."""
    return step.stage not in ("", FOREIGN, ADMIN, NETWORKPOLICY, BASELINE)


def layered(sides: Sequence[Layers], further: Callable[[Assembly], Cuts] | None = None) -> list[Model]:
    """One model for each side, on the same endpoints, blocks and traffic; `further` says where else to cut."""
    return build_alike([each.given for each in sides], [_extension(each) for each in sides], further)


def _extension(layers: Layers) -> Callable[[Assembly], Blueprint]:
    def extended(assembly: Assembly) -> Blueprint:
        walled = with_walls(assembly, layers.joined)
        return replace(walled, stages=[_ways_in(assembly.blueprint, layers), *walled.stages])

    return extended


def _ways_in(blueprint: Blueprint, layers: Layers) -> Stage:
    """The first stage of workloads: whom outside has a way to them, and nobody else."""
    registry, outside = blueprint.registry, outside_of(blueprint, layers.joined)
    names = {index: each.name for index, each in layers.joined.model.network.endpoints.items()}
    by_pod: dict[int, list[Path]] = defaultdict(list)
    for path in layers.exposed.paths:
        if path.endpoint is not None and path.possible and not _ends_at_proxy(path):
            by_pod[registry.index(names[path.endpoint])].append(path)
    everywhere = internet(AddressSet()) & outside
    whole = {each: everywhere.only(each) for each in FAMILIES}
    ways = [policy for index, paths in by_pod.items() for policy in _ways(index, paths, whole, outside)]
    workloads = union(registry.index(each.name) for each in blueprint.members if each.kind is Kind.WORKLOAD)
    families = {*blueprint.spoken_families(), *(path.family for paths in by_pod.values() for path in paths)}
    shut = tuple(Rule(Action.DENY, Peers(addresses=outside.only(each), outside_only=True)) for each in sorted(families))
    return Stage(WAYS_IN, Direction.INGRESS, (tuple(ways), (Policy("no way from outside", workloads, shut),)))


def _ends_at_proxy(path: Path) -> bool:
    """Whether a proxy's pods take the client's connection, and begin one of their own to the workload."""
    return path.route is not None and not (path.entry.kind is EntryKind.BALANCER and path.entry.service is None)


def _ways(
    index: int, paths: Sequence[Path], whole: Mapping[Family, AddressSet], outside: AddressSet
) -> Iterator[Policy]:
    for path in paths:
        rules = []
        match = (Match(path.protocol, (path.target_port, path.target_port)),)
        anywhere, everybody = whole[path.family], outside.only(path.family)
        sure = everybody if path.sources == anywhere else path.sources
        possible = everybody if path.possible == anywhere else path.possible
        if sure:
            rules.append(Rule(Action.ALLOW, Peers(addresses=sure, outside_only=True), match, path.entry.field))
        if rest := possible - sure:
            peers = Peers(addresses=rest, outside_only=True, doubt=_doubt(path))
            rules.append(Rule(Action.ALLOW, peers, match, path.entry.field))
        title = f"{path.entry.kind.value} {path.entry.title}"
        yield Policy(title, 1 << index, tuple(rules), origin=path.entry.origin)


def _doubt(path: Path) -> InputLacks:
    lacks = " and ".join(path.lacking) or "what the layers on the way do with it"
    return InputLacks(f"every layer on the way lets it through (unknown: {lacks})", "a layer on the way stops it")
