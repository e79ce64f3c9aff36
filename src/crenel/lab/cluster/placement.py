"""From what an input describes to what really runs: every pod with a name, a node and addresses.

The lab and the compiler need addresses, which plain manifests do not have. A placement makes the pods that templates
foretell, puts them on nodes and gives everybody an address, as a cluster would. Whatever the input says itself is kept.
The model of a placement is a model like any other, only that nothing about addresses and nodes is unknown in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from itertools import cycle

import msgspec

from crenel.dialects.istiopeers import is_peer_authentication
from crenel.dialects.model import Input, Model, build
from crenel.kubernetes.decode import Decoded
from crenel.kubernetes.objects.meta import Metadata, OwnerReference
from crenel.kubernetes.objects.policies import ForeignPolicy
from crenel.kubernetes.objects.workloads import (
    Container,
    ContainerPort,
    Node,
    NodeAddress,
    NodeSpec,
    NodeStatus,
    Pod,
    PodIP,
    PodSpec,
    PodStatus,
    PodTemplate,
)
from crenel.kubernetes.population import Group, further_addresses, is_address, node_addresses
from crenel.lab.cluster.addressing import NODES, PODS, Allocator, Network, networks, of_family
from crenel.lab.cluster.exposed import Exposed, expose
from crenel.network.addresses import FAMILIES, Family

_ENDED = ("Succeeded", "Failed")


@dataclass(frozen=True, slots=True)
class PlacedPod:
    """One pod of the twin. A `hosted` pod has the addresses of its node."""

    namespace: str
    name: str
    node: str
    addresses: tuple[str, ...]
    hosted: bool
    ports: tuple[tuple[str, int], ...]
    """What it declares: (protocol, port)."""

    @property
    def title(self) -> str:
        """How it is written: ``shop/web-0``."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class PlacedNode:
    """One node of the twin. The first address of each family is what it sends from."""

    name: str
    addresses: tuple[str, ...]
    further: tuple[str, ...] = ()


EVERY_REPLICA = 1 << 20


@dataclass(frozen=True, slots=True)
class Wishes:
    """What whoever asks for a twin decides."""

    replicas: int = 1
    """The most pods of one workload."""
    nodes: int = 1
    """How many nodes there are when the input names none."""
    families: tuple[Family, ...] = ()
    """Empty: those that the input shows, and both when it shows none."""
    tls: bool = False
    """Whether what PeerAuthentications say of certificates is asked of the ports: then the model does without them."""


@dataclass(slots=True)
class Placement:
    """A model in which everything has its place."""

    model: Model
    pods: list[PlacedPod] = field(default_factory=list)
    nodes: list[PlacedNode] = field(default_factory=list)
    services: list[Exposed] = field(default_factory=list)
    families: tuple[Family, ...] = (4,)
    notes: list[str] = field(default_factory=list)
    """What is not as the input says, or not in the twin; a line each."""
    peers: list[ForeignPolicy] = field(default_factory=list)
    """The PeerAuthentications that the model does without."""
    invented: int = 0
    """How many pods have addresses that the input does not say."""
    wishes: Wishes = Wishes()


class NotPlacedError(ValueError):
    """The input asks for what a placement cannot give; the message is one line."""


def place(model: Model, wishes: Wishes | None = None, known: Placement | None = None) -> Placement:
    """Place the input of a model.

    What `known` has placed already keeps its place, its wishes hold again, and no pod may be new to it.

    Raises:
        ExhaustedError: a range has too few addresses.
        NotPlacedError: there are pods or nodes that `known` does not have, or has others.
    """
    return _Placing(model, known.wishes if known else wishes or Wishes(), known).placement()


class _Placing:
    def __init__(self, model: Model, wishes: Wishes, known: Placement | None) -> None:
        self.model, self.wishes, self.known = model, wishes, known
        self.decoded = model.given.decoded
        self.notes: list[str] = []
        self.groups = [model.scope.groups[index] for index in sorted(model.scope.groups)]
        self.families = known.families if known else wishes.families or self._families()
        self.allocator = Allocator(ip_address(text) for text in self._taken())
        self.places = {pod.title: pod for pod in known.pods} if known else {}
        self.live = {f"{pod.namespace}/{pod.name}": pod for pod in self.decoded.pods if not _ended(pod)}
        self.templates = dict(_templates(self.decoded))
        self.given: set[str] = set()
        """Addresses of the pods that have been placed."""
        self.invented = 0
        self.cut = 0
        """How many workloads have more pods than the twin shall have."""

    def _families(self) -> tuple[Family, ...]:
        """Those that some address or declaration of the input shows; both when nothing does."""
        around = self.model.scope.surroundings
        shown = around.pod_ranges | around.node_addresses | around.service_ranges
        addresses = [text for group in self.groups for text in group.addresses or ()]
        declared = any(each.spec and each.spec.ip_families for each in self.decoded.services)
        return around.families if shown or addresses or declared else FAMILIES

    def _taken(self) -> Iterator[str]:
        for group in self.groups:
            yield from group.addresses or ()
        for node in self.decoded.nodes:
            yield from (*node_addresses(node), *further_addresses(node))
        for pod in self.known.pods if self.known else ():
            yield from pod.addresses

    def placement(self) -> Placement:
        nodes = self._nodes()
        pods, placed = self._pods({node.name: node for node in nodes})
        exposed, services = expose(
            self.decoded, self.allocator, self.families, self.known.services if self.known else None
        )
        foreign = self.decoded.foreign_policies
        peers = [each for each in foreign if self.wishes.tls and is_peer_authentication(each)]
        decoded = replace(
            self.decoded,
            nodes=nodes,
            pods=pods,
            services=services,
            workloads=[msgspec.structs.replace(each, spec=None) for each in self.decoded.workloads],
            cron_jobs=[],
            custom_workloads=[],
            foreign_policies=[each for each in foreign if not (self.wishes.tls and is_peer_authentication(each))],
        )
        model = build(Input(decoded, self.model.given.pod_cidrs, self.model.given.unreadable))
        if self.known:
            self._compare(placed)
        if self.cut:
            most = f"{self.wishes.replicas} pod{'s' if self.wishes.replicas > 1 else ''}"
            more = "workload has" if self.cut == 1 else "workloads have"
            self.notes.append(f"at most {most} of each workload: {self.cut} {more} more (--replicas)")
        listed = [PlacedNode(node.name, tuple(node_addresses(node)), tuple(further_addresses(node))) for node in nodes]
        return Placement(model, placed, listed, exposed, self.families, self.notes, peers, self.invented, self.wishes)

    def _compare(self, placed: Sequence[PlacedPod]) -> None:
        gone = sorted(self.places.keys() - {pod.title for pod in placed})
        new = sorted({pod.title for pod in placed} - self.places.keys())
        if new:
            raise NotPlacedError(f"the lab has no pod {', '.join(new[:5])}: build it again")
        if gone:
            listed = ", ".join(gone[:5])
            raise NotPlacedError(f"the input lacks pods of the lab: {listed}; give all of it, workloads included")

    def _nodes(self) -> list[Node]:
        names = {node.name: node for node in self.decoded.nodes}
        for group in self.groups:
            for name in sorted(group.nodes or ()):
                names.setdefault(name, _new_node(name))
        if names and self.wishes.nodes > 1 and not self.known:
            self.notes.append("--nodes is without effect: the input names its nodes")
        if not names:
            count = self.wishes.nodes
            names = {f"node-{number + 1}": _new_node(f"node-{number + 1}") for number in range(count)}
        return [self._addressed(node) for node in names.values()]

    def _addressed(self, node: Node) -> Node:
        """A node that has an internal address of each family."""
        own = node_addresses(node)
        before = next((each.addresses for each in self.known.nodes if each.name == node.name), ()) if self.known else ()
        new: list[str] = []
        for family in self.families:
            if not of_family(own, family):
                kept = of_family(before, family)
                new.append(kept[0] if kept else str(self.allocator.one(networks(NODES, family))))
        listed = [*(NodeAddress(type="InternalIP", address=text) for text in new), *_status_addresses(node)]
        return msgspec.structs.replace(node, status=NodeStatus(addresses=listed))

    def _pods(self, nodes: Mapping[str, Node]) -> tuple[list[Pod], list[PlacedPod]]:
        pods: list[Pod] = []
        placed: list[PlacedPod] = []
        turns = cycle(nodes)
        for group in self.groups:
            for number, name, node in self._members(group, nodes, turns):
                template = self.templates.get((group.namespace, group.kind, group.workload), PodTemplate())
                pod = self.live.get(f"{group.namespace}/{name}") or _planned(group, name, number, template)
                one = self._place(group, pod, nodes[node])
                if one is not None:
                    placed.append(one)
                    pods.append(_settled(pod, one))
        return pods, placed

    def _members(self, group: Group, nodes: Mapping[str, Node], turns: cycle[str]) -> Iterator[tuple[int, str, str]]:
        """(ordinal, pod name, node) of the pods of a group that the twin has."""
        if group.replicas is None:
            homes = sorted(group.nodes or nodes)
            yield from ((number, f"{group.workload}-{node}", node) for number, node in enumerate(homes))
            return
        names = list(group.members) or [f"{group.workload}-{number}" for number in range(group.replicas)]
        most = len(names) if group.kind == "DaemonSet" else self.wishes.replicas
        self.cut += len(names) > most
        for number, name in enumerate(names[:most]):
            home = self._home(group, name)
            yield number, name, home if home in nodes else next(turns)

    def _home(self, group: Group, name: str) -> str:
        before = self.places.get(f"{group.namespace}/{name}")
        if before is not None:
            return before.node
        pod = self.live.get(f"{group.namespace}/{name}")
        if pod is not None and pod.spec is not None and pod.spec.node_name:
            return pod.spec.node_name
        return next(iter(group.nodes)) if group.nodes and len(group.nodes) == 1 else ""

    def _place(self, group: Group, pod: Pod, node: Node) -> PlacedPod | None:
        title = f"{pod.namespace}/{pod.name}"
        if group.hosted:
            addresses: tuple[str, ...] = tuple(node_addresses(node))
        elif title in self.places:
            addresses = self.places[title].addresses
        else:
            addresses = self._pod_addresses(pod, node)
        taken = {address for address in addresses if not group.hosted and address in self.given}
        if taken:
            self.notes.append(f"{title}: left out, because another pod has its address {min(taken)}")
            return None
        self.given.update(() if group.hosted else addresses)
        ports = tuple(dict.fromkeys((protocol, number) for _, protocol, number in group.ports))
        return PlacedPod(pod.namespace, pod.name, node.name, addresses, group.hosted, ports)

    def _pod_addresses(self, pod: Pod, node: Node) -> tuple[str, ...]:
        own = list(dict.fromkeys(_live_addresses(pod)))
        if own:
            return tuple(own)
        self.invented += 1
        return tuple(str(self.allocator.one(self._pod_ranges(node, family))) for family in self.families)

    def _pod_ranges(self, node: Node, family: Family) -> list[Network]:
        """Where pods of a node get their addresses: what the user says, or the node, or else the usual range."""
        written = list(self.model.given.pod_cidrs) or _node_ranges(node)
        return networks(written, family) or networks(PODS, family)


def _node_ranges(node: Node) -> list[str]:
    if node.spec is None:
        return []
    return node.spec.pod_cidrs or ([node.spec.pod_cidr] if node.spec.pod_cidr else [])


def _status_addresses(node: Node) -> list[NodeAddress]:
    return list((node.status.addresses if node.status else None) or ())


def _new_node(name: str) -> Node:
    labels = {"kubernetes.io/hostname": name}
    return Node(api_version="v1", kind="Node", metadata=Metadata(name=name, labels=labels), spec=NodeSpec())


def _ended(pod: Pod) -> bool:
    return pod.status is not None and pod.status.phase in _ENDED


def _live_addresses(pod: Pod) -> Iterable[str]:
    if pod.status is None:
        return ()
    listed = [each.ip for each in pod.status.pod_ips or ()] or [pod.status.pod_ip]
    return (str(ip_address(text)) for text in listed if text and is_address(text))


def _templates(decoded: Decoded) -> Iterator[tuple[tuple[str, str, str], PodTemplate]]:
    """The templates of pods, by namespace, kind and name of what makes them."""
    for workload in decoded.workloads:
        if workload.spec is not None and workload.spec.template is not None:
            yield (workload.namespace, workload.kind, workload.name), workload.spec.template
    for cron in decoded.cron_jobs:
        spec = cron.spec and cron.spec.job_template and cron.spec.job_template.spec
        if spec and spec.template is not None:
            yield (cron.namespace, cron.kind, cron.name), spec.template


def _planned(group: Group, name: str, number: int, template: PodTemplate) -> Pod:
    """A pod as its controller would make it; of its containers one has all ports, and the others their names."""
    given = {key: _given_label(key, name, number) for key in group.unsettled}
    owner = OwnerReference(kind=group.kind, name=group.workload, controller=True)
    metadata = Metadata(
        name=name,
        namespace=group.namespace,
        labels={**given, **group.labels},
        annotations=template.metadata.annotations if template.metadata else None,
        owner_references=None if group.kind == "Pod" else [owner],
    )
    ports = [
        ContainerPort(container_port=port, name=label or None, protocol=protocol)
        for label, protocol, port in group.ports
    ]
    written = template.spec or PodSpec()
    others = [*(written.containers or ()), *(written.init_containers or ())]
    spec = PodSpec(
        containers=[Container(name="app", ports=ports), *(Container(name=each.name) for each in others)],
        host_network=group.hosted or None,
        service_account_name=group.service_account,
    )
    return Pod(api_version="v1", kind="Pod", metadata=metadata, spec=spec, origin=group.origin)


def _given_label(key: str, name: str, number: int) -> str:
    if key == "statefulset.kubernetes.io/pod-name":
        return name
    return str(number) if key.endswith("-index") else "lab"


def _settled(pod: Pod, place: PlacedPod) -> Pod:
    """A pod that runs in its place."""
    spec = msgspec.structs.replace(pod.spec or PodSpec(), node_name=place.node)
    ips = [PodIP(ip=address) for address in place.addresses]
    return msgspec.structs.replace(pod, spec=spec, status=PodStatus(phase="Running", pod_ips=ips))
