"""How kubelets are set, as kubeadm keeps it in the cluster.

Source: kubernetes.io, "Kubelet Configuration (v1beta1)", and "Configuring each kubelet in your cluster using kubeadm":
the config map ``kubelet-config`` (with the version in its name before 1.24) holds it as YAML.
"""

from __future__ import annotations

from typing import Any

from crenel.kubernetes.decode import ConfigMap
from crenel.sources.refusal import Refusal
from crenel.sources.yaml_text import parse

KEY = "kubelet"
"""The key of the config map."""


def kubelet_configuration(config: ConfigMap) -> dict[str, Any]:
    """What a config map tells kubelets; empty for any other, and for what cannot be read."""
    text = config.data.get(KEY)
    if not config.name.startswith("kubelet-config") or not isinstance(text, str):
        return {}
    try:
        found = parse(text)
    except Refusal:
        return {}
    return found if isinstance(found, dict) else {}
