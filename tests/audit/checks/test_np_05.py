"""NP-05: egress to any address."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, messages
from audit.pieces import deployment, policy

WEB = deployment("web")
SELECT = "podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], "


def test_real_command(tmp_path: Path) -> None:
    """The rule is named, with what gets out."""
    assert command("NP-05", WEB + policy("web", SELECT + "egress: [{ports: [{port: 443}]}]"), tmp_path) == [
        "13 medium networkpolicy shop/web: egress rule 1 lets shop/web connect to everybody on TCP/443"
    ]


def test_half_of_the_internet() -> None:
    """Half of all public addresses are as good as all of them."""
    (line,) = messages("NP-05", WEB + policy("web", SELECT + "egress: [{to: [{ipBlock: {cidr: 0.0.0.0/1}}]}]"))
    assert line.startswith(
        "medium networkpolicy shop/web: egress rule 1 lets shop/web connect to addresses of 0.0.0.0/1"
    )


def test_dns_alone() -> None:
    """Names from anywhere are low."""
    (line,) = messages("NP-05", WEB + policy("web", SELECT + "egress: [{ports: [{port: 53, protocol: UDP}]}]"))
    assert line.startswith("low networkpolicy shop/web: ")
    assert line.endswith("; lowered: it is DNS alone")


@pytest.mark.parametrize(
    "rule",
    ["to: [{ipBlock: {cidr: 203.0.113.0/24}}]", "to: [{namespaceSelector: {}}]", "to: [{ipBlock: {cidr: 10.0.0.0/8}}]"],
)
def test_clean(rule: str) -> None:
    """Some addresses, pods and private networks are not any address."""
    assert messages("NP-05", WEB + policy("web", f"{SELECT}egress: [{{{rule}}}]")) == []


def test_denied_by_a_higher_tier() -> None:
    """A rule of which nothing gets out is no finding."""
    cnp = """apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: inside}
spec:
  tier: Admin
  priority: 10
  subject: {namespaces: {}}
  egress: [{name: none, action: Deny, to: [{networks: [0.0.0.0/0]}]}]
"""
    assert messages("NP-05", WEB + policy("web", SELECT + "egress: [{}]") + cnp) == []
