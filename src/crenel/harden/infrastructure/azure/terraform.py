"""Network security groups as Terraform's JSON, for the provider hashicorp/azurerm from version 3 on.

Source: the registry's pages of azurerm_network_security_group, azurerm_network_security_rule and
azurerm_application_security_group. Rules are resources of their own.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from crenel.harden.infrastructure.azure.rules import Groups, Rule
from crenel.harden.infrastructure.texts import TERRAFORM, named
from crenel.network.rules import Direction

GROUP, MEMBERS = "azurerm_network_security_group", "azurerm_application_security_group"
_PROVIDER = {"azurerm": {"source": "hashicorp/azurerm", "version": ">= 3.0"}}
_PLACE = {"location": "${var.location}", "resource_group_name": "${var.resource_group_name}"}


def configuration(groups: Groups) -> dict[str, Any]:
    """The configuration, with variables for the place of what it makes."""
    resources: dict[str, dict[str, Any]] = defaultdict(dict)
    for name in sorted(groups.named):
        resources[MEMBERS][name] = {"name": named(name), **_PLACE}
    for each in groups.groups:
        resources[GROUP][each.name] = {"name": named(each.name), **_PLACE}
        for rule in each.rules:
            resources["azurerm_network_security_rule"][f"{each.name}-{rule.name}"] = _rule(rule, each.name)
    return {
        "terraform": {**TERRAFORM, "required_providers": _PROVIDER},
        "variable": {
            "location": {"type": "string", "description": "Where the groups are made."},
            "resource_group_name": {"type": "string", "description": "The resource group that they are made in."},
        },
        "resource": dict(resources),
    }


def _rule(rule: Rule, group: str) -> dict[str, Any]:
    inbound = rule.direction is Direction.INGRESS
    far, near = ("source", "destination") if inbound else ("destination", "source")
    body: dict[str, Any] = {
        "name": rule.name, "resource_group_name": _PLACE["resource_group_name"],
        "network_security_group_name": f"${{{GROUP}.{group}.name}}", "priority": rule.priority,
        "direction": "Inbound" if inbound else "Outbound", "access": "Allow" if rule.allows else "Deny",
        "protocol": rule.protocol, "source_port_range": "*", f"{near}_address_prefix": "*",
        **_either("destination_port_range", rule.ports),
    }  # fmt: skip
    if rule.asg:
        body[f"{far}_application_security_group_ids"] = [f"${{{MEMBERS}.{rule.asg}.id}}"]
    else:
        body |= _either(f"{far}_address_prefix", rule.prefixes)
    return body | ({"description": rule.why} if rule.why else {})


def _either(name: str, values: tuple[str, ...]) -> dict[str, Any]:
    if len(values) == 1:
        return {name: values[0]}
    return {f"{name}es" if name.endswith("prefix") else f"{name}s": list(values)}
