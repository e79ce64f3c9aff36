"""The workloads of a subject: endpoints of the model, each with the object that people wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from crenel.dialects.model import Model
from crenel.kubernetes.decode import Decoded
from crenel.kubernetes.objects.meta import KubernetesObject
from crenel.kubernetes.objects.workloads import Pod, PodSpec
from crenel.kubernetes.population import Group
from crenel.provenance import NOWHERE, FieldPath, Origin

Owner: TypeAlias = tuple[str, str, str]
"""Namespace, kind and name of what people wrote."""


@dataclass(frozen=True, eq=False)
class Workload:
    """One endpoint: pods that no rule can tell apart, with the object that makes them.

    `name` is how questions write it, `title` how reports do. Parts of one workload that differ have the same title.
    `listens` are the declared ports: (protocol number, port).
    """

    index: int
    name: str
    title: str
    namespace: str
    origin: Origin
    group: Group
    listens: tuple[tuple[int, int], ...] = ()

    @property
    def own_name(self) -> str:
        """``namespace/name`` of what people wrote, which patterns of the configuration are matched with."""
        return f"{self.namespace}/{self.group.workload}"

    @property
    def hosted(self) -> bool:
        """Whether it shares the network of its node, so that no policy applies to it."""
        return self.group.hosted

    @property
    def short_lived(self) -> bool:
        """Whether its pods end by themselves."""
        return self.group.kind in ("Job", "CronJob")


@dataclass(frozen=True, eq=False)
class Template:
    """A pod spec as people wrote it: `spec` stands at `path` of `thing`."""

    thing: KubernetesObject
    spec: PodSpec
    path: FieldPath
    owner: Owner = field(default=("", "", ""))


def workloads(model: Model, unwanted: int = 0) -> Iterator[Workload]:
    """The workloads of a model in the order of the input, but for those in a set of endpoints."""
    objects = dict(_objects(model.given.decoded))
    for index, group in model.scope.groups.items():
        if unwanted >> index & 1:
            continue
        endpoint, owner = model.network.endpoints[index], (group.namespace, group.kind, group.workload)
        title = f"{group.kind.lower()} {group.namespace}/{group.workload}"
        origin = objects.get(owner, group.origin)
        yield Workload(index, endpoint.name, title, group.namespace, origin, group, endpoint.listens)


def _objects(decoded: Decoded) -> Iterator[tuple[Owner, Origin]]:
    for each in (*decoded.workloads, *decoded.cron_jobs, *decoded.pods):
        yield (each.namespace, each.kind, each.name), each.origin
    for custom in decoded.custom_workloads:
        yield (custom.namespace, custom.kind, custom.name), custom.origin or NOWHERE


def templates(decoded: Decoded, owners: Mapping[tuple[str, str], Owner]) -> Iterator[Template]:
    """All pod specs, each once: of workloads, and of pods whose workload is not in the input.

    `owners` has for (namespace, name) of each live pod the workload that it belongs to.
    """
    written: set[Owner] = set()
    for workload in decoded.workloads:
        template = workload.spec.template if workload.spec is not None else None
        if template is not None and template.spec is not None:
            owner = (workload.namespace, workload.kind, workload.name)
            written.add(owner)
            yield Template(workload, template.spec, ("spec", "template", "spec"), owner)
    for cron in decoded.cron_jobs:
        job = cron.spec and cron.spec.job_template and cron.spec.job_template.spec
        if job and job.template is not None and job.template.spec is not None:
            owner = (cron.namespace, cron.kind, cron.name)
            written.add(owner)
            path = ("spec", "jobTemplate", "spec", "template", "spec")
            yield Template(cron, job.template.spec, path, owner)
    yield from _of_pods(decoded.pods, owners, written)


def _of_pods(pods: list[Pod], owners: Mapping[tuple[str, str], Owner], written: set[Owner]) -> Iterator[Template]:
    for pod in pods:
        owner = owners.get((pod.namespace, pod.name), (pod.namespace, "Pod", pod.name))
        if pod.spec is not None and owner not in written:
            written.add(owner)
            yield Template(pod, pod.spec, ("spec",), owner)
