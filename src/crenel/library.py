"""The public face of a network: ask it, compare it, change it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from crenel.dialects.enforcement import Enforcement
from crenel.dialects.foreign import is_foreign
from crenel.dialects.foreign import notice as foreign_notice
from crenel.dialects.model import Input, Model, build
from crenel.kubernetes.decode import decode
from crenel.kubernetes.operators import is_predictable
from crenel.provenance import Origin, Problem
from crenel.questions.can import can
from crenel.questions.connections import Connection, Selection, connections, everything
from crenel.questions.diff import Difference, diff
from crenel.questions.directory import Directory
from crenel.questions.enforced import unenforced_notice
from crenel.questions.parties import Parties
from crenel.questions.places import PlaceError
from crenel.questions.selecting import narrowed
from crenel.questions.verdict import Verdict
from crenel.sources.document import Document, Reading


class Network:
    """Everything that one input says about who can talk to whom.

    Made by `crenel.load`. Immutable: `with_changes` returns another one.
    """

    def __init__(self, reading: Reading, default_namespace: str = "default", pod_cidrs: Sequence[str] = ()) -> None:
        decoded = decode(
            reading.documents, default_namespace=default_namespace, foreign=is_foreign, predictable=is_predictable
        )
        self._reading = reading
        self._default_namespace = default_namespace
        self.problems: list[Problem] = [*reading.problems, *decoded.problems]
        self.notices: list[Problem] = foreign_notice(decoded.foreign_policies)
        self.examined = reading.examined
        self.given = Input(decoded, tuple(pod_cidrs), tuple(reading.unreadable))

    @cached_property
    def model(self) -> Model:
        """The translated input; made when the first question is asked."""
        return build(self.given)

    @cached_property
    def directory(self) -> Directory:
        """Names of this network's endpoints."""
        return Directory(self.model)

    @cached_property
    def parties(self) -> Parties:
        """Names of sets of endpoints."""
        return Parties(self.model.network)

    @property
    def enforcement(self) -> Enforcement:
        """Which CNI was recognised, and what it enforces."""
        return self.model.enforcement

    @property
    def warning(self) -> str:
        """One line that says that policies exist which nothing enforces; empty when that is not so."""
        return unenforced_notice(self.model)

    def can(self, source: str, target: str, traffic: str | None = None) -> Verdict:
        """May `source` reach `target`? `traffic` is like ``TCP/5432``; the target may carry a port instead.

        Raises:
            PlaceError: an end cannot be found, or the traffic cannot be read.
        """
        return can(self.directory, source, target, traffic)

    def connections(
        self,
        *,
        namespaces: Sequence[str] = (),
        sources: Sequence[str] = (),
        targets: Sequence[str] = (),
        traffic: Sequence[str] = (),
        expand: bool = False,
        nodes: bool = False,
    ) -> list[Connection]:
        """Who can talk to whom; all of it, or what namespaces, sources, targets or some traffic have part in.

        With `expand` every party is a single endpoint or CIDR.

        Raises:
            PlaceError: an end cannot be found, or the traffic cannot be read.
        """
        chosen = self.selection(namespaces, sources, targets, traffic, nodes)
        return connections(self.model.network, chosen, expand)

    def selection(
        self,
        namespaces: Sequence[str] = (),
        sources: Sequence[str] = (),
        targets: Sequence[str] = (),
        traffic: Sequence[str] = (),
        nodes: bool = False,
    ) -> Selection:
        """What of the map is wanted.

        Raises:
            PlaceError: an end cannot be found, or the traffic cannot be read.
        """
        whole = everything(self.parties, nodes)
        return narrowed(self.directory, self.parties, whole, namespaces, sources, targets, traffic)

    def diff(self, other: Network, *, expand: bool = False) -> Difference:
        """What `other` changes: its connections against this network's."""
        return diff(self.given, other.given, expand)

    def with_changes(self, add: Sequence[dict[str, Any]] = (), remove: Sequence[str] = ()) -> Network:
        """Another network, with objects added (or put in the place of those with the same name) and others removed.

        `remove` names objects as ``KIND/NAMESPACE/NAME``, or ``KIND/NAME`` for cluster-wide ones.

        Raises:
            PlaceError: an object to remove is not there.
        """
        added = [Document(data, Origin("change", number)) for number, data in enumerate(add)]
        return self.with_documents(added, remove)

    def with_documents(self, added: Sequence[Document], remove: Sequence[str] = ()) -> Network:
        """The same with documents that come from a source."""
        gone = {_wanted(text) for text in remove}
        new = {_name_of(document.data, self._default_namespace) for document in added}
        present = {_name_of(document.data, self._default_namespace) for document in self._reading.documents}
        for kind, namespace, name in gone - present:
            raise PlaceError(f"nothing to leave out: no {kind} {namespace + '/' if namespace else ''}{name} in the input")
        kept = [each for each in self._reading.documents if _name_of(each.data, self._default_namespace) not in gone | new]
        reading = Reading([*kept, *added], self._reading.problems, self._reading.unreadable, self._reading.examined)
        return Network(reading, self._default_namespace, self.given.pod_cidrs)


def _wanted(text: str) -> tuple[str, str, str]:
    parts = text.split("/")
    if len(parts) not in (2, 3) or not all(parts):
        raise PlaceError(f"cannot read {text!r}: write KIND/NAMESPACE/NAME, or KIND/NAME for what is cluster-wide")
    return parts[0].lower(), parts[1] if len(parts) == 3 else "", parts[-1]


_CLUSTER_WIDE = {"namespace", "node", "adminnetworkpolicy", "baselineadminnetworkpolicy", "clusternetworkpolicy"}


def _name_of(data: dict[str, Any], default_namespace: str) -> tuple[str, str, str]:
    metadata = data.get("metadata")
    found = metadata if isinstance(metadata, dict) else {}
    kind = str(data.get("kind", "")).lower()
    namespace = "" if kind in _CLUSTER_WIDE else str(found.get("namespace") or default_namespace)
    return kind, namespace, str(found.get("name", ""))
