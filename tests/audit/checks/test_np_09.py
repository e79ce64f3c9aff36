"""NP-09: policies that nothing enforces."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, messages
from audit.pieces import DENY, deployment, policy
from cli.shop import FLANNEL

POD = deployment("web")
CALICO = FLANNEL.replace("kube-flannel-ds", "calico-node").replace("kube-flannel", "kube-system").replace(
    "ghcr.io/flannel-io/flannel:v0.26.0", "docker.io/calico/node:v3.30.0"
)  # fmt: skip
ROUTER = """apiVersion: apps/v1
kind: DaemonSet
metadata: {name: kube-router, namespace: kube-system}
spec:
  selector: {matchLabels: {app: r}}
  template:
    metadata: {labels: {app: r}}
    spec: {containers: [{name: kube-router, image: docker.io/cloudnativelabs/kube-router:v2.1.0}]}
---
"""


def test_real_command(tmp_path: Path) -> None:
    """The plugin is named at its image, with how many policies are idle."""
    assert command("NP-09", FLANNEL + "---\n" + POD + DENY, tmp_path) == [
        (
            "8 critical network plugin Flannel: Flannel does not enforce networkpolicy (Flannel: it "
            "only connects pods): 1 "
            "networkpolicy object of the input has no effect"
        )
    ]


def test_a_part_that_is_left_out() -> None:
    """A plugin that enforces policies, but not a part that one of them uses."""
    text = ROUTER + POD + policy("web", "podSelector: {}, ingress: [{ports: [{port: 80, protocol: SCTP}]}]")
    (line,) = messages("NP-09", text)
    assert line.startswith("high networkpolicy shop/web: uses sctp, which kube-router does not enforce")


@pytest.mark.parametrize(
    "text",
    [FLANNEL + "---\n" + POD, CALICO + "---\n" + POD + DENY, POD + DENY, ROUTER + POD + DENY],
    ids=["no policies", "one that enforces", "not known", "nothing that is left out"],
)
def test_clean(text: str) -> None:
    """Without policies, with a plugin that enforces them, or with none that is known, nothing is said."""
    assert messages("NP-09", text) == []
