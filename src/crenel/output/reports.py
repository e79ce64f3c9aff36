"""What renderers are given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from crenel.output.words import EVERYTHING
from crenel.provenance import Problem
from crenel.questions.connections import Connection
from crenel.questions.diff import Difference
from crenel.questions.proving.result import Proof
from crenel.questions.remedies.proposal import Remedy
from crenel.questions.verdict import Traffic, Verdict


@dataclass(frozen=True, slots=True)
class Enforced:
    """What is known of the network plugin."""

    cni: str | None = None
    """Its name, None when none was recognised."""
    evidence: tuple[str, ...] = ()
    """What in the input speaks for it."""
    enforced: Mapping[str, bool | None] = field(default_factory=dict)
    """Whether it enforces a policy API, None when that is not known."""


@dataclass(frozen=True, slots=True)
class Context:
    """What every answer says beside the answer."""

    warning: str = ""
    """One line when policies exist that nothing enforces, else empty."""
    notices: tuple[Problem, ...] = ()
    """What else the reader of an answer has to know."""


@dataclass(frozen=True, slots=True)
class MapReport:
    """A map: its connections, and what they were made from."""

    connections: Sequence[Connection]
    workloads: Sequence[str]
    context: Context = field(default_factory=Context)
    enforcement: Enforced = field(default_factory=Enforced)
    everything: Traffic = EVERYTHING
    """All the traffic that the network tells apart."""
    extents: Sequence[str] | None = None
    """Of a map by namespace, whether each connection holds between ``all`` pairs or ``some``."""

    def shown(self) -> list[tuple[Connection, str]]:
        """The connections that people read, with their extents: where a DNS name is listed, its addresses are not."""
        extents: Iterable[str] = self.extents if self.extents is not None else [""] * len(self.connections)
        both = zip(self.connections, extents, strict=True)
        return [(connection, extent) for connection, extent in both if not connection.implied]


@dataclass(frozen=True, slots=True)
class VerdictReport:
    """A verdict, with the smallest change that would allow it where it is known."""

    verdict: Verdict
    context: Context = field(default_factory=Context)
    change: Remedy | None = None
    pod_ranges_known: bool = True
    """Whether the input, or the user, says where pods get their addresses from."""


@dataclass(frozen=True, slots=True)
class ProofReport:
    """The results of all statements, with what was wrong with statements that could not be read."""

    proof: Proof
    context: Context = field(default_factory=Context)
    unread: Sequence[Problem] = ()


@dataclass(frozen=True, slots=True)
class DifferenceReport:
    """A difference between two sides, by the names that the user gave them."""

    difference: Difference
    context: Context = field(default_factory=Context)
    old: str = ""
    new: str = ""
    everything: Traffic = EVERYTHING
