"""Lists, page after page, and the few objects that are read by name.

Source of the rules: Kubernetes documentation "Kubernetes API Concepts", sections "Retrieving large results sets in
chunks" and "410 Gone responses". When a continue token has expired, the list is begun again once; should it expire
again, the token that the server offers for the remainder is taken: what changes meanwhile may then be missed or be
there in two versions, and a notice says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from crenel.sources.cluster_discovery import Source
from crenel.sources.cluster_errors import ClusterError, RefusedError
from crenel.sources.cluster_kinds import Kind
from crenel.sources.cluster_objects import decode_list, decode_object
from crenel.sources.cluster_session import Session


@dataclass(frozen=True, slots=True)
class Task:
    """One list to read: a source, in one namespace or everywhere."""

    source: Source
    namespace: str | None = None

    @property
    def kind(self) -> Kind:
        """The kind that it lists."""
        return self.source.kind


@dataclass(slots=True)
class Outcome:
    """What one list brought; `error` when it could not be read, and then there are no objects."""

    task: Task
    objects: list[dict[str, Any]] = field(default_factory=list)
    error: ClusterError | None = None
    moved: bool = False
    """The list expired twice, and its end is of a later moment than its beginning."""

    @property
    def forbidden(self) -> bool:
        """Whether the server knows us and refuses."""
        return isinstance(self.error, RefusedError) and self.error.code == 403


def read(session: Session, task: Task) -> Outcome:
    """Read one list; whatever goes wrong is in the outcome."""
    outcome = Outcome(task)
    try:
        for path in task.source.paths:
            if _read_at(session, path, outcome):
                return outcome
    except ClusterError as error:
        outcome.objects, outcome.error = [], error
    return outcome


def read_names(session: Session, task: Task, names: Iterator[str]) -> Outcome:
    """Read objects of a cluster-wide kind by name, for those who may not list them."""
    outcome = Outcome(task)
    path = task.source.paths[0]
    try:
        for name in names:
            _add_object(session, f"{path}/{task.kind.resource}/{name}", outcome)
    except ClusterError as error:
        outcome.error = error
    return outcome


def _read_at(session: Session, path: str, outcome: Outcome) -> bool:
    """Read a kind at one path; False when it is not served there."""
    kind, namespace = outcome.task.kind, outcome.task.namespace
    if kind.names:
        for name in kind.names:
            space, _, own = name.partition("/")
            if namespace in (None, space):
                _add_object(session, f"{path}/namespaces/{space}/{kind.resource}/{own}", outcome)
        return True
    place = f"{path}/namespaces/{namespace}/{kind.resource}" if namespace else f"{path}/{kind.resource}"
    try:
        outcome.objects = _Pages(session, place, kind).read(outcome)
    except RefusedError as error:
        if error.code == 404:
            return False
        raise
    return True


def _add_object(session: Session, path: str, outcome: Outcome) -> None:
    kind = outcome.task.kind
    try:
        outcome.objects.append(decode_object(session.get(path), kind, _api_version(path)))
    except RefusedError as error:
        if error.code != 404:
            raise
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise session.nonsense(path) from None


class _Pages:
    """The pages of one list."""

    def __init__(self, session: Session, path: str, kind: Kind) -> None:
        self._session, self._path, self._kind = session, path, kind
        self._restarted = False

    def read(self, outcome: Outcome) -> list[dict[str, Any]]:
        """Read them all."""
        objects: list[dict[str, Any]] = []
        token = ""
        while True:
            try:
                page, following = self._page(token)
            except RefusedError as error:
                if error.code != 410 or not token:
                    raise
                objects, token = self._recover(error, objects, outcome)
                continue
            objects += page
            if not following:
                return objects
            if following == token:
                raise ClusterError(f"{self._session.where}: GET {self._path}: the list leads back to its own page")
            token = following

    def _page(self, token: str) -> tuple[list[dict[str, Any]], str]:
        query: dict[str, str | int] = {"limit": self._session.limits.page}
        if self._kind.fields:
            query["fieldSelector"] = self._kind.fields
        if token:
            query["continue"] = token
        body = self._session.get(self._path, query)
        try:
            return decode_list(body, self._kind, _api_version(self._path))
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise self._session.nonsense(self._path) from None

    def _recover(
        self, error: RefusedError, objects: list[dict[str, Any]], outcome: Outcome
    ) -> tuple[list[dict[str, Any]], str]:
        """Where to go on after a token has expired."""
        if not self._restarted:
            self._restarted = True
            return [], ""
        if not error.token:
            raise error
        outcome.moved = True
        return objects, error.token


def _api_version(path: str) -> str:
    """``apps/v1`` of ``/apis/apps/v1/...``."""
    parts = path.split("/")
    return parts[2] if parts[1] == "api" else f"{parts[2]}/{parts[3]}"
