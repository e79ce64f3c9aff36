"""EG-04: names in rules that deny."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, messages
from audit.pieces import deployment
from audit.routing_pieces import other

WEB = deployment("web")
SAYS = "it denies bad.example.com by name; its address, and every other name for it, stay open"


def rule(action: str) -> str:
    """An egress firewall with a rule for a name."""
    return WEB + other(
        "k8s.ovn.org/v1", "EgressFirewall", f"egress: [{{type: {action}, to: {{dnsName: bad.example.com}}}}]"
    )


def test_real_command(tmp_path: Path) -> None:
    """The name is named."""
    assert command("EG-04", rule("Deny"), tmp_path) == [f"13 high egressfirewall shop/web: {SAYS}"]


@pytest.mark.parametrize(
    ("api_version", "kind", "spec"),
    [
        (
            "projectcalico.org/v3",
            "GlobalNetworkPolicy",
            "egress: [{action: Deny, destination: {domains: [bad.example.com]}}]",
        ),
        ("network.openshift.io/v1", "EgressNetworkPolicy", "egress: [{type: Deny, to: {dnsName: bad.example.com}}]"),
        (
            "policy.networking.k8s.io/v1alpha2",
            "ClusterNetworkPolicy",
            (
                "tier: Admin, priority: 1, subject: {namespaces: {}}, "
                "egress: [{action: Deny, to: [{domainNames: [bad.example.com]}]}]"
            ),
        ),
    ],
    ids=["calico", "openshift", "kubernetes"],
)
def test_every_api(api_version: str, kind: str, spec: str) -> None:
    """Such rules are found in each API."""
    (line,) = messages("EG-04", WEB + other(api_version, kind, spec))
    assert line.endswith(SAYS)


@pytest.mark.parametrize("text", [rule("Allow"), WEB], ids=["allowed", "none"])
def test_clean(text: str) -> None:
    """A name in a rule that allows is no finding."""
    assert messages("EG-04", text) == []
