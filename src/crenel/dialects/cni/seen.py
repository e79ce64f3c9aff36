"""What the input shows that could tell the network plugin: containers, configuration, nodes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from crenel.dialects.cni.images import Image, parse
from crenel.dialects.cni.table import CONTAINERS, IMAGES
from crenel.kubernetes.objects.workloads import Container, Node, Pod, PodSpec, Workload
from crenel.provenance import NOWHERE, FieldPath, Origin

_CONTROLLERS = ("DaemonSet", "Deployment", "StatefulSet")


class ConfigMapLike(Protocol):
    """As much of a ConfigMap as is needed here."""

    @property
    def name(self) -> str:
        """The object's name."""
        ...

    @property
    def namespace(self) -> str:
        """The namespace it lives in."""
        ...

    @property
    def data(self) -> Mapping[str, Any] | None:
        """Its entries."""
        ...


@dataclass(frozen=True, slots=True)
class Running:
    """A container that some object of the input runs."""

    owner: str
    """The object's title, such as ``daemonset kube-system/cilium``."""
    workload: str
    """The name of the object; that of a pod may carry a suffix."""
    name: str
    reference: str
    image: Image
    arguments: tuple[str, ...]
    """Its command and its arguments, one list."""
    environment: Mapping[str, str]
    origin: Origin
    field: FieldPath

    def flag(self, name: str) -> str | None:
        """The value of a flag: ``--name=value``, ``-name=value``, ``--name value``; "true" for a bare one."""
        for place, argument in enumerate(self.arguments):
            stripped = argument.lstrip("-")
            if stripped == name and stripped != argument:
                following = self.arguments[place + 1 : place + 2]
                return following[0] if following and following[0] in ("true", "false") else "true"
            if stripped != argument and stripped.startswith(f"{name}="):
                return stripped[len(name) + 1 :]
        return None

    def mentions(self, text: str) -> bool:
        """Whether a text occurs anywhere in the command, scripts included."""
        return any(text in argument for argument in self.arguments)


@dataclass(frozen=True, slots=True)
class Configuration:
    """A ConfigMap of the input."""

    title: str
    data: Mapping[str, Any]
    """As the input has it: other values than text are possible, and mean nothing."""
    origin: Origin

    def value(self, key: str) -> str:
        """One entry, in lower case and without spaces around it; empty when it is missing."""
        text = self.data.get(key)
        return text.strip().lower() if isinstance(text, str) else ""

    def matches(self, pattern: str) -> bool:
        """Whether a regular expression matches a line of any entry."""
        return any(re.search(pattern, text, re.MULTILINE) for text in self.data.values() if isinstance(text, str))


@dataclass(slots=True)
class Seen:
    """Everything that could tell the plugin."""

    containers: list[Running] = field(default_factory=list)
    """Those whose image or name means something in the table of plugins."""
    configurations: dict[str, Configuration] = field(default_factory=dict)
    """By name, whatever the namespace."""
    nodes: list[Node] = field(default_factory=list)
    kinds: frozenset[tuple[str, str]] = frozenset()
    """(API group, kind) of the custom resources."""
    defined: frozenset[str] = frozenset()
    """API groups of the CustomResourceDefinitions."""
    definitions: frozenset[str] = frozenset()
    """Their names."""

    def has(self, group: str, kind: str, plural: str) -> bool:
        """Whether the cluster knows a kind: an object of it was seen, or its definition."""
        return (group, kind) in self.kinds or f"{plural}.{group}" in self.definitions

    def running(self, *names: str) -> list[Running]:
        """The containers whose image goes by one of these names."""
        wanted = frozenset(names)
        return [container for container in self.containers if container.image.names & wanted]

    def called(self, workload: str, *containers: str) -> list[Running]:
        """The containers of a workload that is known by its name, however its images are called."""
        return [
            each
            for each in self.containers
            if each.name in containers and (each.workload == workload or each.workload.startswith(f"{workload}-"))
        ]


def look(
    workloads: Iterable[Workload],
    pods: Iterable[Pod],
    config_maps: Iterable[ConfigMapLike],
    nodes: Iterable[Node],
    kinds: Iterable[tuple[str, str] | str],
) -> Seen:
    """Gather what could tell the plugin.

    `kinds` are (apiVersion, kind) pairs of objects, and names of CustomResourceDefinitions (``ciliumnodes.cilium.io``).
    """
    kinds = list(kinds)
    containers: list[Running] = []
    for workload in workloads:
        if workload.kind in _CONTROLLERS and workload.spec and workload.spec.template and workload.spec.template.spec:
            containers += _containers(workload, workload.spec.template.spec, ("spec", "template", "spec"))
    for pod in pods:
        if pod.spec is not None:
            containers += _containers(pod, pod.spec, ("spec",))
    return Seen(
        containers,
        {each.name: _configuration(each) for each in config_maps},
        list(nodes),
        frozenset((each[0].rpartition("/")[0], each[1]) for each in kinds if not isinstance(each, str)),
        frozenset(each.partition(".")[2] for each in kinds if isinstance(each, str)),
        frozenset(each for each in kinds if isinstance(each, str)),
    )


def _containers(owner: Workload | Pod, spec: PodSpec, at: FieldPath) -> Iterator[Running]:
    for place, container in enumerate(spec.containers or ()):
        image = parse(container.image or "")
        if container.name in CONTAINERS or not IMAGES.isdisjoint(image.names):
            yield _running(owner, container, image, (*at, "containers", place))


def _running(owner: Workload | Pod, container: Container, image: Image, at: FieldPath) -> Running:
    reference = container.image or ""
    return Running(
        owner=owner.title,
        workload=owner.name or owner.metadata.generate_name or "",
        name=container.name or "",
        reference=reference,
        image=image,
        arguments=(*(container.command or ()), *(container.args or ())),
        environment={each.name: each.value for each in container.env or () if each.value is not None},
        origin=owner.origin,
        field=(*at, "image") if reference else at,
    )


def _configuration(config_map: ConfigMapLike) -> Configuration:
    place = f"{config_map.namespace}/{config_map.name}" if config_map.namespace else config_map.name
    return Configuration(f"configmap {place}", config_map.data or {}, getattr(config_map, "origin", NOWHERE))


def node_arguments(node: Node, distribution: str) -> list[str] | None:
    """The arguments that k3s or RKE2 was started with on a node, from its annotation; None when it does not say."""
    text = (node.metadata.annotations or {}).get(f"{distribution}.io/node-args")
    if text is None:
        return None
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return [str(argument) for argument in found] if isinstance(found, list) else None
