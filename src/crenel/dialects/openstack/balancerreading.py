"""Reads what Octavia says: load balancers, listeners, pools and members (Octavia API v2)."""

from __future__ import annotations

from dataclasses import replace

from crenel.dialects.openstack import texts
from crenel.dialects.openstack.records import Estate, Listener, LoadBalancer, Member, Pool
from crenel.dialects.trees import Node


def balancer(node: Node, estate: Estate) -> None:
    """A load balancer; lists of the command line lack its listeners."""
    key = node.text("id")
    made = LoadBalancer(
        key, node.text("name"), node.text("vip_address"), node.text("vip_port_id"), node.text("vip_subnet_id"),
        node.text("provider").lower(), _ids(node, "listeners"), _ids(node, "pools"), node.origin, node.field,
    )  # fmt: skip
    if key and (key not in estate.balancers or node.has("vip_port_id")):
        estate.balancers[key] = made


def listener(node: Node, estate: Estate) -> None:
    """A listener; lists of the command line lack the load balancers that it is of."""
    key = node.text("id")
    cidrs = _ids(node, "allowed_cidrs") if node.has("allowed_cidrs") else None
    if node.has("allowed_cidrs"):
        cidrs = cidrs or ()
    made = Listener(
        key, node.text("name"), node.text("protocol").upper(), node.number("protocol_port"),
        _ids(node, "loadbalancers"), node.text("default_pool_id"), cidrs, bool(_ids(node, "l7policies")),
        node.origin, node.field,
    )  # fmt: skip
    if key and (key not in estate.listeners or node.has("loadbalancers")):
        estate.listeners[key] = made


def pool(node: Node, estate: Estate) -> None:
    """A pool; lists of the command line lack its members."""
    key = node.text("id")
    members = (_ids(node, "members") or ()) if node.has("members") else None
    made = Pool(key, node.text("name"), members, _ids(node, "listeners") or (), _ids(node, "loadbalancers") or ())
    if key and (key not in estate.pools or made.members is not None):
        estate.pools[key] = made


def member(node: Node, estate: Estate) -> None:
    """A member. Its document does not say of which pool, but those of pools name their members."""
    key = node.text("id")
    made = Member(key, node.text("address"), node.number("protocol_port"), node.text("pool_id"))
    if key and (made.pool or key not in estate.members):
        estate.members[key] = made


def amphora(node: Node, estate: Estate) -> None:
    """A machine of the provider amphora: it connects to members from the address of its port in their network."""
    if (owner := node.text("loadbalancer_id")) and (address := node.text("vrrp_ip")):
        estate.amphorae.setdefault(owner, []).append(address)


def tree(node: Node, estate: Estate) -> None:
    """The status of a load balancer: its listeners, their pools, and the members of these."""
    key = node.text("id")
    for each in node.nodes("listeners"):
        own = each.text("id")
        known = estate.listeners.get(own, Listener(own, each.text("name"), "", None))
        pools = list(each.nodes("pools"))
        default = known.pool or (pools[0].text("id") if len(pools) == 1 else "")
        redirects = known.redirects or len(pools) > 1
        estate.listeners[own] = replace(
            known, balancers=tuple(dict.fromkeys([*(known.balancers or ()), key])), pool=default, redirects=redirects
        )
        for inner in pools:
            _tree_pool(inner, own, key, estate)
    for inner in node.nodes("pools"):
        _tree_pool(inner, "", key, estate)


def _tree_pool(node: Node, listener_id: str, balancer_id: str, estate: Estate) -> None:
    own = node.text("id")
    members = tuple(each.text("id") for each in node.nodes("members"))
    estate.pools[own] = Pool(own, node.text("name"), members, (listener_id,) if listener_id else (), (balancer_id,))
    for each in node.nodes("members"):
        estate.members[each.text("id")] = Member(
            each.text("id"), each.text("address"), each.number("protocol_port"), own
        )


def _ids(node: Node, name: str) -> tuple[str, ...] | None:
    """The ids of a list of references, or of the lines that the command line makes of it; None where there is none."""
    value, _ = node.find(name)
    return texts.names(value) if value is not None else None
