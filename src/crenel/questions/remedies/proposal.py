"""What is proposed: one edit of one policy, and the connection that it is meant for."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import yaml

from crenel.dialects.change import AnyPolicy
from crenel.kubernetes.objects.policies import NetworkPolicy
from crenel.kubernetes.population import Group
from crenel.network.addresses import AddressSet
from crenel.network.endpoints import Endpoint
from crenel.network.rules import Direction
from crenel.network.traffic import Match
from crenel.provenance import NOWHERE, FieldPath, Origin
from crenel.questions.places import Place


@dataclass(frozen=True, slots=True)
class Blocked:
    """A denied connection between two endpoints."""

    source: int
    destination: int
    traffic: tuple[Match, ...] | None
    start: Place
    end: Place


@dataclass(frozen=True, slots=True)
class Wish:
    """A connection that shall be allowed at one end. `group` and `other_group` are None for what is no pod."""

    direction: Direction
    subject: Endpoint
    group: Group
    other: Endpoint
    other_group: Group | None
    traffic: tuple[Match, ...] | None
    addresses: AddressSet | None
    """The addresses that were asked for, where the other end is outside."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit: the policy as it would be, which one it replaces, and how to say it."""

    policy: AnyPolicy
    replaces: AnyPolicy | None
    text: str
    yaml: str
    field: FieldPath = ()

    @property
    def title(self) -> str:
        """The name of the policy that is changed or made."""
        return self.policy.title

    @property
    def origin(self) -> Origin:
        """Where the policy that is changed stands."""
        return self.replaces.origin if self.replaces is not None else NOWHERE

    @property
    def file(self) -> str:
        """The source to edit; empty for a new object."""
        return self.origin.source

    @property
    def line(self) -> int | None:
        """The line to edit."""
        return self.origin.line(self.field) if self.origin.source else None


@dataclass(frozen=True, slots=True)
class Remedy:
    """The smallest change found: edits that together allow the connection, and what else they allow."""

    edits: tuple[Edit, ...]
    extra: tuple[str, ...] = ()
    """The other connections that become possible, as text."""


def text_of(value: object) -> str:
    """Write a part of an object as YAML, without what is not set."""
    return str(yaml.safe_dump(_plain(msgspec.to_builtins(value)), sort_keys=False, default_flow_style=False)).rstrip()


def _plain(value: object) -> object:
    """Leave out what is None; an empty mapping that was written stays."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items() if each is not None and key != "(origin)"}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value


def manifest(policy: AnyPolicy) -> str:
    """Write a whole policy as YAML."""
    return text_of(policy)


def same_namespace(policy: NetworkPolicy, group: Group | None) -> bool:
    """Whether a group lives where a policy does."""
    return group is not None and group.namespace == policy.namespace
