"""Google Cloud: rules of VPC networks, firewall policies, and all that decides whom they guard and in which order.

Read are lists and single resources as ``gcloud --format=json`` prints them and as the service answers, effective
firewalls, clusters, what tells which project is in which folder, and plans and states of Terraform.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from crenel.dialects.gcp import clusters, shapes, terraform
from crenel.dialects.gcp.balancers import Balancers
from crenel.dialects.gcp.records import Estate
from crenel.dialects.gcp.resources import take
from crenel.dialects.gcp.rulereading import EGRESS
from crenel.dialects.gcp.seats import seats
from crenel.dialects.gcp.tiers import Tiers
from crenel.network.firewalls import Infrastructure
from crenel.provenance import Origin

__all__ = ["read", "recognises"]


def recognises(data: Any) -> bool:
    """Whether a parsed document is one of Google Cloud's. Looks at a few elements only; never raises."""
    return shapes.recognises(data) or terraform.recognises(data)


def read(documents: Sequence[tuple[Any, Origin]]) -> Infrastructure:
    """What all documents of an input say together. What is wrong in them is among the problems; raises nothing."""
    estate = collect(documents)
    clusters.complete(estate)
    seated = seats(estate)
    balancing = Balancers(estate, seated, _by_destination(estate)).all()
    everywhere = [*seated, *balancing.floating]
    tiers = Tiers(estate, everywhere).all()
    if seated:
        _assume(estate)
    interfaces = [*(seat.interface for seat in everywhere), *balancing.proxies, *clusters.control_planes(estate)]
    return Infrastructure(interfaces, tiers, balancing.balancers, list(estate.assumptions), estate.problems)


def _by_destination(estate: Estate) -> bool:
    """Whether any rule of ingress speaks of some of the addresses that packets come to."""
    listed = [rule for rules in estate.rules.values() for rule in rules.values()]
    policies = [*estate.policies.values(), *(each for answer in estate.effective for each in answer.policies)]
    listed += [rule for policy in policies for rule in policy.rules or ()]
    listed += [rule for rules in estate.loose_rules.values() for rule in rules]
    return any(rule.enabled and rule.direction != EGRESS and not rule.destination.silent for rule in listed)


def collect(documents: Sequence[tuple[Any, Origin]]) -> Estate:
    """All resources of some documents."""
    estate = Estate()
    for data, origin in documents:
        if terraform.recognises(data):
            terraform.take_plan(data, origin, estate)
        elif ancestors := shapes.ancestors(data):
            estate.parents.update(pairwise(ancestors))
            continue
        for node in shapes.elements(data, origin):
            if kind := shapes.kind_of(node.data):
                take(kind, node, estate)
    return estate


def _assume(estate: Estate) -> None:
    estate.assume("network tags and service accounts are those of instances in the input, and of no others")
    for hierarchical, words in ((True, "organizations and folders"), (False, "networks")):
        if not estate.effective and all(each.hierarchical is not hierarchical for each in estate.policies.values()):
            estate.assume(f"no firewall policies of {words} apply")
