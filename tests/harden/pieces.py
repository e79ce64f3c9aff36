"""Objects of small applications."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import crenel
from crenel.harden.needs import Need
from crenel.harden.needs.gather import Gathered, Sources, gather
from crenel.library import Network

Object = dict[str, Any]


def workload(
    name: str,
    namespace: str = "shop",
    *,
    kind: str = "Deployment",
    image: str = "registry.example/app:1",
    labels: Mapping[str, str] | None = None,
    ports: Sequence[int | tuple[int, str]] = (),
    env: Mapping[str, str] | None = None,
    args: Sequence[str] = (),
    replicas: int = 1,
    spec: Mapping[str, Any] | None = None,
    more: Mapping[str, Any] | None = None,
) -> Object:
    """A workload of one container; `spec` is added to its pods', `more` to its own."""
    own = dict(labels or {"app": name})
    container: Object = {"name": "main", "image": image}
    if ports:
        container["ports"] = [
            {"containerPort": each} if isinstance(each, int) else {"containerPort": each[0], "name": each[1]}
            for each in ports
        ]
    if env:
        container["env"] = [{"name": key, "value": value} for key, value in env.items()]
    if args:
        container["args"] = list(args)
    template = {"metadata": {"labels": own}, "spec": {"containers": [container], **(spec or {})}}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"replicas": replicas, "selector": {"matchLabels": own}, "template": template, **(more or {})},
    }


def service(
    name: str,
    port: int = 80,
    target: int | str | None = None,
    namespace: str = "shop",
    *,
    app: str = "",
    more: Mapping[str, Any] | None = None,
) -> Object:
    """A Service for the pods with the label ``app``."""
    ports = [{"name": "main", "port": port, "targetPort": target or port}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": {"app": app or name}, "ports": ports, **(more or {})},
    }


def config(name: str, data: Mapping[str, str], namespace: str = "shop") -> Object:
    """A ConfigMap."""
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict(data)}


def load(*objects: Object) -> Network:
    """The network of some objects."""
    return crenel.load(list(objects))


def gathered(*objects: Object, **sources: Any) -> Gathered:
    """The needs of some objects."""
    net = load(*objects)
    return gather(net.given, Sources(net.documents, **sources))


def shown(found: Gathered, *, system: bool = False) -> list[str]:
    """The needs as lines, those of name resolution and of the API server left out unless `system`."""
    return [f"{need}{' ?' if need.guessed else ''}" for need in found.needs.needs if system or not _is_system(need)]


def _is_system(need: Need) -> bool:
    return "the cluster's DNS" in str(need.target) or "the API server" in str(need.target)


def remarks(found: Gathered) -> list[str]:
    """What is not known, as lines."""
    return [f"{each.subject}: {each.text}" for each in found.needs.remarks]
