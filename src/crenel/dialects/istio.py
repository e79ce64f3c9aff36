"""Istio's Gateways and VirtualServices as proxies.

Source of the rules: Istio reference, Gateway (``Server.hosts`` with an optional namespace, ``ServerTLSSettings``) and
VirtualService (``gateways``, ``hosts``, ``HTTPMatchRequest``, ``Destination.host``). Gateways whose selectors are the
same configure the same pods and are one proxy. The most specific host decides alone; within it the first rule that
matches, in the order that is written. A prefix is of text, not of segments. A VirtualService that names no gateway is
for the mesh alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from crenel.dialects.istiorules import Rules
from crenel.dialects.known import Known
from crenel.kubernetes.decode import Decoded
from crenel.kubernetes.objects.istio import IstioGateway, IstioServer, VirtualService
from crenel.provenance import FieldPath, Problem, Severity
from crenel.routing.filters import Redirect
from crenel.routing.hosts import Host
from crenel.routing.proxy import ClientCertificate, Listener, Protocol, Proxy, Route, Rule, TlsMode

KIND = "IstioGateway"
CONTROLLER = "istio.io/gateway-controller"
_TERMINATED = ("SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL", "ISTIO_MUTUAL")
_CLIENTS = {"MUTUAL": ClientCertificate.REQUIRED, "ISTIO_MUTUAL": ClientCertificate.REQUIRED,
            "OPTIONAL_MUTUAL": ClientCertificate.OPTIONAL}  # fmt: skip
_TO_HTTPS = Redirect(scheme="https", status=301)


@dataclass(slots=True)
class IstioGateways:
    """The proxies that Gateways make, and what was noticed."""

    proxies: list[Proxy] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def translate(decoded: Decoded) -> IstioGateways:
    """Translate all Gateways of Istio with the VirtualServices that are bound to them."""
    found, known = IstioGateways(), Known(decoded)
    together: dict[tuple[tuple[str, str], ...], list[IstioGateway]] = defaultdict(list)
    for gateway in decoded.istio_gateways:
        selector = (gateway.spec.selector if gateway.spec else None) or {}
        together[tuple(sorted(selector.items()))].append(gateway)
    for labels, gateways in together.items():
        listeners = tuple(each for one in gateways for each in _listeners(one, decoded, known, found.problems))
        found.proxies.append(Proxy(
            "istio gateway", listeners, gateways[0].namespace, gateways[0].name, KIND, "istio", CONTROLLER,
            selector=labels, exclusive_hosts=True, origin=gateways[0].origin,
        ))  # fmt: skip
    return found


def _listeners(gateway: IstioGateway, decoded: Decoded, known: Known, problems: list[Problem]) -> Iterator[Listener]:
    for place, server in enumerate((gateway.spec.servers if gateway.spec else None) or ()):
        where: FieldPath = ("spec", "servers", place)
        mode = (server.tls.mode if server.tls else None) or ""
        if mode == "AUTO_PASSTHROUGH":
            words = "passes TLS on to whatever Service the server name encodes: such openings are not listed"
            problems.append(Problem(words, gateway.origin, where, gateway.title, Severity.NOTICE))
            continue
        for number, text in enumerate(server.hosts or ()):
            namespace, _, name = text.rpartition("/")
            host = Host.of(name)
            routes = _routes(gateway, server, namespace, host, decoded, known)
            yield Listener(
                f"{gateway.namespace}/{gateway.name}/{server.name or server.port.name or server.port.number}",
                server.port.number, _protocol(server), host, _tls(server), _CLIENTS.get(mode, ClientCertificate.NONE),
                tuple(routes), _secrets(gateway, server), gateway.origin, (*where, "hosts", number),
            )  # fmt: skip


def _tls(server: IstioServer) -> TlsMode:
    mode = (server.tls.mode if server.tls else None) or ""
    if mode == "PASSTHROUGH":
        return TlsMode.PASSTHROUGH
    return TlsMode.TERMINATE if mode in _TERMINATED else TlsMode.NONE


def _protocol(server: IstioServer) -> Protocol:
    written, tls = server.port.protocol.upper(), _tls(server)
    if tls is TlsMode.PASSTHROUGH:
        return Protocol.TLS
    if written in ("HTTP", "HTTP2", "GRPC", "GRPC-WEB", "HTTPS"):
        return Protocol.HTTPS if tls is TlsMode.TERMINATE else Protocol.HTTP
    return Protocol.TLS if tls is TlsMode.TERMINATE else Protocol.TCP


def _secrets(gateway: IstioGateway, server: IstioServer) -> tuple[str, ...]:
    name = server.tls.credential_name if server.tls else None
    return (f"{gateway.namespace}/{name}",) if name else ()


def _routes(
    gateway: IstioGateway, server: IstioServer, namespace: str, host: Host, decoded: Decoded, known: Known
) -> Iterator[Route]:
    if server.tls is not None and server.tls.https_redirect and _tls(server) is TlsMode.NONE:
        yield Route(
            gateway.title, rules=(Rule(filters=(_TO_HTTPS,), field=("spec", "servers")),), origin=gateway.origin
        )
        return
    for service in decoded.virtual_services:
        if not _bound(service, gateway) or not _visible(service, gateway, namespace):
            continue
        hosts = tuple(each for each in map(Host.of, _hosts(service)) if host.common(each))
        if hosts:
            age = str(service.metadata.creation_timestamp or "~"), service.namespace, service.name
            made = Rules(service, gateway, server.port.number, _protocol(server), known)
            for rules, names in made.groups(hosts):
                yield Route(service.title, names, rules, age, service.origin)


def _hosts(service: VirtualService) -> list[str]:
    return (service.spec.hosts if service.spec else None) or []


def _bound(service: VirtualService, gateway: IstioGateway) -> bool:
    names = (service.spec.gateways if service.spec else None) or []
    return any(full_name(each, service.namespace) == (gateway.namespace, gateway.name) for each in names)


def full_name(name: str, namespace: str) -> tuple[str, str]:
    """Namespace and name of a gateway as a VirtualService writes it."""
    home, _, bare = name.rpartition("/")
    return home or namespace, bare


def _visible(service: VirtualService, gateway: IstioGateway, namespace: str) -> bool:
    """Whether a server's host takes VirtualServices from a namespace."""
    return namespace in ("", "*", service.namespace) or (namespace == "." and service.namespace == gateway.namespace)
