"""The server's objects and every change made to them, by revision, as etcd keeps them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from apiserver.resources import Resource

Object: TypeAlias = dict[str, Any]
Key: TypeAlias = tuple[str, str]
"""Namespace (empty for cluster-scoped) and name."""


class CompactedError(Exception):
    """A revision was asked for that is no longer kept."""


@dataclass(frozen=True)
class Change:
    """One change; `object` is None when it was deleted."""

    revision: int
    table: tuple[str, str]
    key: Key
    object: Object | None


class Store:
    """All objects, with their history; safe to change from another thread than the server's."""

    def __init__(self) -> None:
        self.revision = 1
        self.compacted = 0
        self.history: list[Change] = []
        self._tables: dict[tuple[str, str], dict[Key, Object]] = {}
        self._lock = threading.RLock()

    def put(self, resource: Resource, item: Object) -> Object:
        """Create or replace an object; its resourceVersion is kept when it is newer than the store's revision."""
        with self._lock:
            metadata = dict(item.get("metadata", {}))
            stated = int(metadata.get("resourceVersion", 0))
            self.revision = max(self.revision + 1, stated)
            metadata["resourceVersion"] = str(stated or self.revision)
            metadata.setdefault("uid", str(UUID(int=self.revision)))
            metadata.setdefault("creationTimestamp", "2026-01-01T00:00:00Z")
            stored = {"apiVersion": resource.group_version, "kind": resource.kind} | item | {"metadata": metadata}
            self._record(resource, (metadata.get("namespace", ""), metadata["name"]), stored)
            return stored

    def delete(self, resource: Resource, namespace: str, name: str) -> None:
        """Remove an object."""
        with self._lock:
            self.revision += 1
            self._record(resource, (namespace, name), None)

    def compact(self) -> None:
        """Forget every revision but the present one, which is a new one."""
        with self._lock:
            self.revision += 1
            self.compacted = self.revision

    def at(self, resource: Resource, revision: int | None = None) -> dict[Key, Object]:
        """The objects of a resource at a revision (now by default).

        Raises:
            CompactedError: that revision is gone.

        """
        with self._lock:
            table = (resource.group, resource.name)
            if revision is None or revision >= self.revision:
                return dict(self._tables.get(table, {}))
            if revision < self.compacted:
                raise CompactedError
            objects: dict[Key, Object] = {}
            for change in self._changes(table, revision):
                if change.object is None:
                    objects.pop(change.key, None)
                else:
                    objects[change.key] = change.object
            return objects

    def _changes(self, table: tuple[str, str], until: int) -> Iterator[Change]:
        return (each for each in self.history if each.table == table and each.revision <= until)

    def _record(self, resource: Resource, key: Key, item: Object | None) -> None:
        table = (resource.group, resource.name)
        self.history.append(Change(self.revision, table, key, item))
        objects = self._tables.setdefault(table, {})
        if item is None:
            objects.pop(key, None)
        else:
            objects[key] = item
