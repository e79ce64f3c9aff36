"""Network security groups as a template of Azure Resource Manager.

Source: template reference, Microsoft.Network/networkSecurityGroups and applicationSecurityGroups.
"""

from __future__ import annotations

from typing import Any

from crenel.harden.infrastructure.azure.rules import Groups, Rule, SecurityGroup
from crenel.harden.infrastructure.texts import named
from crenel.network.rules import Direction

_VERSION = "2024-05-01"
_SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
_GROUP, _MEMBERS = "Microsoft.Network/networkSecurityGroups", "Microsoft.Network/applicationSecurityGroups"
_LOCATION = "[parameters('location')]"


def template(groups: Groups) -> dict[str, Any]:
    """The template."""
    resources = [
        {"type": _MEMBERS, "apiVersion": _VERSION, "name": named(each), "location": _LOCATION, "properties": {}}
        for each in sorted(groups.named)
    ]
    return {
        "$schema": _SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": {"location": {"type": "string", "defaultValue": "[resourceGroup().location]"}},
        "resources": [*resources, *map(_group, groups.groups)],
    }


def _group(group: SecurityGroup) -> dict[str, Any]:
    depends = [_id(each) for each in sorted({rule.asg for rule in group.rules if rule.asg})]
    return {
        "type": _GROUP, "apiVersion": _VERSION, "name": named(group.name), "location": _LOCATION, "dependsOn": depends,
        "properties": {"securityRules": [{"name": each.name, "properties": _rule(each)} for each in group.rules]},
    }  # fmt: skip


def _id(group: str) -> str:
    return f"[resourceId('{_MEMBERS}', '{named(group)}')]"


def _rule(rule: Rule) -> dict[str, Any]:
    inbound = rule.direction is Direction.INGRESS
    far, near = ("source", "destination") if inbound else ("destination", "source")
    body: dict[str, Any] = {
        "priority": rule.priority, "direction": "Inbound" if inbound else "Outbound",
        "access": "Allow" if rule.allows else "Deny", "protocol": rule.protocol, "sourcePortRange": "*",
        f"{near}AddressPrefix": "*", **_either("destinationPortRange", rule.ports),
    }  # fmt: skip
    if rule.asg:
        body[f"{far}ApplicationSecurityGroups"] = [{"id": _id(rule.asg)}]
    else:
        body |= _either(f"{far}AddressPrefix", rule.prefixes)
    return body | ({"description": rule.why} if rule.why else {})


def _either(name: str, values: tuple[str, ...]) -> dict[str, Any]:
    """A field for one value, or its plural for several."""
    if len(values) == 1:
        return {name: values[0]}
    return {f"{name}es" if name.endswith("Prefix") else f"{name}s": list(values)}
