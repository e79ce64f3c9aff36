"""Load balancers and groups of instances of Terraform's provider google."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crenel.dialects.gcp.tfnames import NETWORKS, Converted, link, linked, refer, whole
from crenel.dialects.planned import Block

_PROXIES = {
    "target_http_proxy": "targetHttpProxy", "target_https_proxy": "targetHttpsProxy",
    "target_tcp_proxy": "targetTcpProxy", "target_ssl_proxy": "targetSslProxy",
}  # fmt: skip


MANAGERS = ("google_compute_instance_group_manager", "google_compute_region_instance_group_manager")
"""Resources that make groups of instances from a template."""


def _forwarding(block: Block) -> Converted:
    address = block.text("ip_address")
    regional = f"regions/{block.text('region')}"
    subnet = block.reference("subnetwork")
    yield "forwardingRule", {
        **linked(block), "IPAddress": address if address[:1].isdigit() or ":" in address else "",
        "IPProtocol": block.text("ip_protocol"), "portRange": block.text("port_range"),
        "ports": block.get("ports") or [], "allPorts": block.get("all_ports"),
        "loadBalancingScheme": block.text("load_balancing_scheme") or "EXTERNAL",
        "target": block.reference("target"), "backendService": block.reference("backend_service"),
        "network": refer(block, "network", NETWORKS),
        "subnetwork": whole(subnet, block, f"{regional}/subnetworks") if subnet else "",
    }  # fmt: skip


def _backend(block: Block) -> Converted:
    groups = [{"group": block.inner("backend", number, "group")} for number, _ in enumerate(block.blocks("backend"))]
    yield "backendService", {**linked(block), "backends": groups, "portName": block.text("port_name")}


def _target_pool(block: Block) -> Converted:
    listed = block.references("instances") or []
    yield "targetPool", {**linked(block), "instances": [_in_zone(each, block) for each in listed]}


def _in_zone(written: str, block: Block) -> str:
    """The path of an instance, which target pools name as ``zone/name`` too."""
    zone, slash, name = written.partition("/")
    if slash and "/" not in name and zone != "projects":
        return f"projects/{block.text('project')}/zones/{zone}/instances/{name}"
    return written


def _proxy(block: Block) -> Converted:
    kind = block.resource.type.removeprefix("google_compute_").removeprefix("region_")
    leads = {name: block.reference(name) for name in ("url_map", "backend_service")}
    yield _PROXIES[kind], {**linked(block), **{name: value for name, value in leads.items() if value}}


def _url_map(block: Block) -> Converted:
    """A URL map; whatever backend services it names anywhere may get requests."""
    named = {path: block.referred(path) for path in block.resource.references}
    yield "urlMap", {**linked(block), "all": [block.resource.values, list(named.values())]}


def _group(block: Block) -> Converted:
    instances = block.references("instances")
    told = {} if instances is None else {"instances": instances}
    yield "instanceGroup", {**linked(block), "namedPorts": _ports(block), **told}


def _manager(block: Block) -> Converted:
    """A managed group, which has the path of the group that it makes."""
    yield "instanceGroup", {**linked(block), "selfLink": link(block.id), "namedPorts": _ports(block)}


def _ports(block: Block) -> list[dict[str, Any]]:
    return [{"name": each.get("name"), "port": each.get("port")} for each in block.blocks("named_port")]


def place(block: Block) -> str:
    """The zone or region of a managed group, as a part of its path."""
    zone = block.text("zone")
    return f"zones/{zone}" if zone else f"regions/{block.text('region')}"


CONVERTERS: dict[str, Callable[[Block], Converted]] = {
    "google_compute_forwarding_rule": _forwarding,
    "google_compute_global_forwarding_rule": _forwarding,
    "google_compute_backend_service": _backend,
    "google_compute_region_backend_service": _backend,
    "google_compute_target_pool": _target_pool,
    **{f"google_compute_{prefix}{name}": _proxy for name in _PROXIES for prefix in ("", "region_")},
    "google_compute_url_map": _url_map,
    "google_compute_region_url_map": _url_map,
    "google_compute_instance_group": _group,
    **dict.fromkeys(MANAGERS, _manager),
}
