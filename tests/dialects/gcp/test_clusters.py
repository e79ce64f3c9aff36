"""Clusters of Google Kubernetes Engine: nodes and pods with and without instances in the input."""

from __future__ import annotations

from typing import Any

import pytest

from crenel.network.addresses import AddressSet
from crenel.network.firewalls import Interface
from dialects.gcp import plans, samples
from dialects.gcp.asking import A, D, U, outcome, read
from dialects.gcp.plans import Refer, made
from dialects.gcp.samples import NET, ROOT, firewall, instance, network, nic, route, subnet

OUT = "8.8.4.4"
TAG = "gke-main-1a2b3c4d-node"


def pool(name: str = "default-pool", tags: tuple[str, ...] = (), account: str = "", pods: str = "") -> dict[str, Any]:
    """A node pool."""
    return {
        "name": name, "config": {"tags": list(tags), "serviceAccount": account or "default"},
        "networkConfig": {"podIpv4CidrBlock": pods, "podRange": "pods"} if pods else {"podRange": "pods"},
        "instanceGroupUrls": [f"{samples.ZONE}/instanceGroupManagers/gke-main-{name}-grp"],
    }  # fmt: skip


def cluster(*pools: dict[str, Any], native: bool = True, **more: Any) -> dict[str, Any]:
    """What ``gcloud container clusters describe`` prints."""
    return {
        "name": "main", "location": "us-east1", "network": "main", "subnetwork": "web",
        "selfLink": "https://container.googleapis.com/v1/projects/shop/locations/us-east1/clusters/main",
        "networkConfig": {"network": "projects/shop/global/networks/main",
                          "subnetwork": "projects/shop/regions/us-east1/subnetworks/web"},
        "ipAllocationPolicy": {"useIpAliases": True, "clusterSecondaryRangeName": "pods"} if native else None,
        "clusterIpv4Cidr": "10.8.0.0/16", "nodePools": list(pools), "currentMasterVersion": "1.33", **more,
    }  # fmt: skip


def estate(*documents: Any) -> list[Any]:
    """A network with a subnet for nodes and pods, and more."""
    return [
        [network()],
        [subnet(secondaryIpRanges=[{"rangeName": "pods", "ipCidrRange": "10.8.0.0/16"}])],
        *documents,
    ]


def interface(documents: list[Any], name: str) -> Interface:
    """One interface."""
    return next(each for each in read(*documents).interfaces if each.name == name)


def test_a_pool_stands_for_nodes_that_are_not_in_the_input() -> None:
    """Somewhere in the subnet, with the pods of its range; with the tag that rules of the controller name."""
    rules = [firewall("gke-main-1a2b3c4d-vms", "tcp:1-65535", targetTags=[TAG], sourceRanges=["10.0.0.0/8"])]
    documents = estate(cluster(pool(tags=("web",))), rules)
    name = "nodes of pool default-pool of main"
    found = interface(documents, name)
    assert (str(found.ranges), str(found.delegated)) == ("10.0.1.0/24", "10.8.0.0/16")
    assert (found.machine, found.network) == ("", "shop/main")
    assert outcome(documents, "10.0.1.9", name, "TCP/22") is A
    assert outcome(documents, OUT, name, "TCP/22") is D
    own = estate(cluster(pool(tags=("web",))), [firewall("https", "tcp:443", targetTags=["web"])])
    assert outcome(own, OUT, name) is A


def test_pods_of_pools_that_share_a_range() -> None:
    """Where pools differ it is not known whose pods are; with ranges of their own it is."""
    shared = estate(cluster(pool("a", ("x",)), pool("b", ("y",))), [firewall("f")])
    assert [str(each.delegated) for each in read(*shared).interfaces] == ["no address", "no address"]
    assert any("which pool" in each for each in read(*shared).assumptions)
    same = estate(cluster(pool("a"), pool("b")), [firewall("f")])
    assert [str(each.delegated) for each in read(*same).interfaces] == ["10.8.0.0/16", "no address"]
    apart = cluster(pool("a", ("x",), pods="10.8.0.0/17"), pool("b", ("y",), pods="10.8.128.0/17"))
    ranges = [str(each.delegated) for each in read(*estate(apart, [firewall("f")])).interfaces]
    assert ranges == ["10.8.0.0/17", "10.8.128.0/17"]


@pytest.mark.parametrize("account", ["77-compute@developer.gserviceaccount.com", "nodes@shop.iam.gserviceaccount.com"])
def test_accounts_of_nodes(account: str) -> None:
    """The default account bears the project's number; a rule that names one of that form is taken to mean it."""
    default = "compute@" in account
    rules = [firewall("https", "tcp:443", targetServiceAccounts=[account])]
    documents = estate(cluster(pool(account="" if default else account)), rules)
    assert outcome(documents, OUT, "nodes of pool default-pool of main") is A
    assert any("default service account" in each for each in read(*documents).assumptions) is default
    if not default:
        assert outcome(estate(cluster(pool()), rules), OUT, "nodes of pool default-pool of main") is D


def test_instances_in_the_input_are_the_nodes() -> None:
    """By the group that made them, or their name; then nothing stands for the pool."""
    by_name = instance("gke-main-default-pool-1", nic(aliasIpRanges=[{"ipCidrRange": "10.8.3.0/24"}]))
    by_group = instance("node-1", nic(), **samples.made_by("gke-main-default-pool-grp"))
    for node in (by_name, by_group):
        found = read(*estate(cluster(pool()), [node]))
        assert [each.name for each in found.interfaces] == [node["name"]]


def test_routes_lead_to_the_pods_of_a_routes_based_cluster() -> None:
    """Each node has the range that a route leads to it, as far as that is of the cluster."""
    node = instance("gke-main-default-pool-1", nic())
    link = f"{samples.ZONE}/instances/gke-main-default-pool-1"
    documents = estate(
        cluster(pool(), native=False), [node],
        [route("10.8.3.0/24", nextHopInstance=link), route("192.168.0.0/16", nextHopInstance=link), route()],
    )  # fmt: skip
    assert interface(documents, "gke-main-default-pool-1").delegated == AddressSet.of("10.8.3.0/24")
    documents[2] = cluster(pool())
    assert interface(documents, "gke-main-default-pool-1").delegated == AddressSet()


def test_the_control_plane_of_a_private_cluster() -> None:
    """Is somewhere in its range, and rules for that range mean it."""
    private = cluster(pool(), privateClusterConfig={"masterIpv4CidrBlock": "172.16.0.0/28"})
    rules = [firewall("gke-main-1a2b3c4d-master", "tcp:10250", sourceRanges=["172.16.0.0/28"], targetTags=[TAG])]
    documents = estate(private, rules)
    assert outcome(documents, "control plane of main", "nodes of pool default-pool of main", "TCP/10250") is A
    assert outcome(documents, "control plane of main", "nodes of pool default-pool of main", "TCP/22") is D


def test_clusters_and_pools_of_a_plan() -> None:
    """A pool of its own names its cluster, which may come later."""
    nodes = made(
        "container_node_pool.p", name="p", location="us-east1", cluster=Refer("google_container_cluster.c.id"),
        node_config=[{"tags": ["web"], "service_account": None}],
    )  # fmt: skip
    owner = made(
        "container_cluster.c", name="main", location="us-east1", remove_default_node_pool=True,
        network=Refer("google_compute_network.main.id"), subnetwork=Refer("google_compute_subnetwork.web.id"),
        ip_allocation_policy=[{"cluster_secondary_range_name": "pods"}],
    )  # fmt: skip
    rules = plans.firewall(target_tags=["web"], source_ranges=["0.0.0.0/0"])
    documents = [plans.plan(nodes, owner, plans.NETWORK, plans.SUBNET, rules)]
    found = interface(documents, "nodes of pool p of main")
    assert (str(found.ranges), str(found.delegated)) == ("10.0.1.0/24", "10.8.0.0/16")
    assert outcome(documents, OUT, "nodes of pool p of main") is A


def test_ancestors_of_a_project_place_it() -> None:
    """``gcloud projects get-ancestors`` lists the project, its folders and the organisation."""
    deny = samples.hierarchical("base", "5", "folders/5", samples.policy_rule(1, "deny"))
    documents = [*samples.shop(firewall("https", "tcp:443")), [deny]]
    ancestors = [
        {"id": "shop", "type": "project"}, {"id": "5", "type": "folder"}, {"id": "1", "type": "organization"},
    ]  # fmt: skip
    assert outcome(documents, OUT, "web") is U
    assert outcome([*documents, ancestors], OUT, "web") is D
    assert outcome([*documents, [ancestors[0], ancestors[2]]], OUT, "web") is A
    assert ROOT in NET
