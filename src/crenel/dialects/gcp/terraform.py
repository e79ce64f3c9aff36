"""Resources of Terraform's provider google, planned or deployed, as the services would answer.

Source: the documentation of each resource in the registry. What has no link yet is known by the path that it will have;
what that is made of is known before apply, save for projects that the provider fills in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from crenel.dialects import terraform
from crenel.dialects.gcp import tfbalancers, tfpolicies
from crenel.dialects.gcp.naming import key, last
from crenel.dialects.gcp.records import Estate, Network, Route
from crenel.dialects.gcp.resources import take
from crenel.dialects.gcp.tfnames import NETWORKS, Converted, link, linked, path_of, refer, whole
from crenel.dialects.planned import Block, Plan
from crenel.dialects.trees import Node, addresses
from crenel.provenance import Origin

_PROVIDERS = ("google_",)
_DEFAULT_ROUTE = 1000
_ROUTER = "google_compute_router"
_TEMPLATES = ("google_compute_instance_template", "google_compute_region_instance_template")


def recognises(data: Any) -> bool:
    """Whether it is a plan or a state with resources of the provider."""
    return terraform.recognises(data) and any(
        each.type.startswith(_PROVIDERS) for each in terraform.resources(data, Origin(""))
    )


def take_plan(data: Any, origin: Origin, estate: Estate) -> None:
    """Add all resources of a plan or a state."""
    found = [each for each in terraform.resources(data, origin) if each.type.startswith(_PROVIDERS)]
    plan = Plan.of(found, path_of)
    blocks = [Block(each, plan) for each in found]
    templates = {block.id: block for block in blocks if block.resource.type in _TEMPLATES}
    routers = {block.id: refer(block, "network", NETWORKS) for block in blocks if block.resource.type == _ROUTER}
    for block in blocks:
        for kind, values in _CONVERTERS.get(block.resource.type, _nothing)(block):
            if kind == "router":
                values["network"] = routers.get(key(values["selfLink"]), "")
            take(kind, Node(values, origin, block.resource.field), estate)
        for made in _of_template(block, templates):
            take("instance", Node(made, origin, block.resource.field), estate)
        _further(block, estate)


def _further(block: Block, estate: Estate) -> None:
    """What is added to other resources."""
    kind = block.resource.type
    if kind == "google_compute_network":
        _complete(block, estate)
    elif kind in tfpolicies.PARTS:
        tfpolicies.take_part(block, estate)
    elif kind == "google_compute_network_peering":
        _peer(block, estate)


def _nothing(_: Block) -> Converted:
    yield from ()


def _network(block: Block) -> Converted:
    order = block.text("network_firewall_policy_enforcement_order")
    yield "network", {**linked(block), "networkFirewallPolicyEnforcementOrder": order}


def _complete(block: Block, estate: Estate) -> None:
    """What comes with a network: a default route of each family, unless these are deleted right away.

    Source: "Routes", "System-generated default routes"; `delete_default_routes_on_create`.
    """
    path = key(block.id)
    known = estate.networks.get(path, Network(path, last(path)))
    estate.networks[path] = replace(known, planned=block.is_new)
    if block.is_data or block.get("delete_default_routes_on_create") is True:
        estate.routes.setdefault(path, [])
        return
    if not block.is_new:
        estate.assume(f"the network {last(path)} still has the default routes that it was made with")
    for text in ("0.0.0.0/0", "::/0"):
        made = Route(
            f"default {text}", path, addresses(text)[0], _DEFAULT_ROUTE, "internet", origin=block.resource.origin,
            field=block.resource.field,
        )  # fmt: skip
        estate.routes[path].append(made)


def _peer(block: Block, estate: Estate) -> None:
    """A peering of two networks."""
    own, other = refer(block, "network", NETWORKS), refer(block, "peer_network", NETWORKS)
    if (known := estate.networks.get(key(own))) is not None and other:
        estate.networks[known.key] = replace(known, peers=(*known.peers, key(other)))


def _subnet(block: Block) -> Converted:
    secondary = [
        {"rangeName": each.get("range_name"), "ipCidrRange": each.get("ip_cidr_range")}
        for each in block.blocks("secondary_ip_range")
        if each.get("ip_cidr_range")
    ]
    names = {
        "ip_cidr_range": "ipCidrRange", "ipv6_cidr_range": "ipv6CidrRange", "purpose": "purpose",
        "internal_ipv6_prefix": "internalIpv6Prefix", "external_ipv6_prefix": "externalIpv6Prefix",
    }  # fmt: skip
    yield "subnetwork", {
        **linked(block), **_renamed(block.resource.values, names), "network": refer(block, "network", NETWORKS),
        "secondaryIpRanges": secondary,
    }  # fmt: skip


def _renamed(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {new: value for old, new in names.items() if (value := values.get(old)) is not None}


_FIREWALL = {
    "direction": "direction", "priority": "priority", "disabled": "disabled", "source_ranges": "sourceRanges",
    "destination_ranges": "destinationRanges", "source_tags": "sourceTags", "target_tags": "targetTags",
}  # fmt: skip
_ACCOUNTS = {"source_service_accounts": "sourceServiceAccounts", "target_service_accounts": "targetServiceAccounts"}


def _firewall(block: Block) -> Converted:
    rule = {**linked(block), **_renamed(block.resource.values, _FIREWALL), "network": refer(block, "network", NETWORKS)}
    for old, new in (("allow", "allowed"), ("deny", "denied")):
        rule[new] = [{"IPProtocol": each.get("protocol"), "ports": each.get("ports")} for each in block.blocks(old)]
    for old, new in _ACCOUNTS.items():
        rule[new] = block.references(old) or []
    rule["_later"] = [name for name in (*_FIREWALL, *_ACCOUNTS) if _is_later(block, name)]
    yield "firewall", rule


def _is_later(block: Block, name: str) -> bool:
    """Whether an attribute is known only after apply, other than by the provider's own default."""
    if not block.lacks(name) or (name in _ACCOUNTS and block.referred(name)):
        return False
    return name in block.resource.references


def _instance(block: Block) -> Converted:
    yield "instance", {**linked(block), **_machine(block), "zone": f"{_project(block)}/zones/{block.text('zone')}"}


def _machine(block: Block) -> dict[str, Any]:
    """What instances and their templates have in common."""
    accounts = [
        {"email": block.inner("service_account", number, "email")}
        for number, _ in enumerate(block.blocks("service_account"))
    ]
    parameters = next(iter(block.blocks("params")), {})
    bound = parameters.get("resource_manager_tags") or block.get("resource_manager_tags")
    tags = block.get("tags")
    return {
        "name": block.text("name") or last(block.resource.address),
        "id": block.text("instance_id"),
        "tags": {"items": tags if isinstance(tags, list) else []},
        "serviceAccounts": accounts,
        "networkInterfaces": [
            _nic(block, number, each) for number, each in enumerate(block.blocks("network_interface"))
        ],
        **({"params": {"resourceManagerTags": bound}} if isinstance(bound, dict) else {}),
        "_later": [name for name in ("tags", "service_account") if _unsettled(block, name)],
    }  # fmt: skip


def _of_template(block: Block, templates: Mapping[str, Block]) -> Iterator[dict[str, Any]]:
    """One instance in the place of all that a managed group makes, which are alike."""
    if block.resource.type not in tfbalancers.MANAGERS:
        return
    named = block.inner("version", 0, "instance_template") or block.reference("instance_template")
    plain = named.partition("?")[0]
    template = templates.get(key(plain) if "projects/" in plain else plain)
    if template is not None:
        manager = f"{_project(block)}/{tfbalancers.place(block)}/instanceGroupManagers/{block.text('name')}"
        name = f"instances of {block.text('name') or last(block.resource.address)}"
        made_by = {"items": [{"key": "created-by", "value": manager}]}
        yield {**_machine(template), "name": name, "selfLink": link(manager), "metadata": made_by}


def _unsettled(block: Block, name: str) -> bool:
    """Whether tags or accounts of a machine are known only after apply, and nothing stands for them."""
    if name == "tags":
        return block.lacks(name) and name in block.resource.references
    blocks = range(len(block.blocks(name)))
    return any(not block.inner(name, number, "email") for number in blocks)


def _nic(block: Block, number: int, written: Mapping[str, Any]) -> dict[str, Any]:
    subnet = block.inner("network_interface", number, "subnetwork")
    region = block.text("region") or block.text("zone").rpartition("-")[0]
    network = block.inner("network_interface", number, "network")
    return {
        "name": f"nic{number}",
        "network": whole(network, block, NETWORKS) if network else "",
        "subnetwork": whole(subnet, block, f"regions/{region}/subnetworks") if subnet else "",
        **_renamed(written, {"network_ip": "networkIP", "stack_type": "stackType", "ipv6_address": "ipv6Address",
                             "ipv6_access_type": "ipv6AccessType"}),
        "accessConfigs": [{"natIP": each.get("nat_ip")} for each in _listed(written, "access_config")],
        "ipv6AccessConfigs": [
            _renamed(each, {"external_ipv6": "externalIpv6"}) for each in _listed(written, "ipv6_access_config")
        ],
        "aliasIpRanges": [
            {"ipCidrRange": each.get("ip_cidr_range")} for each in _listed(written, "alias_ip_range")
        ],
    }  # fmt: skip


def _listed(written: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    value = written.get(name)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _project(block: Block) -> str:
    return f"projects/{block.text('project')}"


_HOPS = {
    "next_hop_gateway": "nextHopGateway", "next_hop_ip": "nextHopIp", "next_hop_instance": "nextHopInstance",
    "next_hop_ilb": "nextHopIlb", "next_hop_vpn_tunnel": "nextHopVpnTunnel",
}  # fmt: skip


def _route(block: Block) -> Converted:
    yield "route", {
        **linked(block), "network": refer(block, "network", NETWORKS),
        **_renamed(block.resource.values, {"dest_range": "destRange", "priority": "priority", "tags": "tags"}),
        **{new: found for old, new in _HOPS.items() if (found := block.reference(old))},
    }  # fmt: skip


def _router(block: Block) -> Converted:
    yield "router", linked(block)


def _nat(block: Block) -> Converted:
    """A gateway of Cloud NAT. The router that it belongs to tells its network; here that is found by its subnets."""
    region = block.text("region")
    served = [
        {
            "name": whole(block.inner("subnetwork", number, "name"), block, f"regions/{region}/subnetworks"),
            "sourceIpRangesToNat": each.get("source_ip_ranges_to_nat"),
        }
        for number, each in enumerate(block.blocks("subnetwork"))
    ]
    nat = _renamed(block.resource.values, {
        "name": "name", "source_subnetwork_ip_ranges_to_nat": "sourceSubnetworkIpRangesToNat", "type": "type",
        "source_subnetwork_ip_ranges_to_nat64": "sourceSubnetworkIpRangesToNat64",
    })  # fmt: skip
    router = block.reference("router")
    yield "router", {
        "name": last(router), "selfLink": link(whole(router, block, f"regions/{region}/routers")), "region": region,
        "nats": [{**nat, "subnetworks": served}],
    }  # fmt: skip


def _address_group(block: Block) -> Converted:
    place = f"locations/{block.text('location')}/addressGroups/{block.text('name')}"
    parent = block.text("parent") or _project(block)
    yield "addressGroup", {"name": f"{parent}/{place}", "items": block.get("items") or []}


def _binding(block: Block) -> Converted:
    yield "tagBinding", {"parent": block.reference("parent"), "tagValue": block.reference("tag_value")}


def _own_project(block: Block) -> Converted:
    folder, organization = block.reference("folder_id"), block.text("org_id")
    parent = {"type": "folder", "id": last(folder)} if folder else {"type": "organization", "id": organization}
    if folder or organization:
        yield "project", {"projectId": block.text("project_id"), "parent": parent}


def _folder(block: Block) -> Converted:
    name = block.text("name") or f"folders/{last(block.id)}"
    yield "folder", {"name": name, "parent": block.reference("parent")}


def _cluster(block: Block) -> Iterator[tuple[str, dict[str, Any]]]:
    names = {"cluster_ipv4_cidr": "clusterIpv4Cidr", "name": "name", "location": "location"}
    allocation = next(iter(block.blocks("ip_allocation_policy")), None)
    private = next(iter(block.blocks("private_cluster_config")), {})
    pools = [_pool_of(block.text("name") or "default-pool", each) for each in block.blocks("node_pool")]
    if not pools and block.get("remove_default_node_pool") is not True:
        pools = [_pool_of("default-pool", {"node_config": block.get("node_config")})]
    subnet = block.reference("subnetwork")
    region = "-".join(block.text("location").split("-")[:2])
    network = {
        "network": refer(block, "network", NETWORKS),
        "subnetwork": whole(subnet, block, f"regions/{region}/subnetworks") if subnet else "",
    }  # fmt: skip
    yield "cluster", {
        "selfLink": link(block.id, "container"), **_renamed(block.resource.values, names), "networkConfig": network,
        "ipAllocationPolicy": None if allocation is None else {
            "useIpAliases": True,
            **_renamed(allocation, {"cluster_ipv4_cidr_block": "clusterIpv4CidrBlock",
                                    "cluster_secondary_range_name": "clusterSecondaryRangeName"}),
        },
        "privateClusterConfig": _renamed(private, {"master_ipv4_cidr_block": "masterIpv4CidrBlock"}),
        "nodePools": pools,
    }  # fmt: skip


def _pool(block: Block) -> Iterator[tuple[str, dict[str, Any]]]:
    cluster = block.reference("cluster")
    location = block.text("location")
    path = whole(cluster, block, f"locations/{location}/clusters") if cluster else ""
    name = block.text("name") or last(block.resource.address)
    yield "nodePool", {"cluster": path, **_pool_of(name, block.resource.values)}


def _pool_of(name: str, written: Mapping[str, Any]) -> dict[str, Any]:
    config = next(iter(_listed(written, "node_config")), {})
    network = next(iter(_listed(written, "network_config")), {})
    return {
        "name": written.get("name") or name,
        "config": {"tags": config.get("tags") or [], "serviceAccount": config.get("service_account") or ""},
        "networkConfig": _renamed(network, {"pod_ipv4_cidr_block": "podIpv4CidrBlock", "pod_range": "podRange"}),
    }


_CONVERTERS: dict[str, Callable[[Block], Converted]] = {
    "google_compute_network": _network,
    "google_compute_subnetwork": _subnet,
    "google_compute_firewall": _firewall,
    "google_compute_instance": _instance,
    "google_compute_route": _route,
    _ROUTER: _router,
    "google_compute_router_nat": _nat,
    "google_network_security_address_group": _address_group,
    "google_tags_location_tag_binding": _binding,
    "google_tags_tag_binding": _binding,
    "google_project": _own_project,
    "google_folder": _folder,
    "google_container_cluster": _cluster,
    "google_container_node_pool": _pool,
    **tfpolicies.CONVERTERS,
    **tfbalancers.CONVERTERS,
}
