"""Workloads whose egress a mesh is meant to limit."""

from __future__ import annotations

from collections.abc import Mapping

from crenel.audit.subject import Subject
from crenel.audit.workloads import Workload
from crenel.kubernetes.mesh import Outbound, registry_only


def guarded(subject: Subject) -> Mapping[int, Outbound]:
    """The workloads with a sidecar that lets out to registered destinations alone, by endpoint, with the setting."""
    settings = list(registry_only(subject.decoded))
    whole = next((each for each in settings if each.namespace is None), None)
    by_namespace = {each.namespace: each for each in settings if each.namespace is not None}
    found: dict[int, Outbound] = {}
    if not settings:
        return found
    labels = {each.name: each.labels for each in subject.decoded.namespaces}
    for workload in subject.applications:
        setting = by_namespace.get(workload.namespace, whole)
        if setting is not None and _has_sidecar(workload, labels.get(workload.namespace, {})):
            found[workload.index] = setting
    return found


def _has_sidecar(workload: Workload, labels: Mapping[str, str]) -> bool:
    """Whether a sidecar is put into the pods (Istio, Installing the Sidecar: automatic injection by labels)."""
    own = workload.group.labels.get("sidecar.istio.io/inject")
    if own is not None or labels.get("istio-injection") == "disabled":
        return own == "true"
    revision = "istio.io/rev" in labels or "istio.io/rev" in workload.group.labels
    return revision or labels.get("istio-injection") == "enabled"
