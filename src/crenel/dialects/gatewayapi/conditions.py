"""Status as controllers write it: conditions of Gateways, listeners, routes and policies.

Source of types and reasons: kubernetes-sigs/gateway-api apis/v1 (gateway_types.go, listenerset_types.go,
shared_types.go, policy_types.go, backendtlspolicy_types.go). A status is Unknown where the input does not tell.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

TRUE, FALSE, UNKNOWN = "True", "False", "Unknown"

ACCEPTED = "Accepted"
RESOLVED = "ResolvedRefs"
PROGRAMMED = "Programmed"
CONFLICTED = "Conflicted"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition."""

    type: str
    status: str
    reason: str
    message: str = ""


Conditions: TypeAlias = dict[str, Condition]
"""Conditions by type."""


def conditions(*listed: Condition) -> Conditions:
    """Conditions by their type; the last of a type counts."""
    return {each.type: each for each in listed}


@dataclass(frozen=True, slots=True)
class RouteKind:
    """A group and a kind of routes."""

    group: str
    kind: str


@dataclass(slots=True)
class ListenerStatus:
    """What becomes of one listener."""

    name: str
    supported_kinds: tuple[RouteKind, ...] = ()
    attached_routes: int = 0
    conditions: Conditions = field(default_factory=dict)


@dataclass(slots=True)
class GatewayStatus:
    """What becomes of a Gateway. `attached_listener_sets` counts the ListenerSets that are accepted."""

    conditions: Conditions = field(default_factory=dict)
    listeners: list[ListenerStatus] = field(default_factory=list)
    attached_listener_sets: int = 0


@dataclass(slots=True)
class ListenerSetStatus:
    """What becomes of a ListenerSet; the listeners are empty where it is not allowed at all."""

    conditions: Conditions = field(default_factory=dict)
    listeners: list[ListenerStatus] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Parent:
    """What a route or a policy is attached to, as far as it says so."""

    kind: str
    namespace: str
    name: str
    section: str = ""
    port: int | None = None
    group: str = "gateway.networking.k8s.io"


@dataclass(slots=True)
class ParentStatus:
    """What one parent makes of a route, or one ancestor of a policy."""

    parent: Parent
    controller: str
    conditions: Conditions


def first(*found: Condition | None) -> Condition | None:
    """The first condition that is there."""
    return next((each for each in found if each is not None), None)
