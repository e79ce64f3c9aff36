"""Security groups as Terraform's JSON and as Neutron shows them.

Sources: the registry's pages of openstack_networking_secgroup_v2 and openstack_networking_secgroup_rule_v2 (provider
terraform-provider-openstack/openstack from version 1.50 on); Networking API v2.0. A new group has rules that let all
traffic out, which Terraform takes away with `delete_default_rules`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from crenel.harden.infrastructure.openstack.rules import Rule, SecurityGroup
from crenel.harden.infrastructure.texts import TERRAFORM, named

GROUP = "openstack_networking_secgroup_v2"
_RULE = "openstack_networking_secgroup_rule_v2"
_PROVIDER = {"openstack": {"source": "terraform-provider-openstack/openstack", "version": ">= 1.50"}}
_LONGEST = 255


def configuration(groups: Sequence[SecurityGroup]) -> dict[str, Any]:
    """Terraform's configuration."""
    resources: dict[str, dict[str, Any]] = defaultdict(dict)
    for group in groups:
        text = f"{group.name}, by crenel harden"
        resources[GROUP][group.name] = {"name": named(group.name), "description": text, "delete_default_rules": True}
        for number, rule in enumerate(group.rules, 1):
            body = {"security_group_id": _id(group.name), **_rule(rule)}
            body |= {"remote_group_id": _id(rule.group)} if rule.group else {"remote_ip_prefix": rule.prefix}
            resources[_RULE][f"{group.name}-{number}"] = body
    return {"terraform": {**TERRAFORM, "required_providers": _PROVIDER}, "resource": dict(resources)}


def _id(group: str) -> str:
    return f"${{{GROUP}.{group}.id}}"


def _rule(rule: Rule) -> dict[str, Any]:
    body: dict[str, Any] = {"direction": rule.direction.value, "ethertype": f"IPv{rule.family}"}
    body |= {"protocol": rule.protocol} if rule.protocol else {}
    if rule.ports is not None:
        body |= {"port_range_min": rule.ports[0], "port_range_max": rule.ports[1]}
    return body | ({"description": rule.why[:_LONGEST]} if rule.why else {})


def listing(groups: Sequence[SecurityGroup]) -> dict[str, Any]:
    """The groups as Neutron shows them once they are there; names stand for ids."""
    return {"security_groups": [_group(each) for each in groups]}


def _group(group: SecurityGroup) -> dict[str, Any]:
    rules = [
        {
            "security_group_id": named(group.name), **_rule(each), "remote_ip_prefix": each.prefix or None,
            "remote_group_id": named(each.group) if each.group else None,
        }
        for each in group.rules
    ]  # fmt: skip
    own = {"id": named(group.name), "name": named(group.name), "description": f"{group.name}, by crenel harden"}
    return {**own, "stateful": True, "security_group_rules": rules}
