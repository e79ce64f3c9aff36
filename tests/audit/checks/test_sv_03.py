"""SV-03: a load balancer that is open to the world."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, messages
from audit.checks.test_np_04 import NGINX
from audit.pieces import DENY, deployment, service

WEB = deployment("web")
PORTS = "type: LoadBalancer, ports: [{port: 80, targetPort: 8080}]"
OPEN = service("web", PORTS)
SCHEME = "service.beta.kubernetes.io/aws-load-balancer-scheme"


def test_real_command(tmp_path: Path) -> None:
    """The Service is named at its type; whom it faces is not in the manifest."""
    assert command("SV-03", WEB + OPEN, tmp_path) == [
        (
            "13 medium service shop/web: it has no source ranges; whether the load balancer of service "
            "shop/web faces the "
            "internet is not known"
        )
    ]


def test_facing_the_internet() -> None:
    """High where it surely faces the internet, low where a policy closes every path."""
    text = WEB + service("web", PORTS, annotations=f"{SCHEME}: internet-facing")
    assert messages("SV-03", text) == [
        "high service shop/web: it has no source ranges, and the internet gets through to its pods"
    ]
    assert messages("SV-03", text + DENY) == [
        "low service shop/web: it has no source ranges; lowered: every path is closed further on (network policy)"
    ]


def test_ranges_of_everybody() -> None:
    """Ranges that hold the whole internet are none, and the finding is at them."""
    (line,) = messages("SV-03", WEB + service("web", f"{PORTS}, loadBalancerSourceRanges: [0.0.0.0/0]"))
    assert line.startswith("medium service shop/web: its source ranges hold the whole internet")


@pytest.mark.parametrize(
    "text",
    [
        WEB + service("web", f"{PORTS}, loadBalancerSourceRanges: [203.0.113.0/24]"),
        WEB + service("web", PORTS, annotations=f"{SCHEME}: internal"),
        WEB + service("web", "type: NodePort, ports: [{port: 80}]"),
        NGINX + OPEN,
    ],
    ids=["ranges", "internal", "a node port", "an ingress controller"],
)
def test_clean(text: str) -> None:
    """Limited and internal load balancers, and those of ingress controllers, are no findings."""
    assert messages("SV-03", text) == []


def test_an_ingress_controller_for_the_pedantic() -> None:
    """Its load balancer is there for everybody; the pedantic are told."""
    (line,) = messages("SV-03", NGINX + OPEN, "--persona", "pedantic")
    assert line.startswith("low service shop/web: ")
