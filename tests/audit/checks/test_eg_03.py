"""EG-03: names that anybody can have."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, messages
from audit.pieces import deployment
from audit.routing_pieces import other
from crenel.audit.domains import broad, shared

WEB = deployment("web")


def cilium(name: str, key: str = "matchPattern") -> str:
    """A policy of Cilium that allows a name."""
    spec = f"endpointSelector: {{}}, egress: [{{toFQDNs: [{{{key}: '{name}'}}]}}]"
    return WEB + other("cilium.io/v2", "CiliumNetworkPolicy", spec)


def test_real_command(tmp_path: Path) -> None:
    """The pattern is named."""
    assert command("EG-03", cilium("*.cloudfront.net"), tmp_path) == [
        (
            "13 medium ciliumnetworkpolicy shop/web: it allows *.cloudfront.net: names under cloudfront.net, where "
            "anybody can have one"
        )
    ]


@pytest.mark.parametrize(
    ("api_version", "kind", "spec"),
    [
        ("projectcalico.org/v3", "NetworkPolicy", "egress: [{action: Allow, destination: {domains: ['*.co.uk']}}]"),
        ("networking.gke.io/v1alpha1", "FQDNNetworkPolicy", "egress: [{matches: [{pattern: '*.co.uk'}]}]"),
        ("k8s.ovn.org/v1", "EgressFirewall", "egress: [{type: Allow, to: {dnsName: '*.co.uk'}}]"),
        ("networking.k8s.aws/v1alpha1", "ApplicationNetworkPolicy", "egress: [{to: [{domainNames: ['*.co.uk']}]}]"),
        (
            "policy.networking.k8s.io/v1alpha2",
            "ClusterNetworkPolicy",
            (
                "tier: Admin, priority: 1, subject: {namespaces: {}}, "
                "egress: [{action: Accept, to: [{domainNames: ['*.co.uk']}]}]"
            ),
        ),
    ],
    ids=["calico", "gke", "ovn", "eks", "kubernetes"],
)
def test_every_api(api_version: str, kind: str, spec: str) -> None:
    """Names are found in each API that has such rules."""
    (line,) = messages("EG-03", WEB + other(api_version, kind, spec))
    assert line.startswith("high ")
    assert "it allows *.co.uk: every name under co.uk" in line


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("*", "every name, or every ending of one"),
        ("**.*", "every name, or every ending of one"),
        ("api.*", "every name, or every ending of one"),
        ("*.co.uk", "every name under co.uk"),
        ("*s3.amazonaws.com", "names under s3.amazonaws.com, where anybody can have one"),
        ("*.s3.eu-west-1.amazonaws.com", "names under s3.eu-west-1.amazonaws.com, where anybody can have one"),
        ("*.windows.net", "names under windows.net, where anybody can have one"),
        ("*.example.com", ""),
        ("*.my-bucket.example.co.uk", ""),
        ("api.github.io", ""),
    ],
)
def test_broad(pattern: str, says: str) -> None:
    """Patterns are judged by what stands after their last wildcard."""
    assert broad(pattern) == says


def test_shared_addresses() -> None:
    """A plain name of a shared domain is for the pedantic, once a policy."""
    assert shared("d1.cloudfront.net.") == "cloudfront.net"
    assert shared("cloudfront.net.example.org") == ""
    text = cilium("d1.cloudfront.net", "matchName")
    assert messages("EG-03", text) == []
    assert messages("EG-03", text, "--persona", "pedantic") == [
        "low ciliumnetworkpolicy shop/web: it allows d1.cloudfront.net, whose addresses serve names of others as well"
    ]


@pytest.mark.parametrize("text", [cilium("*.example.com"), cilium("api.example.com", "matchName"), WEB])
def test_clean(text: str) -> None:
    """Names of one owner are no finding."""
    assert messages("EG-03", text, "--persona", "pedantic") == []
