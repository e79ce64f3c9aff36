"""JV-01: a node port that the internet reaches through every layer."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit import aws
from audit.asking import command, found, messages
from audit.pieces import DENY, node, policy, service

OWN = service("web", "type: NodePort, ports: [{port: 80, targetPort: 8080, nodePort: 30080}]")
CLUSTER = node(aws.PROVIDER, public=aws.PUBLIC) + aws.pod()
SAID = "critical service shop/web: node port 30080 leads the internet to shop/web through every layer"


def test_real_command(tmp_path: Path) -> None:
    """The Service is named at the port, with a packet, all layers, and the setting that closes it."""
    text = CLUSTER + OWN + aws.network(aws.NODE_PORTS)
    assert command("JV-01", text, tmp_path) == [f"16 {SAID}"]
    (finding,) = found(text, "--select", "JV-01")
    assert finding["fix"].startswith("service shop/web: type: ClusterIP (-:16)")
    assert [each.partition(" (")[0] for each in finding["evidence"]] == ["route", "cloud firewall", "network policy"]


def test_of_a_load_balancer() -> None:
    """Node ports that a load balancer's Service has besides count too; with source ranges they are for SV-04."""
    balanced = OWN.replace("NodePort,", "LoadBalancer,")
    assert messages("JV-01", CLUSTER + balanced + aws.network(aws.NODE_PORTS)) == [SAID]
    limited = balanced.replace("LoadBalancer,", "LoadBalancer, loadBalancerSourceRanges: [203.0.113.0/24],")
    assert messages("JV-01", CLUSTER + limited + aws.network(aws.NODE_PORTS)) == []


@pytest.mark.parametrize(
    "text",
    [
        OWN,
        OWN + aws.network(aws.group("nodes", aws.permission("22"))),
        OWN + aws.network(aws.NODE_PORTS, public=""),
        OWN + aws.network(aws.NODE_PORTS) + DENY,
        OWN.replace("NodePort,", "ClusterIP,").replace(", nodePort: 30080", "") + aws.network(aws.NODE_PORTS),
        OWN
        + aws.network(aws.NODE_PORTS)
        + policy("web", "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 203.0.113.0/24}}]}]"),
    ],
    ids=["not known", "a group", "a private node", "a policy", "a cluster address", "a policy that sees nodes"],
)
def test_clean(text: str) -> None:
    """One closed layer is enough, and what is not known is no finding."""
    assert messages("JV-01", CLUSTER + text) == []


def test_what_is_meant(tmp_path: Path) -> None:
    """A Service that is declared public is none."""
    config = tmp_path / "crenel.toml"
    config.write_text('public = ["shop/web"]\n')
    assert messages("JV-01", CLUSTER + OWN + aws.network(aws.NODE_PORTS), "--config", str(config)) == []
