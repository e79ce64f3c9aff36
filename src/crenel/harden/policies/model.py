"""Policies that are about to be written: what they say, before it becomes text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crenel.harden.needs.model import Evidence, Pods
from crenel.harden.policies.labels import Choice
from crenel.network.addresses import AddressSet
from crenel.network.rules import Direction
from crenel.network.traffic import Match
from crenel.provenance import FieldPath, Origin


@dataclass(frozen=True)
class Peer:
    """One peer of a rule: pods of a namespace, or addresses. `why` are lines for people."""

    title: str
    why: tuple[str, ...]
    namespace: str = ""
    """Empty for the policy's own."""
    choice: Choice | None = None
    addresses: AddressSet | None = None


@dataclass(frozen=True)
class Rule:
    """Peers with the traffic that they have in common. No peers are everybody, no traffic (None) is all."""

    peers: tuple[Peer, ...]
    traffic: tuple[Match, ...] | None
    why: tuple[str, ...] = ()
    """Why everybody is let in, where there are no peers."""


@dataclass(frozen=True)
class Policy:
    """One NetworkPolicy. `workload` is None for what holds for a whole namespace."""

    namespace: str
    name: str
    says: tuple[str, ...]
    choice: Choice
    directions: tuple[Direction, ...]
    rules: tuple[Rule, ...] = ()
    workload: Pods | None = None


@dataclass(frozen=True)
class Written:
    """A file that is written: its path below the folder, and its text."""

    path: str
    text: str
    policies: tuple[str, ...] = ()
    """What it holds, as ``NAMESPACE/NAME``."""


@dataclass(frozen=True, slots=True)
class Left:
    """Something that policies cannot express, or that stays open: whom it is about, what, and why."""

    subject: str
    what: str
    why: str
    origin: Origin | None = None
    field: FieldPath = ()
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class Drafted:
    """All policies of a hardening, before they are text, and what they cannot say."""

    policies: Sequence[Policy]
    left: Sequence[Left] = ()
    open: Sequence[Left] = ()
    kept: Sequence[Left] = ()
