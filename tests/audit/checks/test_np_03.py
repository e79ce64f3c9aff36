"""NP-03: a pod that is not isolated for egress."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, messages
from audit.pieces import DENY, DENY_INGRESS, deployment, policy

TWO = deployment("web") + deployment("db")


def test_real_command(tmp_path: Path) -> None:
    """A namespace that is closed for ingress alone is named once, at its first workload."""
    assert command("NP-03", TWO + DENY_INGRESS, tmp_path) == [
        "1 medium namespace shop: no policy limits the egress of its 2 workloads"
    ]


def test_one_of_two() -> None:
    """A policy without policyTypes and without egress rules limits nothing of what its pod sends."""
    text = TWO + policy("web", "podSelector: {matchLabels: {app: web}}, egress: []")
    text += policy("db", "podSelector: {matchLabels: {app: db}}, policyTypes: [Egress]")
    assert messages("NP-03", text) == ["medium deployment shop/web: no policy limits the egress of deployment shop/web"]


@pytest.mark.parametrize(
    "text",
    [
        TWO + DENY,
        TWO,
        TWO + policy("out", "podSelector: {}, egress: [{to: [{podSelector: {}}]}]"),
        TWO.replace("namespace: shop", "namespace: kube-system") + policy("x", "podSelector: {}", "kube-system"),
    ],
    ids=["deny", "no policy at all", "by its rules", "system"],
)
def test_clean(text: str) -> None:
    """What is isolated, what NP-01 speaks of, and the system are no findings."""
    assert messages("NP-03", text) == []


def test_not_understood() -> None:
    """An egress firewall may limit it: that is for those who look by hand."""
    firewall = """apiVersion: k8s.ovn.org/v1
kind: EgressFirewall
metadata: {name: default, namespace: shop}
spec: {egress: [{type: Deny, to: {cidrSelector: 0.0.0.0/0}}]}
"""
    text = deployment("web") + DENY_INGRESS + firewall
    assert messages("NP-03", text) == []
    (line,) = messages("NP-03", text, "--persona", "auditor")
    assert line.startswith("low deployment shop/web: whether its egress is limited cannot be told: egressfirewall")
