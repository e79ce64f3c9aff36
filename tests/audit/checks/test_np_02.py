"""NP-02: a pod that is not isolated for ingress beside others that are."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, found, messages
from audit.pieces import DENY_INGRESS, deployment, policy, service

WEB = policy("web", "podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {}}]}]")
MIXED = deployment("web") + deployment("db", port=5432) + WEB
EGRESS = policy("all", "podSelector: {}, policyTypes: [Egress]")


def test_real_command(tmp_path: Path) -> None:
    """The pod is named that the policies forget, with who gets there."""
    assert command("NP-02", MIXED, tmp_path) == [
        "10 high deployment shop/db: no policy isolates deployment shop/db for ingress"
    ]
    (finding,) = found(MIXED, "--select", "NP-02")
    assert finding["evidence"] == ["shop/db accepts connections from shop/web and any address outside"]


def test_all_of_a_namespace() -> None:
    """Policies that isolate for egress alone leave the whole namespace open: one finding says so."""
    text = deployment("web") + deployment("db") + policy("x", "podSelector: {}, policyTypes: [Egress], egress: [{}]")
    assert messages("NP-02", text) == ["high namespace shop: no policy isolates its 2 workloads for ingress"]


def test_open_to_the_internet() -> None:
    """What the internet reaches is critical."""
    text = MIXED + service("db", "type: LoadBalancer, ports: [{port: 5432}]")
    (line,) = messages("NP-02", text, "--assume", "internet-facing=yes")
    assert line.startswith("critical deployment shop/db: ")
    assert line.endswith(", and the internet reaches it")


def test_nothing_listens() -> None:
    """A pod that declares no port is low."""
    (line,) = messages("NP-02", deployment("web") + deployment("worker", port=None) + WEB)
    assert line.startswith("low deployment shop/worker: ")


@pytest.mark.parametrize(
    "text",
    [
        deployment("web") + deployment("db") + DENY_INGRESS,
        deployment("web") + deployment("db"),
        deployment("web") + deployment("db") + EGRESS + WEB,
        MIXED.replace("namespace: shop", "namespace: kube-system"),
    ],
    ids=["deny", "no policy at all", "nobody may connect", "system"],
)
def test_clean(text: str) -> None:
    """A namespace that is closed, one that NP-01 speaks of, and the system are no findings."""
    found = messages("NP-02", text)
    assert not [line for line in found if "any address" in line or "system" in line] if EGRESS in text else not found


def test_not_understood() -> None:
    """What a policy of another API may isolate is for those who look by hand."""
    cilium = """apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: db, namespace: shop}
spec: {endpointSelector: {matchLabels: {app: db}}, ingress: [{}]}
"""
    assert messages("NP-02", MIXED + cilium) == []
    assert messages("NP-02", MIXED + cilium, "--persona", "auditor") == [
        (
            "low deployment shop/db: whether it is isolated for ingress cannot be told: "
            "ciliumnetworkpolicy shop/db may do so"
        )
    ]
