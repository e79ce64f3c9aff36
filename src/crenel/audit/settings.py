"""How an audit is to be done: what a user asks for on the command line, and in ``crenel.toml``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from crenel.audit.finding import Check, Option, Persona, Severity
from crenel.provenance import NOWHERE, Origin


@dataclass(frozen=True, slots=True)
class ConfiguredIgnore:
    """Findings that a configuration file sets aside: those of some checks, in some files or of some objects.

    An empty list of paths, or of objects, is all of them.
    """

    checks: tuple[str, ...]
    reason: str
    until: dt.date
    paths: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    origin: Origin = NOWHERE


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """What a configuration file says of one check; None leaves it as it is."""

    severity: Severity | None = None
    persona: Persona | None = None
    options: Mapping[str, Option] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be chosen.

    `select` and `ignore` are ids of checks or beginnings of them (``NP``). `edge` are workloads that are meant to take
    packets from anywhere, `public` Services and workloads that the internet is meant to reach, both as patterns over
    ``namespace/name``.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Severity = Severity.LOW
    persona: Persona = Persona.DEFAULT
    edge: tuple[str, ...] = ()
    public: tuple[str, ...] = ()
    checks: Mapping[str, CheckSettings] = field(default_factory=dict)
    ignores: Sequence[ConfiguredIgnore] = ()
    namespaces: tuple[str, ...] = ()
    today: dt.date = field(default_factory=lambda: dt.datetime.now(dt.UTC).date())
    at: dt.datetime | None = None
    """The moment that certificates are judged by; None for now."""

    def option(self, check: Check, name: str) -> Option:
        """The value of a setting that a check has of its own."""
        own = self.checks.get(check.id)
        return own.options[name] if own is not None and name in own.options else check.options[name]


def matches(name: str, patterns: Sequence[str]) -> bool:
    """Whether a name is one of some patterns (shell style: ``shop/*``)."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)
