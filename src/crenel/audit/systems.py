"""What belongs to the cluster itself: namespaces of its system, and agents that need the network of their node."""

from __future__ import annotations

from fnmatch import fnmatchcase

_NAMESPACES = (
    "kube-system", "kube-public", "kube-node-lease", "kube-flannel", "calico-system", "calico-apiserver",
    "tigera-operator", "cilium-system", "cilium-secrets", "antrea-*", "ovn-kubernetes", "openshift", "openshift-*",
    "gke-*", "gmp-*", "aks-*", "amazon-*", "calico-apiserver", "metallb-system", "local-path-storage",
)  # fmt: skip
_AGENTS = (
    "*node-exporter*", "*kube-proxy*", "*node-local-dns*", "*nodelocaldns*", "*fluent-bit*", "*fluentd*", "*filebeat*",
    "*promtail*", "*alloy*", "*datadog*", "*netdata*", "*csi-node*", "*csi*node*", "*device-plugin*", "*speaker*",
    "*calico-node*", "*cilium*", "*flannel*", "*weave-net*", "*kube-router*", "*antrea-agent*", "*aws-node*",
    "*node-problem-detector*", "*metricbeat*", "*cadvisor*", "*keepalived*", "*kube-vip*", "*kured*", "*svclb*",
)  # fmt: skip


def is_system(namespace: str) -> bool:
    """Whether a namespace is one of those that installers, clouds and network plugins fill."""
    return any(fnmatchcase(namespace, pattern) for pattern in _NAMESPACES)


def is_agent(name: str) -> bool:
    """Whether a workload is, by its name, an agent that is known to need the network of its node."""
    return any(fnmatchcase(name.lower(), pattern) for pattern in _AGENTS)
