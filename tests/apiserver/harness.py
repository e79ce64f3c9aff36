"""What most tests of a live cluster need: a server, a kubeconfig for it, and objects."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from apiserver.kubeconfig import write_kubeconfig
from apiserver.server import Server
from crenel.provenance import Severity
from crenel.sources import cluster
from crenel.sources.document import Reading

QUICK = cluster.Limits(connect=2, silence=1, answer=2, busy=2, login=5)
"""Patience for tests."""


@dataclass
class Harness:
    """A server and a folder for the kubeconfigs that lead to it."""

    server: Server
    directory: Path
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def kubeconfig(self, user: dict[str, Any] | None = None, cluster: dict[str, Any] | None = None) -> str:
        """Write a new kubeconfig; the user is an admin with a client certificate unless another is given."""
        path = self.directory / f"kubeconfig-{next(self._numbers)}"
        return str(write_kubeconfig(path, self.server, user=user, cluster=cluster))

    def read(
        self,
        user: dict[str, Any] | None = None,
        cluster_: dict[str, Any] | None = None,
        limits: cluster.Limits = QUICK,
        **options: Any,
    ) -> Reading:
        """Read the cluster with a new kubeconfig."""
        return cluster.read(kubeconfig=self.kubeconfig(user, cluster_), limits=limits, **options)

    def put(self, *items: dict[str, Any]) -> None:
        """Store objects."""
        self.server.api.put(*items)


def thing(api_version: str, kind: str, name: str, namespace: str = "", **fields: Any) -> dict[str, Any]:
    """An object."""
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata} | fields


def pod(name: str, namespace: str = "shop", **fields: Any) -> dict[str, Any]:
    """A pod with one container."""
    spec = {"containers": [{"name": "c", "image": "nginx"}]}
    return thing("v1", "Pod", name, namespace, **({"spec": spec} | fields))


def names(reading: Reading, kind: str) -> list[str]:
    """The names of all objects of a kind, in order."""
    return [each.data["metadata"]["name"] for each in reading.documents if each.data["kind"] == kind]


def errors(reading: Reading) -> list[str]:
    """The messages of all errors."""
    return [each.message for each in reading.problems if each.severity is Severity.ERROR]


def notices(reading: Reading) -> list[str]:
    """The messages of all notices."""
    return [each.message for each in reading.problems if each.severity is Severity.NOTICE]
