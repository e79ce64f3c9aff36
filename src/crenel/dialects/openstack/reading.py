"""From mappings to records. Names of both the API and the command line are understood."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crenel.dialects import trees
from crenel.dialects.openstack import balancerreading, shapes, texts
from crenel.dialects.openstack.records import (
    Estate,
    FixedAddress,
    FloatingAddress,
    Group,
    GroupRule,
    Port,
    Router,
    Server,
    Subnet,
    VirtualNetwork,
)
from crenel.dialects.trees import Node
from crenel.network.addresses import INTERNET, AddressSet, Family

_FAMILIES: dict[str, Family] = {"ipv4": 4, "ipv6": 6}
_ANY = ("", "any", "none", "null")


def take(kind: str, node: Node, estate: Estate) -> None:
    """Add a resource to an estate. Of two with the same id the one that says more counts."""
    _READERS[kind](node, estate)


def identifier(node: Node) -> str:
    """The id of a resource."""
    return node.text("id", "ID")


def name(node: Node) -> str:
    """The name of a resource."""
    return node.text("name", "Name")


def _group(node: Node, estate: Estate) -> None:
    key = identifier(node)
    if not key:
        estate.report("a security group without an id", node.origin, node.field)
        return
    written, at = node.find("security_group_rules", "rules")
    rules = None
    if node.has("security_group_rules", "rules"):
        rules = tuple(
            rule(Node(each, node.origin, (*at, number) if isinstance(written, list) else at))
            for number, each in enumerate(texts.mappings(written))
        )
    made = Group(
        key, name(node), rules, node.flag("stateful", "Stateful"), node.flag("_planned") is True, node.origin,
        node.field,
    )  # fmt: skip
    known = estate.groups.get(key)
    if known is None or known.rules is None or made.rules is not None:
        estate.groups[key] = made


def _loose_rule(node: Node, estate: Estate) -> None:
    group = node.text("security_group_id", "Security Group")
    if not group:
        text = "a rule that does not say of which security group it is: list the rules of all groups, or show the group"
        estate.report(text, node.origin, node.field, f"security group rule {identifier(node)}")
        return
    estate.rules_listed = estate.rules_listed or node.has("IP Protocol")
    known = estate.loose_rules.setdefault(group, [])
    made = rule(node)
    if not made.name or all(each.name != made.name for each in known):
        known.append(made)


def rule(node: Node) -> GroupRule:
    """A rule of a security group (Networking API v2.0, "Security group rules")."""
    first, last, strange = _range(node)
    group = node.text("remote_group_id", "Remote Security Group")
    prefix = "" if group else node.text("remote_ip_prefix", "IP Range")
    protocol = node.text("protocol", "IP Protocol").lower()
    return GroupRule(
        node.text("direction", "Direction").lower(),
        _FAMILIES.get(node.text("ethertype", "ether_type", "Ethertype").lower()),
        "" if protocol in _ANY else protocol, first, last, prefix, group,
        node.text("remote_address_group_id", "Remote Address Group"), strange, identifier(node), node.origin,
        node.field,
    )  # fmt: skip


def _range(node: Node) -> tuple[int | None, int | None, str]:
    """First and last port, and what cannot be read."""
    if node.has("Port Range"):
        text = node.text("Port Range")
        found = texts.port_range(text)
        return (*found, "") if found is not None else (None, None, f"port range {text!r}")
    first, last = node.number("port_range_min"), node.number("port_range_max")
    wrong = [
        f"{key} {value!r}"
        for key, number in (("port_range_min", first), ("port_range_max", last))
        if (value := node.find(key)[0]) not in (None, "") and number is None
    ]
    return first, last, ", ".join(wrong)


def _address_group(node: Node, estate: Estate) -> None:
    written, _ = node.find("addresses", "Addresses")
    found, wrong = trees.addresses(*texts.names(written))
    title = f"address group {name(node)}"
    for text in wrong:
        estate.report(f"{text!r} is no address or CIDR", node.origin, node.field, title)
    if identifier(node) and not wrong:
        estate.address_groups[identifier(node)] = (name(node), found)


def _port(node: Node, estate: Estate) -> None:
    key = identifier(node)
    if not key:
        estate.report("a port without an id", node.origin, node.field)
        return
    pairs, _ = node.find("allowed_address_pairs")
    port = Port(
        key, name(node), _fixed(node),
        tuple(text for each in texts.mappings(pairs) if isinstance(text := each.get("ip_address"), str)),
        _references(node, "security_group_ids", "security_groups", "Security Groups"),
        node.flag("port_security_enabled"), node.text("device_id"), node.text("device_owner", "Device Owner"),
        node.text("network_id"), node.origin, node.field,
    )  # fmt: skip
    if key not in estate.ports or node.has("device_id"):
        estate.ports[key] = port
    if port.owner.startswith("network:router_") and port.device:
        estate.attached.setdefault(port.device, []).extend(each.subnet for each in port.fixed if each.subnet)


def _fixed(node: Node) -> tuple[FixedAddress, ...]:
    written, _ = node.find("fixed_ips", "Fixed IP Addresses")
    found = ((each.get("ip_address"), each.get("subnet_id")) for each in texts.mappings(written))
    return tuple(
        FixedAddress(address if isinstance(address, str) else "", subnet if isinstance(subnet, str) else "")
        for address, subnet in found
    )


def _references(node: Node, *keys: str) -> tuple[str, ...] | None:
    """Ids, or None where nothing is written."""
    value, _ = node.find(*keys)
    return texts.names(value) if value is not None else None


def _floating(node: Node, estate: Estate) -> None:
    address = node.text("floating_ip_address", "Floating IP Address")
    key = identifier(node) or address
    estate.floating[key] = FloatingAddress(
        address, node.text("fixed_ip_address", "Fixed IP Address"), node.text("port_id", "Port")
    )


def _router(node: Node, estate: Estate) -> None:
    gateway = node.node("external_gateway_info", "External gateway info")
    written = node.has("external_gateway_info", "External gateway info")
    attached, _ = node.find("interfaces_info")
    fixed, _ = gateway.find("external_fixed_ips") if gateway is not None else (None, ())
    router = Router(
        identifier(node), name(node), gateway.text("network_id") if gateway is not None else "" if written else None,
        gateway.flag("enable_snat") if gateway is not None else None,
        tuple(text for each in texts.mappings(fixed) if isinstance(text := each.get("ip_address"), str)),
        tuple(text for each in texts.mappings(attached) if isinstance(text := each.get("subnet_id"), str)), node.origin,
    )  # fmt: skip
    known = estate.routers.get(router.id)
    if router.id and (known is None or known.external is None or router.subnets):
        estate.routers[router.id] = router


def _subnet(node: Node, estate: Estate) -> None:
    gateway = node.text("gateway_ip", "Gateway") if node.has("gateway_ip", "Gateway") else None
    subnet = Subnet(
        identifier(node), name(node), node.text("network_id", "Network"), node.text("cidr", "Subnet"),
        "" if gateway in ("None", "none") else gateway,
    )  # fmt: skip
    known = estate.subnets.get(subnet.id)
    if subnet.id and (known is None or known.gateway is None):
        estate.subnets[subnet.id] = subnet


def _network(node: Node, estate: Estate) -> None:
    external = node.flag("router:external", "is_router_external", "router_external")
    kind = node.text("Router Type", "router:external").lower()
    if kind in ("external", "internal"):
        external = kind == "external"
    estate.networks[identifier(node)] = VirtualNetwork(identifier(node), name(node), external)


def _server(node: Node, estate: Estate) -> None:
    listed, _ = node.find("addresses", "Networks")
    networks = texts.networks(listed)
    fixed, floating = _addresses_of(networks)
    key = identifier(node)
    if key and (key not in estate.servers or node.has("security_groups")):
        estate.servers[key] = Server(
            key, name(node), fixed, floating, _names(node), _references(node, "_ports") or (), tuple(networks),
            node.origin, node.field,
        )  # fmt: skip


def _names(node: Node) -> tuple[str, ...] | None:
    value, _ = node.find("security_groups")
    return tuple(dict.fromkeys(texts.names(value))) if node.has("security_groups") else None


def _addresses_of(networks: dict[str, list[Any]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The fixed and the floating addresses of a server.

    The service marks them (Compute API, ``OS-EXT-IPS:type``). Where that is lacking, the public IPv4 addresses of a
    network that gave a private one as well are floating, since a port gets one of each subnet only as far as asked.
    """
    fixed: list[str] = []
    floating: list[str] = []
    for listed in networks.values():
        plain = [each for each in listed if isinstance(each, str)]
        private = any(_public(each) is False for each in plain)
        floating += [each for each in plain if private and _public(each)]
        fixed += [each for each in plain if not (private and _public(each))]
        for each in listed:
            if isinstance(each, dict) and isinstance(text := each.get("addr"), str):
                (floating if each.get("OS-EXT-IPS:type") == "floating" else fixed).append(text)
    return tuple(fixed), tuple(floating)


def _public(text: str) -> bool | None:
    """Whether a text is a public IPv4 address; None for what is no IPv4 address."""
    found, wrong = trees.addresses(text)
    return None if wrong or not found.v4 else found <= INTERNET


def ranges(subnet: Subnet | None) -> AddressSet:
    """The range of a subnet, as far as it can be read."""
    return trees.addresses(subnet.range)[0] if subnet is not None and subnet.range else AddressSet()


_READERS: dict[str, Callable[[Node, Estate], None]] = {
    shapes.GROUP: _group,
    shapes.RULE: _loose_rule,
    shapes.ADDRESSES: _address_group,
    shapes.PORT: _port,
    shapes.FLOATING: _floating,
    shapes.ROUTER: _router,
    shapes.SUBNET: _subnet,
    shapes.NETWORK: _network,
    shapes.SERVER: _server,
    shapes.BALANCER: balancerreading.balancer,
    shapes.LISTENER: balancerreading.listener,
    shapes.POOL: balancerreading.pool,
    shapes.MEMBER: balancerreading.member,
    shapes.AMPHORA: balancerreading.amphora,
    shapes.TREE: balancerreading.tree,
}
