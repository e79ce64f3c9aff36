"""Who scrapes whom: annotations, ServiceMonitors and PodMonitors.

Sources: the Prometheus operator's API reference (monitoring.coreos.com/v1: ServiceMonitorSpec, PodMonitorSpec,
PrometheusSpec: a monitor counts where both of its selectors select it, and no selector at all selects none); the
annotations ``prometheus.io/scrape`` and ``prometheus.io/port`` as Prometheus' example configuration for Kubernetes and
its charts read them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from crenel.audit import clusterdns
from crenel.bits import members
from crenel.harden.needs.discovery import Choice, choices
from crenel.harden.needs.ground import Ground, Written, items, mapping
from crenel.harden.needs.model import Basket, End, Evidence, EvidenceKind, Pods, Traffic, traffic_text
from crenel.harden.needs.rights import nodes
from crenel.harden.needs.texts import words_of
from crenel.kubernetes.objects.meta import LabelSelector
from crenel.kubernetes.objects.services import Service
from crenel.kubernetes.selectors import LabelIndex
from crenel.network.traffic import TCP, Match, protocol_number
from crenel.provenance import Origin
from crenel.sources.document import Document

_GROUP = "monitoring.coreos.com/"
_SERVERS = ("Prometheus", "PrometheusAgent")
_SCRAPERS = (
    "prometheus",
    "vmagent",
    "vmsingle",
    "victoria-metrics",
    "opentelemetry-collector-contrib",
    "grafana-agent",
)
_CONTROL_PLANE = {
    "kubelet": (10250,), "kube-scheduler": (10259,), "kube-controller-manager": (10257,), "kube-proxy": (10249,),
    "kube-etcd": (2381,), "etcd": (2381,),
}  # fmt: skip
"""Ports of what runs in the network of nodes and has no Service of its own (kubernetes.io, "Ports and Protocols";
kubeadm's ``listen-metrics-urls`` for etcd)."""


_METRICS = frozenset({"metrics", "metric", "prometheus", "prom"})
"""Words in the names of ports that are for Prometheus and its like."""
_NAMING = ("kube-dns", "coredns")


def scraped(ground: Ground, basket: Basket) -> None:
    """Add what is scraped."""
    _Monitors(ground, basket).find()
    _annotated(ground, basket)
    _unread(ground, basket)


def scrapers(ground: Ground) -> list[Pods]:
    """The workloads that scrape: by the kind of the operator, or by their image."""
    found = []
    for pods in ground.owners:
        written = ground.written.get(pods)
        if pods.kind in _SERVERS or (written is not None and set(written.images) & set(_SCRAPERS)):
            found.append(pods)
    return found


class _Monitors:
    def __init__(self, ground: Ground, basket: Basket) -> None:
        self._ground = ground
        self._basket = basket
        self._services = list(ground.decoded.services)
        self._by_label = LabelIndex((place, each.labels, frozenset()) for place, each in enumerate(self._services))

    def find(self) -> None:
        for document in self._ground.documents:
            version, kind = str(document.data.get("apiVersion")), document.data.get("kind")
            if version.startswith(_GROUP) and kind in ("ServiceMonitor", "PodMonitor"):
                self._monitor(document, str(kind))

    def _monitor(self, document: Document, kind: str) -> None:
        data, metadata = document.data, mapping(document.data.get("metadata"))
        namespace = str(metadata.get("namespace") or self._ground.default_namespace)
        title = f"{kind.lower()} {namespace}/{metadata.get('name')}"
        spec = mapping(data.get("spec"))
        by = list(self._readers(kind, namespace, mapping(metadata.get("labels"))))
        if not by:
            text = f"{title} asks for scraping, and no Prometheus of the input reads it"
            self._basket.remark(title, text, document.origin)
            return
        selector = _selector(spec.get("selector")) or LabelSelector()
        wanted = list(self._places(spec, namespace))
        of_services = kind == "ServiceMonitor"
        services = list(self._services_of(selector, wanted)) if of_services else []
        targets: list[Service | Pods] = [*services, *([] if of_services else self._pods_of(selector, wanted))]
        if not targets:
            self._absent(selector, by, title, document.origin)
        for place, endpoint in enumerate(_endpoints(spec, kind)):
            key = "endpoints" if kind == "ServiceMonitor" else "podMetricsEndpoints"
            evidence = Evidence(EvidenceKind.FACT, f"scraped for {title}", document.origin, ("spec", key, place))
            for target in targets:
                for end, traffic in self._ports(target, endpoint):
                    for source in by:
                        self._basket.add(source, end, [traffic], evidence)

    def _readers(self, kind: str, namespace: str, labels: dict[str, Any]) -> Iterator[Pods]:
        """The Prometheus servers that a monitor counts for."""
        field = "serviceMonitor" if kind == "ServiceMonitor" else "podMonitor"
        mine = LabelIndex([(0, {str(key): str(value) for key, value in labels.items()}, frozenset())])
        operated = [each for each in self._ground.decoded.custom_workloads if each.kind in _SERVERS]
        for each in operated:
            chosen, homes = each.spec.get(f"{field}Selector"), each.spec.get(f"{field}NamespaceSelector")
            pods = Pods(each.namespace, each.kind, each.name)
            if chosen is None or pods not in self._ground.owners:
                continue
            near = each.namespace == namespace if homes is None else self._selects(homes, namespace)
            if near and mine.match(_selector(chosen))[1]:
                yield pods
        if not operated:
            yield from scrapers(self._ground)

    def _selects(self, written: Any, namespace: str) -> bool:
        names = self._ground.namespace_names
        found = self._ground.namespaces.match(_selector(written))[1]
        return namespace in names and bool(found >> names.index(namespace) & 1)

    def _places(self, spec: dict[str, Any], namespace: str) -> Iterator[str]:
        chosen = mapping(spec.get("namespaceSelector"))
        if chosen.get("any") is True:
            yield from self._ground.namespace_names
            return
        yield from (str(each) for each in items(chosen.get("matchNames")) or [namespace])

    def _services_of(self, selector: LabelSelector, wanted: list[str]) -> Iterator[Service]:
        for place in members(self._by_label.match(selector)[1]):
            if self._services[place].namespace in wanted:
                yield self._services[place]

    def _pods_of(self, selector: LabelSelector, wanted: list[str]) -> Iterator[Pods]:
        for name in wanted:
            found = self._ground.model.scope.behind_service(name, selector)[1]
            yield from dict.fromkeys(map(self._ground.of, members(found)))

    def _ports(self, target: Service | Pods, endpoint: dict[str, Any]) -> Iterator[tuple[End, Traffic]]:
        if isinstance(target, Pods):
            yield from ((target, each) for each in _port_of(self._ground, target, endpoint))
            return
        name, number = endpoint.get("port"), endpoint.get("targetPort")
        if name is None and number is not None:
            for pods in self._ground.pods_behind(target):
                yield from ((pods, each) for each in _port_of(self._ground, pods, {"port": number}))
            return
        asked = tuple(
            Match(protocol_number(port.protocol or "TCP"), (port.port, port.port))
            for port in (target.spec.ports if target.spec else None) or ()
            if port.name == name
        )
        if asked:
            yield from self._ground.behind(target, asked)

    def _naming(self, by: list[Pods], title: str, origin: Origin) -> None:
        """Metrics of the cluster's DNS, on the port that CoreDNS has for them (coredns.io, plugin prometheus)."""
        text = f"{title} is for the cluster's DNS"
        evidence = Evidence(EvidenceKind.GUESS, text, origin, ("spec", "selector"))
        for pods in map(self._ground.of, members(clusterdns.find(self._ground.model).pods)):
            for source in by:
                self._basket.add(source, pods, [Match(TCP, (9153, 9153))], evidence)

    def _absent(self, selector: LabelSelector, by: list[Pods], title: str, origin: Origin) -> None:
        """Whom a monitor is for that selects nothing in the input: often the control plane, which has no manifests."""
        words = {value for value in (selector.match_labels or {}).values() if value}
        if words & set(_NAMING):
            self._naming(by, title, origin)
            return
        ports = tuple(port for word in sorted(words) for port in _CONTROL_PLANE.get(word, ()))
        if not ports:
            self._basket.remark(title, f"{title} selects nothing in the input", origin, ("spec", "selector"))
            return
        evidence = Evidence(
            EvidenceKind.GUESS, f"{title} is for {', '.join(sorted(words))}", origin, ("spec", "selector")
        )
        for source in by:
            end = nodes(self._ground)
            self._basket.add(source, end, [Match(TCP, (port, port)) for port in ports], evidence)


def _selector(written: Any) -> LabelSelector | None:
    try:
        return msgspec.convert(written, LabelSelector) if written is not None else None
    except msgspec.ValidationError:
        return LabelSelector(match_labels={"": ""})


def _endpoints(spec: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [
        mapping(each) for each in items(spec.get("endpoints" if kind == "ServiceMonitor" else "podMetricsEndpoints"))
    ]


def _port_of(ground: Ground, pods: Pods, endpoint: dict[str, Any]) -> Iterator[Match]:
    wanted = endpoint.get("portNumber", endpoint.get("port", endpoint.get("targetPort")))
    if isinstance(wanted, int) and not isinstance(wanted, bool):
        yield Match(TCP, (wanted, wanted))
    for name, protocol, number in ground.group(pods).ports:
        if name and name == wanted:
            yield Match(protocol_number(protocol), (number, number))


def _annotated(ground: Ground, basket: Basket) -> None:
    by = scrapers(ground)
    for owner, written in ground.written.items():
        if _on(written.annotations.get("prometheus.io/scrape")):
            _scrape(ground, basket, by, owner, written)
    for service in ground.decoded.services:
        said = service.metadata.annotations or {}
        if _on(said.get("prometheus.io/scrape")):
            ports = _number(said.get("prometheus.io/port"))
            where = ("metadata", "annotations", "prometheus.io/scrape")
            evidence = Evidence(EvidenceKind.REFERENCE, f"{service.title} asks for scraping", service.origin, where)
            for target, traffic in ground.behind(service):
                if isinstance(target, Pods):
                    _add(basket, by, target, ports or [traffic], evidence)
    for pods in by:
        if (scraper := ground.written.get(pods)) is not None:
            for choice in choices(ground, scraper):
                _chosen(ground, basket, pods, choice)


def _chosen(ground: Ground, basket: Basket, by: Pods, choice: Choice) -> None:
    """What one Prometheus chooses by an annotation of its own."""
    where = ("metadata", "annotations")
    for owner, written in ground.written.items():
        if choice.of == "pod" and choice.takes(owner.namespace, written.annotations):
            evidence = Evidence(EvidenceKind.FACT, f"an annotation that {by} goes by", written.origin, written.path)
            _add(basket, [by], owner, _declared(ground, owner), evidence)
    for service in ground.decoded.services:
        if choice.of == "service" and choice.takes(service.namespace, service.metadata.annotations or {}):
            evidence = Evidence(EvidenceKind.FACT, f"an annotation that {by} goes by", service.origin, where)
            for target, traffic in ground.behind(service):
                if isinstance(target, Pods):
                    _add(basket, [by], target, [traffic], evidence)


def _declared(ground: Ground, owner: Pods) -> list[Traffic]:
    return [Match(protocol_number(p), (n, n)) for _, p, n in ground.group(owner).ports if p == "TCP"]


def _scrape(ground: Ground, basket: Basket, by: list[Pods], owner: Pods, written: Written) -> None:
    where = (*written.path, "metadata", "annotations", "prometheus.io/scrape")
    evidence = Evidence(EvidenceKind.REFERENCE, "its annotations ask for scraping", written.origin, where)
    ports = _number(written.annotations.get("prometheus.io/port"))
    _add(basket, by, owner, ports or _declared(ground, owner), evidence)


def _add(basket: Basket, by: list[Pods], target: Pods, ports: list[Traffic], evidence: Evidence) -> None:
    if not by:
        text = "asks for scraping by Prometheus, which the input does not have: it stays closed"
        basket.remark(str(target), text, evidence.origin, evidence.field)
    for source in by:
        basket.add(source, target, ports, evidence)


def _on(value: Any) -> bool:
    return value is True or str(value).lower() == "true"


def _number(value: Any) -> list[Traffic]:
    text = str(value or "")
    return [Match(TCP, (int(text), int(text)))] if text.isdecimal() and 0 < int(text) <= 65535 else []


def _unread(ground: Ground, basket: Basket) -> None:
    """Note whose ports are called metrics and are read by nobody that is known, once for each namespace."""
    reached = {(target, traffic) for _, target, traffic in basket.found}
    spoken_of = {each.subject for each in basket.remarks}
    closed: dict[str, dict[str, None]] = {}
    for pods, traffic in _of_metrics(ground):
        if (pods, traffic) not in reached and not ground.hosted(pods) and str(pods) not in spoken_of:
            closed.setdefault(pods.namespace, {})[f"{pods.name} {traffic_text(traffic)}"] = None
    for namespace, found in sorted(closed.items()):
        text = f"metrics are read by nobody that is known, and stay closed: {', '.join(sorted(found))}"
        basket.remark(namespace, text)


def _of_metrics(ground: Ground) -> Iterator[tuple[Pods, Traffic]]:
    """The ports of pods that are for metrics, by their own names or by those that Services give them."""
    for pods in ground.owners:
        for name, protocol, number in ground.group(pods).ports:
            if _METRICS & set(words_of(name)):
                yield pods, Match(protocol_number(protocol), (number, number))
    for service in ground.decoded.services:
        for port in (service.spec.ports if service.spec else None) or ():
            if _METRICS & set(words_of(port.name or "")):
                asked = Match(protocol_number(port.protocol or "TCP"), (port.port, port.port))
                for end, traffic in ground.behind(service, (asked,)):
                    if isinstance(end, Pods):
                        yield end, traffic
