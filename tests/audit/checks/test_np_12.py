"""NP-12: the metadata of a cloud, reachable from pods."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, messages
from audit.pieces import DENY, deployment, node, policy

AWS = node("aws:///eu-west-1a/i-0123456789abcdef0")
WEB = deployment("web")
BROAD = "podSelector: {}, egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0"


def test_real_command(tmp_path: Path) -> None:
    """The workload is named, with the cloud."""
    assert command("NP-12", WEB + AWS, tmp_path) == [
        "1 high deployment shop/web: deployment shop/web may connect to the metadata of AWS"
    ]


def test_all_of_a_namespace() -> None:
    """One finding for a namespace all of which gets there."""
    assert messages("NP-12", WEB + deployment("db") + AWS) == [
        "high namespace shop: its 2 workloads may connect to the metadata of AWS"
    ]


def test_without_a_cloud() -> None:
    """Where the input shows no cloud, it is for those who look by hand."""
    assert messages("NP-12", WEB) == []
    assert len(messages("NP-12", WEB, "--persona", "auditor")) == 1


@pytest.mark.parametrize(
    "text",
    [
        WEB + AWS + DENY,
        WEB + AWS + policy("x", BROAD + ", except: [169.254.169.254/32]}}]}]"),
        WEB + AWS + policy("x", BROAD + "}}], ports: [{port: 443}]}]"),
        WEB + node("gce://p/z/n") + deployment("gke-metadata-server", "kube-system"),
        deployment("web", "kube-system") + AWS,
    ],
    ids=["closed", "left out", "another port", "a metadata server", "system"],
)
def test_clean(text: str) -> None:
    """Policies that leave the address or the port out, and GKE's metadata server, keep pods away from it."""
    assert messages("NP-12", text) == []


def test_a_broad_rule() -> None:
    """A rule for any address holds that one too."""
    assert len(messages("NP-12", WEB + AWS + policy("x", BROAD + "}}]}]"))) == 1
