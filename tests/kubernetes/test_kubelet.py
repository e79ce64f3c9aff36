"""How kubelets are set, as kubeadm keeps it."""

from __future__ import annotations

from typing import Any

import pytest

from crenel.kubernetes.decode import ConfigMap
from crenel.kubernetes.kubelet import kubelet_configuration


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("kubelet-config", "tlsMinVersion: VersionTLS12", {"tlsMinVersion": "VersionTLS12"}),
        ("kubelet-config-1.23", "a: 1", {"a": 1}),
        ("other", "a: 1", {}),
        ("kubelet-config", "- a", {}),
        ("kubelet-config", "a: [", {}),
        ("kubelet-config", 1, {}),
    ],
    ids=["now", "before 1.24", "another", "a list", "broken", "no text"],
)
def test_configuration(name: str, value: Any, found: dict[str, Any]) -> None:
    """The YAML of the config map of that name, and nothing where there is none that can be read."""
    assert kubelet_configuration(ConfigMap(name, "kube-system", {"kubelet": value})) == found
