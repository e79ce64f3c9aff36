"""EG-06: a mesh that is relied upon to keep pods in."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, messages
from audit.pieces import DENY, DENY_INGRESS, deployment
from audit.routing_pieces import istio, other

WEB = deployment("web")
MESH = """apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |-
    outboundTrafficPolicy:
      mode: %s
---
"""
ONLY = MESH % "REGISTRY_ONLY"
INJECTED = """apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
"""
OPERATOR = other(
    "install.istio.io/v1alpha1", "IstioOperator", "meshConfig: {outboundTrafficPolicy: {mode: REGISTRY_ONLY}}"
)
SIDECAR = istio("Sidecar", "outboundTrafficPolicy: {mode: REGISTRY_ONLY}", "default")


def test_real_command(tmp_path: Path) -> None:
    """The workload is named, with the setting that is relied upon."""
    assert command("EG-06", WEB + INJECTED + ONLY, tmp_path) == [
        (
            "1 medium deployment shop/web: only the sidecar keeps deployment shop/web in: configmap istio-system/istio "
            "says REGISTRY_ONLY, and no network policy limits egress"
        )
    ]


@pytest.mark.parametrize("setting", [ONLY, OPERATOR, SIDECAR], ids=["mesh", "operator", "sidecar"])
def test_settings(setting: str) -> None:
    """Each place where Istio takes the setting from counts; a policy for ingress does not help."""
    assert len(messages("EG-06", WEB + INJECTED + DENY_INGRESS + setting)) == 1


def test_not_told_twice() -> None:
    """That such pods get out of the mesh is not told by EG-01 as well."""
    assert messages("EG-01", WEB + INJECTED + ONLY, "--persona", "pedantic") == []
    assert len(messages("EG-01", WEB + ONLY, "--persona", "pedantic")) == 1


@pytest.mark.parametrize(
    "text",
    [
        WEB + INJECTED + DENY + ONLY,
        WEB + INJECTED + MESH % "ALLOW_ANY",
        WEB + ONLY,
        WEB + INJECTED + MESH % "[",
        WEB.replace("labels: {app: web}}", "labels: {app: web, sidecar.istio.io/inject: 'false'}}") + INJECTED + ONLY,
        WEB + INJECTED.replace("shop", "other") + SIDECAR.replace("namespace: shop", "namespace: other"),
    ],
    ids=["guarded", "any", "no sidecar", "not to be read", "left out", "another namespace"],
)
def test_clean(text: str) -> None:
    """Pods with a policy, and those outside of the mesh, are no finding."""
    assert messages("EG-06", text) == []
