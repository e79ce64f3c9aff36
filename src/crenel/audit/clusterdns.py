"""Where pods of this cluster ask for names: its DNS pods, a cache on each node, or the address of a cloud.

Manifests seldom hold the DNS of the cluster that they are for. An input without one is looked at as if the usual one
were there: pods labelled ``k8s-app: kube-dns`` in ``kube-system``, as kubeadm, kops, k3s, EKS, AKS and GKE deploy it;
for OpenShift those of ``openshift-dns``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from crenel.bits import union
from crenel.dialects.model import Input, Model
from crenel.kubernetes.decode import Decoded
from crenel.kubernetes.objects.meta import LabelSelector, Metadata
from crenel.kubernetes.objects.workloads import Container, ContainerPort, Namespace, Pod, PodSpec, Workload
from crenel.network.addresses import AddressSet

STAND_IN = "assumed-cluster-dns"
"""The name of the pod that stands for the DNS of an input that has none."""
NODE_LOCAL = AddressSet.of("169.254.20.10")
"""Where NodeLocal DNSCache listens (kubernetes.io, Using NodeLocal DNSCache in Kubernetes Clusters)."""
CLOUD_DNS = AddressSet.of("169.254.169.254")
"""Where nodes of GKE answer with Cloud DNS (GKE documentation, Using Cloud DNS for GKE)."""
_LABELS = {"k8s-app": "kube-dns"}
_OPENSHIFT = {"dns.operator.openshift.io/daemonset-dns": "default"}
_HOMES = ("kube-system", "openshift-dns")
_APPS = ("kube-dns", "coredns")
_SERVICES = {("kube-system", "kube-dns"), ("kube-system", "coredns"), ("openshift-dns", "dns-default")}


@dataclass(frozen=True, slots=True)
class ClusterDNS:
    """What answers names, as bitsets of endpoints. `says` names it."""

    pods: int = 0
    caches: int = 0
    """The blocks that hold the addresses of caches on the nodes, where those are used."""
    stand_in: int = 0
    """The pod that stands for the usual DNS, where the input has none; it is among `pods`."""
    says: str = ""
    address: str = ""
    """The address of the caches."""


def with_dns(given: Input, *, live: bool) -> Input:
    """An input that has the DNS of a cluster; a live cluster is what it is."""
    decoded = given.decoded
    if live or any(_is_dns(each.namespace, labels) for each, labels in _labelled(decoded)):
        return given
    return replace(given, decoded=_extended(decoded))


def _is_dns(namespace: str, labels: dict[str, str]) -> bool:
    app = labels.get("k8s-app") in _APPS or labels.get("app.kubernetes.io/name") in _APPS
    return namespace in _HOMES and (app or _OPENSHIFT.items() <= labels.items())


def _labelled(decoded: Decoded) -> Iterator[tuple[Pod | Workload, dict[str, str]]]:
    """Pods, and workloads by the labels of their templates."""
    for pod in decoded.pods:
        yield pod, pod.labels
    for workload in decoded.workloads:
        template = workload.spec.template if workload.spec is not None else None
        metadata = template.metadata if template is not None else None
        yield workload, dict((metadata.labels if metadata else None) or {})


def _extended(decoded: Decoded) -> Decoded:
    openshift = any(version.partition("/")[0].endswith("openshift.io") for version, _ in decoded.others_seen)
    home = _HOMES[1] if openshift or decoded.openshift_routes else _HOMES[0]
    labels = _OPENSHIFT if home == _HOMES[1] else _LABELS
    ports = [ContainerPort(53, "dns", "UDP"), ContainerPort(53, "dns-tcp", "TCP")]
    pod = Pod("v1", "Pod", Metadata(name=STAND_IN, namespace=home, labels=dict(labels)))
    pod.spec = PodSpec(containers=[Container(name="dns", ports=ports)])
    return replace(
        decoded, pods=[*decoded.pods, pod], namespaces=[*decoded.namespaces, *_namespaces(decoded, home)]
    )  # fmt: skip


def _namespaces(decoded: Decoded, home: str) -> Iterator[Namespace]:
    """The namespace of the stand-in, where the input lacks it: with the labels by which rules for DNS look for one."""
    if any(each.name == home for each in decoded.namespaces):
        return
    labels: dict[str, str] = {}
    for selector in _selectors(decoded):
        for key, value in (selector.match_labels or {}).items():
            labels.setdefault(key, value or "")
    yield Namespace("v1", "Namespace", Metadata(name=home, labels=labels))


def _selectors(decoded: Decoded) -> Iterator[LabelSelector]:
    """The namespace selectors of egress rules that speak of port 53."""
    for policy in decoded.network_policies:
        for rule in (policy.spec.egress if policy.spec else None) or ():
            if rule is not None and any(port.port in (53, "dns", "dns-tcp") for port in rule.ports or ()):
                yield from (peer.namespace_selector for peer in rule.to or () if peer.namespace_selector is not None)


def find(model: Model) -> ClusterDNS:
    """Find what answers names in a model."""
    pods = stand_in = 0
    for index, group in model.scope.groups.items():
        if _is_dns(group.namespace, group.labels):
            pods |= 1 << index
            stand_in |= (STAND_IN in group.members) << index
    for service in model.given.decoded.services:
        if (service.namespace, service.name) in _SERVICES and service.spec is not None and service.spec.selector:
            selector = LabelSelector(match_labels=service.spec.selector)
            pods |= model.scope.behind_service(service.namespace, selector)[1]
    if any(_is_cache(group.workload, group.namespace) for group in model.scope.groups.values()):
        caches = union(model.network.blocks_within(NODE_LOCAL))
        return ClusterDNS(
            pods & ~_hosted(model), caches, stand_in, "NodeLocal DNSCache at 169.254.20.10", "169.254.20.10"
        )
    if not pods and _is_google(model):
        caches = union(model.network.blocks_within(CLOUD_DNS))
        return ClusterDNS(0, caches, 0, "Cloud DNS at 169.254.169.254", "169.254.169.254")
    home = _HOMES[0]
    says = f"the cluster's DNS, which the input lacks: pods with {_text(_LABELS)} in {home}" if stand_in else ""
    return ClusterDNS(pods, 0, stand_in, says or "the cluster's DNS")


def _is_cache(workload: str, namespace: str) -> bool:
    return namespace == _HOMES[0] and workload in ("node-local-dns", "nodelocaldns")


def _hosted(model: Model) -> int:
    return union(index for index, group in model.scope.groups.items() if group.hosted)


def _is_google(model: Model) -> bool:
    specs = (node.spec for node in model.given.decoded.nodes if node.spec is not None)
    return any((spec.provider_id or "").startswith("gce://") for spec in specs)


def _text(labels: dict[str, str]) -> str:
    return ", ".join(f"{key}: {value}" for key, value in labels.items())
