"""Clusters of Amazon EKS.

Sources: EKS API, ``VpcConfigResponse`` (``endpointPublicAccess``, ``publicAccessCidrs``, whose defaults are true and
0.0.0.0/0), CloudFormation ``AWS::EKS::Cluster ResourcesVpcConfig``, Terraform ``aws_eks_cluster vpc_config``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from crenel.dialects.trees import Node, addresses
from crenel.network.firewalls import Answer, ControlPlane

TERRAFORM = "aws_eks_cluster"


def clusters(node: Node) -> Iterator[Node]:
    """The clusters that a mapping has: of an answer, or of a template."""
    cluster = node.node("cluster")
    if cluster is not None and cluster.node("resourcesVpcConfig") is not None:
        yield cluster
    resources = node.node("Resources")
    for name in resources.data if resources is not None else ():
        each = resources.node(name) if resources is not None else None
        if each is not None and each.text("Type") == "AWS::EKS::Cluster" and (inner := each.node("Properties")):
            yield inner


def made(node: Node) -> tuple[ControlPlane, Sequence[str]]:
    """The control plane of one cluster, and the texts that are no addresses."""
    network = node.node("resourcesVpcConfig", "ResourcesVpcConfig") or Node({}, node.origin, node.field)
    return _plane(node.text("name", "Name"), network, "endpointPublicAccess", "publicAccessCidrs", known=True)


def planned(unknown: Mapping[str, Any]) -> Callable[[Node], tuple[ControlPlane, Sequence[str]]]:
    """The same for a resource of Terraform, of which some attributes are known only after apply."""

    def make(node: Node) -> tuple[ControlPlane, Sequence[str]]:
        network = next(node.nodes("vpc_config"), Node({}, node.origin, node.field))
        listed = unknown.get("vpc_config")
        later = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}
        known = not (later.get("public_access_cidrs") or later.get("endpoint_public_access") or listed is True)
        return _plane(node.text("name"), network, "endpoint_public_access", "public_access_cidrs", known=known)

    return make


def _plane(
    name: str, network: Node, access: str, ranges: str, *, known: bool
) -> tuple[ControlPlane, Sequence[str]]:  # fmt: skip
    """A list that is not there, or has nothing in it, is everybody."""
    access, ranges = (each if each in network.data else each[0].upper() + each[1:] for each in (access, ranges))
    public = network.flag(access) is not False
    texts = network.texts(ranges)
    allowed, wrong = addresses(*texts)
    literal = _is_literal(network.data.get(ranges)) and _is_literal(network.data.get(access))
    answer = Answer.NO if not public else Answer.YES if known and literal and not wrong else Answer.UNKNOWN
    field = (*network.field, ranges) if ranges in network.data else network.field
    return ControlPlane(f"EKS cluster {name}", answer, allowed if texts else None, network.origin, field), wrong


def _is_literal(value: Any) -> bool:
    """Whether a value has no function of a template in it."""
    parts = value if isinstance(value, list) else [value]
    return not any(isinstance(each, dict) for each in parts)
