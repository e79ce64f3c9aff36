"""Who lives in the cluster: how live pods and templates become groups."""

from __future__ import annotations

from typing import Any

import pytest

import crenel
from crenel.kubernetes.population import Group
from questions.cluster import Object, namespace, pod, policy, service, workload

API = {"labels": {"app": "api", "pod-template-hash": "7d9f"}, "owner": ("ReplicaSet", "api-7d9f")}


def owned(name: str, ip: str, **more: Any) -> Object:
    """A pod of the Deployment ``api``."""
    return pod(f"shop/api-7d9f-{name}", ip, **{**API, **more})


def groups(*objects: Object) -> list[Group]:
    """All groups of an input."""
    net = crenel.load(list(objects))
    assert net.problems == []
    return net.model.scope.population.groups


def shown(found: list[Group]) -> list[tuple[str, str, tuple[str, ...]]]:
    """Kind, name and members of groups."""
    return [(group.kind, group.workload, group.members) for group in found]


def test_live_pods_are_grouped_by_their_deployment() -> None:
    """A ReplicaSet's pods belong to its Deployment, whether or not the objects between them are in the input."""
    alone = groups(owned("x1", "10.0.0.1"), owned("x2", "10.0.0.2"))
    assert shown(alone) == [("Deployment", "api", ("api-7d9f-x1", "api-7d9f-x2"))]
    (group,) = alone
    assert (group.replicas, group.addresses, group.labels) == (2, ("10.0.0.1", "10.0.0.2"), {"app": "api"})
    with_deployment = groups(workload("shop/api", replicas=5), owned("x1", "10.0.0.1"), owned("x2", "10.0.0.2"))
    assert shown(with_deployment) == shown(alone)


def test_an_owner_that_is_read_is_followed() -> None:
    """A ReplicaSet that is in the input leads to whatever controls it, by any name."""
    replica_set = workload("shop/odd", kind="ReplicaSet")
    replica_set["metadata"]["ownerReferences"] = [
        {"apiVersion": "argoproj.io/v1", "kind": "Rollout", "name": "canary", "uid": "u", "controller": True}
    ]
    found = groups(replica_set, pod("shop/odd-1", "10.0.0.1", owner=("ReplicaSet", "odd")))
    assert shown(found) == [("Rollout", "canary", ("odd-1",))]


@pytest.mark.parametrize(
    ("owner", "labels", "expected"),
    [
        (None, {}, ("Pod", "p")),
        (("Node", "k1"), {}, ("Pod", "p")),
        (("ReplicaSet", "api-7d9f"), {"pod-template-hash": "7d9f"}, ("Deployment", "api")),
        (("ReplicaSet", "api-7d9f"), {"pod-template-hash": "other"}, ("ReplicaSet", "api-7d9f")),
        (("ReplicaSet", "api"), {}, ("ReplicaSet", "api")),
        (("StatefulSet", "db"), {"statefulset.kubernetes.io/pod-name": "p"}, ("StatefulSet", "db")),
        (("DaemonSet", "agent"), {"controller-revision-hash": "1"}, ("DaemonSet", "agent")),
    ],
)
def test_owners(owner: tuple[str, str] | None, labels: dict[str, str], expected: tuple[str, str]) -> None:
    """The workload of a pod is what a person wrote; a static pod, which its node owns, is its own."""
    (group,) = groups(pod("shop/p", "10.0.0.1", labels={"app": "p", **labels}, owner=owner))
    assert (group.kind, group.workload) == expected


@pytest.mark.parametrize(
    ("phase", "there"),
    [("Running", True), ("Pending", True), ("Unknown", True), ("Succeeded", False), ("Failed", False)],
)
def test_pods_that_have_ended_take_no_part(phase: str, there: bool) -> None:
    """A pod that has ended neither sends nor receives, and does not stand for its workload."""
    found = groups(workload("shop/api"), owned("x1", "10.0.0.1", phase=phase))
    assert shown(found) == [("Deployment", "api", ("api-7d9f-x1",) if there else ())]


def test_pods_whose_labels_differ_are_apart() -> None:
    """Two revisions of a workload are two groups, each named after its first pod; hashes alone tell nothing apart."""
    two = {"app": "api", "pod-template-hash": "aaaa", "track": "canary"}
    found = groups(
        owned("x1", "10.0.0.1"),
        owned("x2", "10.0.0.2"),
        owned("x3", "10.0.0.3", labels=two, owner=("ReplicaSet", "api-aaaa")),
    )
    assert [(group.workload, group.members, group.variant) for group in found] == [
        ("api", ("api-7d9f-x1", "api-7d9f-x2"), "api-7d9f-x1"),
        ("api", ("api-7d9f-x3",), "api-7d9f-x3"),
    ]


@pytest.mark.parametrize(("selects", "count"), [({"app": "api"}, 1), ({"pod-template-hash": "7d9f"}, 2)])
def test_hashes_matter_where_a_selector_speaks_of_them(selects: dict[str, str], count: int) -> None:
    """Labels that controllers add are kept just where a selector of the input needs them."""
    other = {"app": "api", "pod-template-hash": "aaaa"}
    pods = [owned("x1", "10.0.0.1"), owned("y1", "10.0.0.2", labels=other, owner=("ReplicaSet", "api-aaaa"))]
    assert len(groups(*pods, policy("shop/p", selects, ingress=[]))) == count


@pytest.mark.parametrize(
    ("cidr", "count"), [("10.0.0.0/24", 1), ("10.0.0.1/32", 2), ("10.0.0.0/31", 2), ("203.0.113.0/24", 1)]
)
def test_addresses_matter_where_a_cidr_parts_them(cidr: str, count: int) -> None:
    """Replicas are apart where a rule takes in the address of one and not of the other."""
    rules = [{"from": [{"ipBlock": {"cidr": cidr}}]}]
    found = groups(owned("x1", "10.0.0.1"), owned("x2", "10.0.0.2"), policy("shop/p", ingress=rules))
    assert len(found) == count


@pytest.mark.parametrize(
    ("key", "members"),
    [
        ("app", [()]),
        ("statefulset.kubernetes.io/pod-name", [("db-0",), ("db-1",), ("db-2",)]),
        ("apps.kubernetes.io/pod-index", [("db-0",), ("db-1",), ("db-2",)]),
        ("controller-revision-hash", [()]),
    ],
)
def test_a_stateful_set_is_expanded_only_where_selectors_need_it(key: str, members: list[tuple[str, ...]]) -> None:
    """Its planned pods have known names and ordinals, and are one group unless a selector asks for those."""
    found = groups(workload("shop/db", kind="StatefulSet", replicas=3), policy("shop/p", {key: "db-0"}, ingress=[]))
    assert [group.members for group in found] == members
    assert all((key in group.unsettled) is (key == "controller-revision-hash") for group in found)


def test_a_deployment_is_never_expanded() -> None:
    """Its pods' names nobody knows before they are made."""
    (group,) = groups(workload("shop/web", replicas=3), policy("shop/p", {"pod-template-hash": "x"}, ingress=[]))
    assert (group.replicas, group.unsettled) == (3, frozenset({"pod-template-hash"}))


def test_namespaces_are_implied() -> None:
    """A namespace that something is in exists, with its name as a label; a manifest's label cannot change that."""
    lying = namespace("data", **{"kubernetes.io/metadata.name": "other", "team": "a"})
    objects = [lying, workload("shop/web"), policy("guarded/p", ingress=[]), service("served/s", [{"port": 80}])]
    assert crenel.load(objects).model.scope.population.namespaces == {
        "data": {"kubernetes.io/metadata.name": "data", "team": "a"},
        "guarded": {"kubernetes.io/metadata.name": "guarded"},
        "served": {"kubernetes.io/metadata.name": "served"},
        "shop": {"kubernetes.io/metadata.name": "shop"},
    }


def test_ports_of_sidecars() -> None:
    """An init container that keeps running has ports; one that ends has none; a missing protocol is TCP."""
    init = [
        {"name": "side", "image": "x", "restartPolicy": "Always", "ports": [{"name": "admin", "containerPort": 15000}]},
        {"name": "once", "image": "x", "ports": [{"name": "never", "containerPort": 1}]},
    ]
    (group,) = groups(pod("shop/p", "10.0.0.1", ports={"http": 80}, initContainers=init))
    assert group.ports == (("http", "TCP", 80), ("admin", "TCP", 15000))


@pytest.mark.parametrize(("kind", "replicas"), [("Deployment", 1), ("StatefulSet", 1), ("DaemonSet", None)])
def test_replicas_that_are_not_said(kind: str, replicas: int | None) -> None:
    """A workload has one replica by default; a DaemonSet has one per node, which is no number."""
    each = workload("shop/w", kind=kind)
    each["spec"].pop("replicas", None)
    (group,) = groups(each)
    assert group.replicas == replicas


def test_a_pod_in_the_host_network_has_its_nodes_address() -> None:
    """Where its own status does not say, the node's first address of each family does."""
    host = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "k1"}, "status": {"addresses": [
        {"type": "Hostname", "address": "k1"}, {"type": "ExternalIP", "address": "203.0.113.1"},
        {"type": "InternalIP", "address": "192.168.0.1"}, {"type": "InternalIP", "address": "192.168.0.9"},
        {"type": "InternalIP", "address": "fd00::1"},
    ]}}  # fmt: skip
    (group,) = groups(host, pod("shop/p", nodeName="k1", hostNetwork=True))
    assert (group.hosted, group.addresses, group.nodes) == (True, ("192.168.0.1", "fd00::1"), frozenset({"k1"}))
