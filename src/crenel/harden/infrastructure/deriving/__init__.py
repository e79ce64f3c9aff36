"""The intent for the infrastructure of a cluster, out of what is known of the cluster."""

from __future__ import annotations

from crenel.harden.infrastructure.deriving.clusterwide import clusterwide
from crenel.harden.infrastructure.deriving.draft import NODES, Asked, Draft, Given
from crenel.harden.infrastructure.deriving.entering import entering
from crenel.harden.infrastructure.deriving.groups import machines, subnets
from crenel.harden.infrastructure.deriving.leaving import leaving
from crenel.harden.infrastructure.deriving.plugins import between, own_ports
from crenel.harden.infrastructure.model import Wanted

__all__ = ["Given", "wanted"]


def wanted(network: Asked, given: Given | None = None) -> Wanted:
    """What firewalls have to let through for the cluster of a network (`crenel.library.Network`), and nothing else.

    Raises:
        ValueError: an address of the API server that was given is none.
    """
    draft = Draft(network, given or Given())
    server = machines(draft)
    between(draft)
    own_ports(draft)
    clusterwide(draft, server)
    entering(draft)
    leaving(draft)
    if not draft.machines:
        draft.note("no node of the input has an interface or an address: there is nobody to write rules for")
    groups = list(draft.groups.values())
    openings = [*(each for each in draft.openings if each.traffic != ()), *draft.given.further]
    return Wanted(
        groups, openings, subnets(draft.joined.infrastructure, groups), _network(draft), draft.pods, list(draft.notes)
    )


def _network(draft: Draft) -> str:
    """The virtual network of the nodes; empty where it is not told, or not one."""
    members = draft.groups[NODES].members if NODES in draft.groups else ()
    found = {draft.interfaces[each.name].network for each in members if each.name in draft.interfaces} - {""}
    return found.pop() if len(found) == 1 else ""
