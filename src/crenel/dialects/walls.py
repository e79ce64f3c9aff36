"""Firewalls of the infrastructure as stages of the cluster's own network, so that every question meets them.

A workload stands behind the interfaces that it shares, else behind those of its nodes. What firewalls between machines
see of it is its own address where the network routes that, and its node's where a tunnel hides it or the node
translates it. Connections within a node, and those in a tunnel, never come to them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from crenel.bits import union
from crenel.dialects.assemble import Assembly
from crenel.dialects.destinations import METADATA, PLATFORM, PRIVATE
from crenel.dialects.joined import OWN, Joined
from crenel.dialects.routes import routes
from crenel.network.addresses import FAMILIES, AddressSet
from crenel.network.conditions import InputLacks, SameNode
from crenel.network.endpoints import Endpoint, Kind
from crenel.network.firewalls import Tier
from crenel.network.locality import LOCAL
from crenel.network.network import Blueprint
from crenel.network.replies import reply_stage
from crenel.network.rules import Direction, Stage
from crenel.network.shortcuts import Shortcut
from crenel.network.subjects import apart
from crenel.network.wire import Seats, stage

HOST, HOST_REPLIES, CLOUD, CLOUD_REPLIES = 1, 2, 3, 4
"""The enforcement points, from the workload outwards: its node's own firewall, those between machines; for stateless
tiers their replies are points of their own."""
HIDDEN = InputLacks(
    "whether the pods' network hides them from firewalls between nodes",
    "firewalls between nodes see the pods' own packets",
)


def with_walls(assembly: Assembly, joined: Joined) -> Blueprint:
    """A blueprint with the firewalls and routes that an input joins to its cluster, and what never comes to them."""
    return _Walls(assembly.blueprint, joined).blueprint()


def outside_of(blueprint: Blueprint, joined: Joined) -> AddressSet:
    """What is routed as the internet is: all but private networks, the cluster and its infrastructure."""
    inside = blueprint.inside | joined.wire.forth.blueprint.inside
    return AddressSet.everything(*FAMILIES) - PRIVATE - METADATA - PLATFORM - inside


@dataclass(frozen=True, slots=True)
class _Member:
    index: int
    endpoint: Endpoint
    cloud: frozenset[str]
    """The interfaces between machines that it may be behind."""
    host: frozenset[str]
    """The firewalls of nodes themselves."""
    own: bool
    """Whether it has addresses that the network between machines knows."""
    hidden: bool | None
    """Whether a tunnel hides it from that network, None where that is not known."""


class _Walls:
    def __init__(self, blueprint: Blueprint, joined: Joined) -> None:
        self._blueprint = blueprint
        self._joined = joined
        self._infrastructure = joined.infrastructure
        self._outside = outside_of(blueprint, joined)
        self._known = {each.name: each for each in self._infrastructure.interfaces}
        names = {index: each.name for index, each in joined.model.network.endpoints.items()}
        self._tenants = {names[index]: tenants for index, tenants in joined.tenants.items()}
        self._machines = {
            name
            for interfaces in joined.machines.values()
            for name in interfaces
            if not name.startswith(OWN)
        }  # fmt: skip
        self._members = [self._member(each) for each in blueprint.members]

    def blueprint(self) -> Blueprint:
        """The blueprint with all that this knows."""
        between = self._between()
        shortcuts = {
            HOST: self._never(),
            HOST_REPLIES: self._never(),
            CLOUD: [*self._never(), *between],
            CLOUD_REPLIES: [*self._never(), *between],
        }
        stages = list(self._stages())
        met = {each.point for each in stages}
        seen = {each.index: self._appearance(each) for each in self._members if not each.own}
        return replace(
            self._blueprint,
            stages=[*self._blueprint.stages, *stages],
            shortcuts={point: each for point, each in shortcuts.items() if point in met},
            seen={point: seen for point in (CLOUD, CLOUD_REPLIES) if point in met},
        )

    # Who stands where

    def _member(self, endpoint: Endpoint) -> _Member:
        index = self._blueprint.registry.index(endpoint.name)
        nodes = sorted(endpoint.nodes or self._joined.machines)
        tenants = self._tenants.get(endpoint.name)
        at_nodes = [self._at_node(node) for node in nodes]
        host = [f"{OWN}{node}{'' if endpoint.hosted else '/pods'}" for node in nodes]
        own = tenants is not None or endpoint.kind is Kind.NODE
        return _Member(
            index,
            endpoint,
            frozenset(tenants or (name for names in at_nodes for name in names)),
            frozenset(name if name in self._known else f"?{name}" for name in host),
            own,
            False if own or endpoint.hosted else self._is_hidden(endpoint),
        )

    def _at_node(self, node: str) -> list[str]:
        """The interfaces of a node; one that nobody knows where the input has none."""
        found = [name for name in self._joined.machines.get(node, ()) if not name.startswith(OWN)]
        return found or [f"?{node}"]

    def _is_hidden(self, endpoint: Endpoint) -> bool | None:
        """Pods whose addresses no interface has are in a network of their own."""
        if endpoint.addresses:
            return True
        if not endpoint.ranges:
            return None
        known = [self._known[name] for name in self._machines]
        return (
            None if any(endpoint.ranges & (each.addresses | each.delegated | each.ranges) for each in known) else True
        )

    def _appearance(self, member: _Member) -> Endpoint:
        """What firewalls between machines see in place of a pod: its node, or nobody knows what."""
        known = [self._known[name].addresses for name in member.cloud if name in self._known]
        addresses = AddressSet()
        for each in known:
            addresses |= each
        if member.hidden is None:
            ranges = member.endpoint.ranges
            return replace(member.endpoint, addresses=None, ranges=ranges | addresses if ranges else ranges)
        complete = len(known) == len(member.cloud) and addresses
        return replace(member.endpoint, addresses=addresses if complete else None, ranges=AddressSet())

    # Stages

    def _stages(self) -> Iterator[Stage]:
        cloud = self._seats([(each.cloud, each.index) for each in self._members], self._elsewhere())
        nodes = self._seats([(each.cloud, each.index) for each in self._members if each.endpoint.kind is Kind.NODE])
        host = self._seats([(each.host, each.index) for each in self._members])
        interfaces = [self._known[name] for name in sorted(self._behind())]
        yield from routes(interfaces, self._outside, Direction.EGRESS, cloud, CLOUD)
        yield from routes(interfaces, self._outside, Direction.INGRESS, nodes, CLOUD)
        for tier in apart(self._infrastructure):
            mine, point = (host, HOST) if _is_hosts(tier) else (cloud, CLOUD)
            if not tier.replies:
                yield stage(tier, mine, point)
            if tier.stateless or tier.replies:
                yield reply_stage(tier, mine, HOST_REPLIES if point == HOST else CLOUD_REPLIES)

    def _behind(self) -> set[str]:
        return {name for each in self._members for name in each.cloud if name in self._known}

    def _elsewhere(self) -> Mapping[str, AddressSet]:
        """The addresses of interfaces that no member of the cluster is behind: databases, endpoints of services."""
        taken = self._behind() | self._machines
        return {
            each.name: each.addresses
            for each in self._infrastructure.interfaces
            if each.name not in taken and not each.name.startswith(OWN) and each.addresses
        }

    def _seats(
        self, placed: Iterable[tuple[frozenset[str], int]], outside: Mapping[str, AddressSet] | None = None
    ) -> Seats:
        groups: dict[frozenset[str], list[int]] = defaultdict(list)
        for names, index in placed:
            groups[names].append(index)
        alone = {next(iter(names)): union(found) for names, found in groups.items() if len(names) == 1}
        several = [(names, union(found)) for names, found in groups.items() if len(names) > 1]
        return Seats(alone, several, outside)

    # Shortcuts

    def _mask(self, chosen: Iterable[_Member]) -> int:
        return union(each.index for each in chosen)

    def _never(self) -> list[Shortcut]:
        """What comes to none of these points: from a node to its pods, and from outside to workloads.

        The latter is judged as a whole, by the ways that lead in.
        """
        workloads = self._mask(each for each in self._members if each.endpoint.kind is Kind.WORKLOAD)
        return [
            Shortcut(sources=1 << LOCAL, destinations=workloads),
            Shortcut(from_outside=self._outside, destinations=workloads),
        ]

    def _between(self) -> list[Shortcut]:
        """What does not come to firewalls between machines: tunnels, what stays on a node, what is for metadata."""
        everyone = self._mask(self._members)
        hidden = self._mask(each for each in self._members if each.hidden)
        perhaps = self._mask(each for each in self._members if each.hidden is None)
        found = [Shortcut(sources=everyone, to_outside=METADATA)]
        found += [Shortcut(everyone, hidden)] if hidden else []
        found += [Shortcut(everyone, perhaps, HIDDEN)] if perhaps else []
        return [*found, *self._same_node()]

    def _same_node(self) -> Iterator[Shortcut]:
        surely: dict[str, list[int]] = defaultdict(list)
        possibly: dict[str, list[int]] = defaultdict(list)
        unplaced: list[int] = []
        sharing = [each for each in self._members if self._shares(each)]
        for each in sharing:
            nodes = each.endpoint.nodes
            if nodes is None:
                unplaced.append(each.index)
            for node in nodes or ():
                (surely if len(nodes or ()) == 1 else possibly)[node].append(each.index)
        where = SameNode("the source", "the destination")
        for node in sorted({*surely, *possibly}):
            alone, some = union(surely[node]), union(possibly[node])
            yield Shortcut(alone, alone)
            if some:
                yield Shortcut(alone | some, alone | some, where)
        if unplaced:
            everyone = self._mask(sharing)
            yield Shortcut(everyone, union(unplaced), where)
            yield Shortcut(union(unplaced), everyone, where)

    def _shares(self, member: _Member) -> bool:
        """Whether its packets leave through an interface of its node, and not through one of its own."""
        landlords = {name.rpartition(" at ")[2] for name in member.cloud} if member.own else set[str]()
        return member.endpoint.kind is Kind.NODE or not landlords or landlords <= self._machines


def _is_hosts(tier: Tier) -> bool:
    filters: Sequence[frozenset[str]] = [each.guards | each.possible for rank in tier.ranks for each in rank]
    return any(name.startswith(OWN) for names in filters for name in names)


def unguarded_nodes(joined: Joined) -> list[str]:
    """The nodes of which the infrastructure tells nothing, although it tells of firewalls."""
    if not joined.infrastructure.tiers:
        return []
    return sorted(node for node, names in joined.machines.items() if all(name.startswith(OWN) for name in names))
