"""NP-10: a policy that selects a pod in the host network."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, messages
from audit.pieces import DENY, deployment, node, policy

HOSTED = "hostNetwork: true, "
MEANT = policy("web", "podSelector: {matchLabels: {app: web}}")


def test_real_command(tmp_path: Path) -> None:
    """The workload is named at the field, with the policy that is void."""
    assert command("NP-10", deployment("web", pod=HOSTED) + MEANT, tmp_path) == [
        "8 high deployment shop/web: runs in the host network, so networkpolicy shop/web has no effect on it"
    ]


def test_open_to_the_internet() -> None:
    """Where the internet reaches the node, it is critical."""
    text = deployment("web", pod=HOSTED) + MEANT + node(public="192.0.9.9")
    (line,) = messages("NP-10", text, "--assume", "unfiltered=yes")
    assert line.startswith("critical deployment shop/web: ")


def test_agents() -> None:
    """A known agent is medium where it is meant, and for the pedantic where it is only covered."""
    agent = deployment("node-exporter", pod=HOSTED)
    (line,) = messages("NP-10", agent + policy("x", "podSelector: {matchLabels: {app: node-exporter}}"))
    assert line.startswith("medium deployment shop/node-exporter: ")
    assert messages("NP-10", agent + DENY) == []
    assert len(messages("NP-10", agent + DENY, "--persona", "pedantic")) == 1


@pytest.mark.parametrize(
    "text",
    [
        deployment("web") + MEANT,
        deployment("web", pod=HOSTED),
        deployment("web", pod=HOSTED) + policy("x", "podSelector: {matchLabels: {app: db}}") + deployment("db"),
        deployment("web", "kube-system", pod=HOSTED) + MEANT.replace("shop", "kube-system"),
    ],
    ids=["in the pod network", "no policy", "a policy for others", "system"],
)
def test_clean(text: str) -> None:
    """Pods in the pod network, pods that no policy means, and the system are no findings."""
    assert messages("NP-10", text) == []
