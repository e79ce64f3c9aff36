"""NP-07: a peer that matches nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, messages
from audit.pieces import deployment, policy

PODS = deployment("web") + deployment("db") + deployment("desk", "office")


def allowing(peer: str, direction: str = "ingress", key: str = "from") -> str:
    """The pods with a policy for the database that names one peer."""
    return PODS + policy("db", f"podSelector: {{matchLabels: {{app: db}}}}, {direction}: [{{{key}: [{peer}]}}]")


def test_real_command(tmp_path: Path) -> None:
    """The peer is named at its line, by its selectors."""
    assert command("NP-07", allowing("{podSelector: {matchLabels: {app: wbe}}}"), tmp_path) == [
        "31 low networkpolicy shop/db: the peer app=wbe in shop matches no pod of the input"
    ]


@pytest.mark.parametrize(
    ("peer", "persona"),
    [
        ("{podSelector: {matchLabels: {app: desk}}}", "default"),
        (
            (
                "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: office}}, "
                "podSelector: {matchLabels: {app: web}}}"
            ),
            "default",
        ),
        ("{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: elsewhere}}}", "pedantic"),
        ("{namespaceSelector: {}, podSelector: {matchLabels: {app: prometheus}}}", "pedantic"),
        ("{podSelector: {matchLabels: {db-client: 'true'}}}", "pedantic"),
    ],
)
def test_who_is_told(peer: str, persona: str) -> None:
    """What manifests may merely lack is for the pedantic; a namespace that they have is not."""
    assert len(messages("NP-07", allowing(peer))) == (persona == "default")
    assert len(messages("NP-07", allowing(peer), "--persona", "pedantic")) == 1


def test_host_network() -> None:
    """Pods in the host network are never matched, and the message says so."""
    text = allowing("{podSelector: {matchLabels: {app: agent}}}") + deployment("agent", pod="hostNetwork: true, ")
    (line,) = messages("NP-07", text)
    assert line.endswith("; pods in the host network are never matched by selectors")


@pytest.mark.parametrize(
    "text",
    [
        allowing("{podSelector: {matchLabels: {app: web}}}"),
        allowing("{podSelector: {matchLabels: {app: web}}}", "egress", "to"),
        allowing("{ipBlock: {cidr: 203.0.113.0/24}}"),
        PODS + policy("x", "podSelector: {matchLabels: {app: gone}}, ingress: [{from: [{podSelector: {matchLabels: "
                      "{app: gone}}}]}]"),
    ],
    ids=["ingress", "egress", "addresses", "a policy without pods"],
)  # fmt: skip
def test_clean(text: str) -> None:
    """Peers that match, addresses, and the rules of policies that guard nobody are no findings."""
    assert messages("NP-07", text) == []
