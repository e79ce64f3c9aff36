"""Resources of Terraform's provider azurerm, planned or deployed, as records.

Source: the documentation of each resource in the registry. Ids that a plan does not know yet are joined by what their
expressions refer to; rules, subnets and routes name what they belong to by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from crenel.dialects import terraform
from crenel.dialects.azure.blocks import Block, Joined, key_of
from crenel.dialects.azure.fields import Unresolved, last
from crenel.dialects.azure.records import (
    Configuration,
    End,
    Estate,
    Group,
    Nic,
    Peering,
    PublicAddress,
    Route,
    RouteTable,
    SecurityRule,
    Subnet,
    VirtualNetwork,
)
from crenel.dialects.azure.tfbalancers import BALANCING
from crenel.provenance import Origin, Severity

_PROVIDER = "azurerm_"


def recognises(data: Any) -> bool:
    """Whether it is a plan or a state with resources of the provider."""
    return terraform.recognises(data) and any(kind.startswith(_PROVIDER) for kind in _types(data))


def _types(data: Any) -> Iterator[str]:
    """The types of all resources, wherever they are."""
    left = [data.get("planned_values"), data.get("values")] if isinstance(data, dict) else []
    while left:
        module = left.pop()
        if isinstance(module, dict):
            left.append(module.get("root_module"))
            children = module.get("child_modules")
            left += children if isinstance(children, list) else []
            for each in listed if isinstance(listed := module.get("resources"), list) else ():
                if isinstance(each, dict) and isinstance(kind := each.get("type"), str):
                    yield kind


def take_plan(data: Any, origin: Origin, estate: Estate) -> None:
    """Add all resources of a plan or a state."""
    found = [each for each in terraform.resources(data, origin) if each.type.startswith(_PROVIDER)]
    joined = Joined.of(found)
    for each in found:
        if (taker := _TAKERS.get(each.type.removeprefix(_PROVIDER))) is not None:
            taker(Block.of(each, joined), estate)


def _name(block: Block) -> str:
    return last(block.text("name") or block.resource.address)


def _key(block: Block) -> str:
    return key_of(block.resource)


# Groups


def _group(block: Block, estate: Estate) -> None:
    known = _key(block)
    partial = block.is_unknown("security_rule") and block.is_written("security_rule")
    rules = tuple(map(_security_rule, block.blocks("security_rule")))
    estate.groups[known] = Group(known, _name(block), rules, None, partial, block.resource.origin)


def _rule(block: Block, estate: Estate) -> None:
    group = block.parent("network_security_group_name", "azurerm_network_security_group")
    if not group:
        named = block.text("network_security_group_name")
        message = f"the network security group {named!r} is not in the input; the rule is not applied"
        estate.report(message, block.resource.origin, block.field, block.resource.address, Severity.NOTICE)
        return
    estate.loose_rules.setdefault(group, []).append(_security_rule(block))


def _security_rule(block: Block) -> SecurityRule:
    return SecurityRule(
        _name(block), block.number("priority"), block.text("direction").lower(), block.text("access").lower(),
        block.text("protocol"), _end(block, "source"), _both(block, "source_port_range"), _end(block, "destination"),
        _both(block, "destination_port_range"), block.field, block.resource.origin,
    )  # fmt: skip


def _end(block: Block, which: str) -> End:
    name = f"{which}_application_security_group_ids"
    prefixes = _both(block, f"{which}_address_prefix")
    groups = block.references(name)
    if block.is_unknown(name) and not groups and not prefixes:
        prefixes = (Unresolved(f"{block.resource.address}.{name}"),)
    return End(prefixes, groups)


def _both(block: Block, name: str) -> tuple[str, ...]:
    """A field and its plural; of one that is merely not known yet nothing is said where the other one is written."""
    plural = f"{name}es" if name.endswith("prefix") else f"{name}s"
    listed = dict.fromkeys(text for text in (block.text(name), *block.texts(plural)) if text)
    certain = [text for text in listed if not isinstance(text, Unresolved)]
    return tuple(certain or listed)


def _group_of_subnet(block: Block, estate: Estate) -> None:
    subnet, group = block.reference("subnet_id"), block.reference("network_security_group_id")
    _attach(estate.subnet_groups, subnet, group, block, estate)


def _group_of_nic(block: Block, estate: Estate) -> None:
    nic, group = block.reference("network_interface_id"), block.reference("network_security_group_id")
    _attach(estate.nic_groups, nic, group, block, estate)


def _attach(into: dict[str, str], one: str | None, other: str | None, block: Block, estate: Estate) -> None:
    """Note an attachment. What it attaches may be unknown, and then is some group that nobody knows."""
    if one:
        into[one] = other or f"{_key(block)}/unknown"
    else:
        message = "it is not known what this is attached to; not applied"
        estate.report(message, block.resource.origin, block.field, block.resource.address, Severity.NOTICE)


def _member(block: Block, estate: Estate) -> None:
    nic, group = block.reference("network_interface_id"), block.reference("application_security_group_id")
    if nic and group:
        estate.nic_members.setdefault(nic, []).append(group)


# Networks


def _network(block: Block, estate: Estate) -> None:
    known = _key(block)
    for each in block.blocks("subnet"):
        identifier = f"{known}/subnets/{each.text('name').lower()}"
        estate.subnets[identifier] = Subnet(
            identifier, each.text("name"), known, (*each.texts("address_prefixes"), *_one(each, "address_prefix")),
            each.reference("security_group"), each.reference("route_table_id"),
            outbound=each.flag("default_outbound_access_enabled"), planned=_is_planned(block),
            origin=block.resource.origin,
        )  # fmt: skip
    gateway = f"{known}/subnets/gatewaysubnet" in estate.subnets
    estate.networks[known] = VirtualNetwork(known, _name(block), block.texts("address_space"), (), gateway)


def _one(block: Block, name: str) -> tuple[str, ...]:
    return (text,) if (text := block.text(name)) else ()


def _is_planned(block: Block) -> bool:
    return block.is_unknown("id") or not block.values.get("id")


def _subnet(block: Block, estate: Estate) -> None:
    known = _key(block)
    network = block.parent("virtual_network_name", "azurerm_virtual_network") or known.rpartition("/subnets/")[0]
    services = (one.text("name") for each in block.blocks("delegation") for one in each.blocks("service_delegation"))
    estate.subnets[known] = Subnet(
        known, _name(block), network, (*block.texts("address_prefixes"), *_one(block, "address_prefix")),
        outbound=block.flag("default_outbound_access_enabled"), delegations=tuple(services),
        planned=_is_planned(block), origin=block.resource.origin,
    )  # fmt: skip


def _peering(block: Block, estate: Estate) -> None:
    network = block.parent("virtual_network_name", "azurerm_virtual_network")
    if network:
        estate.loose_peerings.setdefault(network, []).append(
            Peering(
                block.reference("remote_virtual_network_id") or "",
                in_tag=block.flag("allow_virtual_network_access") is not False,
                remote_gateway=block.flag("use_remote_gateways") is True,
            )
        )


def _gateway(block: Block, estate: Estate) -> None:
    for each in block.blocks("ip_configuration"):
        if subnet := each.reference("subnet_id"):
            estate.gateways.add(subnet)


def _table(block: Block, estate: Estate) -> None:
    known = _key(block)
    partial = block.is_unknown("route") and block.is_written("route")
    routes = tuple(map(_route_of, block.blocks("route")))
    estate.tables[known] = RouteTable(known, _name(block), routes, partial, block.resource.origin)


def _route_of(block: Block) -> Route:
    address = block.text("next_hop_in_ip_address")
    return Route(_name(block), block.text("address_prefix"), block.text("next_hop_type").lower(), address, block.field)


def _route(block: Block, estate: Estate) -> None:
    if table := block.parent("route_table_name", "azurerm_route_table"):
        estate.loose_routes.setdefault(table, []).append(_route_of(block))


def _table_of_subnet(block: Block, estate: Estate) -> None:
    subnet, table = block.reference("subnet_id"), block.reference("route_table_id")
    _attach(estate.subnet_tables, subnet, table, block, estate)


def _translator(block: Block, estate: Estate) -> None:
    estate.translators.add(_key(block))


def _translator_of_subnet(block: Block, estate: Estate) -> None:
    subnet, translator = block.reference("subnet_id"), block.reference("nat_gateway_id")
    _attach(estate.subnet_translators, subnet, translator, block, estate)


def _public(block: Block, estate: Estate) -> None:
    known, sku = _key(block), block.known_text("sku").lower()
    address = block.known_text("ip_address")
    version = 6 if block.text("ip_version").lower() == "ipv6" or ":" in address else 4
    estate.publics[known] = PublicAddress(
        known, _name(block), address, version, sku.startswith("standard") if sku else None, block.known_text("fqdn")
    )


# Machines


def _nic(block: Block, estate: Estate) -> None:
    known = _key(block)
    estate.nics[known] = Nic(
        known, _name(block), block.known_text("virtual_machine_id"),
        configurations=tuple(_configuration(each, known) for each in block.blocks("ip_configuration")),
        origin=block.resource.origin,
    )  # fmt: skip


def _configuration(block: Block, nic: str) -> Configuration:
    address = block.known_text("private_ip_address")
    version = block.text("private_ip_address_version") or block.text("version")
    pools = ("load_balancer_backend_address_pool_ids", "application_gateway_backend_address_pool_ids")
    public = None if any(block.blocks("public_ip_address")) else block.reference("public_ip_address_id")
    return Configuration(
        f"{nic}/ipconfigurations/{block.text('name').lower()}", block.text("name"), address,
        6 if version.lower() == "ipv6" or ":" in address else 4, block.flag("primary") is True,
        block.reference("subnet_id"), public, tuple(each for name in pools for each in block.references(name)),
        block.references("load_balancer_inbound_nat_rules_ids"),
    )  # fmt: skip


def _machine(block: Block, estate: Estate) -> None:
    identifier = block.known_text("id") or _key(block)
    for nic in block.references("network_interface_ids"):
        estate.machines[nic] = identifier


def _scale_set(block: Block, estate: Estate) -> None:
    known = _key(block)
    listed = list(block.blocks("network_interface"))
    chosen = next((each for each in listed if each.flag("primary")), listed[0] if listed else None)
    if chosen is None:
        return
    inner = list(chosen.blocks("ip_configuration"))
    groups = (group for each in inner for group in each.references("application_security_group_ids"))
    estate.sets[known] = Nic(
        known, _name(block), block.known_text("id"), chosen.reference("network_security_group_id"),
        tuple(dict.fromkeys(groups)), tuple(_configuration(each, known) for each in inner),
        origin=block.resource.origin,
    )  # fmt: skip


def _cluster(block: Block, estate: Estate) -> None:
    """A managed cluster: the network of its pods, and its first nodes."""
    for profile in block.blocks("network_profile"):
        ranges = profile.texts("pod_cidrs") or _one(profile, "pod_cidr")
        plugin, mode = profile.text("network_plugin").lower(), profile.text("network_plugin_mode").lower()
        if mode == "overlay" or plugin in ("kubenet", "none"):
            estate.assume_overlay(_name(block), ranges)
    for pool in block.blocks("default_node_pool"):
        _nodes(pool, f"{_name(block)}/{pool.text('name')}", estate)


def _node_pool(block: Block, estate: Estate) -> None:
    cluster = block.reference("kubernetes_cluster_id") or ""
    _nodes(block, f"{last(cluster)}/{_name(block)}", estate)


def _nodes(pool: Block, name: str, estate: Estate) -> None:
    """Nodes that a cluster makes: in its subnet, behind a group of their own that the cluster makes as well."""
    subnet = pool.reference("vnet_subnet_id")
    if subnet:
        known = f"{_key(pool)}/{pool.text('name').lower()}"
        public = None if pool.flag("node_public_ip_enabled") or pool.flag("enable_node_public_ip") else ""
        configuration = Configuration(f"{known}/ipconfigurations/nodes", "nodes", subnet=subnet, public=public)
        estate.sets[known] = Nic(
            known, f"nodes of {name}", "", None, (), (configuration,), origin=pool.resource.origin
        )  # fmt: skip
    if pods := pool.reference("pod_subnet_id"):
        estate.pod_subnets.add(pods)


_Taker: TypeAlias = Callable[[Block, Estate], None]
_TAKERS: dict[str, _Taker] = {
    "network_security_group": _group,
    "network_security_rule": _rule,
    "subnet_network_security_group_association": _group_of_subnet,
    "network_interface_security_group_association": _group_of_nic,
    "network_interface_application_security_group_association": _member,
    "virtual_network": _network,
    "subnet": _subnet,
    "virtual_network_peering": _peering,
    "virtual_network_gateway": _gateway,
    "route_table": _table,
    "route": _route,
    "subnet_route_table_association": _table_of_subnet,
    "nat_gateway": _translator,
    "subnet_nat_gateway_association": _translator_of_subnet,
    "public_ip": _public,
    "network_interface": _nic,
    "virtual_machine": _machine,
    "linux_virtual_machine": _machine,
    "windows_virtual_machine": _machine,
    "linux_virtual_machine_scale_set": _scale_set,
    "windows_virtual_machine_scale_set": _scale_set,
    "orchestrated_virtual_machine_scale_set": _scale_set,
    "kubernetes_cluster": _cluster,
    "kubernetes_cluster_node_pool": _node_pool,
    **BALANCING,
}
