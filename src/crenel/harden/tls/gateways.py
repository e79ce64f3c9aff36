"""Gateways that answer in plain HTTP: a listener with TLS, the routes attached to it, and a redirect.

Which listeners do is up to the check IN-11. Sources: Gateway API, HTTP redirects and rewrites (a route that redirects
is attached to the plain listener by ``sectionName``, the others to the one with TLS); Istio reference, Gateway:
ServerTLSSettings (httpsRedirect, credentialName).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from crenel.audit.checks import in_11
from crenel.audit.finding import Finding
from crenel.audit.ways import Way, plain
from crenel.editing.patches import Append, Edit, Patch, Set
from crenel.harden.services.context import Context, mended
from crenel.harden.services.model import Change, NewObject, Promise, Thing
from crenel.harden.services.writing import made
from crenel.harden.tls.certificates import Certificates, Chosen
from crenel.kubernetes.objects.gateway import Gateway, GatewayListener
from crenel.kubernetes.objects.istio import IstioGateway
from crenel.kubernetes.objects.meta import KubernetesObject
from crenel.kubernetes.objects.routes import HTTPRoute, ParentReference
from crenel.provenance import FieldPath
from crenel.routing.hosts import ANY

_PLAIN, _ENCRYPTED = 80, 443


def changes(context: Context, certificates: Certificates) -> Iterator[Change]:
    """One change for each listener."""
    for finding in in_11.findings(context.subject):
        thing = context.of(finding)
        ways = _ways(context, finding.thing, finding.field)
        if thing is None or not ways:
            continue
        if isinstance(finding.thing, Gateway):
            found = _Listener(context, certificates, finding, thing, finding.thing, ways).change()
        elif isinstance(finding.thing, IstioGateway):
            found = _server(context, certificates, finding, thing, finding.thing, ways)
        else:
            found = "its listeners are a set of their own: give that one with TLS"
        if isinstance(found, str):
            context.keep(thing.title, found, thing.origin, finding.field)
        else:
            yield found


def _ways(context: Context, thing: object, field: FieldPath) -> list[Way]:
    """The ways that lead somewhere by one listener."""
    return [
        way
        for way in plain(context.subject.ways.all)
        if way.opening.listener.field[:3] == field and context.subject.ways.thing(way.opening.listener.origin) is thing
    ]


def _hosts(ways: Sequence[Way]) -> list[str]:
    """The hosts that are answered; nothing where any is."""
    found = list(dict.fromkeys(way.opening.host for way in ways))
    return [] if ANY in found else [str(each) for each in found]


def _free(name: str, taken: Sequence[str]) -> str:
    number, found = 2, name
    while found in taken:
        number, found = number + 1, f"{name}-{number}"
    return found


_NAMELESS = "it answers whatever host it is called: no certificate is for that, so name its hosts first"


class _Listener:
    """A plain listener of a Gateway, with the routes that lead somewhere by it."""

    def __init__(
        self, context: Context, certificates: Certificates, finding: Finding, thing: Thing, gateway: Gateway,
        ways: Sequence[Way],
    ) -> None:  # fmt: skip
        self._context = context
        self._certificates = certificates
        self._finding = finding
        self._thing = thing
        self._gateway = gateway
        self._ways = ways
        listeners = (gateway.spec.listeners if gateway.spec else None) or []
        place = finding.field[2]
        assert isinstance(place, int)
        self._listeners = listeners
        self._place = place
        self._plain = listeners[place]

    def change(self) -> Change | str:
        """The change, or why there is none."""
        routes = list({id(way.opening.origin): self._context.subject.ways.thing(way.opening.origin)
                       for way in self._ways}.values())  # fmt: skip
        bound = [each for each in routes if isinstance(each, HTTPRoute)]
        if len(bound) != len(routes):
            return "a route that is no HTTPRoute is attached to it: no redirect can be written for that"
        there = self._there()
        hosts = _hosts(self._ways)
        if there is None and not hosts:
            return _NAMELESS
        if there is None and self._plain.port != _PLAIN:
            return f"it listens on port {self._plain.port}: which port TLS is to have is for you to say"
        title = there.name if there is not None else _free("https", [each.name for each in self._listeners])
        port = there.port if there is not None else _ENCRYPTED
        chosen = Chosen("") if there is not None else self._certificate(hosts)
        edits = () if there is not None else (Append(("spec", "listeners"), self._made(title, chosen.secret)),)
        beside, new = self._moved(bound, title, port)
        where = ", ".join(hosts) or "its hosts"
        change = Change(
            "tls", f"{self._thing.title}: {where} by listener {title}, plain HTTP redirected", self._thing,
            self._finding.field, edits, self._finding.message, new=(*chosen.new, *new), beside=tuple(beside),
            promise=Promise(routes=frozenset(thing.place for thing, _ in beside)), mends=mended([self._finding]),
            notes=chosen.notes,
        )  # fmt: skip
        return chosen.with_it(change)

    def _there(self) -> GatewayListener | None:
        """A listener with TLS for the same names."""
        for each in self._listeners:
            ends = each.tls is None or each.tls.mode in (None, "Terminate")
            if each.protocol == "HTTPS" and ends and each.hostname in (None, self._plain.hostname):
                return each
        return None

    def _certificate(self, hosts: Sequence[str]) -> Chosen:
        return self._certificates.of(
            self._gateway.namespace, self._gateway.name, hosts, self._thing.title,
            shimmed=any(str(key).startswith("cert-manager.io/") for key in self._gateway.metadata.annotations or {}),
        )  # fmt: skip

    def _made(self, name: str, secret: str) -> dict[str, Any]:
        """The new listener: for the same names and routes as the plain one."""
        document = next(
            each for each in self._context.network.documents if each.origin is self._gateway.origin
        )  # fmt: skip
        written = document.data["spec"]["listeners"][self._place]
        copied = {key: written[key] for key in ("hostname",) if key in written}
        tls = {"mode": "Terminate", "certificateRefs": [{"name": secret}]}
        allowed = {"allowedRoutes": written["allowedRoutes"]} if "allowedRoutes" in written else {}
        return {"name": name, "port": _ENCRYPTED, "protocol": "HTTPS", **copied, "tls": tls, **allowed}

    def _moved(
        self, routes: Sequence[HTTPRoute], name: str, port: int
    ) -> tuple[list[tuple[Thing, tuple[Edit, ...]]], list[NewObject]]:
        """The routes attached to the listener with TLS, and those that redirect in their place."""
        beside: list[tuple[Thing, tuple[Edit, ...]]] = []
        new: list[NewObject] = []
        for route in routes:
            thing = self._context.thing(route.origin, route.namespace)
            refs = [(n, each) for n, each in enumerate((route.spec.parent_refs if route.spec else None) or ())
                    if self._is_mine(route, each)]  # fmt: skip
            if thing is None or not refs:
                continue
            edits: list[Edit] = []
            for number, ref in refs:
                edits.append(Set(("spec", "parentRefs", number, "sectionName"), name))
                edits += [Set(("spec", "parentRefs", number, "port"), port)] if ref.port is not None else []
            beside.append((thing, tuple(edits)))
            new.append(self._redirect(route))
        return beside, new

    def _is_mine(self, route: HTTPRoute, ref: ParentReference) -> bool:
        here = (ref.namespace or route.namespace, ref.name) == (self._gateway.namespace, self._gateway.name)
        section = ref.section_name in (None, self._plain.name) and ref.port in (None, self._plain.port)
        return here and section and ref.kind in (None, "Gateway")

    def _redirect(self, route: HTTPRoute) -> NewObject:
        taken = [each.name for each in self._context.subject.decoded.http_routes if each.namespace == route.namespace]
        parent = {"name": self._gateway.name, "namespace": self._gateway.namespace, "sectionName": self._plain.name}
        hostnames = (route.spec.hostnames if route.spec else None) or []
        redirect = {"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}
        data: dict[str, Any] = {
            "apiVersion": route.api_version,
            "kind": "HTTPRoute",
            "metadata": {"name": _free(f"{route.name}-redirect", taken), "namespace": route.namespace},
            "spec": {
                "parentRefs": [parent], **({"hostnames": list(hostnames)} if hostnames else {}),
                "rules": [{"filters": [redirect]}],
            },
        }  # fmt: skip
        return made(data, [f"Sends what comes to {route.title} in plain HTTP to HTTPS."])


def _server(
    context: Context, certificates: Certificates, finding: Finding, thing: Thing, gateway: IstioGateway,
    ways: Sequence[Way],
) -> Change | str:  # fmt: skip
    """A plain server of a Gateway of Istio."""
    routes = {each.place for way in ways if (each := _route(context, way)) is not None}
    change = Change(
        "tls", "", thing, finding.field, (), finding.message,
        promise=Promise(routes=frozenset({*routes, thing.place})), mends=mended([finding]),
    )  # fmt: skip
    redirect = Set((*finding.field, "tls", "httpsRedirect"), True)
    if isinstance(finding.patch, Patch):
        return replace(change, what=f"{thing.title}: plain HTTP redirected to HTTPS", edits=finding.patch.edits)
    hosts = _hosts(ways)
    if not hosts:
        return _NAMELESS
    servers = (gateway.spec.servers if gateway.spec else None) or []
    place = finding.field[2]
    assert isinstance(place, int)
    if servers[place].port.number != _PLAIN:
        return f"it listens on port {servers[place].port.number}: which port TLS is to have is for you to say"
    chosen = certificates.of(gateway.namespace, gateway.name, hosts, thing.title)
    name = _free("https", [each.port.name for each in servers])
    server = {
        "port": {"number": _ENCRYPTED, "name": name, "protocol": "HTTPS"}, "hosts": list(servers[place].hosts or ()),
        "tls": {"mode": "SIMPLE", "credentialName": chosen.secret},
    }  # fmt: skip
    notes = (*chosen.notes, "the Secret has to be in the namespace of the gateway's pods")
    what = f"{thing.title}: TLS for {', '.join(hosts)}, plain HTTP redirected"
    edits = (redirect, Append(("spec", "servers"), server))
    return chosen.with_it(replace(change, what=what, edits=edits, new=chosen.new, notes=notes))


def _route(context: Context, way: Way) -> Thing | None:
    found: KubernetesObject | None = context.subject.ways.thing(way.opening.origin)
    return context.thing(found.origin, found.namespace) if found is not None else None
