"""What a plan for Services, hosts and the mesh is made of: changes of objects, each with its reason and its proof."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from crenel.audit.settings import Settings, matches
from crenel.dialects.entries import EntryKind
from crenel.editing.files import FileChange
from crenel.editing.patches import Edit
from crenel.harden.needs.model import Evidence
from crenel.intents import Intents
from crenel.network.addresses import AddressSet
from crenel.provenance import NOWHERE, FieldPath, Origin

if TYPE_CHECKING:
    from crenel.flows.observed import Observed
    from crenel.harden.needs.gather import Gathered
    from crenel.harden.tls.callers import Unit
    from crenel.library import Network


class Certainty(enum.Enum):
    """Whether a change may be made without asking."""

    SURE = "sure"
    CONFIRM = "to be confirmed"
    """It hangs on something that only the user knows; `Change.question` says on what."""


@dataclass(frozen=True, slots=True)
class Thing:
    """The object that a change is about: how the API names it, and where it was read from."""

    api_version: str
    kind: str
    namespace: str
    name: str
    origin: Origin = NOWHERE

    @property
    def title(self) -> str:
        """How reports write it."""
        space = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind.lower()} {space}{self.name}"

    @property
    def place(self) -> tuple[str, int, FieldPath]:
        """What tells texts apart, whoever read them."""
        return self.origin.source, self.origin.document, self.origin.item


@dataclass(frozen=True, slots=True)
class NewObject:
    """An object that is written. `text` is its YAML, `data` what it says."""

    thing: Thing
    data: dict[str, Any] = field(hash=False)
    text: str

    @property
    def file(self) -> str:
        """The name of its file."""
        space = f"{self.thing.namespace}-" if self.thing.namespace else ""
        return f"{self.thing.kind.lower()}-{space}{self.thing.name}.yaml"


@dataclass(frozen=True, slots=True)
class Promise:
    """What a change may cut, and nothing else.

    `entries` are ways in, by kind and title; `routes` are the places of Ingresses and routes of which the plain
    requests may go, and encrypted ones may come. Connections to workloads of `identified` namespaces may come to depend
    on the certificate of their source; to those of `admits` the mesh lets in just those who come to them.
    """

    entries: frozenset[tuple[EntryKind, str]] = frozenset()
    routes: frozenset[tuple[str, int, FieldPath]] = frozenset()
    identified: frozenset[str] = frozenset()
    admits: tuple[Unit, ...] = ()
    linkerd: bool = False
    """Whether that is the mesh of Linkerd, rather than that of Istio."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one object, with what it comes with.

    `name` is what tells it from others of the object: ``internal``, ``source-ranges``. `field` leads to what is wrong
    now. `mends` are the findings that it mends, as (check, object). `cuts` are lines about who loses access.
    """

    name: str
    what: str
    thing: Thing
    field: FieldPath
    edits: tuple[Edit, ...]
    reason: str
    evidence: tuple[Evidence, ...] = ()
    new: tuple[NewObject, ...] = ()
    beside: tuple[tuple[Thing, tuple[Edit, ...]], ...] = ()
    """Edits of other objects without which it would be half a change."""
    promise: Promise = Promise()
    mends: tuple[tuple[str, str], ...] = ()
    certainty: Certainty = Certainty.SURE
    question: str = ""
    notes: tuple[str, ...] = ()
    """What has to be done or known beside it."""
    cuts: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """What it is confirmed by: ``service shop/web: internal``."""
        return f"{self.thing.title}: {self.name}"

    @property
    def file(self) -> str:
        """The file of the object; empty for a live cluster."""
        return self.thing.origin.source if self.thing.origin.locate is not None else ""

    @property
    def line(self) -> int | None:
        """The line of what is wrong now."""
        return self.thing.origin.line(self.field) if self.file else None

    @property
    def touched(self) -> tuple[tuple[Thing, tuple[Edit, ...]], ...]:
        """All objects that it edits."""
        return tuple(each for each in ((self.thing, self.edits), *self.beside) if each[1])

    def asking(self, question: str) -> Change:
        """The same, to be confirmed."""
        return replace(self, certainty=Certainty.CONFIRM, question=question)


@dataclass(frozen=True, slots=True)
class Withheld:
    """A change that is not made, and why: it would cut a need, or do something else than it promises."""

    change: Change
    why: str


@dataclass(frozen=True, slots=True)
class Stays:
    """What stays open, or unencrypted, and why."""

    subject: str
    why: str
    origin: Origin = NOWHERE
    field: FieldPath = ()


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user wants, and knows.

    `confirmed` are patterns over the ids of changes that wait for that (``*`` for all); `internal` are the addresses
    of the user's own networks. Observations shorter than `least` do not prove that nobody else comes.
    """

    intents: Intents = field(default_factory=Intents)
    observed: Sequence[Observed] = ()
    gathered: Gathered | None = None
    """The needs, where they are known already; they are gathered otherwise."""
    settings: Settings = field(default_factory=Settings)
    services: bool = True
    tls: bool = True
    mesh_policies: bool = False
    """Whether the mesh is to let in just those who are needed."""
    guess: bool = False
    """Whether those who are only likely to be needed are among them."""
    api_server: tuple[str, ...] = ()
    confirmed: tuple[str, ...] = ()
    internal: AddressSet = field(default_factory=AddressSet)
    least: timedelta = timedelta(days=7)
    issuer: str = ""
    """The issuer of cert-manager that signs what is missing; empty for none."""
    cluster_issuer: bool = True

    def confirms(self, change: Change) -> bool:
        """Whether a change may be made."""
        return change.certainty is Certainty.SURE or matches(change.id, self.confirmed)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done, each change proved together with the others.

    `made` are all that may be made, `waiting` those that the user has to confirm first, `withheld` those that are
    not made. `files` are the user's own files with the changes in their text, `refused` says of which texts that could
    not be done; `component` is a folder for kustomize, as texts by name, which has all of them.
    """

    made: tuple[Change, ...]
    waiting: tuple[Change, ...]
    withheld: tuple[Withheld, ...]
    stays: tuple[Stays, ...]
    files: tuple[FileChange, ...]
    refused: tuple[str, ...]
    component: dict[str, str] = field(hash=False)
    after: Network = field(hash=False)
    """The network as the changed texts say it."""

    @property
    def changes(self) -> list[Change]:
        """All that were found, whether they are made or wait."""
        return [*self.made, *self.waiting]
