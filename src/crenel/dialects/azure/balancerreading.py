"""Load balancers and application gateways, as they are written.

The fields are those of LoadBalancerPropertiesFormat and ApplicationGatewayPropertiesFormat (Azure REST API). An
application gateway is read as a load balancer whose rules are its listeners, each with all pools that requests of it
may be sent to.
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.dialects.azure.fields import Node, key
from crenel.dialects.azure.records import Forwarding, Frontend, LoadBalancer, Pool
from crenel.network.traffic import LAST_PORT
from crenel.provenance import Origin


def load_balancer(node: Node, known: str, name: str, origin: Origin) -> LoadBalancer:
    """A load balancer (Microsoft.Network/loadBalancers)."""
    listed = [("loadBalancingRules", "loadbalancingrules"), ("inboundNatRules", "inboundnatrules")]
    rules = [
        forwarding(each, _child(each, known, kind)) for field, kind in listed for each in node.nodes(field)
    ] + [_pooled(each, known, node) for each in node.nodes("inboundNatPools")]  # fmt: skip
    outbound = (each.reference("backendAddressPool") or "" for each in node.nodes("outboundRules"))
    return LoadBalancer(
        known, name, _is_standard(node), frontends=tuple(_frontends(node, known)),
        pools=_pools(node, known), rules=tuple(rules), outbound=tuple(filter(None, outbound)), origin=origin,
    )  # fmt: skip


def _is_standard(node: Node) -> bool | None:
    sku = node.node("sku")
    written = sku.text("name").lower() if sku is not None else ""
    return written in ("standard", "gateway") if written else None


def _child(node: Node, known: str, kind: str) -> str:
    return key(node.text("id")) or f"{known}/{kind}/{node.text('name').lower()}"


def _frontends(node: Node, known: str) -> Iterator[Frontend]:
    for each in node.nodes("frontendIPConfigurations", "frontendIpConfigurations"):
        yield Frontend(
            _child(each, known, "frontendipconfigurations"), each.text("name"),
            each.reference("publicIPAddress", "publicIpAddress"),
            each.text("privateIPAddress", "privateIpAddress"), each.reference("subnet"),
        )  # fmt: skip


def _pools(node: Node, known: str) -> tuple[Pool, ...]:
    return tuple(pool(each, _child(each, known, "backendaddresspools")) for each in node.nodes("backendAddressPools"))


def pool(node: Node, known: str) -> Pool:
    """A backend pool: by address configurations, or by addresses (of which names are no part)."""
    listed = [*node.nodes("loadBalancerBackendAddresses"), *node.nodes("backendAddresses")]
    configured = (each.reference("networkInterfaceIPConfiguration") or "" for each in listed)
    members = (*node.references("backendIPConfigurations", "backendIpConfigurations"), *filter(None, configured))
    addresses = tuple(filter(None, (each.text("ipAddress", "ipaddress") for each in listed)))
    named = any(each.text("fqdn") for each in listed)
    return Pool(known, tuple(dict.fromkeys(members)), addresses, not named)


def forwarding(node: Node, known: str) -> Forwarding:
    """A load balancing rule or an inbound NAT rule."""
    pools = [node.reference("backendAddressPool"), *node.references("backendAddressPools")]
    member = node.reference("backendIPConfiguration", "backendIpConfiguration")
    target = node.number("backendPort")
    leads = tuple((each, target) for each in dict.fromkeys([*pools, member]) if each)
    return Forwarding(
        known, node.reference("frontendIPConfiguration", "frontendIpConfiguration") or "",
        node.text("protocol").lower(), _frontend_ports(node), leads,
        floating=node.flag("enableFloatingIP", "enableFloatingIp") is True,
        outbound=node.has("loadDistribution", "probe", "disableOutboundSnat")
        and node.flag("disableOutboundSnat") is not True,
        known=None not in (*pools, member), field=node.field,
    )  # fmt: skip


def _frontend_ports(node: Node) -> tuple[int, int] | None:
    """The ports of the frontend; None for all, which is what port 0 means (Standard, "HA Ports overview")."""
    single = node.number("frontendPort")
    first, final = node.number("frontendPortRangeStart"), node.number("frontendPortRangeEnd")
    if single:
        return single, single
    if first and final:
        return first, min(final, LAST_PORT)
    return None


def _pooled(node: Node, known: str, balancer: Node) -> Forwarding:
    """An inbound NAT pool: a range of ports, one for each instance of a scale set."""
    pools = tuple(_child(each, known, "backendaddresspools") for each in balancer.nodes("backendAddressPools"))
    target = node.number("backendPort")
    return Forwarding(
        _child(node, known, "inboundnatpools"),
        node.reference("frontendIPConfiguration", "frontendIpConfiguration") or "", node.text("protocol").lower(),
        _frontend_ports(node), tuple((each, target) for each in pools), known=bool(pools), field=node.field,
    )  # fmt: skip


def application_gateway(node: Node, known: str, name: str, origin: Origin) -> LoadBalancer:
    """An application gateway (Microsoft.Network/applicationGateways)."""
    subnets = (
        each.reference("subnet") or ""
        for each in node.nodes("gatewayIPConfigurations", "gatewayIpConfigurations")
    )  # fmt: skip
    return LoadBalancer(
        known, name, True, True, tuple(filter(None, subnets)), tuple(_frontends(node, known)),
        _pools(node, known),
        tuple(_listeners(node, known)), origin=origin,
    )  # fmt: skip


def _listeners(node: Node, known: str) -> Iterator[Forwarding]:
    ports = {_child(each, known, "frontendports"): each.number("port") for each in node.nodes("frontendPorts")}
    for listener in [*node.nodes("httpListeners"), *node.nodes("listeners")]:
        identifier = _child(listener, known, "httplisteners")
        port = ports.get(listener.reference("frontendPort") or "")
        leads = [lead for rule in _rules_of(node, identifier) for lead in _leads(rule, node, known)]
        protocol = listener.text("protocol").lower()
        yield Forwarding(
            identifier, listener.reference("frontendIPConfiguration", "frontendIpConfiguration") or "", "tcp",
            (port, port) if port else None, tuple(dict.fromkeys(leads)), tls=protocol in ("https", "tls"),
            known=port is not None, field=listener.field,
        )  # fmt: skip


def _rules_of(node: Node, listener: str) -> Iterator[Node]:
    for rule in [*node.nodes("requestRoutingRules"), *node.nodes("routingRules")]:
        if listener in (rule.reference("httpListener"), rule.reference("listener")):
            yield rule


def _leads(rule: Node, gateway: Node, known: str) -> Iterator[tuple[str, int | None]]:
    """All that a routing rule may lead to, by the paths of its map too."""
    settings = [*gateway.nodes("backendHttpSettingsCollection"), *gateway.nodes("backendSettingsCollection")]
    ports = {
        key(each.text("id")) or f"{known}/{kind}/{each.text('name').lower()}": each.number("port")
        for each in settings
        for kind in ("backendhttpsettingscollection", "backendsettingscollection")
    }
    wanted = rule.reference("urlPathMap")
    maps = [each for each in gateway.nodes("urlPathMaps") if wanted and _child(each, known, "urlpathmaps") == wanted]
    places = [(rule, ""), *((each, "default") for each in maps)]
    places += [(path, "") for each in maps for path in each.nodes("pathRules")]
    for place, prefix in places:
        reached = place.reference(_named(prefix, "backendAddressPool"))
        used = place.reference(_named(prefix, "backendHttpSettings")) or place.reference("backendSettings")
        if reached:
            yield reached, ports.get(used or "")


def _named(prefix: str, name: str) -> str:
    return f"{prefix}{name[0].upper()}{name[1:]}" if prefix else name
