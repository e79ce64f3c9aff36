"""From what an input describes to what runs: names, nodes, addresses."""

from __future__ import annotations

from typing import Any

import pytest

import crenel
from crenel.lab.cluster.addressing import Allocator, ExhaustedError, networks
from crenel.lab.cluster.placement import NotPlacedError, Placement, Wishes, place
from crenel.lab.stage import stage
from crenel.network.addresses import Family

BOTH: tuple[Family, ...] = (4, 6)


def workload(kind: str, name: str, **spec: Any) -> dict[str, Any]:
    template: dict[str, Any] = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": "c", "image": "example.org/c:1", "ports": [{"containerPort": 80}]}]},
    }
    template["spec"].update(spec.pop("pod", {}))
    metadata = {"name": name, "namespace": "a"}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": metadata, "spec": {"template": template, **spec}}


def node(name: str, *addresses: str, **spec: Any) -> dict[str, Any]:
    status = {"addresses": [{"type": "InternalIP", "address": each} for each in addresses]}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "spec": spec, "status": status}


def live(name: str, address: str, node: str = "n1", **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "a", **metadata},
        "spec": {"nodeName": node, "containers": [{"name": "c", "image": "example.org/c:1"}]},
        "status": {"phase": "Running", "podIPs": [{"ip": address}]},
    }  # fmt: skip


def service(name: str, **spec: Any) -> dict[str, Any]:
    whole = {"selector": {"app": "web"}, "ports": [{"port": 80}], **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "a"}, "spec": whole}


def placed(*objects: dict[str, Any], **wishes: Any) -> Placement:
    return place(crenel.load(objects).model, Wishes(**wishes))


def pods(of: Placement) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(each.title, each.node, each.addresses) for each in of.pods]


def test_templates_become_pods_with_addresses_of_both_families() -> None:
    """Without any sign of a family the twin is dual-stack, on one node; replicas are capped, and that is said."""
    found = placed(workload("Deployment", "web", replicas=3), replicas=2)
    assert pods(found) == [
        ("a/web-0", "node-1", ("10.244.0.2", "fd00:10:244::2")),
        ("a/web-1", "node-1", ("10.244.0.3", "fd00:10:244::3")),
    ]
    assert [(each.name, each.addresses) for each in found.nodes] == [("node-1", ("172.18.0.2", "fd00:172:18::2"))]
    assert found.notes == ["at most 2 pods of each workload: 1 workload has more (--replicas)"]


def test_what_the_input_says_is_kept() -> None:
    """Live pods keep names, nodes and addresses; nodes keep theirs; no second family is invented beside them."""
    found = placed(node("n1", "192.0.2.1"), node("n2", "192.0.2.2"), live("x", "10.1.1.1", "n2"), live("y", "10.1.1.2"))
    assert pods(found) == [("a/x", "n2", ("10.1.1.1",)), ("a/y", "n1", ("10.1.1.2",))]
    assert [(each.name, each.addresses) for each in found.nodes] == [("n1", ("192.0.2.1",)), ("n2", ("192.0.2.2",))]
    assert found.invented == 0


def test_pods_get_addresses_of_their_nodes_range() -> None:
    """A new pod's address is in its node's podCIDR, and is nobody else's."""
    nodes = [node(f"n{each}", f"192.0.2.{each}", podCIDRs=[f"10.9.{each}.0/29"]) for each in (1, 2)]
    found = placed(*nodes, live("x", "10.9.1.2"), workload("Deployment", "web", replicas=4), replicas=9)
    assert pods(found) == [
        ("a/x", "n1", ("10.9.1.2",)),
        ("a/web-0", "n1", ("10.9.1.3",)),
        ("a/web-1", "n2", ("10.9.2.2",)),
        ("a/web-2", "n1", ("10.9.1.4",)),
        ("a/web-3", "n2", ("10.9.2.3",)),
    ]


def test_a_daemon_set_has_a_pod_on_each_node_and_host_pods_are_their_node() -> None:
    """Whatever the cap, each node has its pod; in the host network it has the node's addresses."""
    found = placed(
        node("n1", "192.0.2.1"), node("n2", "192.0.2.2"), workload("DaemonSet", "d", pod={"hostNetwork": True})
    )
    assert [(each.title, each.node, each.addresses, each.hosted) for each in found.pods] == [
        ("a/d-n1", "n1", ("192.0.2.1",), True),
        ("a/d-n2", "n2", ("192.0.2.2",), True),
    ]


def test_pods_that_have_ended_and_workloads_without_pods_are_not_there() -> None:
    """Succeeded pods, and workloads scaled to nothing, take no part; nor does their template."""
    done = live("done", "10.1.1.9")
    done["status"]["phase"] = "Succeeded"
    found = placed(done, workload("Deployment", "none", replicas=0), live("x", "10.1.1.1"))
    assert [each.title for each in found.pods] == ["a/x"]
    assert [each.name for each in found.model.network.endpoints.values() if each.name.startswith("a/")] == ["a/x"]


def test_two_pods_with_one_address() -> None:
    """The second one is left out, and that is said."""
    found = placed(live("x", "10.1.1.1"), live("y", "10.1.1.1", labels={"app": "y"}))
    assert [each.title for each in found.pods] == ["a/x"]
    assert found.notes == ["a/y: left out, because another pod has its address 10.1.1.1"]


def test_the_model_of_a_placement_knows_every_address() -> None:
    """A CIDR that is `unknown` for a template is decided for the placed pod."""
    block = {
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "p", "namespace": "a"},
        "spec": {"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "10.244.0.0/30"}}]}]},
    }  # fmt: skip
    objects = [workload("Deployment", "web", replicas=2), block]
    assert crenel.load(objects).can("a/web", "a/web", "TCP/80").outcome.value == "unknown"
    found = placed(*objects, replicas=2, families=(4,))
    assert {each.addresses for each in found.pods} == {("10.244.0.2",), ("10.244.0.3",)}
    assert all(
        each.addresses is not None for each in found.model.network.endpoints.values() if each.name.startswith("a/")
    )


def test_services_get_what_a_cluster_gives_them() -> None:
    """A cluster address of one family or of both, node ports that nobody has, a balancer's address."""
    found = placed(
        workload("Deployment", "web"),
        service("one"),
        service("both", ipFamilyPolicy="PreferDualStack"),
        service("own", clusterIP="10.96.0.9"),
        service("port", type="NodePort", ports=[{"port": 80, "nodePort": 30000}]),
        service("balancer", type="LoadBalancer"),
        service("bare", type="LoadBalancer", allocateLoadBalancerNodePorts=False),
        service("headless", clusterIP="None"),
        families=BOTH,
    )
    facts = {
        each.service.name: (each.addresses, each.balancers, [port.node_port for port in each.ports])
        for each in found.services
    }
    assert facts == {
        "one": (("10.96.0.2",), (), [None]),
        "both": (("10.96.0.3", "fd00:10:96::2"), (), [None]),
        "own": (("10.96.0.9",), (), [None]),
        "port": (("10.96.0.4",), (), [30000]),
        "balancer": (("10.96.0.5",), ("172.19.0.2",), [30001]),
        "bare": (("10.96.0.6",), ("172.19.0.3",), [None]),
    }


def test_what_was_placed_keeps_its_place() -> None:
    """Placed again with other policies and Services everybody has the same address; other pods are refused."""
    objects = [workload("Deployment", "web", replicas=2), service("s", type="NodePort")]
    first = placed(*objects, replicas=2)
    again = place(crenel.load([service("t", type="NodePort"), *objects]).model, known=first)
    assert pods(again) == pods(first)
    old, new = (
        {each.title: (each.addresses, each.ports[0].node_port) for each in one.services} for one in (first, again)
    )
    assert new["a/svc/s"] == old["a/svc/s"]
    assert new["a/svc/t"] not in old.values()
    with pytest.raises(NotPlacedError, match="the lab has no pod a/other-0: build it again"):
        place(crenel.load([*objects, workload("Deployment", "other")]).model, known=first)


def test_a_full_range_is_said() -> None:
    """When no address is left, the error names the range."""
    allocator = Allocator()
    ranges = networks(["10.0.0.0/30"], 4)
    assert {str(allocator.one(ranges)) for _ in range(4)} == {f"10.0.0.{each}" for each in range(4)}
    with pytest.raises(ExhaustedError, match=r"no address is left in 10\.0\.0\.0/30"):
        allocator.one(ranges)


def test_the_world_outside_has_an_address_at_each_end_of_each_block() -> None:
    """What rules tell apart has somebody in it, exceptions included; what no host can have is listed."""
    block = {
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "p", "namespace": "a"},
        "spec": {
            "podSelector": {},
            "ingress": [
                {"from": [{"ipBlock": {"cidr": "192.0.2.0/24", "except": ["192.0.2.64/26"]}}]},
                {"from": [{"ipBlock": {"cidr": "224.0.0.0/4"}}]},
            ],
        },
    }  # fmt: skip
    found = stage(placed(workload("Deployment", "web"), block, families=(4,))).world
    assert [each.text for each in found.hosts if each.family == 4] == [
        "1.0.0.0", "192.0.1.255", "192.0.2.0", "192.0.2.63", "192.0.2.64", "192.0.2.127", "192.0.2.128", "192.0.2.255",
        "192.0.3.0", "223.255.255.255", "240.0.0.0", "255.255.255.254",
    ]  # fmt: skip
    assert list(found.unprobed) == ["224.0.0.0/4"]
