"""OpenStack: security groups of Neutron, the ports that they guard, and the load balancers of Octavia.

Read are lists and single resources as ``openstack ... -f json`` prints them and as the services answer, and plans and
states of Terraform.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crenel.dialects.openstack import reading, shapes, terraform
from crenel.dialects.openstack.balancers import Balancers, own_ports
from crenel.dialects.openstack.records import Estate
from crenel.dialects.openstack.routing import Routing
from crenel.dialects.openstack.rules import Translator
from crenel.dialects.openstack.seats import Seating, members
from crenel.dialects.openstack.tiers import Tiers
from crenel.network.firewalls import Infrastructure
from crenel.provenance import Origin

__all__ = ["read", "recognises"]


def recognises(data: Any) -> bool:
    """Whether a parsed document is one of OpenStack's. Looks at a few elements only; never raises."""
    return shapes.recognises(data) or terraform.recognises(data)


def read(documents: Sequence[tuple[Any, Origin]]) -> Infrastructure:
    """What all documents of an input say together. What is wrong in them is among the problems; raises nothing."""
    estate = collect(documents)
    routing = Routing(estate)
    seats = Seating(estate, routing, own_ports(estate)).seats()
    balancing = Balancers(estate, routing, seats).all()
    tiers = Tiers(estate, Translator(estate, members(seats))).all(seats)
    if any(seat.groups for seat in seats):
        estate.assume("security groups have the members that ports and servers in the input name, and no others")
    return Infrastructure(
        [seat.interface for seat in (*seats, *balancing.seats)], [*tiers, *balancing.tiers], balancing.balancers,
        list(estate.assumptions), estate.problems,
    )  # fmt: skip


def collect(documents: Sequence[tuple[Any, Origin]]) -> Estate:
    """All resources of some documents."""
    estate = Estate()
    for data, origin in documents:
        if terraform.recognises(data):
            terraform.take(data, origin, estate)
            continue
        for kind, node in shapes.elements(data, origin):
            if kind:
                reading.take(kind, node, estate)
    return estate
