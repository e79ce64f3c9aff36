"""The TLS servers that the input declares: hosts of Ingresses, listeners of Gateways, Routes, Services, webhooks.

Sources: networking/v1 IngressTLS; gateway.networking.k8s.io/v1 Listener; route.openshift.io/v1 TLSConfig; istio.io/api
networking/v1 Server; core/v1 ServicePort.appProtocol, and the names of ports by which meshes tell protocols (istio.io,
"Protocol Selection"); admissionregistration.k8s.io/v1 WebhookClientConfig, apiregistration.k8s.io/v1 APIServiceSpec and
apiextensions.k8s.io/v1 WebhookConversion: their Service is called as ``NAME.NAMESPACE.svc`` and has to be signed by
``caBundle``. Which Secret a Service serves from only OpenShift writes down; else it is any in its namespace that speaks
for ``NAME.NAMESPACE.svc``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from crenel.certificates.inventory import raw
from crenel.certificates.probing import demanding
from crenel.certificates.probing.stored import Secrets, certificates
from crenel.certificates.probing.targets import HTTPS, Stored, Target, host_of
from crenel.kubernetes.decode import Decoded
from crenel.kubernetes.objects.gateway import Gateway, GatewayListener, ListenerSet
from crenel.kubernetes.objects.ingress import Ingress
from crenel.kubernetes.objects.istio import IstioGateway
from crenel.kubernetes.objects.openshift import OpenShiftRoute
from crenel.kubernetes.objects.services import Service
from crenel.sources.document import Document

ANY = "any-name"
"""The label that is asked for where a wildcard stands."""

_SERVING = "service.beta.openshift.io/serving-cert-secret-name"
_SECURE = ("https", "tls", "wss")
_PROTOCOLS = frozenset({*_SECURE, "kubernetes.io/wss"})
_WEBHOOKS = frozenset({"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"})


def declared(decoded_input: Decoded, documents: Sequence[Document], default_namespace: str = "default") -> list[Target]:
    """All of them, each host and port once, sorted."""
    secrets = Secrets(documents, default_namespace)
    found: dict[tuple[str, int], Target] = {}
    for target in _all(decoded_input, documents, secrets):
        known = found.get((target.host, target.port))
        found[target.host, target.port] = target if known is None else _both(known, target)
    return [found[key] for key in sorted(found)]


def _both(one: Target, other: Target) -> Target:
    """One server that two objects declare: it may serve what either says."""
    stored = tuple({each.holder: each for each in (*one.stored, *other.stored)}.values())
    roots = one if one.trusts else other
    return replace(
        one,
        https=one.https or other.https,
        stored=stored,
        roots=roots.roots,
        trusts=roots.trusts,
        demands=one.demands or other.demands,
        at=one.at or other.at,
    )


def _all(given: Decoded, documents: Sequence[Document], secrets: Secrets) -> Iterator[Target]:
    for ingress in given.ingresses:
        yield from _of_ingress(ingress, secrets)
    homes = {(each.namespace, each.name): each for each in given.gateways}
    for gateway in given.gateways:
        yield from _of_listeners(gateway, gateway.spec.listeners if gateway.spec else None, secrets, gateway)
    for listeners in given.listener_sets:
        spec = listeners.spec
        parent = homes.get((spec.parent_ref.namespace or listeners.namespace, spec.parent_ref.name)) if spec else None
        yield from _of_listeners(listeners, spec.listeners if spec else None, secrets, parent)
    for route in given.openshift_routes:
        yield from _of_route(route)
    for istio in given.istio_gateways:
        yield from _of_istio(istio, secrets)
    for service in given.services:
        yield from _of_service(service, secrets)
    for document in documents:
        yield from _of_configuration(document, secrets)


def _of_ingress(ingress: Ingress, secrets: Secrets) -> Iterator[Target]:
    spec = ingress.spec
    where = _address(_balancer(ingress))
    for tls in (spec.tls if spec else None) or ():
        stored = _stored(secrets, ingress.namespace, [tls.secret_name] if tls.secret_name else [])
        hosts = tls.hosts or [rule.host for rule in (spec.rules if spec else None) or () if rule.host]
        for host in hosts:
            for server in _server(host, HTTPS, ingress.title, stored, where, https=True):
                yield replace(server, demands=demanding.by_ingress(ingress))


def _of_listeners(
    owner: Gateway | ListenerSet, listeners: Sequence[GatewayListener] | None, secrets: Secrets, gateway: Gateway | None
) -> Iterator[Target]:
    addresses = (gateway.status.addresses if gateway is not None and gateway.status else None) or ()
    where = _address(each.value for each in addresses)
    for listener in listeners or ():
        if listener.protocol not in ("HTTPS", "TLS"):
            continue
        stored: list[Stored] = []
        for ref in (listener.tls.certificate_refs if listener.tls else None) or ():
            stored += _stored(secrets, ref.namespace or owner.namespace, [ref.name])
        host = listener.hostname or where or ""
        port = listener.port or HTTPS
        for server in _server(host, port, owner.title, stored, where, https=listener.protocol == "HTTPS"):
            yield replace(server, demands=demanding.by_listener(listener, gateway))


def _of_route(route: OpenShiftRoute) -> Iterator[Target]:
    spec = route.spec
    if spec is not None and spec.tls is not None and spec.host:
        yield from _server(spec.host, HTTPS, route.title, (), None, https=spec.tls.termination != "passthrough")


def _of_istio(gateway: IstioGateway, secrets: Secrets) -> Iterator[Target]:
    for each in (gateway.spec.servers if gateway.spec else None) or ():
        if each.tls is None or each.port.protocol.upper() not in ("HTTPS", "TLS"):
            continue
        stored = _stored(secrets, gateway.namespace, [each.tls.credential_name] if each.tls.credential_name else [])
        https = each.port.protocol.upper() == "HTTPS" and each.tls.mode != "PASSTHROUGH"
        for host in each.hosts or ():
            for server in _server(host.rpartition("/")[2], each.port.number, gateway.title, stored, None, https=https):
                yield replace(server, demands=demanding.by_server(each))


def _of_service(service: Service, secrets: Secrets) -> Iterator[Target]:
    spec = service.spec
    annotated = (service.metadata.annotations or {}).get(_SERVING)
    host = f"{service.name}.{service.namespace}.svc"
    stored = _stored(secrets, service.namespace, [annotated] if annotated else [])
    for port in (spec.ports if spec else None) or ():
        if (port.protocol or "TCP") == "TCP" and is_secure(port.app_protocol, port.name):
            found = stored or secrets.covering(service.namespace, host)
            yield from _server(host, port.port, service.title, found, None)


def _of_configuration(document: Document, secrets: Secrets) -> Iterator[Target]:
    """The servers that the API server calls, which it authenticates by a bundle of its own for each."""
    data = document.data
    kind = raw.text(data, "kind")
    title = f"{kind.lower()} {raw.text(data, 'metadata', 'name')}"
    if kind in _WEBHOOKS:
        for _, webhook in raw.items(data, "webhooks"):
            yield from _called(raw.at(webhook, "clientConfig"), title, secrets)
    elif kind == "CustomResourceDefinition":
        yield from _called(raw.at(data, "spec", "conversion", "webhook", "clientConfig"), title, secrets)
    elif kind == "APIService" and not raw.at(data, "spec", "insecureSkipTLSVerify"):
        yield from _called(raw.at(data, "spec"), title, secrets)


def _called(config: Any, title: str, secrets: Secrets) -> Iterator[Target]:
    name, namespace = raw.text(config, "service", "name"), raw.text(config, "service", "namespace")
    if name and namespace:
        port = raw.number(config, "service", "port")
        roots = certificates(raw.decoded(raw.at(config, "caBundle")) or b"")
        host = f"{name}.{namespace}.svc"
        held = secrets.covering(namespace, host)
        for server in _server(host, HTTPS if port is None else port, title, held, None):
            yield replace(server, roots=roots, trusts=title)


def _server(
    host: str, port: int, title: str, stored: Sequence[Stored], where: str | None, *, https: bool = False
) -> Iterator[Target]:
    """A server, unless its host is none."""
    name = host_of(f"{ANY}{host[1:]}" if host.startswith("*.") else host)
    if name is not None and 0 < port < 1 << 16:
        at = (where, port) if where is not None else None
        yield Target(name, port, https, tuple(stored), declared=title, at=at)


def _stored(secrets: Secrets, namespace: str, names: Iterable[str]) -> list[Stored]:
    found = (secrets.get(namespace, name) for name in names)
    return [each for each in found if each is not None]


def _balancer(ingress: Ingress) -> Iterator[str | None]:
    balancer = ingress.status.load_balancer if ingress.status else None
    for each in (balancer.ingress if balancer else None) or ():
        yield each.ip or each.hostname


def _address(values: Iterable[str | None]) -> str | None:
    """The first one that can be connected to."""
    return next((host for each in values if each and (host := host_of(each)) is not None), None)


def is_secure(protocol: str | None, name: str | None) -> bool:
    """Whether a port says that it speaks TLS."""
    if protocol:
        return protocol.lower() in _PROTOCOLS
    return (name or "").lower().split("-", 1)[0] in _SECURE
