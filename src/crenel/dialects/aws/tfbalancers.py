"""Load balancers of Terraform's provider aws, planned or deployed, as records.

Source: the documentation of each resource in the registry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from crenel.dialects.aws.blocks import Block
from crenel.dialects.aws.records import Estate, Listener, TargetGroup, Unresolved
from crenel.dialects.aws.tfrules import GROUPS, SUBNETS, not_applied

_BALANCERS, _LISTENERS = ("aws_lb", "aws_alb"), ("aws_lb_listener", "aws_alb_listener")
TARGET_GROUPS = ("aws_lb_target_group", "aws_alb_target_group")
_WITHOUT_GROUPS = ("network", "gateway")


def _balancer(block: Block, estate: Estate) -> None:
    made = estate.balancer(block.key)
    made.name = block.node.text("name") or block.resource.address
    made.hostname, made.kind = block.node.text("dns_name"), block.node.text("load_balancer_type") or "application"
    made.internal = None if block.is_open("internal") else bool(block.node.flag("internal"))
    groups = block.refers("security_groups", *GROUPS)
    made.groups = groups or (() if made.kind in _WITHOUT_GROUPS else None)
    mapped = [text for each in block.blocks("subnet_mapping") for text in each.refers("subnet_id", *SUBNETS)]
    found = (*block.refers("subnets", *SUBNETS), *mapped)
    made.subnets = tuple(dict.fromkeys("" if isinstance(each, Unresolved) else each for each in found))
    made.origin, made.field = block.node.origin, block.node.field


def _listener(block: Block, estate: Estate) -> None:
    balancer = block.one("load_balancer_arn", *_BALANCERS)
    if not balancer or isinstance(balancer, Unresolved):
        not_applied(block, "load balancer", estate)
        return
    port = None if block.is_open("port") else block.node.number("port")
    groups = tuple(dict.fromkeys(_forwards(block, "default_action")))
    if port is None:
        where = block.where
        estate.complain("a listener of no port that is known", where.origin, where.field, where.title)
        return
    complete = not any(isinstance(each, Unresolved) for each in groups)
    made = Listener(block.node.text("protocol"), port, groups, block.key, complete, block.node.origin, block.node.field)
    estate.balancer(balancer).listeners.append(made)


def _forwards(block: Block, name: str) -> Iterator[str]:
    """The target groups that actions lead to."""
    for action in block.blocks(name):
        yield from action.refers("target_group_arn", *TARGET_GROUPS)
        for forward in action.blocks("forward"):
            for each in forward.blocks("target_group"):
                yield from each.refers("arn", *TARGET_GROUPS)


def _rule(block: Block, estate: Estate) -> None:
    """A rule of a listener, which leads elsewhere than its default action."""
    listener, further = block.one("listener_arn", *_LISTENERS), list(_forwards(block, "action"))
    complete = not any(isinstance(each, Unresolved) for each in further)
    for balancer in estate.balancers.values():
        balancer.listeners = [
            replace(each, groups=tuple(dict.fromkeys((*each.groups, *further))), complete=each.complete and complete)
            if each.arn == listener
            else each
            for each in balancer.listeners
        ]


def _target_group(block: Block, estate: Estate) -> None:
    port = block.node.number("port")
    keeps = block.node.flag("preserve_client_ip")
    kind, protocol = block.node.text("target_type") or "instance", block.node.text("protocol")
    known = estate.targets.get(block.key, TargetGroup(block.key))
    estate.targets[block.key] = replace(known, kind=kind, port=port, protocol=protocol, keeps=keeps)


def _target(block: Block, estate: Estate) -> None:
    group = block.one("target_group_arn", *TARGET_GROUPS)
    target = block.one("target_id", "aws_instance")
    if not group or not target or isinstance(group, Unresolved):
        not_applied(block, "target group", estate)
    elif isinstance(target, Unresolved):
        estate.targets[group] = replace(estate.targets.get(group, TargetGroup(group)), kind="")
    else:
        estate.aim(group, (target, block.node.number("port")))


BALANCING: dict[str, Callable[[Block, Estate], None]] = {
    f"{prefix}{name}": taker
    for name, taker in (
        ("", _balancer), ("_target_group", _target_group), ("_listener", _listener), ("_listener_rule", _rule),
        ("_target_group_attachment", _target),
    )
    for prefix in ("lb", "alb")
}  # fmt: skip
"""By type, in the order in which they have to be read."""
