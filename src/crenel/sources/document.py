"""What every source yields: documents, and the problems met on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from crenel.provenance import Origin, Problem, Unreadable


@dataclass(frozen=True, slots=True)
class Document:
    """One object as a source found it, still untyped; ``List`` kinds are already taken apart."""

    data: dict[str, Any]
    origin: Origin
    served: bool = False
    """True when an API server sent it: it has passed admission, and fields that we do not know are newer, not wrong."""


@dataclass(frozen=True, slots=True)
class Loose:
    """A document that is no Kubernetes object: what a cloud's or a host's own tools print, or a mistake.

    `data` is a mapping, a list, or the text of a format of its own. `problem` is also among those of its `Reading`; it
    is taken back where somebody knows the document.
    """

    data: Any
    origin: Origin
    problem: Problem


@dataclass(slots=True)
class Reading:
    """All that was read from one set of sources."""

    documents: list[Document] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    loose: list[Loose] = field(default_factory=list)
    examined: int = 0
    """How many files, or API lists, were looked into."""
    taken: str = ""
    """When the latest of its snapshots was taken, in RFC 3339; empty where none says it."""

    def extend(self, other: Reading) -> None:
        """Add what another source yielded."""
        self.documents += other.documents
        self.problems += other.problems
        self.unreadable += other.unreadable
        self.loose += other.loose
        self.examined += other.examined
        self.taken = max(self.taken, other.taken)


__all__ = ["Document", "Loose", "Reading", "Unreadable"]
