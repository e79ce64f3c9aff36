"""NP-04: ingress from any address."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, messages
from audit.pieces import deployment, policy, service

WEB = deployment("web", port=8080)
SELECT = "podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress], "
OPEN = policy("web", SELECT + "ingress: [{from: [{podSelector: {}}]}, {ports: [{port: 8080}]}]")
LOWERED = "lowered: nothing leads there from outside, so it is every pod of the cluster"


def test_real_command(tmp_path: Path) -> None:
    """The rule is named by its number and line; without a way in from outside it is medium."""
    text = WEB + OPEN.replace("spec: {", "spec:\n  {").replace("ingress: [{from", "ingress: [\n  {from").replace(
        "}]}, {ports", "}]},\n  {ports"
    )  # fmt: skip
    assert command("NP-04", text, tmp_path) == [
        f"16 medium networkpolicy shop/web: ingress rule 2 admits everybody to shop/web on TCP/8080; {LOWERED}"
    ]


@pytest.mark.parametrize(
    ("peers", "says"),
    [
        ("{ipBlock: {cidr: 0.0.0.0/0}}", "addresses of 0.0.0.0/0"),
        ("{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}", "addresses of 0.0.0.0/0 except 10.0.0.0/8"),
        ("{ipBlock: {cidr: 0.0.0.0/1}}, {ipBlock: {cidr: 128.0.0.0/1}}", "addresses of 0.0.0.0/0"),
    ],
)
def test_addresses(peers: str, says: str) -> None:
    """Blocks that together hold all public addresses are any address, however they are written."""
    (line,) = messages("NP-04", WEB + policy("web", f"{SELECT}ingress: [{{from: [{peers}]}}]"))
    assert f"ingress rule 1 admits {says} to shop/web on all traffic" in line


def test_exposed_on_another_port() -> None:
    """A Service opens one port on purpose; the rule opens all of them, and says so."""
    text = WEB + policy("web", SELECT + "ingress: [{}]")
    text += service("web", "type: LoadBalancer, ports: [{port: 80, targetPort: 8080}]")
    (line,) = messages("NP-04", text, "--assume", "internet-facing=yes")
    assert line == (
        "medium networkpolicy shop/web: ingress rule 1 admits everybody to shop/web on all "
        "traffic; lowered: TCP/8080 is "
        "open to the outside on purpose, the rest need not be"
    )


def test_the_other_family() -> None:
    """A block of all IPv6 addresses opens a cluster that speaks IPv6; in another one it is for the pedantic."""
    text = WEB + policy("web", SELECT + "ingress: [{from: [{ipBlock: {cidr: '::/0'}}]}]")
    assert messages("NP-04", text) == []
    assert messages("NP-04", text, "--persona", "pedantic") == [
        (
            "low networkpolicy shop/web: ingress rule 1 admits addresses of ::/0; the cluster is not "
            "known to speak that family"
        )
    ]
    (line,) = messages("NP-04", text + service("x", "ipFamilies: [IPv6], ports: [{port: 80}]"))
    assert line.startswith("medium networkpolicy shop/web: ingress rule 1 admits addresses of ::/0 to shop/web")


NGINX = deployment("web").replace("{app: web}", "{app: web, app.kubernetes.io/name: ingress-nginx, "
    "app.kubernetes.io/component: controller}") + """apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: nginx}
spec: {controller: k8s.io/ingress-nginx}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec: {ingressClassName: nginx, defaultBackend: {service: {name: web, port: {number: 80}}}}
---
"""  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        WEB + OPEN.replace(", {ports: [{port: 8080}]}", ""),
        WEB + policy("web", SELECT + "ingress: [{from: [{ipBlock: {cidr: 203.0.113.0/24}}]}]"),
        WEB + policy("web", SELECT + "ingress: [{from: [{namespaceSelector: {}}]}]"),
        WEB + OPEN + service("web", "type: LoadBalancer, ports: [{port: 80, targetPort: 8080}]"),
        NGINX + policy("web", SELECT + "ingress: [{}]"),
        policy("web", SELECT + "ingress: [{}]") + deployment("db"),
    ],
    ids=["pods", "a block", "all namespaces", "what a Service offers", "an ingress controller", "selects nobody"],
)
def test_clean(text: str) -> None:
    """Named peers, what is offered to the outside anyway, and proxies are no findings."""
    assert messages("NP-04", text) == []


def test_edge(tmp_path: Path) -> None:
    """A workload that the configuration declares an edge is no finding."""
    (tmp_path / "crenel.toml").write_text('edge = ["shop/w*"]\n')
    assert command("NP-04", WEB + OPEN, tmp_path) == []
