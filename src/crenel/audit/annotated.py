"""The annotations of pods, where people wrote them: by them meshes are told what to do with a workload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as fresh

from crenel.audit.subject import Subject
from crenel.audit.workloads import Owner, Template
from crenel.kubernetes.objects.meta import KubernetesObject, Metadata
from crenel.kubernetes.objects.workloads import CronJob, Pod, PodSpec, Workload
from crenel.provenance import FieldPath


@dataclass(frozen=True)
class Annotated:
    """What a pod's object says of it: `field` leads to the annotations in `thing`."""

    thing: KubernetesObject
    field: FieldPath
    annotations: Mapping[str, str] = fresh(default_factory=dict)
    spec: PodSpec | None = None


def annotated(subject: Subject) -> Mapping[int, Annotated]:
    """By the endpoint of each workload."""
    by_owner: dict[Owner, Annotated] = {each.owner: _of(each) for each in subject.templates}
    found: dict[int, Annotated] = {}
    for each in subject.workloads:
        owner = each.namespace, each.group.kind, each.group.workload
        if owner in by_owner:
            found[each.index] = by_owner[owner]
    return found


def _of(template: Template) -> Annotated:
    said = _metadata(template.thing)
    texts = {key: str(value) for key, value in ((said.annotations if said else None) or {}).items()}
    return Annotated(template.thing, (*template.path[:-1], "metadata", "annotations"), texts, template.spec)


def _metadata(thing: KubernetesObject) -> Metadata | None:
    """The metadata of the pods of an object."""
    if isinstance(thing, Pod):
        return thing.metadata
    if isinstance(thing, Workload):
        return thing.spec.template.metadata if thing.spec and thing.spec.template else None
    if isinstance(thing, CronJob):
        job = thing.spec.job_template.spec if thing.spec and thing.spec.job_template else None
        return job.template.metadata if job and job.template else None
    return None


def namespace_annotations(subject: Subject) -> Mapping[str, Mapping[str, str]]:
    """The annotations of the namespaces of the input."""
    return {
        each.name: {key: str(value) for key, value in (each.metadata.annotations or {}).items()}
        for each in subject.decoded.namespaces
    }
