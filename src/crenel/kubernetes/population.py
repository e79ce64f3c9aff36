"""Who lives in the cluster: pods grouped into workloads, nodes, namespaces.

Identical pods of one owner are one `Group`. What has live pods is described by them; a workload without any is
described by its template. Pods that have ended (Succeeded, Failed) take no part; pods that are terminating still do,
because their containers may still talk.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from ipaddress import ip_address

from crenel.kubernetes.decode import Decoded
from crenel.kubernetes.objects.meta import Metadata
from crenel.kubernetes.objects.workloads import (
    Container,
    ContainerPort,
    CronJob,
    CustomWorkload,
    Node,
    NodeAddress,
    Pod,
    PodSpec,
    Workload,
)
from crenel.kubernetes.operators import predict
from crenel.provenance import NOWHERE, Origin

NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""The label that every namespace has, whatever its manifest says (KEP-2161)."""

_GIVEN_LATER = {
    "Deployment": frozenset({"pod-template-hash"}),
    "ReplicaSet": frozenset({"pod-template-hash"}),
    "StatefulSet": frozenset(
        {"statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index", "controller-revision-hash"}
    ),
    "DaemonSet": frozenset({"controller-revision-hash", "pod-template-generation"}),
    "Job": frozenset(
        {"controller-uid", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-completion-index"}
    ),
    "CronJob": frozenset(
        {"controller-uid", "batch.kubernetes.io/controller-uid", "job-name", "batch.kubernetes.io/job-name",
         "batch.kubernetes.io/job-completion-index"}
    ),
}  # fmt: skip
"""Labels that controllers add to the pods they make, with values that a manifest does not show."""

PER_POD = frozenset().union(*_GIVEN_LATER.values())
"""Labels that tell replicas apart and nothing else, unless a selector of the input speaks of them."""

_EXPANDED_REPLICAS = 256
ENDED = ("Succeeded", "Failed")
"""The phases of pods that take no part any more."""


@dataclass(frozen=True, slots=True)
class Group:
    """Pods that no rule can tell apart.

    `addresses` is None while unknown. `nodes` are the nodes they run on, None while not placed. `unsettled` are label
    keys whose values only the running cluster knows. `replicas` is the declared or counted number, None for one per
    node.
    """

    namespace: str
    workload: str
    kind: str
    labels: dict[str, str]
    ports: tuple[tuple[str, str, int], ...]
    """Declared ports: (name or "", protocol, number)."""
    hosted: bool = False
    addresses: tuple[str, ...] | None = None
    nodes: frozenset[str] | None = None
    unsettled: frozenset[str] = frozenset()
    replicas: int | None = 1
    members: tuple[str, ...] = ()
    service_account: str = "default"
    origin: Origin = NOWHERE
    variant: str = ""
    """Tells parts of one workload apart when its pods are not identical: the first pod's name."""


@dataclass(slots=True)
class Population:
    """All groups, nodes and namespaces of the input."""

    groups: list[Group] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    namespaces: dict[str, dict[str, str]] = field(default_factory=dict)
    """Labels by name, implied namespaces included."""


@dataclass(frozen=True, slots=True)
class Distinctions:
    """What the rules of the input can tell apart, so that pods they cannot tell apart are one group."""

    keys: frozenset[str] = frozenset()
    """Label keys that some selector mentions."""
    address_class: Callable[[tuple[str, ...]], Hashable] = lambda _: None
    """Maps a pod's addresses to what the CIDRs of the input make of them."""


def populate(decoded: Decoded, distinctions: Distinctions) -> Population:
    """Group all pods of the input."""
    live = _live(decoded, distinctions)
    seen = {(group.namespace, group.kind, group.workload) for group in live}
    planned = [group for group in _planned(decoded) if (group.namespace, group.kind, group.workload) not in seen]
    groups = live + [part for group in planned for part in _expanded(group, distinctions.keys)]
    return Population(groups, decoded.nodes, _namespaces(decoded, groups))


def _namespaces(decoded: Decoded, groups: list[Group]) -> dict[str, dict[str, str]]:
    names = {group.namespace for group in groups}
    names |= {policy.namespace for policy in decoded.network_policies} | {
        service.namespace for service in decoded.services
    }
    found = {name: {NAMESPACE_NAME: name} for name in sorted(names)}
    for namespace in decoded.namespaces:
        found[namespace.name] = {**namespace.labels, NAMESPACE_NAME: namespace.name}
    return found


def _live(decoded: Decoded, distinctions: Distinctions) -> list[Group]:
    owners = _Owners(decoded)
    addresses = _node_addresses(decoded.nodes)
    alike: dict[Hashable, list[Group]] = defaultdict(list)
    for pod in decoded.pods:
        if pod.status is not None and pod.status.phase in ENDED:
            continue
        group = _of_pod(pod, owners, addresses)
        kept = {key: value for key, value in group.labels.items() if key not in PER_POD or key in distinctions.keys}
        key = (
            group.namespace, group.kind, group.workload, frozenset(kept.items()), group.ports, group.hosted,
            group.service_account, _families(group.addresses), distinctions.address_class(group.addresses or ()),
        )  # fmt: skip
        alike[key].append(replace(group, labels=kept))
    merged = [_merged(groups) for groups in alike.values()]
    return _named_apart(merged)


def _families(addresses: tuple[str, ...] | None) -> Hashable:
    return None if addresses is None else frozenset(":" in address for address in addresses)


def _of_pod(pod: Pod, owners: _Owners, node_addresses: dict[str, tuple[str, ...]]) -> Group:
    spec, status = pod.spec or PodSpec(), pod.status
    kind, name = owners.of(pod)
    addresses: tuple[str, ...] = ()
    if status is not None:
        listed = [each.ip for each in status.pod_ips or ()] or [status.pod_ip]
        addresses = tuple(text for text in listed if text and is_address(text))
    hosted = bool(spec.host_network)
    if not addresses and hosted and spec.node_name:
        addresses = node_addresses.get(spec.node_name, ())
    return Group(
        namespace=pod.namespace,
        workload=name,
        kind=kind,
        labels=dict(pod.labels),
        ports=declared_ports(spec),
        hosted=hosted,
        addresses=addresses or None,
        nodes=frozenset({spec.node_name}) if spec.node_name else None,
        members=(pod.name,),
        service_account=spec.service_account_name or spec.service_account or "default",
        origin=pod.origin,
    )


def _merged(groups: list[Group]) -> Group:
    """One group for identical pods."""
    first = groups[0]
    if len(groups) == 1:
        return first
    placed = [group.nodes for group in groups if group.nodes is not None]
    known = [group.addresses for group in groups if group.addresses is not None]
    return replace(
        first,
        addresses=tuple(dict.fromkeys(address for each in known for address in each))
        if len(known) == len(groups)
        else None,
        nodes=frozenset().union(*placed) if len(placed) == len(groups) else None,
        replicas=len(groups),
        members=tuple(member for group in groups for member in group.members),
    )


def _named_apart(groups: list[Group]) -> list[Group]:
    """Give the parts of a workload whose pods differ a name each."""
    count: dict[tuple[str, str, str], int] = defaultdict(int)
    for group in groups:
        count[group.namespace, group.kind, group.workload] += 1
    return [
        replace(group, variant=group.members[0]) if count[group.namespace, group.kind, group.workload] > 1 else group
        for group in groups
    ]


def _node_addresses(nodes: list[Node]) -> dict[str, tuple[str, ...]]:
    return {node.name: tuple(node_addresses(node)) for node in nodes}


def node_addresses(node: Node) -> list[str]:
    """The addresses that a node sends from: its first internal one per family; its first of any kind if it has none."""
    listed = [each for each in _ip_addresses(node) if each.type == "InternalIP"] or _ip_addresses(node)
    chosen: dict[bool, str] = {}
    for each in listed:
        chosen.setdefault(":" in each.address, each.address)
    return list(chosen.values())


def further_addresses(node: Node) -> list[str]:
    """The other addresses that its status lists."""
    own = node_addresses(node)
    return list(dict.fromkeys(each.address for each in _ip_addresses(node) if each.address not in own))


def _ip_addresses(node: Node) -> list[NodeAddress]:
    listed = (node.status.addresses if node.status else None) or []
    return [each for each in listed if each.type in ("InternalIP", "ExternalIP") and is_address(each.address)]


def is_address(text: str) -> bool:
    """Whether what a status lists as an address is one; what is none is nobody's address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


class _Owners:
    """Follows owner references up to the workload that a person wrote."""

    def __init__(self, decoded: Decoded) -> None:
        self._parents: dict[tuple[str, str, str], tuple[str, str]] = {}
        for workload in decoded.workloads:
            if (owner := _controller(workload.metadata)) is not None:
                self._parents[workload.namespace, workload.kind, workload.name] = owner

    def of(self, pod: Pod) -> tuple[str, str]:
        """The kind and name of a pod's workload; the pod itself when nothing owns it."""
        owner = _controller(pod.metadata)
        if owner is None or owner[0] == "Node":
            return "Pod", pod.name
        for _ in range(8):
            parent = self._parents.get((pod.namespace, *owner))
            if parent is None:
                break
            owner = parent
        kind, name = owner
        hash_ = pod.labels.get("pod-template-hash")
        if kind == "ReplicaSet" and hash_ and name.endswith(f"-{hash_}"):
            return "Deployment", name[: -len(hash_) - 1]
        return kind, name


def owners(decoded: Decoded) -> Callable[[Pod], tuple[str, str]]:
    """Whose a pod is: the kind and name of its workload, or of the pod itself when nothing owns it."""
    return _Owners(decoded).of


def _controller(metadata: Metadata) -> tuple[str, str] | None:
    for reference in metadata.owner_references or ():
        if reference.controller and reference.kind and reference.name:
            return reference.kind, reference.name
    return None


def _planned(decoded: Decoded) -> Iterator[Group]:
    """The groups that templates foretell."""
    for workload in decoded.workloads:
        if _controller(workload.metadata) is not None or workload.spec is None or workload.spec.template is None:
            continue
        template = workload.spec.template
        yield _template(workload, template.metadata, template.spec, _replicas(workload))
    for cron in decoded.cron_jobs:
        spec = cron.spec and cron.spec.job_template and cron.spec.job_template.spec
        if spec and spec.template is not None:
            yield _template(cron, spec.template.metadata, spec.template.spec, spec.parallelism or 1)
    for custom in decoded.custom_workloads:
        if _controller(custom.metadata) is None and (group := _custom(custom)) is not None:
            yield group


def _replicas(workload: Workload) -> int | None:
    assert workload.spec is not None
    if workload.kind == "DaemonSet":
        return None
    if workload.kind == "Job":
        return 1 if workload.spec.parallelism is None else workload.spec.parallelism
    return 1 if workload.spec.replicas is None else workload.spec.replicas


def _template(
    owner: Workload | CronJob, metadata: Metadata | None, spec: PodSpec | None, replicas: int | None
) -> Group:
    spec = spec or PodSpec()
    labels = dict((metadata.labels if metadata else None) or {})
    if owner.kind == "Job":
        labels |= {"job-name": owner.name, "batch.kubernetes.io/job-name": owner.name}
    return Group(
        namespace=owner.namespace,
        workload=owner.name,
        kind=owner.kind,
        labels=labels,
        ports=declared_ports(spec),
        hosted=bool(spec.host_network),
        nodes=frozenset({spec.node_name}) if spec.node_name else None,
        unsettled=_GIVEN_LATER.get(owner.kind, frozenset()),
        replicas=replicas,
        service_account=spec.service_account_name or spec.service_account or "default",
        origin=owner.origin,
    )


def _custom(custom: CustomWorkload) -> Group | None:
    """The pods of a custom resource: by the table of operators, or by its pod template."""
    predicted = predict(custom)
    if predicted is None:
        return None
    return Group(
        namespace=custom.namespace,
        workload=custom.name,
        kind=custom.kind,
        labels=dict(predicted.labels),
        ports=_ports(predicted.ports),
        hosted=predicted.host_network,
        unsettled=_GIVEN_LATER["StatefulSet"] | _GIVEN_LATER["Deployment"] | predicted.unsettled,
        replicas=predicted.replicas,
        service_account=predicted.service_account or "default",
        origin=custom.origin or NOWHERE,
    )


def _expanded(group: Group, keys: frozenset[str]) -> Iterator[Group]:
    """Tell the pods of a StatefulSet apart where a selector speaks of their names or ordinals."""
    named = {"statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index"}
    if group.kind != "StatefulSet" or not named & keys or not 0 < (group.replicas or 0) <= _EXPANDED_REPLICAS:
        yield group
        return
    for ordinal in range(group.replicas or 0):
        pod = f"{group.workload}-{ordinal}"
        labels = {
            **group.labels, "statefulset.kubernetes.io/pod-name": pod, "apps.kubernetes.io/pod-index": str(ordinal),
        }  # fmt: skip
        yield replace(
            group,
            labels=labels,
            unsettled=group.unsettled - named,
            replicas=1,
            members=(pod,),
            variant=pod if (group.replicas or 0) > 1 else "",
        )


def declared_ports(spec: PodSpec) -> tuple[tuple[str, str, int], ...]:
    """The ports that a pod declares: (name or "", protocol, number), sidecar containers included.

    Init containers count when they keep running (restartPolicy Always); a missing protocol is TCP (core/v1).
    """
    sidecars = [each for each in spec.init_containers or () if each.restart_policy == "Always"]
    return _ports(port for container in _in_order(spec, sidecars) for port in container.ports or ())


def _in_order(spec: PodSpec, sidecars: list[Container]) -> list[Container]:
    return [*(spec.containers or ()), *sidecars]


def _ports(ports: Iterable[ContainerPort]) -> tuple[tuple[str, str, int], ...]:
    return tuple(dict.fromkeys((port.name or "", port.protocol or "TCP", port.container_port) for port in ports))
