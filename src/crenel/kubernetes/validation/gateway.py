"""Gateway and ListenerSet.

Source: the definitions of kubernetes-sigs/gateway-api (config/crd/standard), their limits and CEL rules included.
"""

from __future__ import annotations

from crenel.kubernetes.objects.gateway import AllowedRoutes, Gateway, GatewayListener, ListenerSet, RouteNamespaces
from crenel.kubernetes.validation.hosts import check_host
from crenel.kubernetes.validation.mistakes import (
    Mistake,
    duplicate,
    invalid,
    listed,
    required,
    too_many,
    unsupported,
)
from crenel.kubernetes.validation.names import dns_subdomain
from crenel.kubernetes.validation.ports import check_number
from crenel.kubernetes.validation.selectors import check_selector
from crenel.provenance import FieldPath

_MODES = ("Terminate", "Passthrough")
_PLAIN = ("HTTP", "TCP", "UDP")
_FROM = ("All", "Selector", "Same")
_LISTENERS: FieldPath = ("spec", "listeners")


def check_gateway(gateway: Gateway, found: list[Mistake]) -> None:
    """Everything below ``spec`` that decides which requests are taken, and of which routes."""
    if gateway.spec is None:
        found.append(required(("spec",)))
        return
    listed(gateway.spec.listeners or (), _LISTENERS, 64, found)
    _check_listeners(gateway.spec.listeners or [], found)
    allowed = gateway.spec.allowed_listeners
    if allowed is not None and allowed.namespaces is not None:
        _check_namespaces(allowed.namespaces, ("spec", "allowedListeners", "namespaces"), (*_FROM, "None"), found)


def check_listenerset(listeners: ListenerSet, found: list[Mistake]) -> None:
    """Everything below ``spec`` that decides which requests are taken, and of which routes."""
    if listeners.spec is None:
        found.append(required(("spec",)))
        return
    listed(listeners.spec.listeners or (), _LISTENERS, 64, found)
    _check_listeners(listeners.spec.listeners or [], found)


def _check_listeners(listeners: list[GatewayListener], found: list[Mistake]) -> None:
    names: set[str] = set()
    places: set[tuple[int, str, str]] = set()
    for position, listener in enumerate(listeners):
        field: FieldPath = (*_LISTENERS, position)
        found += [invalid((*field, "name"), listener.name, reason) for reason in dns_subdomain(listener.name)]
        if listener.name in names:
            found.append(invalid(_LISTENERS, listener.name, "Listener name must be unique within the Gateway"))
        names.add(listener.name)
        key = listener.port, listener.protocol, listener.hostname or ""
        if key in places:
            words = "Combination of port, protocol and hostname must be unique for each listener"
            found.append(
                duplicate(field, dict(zip(("port", "protocol", "hostname"), key, strict=True)))._replace(
                    message=f"Invalid value: {words}"
                )
            )
        places.add(key)
        check_number(listener.port, (*field, "port"), found)
        _check_listener(listener, field, found)
        if listener.allowed_routes is not None:
            _check_allowed(listener.allowed_routes, (*field, "allowedRoutes"), found)


def _check_listener(listener: GatewayListener, field: FieldPath, found: list[Mistake]) -> None:
    tls, protocol = listener.tls, listener.protocol
    if listener.hostname:
        check_host(listener.hostname, (*field, "hostname"), found)
        if protocol in ("TCP", "UDP"):
            words = "hostname must not be specified for protocols ['TCP', 'UDP']"
            found.append(invalid((*field, "hostname"), listener.hostname, words))
    if tls is not None and protocol in _PLAIN:
        found.append(invalid((*field, "tls"), "", "tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']"))
    if tls is not None and tls.mode is not None and tls.mode not in _MODES:
        found.append(unsupported((*field, "tls", "mode"), tls.mode, _MODES))
    if protocol == "TLS" and tls is None:
        found.append(invalid((*field, "tls"), "", "tls mode must be set for protocol TLS"))
    if protocol == "HTTPS" and tls is not None and tls.mode == "Passthrough":
        found.append(invalid((*field, "tls", "mode"), tls.mode, "tls mode must be Terminate for protocol HTTPS"))


def _check_allowed(allowed: AllowedRoutes, field: FieldPath, found: list[Mistake]) -> None:
    if allowed.namespaces is not None:
        _check_namespaces(allowed.namespaces, (*field, "namespaces"), _FROM, found)
    if len(allowed.kinds or ()) > 8:
        found.append(too_many((*field, "kinds"), len(allowed.kinds or ()), 8))


def _check_namespaces(
    namespaces: RouteNamespaces, field: FieldPath, words: tuple[str, ...], found: list[Mistake]
) -> None:
    if namespaces.from_ is not None and namespaces.from_ not in words:
        found.append(unsupported((*field, "from"), namespaces.from_, words))
    if namespaces.selector is not None:
        check_selector(namespaces.selector, (*field, "selector"), found)
