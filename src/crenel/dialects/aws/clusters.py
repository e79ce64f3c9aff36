"""What EKS adds by itself: the interfaces of a control plane, and the security group of a cluster.

Sources: EKS user guide, "View Amazon EKS security group requirements for clusters" (the cluster security group: all
from itself, all outwards; who carries it) and "Customize managed nodes with launch templates" (nodes carry it unless
their template names groups).
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.dialects.aws.making import What, Where, permission
from crenel.dialects.aws.records import Card, Estate
from crenel.network.addresses import AddressSet
from crenel.network.rules import Direction
from crenel.provenance import FieldPath, Origin

EVERYTHING = What("-1")


def control_planes(estate: Estate) -> Iterator[Card]:
    """Interfaces of control planes whose own are not in the input: one in each subnet, of which any may have one."""
    for plane in estate.planes:
        for subnet in plane.subnets if plane.name not in estate.shown else ():
            name = f"control plane of {plane.name} in {subnet}"
            yield Card(name, subnet, "", AddressSet(), AddressSet(), AddressSet(), plane.groups, origin=plane.origin)


def cluster_group(identifier: str, name: str, origin: Origin, field: FieldPath, estate: Estate) -> None:
    """The cluster security group of a cluster that the input makes, with the rules that EKS gives it."""
    if identifier in estate.groups:
        return
    group = estate.group(identifier)
    group.name, group.origin, group.field = f"cluster security group of {name}", origin, field
    where = Where(group.title, origin, field)
    group.permissions += [
        permission(Direction.INGRESS, EVERYTHING, where, estate, groups=(identifier,)),
        permission(Direction.EGRESS, EVERYTHING, where, estate, ("0.0.0.0/0", "::/0")),
    ]
    estate.assume(f"the cluster security group of {name} has the rules that EKS gives it, and those of the input")
