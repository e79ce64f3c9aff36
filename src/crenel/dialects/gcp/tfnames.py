"""Paths of resources of Terraform's provider google, of those that do not exist yet as well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from crenel.dialects.gcp.naming import key
from crenel.dialects.planned import Block
from crenel.dialects.terraform import Resource

Converted: TypeAlias = Iterator[tuple[str, dict[str, Any]]]
"""Resources of the services: what they are, and what the service would say of them."""

NETWORKS = "global/networks"
_MANAGERS = "/instanceGroupManagers/"
"""Managers of groups go by the path of the group that they make, which is what others refer to."""
_SERVICE = "https://{}.googleapis.com/v1/"

_GLOBAL = {
    "google_compute_network": NETWORKS, "google_compute_firewall": "global/firewalls",
    "google_compute_route": "global/routes", "google_compute_network_firewall_policy": "global/firewallPolicies",
    "google_compute_network_firewall_policy_with_rules": "global/firewallPolicies",
    "google_compute_global_forwarding_rule": "global/forwardingRules",
    "google_compute_backend_service": "global/backendServices", "google_compute_url_map": "global/urlMaps",
    "google_compute_target_http_proxy": "global/targetHttpProxies",
    "google_compute_target_https_proxy": "global/targetHttpsProxies",
    "google_compute_target_tcp_proxy": "global/targetTcpProxies",
    "google_compute_target_ssl_proxy": "global/targetSslProxies",
}  # fmt: skip
_REGIONAL = {
    "google_compute_subnetwork": "subnetworks", "google_compute_router": "routers",
    "google_compute_region_network_firewall_policy": "firewallPolicies",
    "google_compute_region_network_firewall_policy_with_rules": "firewallPolicies",
    "google_compute_forwarding_rule": "forwardingRules", "google_compute_region_backend_service": "backendServices",
    "google_compute_region_url_map": "urlMaps", "google_compute_region_target_http_proxy": "targetHttpProxies",
    "google_compute_region_target_https_proxy": "targetHttpsProxies",
    "google_compute_region_target_tcp_proxy": "targetTcpProxies", "google_compute_target_pool": "targetPools",
    "google_compute_region_instance_group_manager": "instanceGroups",
}  # fmt: skip
_ZONAL = {
    "google_compute_instance": "instances", "google_compute_instance_group": "instanceGroups",
    "google_compute_instance_group_manager": "instanceGroups",
}  # fmt: skip


def path_of(resource: Resource) -> str:
    """What a resource is known by: its link or id, or else the path that it will have, or its address."""
    values = resource.values
    for name in ("self_link", "id"):
        written = values.get(name)
        if isinstance(written, str) and "projects/" in written and _MANAGERS not in written:
            return key(written)
    return _foretold(resource) or _own(resource)


def _foretold(resource: Resource) -> str:
    """The path of something that is not there yet, with its address where its name is not known; empty for others."""
    texts = {name: value for name, value in resource.values.items() if isinstance(value, str)}
    name, project = texts.get("name") or resource.address, f"projects/{texts.get('project', '')}"
    if resource.type in _GLOBAL:
        return f"{project}/{_GLOBAL[resource.type]}/{name}"
    if resource.type in _REGIONAL:
        return f"{project}/regions/{texts.get('region', '')}/{_REGIONAL[resource.type]}/{name}"
    if resource.type in _ZONAL:
        return f"{project}/zones/{texts.get('zone', '')}/{_ZONAL[resource.type]}/{name}"
    if resource.type == "google_container_cluster":
        return f"{project}/locations/{texts.get('location', '')}/clusters/{name}"
    return ""


def _own(resource: Resource) -> str:
    """What stands for other things: what a service account is known by, and ids that are no paths."""
    names = ("email",) if resource.type == "google_service_account" else ("id", "name")
    for name in names:
        written = resource.values.get(name)
        if isinstance(written, str) and written:
            return written
    return resource.address


def link(path: str, service: str = "compute") -> str:
    """A link to a resource that is known by its path."""
    return f"{_SERVICE.format(service)}{path}"


def linked(block: Block) -> dict[str, Any]:
    """The name and the link of a resource, and its region."""
    name = block.text("name") or block.resource.address
    return {"name": name, "selfLink": link(block.id), "region": block.text("region")}


def whole(written: str, block: Block, collection: str) -> str:
    """The path of another resource that may be named by its last part alone."""
    return key(written, block.text("project"), collection)


def refer(block: Block, name: str, collection: str) -> str:
    """The path of another resource; empty where none is written."""
    written = block.reference(name)
    return whole(written, block, collection) if written else ""
