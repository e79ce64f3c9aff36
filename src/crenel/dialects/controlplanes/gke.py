"""Clusters of Google Kubernetes Engine.

Sources: GKE API, ``Cluster``: ``masterAuthorizedNetworksConfig``, ``privateClusterConfig.enablePrivateEndpoint``, and
``controlPlaneEndpointsConfig.ipEndpointsConfig`` in their place; Terraform ``google_container_cluster``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from crenel.dialects.trees import Node, addresses
from crenel.network.firewalls import Answer, ControlPlane

TERRAFORM = "google_container_cluster"
_MARKS = ("masterAuth", "masterAuthorizedNetworksConfig", "controlPlaneEndpointsConfig", "privateClusterConfig")


def clusters(node: Node) -> Iterator[Node]:
    """The clusters that a mapping has: itself, or those of a list."""
    for each in (node, *node.nodes("clusters")):
        if each.text("name") and any(isinstance(each.data.get(name), dict) for name in _MARKS):
            yield each


def made(node: Node) -> tuple[ControlPlane, Sequence[str]]:
    """The control plane of one cluster, and the texts that are no addresses."""
    endpoints = node.node("controlPlaneEndpointsConfig")
    reached = endpoints.node("ipEndpointsConfig") if endpoints is not None else None
    old = node.node("privateClusterConfig")
    listed = (reached.node("authorizedNetworksConfig") if reached is not None else None) or node.node(
        "masterAuthorizedNetworksConfig"
    )
    closed = reached is not None and False in (reached.flag("enabled"), reached.flag("enablePublicEndpoint"))
    private = closed or (old is not None and old.flag("enablePrivateEndpoint") is True)
    on = listed is not None and listed.flag("enabled") is True
    texts = [each.text("cidrBlock") for each in listed.nodes("cidrBlocks")] if listed is not None and on else None
    return _plane(node.text("name"), listed or node, texts, Answer.NO if private else Answer.YES)


def planned(unknown: Mapping[str, Any]) -> Callable[[Node], tuple[ControlPlane, Sequence[str]]]:
    """The same for a resource of Terraform, of which some attributes are known only after apply."""

    def make(node: Node) -> tuple[ControlPlane, Sequence[str]]:
        listed = next(node.nodes("master_authorized_networks_config"), None)
        texts = [each.text("cidr_block") for each in listed.nodes("cidr_blocks")] if listed is not None else None
        private = any(each.flag("enable_private_endpoint") for each in node.nodes("private_cluster_config"))
        vague = any(unknown.get(name) is True for name in ("master_authorized_networks_config",))
        answer = Answer.NO if private else Answer.UNKNOWN if vague else Answer.YES
        return _plane(node.text("name"), listed or node, texts, answer)

    return make


def _plane(name: str, node: Node, texts: list[str] | None, answer: Answer) -> tuple[ControlPlane, Sequence[str]]:
    """Without authorised networks it is everybody; with none of them nobody but Google."""
    allowed, wrong = addresses(*filter(None, texts or ()))
    vague = bool(wrong) or (texts is not None and "" in texts)
    public = Answer.UNKNOWN if vague and answer is Answer.YES else answer
    return ControlPlane(
        f"GKE cluster {name}", public, None if texts is None else allowed, node.origin, node.field
    ), wrong
