"""What a check is, and what it finds. Findings, never a score."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from crenel.editing.patches import NewFile, Patch
from crenel.provenance import NOWHERE, FieldPath, Origin, field_text

Option: TypeAlias = "int | str | bool | list[str]"
"""The value of a setting that a check has of its own."""


class Severity(enum.IntEnum):
    """How bad a finding is, by what can really be reached."""

    LOW = 1
    """Untidy, or a weakness that needs others."""
    MEDIUM = 2
    """Wider than it has to be."""
    HIGH = 3
    """Open to those who should not get there."""
    CRITICAL = 4
    """Open to the internet, or a protection that is not there at all."""

    @property
    def word(self) -> str:
        """How it is written."""
        return self.name.lower()

    def lowered(self, steps: int = 1) -> Severity:
        """One step, or more, less bad; never less than low."""
        return Severity(max(Severity.LOW, self - steps))

    def raised(self, steps: int = 1) -> Severity:
        """One step, or more, worse; never more than critical."""
        return Severity(min(Severity.CRITICAL, self + steps))


class Persona(enum.IntEnum):
    """For whom a finding is; who asks for a later one gets those of the former as well."""

    DEFAULT = 1
    """Everybody: it is certain, and there is something to do about it."""
    PEDANTIC = 2
    """Those who want everything tidy: matters of opinion, and what an input may merely lack."""
    AUDITOR = 3
    """Those who look at each by hand: what cannot be told from the input."""

    @property
    def word(self) -> str:
        """How it is written."""
        return self.name.lower()


class Pillar(enum.Enum):
    """The part of network security that a check belongs to."""

    POLICIES = "network policies"
    WAYS = "ingress and egress"
    SERVICES = "services and load balancing"
    FIREWALLS = "infrastructure firewalls"
    TLS = "TLS and certificates"
    JOINED = "all layers together"
    UPKEEP = "upkeep of the audit itself"


class Thing(Protocol):
    """What a finding is about: an object of the input, or what stands for one."""

    @property
    def title(self) -> str:
        """How reports write it: ``networkpolicy shop/db``."""
        ...

    @property
    def namespace(self) -> str:
        """The namespace it lives in; empty for what is cluster-wide."""
        ...

    @property
    def origin(self) -> Origin:
        """Where it was read from."""
        ...


@dataclass(frozen=True, slots=True)
class Named:
    """A thing that no object of the input stands for, such as a namespace that is only implied."""

    title: str
    namespace: str = ""
    origin: Origin = NOWHERE


@dataclass(frozen=True, slots=True)
class Witness:
    """Who can reach what: one example of what makes a finding true."""

    source: str
    destination: str
    traffic: str = ""
    certainty: str = "sure"
    """``sure``, or ``possible`` where it depends on what the input does not say."""

    def __str__(self) -> str:
        verb = "reaches" if self.certainty == "sure" else "may reach"
        return f"{self.source} {verb} {self.destination}" + (f" on {self.traffic}" if self.traffic else "")


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    `field` leads from the object to what is wrong with it, and with `origin` to a file and a line. `message` is one
    sentence, `fix` says what to do about it, `patch` does it where that is mechanical.
    """

    check: Check
    severity: Severity
    thing: Thing
    message: str
    field: FieldPath = ()
    witness: Witness | None = None
    evidence: tuple[str, ...] = ()
    fix: str = ""
    patch: Patch | NewFile | None = None
    persona: Persona = Persona.DEFAULT

    @property
    def object(self) -> str:
        """The title of the object."""
        return self.thing.title

    @property
    def namespace(self) -> str:
        """The namespace of the object; empty for what is cluster-wide."""
        return self.thing.namespace

    @property
    def origin(self) -> Origin:
        """Where the object was read from."""
        return self.thing.origin

    @property
    def file(self) -> str:
        """The source that has lines; empty for a live cluster."""
        return self.origin.source if self.origin.locate is not None else ""

    @property
    def line(self) -> int | None:
        """The 1-based line of the field, looked up when asked for."""
        return self.origin.line(self.field) if self.file else None

    @property
    def place(self) -> str:
        """``file:line``; empty where there is no file."""
        return f"{self.file}:{self.line}" if self.file else ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What stays the same when lines move: check, object, field."""
        return self.check.id, self.object, field_text(self.field)


@dataclass(frozen=True, slots=True)
class Check:
    """One check of the catalogue.

    `severity` is that of its findings unless reachability changes it. `options` are the settings that it has of its own
    in ``crenel.toml``, with their defaults. A `late` check runs when all others have, and looks at what became of
    their findings.
    """

    id: str
    title: str
    pillar: Pillar
    severity: Severity
    persona: Persona = Persona.DEFAULT
    options: Mapping[str, Option] = field(default_factory=dict, compare=False)
    late: bool = False

    def found(
        self,
        thing: Thing,
        message: str,
        *,
        field: FieldPath = (),
        severity: Severity | None = None,
        witness: Witness | None = None,
        evidence: Sequence[str] = (),
        fix: str = "",
        patch: Patch | NewFile | None = None,
        persona: Persona | None = None,
    ) -> Finding:
        """Make a finding of this check, with its severity and persona unless others are given."""
        return Finding(
            self, severity or self.severity, thing, message, field, witness, tuple(evidence), fix, patch,
            persona or self.persona,
        )  # fmt: skip
