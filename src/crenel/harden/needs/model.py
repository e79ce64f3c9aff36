"""What needs are made of. Ends are workloads by their owner, so that they mean the same in every model of the input."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from crenel.audit.clusterdns import STAND_IN
from crenel.network.addresses import AddressSet
from crenel.network.traffic import LAST_PORT, Match, protocol_name
from crenel.provenance import NOWHERE, FieldPath, Origin

Traffic: TypeAlias = "Match | None"
"""One protocol, or some ports of it; None is all traffic. Ports are those of the pod, after any Service."""


ASSUMED_DNS = "the cluster's DNS (assumed)"
"""What the stand-in for the DNS of an input without one is called."""


class EvidenceKind(enum.Enum):
    """How a need is known, the surest first."""

    DECLARED = "declared"
    """Somebody said so: an intent, or a policy of the input that names both ends."""
    OBSERVED = "observed"
    """It was seen in traffic."""
    REFERENCE = "reference"
    """The manifests refer to it."""
    FACT = "fact"
    """It follows from how clusters work: DNS, the API server, webhooks, scraping."""
    GUESS = "guess"
    """It is likely, and somebody has to confirm it."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason to believe in a need. `origin` and `field` lead to the text that it rests on."""

    kind: EvidenceKind
    text: str
    origin: Origin = NOWHERE
    field: FieldPath = ()

    @property
    def place(self) -> str:
        """``file:line``, as much of it as there is; empty where it rests on no text."""
        return self.origin.place(self.field)

    def __str__(self) -> str:
        return f"{self.text} ({self.place})" if self.place else self.text


@dataclass(frozen=True, slots=True, order=True)
class Pods:
    """All pods of one workload, by the namespace, kind and name of what people wrote."""

    namespace: str
    kind: str
    name: str

    def __str__(self) -> str:
        return ASSUMED_DNS if self.name == STAND_IN else f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Outside:
    """Addresses outside of the pods' own. `words` says whose they are; empty for the addresses themselves."""

    addresses: AddressSet
    words: str = ""

    def __str__(self) -> str:
        return self.words or str(self.addresses)


@dataclass(frozen=True, slots=True)
class Named:
    """A DNS name outside of the cluster."""

    name: str

    def __str__(self) -> str:
        return f"dns:{self.name}"


@dataclass(frozen=True, slots=True)
class Everybody:
    """Anybody at all, because nothing narrower is known. `words` says whom it stands for."""

    words: str

    def __str__(self) -> str:
        return self.words


End: TypeAlias = Pods | Outside | Named | Everybody


def traffic_text(traffic: Traffic) -> str:
    """Write traffic as other reports do: ``TCP/5432``, ``UDP/8000-9000``, ``ICMP``, ``all``."""
    if traffic is None:
        return "all"
    name = protocol_name(traffic.protocol or 0)
    if traffic.ports is None or traffic.ports == (1, LAST_PORT):
        return name
    first, last = traffic.ports
    return f"{name}/{first}" if first == last else f"{name}/{first}-{last}"


@dataclass(frozen=True, slots=True)
class Need:
    """`source` has to reach `target` with `traffic`; there is at least one piece of evidence."""

    source: End
    target: End
    traffic: Traffic
    evidence: tuple[Evidence, ...]

    @property
    def guessed(self) -> bool:
        """Whether nothing but guesses speaks for it."""
        return all(each.kind is EvidenceKind.GUESS for each in self.evidence)

    @property
    def key(self) -> tuple[str, str, str]:
        """What to sort needs by."""
        return str(self.source), str(self.target), traffic_text(self.traffic)

    def __str__(self) -> str:
        return f"{self.source} -> {self.target} {traffic_text(self.traffic)}"


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that is not known, and that the user may know. `subject` is whom it is about."""

    subject: str
    text: str
    origin: Origin = NOWHERE
    field: FieldPath = ()

    @property
    def place(self) -> str:
        """``file:line``, as much of it as there is."""
        return self.origin.place(self.field)


@dataclass(frozen=True, slots=True)
class Needs:
    """All needs, sorted, each pair of ends with each traffic once; and what could not be found out."""

    needs: tuple[Need, ...] = ()
    remarks: tuple[Remark, ...] = ()

    @property
    def guesses(self) -> tuple[Need, ...]:
        """Those that somebody has to confirm."""
        return tuple(need for need in self.needs if need.guessed)


@dataclass(slots=True)
class Basket:
    """Collects needs as they are found."""

    found: dict[tuple[End, End, Traffic], dict[Evidence, None]] = field(default_factory=dict)
    remarks: dict[Remark, None] = field(default_factory=dict)
    entries: set[tuple[End, Pods]] = field(default_factory=set)
    """Who lets others in to whom: those outside, and the proxies that send on what comes from there."""

    def add(self, source: End, target: End, traffic: Iterable[Traffic], *evidence: Evidence) -> None:
        """Count something among the needs, once for each traffic."""
        for each in traffic:
            self.found.setdefault((source, target, each), {}).update(dict.fromkeys(evidence))

    def remark(self, subject: str, text: str, origin: Origin = NOWHERE, field_path: FieldPath = ()) -> None:
        """Note what is not known."""
        self.remarks.setdefault(Remark(subject, text, origin, field_path))

    def reaches(self, target: End) -> bool:
        """Whether anybody is known to need a target."""
        return any(each == target for _, each, _ in self.found)

    def needs(self) -> Needs:
        """All that was collected."""
        order = {kind: place for place, kind in enumerate(EvidenceKind)}
        made = [
            Need(source, target, traffic, tuple(sorted(evidence, key=lambda each: order[each.kind])))
            for (source, target, traffic), evidence in self.found.items()
        ]
        return Needs(tuple(sorted(made, key=lambda need: need.key)), tuple(self.remarks))
