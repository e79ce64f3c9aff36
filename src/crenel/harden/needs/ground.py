"""What needs are looked for in: the model of an input, with its objects as they were written."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from crenel.audit.clusterdns import STAND_IN
from crenel.bits import union
from crenel.dialects.model import Model
from crenel.dialects.service import resolve
from crenel.harden.needs.model import End, Named, Outside, Pods, Traffic
from crenel.kubernetes.objects.services import Service
from crenel.kubernetes.population import Group
from crenel.kubernetes.selectors import LabelIndex
from crenel.network.addresses import AddressSet, address_text, parse_address
from crenel.network.endpoints import Kind
from crenel.network.traffic import Match, protocol_number
from crenel.provenance import FieldPath, Origin
from crenel.sources.document import Document

_TEMPLATES: Mapping[str, FieldPath] = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "Pod": (),
}


MANAGED_BY = "app.kubernetes.io/managed-by"
MANAGER = "crenel"
"""The label that everything written bears, and by which it is known again."""

_SYSTEM = ("kube-system", "kube-public", "kube-node-lease", "kube-flannel", "tigera-operator", "cilium", "gmp-system")
_SYSTEMS = ("openshift", "calico-")

LINK_LOCAL = AddressSet.of("169.254.0.0/16", "fe80::/10")
"""Where metadata servers and caches of nodes are, and nothing else that is meant from afar (RFC 3927, RFC 4291)."""


@dataclass(frozen=True, slots=True)
class Written:
    """What people wrote of one workload: a pod's metadata and spec in an object, or a custom resource whole.

    `pod` is the mapping that has ``metadata`` and ``spec`` of the pods, at `path` of `data`; None for a custom resource
    without a pod template.
    """

    owner: Pods
    data: dict[str, Any]
    origin: Origin
    pod: dict[str, Any] | None
    path: FieldPath

    @property
    def spec(self) -> dict[str, Any]:
        """The spec of the pods; empty without one."""
        return mapping(self.pod.get("spec")) if self.pod is not None else {}

    @property
    def annotations(self) -> dict[str, Any]:
        """The annotations of the pods."""
        return mapping(mapping(self.pod.get("metadata")).get("annotations")) if self.pod is not None else {}

    @property
    def containers(self) -> Iterator[tuple[dict[str, Any], FieldPath]]:
        """All containers with where they stand, those that only start the others included."""
        for kind in ("initContainers", "containers", "ephemeralContainers"):
            for place, each in enumerate(items(self.spec.get(kind))):
                if isinstance(each, dict):
                    yield each, (*self.path, "spec", kind, place)

    @property
    def images(self) -> tuple[str, ...]:
        """The names of the images of its lasting containers, without registry, folder and tag."""
        return tuple(path.rpartition("/")[2].partition(":")[0] for path in self._image_paths)

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders of a registry that these images are in; the registry may be among them."""
        return tuple(folder for path in self._image_paths for folder in path.split("/")[:-1])

    @property
    def _image_paths(self) -> Iterator[str]:
        for each in items(self.spec.get("containers")):
            image = mapping(each).get("image")
            if isinstance(image, str):
                yield image.partition("@")[0]


class Ground:
    """Look-up tables over one model."""

    def __init__(self, model: Model, documents: Sequence[Document], default_namespace: str) -> None:
        self.model = model
        self.documents = documents
        self.default_namespace = default_namespace
        self.decoded = model.given.decoded
        self.services = {(each.namespace, each.name): each for each in self.decoded.services}
        self.config_maps = {(each.namespace, each.name): each for each in self.decoded.config_maps}

    @cached_property
    def owners(self) -> dict[Pods, list[int]]:
        """The endpoints of each workload."""
        found: dict[Pods, list[int]] = defaultdict(list)
        for index, group in self.model.scope.groups.items():
            found[owner(group)].append(index)
        return dict(found)

    @cached_property
    def by_name(self) -> dict[tuple[str, str], list[Pods]]:
        """The workloads by namespace and name."""
        found: dict[tuple[str, str], list[Pods]] = defaultdict(list)
        for each in self.owners:
            found[each.namespace, each.name].append(each)
        return dict(found)

    @cached_property
    def accounts(self) -> dict[tuple[str, str], list[Pods]]:
        """The workloads by the namespace and name of their service account."""
        found: dict[tuple[str, str], list[Pods]] = defaultdict(list)
        for each in self.owners:
            found[each.namespace, self.group(each).service_account].append(each)
        return dict(found)

    @cached_property
    def mounting(self) -> dict[tuple[str, str], list[Pods]]:
        """Who mounts each ConfigMap, by its namespace and name."""
        found: dict[tuple[str, str], list[Pods]] = defaultdict(list)
        for pods, written in self.written.items():
            for volume in items(written.spec.get("volumes")):
                name = mapping(mapping(volume).get("configMap")).get("name")
                if isinstance(name, str):
                    found[pods.namespace, name].append(pods)
        return dict(found)

    def of(self, index: int) -> Pods:
        """The workload of an endpoint."""
        return owner(self.model.scope.groups[index])

    def group(self, pods: Pods) -> Group:
        """The pods of a workload, one part of them where they differ."""
        return self.model.scope.groups[self.owners[pods][0]]

    @cached_property
    def incomplete(self) -> frozenset[str]:
        """The namespaces that certainly have more than the input: where the DNS of the cluster is only assumed."""
        return frozenset(pods.namespace for pods in self.owners if pods.name == STAND_IN)

    def hosted(self, pods: Pods) -> bool:
        """Whether the pods of a workload share the network of their nodes."""
        return self.group(pods).hosted

    @cached_property
    def written(self) -> dict[Pods, Written]:
        """What people wrote of each workload."""
        found: dict[Pods, Written] = {}
        custom = {(each.namespace, each.kind, each.name) for each in self.decoded.custom_workloads}
        for document in self.documents:
            each = self._written(document, custom)
            if each is not None and each.owner in self.owners and (each.owner not in found or not _is_pod(document)):
                found[each.owner] = each
        return found

    def _written(self, document: Document, custom: set[tuple[str, str, str]]) -> Written | None:
        data = document.data
        kind, metadata = data.get("kind"), mapping(data.get("metadata"))
        namespace, name = str(metadata.get("namespace") or self.default_namespace), str(metadata.get("name") or "")
        if kind == "Pod":
            pods = self._pod_owners.get((namespace, name))
            return Written(pods, data, document.origin, data, ()) if pods is not None else None
        if not isinstance(kind, str):
            return None
        pods = Pods(namespace, kind, name)
        if kind in _TEMPLATES:
            path = _TEMPLATES[kind]
            return Written(pods, data, document.origin, mapping(at(data, path)), path)
        if (namespace, kind, name) in custom:
            template = mapping(at(data, ("spec", "template")))
            has = isinstance(mapping(template.get("spec")).get("containers"), list)
            return Written(pods, data, document.origin, template if has else None, ("spec", "template") if has else ())
        return None

    @cached_property
    def image_words(self) -> dict[Pods, frozenset[str]]:
        """The images of each workload and the words of their names; its kind where an operator makes its pods."""
        return {pods: _image_words(pods, self.written.get(pods)) for pods in self.owners}

    @cached_property
    def _pod_owners(self) -> dict[tuple[str, str], Pods]:
        return {
            (group.namespace, member): owner(group)
            for group in self.model.scope.groups.values()
            for member in group.members or ((group.workload,) if group.kind == "Pod" else ())
        }

    def behind(self, service: Service, asked: tuple[Match, ...] | None = None) -> Iterator[tuple[End, Traffic]]:
        """What stands behind a Service, with the ports of the pods. `asked` are ports of the Service; None is all."""
        found = resolve(service, asked, self.model.scope, self.decoded, self.model.network)
        if found.name:
            ports = asked or tuple(_service_ports(service)) or (None,)
            yield from ((Named(found.name), each) for each in ports)
        for backend in found.backends:
            if backend.endpoint is not None:
                yield from ((self.of(backend.endpoint), each) for each in backend.traffic)
            else:
                yield from ((self.at_address(backend.address), each) for each in backend.traffic)

    def pods_behind(self, service: Service) -> list[Pods]:
        """The workloads that a Service selects."""
        return list(dict.fromkeys(end for end, _ in self.behind(service) if isinstance(end, Pods)))

    def at_address(self, text: str) -> End:
        """Whoever has an address: a workload, or somebody outside.

        Raises:
            ValueError: it is no address.
        """
        index = self._addressed.get(address_text(*parse_address(text)))
        return Outside(AddressSet.of(text)) if index is None else self.of(index)

    @cached_property
    def _addressed(self) -> dict[str, int]:
        return {
            address_text(*parse_address(address)): index
            for index, group in self.model.scope.groups.items()
            if not group.hosted
            for address in group.addresses or ()
        }

    @cached_property
    def service_addresses(self) -> dict[str, Service]:
        """The Services by their cluster addresses."""
        return {
            address: each
            for each in self.decoded.services
            if each.spec is not None
            for address in (*(each.spec.cluster_ips or ()), each.spec.cluster_ip or "")
            if address and address != "None"
        }

    @cached_property
    def namespaces(self) -> LabelIndex:
        """The namespaces by their labels, in the order of `namespace_names`."""
        known = self.model.scope.population.namespaces
        return LabelIndex((place, known[name], frozenset()) for place, name in enumerate(self.namespace_names))

    @cached_property
    def namespace_names(self) -> list[str]:
        """All namespaces."""
        return list(self.model.scope.population.namespaces)

    @cached_property
    def everywhere(self) -> AddressSet:
        """Everything outside of the pods' own ranges, in the families that the cluster uses."""
        families = self.model.network.blueprint.families
        return AddressSet.everything(*families) - self.model.scope.surroundings.pod_ranges

    @property
    def far(self) -> AddressSet:
        """The same without link-local addresses: where servers outside, nodes and the API server may be."""
        return self.everywhere - LINK_LOCAL

    @cached_property
    def _folder(self) -> str:
        """The folder that all files of the input are in; empty where there is none."""
        folders = {posixpath.dirname(each.origin.source) for each in self.documents if not _is_ours(each)}
        absolute = {each.startswith("/") for each in folders}
        return posixpath.commonpath(folders) if folders and len(absolute) == 1 else ""

    def short(self, place: str) -> str:
        """A place in the input, by its path in the folder that all of them are in."""
        return place.removeprefix(f"{self._folder}/") if self._folder else place

    @property
    def pod_ranges_known(self) -> bool:
        """Whether it is known where pods get their addresses from."""
        return bool(self.model.scope.surroundings.pod_ranges)

    @cached_property
    def node_addresses(self) -> AddressSet:
        """The addresses of all nodes of the input."""
        return self.model.scope.surroundings.node_addresses

    def mask(self, pods: Pods) -> int:
        """The endpoints of a workload as a set."""
        return union(self.owners[pods])

    def is_workload(self, index: int) -> bool:
        """Whether an endpoint is a workload's."""
        return self.model.network.endpoints[index].kind is Kind.WORKLOAD


def _image_words(pods: Pods, written: Written | None) -> frozenset[str]:
    if written is None or written.pod is None:
        return frozenset((pods.kind.lower(),))
    images = [image.lower() for image in written.images]
    if set(images) & {"server", "database"}:
        images += [folder.lower() for folder in written.folders[-1:]]  # mssql/server
    return frozenset(word for image in images for word in (image, *image.replace("_", "-").split("-")))


def is_system(namespace: str) -> bool:
    """Whether a namespace is the cluster's own, which is hardened only when it is asked for."""
    return namespace in _SYSTEM or namespace.startswith(_SYSTEMS)


def owner(group: Group) -> Pods:
    """The workload of some pods."""
    return Pods(group.namespace, group.kind, group.workload)


def governed(group: Group, namespaces: Collection[str]) -> bool:
    """Whether policies of some namespaces decide about some pods: not in the network of nodes, nor only assumed."""
    return group.namespace in namespaces and not group.hosted and group.workload != STAND_IN


def _is_ours(document: Document) -> bool:
    """Whether an earlier run wrote it."""
    labels = mapping(mapping(document.data.get("metadata")).get("labels"))
    return labels.get(MANAGED_BY) == MANAGER


def _is_pod(document: Document) -> bool:
    return document.data.get("kind") == "Pod"


def _service_ports(service: Service) -> Iterator[Match]:
    for port in (service.spec.ports if service.spec else None) or ():
        yield Match(protocol_number(port.protocol or "TCP"), (port.port, port.port))


def mapping(value: Any) -> dict[str, Any]:
    """A mapping; empty for what is none."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """A list; empty for what is none."""
    return value if isinstance(value, list) else []


def at(data: Any, path: FieldPath) -> Any:
    """The value at a path; None where it is not there."""
    for step in path:
        if isinstance(step, int):
            data = data[step] if isinstance(data, list) and step < len(data) else None
        else:
            data = data.get(step) if isinstance(data, dict) else None
    return data
