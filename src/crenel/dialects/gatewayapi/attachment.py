"""Which routes attach to which listeners, and why others do not.

Source of the rules: kubernetes-sigs/gateway-api apis/v1 ``ParentReference`` (section and port narrow it),
``AllowedRoutes``, ``HTTPRouteSpec.hostnames`` (listener and route must have names in common), and the reasons of
``RouteConditionAccepted``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from crenel.dialects.gatewayapi.conditions import ACCEPTED, FALSE, TRUE, UNKNOWN, Condition, Parent
from crenel.dialects.gatewayapi.listeners import Entry, permitted
from crenel.dialects.gatewayapi.references import GROUP
from crenel.dialects.known import Known, Truth
from crenel.kubernetes.objects.routes import GRPCRoute, HTTPRoute, StreamRoute
from crenel.routing.hosts import ANY, Host
from crenel.routing.proxy import Protocol

AnyRoute: TypeAlias = HTTPRoute | GRPCRoute | StreamRoute


@dataclass(slots=True)
class Attachment:
    """What becomes of one parent reference: the listeners that take the route, and the condition."""

    parent: Parent
    accepted: Condition
    entries: list[Entry] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)


def parents(route: AnyRoute) -> Iterator[Parent]:
    """What a route refers to as its parents, with the defaults of the fields."""
    for ref in (route.spec.parent_refs if route.spec else None) or ():
        namespace = ref.namespace or route.namespace
        yield Parent(ref.kind or "Gateway", namespace, ref.name, ref.section_name or "", ref.port, ref.group or GROUP)


def hosts(route: AnyRoute) -> tuple[Host, ...]:
    """The names that a route is for."""
    written = route.spec.hostnames if route.spec else None
    if isinstance(route, StreamRoute) and route.kind != "TLSRoute":
        written = None
    return tuple(Host.of(each) for each in written or ()) or (ANY,)


def attach(route: AnyRoute, parent: Parent, offered: list[Entry], known: Known) -> Attachment:
    """Attach a route to those of its parent's listeners that take it."""
    named = [each for each in offered if _is_meant(each, parent) and each.holds(ACCEPTED)]
    if not named:
        words = f"{parent.kind} {parent.namespace}/{parent.name} has no such listener"
        return Attachment(parent, Condition(ACCEPTED, FALSE, "NoMatchingParent", words))
    allowed = [(each, truth) for each in named if (truth := _allows(each, route, known)) is not Truth.NO]
    if not allowed:
        words = "no listener takes routes of this kind from this namespace"
        return Attachment(parent, Condition(ACCEPTED, FALSE, "NotAllowedByListeners", words))
    shared = [(each, truth) for each, truth in allowed if _shares_names(each, route)]
    if not shared:
        words = "no listener has a name in common with the route"
        return Attachment(parent, Condition(ACCEPTED, FALSE, "NoMatchingListenerHostname", words))
    return _accepted(route, parent, shared)


def _accepted(route: AnyRoute, parent: Parent, shared: Sequence[tuple[Entry, Truth]]) -> Attachment:
    entries = [each for each, _ in shared]
    if any(truth is Truth.YES for _, truth in shared):
        condition = Condition(ACCEPTED, TRUE, "Accepted")
    else:
        words = f"the labels of namespace {route.namespace} are not in the input"
        condition = Condition(ACCEPTED, UNKNOWN, "Pending", words)
    unsure = [condition.message] if condition.message else []
    return Attachment(parent, condition, entries, unsure)


def _is_meant(entry: Entry, parent: Parent) -> bool:
    return parent.section in ("", entry.listener.name) and parent.port in (None, entry.listener.port)


def _allows(entry: Entry, route: AnyRoute, known: Known) -> Truth:
    if not any((each.group, each.kind) == (GROUP, route.kind) for each in entry.status.supported_kinds):
        return Truth.NO
    allowed = entry.listener.allowed_routes.namespaces if entry.listener.allowed_routes else None
    return permitted(allowed, "Same", route.namespace, entry.owner.namespace, known)


def _shares_names(entry: Entry, route: AnyRoute) -> bool:
    if entry.protocol in (Protocol.TCP, Protocol.UDP):
        return True
    return any(entry.host.common(each) is not None for each in hosts(route))
