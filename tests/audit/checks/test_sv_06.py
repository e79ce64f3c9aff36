"""SV-06: a policy that looks for clients where pods see nodes."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, found, inside, messages
from audit.pieces import deployment, node, policy, service

CLUSTER = deployment("web") + node()
PORTS = "ports: [{port: 80, targetPort: 8080}]"
CLIENTS = policy("web", "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 203.0.113.0/24}}]}]")
EXCEPT = policy("web", "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [1.0.0.0/8]}}]}]")
OPEN = service("web", f"type: LoadBalancer, {PORTS}")
LOCAL = service("web", f"type: LoadBalancer, externalTrafficPolicy: Local, {PORTS}")
ASKS = (
    "service shop/web: hides clients from networkpolicy shop/web, which asks for them: nodes come in their place, and"
)
YES = ("--assume", "internet-facing=yes")


def test_real_command(tmp_path: Path) -> None:
    """The Service is named; it is high where those get in whom the policy means to keep out."""
    assert command("SV-06", CLUSTER + EXCEPT + OPEN, tmp_path) == [f"24 high {ASKS} are let in"]
    (finding,) = found(CLUSTER + EXCEPT + OPEN, "--select", "SV-06", *YES)
    assert finding["witness"]["source"] == "1.0.0.0"
    assert finding["witness"]["certainty"] == "sure"


@pytest.mark.parametrize("kind", ["LoadBalancer", "NodePort"])
def test_closed(kind: str) -> None:
    """A policy that lets in clients and no node lets in nobody."""
    assert messages("SV-06", CLUSTER + CLIENTS + service("web", f"type: {kind}, {PORTS}")) == [
        f"medium {ASKS} are not let in"
    ]


IP = "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type: ip"


@pytest.mark.parametrize(
    "text",
    [
        CLIENTS + LOCAL,
        EXCEPT + LOCAL,
        OPEN,
        policy("web", "podSelector: {}, ingress: [{}]") + OPEN,
        policy("web", "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]") + OPEN,
        policy("web", "podSelector: {}, ingress: [{from: [{podSelector: {}}]}]") + OPEN,
        CLIENTS + service("web", PORTS),
        CLIENTS
        + service("web", f"type: LoadBalancer, allocateLoadBalancerNodePorts: false, {PORTS}", annotations=IP),
        CLIENTS + OPEN + LOCAL.replace("name: web,", "name: other,"),
    ],
    ids=[
        "clients are kept", "all but some, kept", "no policy", "everybody", "the network of the nodes", "pods",
        "inside",
        "straight to pods", "the policy is for another Service",
    ],
)  # fmt: skip
def test_clean(text: str) -> None:
    """Policies that do not ask for clients, and Services that keep them, are no findings."""
    assert messages("SV-06", CLUSTER + text) == []


def test_fix(tmp_path: Path) -> None:
    """The Service is set to keep clients."""
    path = tmp_path / "web.yaml"
    own = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  namespace: shop\nspec:\n  type: NodePort\n"
    ports = "  selector:\n    app: web\n  ports:\n    - port: 8080\n"
    path.write_text(f"{CLUSTER}{CLIENTS}{own}  externalTrafficPolicy: Cluster # as it was\n{ports}")
    assert inside("-f", str(path), "--select", "SV-06", "--fix", "--write").code == 1
    assert path.read_text() == f"{CLUSTER}{CLIENTS}{own}  externalTrafficPolicy: Local   # as it was\n{ports}"
