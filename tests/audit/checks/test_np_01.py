"""NP-01: a namespace without any network policy."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, found, messages
from audit.checks.test_np_04 import NGINX
from audit.pieces import DENY, DENY_INGRESS, deployment, policy, service

NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\n"
TWO = NAMESPACE + deployment("web") + deployment("db", port=5432)


def test_real_command(tmp_path: Path) -> None:
    """The namespace is named at the line of its object."""
    assert command("NP-01", TWO, tmp_path) == ["1 high namespace shop: no policy selects any of its 2 workloads"]
    (finding,) = found(TWO, "--select", "NP-01")
    assert finding["witness"] == {
        "source": "shop/db", "destination": "shop/web", "traffic": "TCP/8080", "certainty": "sure"
    }  # fmt: skip


def test_a_namespace_that_is_only_implied() -> None:
    """It is named all the same, at its first workload."""
    assert messages("NP-01", deployment("web")) == ["high namespace shop: no policy selects any of deployment shop/web"]


def test_open_to_the_internet() -> None:
    """What the internet reaches is critical."""
    text = TWO + service("web", "type: LoadBalancer, ports: [{port: 80, targetPort: 8080}]")
    (line,) = messages("NP-01", text, "--assume", "internet-facing=yes")
    assert line == (
        "critical namespace shop: no policy selects any of its 2 workloads, and the internet reaches one of them"
    )


def test_proxies_are_meant_to_be_reached() -> None:
    """That the internet gets to an ingress controller makes its namespace no worse."""
    text = NGINX + service("web", "type: LoadBalancer, ports: [{port: 80, targetPort: 8080}]")
    (line,) = messages("NP-01", text, "--assume", "internet-facing=yes")
    assert line.startswith("high namespace shop: ")


def test_nothing_listens() -> None:
    """Pods that declare no port and are behind no Service are less bad, and the message says why."""
    (line,) = messages("NP-01", deployment("worker", port=None))
    assert line == (
        "medium namespace shop: no policy selects any of deployment shop/worker; lowered: none declares a port, and no "
        "Service leads to one"
    )


CNP = """apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: closed}
spec:
  tier: Baseline
  priority: 10
  subject: {namespaces: {}}
  ingress: [{name: none, action: Deny, from: [{namespaces: {}}]}]
  egress: [{name: none, action: Deny, to: [{networks: [0.0.0.0/0]}, {namespaces: {}}]}]
"""
CILIUM = """apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: all, namespace: shop}
spec: {endpointSelector: {}, ingress: [{}]}
"""


@pytest.mark.parametrize(
    "text",
    [
        TWO + DENY,
        TWO + DENY_INGRESS,
        TWO + policy("web", "podSelector: {matchLabels: {app: web}}"),
        TWO + CNP,
        TWO + CILIUM,
        deployment("agent", "kube-system"),
        deployment("agent", pod="hostNetwork: true, "),
    ],
    ids=["deny", "deny ingress", "one pod", "baseline", "not understood", "system", "host network"],
)
def test_clean(text: str) -> None:
    """One policy in the namespace, a baseline for all, a policy that is not understood: then it is not this finding."""
    assert messages("NP-01", text) == []


def test_reached_by_nobody() -> None:
    """Where nobody else can connect to it, an open namespace is no finding."""
    other = policy("deny", "podSelector: {}, policyTypes: [Egress]", "office")
    cnp = """apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: outside}
spec:
  tier: Admin
  priority: 10
  subject: {namespaces: {matchLabels: {kubernetes.io/metadata.name: shop}}}
  ingress: [{name: outside, action: Deny, from: [{namespaces: {}}]}]
"""
    assert messages("NP-01", deployment("web") + deployment("desk", "office") + other + cnp) == [], "only its own node"
