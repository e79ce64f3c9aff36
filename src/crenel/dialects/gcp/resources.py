"""Networks, rules, policies and where these are attached, as records.

Sources: Compute Engine API, "networks", "subnetworks", "firewalls", "firewallPolicies",
"networks.getEffectiveFirewalls", "routes", "routers"; Resource Manager API, "projects", "folders", "tagBindings".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from crenel.dialects.gcp.balancerreading import BACKENDS, take_backend, take_forwarding
from crenel.dialects.gcp.clusters import take_cluster, take_pool
from crenel.dialects.gcp.machines import take_group, take_instance
from crenel.dialects.gcp.naming import key, last, place_of, project_of
from crenel.dialects.gcp.records import Effective, Estate, Network, Policy, Route, SecurityRule, Subnet, Translator
from crenel.dialects.gcp.rulereading import NETWORKS, policy_rule, vpc_rule
from crenel.dialects.trees import Node, addresses
from crenel.network.addresses import AddressSet, Family

_GATEWAY = "default-internet-gateway"
_HOPS = {
    "nextHopInstance": "instance", "nextHopIp": "address", "nextHopIlb": "load balancer",
    "nextHopVpnTunnel": "VPN tunnel", "nextHopPeering": "peering", "nextHopInterconnectAttachment": "interconnect",
    "nextHopHub": "hub", "nextHopNetwork": "network",
}  # fmt: skip
_FIRST = "BEFORE_CLASSIC_FIREWALL"


def path_of(node: Node) -> str:
    """The path of a resource: its link, or else its name."""
    return key(node.text("selfLink")) or node.text("name")


def network_of(node: Node, name: str = "network") -> str:
    """The path of the network that a resource names."""
    written = node.text(name)
    return key(written, project_of(path_of(node)), NETWORKS) if written else ""


def _take_network(node: Node, estate: Estate) -> None:
    path = path_of(node)
    first = node.text("networkFirewallPolicyEnforcementOrder") == _FIRST
    peers = tuple(key(each.text("network")) for each in node.nodes("peerings") if each.text("state") != "INACTIVE")
    estate.networks[path] = Network(path, node.text("name"), first, peers=peers, origin=node.origin)


def _take_subnet(node: Node, estate: Estate) -> None:
    path = path_of(node)
    texts = [node.text(name) for name in ("ipCidrRange", "ipv6CidrRange", "internalIpv6Prefix", "externalIpv6Prefix")]
    ranges = _read([text for text in texts if text], node, estate, f"subnet {last(path)}")
    secondary = tuple(
        (each.text("rangeName"), _read([each.text("ipCidrRange")], each, estate, f"subnet {last(path)}"))
        for each in node.nodes("secondaryIpRanges")
    )
    purpose = node.text("purpose").upper()
    estate.subnets[path] = Subnet(path, network_of(node), ranges, secondary, purpose, node.origin)


def _read(texts: list[str], node: Node, estate: Estate, name: str) -> AddressSet:
    found, wrong = addresses(*texts)
    estate.unreadable(wrong, node.origin, node.field, name)
    return found


def _take_firewall(node: Node, estate: Estate) -> None:
    network = network_of(node)
    if not network:
        estate.report("no network", node.origin, node.field, f"vpc firewall rule {node.text('name')}")
        return
    path = key(node.text("selfLink")) or f"{network}/{node.text('name')}"
    estate.rules[network][path] = vpc_rule(node, estate)


def _take_policy(node: Node, estate: Estate) -> None:
    found = read_policy(node, estate)
    known = estate.policies.get(found.key)
    if known is not None and found.rules is None:
        found = replace(found, rules=known.rules)
    if known is not None and not found.attached:
        found = replace(found, attached=known.attached)
    estate.policies[found.key] = found


def read_policy(node: Node, estate: Estate) -> Policy:
    """A firewall policy. Those of organisations and folders have a short name, and their name is a number."""
    path = path_of(node)
    hierarchical = bool(node.text("shortName", "displayName")) or path.startswith("locations/")
    sort = "hierarchical" if hierarchical else "network"
    title = f"{sort} firewall policy {node.text('shortName', 'displayName') or last(path)}"
    rules = _own_rules(node, estate, title)
    attached = tuple((key(each.text("attachmentTarget")), _priority(each)) for each in node.nodes("associations"))
    region = last(node.text("region")) or place_of(path)
    return Policy(path, title, hierarchical, False, region, rules, attached, node.origin)


def _priority(node: Node) -> int:
    return node.number("priority") or 0


def _own_rules(node: Node, estate: Estate, title: str) -> tuple[SecurityRule, ...] | None:
    """The rules of a policy; None where they are not written, as in some lists."""
    written = isinstance(node.find("rules")[0], list)
    return tuple(policy_rule(each, estate, title) for each in node.nodes("rules")) if written else None


def _take_effective(node: Node, estate: Estate) -> None:
    network = ""
    for each in node.nodes("firewalls"):
        if network := network_of(each) or network:
            _take_firewall(each, estate)
    policies = tuple(_effective(each, estate) for each in node.nodes("firewallPolicys"))
    estate.effective.append(Effective(network, policies, node.origin))


def _effective(node: Node, estate: Estate) -> Policy:
    """A policy in effect, which tells its level in ``type``."""
    level = node.text("type").upper()
    found = read_policy(node, estate)
    hierarchical = level == "HIERARCHY"
    name = node.text("shortName", "displayName") or last(found.key)
    words = "hierarchical" if hierarchical else "system" if level.startswith("SYSTEM") else "network"
    title = f"{words} firewall policy {name}"
    rules = _own_rules(node, estate, title)
    region = found.region or ("?" if level.endswith("REGIONAL") else "")
    return replace(
        found, title=title, hierarchical=hierarchical, system=words == "system", region=region, rules=rules,
        attached=(("", _priority(node)),),
    )  # fmt: skip


def _take_route(node: Node, estate: Estate) -> None:
    network = network_of(node)
    destination = _read([node.text("destRange")], node, estate, f"route {node.text('name')}")
    priority = node.number("priority")
    estate.routes[network].append(
        Route(
            node.text("name"), network, destination, 1000 if priority is None else priority, _hop(node),
            frozenset(node.texts("tags")), node.origin, node.field,
        )
    )  # fmt: skip


def _hop(node: Node) -> str:
    if last(node.text("nextHopGateway")) == _GATEWAY:
        return "internet"
    for name, words in _HOPS.items():
        if written := node.text(name):
            return f"the {words} {last(written)}"
    return "nowhere that is known"


def _take_router(node: Node, estate: Estate) -> None:
    path, network = path_of(node), network_of(node)
    estate.routers.add(project_of(path))
    for each in node.nodes("nats"):
        estate.translators.append(translator(each, network, last(node.text("region")) or place_of(path)))


def translator(node: Node, network: str, region: str) -> Translator:
    """A gateway of Cloud NAT ("Cloud NAT overview": which subnets and ranges it serves)."""
    which = node.text("sourceSubnetworkIpRangesToNat")
    families: set[Family] = {4}
    if node.text("sourceSubnetworkIpRangesToNat64"):
        families.add(6)
    served = tuple((key(each.text("name")), each.texts("sourceIpRangesToNat")) for each in node.nodes("subnetworks"))
    return Translator(
        node.text("name"), network, region, "" if which == "LIST_OF_SUBNETWORKS" else which, served,
        frozenset(families), node.text("type").upper() == "PRIVATE", node.origin, node.field,
    )  # fmt: skip


def _take_binding(node: Node, estate: Estate) -> None:
    estate.bindings[key(node.text("parent"))] |= {
        name for name in (node.text("tagValue"), node.text("tagValueNamespacedName")) if name
    }


def _take_association(node: Node, estate: Estate) -> None:
    target = key(node.text("attachmentTarget"))
    estate.loose_attached[last(node.text("firewallPolicyId"))].append((target, _priority(node)))


def _take_address_group(node: Node, estate: Estate) -> None:
    path = path_of(node)
    estate.groups[path] = _read(list(node.texts("items")), node, estate, f"address group {last(path)}")


def _take_project(node: Node, estate: Estate) -> None:
    parent = node.node("parent")
    if parent is not None and parent.text("id"):
        kind = "organizations" if parent.text("type") == "organization" else "folders"
        estate.parents[f"projects/{node.text('projectId')}"] = f"{kind}/{parent.text('id')}"


def _take_folder(node: Node, estate: Estate) -> None:
    estate.parents[node.text("name")] = node.text("parent")


_TAKERS: dict[str, Callable[[Node, Estate], None]] = {
    "network": _take_network, "subnetwork": _take_subnet, "firewall": _take_firewall,
    "firewallPolicy": _take_policy, "effective": _take_effective, "route": _take_route, "router": _take_router,
    "tagBinding": _take_binding, "addressGroup": _take_address_group, "association": _take_association,
    "project": _take_project, "folder": _take_folder, "instance": take_instance, "instanceGroup": take_group,
    "cluster": take_cluster, "nodePool": take_pool, "forwardingRule": take_forwarding,
    **dict.fromkeys(BACKENDS, take_backend),
}  # fmt: skip


def take(kind: str, node: Node, estate: Estate) -> None:
    """Add what one resource says. Kinds that nothing here depends on are passed over."""
    if (taker := _TAKERS.get(kind)) is not None:
        taker(node, estate)
