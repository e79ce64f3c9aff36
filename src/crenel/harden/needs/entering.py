"""Who comes in from outside of the cluster: through Services of the types for that, Ingresses, Gateways and routes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from crenel.dialects import proxies
from crenel.dialects.entries import Entry, EntryKind, entries
from crenel.dialects.proxies import Proxies, Served
from crenel.harden.needs.ground import Ground
from crenel.harden.needs.model import Basket, End, Everybody, Evidence, EvidenceKind, Outside, Pods
from crenel.kubernetes.objects.services import Service
from crenel.network.traffic import Match
from crenel.provenance import FieldPath, Origin
from crenel.routing.proxy import Backend

OUTSIDE = "outside of the cluster"
_WORDS = {
    EntryKind.BALANCER: "is a load balancer",
    EntryKind.NODE_PORT: "has a node port",
    EntryKind.EXTERNAL_ADDRESS: "has an external address",
    EntryKind.HOST_PORT: "has a host port",
}

_USUAL = {
    "nginx": "k8s.io/ingress-nginx",
    "traefik": "traefik.io/ingress-controller",
    "haproxy": "haproxy.org/ingress-controller/haproxy",
    "contour": "projectcontour.io/ingress-controller",
    "kong": "ingress-controllers.konghq.com/kong",
}
"""The controllers of the names that their own manifests give to their IngressClass."""


def outside(ground: Ground) -> Outside:
    """Everybody outside of the pods' ranges. Where those are not known, pods are among them."""
    return Outside(ground.everywhere, OUTSIDE)


def entered(ground: Ground, basket: Basket, declared: Mapping[str, tuple[str, str]]) -> None:
    """Add who comes in. `declared` has who serves a proxy, by its class or name (`crenel.dialects.proxies.find`)."""
    for entry in entries(ground.model):
        if entry.kind in _WORDS:
            _entry(ground, basket, entry)
    translated = proxies.translate(ground.decoded)
    for served in proxies.find(translated, ground.decoded, ground.model.scope, declared):
        usual = _usual(ground, served)
        _Proxy(ground, basket, usual or served, sure=usual is None).find()


def _usual(ground: Ground, served: Served) -> Served | None:
    """The pods of the controller that usually has a class of this name, where the input has no such class."""
    proxy = served.proxy
    if served.pods or served.cloud is not None or proxy.controller or proxy.class_name not in _USUAL:
        return None
    alike = Proxies((replace(proxy, controller=_USUAL[proxy.class_name]),))
    found = proxies.find(alike, ground.decoded, ground.model.scope, {})[0]
    return found if found.pods else None


def _entry(ground: Ground, basket: Basket, entry: Entry) -> None:
    """Packets come with the address of the client, or of a node or load balancer: all of them are outside."""
    evidence = Evidence(EvidenceKind.REFERENCE, f"{entry.title} {_WORDS[entry.kind]}", entry.origin, entry.field)
    for backend in entry.backends:
        if backend.endpoint is not None:
            target = ground.of(backend.endpoint)
            basket.add(outside(ground), target, backend.traffic, evidence)
            basket.entries.add((outside(ground), target))


class _Proxy:
    def __init__(self, ground: Ground, basket: Basket, served: Served, *, sure: bool) -> None:
        self._kind = EvidenceKind.REFERENCE if sure else EvidenceKind.GUESS
        self._ground = ground
        self._basket = basket
        self._served = served

    def find(self) -> None:
        """Add the connections from a proxy to what it sends requests to."""
        sources = list(self._sources())
        for listener in self._served.proxy.listeners:
            for route in listener.routes:
                for rule in route.rules:
                    for backend in (*rule.backends, *rule.mirrors):
                        self._backend(sources, backend, route.title, route.origin, backend.field or rule.field)

    def _sources(self) -> Iterator[End]:
        title = self._served.proxy.title
        if self._served.pods:
            yield from dict.fromkeys(map(self._ground.of, self._served.pods))
        elif self._served.cloud is not None:
            yield outside(self._ground)
        else:
            self._basket.remark(
                title, f"{self._served.lacks}: what it leads to is open to everybody (--proxy names them)"
            )
            yield Everybody(f"the proxy of {title}, wherever it runs")

    def _backend(self, sources: list[End], backend: Backend, title: str, origin: Origin, field: FieldPath) -> None:
        service = self._ground.services.get((backend.namespace, backend.name)) if backend.kind == "Service" else None
        if service is None:
            if backend.kind == "Service" and not backend.broken:
                text = f"{title} leads to Service {backend.namespace}/{backend.name}, which is not in the input"
                self._basket.remark(title, text, origin, field)
            return
        evidence = Evidence(self._kind, f"{title} leads to Service {service.name}", origin, field)
        for target, traffic in self._ground.behind(service, tuple(_asked(service, backend)) or None):
            if isinstance(target, Pods):
                for source in sources:
                    self._basket.add(source, target, [traffic], evidence)
                    self._basket.entries.add((source, target))


def _asked(service: Service, backend: Backend) -> Iterator[Match]:
    for port in (service.spec.ports if service.spec else None) or ():
        if backend.port in (None, port.port, port.name):
            yield Match(None, (port.port, port.port))
