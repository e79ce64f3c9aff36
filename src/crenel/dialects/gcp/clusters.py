"""Clusters of Google Kubernetes Engine: where their nodes and pods are, as far as no instance in the input tells.

Sources: GKE API, "projects.locations.clusters"; GKE documentation, "VPC-native clusters" (pods have alias ranges of
their node), "Routes-based clusters" (a route for each node leads its pods' range to it), "Automatically created
firewall rules" (rules of the controller name a tag ``gke-CLUSTER-HASH-node`` that all nodes have).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from crenel.dialects.gcp.machines import group_name
from crenel.dialects.gcp.naming import key, project_of
from crenel.dialects.gcp.records import Cluster, Estate, Instance, Nic, Pool, SecurityRule
from crenel.dialects.gcp.seats import network_name
from crenel.dialects.trees import Node, addresses
from crenel.network.addresses import AddressSet
from crenel.network.firewalls import Interface, Role

_NETWORKS = "global/networks"
_DEFAULT = ("", "default")
_DEFAULT_ACCOUNT = "-compute@developer.gserviceaccount.com"


def take_cluster(node: Node, estate: Estate) -> None:
    """Add a cluster with its node pools."""
    path = key(node.text("selfLink")) or node.text("name")
    network = node.node("networkConfig") or node
    allocation, private = node.node("ipAllocationPolicy"), node.node("privateClusterConfig")
    subnet = network.text("subnetwork")
    native = allocation is not None and allocation.flag("useIpAliases") is not False
    ranges = [node.text("clusterIpv4Cidr"), *(allocation.texts("clusterIpv4CidrBlock") if allocation else ())]
    control = private.texts("masterIpv4CidrBlock") if private is not None else ()
    known = estate.clusters.get(path)
    estate.clusters[path] = Cluster(
        path, node.text("name"), key(network.text("network"), project_of(path), _NETWORKS),
        key(subnet) if "/" in subnet else "", _read(ranges, node, estate), native,
        allocation.text("clusterSecondaryRangeName") if allocation is not None else "", _read(control, node, estate),
        (*(known.pools if known is not None else ()), *map(_pool, node.nodes("nodePools"))), node.origin, node.field,
    )  # fmt: skip


def take_pool(node: Node, estate: Estate) -> None:
    """Add a node pool that is a resource of its own; its cluster may come later."""
    path = key(node.text("cluster"))
    known = estate.clusters.get(path, Cluster(path, path.rpartition("/")[2], origin=node.origin, field=node.field))
    estate.clusters[path] = replace(known, pools=(*known.pools, _pool(node)))


def _pool(node: Node) -> Pool:
    config, network = node.node("config"), node.node("networkConfig")
    groups = tuple(group_name(each) for each in node.texts("instanceGroupUrls"))
    pods, _ = addresses(*(network.texts("podIpv4CidrBlock") if network is not None else ()))
    return Pool(
        node.text("name"),
        frozenset(config.texts("tags")) if config is not None else frozenset(),
        config.text("serviceAccount") if config is not None else "",
        pods,
        network.text("podRange") if network is not None else "",
        groups,
    )


def _read(texts: Iterable[str], node: Node, estate: Estate) -> AddressSet:
    found, wrong = addresses(*(text for text in texts if text and not text.startswith("/")))
    estate.unreadable(wrong, node.origin, node.field, f"cluster {node.text('name')}")
    return found


def complete(estate: Estate) -> None:
    """Add what clusters tell: instances that stand for the nodes of pools, and ranges that nodes hand to pods."""
    for cluster in estate.clusters.values():
        nodes = [each for each in estate.instances.values() if _is_node(each, cluster)]
        if not cluster.native:
            for each in nodes:
                _hand_on(each, cluster, estate)
        if not nodes:
            for instance in _stand_ins(cluster, estate):
                estate.instances[instance.key] = instance


def _is_node(instance: Instance, cluster: Cluster) -> bool:
    """Whether an instance is a node, by the group that made it or by its name (``gke-CLUSTER-POOL-...``)."""
    groups = {group for pool in cluster.pools for group in pool.groups if group}
    same = project_of(instance.key) == project_of(cluster.key)
    return instance.group in groups or (same and instance.name.startswith(f"gke-{cluster.name}-"))


def _hand_on(instance: Instance, cluster: Cluster, estate: Estate) -> None:
    """Routes of a routes-based cluster, each to a node for the pods that it has."""
    for route in estate.routes.get(cluster.network, ()):
        if route.hop == f"the instance {instance.name}" and route.destination <= cluster.pods and instance.nics:
            first, *others = estate.instances[instance.key].nics
            first = replace(first, aliases=first.aliases | route.destination)
            estate.instances[instance.key] = replace(estate.instances[instance.key], nics=(first, *others))


def _stand_ins(cluster: Cluster, estate: Estate) -> Iterator[Instance]:
    """One instance for each pool, somewhere in the subnet. Pods of a range that pools share are with the first.

    That makes no difference where the pools have the same tags and accounts; else it is not known whose pods are.
    """
    marks = {(pool.tags, pool.account) for pool in cluster.pools}
    taken = AddressSet()
    for pool in cluster.pools:
        pods = _pods(pool, cluster, estate) - taken
        shared = len(marks) > 1 and any(
            other is not pool and _pods(other, cluster, estate) & pods for other in cluster.pools
        )
        if shared:
            estate.assume(f"which pool of the cluster {cluster.name} pods are in is not in the input")
            pods = AddressSet()
        taken |= pods
        nic = Nic("nic0", cluster.network, cluster.subnet, aliases=pods)
        name = f"nodes of pool {pool.name} of {cluster.name}"
        tags = pool.tags | _own_tags(cluster, estate)
        accounts = _accounts(pool, cluster, estate)
        yield Instance(
            f"{cluster.key}/nodePools/{pool.name}", name, tags=tags, accounts=accounts, nics=(nic,),
            group=pool.groups[0] if pool.groups else "", origin=cluster.origin,
        )  # fmt: skip


def _pods(pool: Pool, cluster: Cluster, estate: Estate) -> AddressSet:
    """The range of a pool's pods: its own, or a secondary range of the subnet, or that of the cluster."""
    if not cluster.native:
        return AddressSet()
    subnet = estate.subnets.get(cluster.subnet)
    named = dict(subnet.secondary) if subnet is not None else {}
    chosen = named.get(pool.range_name) or named.get(cluster.range_name) or AddressSet()
    return pool.pods or (named.get(pool.range_name) or cluster.pods or chosen)


def _own_tags(cluster: Cluster, estate: Estate) -> frozenset[str]:
    """The tags that GKE gives all nodes of a cluster, as rules of its controller name them."""
    tags = {tag for rule in _rules(estate) for tag in (*rule.targets.tags, *rule.source.tags)}
    return frozenset(tag for tag in tags if tag.startswith(f"gke-{cluster.name}-") and tag.endswith("-node"))


def _accounts(pool: Pool, cluster: Cluster, estate: Estate) -> frozenset[str]:
    """The service account of nodes. The default one of a project bears its number, which is not in the input."""
    if pool.account not in _DEFAULT:
        return frozenset({pool.account})
    named = {each for rule in _rules(estate) for each in (*rule.targets.accounts, *rule.source.accounts)}
    found = frozenset(each for each in named if each.endswith(_DEFAULT_ACCOUNT))
    if found:
        text = f"nodes of the cluster {cluster.name} have the default service account {', '.join(sorted(found))}"
        estate.assume(text)
    return found


def _rules(estate: Estate) -> Iterator[SecurityRule]:
    for rules in estate.rules.values():
        yield from rules.values()


def control_planes(estate: Estate) -> Iterator[Interface]:
    """The control planes that have addresses of a range of their own (private clusters)."""
    for each in estate.clusters.values():
        if each.control:
            yield Interface(
                f"control plane of {each.name}", Role.OTHER, network=network_name(each.network), origin=each.origin,
                ranges=each.control,
            )  # fmt: skip
