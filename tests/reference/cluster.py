"""A cluster read from Kubernetes objects as parsed JSON: namespaces, nodes and the pods that take part."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Object: TypeAlias = Mapping[str, Any]
Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

WHOLE: dict[int, Network] = {4: ipaddress.ip_network("0.0.0.0/0"), 6: ipaddress.ip_network("::/0")}
WORKLOADS = ("Deployment", "ReplicaSet", "StatefulSet", "Job")


@dataclass(frozen=True, eq=False)
class Node:
    """A node; `addresses` are those of its status."""

    name: str
    labels: Mapping[str, str]
    addresses: tuple[Address, ...]


@dataclass(frozen=True, eq=False)
class Pod:
    """A pod, one that is there or one that a workload without any will have, named by its ordinal."""

    namespace: str
    name: str
    labels: Mapping[str, str]
    addresses: tuple[Address, ...]
    node: str | None
    host_network: bool
    ports: tuple[tuple[str, str, int], ...]
    """Named ports: (name, protocol, port)."""


@dataclass
class Cluster:
    """What exists. `names` maps DNS names to all their addresses; None when nothing is known about names."""

    namespaces: dict[str, dict[str, str]] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    pods: dict[str, Pod] = field(default_factory=dict)
    pod_ranges: list[Network] = field(default_factory=list)
    names: Mapping[str, Sequence[str]] | None = None
    seen: list[Address] = field(default_factory=list)
    """The addresses of all nodes and pods, of those that have ended too: they tell which families are in use."""

    @classmethod
    def of(
        cls,
        objects: Iterable[Object],
        *,
        pod_cidrs: Iterable[str] = (),
        names: Mapping[str, Sequence[str]] | None = None,
    ) -> Cluster:
        """Read a cluster; objects of other kinds are passed over."""
        cluster = cls(names=names)
        cluster.pod_ranges += [ipaddress.ip_network(cidr) for cidr in pod_cidrs]
        given = list(objects)
        alive = _with_pods(given)
        for each in given:
            if each["kind"] == "Namespace":
                cluster.namespaces[each["metadata"]["name"]] = dict(each["metadata"].get("labels") or {})
            elif each["kind"] == "Node":
                cluster._add_node(each)
            elif each["kind"] == "Pod":
                cluster._add_pod(each)
            elif each["kind"] in WORKLOADS and _key(each) not in alive and _owner(each) is None:
                cluster._add_workload(each)
        for pod in cluster.pods.values():
            cluster.namespaces.setdefault(pod.namespace, {})
        for name, labels in cluster.namespaces.items():
            labels["kubernetes.io/metadata.name"] = name
        return cluster

    def _add_node(self, node: Object) -> None:
        addresses = [_address(each["address"]) for each in (node.get("status") or {}).get("addresses") or []]
        known = tuple(address for address in addresses if address is not None)
        self.seen += known
        metadata, spec = node["metadata"], node.get("spec") or {}
        self.nodes[metadata["name"]] = Node(metadata["name"], metadata.get("labels") or {}, known)
        self.pod_ranges += [ipaddress.ip_network(cidr) for cidr in spec.get("podCIDRs") or []]

    def _add_pod(self, pod: Object) -> None:
        status = pod.get("status") or {}
        addresses = tuple(ipaddress.ip_address(each["ip"]) for each in status.get("podIPs") or [])
        self.seen += addresses
        if status.get("phase") in ("Succeeded", "Failed"):
            return
        metadata = pod["metadata"]
        self._put(metadata, metadata["name"], metadata.get("labels") or {}, pod["spec"], addresses)

    def _add_workload(self, workload: Object) -> None:
        metadata, spec, kind = workload["metadata"], workload["spec"], workload["kind"]
        labels = dict((spec["template"].get("metadata") or {}).get("labels") or {})
        for ordinal in range(spec.get("parallelism" if kind == "Job" else "replicas", 1)):
            name, own = f"{metadata['name']}-{ordinal}", {}
            if kind == "StatefulSet":
                own = {"statefulset.kubernetes.io/pod-name": name, "apps.kubernetes.io/pod-index": str(ordinal)}
            elif kind == "Job":
                own = {"job-name": metadata["name"], "batch.kubernetes.io/job-name": metadata["name"]}
            self._put(metadata, name, labels | own, spec["template"]["spec"], ())

    def _put(
        self, metadata: Object, name: str, labels: Mapping[str, str], spec: Object, addresses: tuple[Address, ...]
    ) -> None:
        namespace = metadata.get("namespace") or "default"
        host, node = bool(spec.get("hostNetwork")), spec.get("nodeName") or None
        pod = Pod(namespace, name, labels, addresses, node, host, tuple(_named_ports(spec)))
        self.pods[f"{namespace}/{name}"] = pod

    def pod_at(self, address: Address) -> Pod | None:
        """The pod that an address is the address of; a node's address is never a pod's."""
        for pod in self.pods.values():
            if not pod.host_network and address in pod.addresses:
                return pod
        return None

    def node_at(self, address: Address) -> Node | None:
        """The node that an address belongs to."""
        for node in self.nodes.values():
            if address in node.addresses:
                return node
        return None


def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:  # status.addresses also has the node's names
        return None


def _namespace(each: Object) -> str:
    return each["metadata"].get("namespace") or "default"


def _key(each: Object) -> tuple[str, str, str]:
    return _namespace(each), each["kind"], each["metadata"]["name"]


def _owner(each: Object) -> tuple[str, str, str] | None:
    for owner in each["metadata"].get("ownerReferences") or []:
        return _namespace(each), owner["kind"], owner["name"]
    return None


def _with_pods(objects: list[Object]) -> set[tuple[str, str, str]]:
    """The workloads that have pods of their own among the objects, a Deployment through its ReplicaSets too."""
    parents = {_key(each): _owner(each) for each in objects if each["kind"] in WORKLOADS}
    found: set[tuple[str, str, str]] = set()
    for pod in (each for each in objects if each["kind"] == "Pod"):
        above = _owner(pod)
        while above is not None:
            found.add(above)
            above = parents.get(above)
    return found


def _named_ports(spec: Object) -> Iterable[tuple[str, str, int]]:
    for container in spec.get("containers") or []:
        for port in container.get("ports") or []:
            if port.get("name"):
                yield port["name"], port.get("protocol") or "TCP", port["containerPort"]
