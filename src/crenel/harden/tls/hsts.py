"""Browsers are told to come in TLS alone (RFC 6797). What they have been told cannot be taken back: it is always asked.

Which settings switch it off is up to the check TL-14. Sources: OpenShift, Routes: HTTP Strict Transport Security
(``haproxy.router.openshift.io/hsts_header``); NGINX Ingress Controller, annotations (``nginx.org/hsts``); Gateway API,
HTTPHeaderFilter. ingress-nginx sends the header unless it is told not to.
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.checks import tl_14
from crenel.audit.ways import tls_hosts
from crenel.dialects import gatewayapi
from crenel.editing.patches import Append, Edit, Patch, Set
from crenel.harden.services.context import Context, mended
from crenel.harden.services.model import Change, Thing
from crenel.kubernetes.objects.meta import KubernetesObject
from crenel.kubernetes.objects.routes import HTTPRoute
from crenel.provenance import FieldPath
from crenel.routing.proxy import Protocol

_HEADER, _VALUE = "Strict-Transport-Security", f"max-age={tl_14.GOOD}"
_OPENSHIFT: FieldPath = ("metadata", "annotations", "haproxy.router.openshift.io/hsts_header")
_NGINX_ORG: FieldPath = ("metadata", "annotations", "nginx.org/hsts")
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
        said = ingress.metadata.annotations or {}
        if belongs.controller == "nginx.org/ingress-controller" and tls_hosts(ingress) and _NGINX_ORG[-1] not in said:
            edits = (Set(_NGINX_ORG, "true"), Set((*_NGINX_ORG[:2], "nginx.org/hsts-max-age"), tl_14.GOOD))
            yield from _told(context, ingress, _NGINX_ORG, edits)
    for each in context.subject.decoded.http_routes:
        edits_of = tuple(_filters(each)) if _is_encrypted(context, each) else ()
        yield from _told(context, each, ("spec", "rules"), edits_of)


def _is_encrypted(context: Context, route: HTTPRoute) -> bool:
    """Whether a route leads somewhere, by listeners with TLS alone."""
    ways = context.subject.ways.of(route)
    kinds = {way.opening.listener.protocol for way in ways if way.served.proxy.kind == gatewayapi.gateways.KIND}
    return kinds == {Protocol.HTTPS}


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


def _told(context: Context, thing: KubernetesObject, field: FieldPath, edits: tuple[Edit, ...]) -> Iterator[Change]:
    known: Thing | None = context.thing(thing.origin, thing.namespace)
    if known is not None and edits:
        what = f"{known.title}: {_HEADER}: {_VALUE}"
        yield Change("hsts", what, known, field, edits, "browsers are not told to come in TLS alone").asking(_QUESTION)
