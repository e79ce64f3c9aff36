"""Clusters of Azure Kubernetes Service.

Sources: the REST API of Microsoft.ContainerService/managedClusters (``properties.apiServerAccessProfile``:
``authorizedIPRanges``, ``enablePrivateCluster``), which ``az aks`` prints without ``properties``, and the ranges as
``authorizedIpRanges``; Terraform
``azurerm_kubernetes_cluster``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from crenel.dialects.trees import Node, addresses
from crenel.network.firewalls import Answer, ControlPlane

TERRAFORM = "azurerm_kubernetes_cluster"
_RANGES = ("authorizedIPRanges", "authorizedIpRanges")
"""As the service writes it, and as ``az`` prints it."""
_TYPE = "microsoft.containerservice/managedclusters"


def clusters(node: Node) -> Iterator[Node]:
    """The clusters that a mapping has: itself, or the resources of a template or of a list."""
    if node.text("type").lower() == _TYPE:
        yield node
    for name in ("resources", "value"):
        yield from (each for each in node.nodes(name) if each.text("type").lower() == _TYPE)


def made(node: Node) -> tuple[ControlPlane, Sequence[str]]:
    """The control plane of one cluster, and the texts that are no addresses."""
    inner = node.node("properties") or node
    profile = inner.node("apiServerAccessProfile") or Node({}, node.origin, inner.field)
    private = profile.flag("enablePrivateCluster") is True
    name = next((each for each in _RANGES if each in profile.data), _RANGES[0])
    return _plane(node.text("name"), profile, name, private=private, known=True)


def planned(unknown: Mapping[str, Any]) -> Callable[[Node], tuple[ControlPlane, Sequence[str]]]:
    """The same for a resource of Terraform, of which some attributes are known only after apply."""

    def make(node: Node) -> tuple[ControlPlane, Sequence[str]]:
        profile = next(node.nodes("api_server_access_profile"), node)
        names = ("authorized_ip_ranges", "api_server_authorized_ip_ranges")
        name = next((each for each in names if profile.texts(each)), names[0])
        known = unknown.get("private_cluster_enabled") is not True and not _later(unknown)
        private = node.flag("private_cluster_enabled") is True
        return _plane(node.text("name"), profile, name, private=private, known=known)

    return make


def _later(unknown: Mapping[str, Any]) -> bool:
    listed = unknown.get("api_server_access_profile")
    first = listed[0] if isinstance(listed, list) and listed else None
    return listed is True or (isinstance(first, dict) and bool(first.get("authorized_ip_ranges")))


def _plane(
    name: str, profile: Node, ranges: str, *, private: bool, known: bool
) -> tuple[ControlPlane, Sequence[str]]:  # fmt: skip
    """An empty list is everybody; an expression of a template is not known."""
    texts = profile.texts(ranges)
    expression = any(each.startswith("[") for each in (*texts, profile.text(ranges)))
    allowed, wrong = addresses(*(() if expression else texts))
    answer = Answer.NO if private else Answer.YES if known and not expression and not wrong else Answer.UNKNOWN
    field = (*profile.field, ranges) if texts else profile.field
    return ControlPlane(f"AKS cluster {name}", answer, allowed if texts else None, profile.origin, field), wrong
