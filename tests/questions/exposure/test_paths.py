"""Every layer between the internet and a pod opens and closes the path, and says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crenel.network.addresses import AddressSet
from crenel.network.firewalls import Infrastructure, Target
from questions.cluster import node, pod, policy, workload
from questions.exposure.world import (
    CLIENTS,
    LB,
    NODES,
    WEB,
    allow,
    balancer,
    exposed,
    group,
    layers,
    machine,
    path,
    service,
    union,
)

PUBLIC = machine("n1", "10.0.1.10", "18.185.10.1")
PRIVATE = machine("n2", "10.0.2.10")
OPEN_NODE = union(group("nodes", ["eni-n1", "eni-n2"], allow("TCP/30000-32767")))


def test_manifests_alone_leave_open_what_they_do_not_say() -> None:
    """A load balancer may face the internet, nodes may be public: both are possible, and what is lacking is named."""
    report = exposed([workload("shop/web", {"http": 8080}), service("shop/web", "LoadBalancer")])
    found = path(report, "load balancer")
    assert found.state.value == "possible"
    assert found.lacking == ("whether the load balancer of service shop/web faces the internet",)
    assert path(report, "node port").lacking == (
        "whether node any has a public address",
        "which firewalls stand in front of node any",
    )


def test_a_cluster_address_leads_nowhere_from_outside() -> None:
    """A ClusterIP Service opens nothing."""
    assert exposed([WEB, *NODES, service("shop/web", "ClusterIP")]).paths == []


@pytest.mark.parametrize(
    ("annotations", "status", "state"),
    [
        ({"service.beta.kubernetes.io/aws-load-balancer-scheme": "internet-facing"}, None, "open"),
        ({"service.beta.kubernetes.io/aws-load-balancer-scheme": "internal"}, None, "closed"),
        ({"service.beta.kubernetes.io/aws-load-balancer-type": "external"}, None, "closed"),
        ({"service.beta.kubernetes.io/azure-load-balancer-internal": "true"}, None, "closed"),
        ({"service.beta.kubernetes.io/azure-load-balancer-internal": "false"}, None, "possible"),
        ({"networking.gke.io/load-balancer-type": "Internal"}, None, "closed"),
        ({"service.beta.kubernetes.io/openstack-internal-load-balancer": "true"}, None, "closed"),
        ({}, {"ip": "18.185.10.9"}, "open"),
        ({}, {"ip": "10.9.9.9"}, "closed"),
        ({}, {"hostname": "abc.elb.example.com"}, "possible"),
    ],
)
def test_whom_a_load_balancer_faces(annotations: dict[str, str], status: dict[str, str] | None, state: str) -> None:
    """By its annotation, else by the address in its status, else by its controller's default, else it is unknown."""
    made = service("shop/web", "LoadBalancer", annotations=annotations, status=status)
    found = path(exposed([WEB, *NODES, made]), "load balancer")
    assert found.state.value == state
    assert layers(found)["load balancer"] == state


def test_an_assumption_takes_the_place_of_what_is_lacking() -> None:
    """What is assumed decides, and is said."""
    objects = [WEB, *NODES, service("shop/web", "LoadBalancer")]
    for value, state in (("yes", "open"), ("no", "closed")):
        report = exposed(objects, None, f"internet-facing={value}")
        assert path(report, "load balancer").state.value == state
        assert len(report.assumptions) == 1


def test_source_ranges_are_kept() -> None:
    """Only clients in the ranges get through, and a policy that does not take them closes the path."""
    public = {"service.beta.kubernetes.io/aws-load-balancer-scheme": "internet-facing"}
    made = service(
        "shop/web", "LoadBalancer", annotations=public, loadBalancerSourceRanges=["8.8.8.0/24", "10.0.0.0/8"],
        externalTrafficPolicy="Local",
    )  # fmt: skip
    found = path(exposed([WEB, *NODES, made]), "load balancer")
    assert found.sources.cidrs() == ["8.8.8.0/24"]
    assert found.witness is not None
    assert found.witness.source == "8.8.8.0"
    closed = policy("shop/web", ingress=[{"from": [{"ipBlock": {"cidr": "9.9.9.0/24"}}]}])
    found = path(exposed([WEB, *NODES, made, closed]), "load balancer")
    assert found.state.value == "closed"
    assert found.blocking == (), "each layer lets somebody through, but not the same ones"


@pytest.mark.parametrize(
    ("traffic_policy", "cidr", "state"),
    [
        ("Local", "0.0.0.0/0", "open"),
        ("Cluster", "0.0.0.0/0", "open"),
        ("Local", "8.8.8.0/24", "open"),
        ("Cluster", "8.8.8.0/24", "closed"),
        ("Local", "10.0.0.0/16", "closed"),
        ("Cluster", "10.0.0.0/16", "open"),
    ],
)
def test_what_translation_does_to_the_client(traffic_policy: str, cidr: str, state: str) -> None:
    """Under `Cluster` the pod sees a node, so that a rule for clients does not match and one for nodes does."""
    made = service("shop/web", "NodePort", externalTrafficPolicy=traffic_policy)
    only = policy("shop/web", ingress=[{"from": [{"ipBlock": {"cidr": cidr}}]}])
    found = path(exposed([WEB, *NODES, made, only], None, "public-nodes=yes", "unfiltered=yes"), "node port")
    assert found.state.value == state
    assert found.seen_as == ("the client" if traffic_policy == "Local" else "a node")


def test_every_layer_in_front_of_a_node_port() -> None:
    """Route, firewall and policy each close the path alone, and are named; a private node takes no part."""
    objects = [WEB, *NODES, service("shop/web", "NodePort")]
    everything = Infrastructure([PUBLIC, PRIVATE], [OPEN_NODE])
    found = path(exposed(objects, everything), "node port")
    assert layers(found) == {"route": "open", "cloud firewall": "open", "network policy": "open"}
    assert found.through == ("node n1",)
    assert found.witness is not None
    assert found.witness.destination == "18.185.10.1"
    found = path(exposed(objects, Infrastructure([machine("n1", "10.0.1.10"), PRIVATE], [OPEN_NODE])), "node port")
    assert [layer.name for layer in found.blocking] == ["route"]
    narrow = union(group("nodes", ["eni-n1", "eni-n2"], allow("TCP/443")))
    found = path(exposed(objects, Infrastructure([PUBLIC, PRIVATE], [narrow])), "node port")
    assert [layer.name for layer in found.blocking] == ["cloud firewall"]
    found = path(exposed([*objects, policy("shop/web", ingress=[])], everything), "node port")
    assert [layer.name for layer in found.blocking] == ["network policy"]
    shut = Infrastructure([PUBLIC, PRIVATE], [narrow])
    found = path(exposed([*objects, policy("shop/web", ingress=[])], shut), "node port")
    assert [layer.name for layer in found.blocking] == ["cloud firewall", "network policy"]


def test_local_traffic_goes_by_the_nodes_of_the_pods() -> None:
    """Under `Local` a node without a pod of the Service does not answer, though it is the only public one."""
    infrastructure = Infrastructure(
        [machine("n1", "10.0.1.10"), machine("n2", "10.0.2.10", "18.185.10.2")], [OPEN_NODE]
    )
    for traffic_policy, state in (("Cluster", "open"), ("Local", "closed")):
        made = service("shop/web", "NodePort", externalTrafficPolicy=traffic_policy)
        assert path(exposed([WEB, *NODES, made], infrastructure), "node port").state.value == state


def test_no_firewall_in_the_input_is_not_an_open_one() -> None:
    """A public node of which no firewall is known is possible, never open; unless that is assumed."""
    objects = [WEB, node("n1", "10.0.1.10", further="18.185.10.1"), service("shop/web", "NodePort")]
    found = path(exposed(objects), "node port")
    assert (found.state.value, found.lacking) == ("possible", ("which firewalls stand in front of node n1",))
    assert path(exposed(objects, None, "unfiltered=yes"), "node port").state.value == "open"
    assert path(exposed(objects, None, "unfiltered=no"), "node port").state.value == "closed"


def test_load_balancers_of_the_infrastructure() -> None:
    """One that the status names decides: whom it faces, its own firewall, and whom its targets' firewall sees."""
    made = service("shop/web", "LoadBalancer", status={"hostname": "lb.example.com"}, externalTrafficPolicy="Local")
    objects = [WEB, *NODES, made]
    front = union(
        group("lb", ["lb-eni"], allow("TCP/80", "8.8.8.0/24")),
        group("nodes", ["eni-n1", "eni-n2"], allow("TCP/30080", "10.0.1.99")),
    )
    nodes = [machine("n1", "10.0.1.10"), PRIVATE]
    for keeps, state in ((False, "open"), (True, "closed"), (None, "possible")):
        infrastructure = Infrastructure([LB, *nodes], [front], [balancer(True, keeps=keeps)])
        found = path(exposed(objects, infrastructure), "load balancer")
        assert found.state.value == state
        if keeps is False:
            assert found.sources.cidrs() == ["8.8.8.0/24"]
    infrastructure = Infrastructure([LB, *nodes], [front], [balancer(False, keeps=False)])
    assert [layer.name for layer in path(exposed(objects, infrastructure), "load balancer").blocking] == [
        "load balancer"
    ]


def test_targets_by_address_meet_the_firewall_of_the_pod() -> None:
    """A load balancer that addresses pods is seen by the firewall of the interface that the pod shares."""
    made = service("shop/web", "LoadBalancer", status={"hostname": "lb.example.com"})
    web = pod("shop/web", "10.0.1.77", ports={"http": 8080}, nodeName="n1")
    shared = replace(machine("n1", "10.0.1.10"), delegated=AddressSet.of("10.0.1.64/28"))
    lb = balancer(True, keeps=False, targets=[Target(address="10.0.1.77", port=8080)])
    for rule, state in ((allow("TCP/8080", "10.0.1.99"), "open"), (allow("TCP/30080"), "closed")):
        tiers = [union(group("nodes", ["eni-n1"], rule))]
        found = path(exposed([web, *NODES, made], Infrastructure([LB, shared], tiers, [lb])), "load balancer")
        assert found.state.value == state


def test_host_ports_and_the_host_network() -> None:
    """A host port passes the policies of the pod with the client's address; nothing guards the host network."""
    ported = pod("shop/web", "10.244.1.5", nodeName="n1")
    ported["spec"]["containers"][0]["ports"] = [{"containerPort": 8080, "hostPort": 443}]
    hosted = pod("shop/agent", "10.0.1.10", ports={"http": 9100}, nodeName="n1", hostNetwork=True)
    closed = policy("shop/all", {}, ingress=[])
    infrastructure = Infrastructure([PUBLIC, PRIVATE], [union(group("nodes", ["eni-n1"], allow("TCP/1-65535")))])
    report = exposed([ported, hosted, *NODES], infrastructure)
    assert [each.state.value for each in report.paths] == ["open", "open"]
    report = exposed([ported, hosted, *NODES, closed], infrastructure)
    assert path(report, "host port").state.value == "closed"
    assert path(report, "host network").state.value == "open"


def test_external_addresses_hang_on_routers_outside() -> None:
    """Whether an external address leads to the cluster is not known, unless it is private."""
    for address, state in (("18.185.10.7", "possible"), ("10.9.9.9", "closed")):
        made = service("shop/web", "ClusterIP", externalIPs=[address])
        assert path(exposed([WEB, *NODES, made], None, "unfiltered=yes"), "external address").state.value == state


def test_a_rule_for_some_clients_alone() -> None:
    """Who gets through is told exactly: what the firewall and the policy both take."""
    made = service("shop/web", "NodePort", externalTrafficPolicy="Local")
    rule = union(group("nodes", ["eni-n1"], allow("TCP/30080", "8.8.0.0/16", CLIENTS)))
    only = policy("shop/web", ingress=[{"from": [{"ipBlock": {"cidr": "8.8.8.0/23", "except": ["8.8.9.0/24"]}}]}])
    found = path(exposed([WEB, *NODES, made, only], Infrastructure([PUBLIC], [rule])), "node port")
    assert found.sources.cidrs() == ["8.8.8.0/24"]


def test_ipv6_is_a_path_of_its_own() -> None:
    """Each family has its own path, and one may be open while the other is closed."""
    web = pod("shop/web", ("10.244.1.5", "fd00::5"), ports={"http": 8080}, nodeName="n1")
    nodes = [node("n1", "10.0.1.10", further="18.185.10.1"), NODES[1]]
    made = service("shop/web", "NodePort", externalTrafficPolicy="Local")
    only = policy("shop/web", ingress=[{"from": [{"ipBlock": {"cidr": "2000::/3"}}]}])
    report = exposed([web, *nodes, made, only], None, "public-nodes=yes", "unfiltered=yes")
    assert {each.family: each.state.value for each in report.paths} == {4: "closed", 6: "open"}
