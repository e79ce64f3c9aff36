"""Pods and what makes them (k8s.io/api core/v1, apps/v1, batch/v1)."""

from __future__ import annotations

from typing import Any

import msgspec

from crenel.kubernetes.objects.meta import Field, KubernetesObject, LabelSelector, Metadata


class ContainerPort(Field):
    """A port that a container declares; named ports are resolved through it."""

    container_port: int
    name: str | None = None
    protocol: str | None = None
    host_port: int | None = None
    host_ip: Any = msgspec.field(default=None, name="hostIP")


class EnvVar(Field):
    """An environment variable with a literal value."""

    name: str
    value: str | None = None
    value_from: Any = None


class Container(Field):
    """A container (core/v1); init and ephemeral ones alike."""

    name: str | None = None
    image: str | None = None
    ports: list[ContainerPort] | None = None
    env: list[EnvVar] | None = None
    args: list[str] | None = None
    command: list[str] | None = None
    restart_policy: str | None = None
    restart_policy_rules: Any = None
    env_from: Any = None
    image_pull_policy: Any = None
    lifecycle: Any = None
    liveness_probe: Any = None
    readiness_probe: Any = None
    startup_probe: Any = None
    resize_policy: Any = None
    resources: Any = None
    security_context: Any = None
    stdin: Any = None
    stdin_once: Any = None
    target_container_name: Any = None
    termination_message_path: Any = None
    termination_message_policy: Any = None
    tty: Any = None
    volume_devices: Any = None
    volume_mounts: Any = None
    working_dir: Any = None


class PodSpec(Field):
    """What a pod is made of (core/v1 PodSpec)."""

    containers: list[Container] | None = None
    init_containers: list[Container] | None = None
    ephemeral_containers: list[Container] | None = None
    host_network: bool | None = None
    node_name: str | None = None
    node_selector: dict[str, str] | None = None
    service_account_name: str | None = None
    service_account: str | None = None
    hostname: str | None = None
    subdomain: str | None = None
    active_deadline_seconds: Any = None
    affinity: Any = None
    automount_service_account_token: Any = None
    dns_config: Any = None
    dns_policy: Any = None
    enable_service_links: Any = None
    eviction_responders: Any = None
    host_aliases: Any = None
    host_ipc: Any = msgspec.field(default=None, name="hostIPC")
    host_pid: Any = msgspec.field(default=None, name="hostPID")
    host_users: Any = None
    hostname_override: Any = None
    image_pull_secrets: Any = None
    os: Any = None
    overhead: Any = None
    preemption_policy: Any = None
    priority: Any = None
    priority_class_name: Any = None
    readiness_gates: Any = None
    resource_claims: Any = None
    resources: Any = None
    restart_policy: Any = None
    runtime_class_name: Any = None
    scheduler_name: Any = None
    scheduling_gates: Any = None
    scheduling_group: Any = None
    security_context: Any = None
    set_hostname_as_fqdn: Any = msgspec.field(default=None, name="setHostnameAsFQDN")
    share_process_namespace: Any = None
    termination_grace_period_seconds: Any = None
    tolerations: Any = None
    topology_spread_constraints: Any = None
    volumes: Any = None
    workload_ref: Any = None


class PodIP(Field):
    """One of a pod's addresses."""

    ip: str | None = None


class PodStatus(msgspec.Struct, rename="camel", gc=False):
    """The part of a pod's status that the network needs; the rest is the cluster's own business."""

    phase: str | None = None
    pod_ip: str | None = msgspec.field(default=None, name="podIP")
    pod_ips: list[PodIP] | None = msgspec.field(default=None, name="podIPs")
    host_ip: str | None = msgspec.field(default=None, name="hostIP")


class Pod(KubernetesObject):
    """A pod."""

    spec: PodSpec | None = None
    status: PodStatus | None = None


class PodTemplate(Field):
    """The pods that a workload makes."""

    metadata: Metadata | None = None
    spec: PodSpec | None = None


class WorkloadSpec(Field):
    """What Deployments, StatefulSets, DaemonSets, ReplicaSets, ReplicationControllers and Jobs have in common.

    One type for all six: which of these fields a kind has is of no consequence for the network, and the API's own check
    of it is in `crenel.kubernetes.fields`.
    """

    template: PodTemplate | None = None
    replicas: int | None = None
    selector: Any = None
    parallelism: int | None = None
    service_name: str | None = None
    active_deadline_seconds: Any = None
    backoff_limit: Any = None
    backoff_limit_per_index: Any = None
    completion_mode: Any = None
    completions: Any = None
    managed_by: Any = None
    manual_selector: Any = None
    max_failed_indexes: Any = None
    min_ready_seconds: Any = None
    ordinals: Any = None
    paused: Any = None
    persistent_volume_claim_retention_policy: Any = None
    pod_failure_policy: Any = None
    pod_management_policy: Any = None
    pod_replacement_policy: Any = None
    progress_deadline_seconds: Any = None
    revision_history_limit: Any = None
    scheduling: Any = None
    strategy: Any = None
    success_policy: Any = None
    suspend: Any = None
    ttl_seconds_after_finished: Any = None
    update_strategy: Any = None
    volume_claim_templates: Any = None


class Workload(KubernetesObject):
    """A kind with a pod template under ``spec.template``."""

    spec: WorkloadSpec | None = None
    status: Any = None


class JobTemplate(Field):
    """The jobs that a CronJob makes."""

    metadata: Metadata | None = None
    spec: WorkloadSpec | None = None


class CronJobSpec(Field):
    """The part of a CronJob that says which pods it makes."""

    job_template: JobTemplate | None = None
    concurrency_policy: Any = None
    failed_jobs_history_limit: Any = None
    schedule: Any = None
    starting_deadline_seconds: Any = None
    successful_jobs_history_limit: Any = None
    suspend: Any = None
    time_zone: Any = None


class CronJob(KubernetesObject):
    """A CronJob (batch/v1)."""

    spec: CronJobSpec | None = None
    status: Any = None


class CustomWorkload(msgspec.Struct, rename="camel"):
    """A custom resource whose pods we can foretell; `spec` stays raw, because every operator has its own words."""

    api_version: str
    kind: str
    metadata: Metadata
    spec: dict[str, Any]
    origin: Any = None

    @property
    def name(self) -> str:
        """The object's name."""
        return self.metadata.name or ""

    @property
    def namespace(self) -> str:
        """The namespace it lives in."""
        return self.metadata.namespace or ""

    @property
    def title(self) -> str:
        """How reports write it."""
        return f"{self.kind.lower()} {self.namespace}/{self.name}"


class Namespace(KubernetesObject):
    """A namespace."""

    spec: Any = None
    status: Any = None


class NodeSpec(Field):
    """A node's part of the pod range."""

    pod_cidr: str | None = msgspec.field(default=None, name="podCIDR")
    pod_cidrs: list[str] | None = msgspec.field(default=None, name="podCIDRs")
    provider_id: str | None = msgspec.field(default=None, name="providerID")
    config_source: Any = None
    external_id: Any = msgspec.field(default=None, name="externalID")
    pod_preemption_policy: Any = None
    taints: Any = None
    unschedulable: Any = None


class NodeAddress(Field):
    """One address of a node: InternalIP, ExternalIP, Hostname ..."""

    type: str
    address: str


class NodeStatus(msgspec.Struct, rename="camel", gc=False):
    """The part of a node's status that the network needs."""

    addresses: list[NodeAddress] | None = None


class Node(KubernetesObject):
    """A node."""

    spec: NodeSpec | None = None
    status: NodeStatus | None = None


__all__ = [
    "Container", "ContainerPort", "CronJob", "CustomWorkload", "EnvVar", "LabelSelector", "Namespace", "Node",
    "NodeAddress", "NodeSpec", "NodeStatus", "Pod", "PodIP", "PodSpec", "PodStatus", "PodTemplate", "Workload",
    "WorkloadSpec",
]  # fmt: skip
