"""What annotations make of an Ingress that a load balancer of a cloud serves: ports, redirects, TLS behind it, actions.

Sources: AWS Load Balancer Controller, guide "Ingress annotations" (``listen-ports``, ``certificate-arn``,
``ssl-redirect``, ``actions``, ``backend-protocol``, where the annotation of a Service comes first); GKE Ingress,
kubernetes/ingress-gce ``pkg/annotations`` (``allow-http``, ``pre-shared-cert``, ``app-protocols``) and "Secure traffic
for GKE Ingress" (``managed-certificates``); "Annotations for Application Gateway Ingress Controller" (``ssl-redirect``,
``override-frontend-port``, ``appgw-ssl-certificate``, ``backend-protocol``) and its code,
``pkg/appgw/frontend_listeners.go``: a host with a certificate is not served in the clear, unless to redirect.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crenel.dialects.ingressclasses import AGC, AGIC, ALB, GCE
from crenel.kubernetes.objects.ingress import Ingress
from crenel.kubernetes.objects.meta import KubernetesObject
from crenel.kubernetes.objects.services import Service
from crenel.provenance import FieldPath
from crenel.routing.filters import Filter, Foreign, PathChange, Redirect, Reply
from crenel.routing.proxy import BackendTls

ON_ALB = "alb.ingress.kubernetes.io/"
ON_APPGW = "appgw.ingress.kubernetes.io/"
LISTEN_PORTS = f"{ON_ALB}listen-ports"
_TO_HTTPS = f"{ON_ALB}ssl-redirect"
_CERTIFICATES_GCE = (
    "ingress.gcp.kubernetes.io/pre-shared-cert", "networking.gke.io/managed-certificates", "networking.gke.io/certmap",
)  # fmt: skip
_APP_PROTOCOLS = ("service.alpha.kubernetes.io/app-protocols", "cloud.google.com/app-protocols")
"""The older one comes first, as in kubernetes/ingress-gce ``ApplicationProtocols``."""
_FRONTEND_CONFIG = "networking.gke.io/v1beta1.FrontendConfig"
_ACTING = (f"{ON_ALB}auth-type", f"{ON_ALB}wafv2-acl-arn", f"{ON_ALB}waf-acl-id", f"{ON_APPGW}waf-policy-for-path")
"""Annotations that may turn requests away, and are not followed."""
BY_ANNOTATION = "use-annotation"
"""The name of the port of a backend that is an action."""

Annotations = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Port:
    """A port that a load balancer listens on for a host. With a `redirect` nothing else is done there."""

    number: int
    tls: bool
    redirect: Redirect | None = None
    field: FieldPath = ()


@dataclass(frozen=True, slots=True)
class Action:
    """What an annotation does in the place of a backend: filters, or Services with ports and weights."""

    filters: tuple[Filter, ...] = ()
    services: tuple[tuple[str, int | str, int], ...] = ()
    notes: tuple[str, ...] = ()


def is_cloud(controller: str) -> bool:
    """Whether a controller of Ingresses makes load balancers of a cloud instead of running proxies."""
    return controller in (ALB, GCE, AGIC, AGC)


def apart(ingress: Ingress, controller: str, class_name: str) -> str:
    """What tells the load balancers of one class apart; empty where there is one for all."""
    said, own = annotated(ingress), f"{ingress.namespace}/{ingress.name}"
    if controller == ALB:
        return said.get(f"{ON_ALB}group.name") or own
    if controller == AGIC:
        return f"{class_name}, private" if is_true(said.get(f"{ON_APPGW}use-private-ip")) else ""
    return said.get("alb.networking.azure.io/alb-frontend") or own if controller in (GCE, AGC) else ""


def annotated(thing: KubernetesObject) -> dict[str, str]:
    """The annotations of an object."""
    return {key: str(value) for key, value in (thing.metadata.annotations or {}).items()}


def is_true(text: str | None) -> bool:
    """Whether an annotation is set to what Go's ``strconv.ParseBool`` takes for true."""
    return text in ("1", "t", "T", "true", "TRUE", "True")


def ports(ingress: Ingress, together: Iterable[Ingress], controller: str, *, secured: bool) -> tuple[Port, ...]:
    """Where a host is served. `together` are all Ingresses of the load balancer; `secured` is that ``tls`` has it."""
    if controller == ALB:
        return tuple(_alb_ports(ingress, together))
    if controller == GCE:
        return tuple(_gce_ports(ingress))
    if controller == AGIC:
        return tuple(_appgw_ports(annotated(ingress), secured=secured))
    return (Port(80, tls=False), *([Port(443, tls=True)] if secured else []))


def _alb_ports(ingress: Ingress, together: Iterable[Ingress]) -> Iterator[Port]:
    target = next((number for each in together if (number := _number(annotated(each).get(_TO_HTTPS)))), None)
    redirect = Redirect(scheme="https", port=target, status=301) if target else None
    for number, tls in _listened(annotated(ingress)):
        if redirect is not None and not tls:
            yield Port(number, tls, redirect, ("metadata", "annotations", _TO_HTTPS))
        else:
            yield Port(number, tls)


def _listened(said: Annotations) -> Iterator[tuple[int, bool]]:
    """Port by port, whether it ends TLS; without the annotation it is one, by whether there is a certificate."""
    listed = parsed(said.get(LISTEN_PORTS))
    if not isinstance(listed, list):
        secured = bool(said.get(f"{ON_ALB}certificate-arn"))
        yield (443, True) if secured else (80, False)
        return
    for each in listed:
        for protocol, number in each.items() if isinstance(each, dict) else ():
            if isinstance(number, int) and 0 < number < 65536 and protocol in ("HTTP", "HTTPS"):
                yield number, protocol == "HTTPS"


def _gce_ports(ingress: Ingress) -> Iterator[Port]:
    said = annotated(ingress)
    if said.get("kubernetes.io/ingress.allow-http") not in ("0", "f", "F", "false", "FALSE", "False"):
        yield Port(80, tls=False)
    if (ingress.spec and ingress.spec.tls) or any(said.get(key) for key in _CERTIFICATES_GCE):
        yield Port(443, tls=True)


def _appgw_ports(said: Annotations, *, secured: bool) -> Iterator[Port]:
    tls = secured or bool(said.get(f"{ON_APPGW}appgw-ssl-certificate"))
    other = _number(said.get(f"{ON_APPGW}override-frontend-port"))
    redirected = is_true(said.get(f"{ON_APPGW}ssl-redirect"))
    if tls:
        yield Port(other or 443, tls=True)
    if not tls or (redirected and not other):
        redirect = Redirect(scheme="https", status=301) if tls else None
        yield Port(other or 80, tls=False, redirect=redirect)


def _number(text: str | None) -> int | None:
    """A port or a status; None for what is neither."""
    fits = text is not None and text.isascii() and text.isdigit() and len(text) <= 5
    return int(text) if text is not None and fits and 0 < int(text) < 65536 else None


def parsed(text: str | None) -> Any:
    """The value of an annotation in JSON; None where it is none."""
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None


def filters(ingress: Ingress) -> tuple[Filter, ...]:
    """What annotations do to requests and is not followed."""
    said = annotated(ingress)
    return tuple(Foreign(f"annotation {key}") for key in _ACTING if said.get(key, "none") != "none")


def notes(ingress: Ingress, name: str) -> tuple[str, ...]:
    """What may change the outcome of a rule with a backend of some name and is not known."""
    said = annotated(ingress)
    narrowed = f"{ON_ALB}conditions.{name}"
    texts = [f"annotation {narrowed} narrows the requests that it takes"] if narrowed in said else []
    texts += [f"FrontendConfig {said[_FRONTEND_CONFIG]} may redirect to HTTPS"] if _FRONTEND_CONFIG in said else []
    return tuple(texts)


def backend_tls(
    ingress: Ingress, controller: str, service: Service | None, port: int | str | None
) -> BackendTls | None:
    """TLS from the load balancer to a Service's port; no such load balancer checks certificates by these settings."""
    if controller == GCE:
        encrypted = service is not None and _app_protocol(service, port) in ("HTTPS", "HTTP2")
    else:
        prefix = ON_ALB if controller == ALB else ON_APPGW
        said = annotated(ingress) | (annotated(service) if service is not None and controller == ALB else {})
        encrypted = said.get(f"{prefix}backend-protocol", "").upper() == "HTTPS"
    return BackendTls(verified=False) if encrypted else None


def _app_protocol(service: Service, port: int | str | None) -> str:
    said = annotated(service)
    text = next((said[key] for key in _APP_PROTOCOLS if key in said), None)
    by_name = parsed(text)
    listed = (service.spec.ports if service.spec else None) or []
    names = {each.name for each in listed if port in (each.port, each.name)} | {str(port)}
    found = (value for key, value in by_name.items() if key in names) if isinstance(by_name, dict) else ()
    return next((value for value in found if isinstance(value, str)), "")


def action(ingress: Ingress, name: str) -> Action:
    """The action of a backend whose port is `BY_ANNOTATION`."""
    key = f"{ON_ALB}actions.{name}"
    found = parsed(annotated(ingress).get(key))
    if isinstance(found, dict):
        make = _ACTIONS.get(str(_field(found, "type")))
        if make is not None and (made := make(found)) is not None:
            return made
    return Action((Reply(f"annotation {key} cannot be read", 503),))


def _redirected(said: dict[str, Any]) -> Action | None:
    """A redirect; ``#{host}`` and the like stand for what the request has."""
    config = _mapping(said, "redirectConfig")
    port, status = _plain(config, "port"), _plain(config, "statusCode")
    path = _plain(config, "path")
    code = _number(status.removeprefix("HTTP_")) or 302
    change = PathChange(path) if path and path != "/" else None
    return Action((Redirect(_plain(config, "protocol").lower(), _plain(config, "host"), _number(port), change, code),))


def _plain(config: dict[str, Any], key: str) -> str:
    """A field of a redirect; empty where it keeps what the request has."""
    text = _field(config, key)
    return "" if not isinstance(text, str) or "#{" in text else text


def _fixed(said: dict[str, Any]) -> Action | None:
    code = _number(str(_field(_mapping(said, "fixedResponseConfig"), "statusCode")))
    return Action((Reply("a fixed response", code),)) if code is not None else None


def _forwarded(said: dict[str, Any]) -> Action | None:
    groups = _field(_mapping(said, "forwardConfig"), "targetGroups")
    found: list[tuple[str, int | str, int]] = []
    foreign = () if isinstance(groups, list) else ("a target group outside of the cluster takes it",)
    for each in groups if isinstance(groups, list) else ():
        name, port = (each.get("serviceName"), each.get("servicePort")) if isinstance(each, dict) else (None, None)
        if isinstance(name, str) and isinstance(port, int | str):
            weight = each.get("weight")
            number = _number(port) if isinstance(port, str) else None
            found.append((name, number or port, weight if isinstance(weight, int) else 1))
        else:
            foreign = ("a target group outside of the cluster takes some of it",)
    return Action((), tuple(found), foreign)


def _field(said: dict[str, Any], key: str) -> Any:
    """A field of an action, which older versions of the controller wrote with a capital letter."""
    return said.get(key, said.get(key[0].upper() + key[1:]))


def _mapping(said: dict[str, Any], key: str) -> dict[str, Any]:
    found = _field(said, key)
    return found if isinstance(found, dict) else {}


_ACTIONS = {"redirect": _redirected, "fixed-response": _fixed, "forward": _forwarded}
