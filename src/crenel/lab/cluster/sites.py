"""What each node of a placement has to guard, for the compiler."""

from __future__ import annotations

from collections.abc import Mapping

from crenel.enforce.site import LocalPod, Site
from crenel.lab.cluster.placement import Placement
from crenel.lab.cluster.roster import Roster
from crenel.network.addresses import AddressSet


def sites(placement: Placement, roster: Roster, interfaces: Mapping[str, str]) -> dict[str, Site]:
    """The site of each node. `interfaces` are those of the pods on their nodes, by the pods' titles, where known."""
    found: dict[str, list[LocalPod]] = {node.name: [] for node in placement.nodes}
    for pod in placement.pods:
        if not pod.hosted:
            addresses = AddressSet.of(*pod.addresses)
            found[pod.node].append(LocalPod(roster.pods[pod.title], addresses, interfaces.get(pod.title, "")))
    return {name: Site(name, tuple(pods)) for name, pods in found.items()}
