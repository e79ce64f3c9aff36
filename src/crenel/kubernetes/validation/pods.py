"""Pods and what makes them: containers and their ports.

Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go (ValidatePodSpec, validateContainerPorts). Only
what matters to the network is checked.
"""

from __future__ import annotations

from collections.abc import Sequence

from crenel.kubernetes.objects.workloads import Container, ContainerPort, CronJob, Pod, PodSpec, PodTemplate, Workload
from crenel.kubernetes.validation.mistakes import Mistake, duplicate, invalid, required, unknown, unsupported
from crenel.kubernetes.validation.names import port_name
from crenel.kubernetes.validation.ports import PORT_RANGE, PROTOCOLS, check_number
from crenel.kubernetes.validation.selectors import check_labels
from crenel.provenance import FieldPath

_SORTED = tuple(sorted(PROTOCOLS))


def check_pod(pod: Pod, found: list[Mistake]) -> None:
    """A pod's spec."""
    check_pod_spec(pod.spec or PodSpec(), ("spec",), found)


def check_workload(workload: Workload, found: list[Mistake]) -> None:
    """The pod template of a workload."""
    template = workload.spec.template if workload.spec else None
    if template is None:
        found.append(required(("spec", "template") if workload.spec else ("spec",)))
    else:
        _check_template(template, ("spec", "template"), found)


def check_cron_job(cron: CronJob, found: list[Mistake]) -> None:
    """The pod template of a CronJob's jobs."""
    job = cron.spec.job_template if cron.spec else None
    template = job.spec.template if job and job.spec else None
    if template is None:
        found.append(required(("spec", "jobTemplate")))
    else:
        _check_template(template, ("spec", "jobTemplate", "spec", "template"), found)


def _check_template(template: PodTemplate, field: FieldPath, found: list[Mistake]) -> None:
    if template.metadata and template.metadata.labels:
        check_labels(template.metadata.labels, (*field, "metadata", "labels"), found)
    check_pod_spec(template.spec or PodSpec(), (*field, "spec"), found)


def check_pod_spec(spec: PodSpec, field: FieldPath, found: list[Mistake]) -> None:
    """The containers of a pod and their ports."""
    if not spec.containers:
        found.append(required((*field, "containers")))
    else:
        _check_containers(spec.containers, (*field, "containers"), spec.host_network, found)
    if spec.init_containers:
        _check_containers(spec.init_containers, (*field, "initContainers"), spec.host_network, found)


def _check_containers(
    containers: Sequence[Container], field: FieldPath, host_network: bool | None, found: list[Mistake]
) -> None:
    for position, container in enumerate(containers):
        if container.ports:
            _check_ports(container.ports, (*field, position, "ports"), host_network, found)
        if container.target_container_name is not None:
            found.append(unknown((*field, position, "targetContainerName")))


def _check_ports(
    ports: Sequence[ContainerPort], field: FieldPath, host_network: bool | None, found: list[Mistake]
) -> None:
    names: set[str] = set()
    for position, port in enumerate(ports):
        if port.name:
            _check_name(port.name, (*field, position, "name"), names, found)
        if not 1 <= port.container_port <= 65535:
            place = (*field, position, "containerPort")
            number = port.container_port
            found.append(invalid(place, number, PORT_RANGE) if number else required(place))
        if port.host_port:
            _check_host_port(port, port.host_port, (*field, position, "hostPort"), host_network, found)
        if port.protocol and port.protocol not in PROTOCOLS:
            found.append(unsupported((*field, position, "protocol"), port.protocol, _SORTED))


def _check_name(name: str, field: FieldPath, names: set[str], found: list[Mistake]) -> None:
    if reasons := port_name(name):
        found += [invalid(field, name, reason) for reason in reasons]
    elif name in names:
        found.append(duplicate(field, name))
    names.add(name)


def _check_host_port(
    port: ContainerPort, number: int, field: FieldPath, host_network: bool | None, found: list[Mistake]
) -> None:
    check_number(number, field, found)
    if host_network and number != port.container_port:
        found.append(invalid(field, number, "must match `containerPort` when `hostNetwork` is true"))
