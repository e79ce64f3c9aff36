"""Resources of Terraform's provider openstack, planned or deployed, as the services would answer.

Source: the documentation of each resource in the registry (terraform-provider-openstack). Ids that a plan does not know
yet are addresses of resources in their place, found by what expressions refer to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from crenel.dialects import terraform
from crenel.dialects.openstack import reading, shapes
from crenel.dialects.openstack.records import Estate
from crenel.dialects.openstack.rules import default_rules
from crenel.dialects.planned import Block, Plan
from crenel.dialects.terraform import Resource
from crenel.dialects.trees import Node
from crenel.provenance import Origin, Severity

_PROVIDER = "openstack_"
_GROUP = "openstack_networking_secgroup_v2"
_CLOUD = "Neutron gives new security groups the rules that it has by default: all egress"

Converted: TypeAlias = Iterator[tuple[str, dict[str, Any]]]
"""Resources of the services: what they are, and what the service would say of them."""


def recognises(data: Any) -> bool:
    """Whether it is a plan or a state with resources of the provider."""
    return terraform.recognises(data) and any(
        each.type.startswith(_PROVIDER) for each in terraform.resources(data, Origin(""))
    )


def take(data: Any, origin: Origin, estate: Estate) -> None:
    """Add all resources of a plan or a state."""
    found = [each for each in terraform.resources(data, origin) if each.type.startswith(_PROVIDER)]
    plan = Plan.of(found, _identifier)
    for each in sorted(found, key=lambda one: one.type != _GROUP):
        for kind, values in _CONVERTERS.get(each.type, _nothing)(Block(each, plan)):
            if "_group_names" in values:
                values["security_group_ids"] = _by_name(values.pop("_group_names"), estate)
            reading.take(kind, Node(values, origin, each.field), estate)
    for each in found:
        if each.type == _GROUP and not Block(each, plan).is_data:
            _complete(Block(each, plan), estate)


def _identifier(resource: Resource) -> str:
    """Its id, or its address where it has none yet."""
    known = resource.values.get("id")
    return known if isinstance(known, str) and known else resource.address


def _nothing(_: Block) -> Converted:
    yield from ()


def _group(block: Block) -> Converted:
    stateful = block.get("stateful")
    group = {"id": block.id, "name": block.get("name"), "stateful": True if stateful is None else stateful}
    yield shapes.GROUP, {**group, "_planned": not block.is_data}


def _complete(block: Block, estate: Estate) -> None:
    """The rules that a group has beside those of the plan."""
    group = estate.groups[block.id]
    title = block.resource.address
    if block.get("delete_default_rules") is not True:
        estate.assume(_CLOUD)
        estate.loose_rules.setdefault(group.id, []).extend(default_rules(group))
    if "id" in block.resource.values and not block.resource.unknown:
        text = "rules of this group that Terraform does not manage are not in the input"
        estate.report(text, block.resource.origin, block.resource.field, title, Severity.NOTICE)


def _rule(block: Block) -> Converted:
    names = ("direction", "ethertype", "protocol", "remote_ip_prefix")
    rule = {name: block.get(name) for name in names}
    first, last = block.get("port_range_min"), block.get("port_range_max")
    written = bool(first or last)  # both are 0 where they are not set
    yield shapes.RULE, {
        **rule, "id": block.id, "security_group_id": block.reference("security_group_id"),
        "port_range_min": first if written else None, "port_range_max": last if written else None,
        "remote_group_id": block.reference("remote_group_id"),
        "remote_address_group_id": block.reference("remote_address_group_id"),
    }  # fmt: skip


def _address_group(block: Block) -> Converted:
    if isinstance(block.get("addresses"), list):
        yield shapes.ADDRESSES, {"id": block.id, "name": block.get("name"), "addresses": block.get("addresses")}


def _port(block: Block) -> Converted:
    fixed = [
        {"ip_address": each.get("ip_address"), "subnet_id": block.inner("fixed_ip", number, "subnet_id")}
        for number, each in enumerate(block.blocks("fixed_ip"))
    ]
    given = block.get("all_fixed_ips")
    if isinstance(given, list) and not any(each["ip_address"] for each in fixed):
        subnet = fixed[0]["subnet_id"] if fixed else ""
        fixed = [{"ip_address": each, "subnet_id": subnet} for each in given]
    groups = block.references("security_group_ids") or block.references("all_security_group_ids")
    if block.get("no_security_groups") is True:
        groups = []
    secured = block.get("port_security_enabled")
    pairs = [{"ip_address": each.get("ip_address")} for each in block.blocks("allowed_address_pairs")]
    yield shapes.PORT, {
        "id": block.id, "name": block.get("name"), "fixed_ips": fixed, "allowed_address_pairs": pairs,
        "security_group_ids": groups, "port_security_enabled": True if secured is None else secured,
        "device_id": block.get("device_id") or "", "device_owner": block.get("device_owner") or "",
        "network_id": block.reference("network_id"),
    }  # fmt: skip


def _instance(block: Block) -> Converted:
    """A server, with a port for each of its networks that does not name one."""
    ports = []
    names = None if block.lacks("security_groups") else block.get("security_groups")
    for number, each in enumerate(block.blocks("network")):
        if port := block.inner("network", number, "port"):
            ports.append(port)
            continue
        fixed = [text for name in ("fixed_ip_v4", "fixed_ip_v6") if isinstance(text := each.get(name), str) and text]
        own = f"{block.id}/{number}"
        ports.append(own)
        yield shapes.PORT, {
            "id": own, "name": f"{block.get('name')}/{number}", "fixed_ips": [{"ip_address": t} for t in fixed],
            "_group_names": names, "network_id": block.inner("network", number, "uuid"),
            "device_id": block.id, "device_owner": "compute:",
        }  # fmt: skip
    yield shapes.SERVER, {"id": block.id, "name": block.get("name"), "addresses": {}, "_ports": ports}


def _by_name(names: Any, estate: Estate) -> list[str] | None:
    """The ids of the groups that a server names; None where a name is not that of exactly one group."""
    if not isinstance(names, list) or not names:
        return None
    found = [[each.id for each in estate.groups.values() if each.name == name] for name in names]
    return [each[0] for each in found] if all(len(each) == 1 for each in found) else None


def _floating(block: Block) -> Converted:
    address = block.get("address")
    yield shapes.FLOATING, {
        "id": block.id, "floating_ip_address": address if isinstance(address, str) else "",
        "fixed_ip_address": block.get("fixed_ip") or "", "port_id": block.reference("port_id"),
    }  # fmt: skip


def _association(block: Block) -> Converted:
    """An association names the address; in a plan the address is a reference to the resource that will have it."""
    own = block.get("floating_ip")
    yield shapes.FLOATING, {
        "id": block.id, "floating_ip_address": own if isinstance(own, str) else "",
        "fixed_ip_address": block.get("fixed_ip") or "", "port_id": block.reference("port_id"),
    }  # fmt: skip


def _router(block: Block) -> Converted:
    external = block.reference("external_network_id")
    snat = block.get("enable_snat")
    gateway = {"network_id": external, "enable_snat": True if snat is None else snat}
    gateway["external_fixed_ips"] = block.blocks("external_fixed_ip")
    yield shapes.ROUTER, {
        "id": block.id, "name": block.get("name"), "external_gateway_info": gateway if external else None,
    }  # fmt: skip


def _attachment(block: Block) -> Converted:
    """The attachment of a router to a subnet, as its port would show it."""
    yield shapes.PORT, {
        "id": block.id, "name": "", "fixed_ips": [{"subnet_id": block.reference("subnet_id")}],
        "device_id": block.reference("router_id"), "device_owner": "network:router_interface",
    }  # fmt: skip


def _subnet(block: Block) -> Converted:
    gateway = "" if block.get("no_gateway") is True else block.get("gateway_ip")
    subnet = {"id": block.id, "name": block.get("name"), "cidr": block.get("cidr"), "ip_version": 4}
    gateways = {} if gateway is None else {"gateway_ip": gateway}
    yield shapes.SUBNET, {**subnet, "network_id": block.reference("network_id"), **gateways}


def _network(block: Block) -> Converted:
    yield shapes.NETWORK, {"id": block.id, "name": block.get("name"), "router:external": block.get("external")}


def _balancer(block: Block) -> Converted:
    yield shapes.BALANCER, {
        "id": block.id, "name": block.get("name"), "vip_address": block.get("vip_address") or "",
        "vip_port_id": block.reference("vip_port_id"), "vip_subnet_id": block.reference("vip_subnet_id"),
        "provider": block.get("loadbalancer_provider") or "",
    }  # fmt: skip


def _listener(block: Block) -> Converted:
    yield shapes.LISTENER, {
        "id": block.id, "name": block.get("name"), "protocol": block.get("protocol"),
        "protocol_port": block.get("protocol_port"), "loadbalancers": [{"id": block.reference("loadbalancer_id")}],
        "default_pool_id": block.reference("default_pool_id"), "allowed_cidrs": block.get("allowed_cidrs") or [],
    }  # fmt: skip


def _pool(block: Block) -> Converted:
    listener, balancer = block.reference("listener_id"), block.reference("loadbalancer_id")
    yield shapes.POOL, {
        "id": block.id, "name": block.get("name"), "lb_algorithm": block.get("lb_method") or "",
        "listeners": [{"id": listener}] if listener else [], "loadbalancers": [{"id": balancer}] if balancer else [],
    }  # fmt: skip


def _member(block: Block) -> Converted:
    yield shapes.MEMBER, {
        "id": block.id, "address": block.get("address") or "", "protocol_port": block.get("protocol_port"),
        "pool_id": block.reference("pool_id"),
    }  # fmt: skip


def _members(block: Block) -> Converted:
    for number, each in enumerate(block.blocks("member")):
        yield shapes.MEMBER, {
            "id": f"{block.id}/{number}", "address": each.get("address") or "",
            "protocol_port": each.get("protocol_port"), "pool_id": block.reference("pool_id"),
        }  # fmt: skip


_CONVERTERS: dict[str, Callable[[Block], Converted]] = {
    _GROUP: _group,
    "openstack_networking_secgroup_rule_v2": _rule,
    "openstack_networking_address_group_v2": _address_group,
    "openstack_networking_port_v2": _port,
    "openstack_compute_instance_v2": _instance,
    "openstack_networking_floatingip_v2": _floating,
    "openstack_networking_floatingip_associate_v2": _association,
    "openstack_networking_router_v2": _router,
    "openstack_networking_router_interface_v2": _attachment,
    "openstack_networking_subnet_v2": _subnet,
    "openstack_networking_network_v2": _network,
    "openstack_lb_loadbalancer_v2": _balancer,
    "openstack_lb_listener_v2": _listener,
    "openstack_lb_pool_v2": _pool,
    "openstack_lb_member_v2": _member,
    "openstack_lb_members_v2": _members,
}
