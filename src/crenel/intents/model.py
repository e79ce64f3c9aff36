"""What statements are made of. Ends are kept as they were written: whom they mean is for questions to find out."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

from crenel.kubernetes.objects.meta import LabelSelector
from crenel.provenance import NOWHERE, FieldPath, Origin, Problem


@dataclass(frozen=True, slots=True)
class Selection:
    """One part of an end: a place in the notation of the commands, or workloads by labels.

    With `text`, that is the place, a port behind it included. Without, it is the workloads of `namespaces` (all where
    there are none) that both selectors match. `ports` are for targets: texts like ``8080``, ``53/UDP`` or ``http``.
    Whoever is in `exceptions` is not meant.
    """

    text: str = ""
    namespaces: tuple[str, ...] = ()
    namespace_labels: LabelSelector | None = None
    labels: LabelSelector | None = None
    ports: tuple[str, ...] = ()
    exceptions: End = ()
    field: FieldPath = ()


End: TypeAlias = tuple[Selection, ...]
"""One end of a statement: all of its parts together."""


class Way(enum.Enum):
    """Which connections over a border are meant."""

    BOTH = "both"
    IN = "in"
    OUT = "out"


class Legs(enum.Enum):
    """Which connections of a path have to be encrypted."""

    ALL = "all"
    """All, to the last pod."""
    CLIENT = "client"
    """The one that the client opens."""


@dataclass(frozen=True, slots=True)
class Exemption:
    """What may cross a border all the same; an end that is empty is the set itself."""

    sources: End = ()
    targets: End = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What all statements have. `number` counts from 1 over all documents; `field` leads to it in its document."""

    verb: ClassVar[str] = ""
    name: str = ""
    reason: str = ""
    number: int = 0
    origin: Origin = NOWHERE
    field: FieldPath = ()

    @property
    def title(self) -> str:
        """Its name, or its verb and number where it has none."""
        return self.name or f"{self.verb} {self.number}"

    @property
    def file(self) -> str:
        """The source that it was read from."""
        return self.origin.source

    @property
    def line(self) -> int | None:
        """Its line, looked up when asked for."""
        return self.origin.line(self.field) if self.origin.source else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Allow(Statement):
    """Every source certainly reaches every target."""

    verb: ClassVar[str] = "allow"
    sources: End
    targets: End


@dataclass(frozen=True, slots=True, kw_only=True)
class Deny(Statement):
    """Certainly no source reaches any target."""

    verb: ClassVar[str] = "deny"
    sources: End
    targets: End


@dataclass(frozen=True, slots=True, kw_only=True)
class Only(Statement):
    """Nobody but the sources reaches any target."""

    verb: ClassVar[str] = "only"
    sources: End
    targets: End


@dataclass(frozen=True, slots=True, kw_only=True)
class Isolated(Statement):
    """Nothing crosses the border of `inside`, but for exemptions."""

    verb: ClassVar[str] = "isolated"
    inside: End
    way: Way = Way.BOTH
    exemptions: tuple[Exemption, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls(Statement):
    """Connections are encrypted: those from outside for a host, or those that workloads take."""

    verb: ClassVar[str] = "tls"
    host: str = ""
    """A host or a URL; empty where `targets` are meant."""
    targets: End = ()
    legs: Legs = Legs.ALL


Client: TypeAlias = Allow | Deny | Only
"""The statements that have sources and targets."""


@dataclass(frozen=True, slots=True)
class Intents:
    """All statements of some documents, and what was wrong with them."""

    statements: tuple[Statement, ...] = ()
    problems: list[Problem] = field(default_factory=list)
