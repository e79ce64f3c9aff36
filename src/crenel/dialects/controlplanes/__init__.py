"""Endpoints of API servers of managed Kubernetes: who may connect to them from the internet.

Read are clusters as the clouds' own commands print them (``aws eks describe-cluster``, ``az aks show`` and ``list``,
``gcloud container clusters describe`` and ``list``), plans and states of Terraform, and templates of CloudFormation and
Azure Resource Manager.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from crenel.dialects import terraform
from crenel.dialects.controlplanes import aks, eks, gke
from crenel.dialects.trees import Node, listed
from crenel.network.firewalls import ControlPlane, Infrastructure
from crenel.provenance import Origin, Problem

__all__ = ["read", "recognises"]

_SERVICES = (eks, aks, gke)


def recognises(data: Any) -> bool:
    """Whether a parsed document speaks of a cluster of a managed service; never raises."""
    if terraform.recognises(data):
        types = {each.type for each in terraform.resources(data, Origin(""))}
        return any(service.TERRAFORM in types for service in _SERVICES)
    return any(True for _ in _found(data, Origin("")))


def read(documents: Sequence[tuple[Any, Origin]]) -> Infrastructure:
    """The control planes of all documents. What is wrong in them is among the problems; raises nothing."""
    found: list[ControlPlane] = []
    problems: list[Problem] = []
    for data, origin in documents:
        for make, node in (*_planned(data, origin), *_found(data, origin)):
            plane, wrong = make(node)
            found.append(plane)
            problems += [Problem(f"not an address: {each}", plane.origin, plane.field, plane.name) for each in wrong]
    return Infrastructure(control_planes=found, problems=problems)


_Make = Callable[[Node], tuple[ControlPlane, Sequence[str]]]


def _planned(data: Any, origin: Origin) -> Iterator[tuple[_Make, Node]]:
    """The clusters of a plan or state of Terraform."""
    for each in terraform.resources(data, origin):
        for service in _SERVICES:
            if each.type == service.TERRAFORM:
                yield service.planned(each.unknown), Node(each.values, each.origin, each.field)


def _found(data: Any, origin: Origin) -> Iterator[tuple[_Make, Node]]:
    """The clusters of an answer of a service, or of a template."""
    if terraform.recognises(data):
        return
    whole = Node(data, origin) if isinstance(data, dict) else None
    nodes = [whole] if whole is not None else list(listed(data, origin))
    for node in nodes:
        for service in _SERVICES:
            yield from ((service.made, each) for each in service.clusters(node))
