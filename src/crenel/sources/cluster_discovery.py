"""What an API server serves, and in which version: one plan of lists, made from the discovery documents.

Source of the rules: Kubernetes documentation "Kubernetes API Concepts", section "API Discovery". The plain documents
(``/apis``, ``/apis/GROUP/VERSION``) are asked for, because every API server has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from crenel.sources.cluster_errors import ClusterError, RefusedError, UnreachableError
from crenel.sources.cluster_kinds import Kind
from crenel.sources.cluster_session import Session


@dataclass(frozen=True, slots=True)
class Source:
    """A kind that may be there. `paths` are tried in turn until one is served; `problem` says why none can be."""

    kind: Kind
    paths: tuple[str, ...] = ()
    """Such as ``/apis/apps/v1``."""
    problem: str = ""


class _Version(msgspec.Struct):
    version: str


class _Group(msgspec.Struct):
    name: str
    versions: list[_Version]


class _GroupList(msgspec.Struct):
    groups: list[_Group]


class _Resource(msgspec.Struct):
    name: str
    verbs: list[str]


class _ResourceList(msgspec.Struct):
    resources: list[_Resource]


def discover(session: Session, kinds: Iterable[Kind]) -> Iterator[Source]:
    """Find where each kind is served; a kind that is not served yields nothing.

    Where discovery itself is forbidden, every version that Crenel knows is a path to try.

    Raises:
        ClusterError: this is no API server, or nothing can be read from it.

    """
    serving = _Serving(session)
    for kind in kinds:
        if kind.twin and serving.has(kind.twin, kind.resource):
            continue
        source = serving.source(kind)
        if source.paths or source.problem:
            yield source


_Shape = TypeVar("_Shape")


class _Serving:
    """The discovery documents, asked for when they are needed."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._resources: dict[str, set[str] | ClusterError] = {}
        self._groups: dict[str, list[str]] | None = None
        self._forbidden = False
        try:
            self._load("/api/v1")
            found = _decode(session, "/apis", _GroupList)
            self._groups = {each.name: [version.version for version in each.versions] for each in found.groups}
        except RefusedError as error:
            if error.code != 403:
                raise
            self._forbidden = True

    def source(self, kind: Kind) -> Source:
        """Where to read a kind."""
        if self._forbidden:
            return Source(kind, tuple(_path(kind.group, version) for version in kind.versions))
        problem = ""
        for version in self._candidates(kind):
            served = self._load(_path(kind.group, version))
            if isinstance(served, ClusterError):
                problem = problem or str(served)
            elif kind.resource in served:
                return Source(kind, (_path(kind.group, version),))
        return Source(kind, problem=problem)

    def has(self, group: str, resource: str) -> bool:
        """Whether a group serves a resource in any version, or may do so."""
        served = [self._load(_path(group, version)) for version in (self._groups or {}).get(group, ())]
        return any(isinstance(each, ClusterError) or resource in each for each in served)

    def _candidates(self, kind: Kind) -> list[str]:
        """The versions of its group that are served: first those that Crenel knows."""
        if not kind.group:
            return ["v1"]
        served = (self._groups or {}).get(kind.group, [])
        return sorted(served, key=lambda each: kind.versions.index(each) if each in kind.versions else len(served) + 9)

    def _load(self, path: str) -> set[str] | ClusterError:
        """The resources of a group version that can be got and listed, or why that is not known."""
        if path not in self._resources:
            try:
                found = _decode(self._session, path, _ResourceList).resources
                self._resources[path] = {each.name for each in found if {"get", "list"} <= {*each.verbs}}
            except UnreachableError:
                raise
            except RefusedError as error:
                if path == "/api/v1":
                    raise
                self._resources[path] = set() if error.code == 404 else error
            except ClusterError as error:
                if path == "/api/v1":
                    raise
                self._resources[path] = error
        return self._resources[path]


def _path(group: str, version: str) -> str:
    return f"/apis/{group}/{version}" if group else f"/api/{version}"


def _decode(session: Session, path: str, shape: type[_Shape]) -> _Shape:
    try:
        return msgspec.json.decode(session.get(path), type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise session.nonsense(path) from None
