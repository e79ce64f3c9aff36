"""The groups of an intent: nodes, the control plane, and load balancers, with the interfaces that they have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from crenel.dialects.joined import OWN
from crenel.harden.infrastructure.deriving.draft import CONTROL_PLANE, NODES, Draft
from crenel.harden.infrastructure.model import Group, Member, Sort, Subnet, union
from crenel.harden.needs.controlplane import ApiServer, api_server
from crenel.harden.needs.ground import Ground
from crenel.kubernetes.objects.workloads import Node
from crenel.kubernetes.population import node_addresses
from crenel.network.addresses import AddressSet
from crenel.network.firewalls import Balancer, Infrastructure

_LEADING = tuple(f"node-role.kubernetes.io/{role}" for role in ("control-plane", "master", "etcd"))
"""Labels of machines of the control plane (Well-Known Labels)."""
_NAMELESS = re.compile(r"[^a-z0-9]+")
_LONGEST = 32


def machines(draft: Draft) -> ApiServer:
    """Add nodes and the control plane. Returns where the API server is."""
    found: dict[str, list[Member]] = {NODES: [], CONTROL_PLANE: []}
    for node in draft.decoded.nodes:
        members = list(_members(node, draft))
        found[CONTROL_PLANE if any(role in node.labels for role in _LEADING) else NODES] += members
        if not members:
            draft.note(
                f"node {node.name}: neither an interface nor an address of it is in the input; it is in no group"
            )
    server = api_server(Ground(draft.joined.model, [], "default"), draft.given.api_server)
    leading = found[CONTROL_PLANE]
    if not found[NODES]:  # a cluster of one machine, or whose machines all do everything
        found[NODES], found[CONTROL_PLANE] = leading, []
    for name, sort in ((NODES, Sort.NODES), (CONTROL_PLANE, Sort.CONTROL_PLANE)):
        if found[name]:
            draft.groups[name] = Group(name, sort, tuple(found[name]), _ranges(found[name], draft))
    if not leading and (elsewhere := _managed(draft, server)):
        draft.groups[CONTROL_PLANE] = Group(CONTROL_PLANE, Sort.CONTROL_PLANE, (), elsewhere)
    return server


def _members(node: Node, draft: Draft) -> Iterator[Member]:
    names = [each for each in draft.joined.machines.get(node.name, ()) if not each.startswith(OWN)]
    for each in (draft.interfaces[name] for name in names):
        yield Member(each.name, each.addresses, node.name, each.subnet)
    if not names and (listed := node_addresses(node)):
        yield Member(node.name, AddressSet.of(*listed), node.name)


def _ranges(members: Iterable[Member], draft: Draft) -> AddressSet:
    """Where members are that come later: the subnets of those that there are."""
    known = {each.name: each.addresses for each in draft.joined.infrastructure.subnets}
    return union(known.get(each.subnet, AddressSet()) for each in members)


def _managed(draft: Draft, server: ApiServer) -> AddressSet:
    """Where a control plane is that has no nodes: its endpoints, and the range that a cloud gives it."""
    ranges = union(
        each.addresses | each.ranges
        for each in draft.joined.infrastructure.interfaces
        if each.name.startswith("control plane of ")
    )
    return ranges | (server.addresses if server.known else AddressSet())


def balancer(each: Balancer, draft: Draft) -> str:
    """Add a load balancer. Returns the name of its group, empty for one that has no interfaces in the input."""
    names = draft.joined.interfaces_of(each.name)
    if not names:
        return ""
    known = [draft.interfaces[name] for name in names]
    members = tuple(Member(one.name, one.addresses, "", one.subnet) for one in known)
    called = _called(each.name, draft)
    draft.groups[called] = Group(called, Sort.BALANCER, members, union(one.ranges for one in known))
    return called


def _called(name: str, draft: Draft) -> str:
    """A name for the group of a load balancer: no letters but those that every platform takes, and not taken yet."""
    plain = _NAMELESS.sub("-", name.lower()).strip("-")[:_LONGEST].strip("-")
    found, number = f"lb-{plain}", 1
    taken = {each.replace("-", "") for each in draft.groups}
    while found.replace("-", "") in taken:
        number += 1
        found = f"lb-{plain}-{number}"
    return found


def subnets(infrastructure: Infrastructure, groups: Sequence[Group]) -> list[Subnet]:
    """The subnets of an infrastructure, each with those who are in it besides the groups."""
    inside = {each.name for group in groups for each in group.members}
    return [
        Subnet(
            each.name,
            each.addresses,
            tuple(one.name for one in infrastructure.interfaces if one.subnet == each.name and one.name not in inside),
        )
        for each in infrastructure.subnets
    ]
