"""Which endpoint of the model each pod, node and host of the twin is."""

from __future__ import annotations

from dataclasses import dataclass, field

from crenel.lab.cluster.placement import Placement
from crenel.network.endpoints import Kind


@dataclass(frozen=True, slots=True)
class Roster:
    """Endpoint indices by titles; and what reports call the pods."""

    pods: dict[str, int] = field(default_factory=dict)
    nodes: dict[str, int] = field(default_factory=dict)
    addresses: dict[str, tuple[str, int]] = field(default_factory=dict)
    """(node, endpoint) by each address of a node."""
    names: dict[str, str] = field(default_factory=dict)
    """By a pod's title: the name of its workload, or its own where the twin has several of them."""


def enrol(placement: Placement) -> Roster:
    """Find the endpoints of a placement."""
    model = placement.model
    groups = model.scope.groups
    pods = {f"{group.namespace}/{member}": index for index, group in groups.items() for member in group.members}
    count: dict[int, int] = {}
    for pod in placement.pods:
        count[pods[pod.title]] = count.get(pods[pod.title], 0) + 1
    names = {
        pod.title: model.network.endpoints[pods[pod.title]].name if count[pods[pod.title]] == 1 else pod.title
        for pod in placement.pods
    }
    nodes: dict[str, int] = {}
    addresses: dict[str, tuple[str, int]] = {}
    for index, endpoint in model.network.endpoints.items():
        if endpoint.kind is Kind.NODE and endpoint.addresses is not None:
            (node,) = endpoint.nodes or {""}
            nodes.setdefault(node, index)
            for text in endpoint.addresses.cidrs():
                addresses.setdefault(text.partition("/")[0], (node, index))
    return Roster({pod.title: pods[pod.title] for pod in placement.pods}, nodes, addresses, names)
