"""Interfaces, instances, groups of instances and clusters of CloudFormation templates as records.

Source: CloudFormation template reference, the page of each resource type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from crenel.dialects.aws.clusters import cluster_group
from crenel.dialects.aws.fleets import pending, stand_for
from crenel.dialects.aws.making import union
from crenel.dialects.aws.pieces import Piece
from crenel.dialects.aws.records import Card, Estate, Launch, Plane, Unresolved
from crenel.dialects.aws.templatebalancers import BALANCING
from crenel.network.firewalls import Answer

_CARDS = "NetworkInterfaces"
_GROUPS = ("GroupSet", "SecurityGroupIds", "SecurityGroups", "Groups")


def groups_of(piece: Piece) -> tuple[str, ...] | None:
    """The groups of an interface; empty for the default one, None where they are not known."""
    if piece.is_vague(*_GROUPS):
        return None
    return next((found for name in _GROUPS if (found := piece.texts(name))), ())


def _card(piece: Piece, estate: Estate) -> None:
    """An interface (``AWS::EC2::NetworkInterface``); it gets no public address by itself."""
    made = _made(piece, piece.id, piece.text("SubnetId"), groups_of(piece), estate)
    estate.cards[piece.id] = replace(made, pending={**made.pending, 4: Answer.NO})


def _made(piece: Piece, identifier: str, subnet: str, groups: tuple[str, ...] | None, estate: Estate) -> Card:
    listed = [each.text("PrivateIpAddress") for each in piece.inner("PrivateIpAddresses")]
    primary = next((each for each in piece.inner("PrivateIpAddresses") if each.node.flag("Primary")), None)
    first = piece.text("PrivateIpAddress") or (primary.text("PrivateIpAddress") if primary is not None else "")
    six = [each.text("Ipv6Address") for each in piece.inner("Ipv6Addresses")]
    own, handed = [first, *six[:1]], [*(each for each in listed if each != first), *six[1:]]
    for kind in ("Ipv4Prefix", "Ipv6Prefix"):
        handed += [each.text(kind) for each in piece.inner(f"{kind}es")]
    found = [union(_resolved(texts), piece.where, estate) for texts in (own, handed, six)]
    six_count = piece.number("Ipv6AddressCount") not in (None, 0, "0")
    later = pending(piece.node.flag("AssociatePublicIpAddress"), subnet, estate, six=six_count)
    return Card(
        identifier, subnet, "", found[0], found[1], found[2], groups, pending=later, fresh=True,
        origin=piece.node.origin,
    )  # fmt: skip


def _resolved(texts: list[str]) -> list[str]:
    return [each for each in texts if not isinstance(each, Unresolved)]


def _instance(piece: Piece, estate: Estate) -> None:
    """An instance, with the interfaces that it is given or one of its own (``AWS::EC2::Instance``)."""
    estate.zones[piece.id] = piece.node.text("AvailabilityZone")
    subnet = piece.text("SubnetId")
    for number, each in enumerate(piece.inner(_CARDS)):
        if (known := each.text("NetworkInterfaceId")) in estate.cards:
            estate.cards[known] = replace(estate.cards[known], instance=piece.id)
        else:
            identifier = f"{piece.id}/{number}" if number else piece.id
            made = _made(each, identifier, each.text("SubnetId") or subnet, groups_of(each), estate)
            estate.cards[identifier] = replace(made, instance=piece.id)
    if piece.first(_CARDS) is None:
        launch = _launch_of(piece, estate)
        own = groups_of(piece)
        made = _made(piece, piece.id, subnet, launch.groups if own == () else own, estate)
        if launch.public is not None:
            made = replace(made, pending=pending(launch.public, subnet, estate))
        estate.cards[piece.id] = replace(made, instance=piece.id)


def _launch_of(piece: Piece, estate: Estate) -> Launch:
    """What the launch template or configuration of something says; nothing is known of one that is not in the input."""
    if name := piece.text("LaunchConfigurationName"):
        return estate.launches.get(name, Launch(None))
    spec, mixed = piece.first("LaunchTemplate"), piece.first("MixedInstancesPolicy")
    outer = mixed.first("LaunchTemplate") if mixed is not None else None
    spec = spec or (outer.first("LaunchTemplateSpecification") if outer is not None else None)
    if spec is None:
        return Launch(None if mixed is not None else ())
    names = ("LaunchTemplateId", "LaunchTemplateName", "Id", "Name")
    found = (estate.launches.get(spec.text(name)) for name in names)
    return next((each for each in found if each is not None), Launch(None))


def _launch(piece: Piece, estate: Estate) -> None:
    """A launch template or configuration; its first interface is the one that counts."""
    data = piece.first("LaunchTemplateData") or piece
    first = data.first(_CARDS)
    own, asked = groups_of(data), data.node.flag("AssociatePublicIpAddress")
    if first is not None:
        own, asked = own or groups_of(first), first.node.flag("AssociatePublicIpAddress")
    for name in (piece.id, piece.text("LaunchTemplateName"), piece.text("LaunchConfigurationName")):
        if name and not isinstance(name, Unresolved):
            estate.launches[name] = Launch(own, asked)


def _fleet(piece: Piece, estate: Estate) -> None:
    """A group of instances: one interface for all of them in each subnet (``AWS::AutoScaling::AutoScalingGroup``).

    They are targets of its target groups, besides those that are written.
    """
    estate.crowds |= set(piece.texts("TargetGroupARNs"))
    subnets = piece.texts("VPCZoneIdentifier")
    stand_for(piece.id, _launch_of(piece, estate), subnets, piece.node.origin, estate)


def _cluster(piece: Piece, estate: Estate) -> None:
    """A cluster with its security group (``AWS::EKS::Cluster``)."""
    own, network = f"{piece.id}/cluster", piece.first("ResourcesVpcConfig")
    cluster_group(own, piece.id, piece.node.origin, piece.node.field, estate)
    if network is not None:
        groups = None if network.is_vague("SecurityGroupIds") else (own, *network.texts("SecurityGroupIds"))
        subnets = tuple(_resolved(list(network.texts("SubnetIds"))))
        estate.planes.append(Plane(piece.text("Name") or piece.id, groups, subnets, piece.node.origin))
    for name in (piece.id, piece.text("Name")):
        if name:
            estate.clusters[name] = own


def _node_group(piece: Piece, estate: Estate) -> None:
    """Nodes (``AWS::EKS::Nodegroup``): they have the groups of their template, or the cluster's where it has none.

    With remote access they have one more that EKS makes, whose rules are not known.
    """
    launch, cluster = _launch_of(piece, estate), estate.clusters.get(piece.text("ClusterName"))
    if launch.groups == ():
        remote = piece.first("RemoteAccess") is not None
        launch = replace(launch, groups=None if remote or cluster is None else (cluster,))
    stand_for(piece.id, launch, piece.texts("Subnets"), piece.node.origin, estate)


# What is added to interfaces


def _attachment(piece: Piece, estate: Estate) -> None:
    card, instance = piece.text("NetworkInterfaceId"), piece.text("InstanceId")
    if card not in estate.cards or isinstance(instance, Unresolved):
        piece.not_applied("network interface or instance", estate)
    else:
        estate.cards[card] = replace(estate.cards[card], instance=instance)


def _public(piece: Piece, estate: Estate) -> None:
    """A public address that is given to an instance or to an interface."""
    card, instance = piece.text("NetworkInterfaceId"), piece.text("InstanceId")
    found = next(_meant(card, instance, estate), None)
    if found is not None:
        estate.cards[found.id] = replace(found, pending={**found.pending, 4: Answer.YES})
    elif card or instance:
        piece.not_applied("network interface or instance", estate)


def _meant(card: str, instance: str, estate: Estate) -> Iterator[Card]:
    for each in estate.cards.values():
        if each.id == card or (not card and instance and each.instance == instance):
            yield each


MACHINES: dict[str, Callable[[Piece, Estate], None]] = {
    "AWS::EC2::NetworkInterface": _card,
    "AWS::EC2::LaunchTemplate": _launch,
    "AWS::AutoScaling::LaunchConfiguration": _launch,
    "AWS::EC2::Instance": _instance,
    "AWS::EC2::NetworkInterfaceAttachment": _attachment,
    "AWS::EC2::EIP": _public,
    "AWS::EC2::EIPAssociation": _public,
    "AWS::AutoScaling::AutoScalingGroup": _fleet,
    "AWS::EKS::Cluster": _cluster,
    "AWS::EKS::Nodegroup": _node_group,
    **BALANCING,
}
"""By type, in the order in which they have to be read."""
