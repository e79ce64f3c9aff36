"""The TLS servers that the input declares: hosts of Ingresses, listeners of Gateways, Routes, Services, webhooks.

Sources: networking/v1 IngressTLS; gateway.networking.k8s.io/v1 Listener; route.openshift.io/v1 TLSConfig; core/v1
ServicePort.appProtocol, and the names of ports by which meshes tell protocols (istio.io, "Protocol Selection");
admissionregistration.k8s.io/v1 WebhookClientConfig, apiregistration.k8s.io/v1 APIServiceSpec and
apiextensions.k8s.io/v1 WebhookConversion: their Service is called as ``NAME.NAMESPACE.svc`` and has to be signed by
``caBundle``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from crenel.certificates.probing.stored import Secrets, certificates, decoded
from crenel.certificates.probing.targets import HTTPS, Stored, Target, host_of
from crenel.kubernetes.decode import Decoded
from crenel.kubernetes.objects.gateway import Gateway, GatewayListener, ListenerSet
from crenel.kubernetes.objects.ingress import Ingress
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


def informed(target: Target, known: Iterable[Target]) -> Target:
    """A target that was named, with what the input says of the same host and port."""
    for each in known:
        if (each.host, each.port) == (target.host, target.port):
            return replace(each, https=target.https, at=target.at or each.at)
    return target


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
    for service in given.services:
        yield from _of_service(service, secrets)
    for document in documents:
        yield from _of_configuration(document)


def _of_ingress(ingress: Ingress, secrets: Secrets) -> Iterator[Target]:
    spec = ingress.spec
    where = _address(_balancer(ingress))
    for tls in (spec.tls if spec else None) or ():
        stored = _stored(secrets, ingress.namespace, [tls.secret_name] if tls.secret_name else [])
        hosts = tls.hosts or [rule.host for rule in (spec.rules if spec else None) or () if rule.host]
        for host in hosts:
            yield from _server(host, HTTPS, ingress.title, stored, where, https=True)


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
        yield from _server(host, port, owner.title, stored, where, https=listener.protocol == "HTTPS")


def _of_route(route: OpenShiftRoute) -> Iterator[Target]:
    spec = route.spec
    if spec is not None and spec.tls is not None and spec.host:
        yield from _server(spec.host, HTTPS, route.title, (), None, https=spec.tls.termination != "passthrough")


def _of_service(service: Service, secrets: Secrets) -> Iterator[Target]:
    spec = service.spec
    annotated = (service.metadata.annotations or {}).get(_SERVING)
    stored = _stored(secrets, service.namespace, [annotated] if annotated else [])
    for port in (spec.ports if spec else None) or ():
        if (port.protocol or "TCP") == "TCP" and _secure(port.app_protocol, port.name):
            yield from _server(f"{service.name}.{service.namespace}.svc", port.port, service.title, stored, None)


def _of_configuration(document: Document) -> Iterator[Target]:
    """The servers that the API server calls, which it authenticates by a bundle of its own for each."""
    data = document.data
    title = f"{str(data.get('kind')).lower()} {_field(data, 'metadata', 'name')}"
    if data.get("kind") in _WEBHOOKS:
        webhooks = data.get("webhooks")
        for webhook in webhooks if isinstance(webhooks, list) else ():
            yield from _called(_field(webhook, "clientConfig"), title)
    elif data.get("kind") == "CustomResourceDefinition":
        yield from _called(_field(data, "spec", "conversion", "webhook", "clientConfig"), title)
    elif data.get("kind") == "APIService" and not _field(data, "spec", "insecureSkipTLSVerify"):
        yield from _called(data.get("spec"), title)


def _called(config: Any, title: str) -> Iterator[Target]:
    service = _field(config, "service")
    name, namespace = _field(service, "name"), _field(service, "namespace")
    if isinstance(name, str) and isinstance(namespace, str):
        port = _field(service, "port")
        roots = certificates(decoded(_field(config, "caBundle")))
        for server in _server(f"{name}.{namespace}.svc", port if isinstance(port, int) else HTTPS, title, (), None):
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


def _secure(protocol: str | None, name: str | None) -> bool:
    """Whether a port says that it speaks TLS."""
    if protocol:
        return protocol.lower() in _PROTOCOLS
    return (name or "").lower().split("-", 1)[0] in _SECURE


def _field(data: Any, *path: str) -> Any:
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data
