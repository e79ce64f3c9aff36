"""NP-06: a policy that selects no pod."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, messages
from audit.pieces import deployment, policy

WEB = deployment("web")
TYPO = policy("web", "podSelector: {matchLabels: {app: wbe}}")
CRON = """apiVersion: batch/v1
kind: CronJob
metadata: {name: wbe, namespace: shop}
spec:
  schedule: "@daily"
  jobTemplate:
    spec:
      template:
        metadata: {labels: {app: wbe}}
        spec: {restartPolicy: Never, containers: [{name: main, image: example.org/x}]}
---
"""
CUSTOM = """apiVersion: example.org/v1
kind: Runner
metadata: {name: r, namespace: shop}
spec: {template: {metadata: {labels: {app: wbe}}, spec: {containers: [{name: a, image: a}]}}}
---
"""


def test_real_command(tmp_path: Path) -> None:
    """The selector is named, with the workload that was probably meant."""
    assert command("NP-06", WEB + TYPO, tmp_path) == [
        (
            "13 medium networkpolicy shop/web: selects app=wbe, and no pod of the namespace has that; "
            "deployment shop/web "
            "has app: web"
        )
    ]


@pytest.mark.parametrize(
    "text",
    [
        WEB + policy("web", "podSelector: {matchLabels: {app: web}}"),
        WEB + policy("all", "podSelector: {}"),
        WEB + policy("all", "podSelector: {}", "empty"),
        WEB + TYPO + CRON,
        WEB + TYPO + CUSTOM,
        deployment("wbe", pod="hostNetwork: true, ") + TYPO,
        WEB + policy("jobs", "podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [x]}]}"),
    ],
    ids=["its pod", "the namespace", "an empty namespace", "a CronJob", "a custom resource", "host network", "NotIn"],
)
def test_clean(text: str) -> None:
    """Pods to come count, and so do those in the host network, of which NP-10 speaks."""
    assert messages("NP-06", text) == []


def test_pods_of_operators() -> None:
    """Labels that no pod has, beside resources of an operator: its pods may have them."""
    text = WEB + policy("x", "podSelector: {matchLabels: {cnpg.example.org/cluster: db}}")
    assert len(messages("NP-06", text)) == 1
    text += "apiVersion: postgresql.cnpg.example.org/v1\nkind: Cluster\nmetadata: {name: db, namespace: shop}\n"
    assert messages("NP-06", text) == []
    assert len(messages("NP-06", text, "--persona", "pedantic")) == 1


def test_pods_of_others() -> None:
    """Without any pod of the namespace in the manifests they come from elsewhere: for the pedantic."""
    text = WEB + policy("web", "podSelector: {matchLabels: {app: api}}", "other")
    assert messages("NP-06", text) == []
    assert messages("NP-06", text, "--persona", "pedantic") == [
        "medium networkpolicy other/web: selects app=api, and no pod of the namespace has that"
    ]
