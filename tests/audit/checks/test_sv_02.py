"""SV-02: a load balancer that does not need the node ports of its Service."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit import aws
from audit.asking import command, inside, messages
from audit.pieces import deployment, node, service

WEB = deployment("web")
TARGETS = "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type"
PORTS = "ports: [{port: 80, targetPort: 8080}]"
IP = f"{TARGETS}: ip"


def test_real_command(tmp_path: Path) -> None:
    """The Service is named at its type, or at the port that is written."""
    text = WEB + service("web", f"type: LoadBalancer, {PORTS}", annotations=IP)
    said = f"has node ports though the annotation {TARGETS} sends straight to pods"
    assert command("SV-02", text, tmp_path) == [f"13 medium service shop/web: {said}"]


@pytest.mark.parametrize(
    ("spec", "annotations", "why"),
    [
        ("", "metallb.io/address-pool: a", "MetalLB leads the load balancer's own address to nodes"),
        (
            "loadBalancerClass: io.cilium/l2-announcer,",
            "",
            "the class io.cilium/l2-announcer leads the load balancer's own address to nodes",
        ),
    ],
)
def test_nodes_that_know_the_address(spec: str, annotations: str, why: str) -> None:
    """Where nodes take packets to the load balancer's own address no port of theirs is needed."""
    text = WEB + service("web", f"type: LoadBalancer, {spec} {PORTS}", annotations=annotations)
    assert messages("SV-02", text) == [f"medium service shop/web: has node ports though {why}"]


def test_targets_of_the_input() -> None:
    """The targets of the load balancer itself tell; private nodes make it low."""
    own = service("web", "type: LoadBalancer, ports: [{port: 80, targetPort: 8080, nodePort: 30080}]")
    text = node(aws.PROVIDER) + aws.pod() + own.replace("---\n", f"{aws.STATUS}\n---\n")
    text += aws.network(aws.EVERYBODY + aws.NODE_PORTS, public="", more=aws.BALANCED)
    assert messages("SV-02", text + aws.balancer("10.244.0.5", kind="ip")) == [
        (
            "low service shop/web: has node ports though shop sends straight to pods; lowered: from outside every "
            "path to them is closed"
        )
    ]
    assert messages("SV-02", text + aws.balancer("i-1")) == []


@pytest.mark.parametrize(
    "text",
    [
        service("web", f"type: LoadBalancer, {PORTS}"),
        service("web", f"type: LoadBalancer, allocateLoadBalancerNodePorts: false, {PORTS}", annotations=IP),
        service("web", f"type: NodePort, {PORTS}", annotations=IP),
        service("web", f"type: LoadBalancer, {PORTS}", annotations=f"{TARGETS}: instance"),
    ],
    ids=["not told", "none", "a node port", "instances"],
)
def test_clean(text: str) -> None:
    """A load balancer that needs them, or has none, is no finding."""
    assert messages("SV-02", WEB + text) == []


def test_fix(tmp_path: Path) -> None:
    """None are allocated, and those that are written go."""
    path = tmp_path / "web.yaml"
    head = f"apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  annotations:\n    {IP}\n"
    before = f"{head}spec:\n  type: LoadBalancer\n"
    ports = "  selector:\n    app: web\n  ports:\n    - port: 80\n"
    path.write_text(f"{before}{ports}      nodePort: 30080\n      # plain\n      targetPort: 8080\n")
    inside("-f", str(path), "--select", "SV-02", "--fix", "--write")
    after = f"{before}{ports}      # plain\n      targetPort: 8080\n  allocateLoadBalancerNodePorts: false\n"
    assert path.read_text() == after
