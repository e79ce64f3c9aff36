"""Firewall policies of Terraform's provider google: whole ones, and their rules and associations as resources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from crenel.dialects.gcp.naming import key, last
from crenel.dialects.gcp.records import Estate
from crenel.dialects.gcp.rulereading import policy_rule
from crenel.dialects.gcp.tfnames import NETWORKS, Converted, link, whole
from crenel.dialects.planned import Block
from crenel.dialects.trees import Node

_HIERARCHICAL = ("google_compute_firewall_policy", "google_compute_firewall_policy_with_rules")
_OF_NETWORK = (
    "google_compute_network_firewall_policy", "google_compute_network_firewall_policy_with_rules",
    "google_compute_region_network_firewall_policy", "google_compute_region_network_firewall_policy_with_rules",
)  # fmt: skip
_FAMILIES = (
    "google_compute_firewall_policy", "google_compute_network_firewall_policy",
    "google_compute_region_network_firewall_policy",
)  # fmt: skip
PARTS = frozenset(f"{family}_{part}" for family in _FAMILIES for part in ("rule", "association"))
"""Resources that are parts of policies."""

_MATCH = {
    f"{side}_{old}": f"{side}{new}"
    for side in ("src", "dest")
    for old, new in (
        ("ip_ranges", "IpRanges"), ("address_groups", "AddressGroups"), ("fqdns", "Fqdns"),
        ("region_codes", "RegionCodes"), ("threat_intelligences", "ThreatIntelligences"),
        ("network_scope", "NetworkScope"), ("network_type", "NetworkType"), ("network_context", "NetworkContext"),
        ("secure_tags", "SecureTags"),
    )
}  # fmt: skip


def _hierarchical(block: Block) -> Converted:
    number = last(block.id)
    yield "firewallPolicy", {
        "name": number, "shortName": block.text("short_name") or block.resource.address,
        "selfLink": link(f"locations/global/firewallPolicies/{number}"), "rules": _rules(block), "associations": [],
    }  # fmt: skip


def _of_network(block: Block) -> Converted:
    yield "firewallPolicy", {
        "name": block.text("name") or block.resource.address, "selfLink": link(block.id),
        "region": block.text("region"), "rules": _rules(block), "associations": [],
    }  # fmt: skip


def _rules(block: Block) -> list[dict[str, Any]]:
    return [_rule(each, block.text("project")) for each in block.blocks("rule")]


def _rule(written: Mapping[str, Any], project: str) -> dict[str, Any]:
    """A rule, as a block or a resource of its own."""
    match = next((each for each in written.get("match") or () if isinstance(each, dict)), {})
    services = match.get("layer4_configs") or match.get("layer4_config") or ()
    found: dict[str, Any] = {new: value for old, new in _MATCH.items() if (value := match.get(old))}
    targets = written.get("target_resources") or ()
    return {
        "priority": written.get("priority"), "action": written.get("action"), "direction": written.get("direction"),
        "disabled": written.get("disabled"),
        "targetResources": [key(each, project, NETWORKS) for each in targets if isinstance(each, str)],
        "targetServiceAccounts": written.get("target_service_accounts") or [],
        "targetSecureTags": written.get("target_secure_tags") or written.get("target_secure_tag") or [],
        "match": {**found, "layer4Configs": [
            {"ipProtocol": each.get("ip_protocol"), "ports": each.get("ports")}
            for each in services if isinstance(each, dict)
        ]},
    }  # fmt: skip


def take_part(block: Block, estate: Estate) -> None:
    """Add a rule or an association of a policy, which names it by its path, its name or its number."""
    policy = _policy(block)
    if block.resource.type.endswith("_association"):
        target = block.reference("attachment_target")
        if not target.startswith(("organizations/", "folders/")):
            target = whole(target, block, NETWORKS)
        estate.loose_attached[policy].append((key(target), 0))
        return
    title = f"firewall policy {last(policy)}"
    values = dict(_rule(block.resource.values, block.text("project")))
    if accounts := block.references("target_service_accounts"):
        values["targetServiceAccounts"] = accounts
    estate.loose_rules[policy].append(
        policy_rule(Node(values, block.resource.origin, block.resource.field), estate, title)
    )


def _policy(block: Block) -> str:
    written = block.reference("firewall_policy")
    if block.resource.type.startswith("google_compute_firewall_policy"):
        return key(f"locations/global/firewallPolicies/{last(written)}")
    region = block.text("region")
    return whole(written, block, f"{f'regions/{region}' if region else 'global'}/firewallPolicies")


CONVERTERS: dict[str, Callable[[Block], Converted]] = {
    **dict.fromkeys(_HIERARCHICAL, _hierarchical),
    **dict.fromkeys(_OF_NETWORK, _of_network),
}
