"""Reads what ``aws elbv2 describe-*`` and ``aws elb describe-load-balancers`` print into an estate.

Sources: the response elements of each action in the API references of Elastic Load Balancing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from crenel.dialects.aws.records import Estate, Listener, TargetGroup
from crenel.dialects.trees import Node
from crenel.provenance import Origin

_KEEPS = "preserve_client_ip.enabled"


def _balancer(node: Node, estate: Estate) -> None:
    """A load balancer of the second generation (``LoadBalancer``)."""
    scheme, made = node.text("Scheme"), estate.balancer(node.text("LoadBalancerArn"))
    made.name, made.hostname, made.kind = node.text("LoadBalancerName"), node.text("DNSName"), node.text("Type")
    made.internal = None if not scheme else scheme == "internal"
    groups = node.texts("SecurityGroups") if node.has("SecurityGroups") else None
    made.groups = groups or (() if made.kind in ("network", "gateway") else groups)
    made.subnets = tuple(each.text("SubnetId") for each in node.nodes("AvailabilityZones"))
    made.origin, made.field = node.origin, node.field


def _listener(node: Node, estate: Estate) -> None:
    """A listener (``Listener``); it shows its default actions, and not its rules."""
    balancer = estate.balancer(node.text("LoadBalancerArn"))
    balancer.listeners.append(
        Listener(
            node.text("Protocol"), node.number("Port") or 0, forwards(node, "DefaultActions"),
            node.text("ListenerArn"), complete="/app/" not in balancer.arn, origin=node.origin, field=node.field,
        )
    )  # fmt: skip


def forwards(node: Node, name: str) -> tuple[str, ...]:
    """The ARNs of the target groups that actions lead to (``Action``)."""
    groups: dict[str, None] = {}
    for action in node.nodes(name):
        forward = action.node("ForwardConfig")
        more = [each.text("TargetGroupArn") for each in forward.nodes("TargetGroups")] if forward is not None else []
        groups |= dict.fromkeys(text for text in (action.text("TargetGroupArn"), *more) if text)
    return tuple(groups)


def _target_group(node: Node, estate: Estate) -> None:
    arn = node.text("TargetGroupArn")
    known = estate.targets.get(arn, TargetGroup(arn))
    kind = node.text("TargetType") or "instance"
    estate.targets[arn] = replace(known, kind=kind, port=node.number("Port"), protocol=node.text("Protocol"))


def _first_balancer(node: Node, estate: Estate) -> None:
    """A load balancer of the first generation (``LoadBalancerDescription``)."""
    name = node.text("LoadBalancerName")
    made = estate.balancer(name)
    made.name, made.hostname, made.kind = name, node.text("DNSName"), "classic"
    made.internal, made.groups = node.text("Scheme") == "internal", node.texts("SecurityGroups")
    made.subnets, made.origin, made.field = node.texts("Subnets"), node.origin, node.field
    instances = [each.text("InstanceId") for each in node.nodes("Instances")]
    made.listeners = []
    for each in node.nodes("ListenerDescriptions"):
        listener = each.node("Listener")
        if listener is not None:
            port, arn = listener.number("InstancePort"), f"{name}:{listener.number('LoadBalancerPort')}"
            targets = tuple((instance, port) for instance in instances)
            estate.targets[arn] = TargetGroup(arn, "instance", port, "TCP", targets)
            made.listeners.append(
                Listener(
                    listener.text("Protocol"), listener.number("LoadBalancerPort") or 0, (arn,),
                    origin=listener.origin, field=listener.field,
                )
            )  # fmt: skip


def take_parts(data: Any, origin: Origin, estate: Estate) -> None:
    """Read the targets, the attributes of a group, and rules of listeners, when all that these are of is known.

    The answers with targets and with attributes do not name their group: a field beside them may, or there is only one.
    """
    whole = Node(data, origin)
    arn = whole.text("TargetGroupArn") or (next(iter(estate.targets)) if len(estate.targets) == 1 else "")
    if isinstance(data.get("TargetHealthDescriptions"), list):
        _health(whole, arn, estate)
    for each in whole.nodes("Attributes"):
        if arn in estate.targets and each.text("Key") == _KEEPS:
            estate.targets[arn] = replace(estate.targets[arn], keeps=each.flag("Value"))
    if isinstance(data.get("Rules"), list):
        _rules(whole, estate)


def _health(whole: Node, arn: str, estate: Estate) -> None:
    targets = [each.node("Target") for each in whole.nodes("TargetHealthDescriptions")]
    if arn:
        estate.aim(arn, *((each.text("Id"), each.number("Port")) for each in targets if each is not None))
    elif targets:
        message = "targets of a group that is not named: add a field TargetGroupArn beside them"
        estate.complain(message, whole.origin, ("TargetHealthDescriptions",), "target group")


def _rules(whole: Node, estate: Estate) -> None:
    """Rules of one listener, all of them (``describe-rules``): their ARNs have the one of the listener in them."""
    arns = {each.text("RuleArn").rpartition("/")[0].replace(":listener-rule/", ":listener/", 1): each for each in
            whole.nodes("Rules")}  # fmt: skip
    further = {group: None for each in whole.nodes("Rules") for group in forwards(each, "Actions")}
    for balancer in estate.balancers.values():
        balancer.listeners = [
            replace(each, groups=tuple(dict.fromkeys((*each.groups, *further))), complete=True)
            if each.arn and each.arn in arns
            else each
            for each in balancer.listeners
        ]


READERS: dict[str, Callable[[Node, Estate], None]] = {
    "LoadBalancers": _balancer,
    "Listeners": _listener,
    "TargetGroups": _target_group,
    "LoadBalancerDescriptions": _first_balancer,
}
"""By the name of their list."""
