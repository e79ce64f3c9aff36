"""Browsers are told to come in TLS alone (RFC 6797). What they have been told cannot be taken back: it is always asked.

Which settings switch it off is up to the check TL-14. Sources: OpenShift, Routes: HTTP Strict Transport Security
(``haproxy.router.openshift.io/hsts_header``); NGINX Ingress Controller, annotations (``nginx.org/hsts``); Gateway API,
HTTPHeaderFilter; Istio reference, VirtualService: Headers; Traefik, Headers (``stsSeconds``, sent in TLS alone) and
routing of Ingresses (``router.middlewares``: NAMESPACE-NAME@kubernetescrd); haproxytech/kubernetes-ingress,
annotations (``response-set-header``: a name and a value in quotation marks on each line); HAProxy Ingress, keys
(``hsts``). ingress-nginx and HAProxy Ingress send the header unless they are told not to. Nothing is said of subdomains
or of the lists that browsers come with: a name that is on these cannot be taken off within months.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crenel.audit.checks import tl_14
from crenel.audit.ways import tls_hosts
from crenel.dialects import gatewayapi, istio
from crenel.editing.patches import Append, Edit, Patch, Set
from crenel.harden.services.context import Context, mended
from crenel.harden.services.model import Change, NewObject, Thing
from crenel.harden.services.writing import made
from crenel.kubernetes.objects.ingress import Ingress
from crenel.kubernetes.objects.istio import VirtualService
from crenel.kubernetes.objects.meta import KubernetesObject
from crenel.kubernetes.objects.routes import HTTPRoute
from crenel.provenance import FieldPath
from crenel.routing.proxy import Protocol

_HEADER, _VALUE = "Strict-Transport-Security", f"max-age={tl_14.GOOD}"
_OPENSHIFT: FieldPath = ("metadata", "annotations", "haproxy.router.openshift.io/hsts_header")
_NGINX_ORG: FieldPath = ("metadata", "annotations", "nginx.org/hsts")
_HAPROXY: FieldPath = ("metadata", "annotations", "haproxy.org/response-set-header")
_HAPROXY_INGRESS: FieldPath = ("metadata", "annotations", "haproxy-ingress.github.io/hsts")
_TRAEFIK: FieldPath = ("metadata", "annotations", "traefik.ingress.kubernetes.io/router.middlewares")
_QUESTION = "browsers will take this host in TLS alone for two years, whatever happens: may they?"


def changes(context: Context) -> Iterator[Change]:
    """One change for each object that can say so, and does not."""
    for finding in tl_14.findings(context.subject):
        thing = context.of(finding)
        if thing is not None and isinstance(finding.patch, Patch):
            name = str(finding.field[-1])
            change = Change(name, f"{thing.title}: {name} as it is meant to be", thing, finding.field,
                            finding.patch.edits, finding.message, mends=mended([finding]))  # fmt: skip
            yield change.asking(_QUESTION)
    for route in context.subject.decoded.openshift_routes:
        said = route.metadata.annotations or {}
        if route.spec is not None and route.spec.tls is not None and _OPENSHIFT[-1] not in said:
            yield from _told(context, route, _OPENSHIFT, (Set(_OPENSHIFT, _VALUE),))
    for ingress, belongs in context.subject.ways.classes:
        if tls_hosts(ingress):
            yield from _of_ingress(context, ingress, belongs.controller)
    for service in context.subject.decoded.virtual_services:
        headers = tuple(_headers(context, service)) if _is_encrypted(context, service, istio.KIND) else ()
        yield from _told(context, service, ("spec", "http"), headers)
    for each in context.subject.decoded.http_routes:
        edits_of = tuple(_filters(each)) if _is_encrypted(context, each, gatewayapi.gateways.KIND) else ()
        yield from _told(context, each, ("spec", "rules"), edits_of)


def _of_ingress(context: Context, ingress: Ingress, controller: str) -> Iterator[Change]:
    """In the words of its controller, where it is known how these are."""
    said = {key: str(value) for key, value in (ingress.metadata.annotations or {}).items()}
    match controller:
        case "nginx.org/ingress-controller" if _NGINX_ORG[-1] not in said:
            edits = (Set(_NGINX_ORG, "true"), Set((*_NGINX_ORG[:2], "nginx.org/hsts-max-age"), tl_14.GOOD))
            yield from _told(context, ingress, _NGINX_ORG, edits)
        case "haproxy.org/ingress-controller/haproxy":
            own = said.get(str(_HAPROXY[-1]), "")
            if _HEADER.lower() not in own.lower():
                text = "\n".join(filter(None, [own.strip(), f'{_HEADER} "{_VALUE}"']))
                yield from _told(context, ingress, _HAPROXY, (Set(_HAPROXY, text),))
        case "haproxy-ingress.github.io/controller" if said.get(str(_HAPROXY_INGRESS[-1])) == "false":
            yield from _told(context, ingress, _HAPROXY_INGRESS, (Set(_HAPROXY_INGRESS, "true"),))
        case "traefik.io/ingress-controller":
            yield from _by_middleware(context, ingress, said.get(str(_TRAEFIK[-1]), ""))


def _by_middleware(context: Context, ingress: Ingress, own: str) -> Iterator[Change]:
    """A Middleware of Traefik for the Ingress, unless one of those that it names says so already, or may."""
    known = {
        f"{each.namespace}-{each.name}@kubernetescrd": each
        for each in context.subject.decoded.settings
        if each.kind == "Middleware"
    }
    names = [each.strip() for each in own.split(",") if each.strip()]
    if any(name not in known or _says(known[name].spec) for name in names):
        return
    taken = {each.name for each in known.values() if each.namespace == ingress.namespace}
    number, name = 2, f"{ingress.name}-hsts"
    while name in taken:
        number, name = number + 1, f"{ingress.name}-hsts-{number}"
    version = next((each.api_version for each in known.values()), "traefik.io/v1alpha1")
    data = {"apiVersion": version, "kind": "Middleware", "metadata": {"name": name, "namespace": ingress.namespace},
            "spec": {"headers": {"stsSeconds": int(tl_14.GOOD)}}}  # fmt: skip
    listed = ",".join([*names, f"{ingress.namespace}-{name}@kubernetescrd"])
    new = made(data, [f"Tells browsers to come to the hosts of {ingress.title} in TLS alone."])
    yield from _told(context, ingress, _TRAEFIK, (Set(_TRAEFIK, listed),), (new,))


def _says(spec: Mapping[str, Any]) -> bool:
    """Whether a Middleware sends the header, or is a chain that may."""
    headers = spec.get("headers")
    custom = headers.get("customResponseHeaders") if isinstance(headers, dict) else None
    by_itself = isinstance(custom, dict) and any(str(key).lower() == _HEADER.lower() for key in custom)
    return "chain" in spec or by_itself or (isinstance(headers, dict) and "stsSeconds" in headers)


def _headers(context: Context, service: VirtualService) -> Iterator[Edit]:
    """The header for each rule that leads somewhere and has none of this name."""
    data = next(each.data for each in context.network.documents if each.origin is service.origin)
    for place, rule in enumerate((service.spec.http if service.spec else None) or ()):
        if rule.route and _HEADER.lower() not in str(data["spec"]["http"][place]).lower():
            yield Set(("spec", "http", place, "headers", "response", "set", _HEADER), _VALUE)


def _is_encrypted(context: Context, route: KubernetesObject, kind: str) -> bool:
    """Whether a route leads somewhere, by listeners with TLS of proxies of a kind alone."""
    ways = context.subject.ways.of(route)
    protocols = {way.opening.listener.protocol for way in ways if way.served.proxy.kind == kind}
    return protocols == {Protocol.HTTPS}


def _filters(route: HTTPRoute) -> Iterator[Edit]:
    """A filter for each rule that leads somewhere and has none of its type, which may be there once."""
    for place, rule in enumerate((route.spec.rules if route.spec else None) or ()):
        filters = rule.filters or []
        if any(each.response_header_modifier is not None or each.request_redirect is not None for each in filters):
            continue
        header = {"set": [{"name": _HEADER, "value": _VALUE}]}
        yield Append(("spec", "rules", place, "filters"), {
            "type": "ResponseHeaderModifier", "responseHeaderModifier": header,
        })  # fmt: skip


def _told(
    context: Context, thing: KubernetesObject, field: FieldPath, edits: tuple[Edit, ...],
    new: tuple[NewObject, ...] = (),
) -> Iterator[Change]:  # fmt: skip
    known: Thing | None = context.thing(thing.origin, thing.namespace)
    if known is not None and edits:
        what, why = f"{known.title}: {_HEADER}: {_VALUE}", "browsers are not told to come in TLS alone"
        yield Change("hsts", what, known, field, edits, why, new=new).asking(_QUESTION)
