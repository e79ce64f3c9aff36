"""Load balancers of CloudFormation templates as records.

Source: CloudFormation template reference, the pages of Elastic Load Balancing: ``Scheme`` is internet-facing and
``Type`` application where they are not written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from crenel.dialects.aws.pieces import Piece
from crenel.dialects.aws.records import Estate, Listener, LoadBalancer, TargetGroup, Unresolved

_KEEPS = "preserve_client_ip.enabled"


def _facing(piece: Piece) -> bool | None:
    """Whether it is internal."""
    scheme = piece.text("Scheme") or "internet-facing"
    return None if isinstance(scheme, Unresolved) else scheme == "internal"


def _placed(piece: Piece, made: LoadBalancer) -> None:
    made.name, made.internal = piece.id, _facing(piece)
    mapped = [each.text("SubnetId") for each in piece.inner("SubnetMappings")]
    subnets = (*piece.texts("Subnets"), *mapped)
    made.subnets = tuple(dict.fromkeys("" if isinstance(each, Unresolved) else each for each in subnets))
    made.groups = None if piece.is_vague("SecurityGroups") else piece.texts("SecurityGroups")
    made.origin, made.field = piece.node.origin, piece.node.field


def _balancer(piece: Piece, estate: Estate) -> None:
    made = estate.balancer(piece.id)
    made.kind = piece.text("Type") or "application"
    _placed(piece, made)
    if made.groups == () and made.kind == "application":
        made.groups = None  # the default group of its network


def _target_group(piece: Piece, estate: Estate) -> None:
    """A target group; what it is given here are all targets, unless groups of instances or controllers add others."""
    attributes = {each.text("Key"): each.node.flag("Value") for each in piece.inner("TargetGroupAttributes")}
    port = piece.node.number("Port")
    targets = [(each.text("Id"), each.node.number("Port")) for each in piece.inner("Targets")]
    known = targets and not piece.hidden("Targets") and not any(isinstance(each, Unresolved) for each, _ in targets)
    estate.targets[piece.id] = TargetGroup(
        piece.id, piece.text("TargetType") or "instance", port, piece.text("Protocol"),
        tuple(targets) if known and piece.id not in estate.crowds else None, attributes.get(_KEEPS),
    )  # fmt: skip


def _forwards(piece: Piece, name: str) -> Iterator[str]:
    for action in piece.inner(name):
        if text := action.text("TargetGroupArn"):
            yield text
        forward = action.first("ForwardConfig")
        for each in forward.inner("TargetGroups") if forward is not None else ():
            yield each.text("TargetGroupArn")


def _listener(piece: Piece, estate: Estate) -> None:
    balancer, port = piece.text("LoadBalancerArn"), piece.node.number("Port")
    if isinstance(balancer, Unresolved) or not balancer or port is None:
        piece.not_applied("load balancer, or port of it,", estate)
        return
    groups = tuple(dict.fromkeys(_forwards(piece, "DefaultActions")))
    complete = not any(isinstance(each, Unresolved) for each in groups)
    place = (piece.node.origin, piece.node.field)
    made = Listener(piece.text("Protocol"), port, groups, piece.id, complete, *place)
    estate.balancer(balancer).listeners.append(made)


def _rule(piece: Piece, estate: Estate) -> None:
    """A rule of a listener, which leads elsewhere than its default action."""
    further = tuple(_forwards(piece, "Actions"))
    complete = not any(isinstance(each, Unresolved) for each in further)
    for balancer in estate.balancers.values():
        balancer.listeners = [
            replace(each, groups=tuple(dict.fromkeys((*each.groups, *further))), complete=each.complete and complete)
            if each.arn == piece.text("ListenerArn")
            else each
            for each in balancer.listeners
        ]


def _first(piece: Piece, estate: Estate) -> None:
    """A load balancer of the first generation (``AWS::ElasticLoadBalancing::LoadBalancer``)."""
    made = estate.balancer(piece.id)
    made.kind = "classic"
    _placed(piece, made)
    instances = piece.texts("Instances")
    known = instances and not piece.is_vague("Instances")
    for each in piece.inner("Listeners"):
        port, to = each.node.number("LoadBalancerPort"), each.node.number("InstancePort")
        arn = f"{piece.id}:{port}"
        targets = tuple((instance, to) for instance in instances) if known else None
        estate.targets[arn] = TargetGroup(arn, "instance", to, "TCP", targets)
        place = (each.node.origin, each.node.field)
        made.listeners.append(Listener(each.text("Protocol"), port or 0, (arn,), arn, True, *place))


BALANCING: dict[str, Callable[[Piece, Estate], None]] = {
    "AWS::ElasticLoadBalancingV2::TargetGroup": _target_group,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _balancer,
    "AWS::ElasticLoadBalancingV2::Listener": _listener,
    "AWS::ElasticLoadBalancingV2::ListenerRule": _rule,
    "AWS::ElasticLoadBalancing::LoadBalancer": _first,
}
"""By type, in the order in which they have to be read."""
