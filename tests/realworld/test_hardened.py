"""Published applications, hardened without their authors' policies and held against those."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import crenel
from crenel.harden.policies.entrance import harden, hardened
from crenel.library import Network
from crenel.sources.yaml_text import parse

# What the policies of online-boutique's authors allow on the way in, and who of it is there. They limit no egress.
BOUTIQUE = {
    ("cartservice", "redis-cart", 6379),
    ("checkoutservice", "cartservice", 7070),
    ("checkoutservice", "currencyservice", 7000),
    ("checkoutservice", "emailservice", 8080),
    ("checkoutservice", "paymentservice", 50051),
    ("checkoutservice", "productcatalogservice", 3550),
    ("checkoutservice", "shippingservice", 50051),
    ("frontend", "adservice", 9555),
    ("frontend", "cartservice", 7070),
    ("frontend", "checkoutservice", 5050),
    ("frontend", "currencyservice", 7000),
    ("frontend", "productcatalogservice", 3550),
    ("frontend", "recommendationservice", 8080),
    ("frontend", "shippingservice", 50051),
    ("loadgenerator", "frontend", 8080),
    ("recommendationservice", "productcatalogservice", 3550),
}

POLICY = "etworkPolicy"


def result(net: Network) -> tuple[Network, set[tuple[str, str, int]]]:
    """The network with what is written, and the needs between workloads but for names."""
    found = harden(net)
    assert found.proved
    needs = {
        (str(need.source).partition("/")[2], str(need.target).partition("/")[2], need.traffic.ports[0])
        for need in found.needs.needs
        if need.traffic is not None and need.traffic.ports is not None
        if "/" in str(need.source) and "/" in str(need.target)
    }
    return hardened(net, found), needs


def test_online_boutique(shared: Path) -> None:
    """Every connection that the authors' policies allow is found without them, and no other one."""
    net = crenel.load(shared / "realworld/online-boutique/kubernetes-manifests.yaml")
    after, needs = result(net)
    assert needs == BOUTIQUE
    authors = crenel.load(shared / "realworld/online-boutique")
    names = sorted({name for source, target, _ in BOUTIQUE for name in (source, target)})
    for source in names:
        for target in (each for each in names if each not in (source, "frontend")):
            for port in sorted({port for *_, port in BOUTIQUE}):
                asked = (f"default/{source}", f"default/{target}", f"TCP/{port}")
                assert after.can(*asked).allowed == authors.can(*asked).allowed, asked
    # Their policy for the frontend lets everybody in on every port: the load generator and outside need one.
    assert after.can("192.0.2.1", "default/frontend", "TCP/8080").allowed
    assert not after.can("default/adservice", "default/frontend", "TCP/8080").allowed


def test_kube_prometheus(shared: Path) -> None:
    """Without the authors' policies the same clients are found, by monitors and references; two ports are not used."""
    paths = [path for path in sorted((shared / "realworld/kube-prometheus").glob("*.yaml")) if POLICY not in path.name]
    objects: list[dict[str, Any]] = [parse(path.read_text("utf-8")) for path in paths]
    after, needs = result(crenel.load(objects))
    assert {each for each in needs if "cluster's DNS" not in each[1]} >= {
        ("grafana", "k8s", 9090),
        ("k8s", "main", 9093),
        ("k8s", "main", 8080),
        ("k8s", "grafana", 3000),
        ("k8s", "blackbox-exporter", 9115),
        ("k8s", "kube-state-metrics", 8443),
        ("k8s", "kube-state-metrics", 9443),
        ("k8s", "prometheus-operator", 8443),
        ("main", "main", 9094),
        ("prometheus-adapter", "k8s", 9090),
    }
    assert not after.can("monitoring/grafana", "monitoring/main", "TCP/9093").allowed
