"""Networks built by hand: a few workloads, stages written as one reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crenel.network.addresses import AddressSet
from crenel.network.conditions import Condition
from crenel.network.endpoints import Endpoint, Kind, Registry
from crenel.network.network import Blueprint, Network
from crenel.network.rules import EVERYONE, Action, Direction, Peers, Policy, Rule, Stage
from crenel.network.shortcuts import Shortcut
from crenel.network.traffic import parse_traffic
from crenel.questions.explain import passage

WORKLOADS = ("a", "b", "c", "d")
BIT = {name: 1 << number for number, name in enumerate(WORKLOADS, start=1)}
"""Workloads are handed out first: index 0 is the relation *its own node*."""


def among(names: str) -> int:
    """The set of some workloads: ``"ab"``."""
    return sum(BIT[name] for name in names)


def rule(action: Action, peers: Peers | str = EVERYONE, traffic: str = "") -> Rule:
    """A rule; `peers` may be names of workloads, an empty `traffic` is all of it."""
    met = Peers(endpoints=among(peers)) if isinstance(peers, str) else peers
    return Rule(action, met, parse_traffic(traffic) if traffic else None)


def allow(peers: Peers | str = EVERYONE, traffic: str = "") -> Rule:
    """A rule that allows."""
    return rule(Action.ALLOW, peers, traffic)


def deny(peers: Peers | str = EVERYONE, traffic: str = "") -> Rule:
    """A rule that denies."""
    return rule(Action.DENY, peers, traffic)


def leave(peers: Peers | str = EVERYONE, traffic: str = "") -> Rule:
    """A rule that leaves the stage."""
    return rule(Action.NEXT, peers, traffic)


def policy(subjects: str, *rules: Rule, possible: str = "", condition: Condition | None = None) -> Policy:
    """A policy that guards some workloads, and others possibly."""
    return Policy(f"policy of {subjects or possible}", among(subjects), rules, among(possible), condition)


def stage(
    *ranks: Policy | Sequence[Policy],
    isolating: bool = False,
    local_exempt: bool = False,
    direction: Direction = Direction.INGRESS,
) -> Stage:
    """A stage; a policy alone is a rank of its own."""
    ranked = tuple((each,) if isinstance(each, Policy) else tuple(each) for each in ranks)
    return Stage("stage", direction, ranked, isolating, local_exempt)


def workload(name: str, number: int) -> Endpoint:
    """A workload of one replica with an address and a port by name."""
    return Endpoint(
        name,
        Kind.WORKLOAD,
        addresses=AddressSet.of(f"10.0.0.{number}"),
        families=(4,),
        replicas=1,
        ports=(("web", 6, 8000 + number),),
    )


def network(
    *stages: Stage, more: Sequence[Endpoint] = (), shortcuts: Mapping[int, Sequence[Shortcut]] | None = None
) -> Network:
    """Workloads a to d, and whoever else, behind stages."""
    members = [workload(name, number) for number, name in enumerate(WORKLOADS, start=1)]
    registry = Registry()
    for each in [*members, *more]:
        registry.index(each.name)
    return Network(Blueprint(registry, [*members, *more], stages, shortcuts=shortcuts or {}))


def index(net: Network, name: str) -> int:
    """The index of an endpoint; a block is called by one of its addresses."""
    found = net.blueprint.registry.known(name)
    return found if found is not None else net.blocks_within(AddressSet.of(name))[0]


def outcome(net: Network, source: str, destination: str, traffic: str) -> str:
    """``allowed``, ``denied``, ``partial`` or ``unknown``, as questions have it."""
    one, other = index(net, source), index(net, destination)
    (view,) = net.views_of(one, other)
    return passage(net, view, one, other, net.table.sum(parse_traffic(traffic))).outcome.value
