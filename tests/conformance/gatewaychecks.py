"""The suite's status checks, asked of the status that the library computes.

Each function is named in `CHECKS` by the helper of the suite (conformance/utils/kubernetes/helpers.go) that it stands
for, and compares as that one does: a condition without a reason matches every reason, supported kinds may be more than
expected, attached routes must be as many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from conformance.gateways import CONTROLLER, gateway_and_listeners, split
from crenel.dialects.gatewayapi import GatewayApi
from crenel.dialects.gatewayapi.conditions import (
    ACCEPTED,
    FALSE,
    PROGRAMMED,
    RESOLVED,
    TRUE,
    Conditions,
    ListenerStatus,
    ParentStatus,
    RouteKind,
)

Json = dict[str, Any]
Check = Callable[[GatewayApi, list[Any]], bool]

NEEDS_A_DATA_PLANE = {
    "NamespacesMustBeReady": "waits until pods run",
    "WaitForGatewayAddress": "waits until an implementation has given the Gateway an address",
}
"""Checks that no configuration decides, with the reason."""


def has(conditions: Conditions, expected: Json) -> bool:
    """Whether a condition is there with the expected status and, where one is expected, reason."""
    found = conditions.get(expected["type"])
    return found is not None and found.status == expected["status"] and expected.get("reason") in (None, found.reason)


def every(conditions: Conditions, expected: Iterable[Json]) -> bool:
    """Whether all conditions are there."""
    return all(has(conditions, each) for each in expected)


def listener(statuses: list[ListenerStatus], name: str) -> ListenerStatus:
    """The status of a listener."""
    (found,) = [each for each in statuses if each.name == name]
    return found


def route(api: GatewayApi, kind: str, name: str) -> list[ParentStatus]:
    """What a route's parents make of it."""
    return api.routes[kind, *split(name)]


def under(parents: list[ParentStatus], gateway: str) -> list[ParentStatus]:
    """The parents that are one Gateway."""
    return [each for each in parents if (each.parent.namespace, each.parent.name) == split(gateway)]


def gateway_condition(api: GatewayApi, args: list[Any]) -> bool:
    """GatewayMustHaveCondition."""
    return has(api.gateways[split(args[2])].conditions, args[3])


def gateway_latest(api: GatewayApi, args: list[Any]) -> bool:
    """GatewayMustHaveLatestConditions: the conditions are of the Gateway as it is, which they always are here."""
    return {ACCEPTED, PROGRAMMED} <= api.gateways[split(args[2])].conditions.keys()


def gateway_listeners(api: GatewayApi, args: list[Any]) -> bool:
    """GatewayStatusMustHaveListeners."""
    found, expected = api.gateways[split(args[2])].listeners, args[3]
    return len(found) == len(expected) and all(
        _listener_matches(listener(found, each["name"]), each) for each in expected
    )


def _listener_matches(found: ListenerStatus, expected: Json) -> bool:
    kinds = {RouteKind(each["group"], each["kind"]) for each in expected.get("supportedKinds", [])}
    return (
        kinds <= set(found.supported_kinds)
        and bool(kinds) == bool(found.supported_kinds)
        and found.attached_routes == expected.get("attachedRoutes", 0)
        and every(found.conditions, expected["conditions"])
    )


def gateway_listener_conditions(api: GatewayApi, args: list[Any]) -> bool:
    """GatewayListenerMustHaveConditions, with the name before the conditions."""
    return every(listener(api.gateways[split(args[2])].listeners, args[3]).conditions, args[4])


def gateway_listeners_conditions(api: GatewayApi, args: list[Any]) -> bool:
    """GatewayListenersMustHaveConditions, with the names after the conditions."""
    found = api.gateways[split(args[2])].listeners
    return all(every(listener(found, name).conditions, args[3]) for name in args[4:])


def gateway_attached(api: GatewayApi, args: list[Any]) -> bool:
    """GatewayMustHaveAttachedListeners: the number of ListenerSets."""
    expected: int = args[3]
    return api.gateways[split(args[2])].attached_listener_sets == expected


def zero_routes(api: GatewayApi, args: list[Any]) -> bool:
    """GatewayMustHaveZeroRoutes: no listener, or one, without routes."""
    found = api.gateways[split(args[2])].listeners
    return not found or (len(found) == 1 and found[0].attached_routes == 0)


def listenerset_condition(api: GatewayApi, args: list[Any]) -> bool:
    """ListenerSetMustHaveCondition."""
    return has(api.listener_sets[split(args[2])].conditions, args[3])


def listenerset_listeners(api: GatewayApi, args: list[Any]) -> bool:
    """ListenerSetListenersMustHaveConditions, with the names after the conditions."""
    found = api.listener_sets[split(args[2])].listeners
    return all(every(listener(found, name).conditions, args[3]) for name in args[4:])


def policy_condition(api: GatewayApi, args: list[Any]) -> bool:
    """BackendTLSPolicyMustHaveCondition."""
    return any(has(each.conditions, args[4]) for each in under(api.backend_tls_policies[split(args[2])], args[3]))


def policy_accepted(api: GatewayApi, args: list[Any]) -> bool:
    """BackendTLSPolicyMustHaveAcceptedConditionTrue."""
    return policy_condition(api, [*args, {"type": ACCEPTED, "status": TRUE}])


def route_condition(kind: str) -> Check:
    """HTTPRouteMustHaveCondition and its likes."""
    return lambda api, args: any(has(each.conditions, args[4]) for each in under(route(api, kind, args[2]), args[3]))


def route_resolved(kind: str) -> Check:
    """HTTPRouteMustHaveResolvedRefsConditionsTrue and its likes."""
    wanted = {"type": RESOLVED, "status": TRUE, "reason": "ResolvedRefs"}
    return lambda api, args: any(has(each.conditions, wanted) for each in under(route(api, kind, args[2]), args[3]))


def no_accepted_parents(kind: str) -> Check:
    """HTTPRouteMustHaveNoAcceptedParents and its likes: no parent, or one that does not accept."""

    def check(api: GatewayApi, args: list[Any]) -> bool:
        found = route(api, kind, args[2])
        return not found or (len(found) == 1 and found[0].conditions[ACCEPTED].status == FALSE)

    return check


def route_parents(api: GatewayApi, args: list[Any]) -> bool:
    """HTTPRouteMustHaveParents."""
    found, expected = route(api, "HTTPRoute", args[2]), args[3]
    return len(found) == len(expected) and all(
        one.controller == other["controllerName"]
        and (one.parent.group, one.parent.kind, one.parent.namespace, one.parent.name)
        == tuple(other["parentRef"][key] for key in ("group", "kind", "namespace", "name"))
        and every(one.conditions, other["conditions"])
        for one, other in zip(found, expected, strict=True)
    )


def routes_accepted(kind: str, skipped: int) -> Check:
    """GatewayAndHTTPRoutesMustBeAccepted and its likes: every route accepted at each listener that is named.

    The listeners of the Gateway must be accepted, resolved and programmed as well.
    """

    def check(api: GatewayApi, args: list[Any]) -> bool:
        reference, *names = args[skipped:]
        gateway, listeners = gateway_and_listeners(reference["gateway"])
        serving = [{"type": each, "status": TRUE} for each in (ACCEPTED, RESOLVED, PROGRAMMED)]
        return all(every(each.conditions, serving) for each in api.gateways[gateway].listeners) and all(
            _accepted(route(api, kind, name), "/".join(gateway), listeners) for name in names
        )

    return check


def _accepted(parents: list[ParentStatus], gateway: str, listeners: list[str]) -> bool:
    own = under(parents, gateway)
    sections = {each.parent.section for each in own} | {""}
    accepted = {"type": ACCEPTED, "status": TRUE, "reason": "Accepted"}
    return (
        bool(own)
        and all(has(each.conditions, accepted) and each.controller == CONTROLLER for each in own)
        and (set(listeners) <= sections or sections == {""})
    )


CHECKS: dict[str, Check] = {
    "GatewayMustHaveCondition": gateway_condition,
    "GatewayMustHaveLatestConditions": gateway_latest,
    "GatewayStatusMustHaveListeners": gateway_listeners,
    "GatewayListenerMustHaveConditions": gateway_listener_conditions,
    "GatewayListenersMustHaveConditions": gateway_listeners_conditions,
    "GatewayMustHaveAttachedListeners": gateway_attached,
    "GatewayMustHaveZeroRoutes": zero_routes,
    "ListenerSetMustHaveCondition": listenerset_condition,
    "ListenerSetListenersMustHaveConditions": listenerset_listeners,
    "BackendTLSPolicyMustHaveCondition": policy_condition,
    "BackendTLSPolicyMustHaveAcceptedConditionTrue": policy_accepted,
    "HTTPRouteMustHaveParents": route_parents,
    "HTTPRouteMustHaveNoAcceptedParents": no_accepted_parents("HTTPRoute"),
    "TLSRouteMustHaveNoAcceptedParents": no_accepted_parents("TLSRoute"),
    "GatewayAndRoutesMustBeAccepted": routes_accepted("HTTPRoute", 0),
    "GatewayAndHTTPRoutesMustBeAccepted": routes_accepted("HTTPRoute", 0),
    "GatewayAndTLSRoutesMustBeAccepted": routes_accepted("TLSRoute", 0),
    "GatewayAndTCPRoutesMustBeAccepted": routes_accepted("TCPRoute", 3),
    "GatewayAndUDPRoutesMustBeAccepted": routes_accepted("UDPRoute", 3),
    **{f"{kind}MustHaveCondition": route_condition(kind) for kind in ("HTTPRoute", "TLSRoute", "TCPRoute", "UDPRoute")},
    **{f"{kind}MustHaveResolvedRefsConditionsTrue": route_resolved(kind) for kind in ("HTTPRoute", "TLSRoute")},
}
"""By the name of the suite's helper."""
