"""From resources in the shape of Azure Resource Manager to records.

The fields are those of the Azure REST API for Microsoft.Network, Microsoft.Compute and Microsoft.ContainerService.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from crenel.dialects.azure.balancerreading import application_gateway, forwarding, load_balancer, pool
from crenel.dialects.azure.fields import Node, key, last, parent
from crenel.dialects.azure.records import (
    Configuration,
    Estate,
    Group,
    Nic,
    Peering,
    PublicAddress,
    Route,
    RouteTable,
    Subnet,
    VirtualNetwork,
)
from crenel.dialects.azure.rulereading import security_rule
from crenel.provenance import Origin

GATEWAY_SUBNET = "gatewaysubnet"
"""The subnet that gateways of a virtual network have to be in (VPN Gateway settings, "Gateway subnet")."""


@dataclass(frozen=True, slots=True)
class Found:
    """One resource: its type in lower case, and what it is known by.

    `planned` says that it comes from a template, where what is not written is up to the deployment.
    """

    kind: str
    node: Node
    key: str
    origin: Origin
    planned: bool = False

    @property
    def name(self) -> str:
        """Its own name, without those of its parents."""
        return last(self.node.text("name") or self.node.text("id"))


def take(found: Found, estate: Estate) -> None:
    """Add a resource to those that are known; types that say nothing about networks are left out."""
    if (taker := _TAKERS.get(found.kind)) is not None:
        taker(found, estate)


def _group(found: Found, estate: Estate) -> None:
    node = found.node
    defaults = tuple(map(security_rule, node.nodes("defaultSecurityRules")))
    estate.groups[found.key] = Group(
        found.key, found.name, tuple(map(security_rule, node.nodes("securityRules"))), defaults or None,
        partial=not found.planned and not node.has("securityRules"), origin=found.origin,
    )  # fmt: skip
    for subnet in node.references("subnets"):
        estate.subnet_groups[subnet] = found.key
    for nic in node.references("networkInterfaces"):
        estate.nic_groups[nic] = found.key


def _rule(found: Found, estate: Estate) -> None:
    rule = security_rule(found.node, found.origin)
    estate.loose_rules.setdefault(parent(found.key), []).append(replace(rule, name=found.name))


def _network(found: Found, estate: Estate) -> None:
    node = found.node
    space = node.node("addressSpace")
    subnets = list(node.nodes("subnets"))
    for subnet in subnets:
        identifier = key(subnet.text("id")) or f"{found.key}/subnets/{subnet.text('name').lower()}"
        _add_subnet(replace(found, node=subnet, key=identifier), estate)
    estate.networks[found.key] = VirtualNetwork(
        found.key, found.name, space.texts("addressPrefixes") if space is not None else (),
        tuple(map(_peering_of, node.nodes("virtualNetworkPeerings"))),
        any(each.text("name").lower() == GATEWAY_SUBNET for each in subnets),
    )  # fmt: skip


def _subnet(found: Found, estate: Estate) -> None:
    _add_subnet(found, estate)


def _add_subnet(found: Found, estate: Estate) -> None:
    node = found.node
    delegations = (each.text("serviceName") for each in node.nodes("delegations"))
    estate.subnets[found.key] = Subnet(
        found.key, found.name, parent(found.key), (*node.texts("addressPrefix"), *node.texts("addressPrefixes")),
        node.reference("networkSecurityGroup"), node.reference("routeTable"), node.reference("natGateway"),
        node.flag("defaultOutboundAccess"), tuple(delegations), found.planned, found.origin,
        _endpoint_policies(node.text("privateEndpointNetworkPolicies").lower()),
    )  # fmt: skip
    if group := node.node("networkSecurityGroup"):
        _embedded_group(group, found, estate)


def _endpoint_policies(written: str) -> bool | None:
    return written in ("enabled", "networksecuritygroupenabled") if written else None


def _embedded_group(group: Node, found: Found, estate: Estate) -> None:
    """A group that is written out inside of what it is attached to."""
    identifier = key(group.text("id"))
    if identifier and group.has("securityRules") and identifier not in estate.groups:
        _group(replace(found, node=group, key=identifier), estate)


def _peering_of(node: Node) -> Peering:
    """A peering (virtual network peering, "allow access": without it the other network is not in VirtualNetwork)."""
    space = node.node("remoteAddressSpace", "peeringRemoteAddressSpace", "remoteVirtualNetworkAddressSpace")
    state = node.text("peeringState").lower()
    return Peering(
        node.reference("remoteVirtualNetwork") or "",
        space.texts("addressPrefixes") if space is not None else (),
        node.flag("allowVirtualNetworkAccess") is not False and state in ("", "connected"),
        node.flag("useRemoteGateways") is True,
    )


def _peering(found: Found, estate: Estate) -> None:
    estate.loose_peerings.setdefault(parent(found.key), []).append(_peering_of(found.node))


def _nic(found: Found, estate: Estate) -> None:
    node = found.node
    machine = node.node("virtualMachine")
    estate.nics[found.key] = Nic(
        found.key, found.name, machine.text("id") if machine is not None else "", _nic_group(node), _groups_of(node),
        configurations(node, found.key), node.flag("defaultOutboundConnectivityEnabled"),
        node.node("privateEndpoint") is not None, found.origin,
    )  # fmt: skip
    if group := node.node("networkSecurityGroup"):
        _embedded_group(group, found, estate)


def _nic_group(node: Node) -> str | None:
    return node.reference("networkSecurityGroup") if node.has("ipConfigurations", "ipconfigurations") else None


def _groups_of(node: Node) -> tuple[str, ...]:
    listed = (each.references("applicationSecurityGroups") for each in node.nodes("ipConfigurations"))
    return tuple(dict.fromkeys(group for groups in listed for group in groups))


def configurations(node: Node, nic: str) -> tuple[Configuration, ...]:
    """The address configurations of an interface."""
    return tuple(_configuration(each, nic) for each in node.nodes("ipConfigurations"))


def _configuration(node: Node, nic: str) -> Configuration:
    name = node.text("name")
    address = node.text("privateIPAddress", "privateIpAddress")
    version = node.text("privateIPAddressVersion", "privateIpAddressVersion")
    return Configuration(
        key(node.text("id")) or f"{nic}/ipconfigurations/{name.lower()}", name, address,
        6 if version.lower() == "ipv6" or ":" in address else 4, node.flag("primary") is True,
        node.reference("subnet"), _public_of(node),
        (*node.references("loadBalancerBackendAddressPools"),
         *node.references("applicationGatewayBackendAddressPools")),
        node.references("loadBalancerInboundNatRules"),
    )  # fmt: skip


def _public_of(node: Node) -> str | None:
    """The public address of a configuration: a resource, or one that each instance of a scale set gets."""
    if node.has("publicIPAddressConfiguration", "publicIpAddressConfiguration"):
        return None if node.node("publicIPAddressConfiguration", "publicIpAddressConfiguration") else ""
    return node.reference("publicIPAddress", "publicIpAddress")


def _public(found: Found, estate: Estate) -> None:
    node = found.node
    sku = node.node("sku")
    written = sku.text("name").lower() if sku is not None else ""
    settings = node.node("dnsSettings")
    version = node.text("publicIPAddressVersion", "publicIpAddressVersion").lower()
    address = node.text("ipAddress")
    estate.publics[found.key] = PublicAddress(
        found.key, found.name, address, 6 if version == "ipv6" or ":" in address else 4,
        written.startswith("standard") if written else None, settings.text("fqdn") if settings is not None else "",
    )  # fmt: skip


def route_of(node: Node) -> Route:
    """One route."""
    address = node.text("nextHopIpAddress", "nextHopIPAddress")
    return Route(node.text("name"), node.text("addressPrefix"), node.text("nextHopType").lower(), address, node.field)


def _table(found: Found, estate: Estate) -> None:
    node = found.node
    estate.tables[found.key] = RouteTable(
        found.key, found.name, tuple(map(route_of, node.nodes("routes"))),
        not found.planned and not node.has("routes"), found.origin,
    )  # fmt: skip
    for subnet in node.references("subnets"):
        estate.subnet_tables[subnet] = found.key


def _route(found: Found, estate: Estate) -> None:
    estate.loose_routes.setdefault(parent(found.key), []).append(route_of(found.node))


def _translator(found: Found, estate: Estate) -> None:
    estate.translators.add(found.key)
    for subnet in found.node.references("subnets"):
        estate.subnet_translators[subnet] = found.key


def _machine(found: Found, estate: Estate) -> None:
    """A virtual machine: which interfaces it has."""
    profile = found.node.node("networkProfile")
    identifier = found.node.text("id") or found.key
    for each in profile.nodes("networkInterfaces") if profile is not None else ():
        nic = key(each.text("id"))
        if nic:
            estate.machines[nic] = identifier


def _instance(found: Found, estate: Estate) -> None:
    """An instance of a scale set: its interfaces, whose addresses only their own list has."""
    _machine(found, estate)
    settings = found.node.node("networkProfileConfiguration")
    if settings is not None:
        estate.sets[found.key] = scaled(settings, found)


def _scale_set(found: Found, estate: Estate) -> None:
    profile = found.node.node("virtualMachineProfile")
    settings = profile.node("networkProfile") if profile is not None else None
    flexible = found.node.text("orchestrationMode").lower() == "flexible"
    if settings is not None and (found.planned or not flexible):
        estate.sets[found.key] = scaled(settings, found)


def scaled(settings: Node, found: Found) -> Nic:
    """What stands for the interfaces of a scale set: its first network interface configuration, the primary one."""
    listed = list(settings.nodes("networkInterfaceConfigurations"))
    chosen = next((each for each in listed if each.flag("primary")), listed[0] if listed else Node({}))
    return Nic(
        found.key, found.name, found.node.text("id") or found.key, chosen.reference("networkSecurityGroup"),
        _groups_of(chosen), configurations(chosen, found.key), origin=found.origin,
    )  # fmt: skip


def _gateway(found: Found, estate: Estate) -> None:
    """A gateway between a virtual network and others: its subnet tells which."""
    for each in found.node.nodes("ipConfigurations"):
        if subnet := each.reference("subnet"):
            estate.gateways.add(subnet)


def _balancer(found: Found, estate: Estate) -> None:
    estate.balancers[found.key] = load_balancer(found.node, found.key, found.name, found.origin)


def _proxy(found: Found, estate: Estate) -> None:
    estate.balancers[found.key] = application_gateway(found.node, found.key, found.name, found.origin)


def _pool(found: Found, estate: Estate) -> None:
    estate.loose_pools.setdefault(parent(found.key), []).append(pool(found.node, found.key))


def _translation(found: Found, estate: Estate) -> None:
    translation = forwarding(found.node, found.key)
    estate.loose_forwardings.setdefault(parent(found.key), []).append(translation)


def _cluster(found: Found, estate: Estate) -> None:
    """A managed cluster: what its pods are to the firewalls, and where its nodes will be."""
    profile = found.node.node("networkProfile")
    if profile is None:
        return
    pools = list(found.node.nodes("agentPoolProfiles"))
    estate.pod_subnets.update(key(each.text("podSubnetID", "podSubnetId")) for each in pools)
    ranges = profile.texts("podCidrs") or profile.texts("podCidr")
    plugin, mode = profile.text("networkPlugin").lower(), profile.text("networkPluginMode").lower()
    if mode == "overlay" or plugin in ("kubenet", "none"):
        estate.assume_overlay(found.name, ranges)
    for each in pools if found.planned else ():
        _nodes(each, found, estate)


def _nodes(node: Node, found: Found, estate: Estate) -> None:
    """Nodes that a cluster will make: in its subnet, behind a group of their own that the cluster makes as well."""
    if subnet := node.text("vnetSubnetID", "vnetSubnetId"):
        known = f"{found.key}/agentpools/{node.text('name').lower()}"
        public = None if node.flag("enableNodePublicIP", "enableNodePublicIp") else ""
        configuration = Configuration(f"{known}/ipconfigurations/nodes", "nodes", subnet=key(subnet), public=public)
        name = f"nodes of {found.name}/{node.text('name')}"
        estate.sets[known] = Nic(known, name, group=None, configurations=(configuration,), origin=found.origin)


_Taker: TypeAlias = Callable[[Found, Estate], None]
_NETWORK = "microsoft.network/"
_COMPUTE = "microsoft.compute/"
_SET = f"{_COMPUTE}virtualmachinescalesets"
_TAKERS: dict[str, _Taker] = {
    f"{_NETWORK}networksecuritygroups": _group,
    f"{_NETWORK}networksecuritygroups/securityrules": _rule,
    f"{_NETWORK}virtualnetworks": _network,
    f"{_NETWORK}virtualnetworks/subnets": _subnet,
    f"{_NETWORK}virtualnetworks/virtualnetworkpeerings": _peering,
    f"{_NETWORK}networkinterfaces": _nic,
    f"{_SET}/virtualmachines/networkinterfaces": _nic,
    f"{_NETWORK}publicipaddresses": _public,
    f"{_NETWORK}routetables": _table,
    f"{_NETWORK}routetables/routes": _route,
    f"{_NETWORK}natgateways": _translator,
    f"{_NETWORK}virtualnetworkgateways": _gateway,
    f"{_NETWORK}loadbalancers": _balancer,
    f"{_NETWORK}loadbalancers/backendaddresspools": _pool,
    f"{_NETWORK}loadbalancers/inboundnatrules": _translation,
    f"{_NETWORK}applicationgateways": _proxy,
    f"{_COMPUTE}virtualmachines": _machine,
    f"{_SET}": _scale_set,
    f"{_SET}/virtualmachines": _instance,
    "microsoft.containerservice/managedclusters": _cluster,
}  # fmt: skip
