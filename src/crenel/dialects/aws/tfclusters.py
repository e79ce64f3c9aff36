"""Clusters, their nodes and other groups of instances of Terraform's provider aws, planned or deployed, as records.

Source: the documentation of each resource in the registry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from crenel.dialects.aws.blocks import Block
from crenel.dialects.aws.clusters import cluster_group
from crenel.dialects.aws.fleets import stand_for
from crenel.dialects.aws.records import Estate, Launch, Plane, TargetGroup, Unresolved
from crenel.dialects.aws.tfbalancers import TARGET_GROUPS
from crenel.dialects.aws.tfrules import SUBNETS, groups_of

_CLUSTER, _TEMPLATE = "aws_eks_cluster", "aws_launch_template"


def _cluster(block: Block, estate: Estate) -> None:
    """A cluster, with its own security group and the interfaces of its control plane."""
    inner = next(block.blocks("vpc_config"), None)
    known = inner.node.text("cluster_security_group_id") if inner is not None else ""
    name, own = block.node.text("name") or block.resource.address, known or f"{block.key}/cluster"
    cluster_group(own, name, block.node.origin, block.node.field, estate)
    estate.clusters |= {block.key: own, name: own}
    if inner is not None:
        further = groups_of(inner, "security_group_ids", estate, alone=True)
        vague = any(isinstance(each, Unresolved) for each in further)
        subnets = [each for each in inner.refers("subnet_ids", *SUBNETS) if not isinstance(each, Unresolved)]
        estate.planes.append(Plane(name, None if vague else (own, *further), tuple(subnets), block.node.origin))


def _launch(block: Block, estate: Estate) -> None:
    """A launch template or configuration; its first interface is the one that counts."""
    names = ("vpc_security_group_ids", "security_groups")
    first = next(block.blocks("network_interfaces"), None)
    found = [each for name in names for each in groups_of(block, name, estate)]
    asked = block.node.flag("associate_public_ip_address")
    if first is not None:
        found += groups_of(first, "security_groups", estate, alone=True)
        asked = first.node.flag("associate_public_ip_address")
    vague = any(isinstance(each, Unresolved) for each in found) or bool(block.node.texts("security_group_names"))
    for name in (block.key, block.node.text("name")):
        if name:
            estate.launches[name] = Launch(None if vague else tuple(found), asked)


def _launch_of(block: Block, estate: Estate) -> Launch:
    """What the launch template or configuration of something says; nothing is known of one that is not in the input."""
    if name := block.one("launch_configuration", "aws_launch_configuration"):
        return estate.launches.get(name, Launch(None))
    spec = next(block.blocks("launch_template"), None) or _mixed(block)
    if spec is None:
        return Launch(None if any(block.blocks("mixed_instances_policy")) else ())
    names = ("id", "launch_template_id", "name", "launch_template_name")
    found = (estate.launches.get(spec.one(name, _TEMPLATE)) for name in names)
    return next((each for each in found if each is not None), Launch(None))


def _mixed(block: Block) -> Block | None:
    """The launch template of a policy of mixed instances."""
    for policy in block.blocks("mixed_instances_policy"):
        for template in policy.blocks("launch_template"):
            for spec in template.blocks("launch_template_specification"):
                return spec
    return None


def _fleet(block: Block, estate: Estate) -> None:
    """A group of instances, which are targets of its target groups, besides those that are written."""
    launch = _launch_of(block, estate)
    stand_for(block.resource.address, launch, block.refers("vpc_zone_identifier", *SUBNETS), block.node.origin, estate)
    _crowd(block, "target_group_arns", estate)


def _joins(block: Block, estate: Estate) -> None:
    _crowd(block, "lb_target_group_arn", estate)


def _crowd(block: Block, name: str, estate: Estate) -> None:
    """Targets that are not known are added to a target group."""
    for arn in block.refers(name, *TARGET_GROUPS):
        estate.targets[arn] = replace(estate.targets.get(arn, TargetGroup(arn)), kind="")


def _nodes(block: Block, estate: Estate) -> None:
    """Nodes: they have the groups of their launch template, or the one of the cluster where that names none.

    With remote access they have one more that EKS makes, whose rules are not known.
    """
    cluster = estate.clusters.get(block.one("cluster_name", _CLUSTER))
    launch = _launch_of(block, estate)
    if launch.groups == ():
        remote = any(block.blocks("remote_access"))
        launch = replace(launch, groups=None if remote or cluster is None else (cluster,))
    stand_for(block.resource.address, launch, block.refers("subnet_ids", *SUBNETS), block.node.origin, estate)


CLUSTERS: dict[str, Callable[[Block, Estate], None]] = {"eks_cluster": _cluster}
"""What has groups of its own, and comes before the rules of these."""
FLEETS: dict[str, Callable[[Block, Estate], None]] = {
    "launch_template": _launch,
    "launch_configuration": _launch,
    "autoscaling_group": _fleet,
    "autoscaling_attachment": _joins,
    "eks_node_group": _nodes,
}
"""By type, in the order in which they have to be read."""
