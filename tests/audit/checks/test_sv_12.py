"""SV-12: a load balancer that cannot ask nodes whether they have pods."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit import aws
from audit.asking import command, messages
from audit.pieces import node, service

PORTS = "ports: [{port: 80, targetPort: 8080, nodePort: 30080}]"
LOCAL = "externalTrafficPolicy: Local, healthCheckNodePort: 31900,"


def own(more: str = LOCAL, annotations: str = "") -> str:
    """The Service, with the address of its load balancer."""
    made = service("web", f"type: LoadBalancer, {more} {PORTS}", annotations=annotations)
    return made.replace("---\n", f"{aws.STATUS}\n---\n")


CLUSTER = node(aws.PROVIDER) + aws.pod()


def around(ports: str, target: str = "i-1", kind: str = "instance") -> str:
    """The network, whose nodes take some ports from the load balancer."""
    nodes = aws.group("nodes", aws.permission(ports, "{GroupId: sg-lb}", "UserIdGroupPairs"))
    made = aws.network(aws.EVERYBODY + nodes, public="", more=aws.BALANCED)
    return made + aws.balancer(target, kind=kind)


def test_real_command(tmp_path: Path) -> None:
    """The Service is named at the port."""
    assert command("SV-12", CLUSTER + own() + around("30080"), tmp_path) == [
        "16 low service shop/web: the probes of shop do not get to health check port 31900 of its nodes"
    ]


def test_not_chosen_yet() -> None:
    """While the cluster has yet to choose the port, it is a finding where no port of the range is open."""
    text = CLUSTER + own("externalTrafficPolicy: Local,")
    assert messages("SV-12", text + around("22")) == [
        "low service shop/web: the probes of shop do not get to health check port that the cluster chooses of its nodes"
    ]
    assert messages("SV-12", text + around("30080")) == []


PROBED = "service.beta.kubernetes.io/aws-load-balancer-healthcheck-port: '8080'"


@pytest.mark.parametrize(
    "text",
    [
        own() + around("30000-32767"),
        own("") + around("30080"),
        own() + around("30080", "10.244.0.5", "ip"),
        own(annotations=PROBED) + around("30080"),
        own(),
    ],
    ids=["open", "cluster", "straight to pods", "another port", "no infrastructure"],
)
def test_clean(text: str) -> None:
    """Probes that get through, or go elsewhere, are no finding."""
    assert messages("SV-12", CLUSTER + text) == []
