"""Plans and states of Terraform with resources of the provider aws, as records.

What has no id yet is known by its address, and joined by what expressions refer to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from crenel.dialects import terraform
from crenel.dialects.aws.blocks import Block, Joined, is_data
from crenel.dialects.aws.records import Acl, Estate, Table
from crenel.dialects.aws.tfbalancers import BALANCING
from crenel.dialects.aws.tfclusters import CLUSTERS, FLEETS
from crenel.dialects.aws.tfmachines import MACHINES
from crenel.dialects.aws.tfnetworks import NETWORKS
from crenel.dialects.aws.tfrules import ANY_SUBNET, RULES, UNCLEAR
from crenel.provenance import Origin

_PROVIDER = "aws_"
_TAKERS = {**NETWORKS, **CLUSTERS, **RULES, **MACHINES, **BALANCING, **FLEETS}
_SHOWN = ("aws_subnet",)
"""Data sources that show all that counts of what they are."""


def recognises(data: Any) -> bool:
    """Whether it is a plan or a state with resources of the provider."""
    return any(each.type.startswith(_PROVIDER) for each in terraform.resources(data, Origin("")))


def take(data: Any, origin: Origin, estate: Estate) -> None:
    """Add all resources of a plan or a state."""
    found = [each for each in terraform.resources(data, origin) if each.type.startswith(_PROVIDER)]
    found = [each for each in found if each.type in _SHOWN or not is_data(each)]
    joined, by_type = Joined.of(found), defaultdict(list)
    for each in found:
        by_type[each.type.removeprefix(_PROVIDER)].append(Block.of(each, joined))
    for kind, taker in _TAKERS.items():
        for block in by_type[kind]:
            taker(block, estate)
    _spread(estate.acls, estate)
    _spread(estate.tables, estate)
    if joined.spread:
        estate.assume("a list of Terraform that refers to a resource with several instances means all of them")


def _spread(holders: Mapping[str, Acl] | Mapping[str, Table], estate: Estate) -> None:
    """Put what is attached to subnets that are not told to each one which has nothing of its sort."""
    unclear = holders.get(UNCLEAR)
    if unclear is not None and ANY_SUBNET in unclear.subnets:
        placed = {subnet for each in holders.values() for subnet in each.subnets}
        unclear.subnets |= estate.subnets.keys() - placed
        unclear.subnets.discard(ANY_SUBNET)
