"""VPC firewall rules as Terraform's JSON and as the bodies that the Compute Engine API takes.

Sources: the registry's page of google_compute_firewall (provider hashicorp/google from version 4 on); Compute Engine
API, "firewalls.insert". The bodies are what ``gcloud compute firewall-rules list --format=json`` prints of them.
"""

from __future__ import annotations

from typing import Any

from crenel.harden.infrastructure.gcp.rules import Rule, Rules
from crenel.harden.infrastructure.texts import TERRAFORM
from crenel.network.rules import Direction

_PROVIDER = {"google": {"source": "hashicorp/google", "version": ">= 4.0"}}
NETWORK = "global/networks/NETWORK"
"""Stands in bodies for a network whose name is not known."""


def configuration(rules: Rules, network: str) -> dict[str, Any]:
    """Terraform's configuration; `network` is the name or link of the network, empty for a variable."""
    resources = {each.name: _resource(each, network or "${var.network}") for each in rules.rules}
    made: dict[str, Any] = {"terraform": {**TERRAFORM, "required_providers": _PROVIDER}}
    if not network:
        made["variable"] = {"network": {"type": "string", "description": "The name or link of the nodes' network."}}
    return {**made, "resource": {"google_compute_firewall": resources}}


def _resource(rule: Rule, network: str) -> dict[str, Any]:
    inbound = rule.direction is Direction.INGRESS
    services = [{"protocol": name, **({"ports": list(ports)} if ports else {})} for name, ports in rule.services]
    body: dict[str, Any] = {
        "name": rule.name, "network": network, "direction": rule.direction.value.upper(), "priority": rule.priority,
        "target_tags": [rule.target], "allow" if rule.allows else "deny": services,
    }  # fmt: skip
    if rule.tag:
        body["source_tags"] = [rule.tag]
    else:
        body["source_ranges" if inbound else "destination_ranges"] = list(rule.ranges)
    return body | ({"description": rule.why} if rule.why else {})


def bodies(rules: Rules, network: str) -> list[dict[str, Any]]:
    """The bodies, one for each rule."""
    link = network if "/" in network else f"global/networks/{network}" if network else NETWORK
    return [_body(each, link) for each in rules.rules]


def _body(rule: Rule, network: str) -> dict[str, Any]:
    inbound = rule.direction is Direction.INGRESS
    services = [{"IPProtocol": name, **({"ports": list(ports)} if ports else {})} for name, ports in rule.services]
    body: dict[str, Any] = {
        "kind": "compute#firewall", "name": rule.name, "network": network, "direction": rule.direction.value.upper(),
        "priority": rule.priority, "targetTags": [rule.target], "allowed" if rule.allows else "denied": services,
    }  # fmt: skip
    if rule.tag:
        body["sourceTags"] = [rule.tag]
    else:
        body["sourceRanges" if inbound else "destinationRanges"] = list(rule.ranges)
    return body | ({"description": rule.why} if rule.why else {})
