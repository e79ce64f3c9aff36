"""Routes of OpenShift as one proxy.

Source of the rules: github.com/openshift/api route/v1 (``RouteSpec``, ``TLSConfig``, ``WildcardPolicyType``) and the
OpenShift documentation, Route configuration: of several Routes for a host the namespace of the oldest keeps it; of two
with one host and path the oldest counts; the longest path decides; a request that no Route takes is answered with 503.
A wildcard stands for one label, and routers admit it only where they are told to. Weights are 0 to 256, and 100 where
none is given. Routers of different shards are not told apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from crenel.dialects.known import Known
from crenel.kubernetes.decode import Decoded
from crenel.kubernetes.objects.openshift import OpenShiftRoute, OpenShiftRouteSpec, RouteTarget
from crenel.kubernetes.objects.services import Service
from crenel.network.addresses import AddressSet
from crenel.provenance import Problem, Severity
from crenel.routing.filters import Redirect
from crenel.routing.hosts import ANY, Host
from crenel.routing.matches import PathMatch, RequestMatch
from crenel.routing.proxy import Backend, BackendTls, Listener, Protocol, Proxy, Route, Rule, TlsMode

KIND = "OpenShiftRouter"
CONTROLLER = "openshift.io/ingress-to-route"
_LISTS = ("haproxy.router.openshift.io/ip_allowlist", "haproxy.router.openshift.io/ip_whitelist")
_TO_HTTPS = Redirect(scheme="https", status=302)


@dataclass(slots=True)
class OpenShiftRoutes:
    """The proxy that Routes make, None without any, and why some are not admitted."""

    proxy: Proxy | None = None
    problems: list[Problem] = field(default_factory=list)


def translate(decoded: Decoded) -> OpenShiftRoutes:
    """Translate all Routes."""
    found = OpenShiftRoutes()
    if not decoded.openshift_routes:
        return found
    known = Known(decoded)
    readings = [_Reading(each, known, found.problems) for each in _admitted(decoded.openshift_routes, found.problems)]
    plain = tuple(route for each in readings for route in each.plain())
    encrypted = tuple(route for each in readings for route in each.encrypted())
    listeners = [
        Listener("http", 80, Protocol.HTTP, routes=plain),
        Listener("https", 443, Protocol.HTTPS, tls=TlsMode.TERMINATE, routes=encrypted),
        *(listener for each in readings for listener in each.passed()),
    ]
    found.proxy = Proxy(
        "openshift router", tuple(listeners), kind=KIND, name="default", controller=CONTROLLER, unmatched=503,
        exclusive_hosts=True, origin=decoded.openshift_routes[0].origin,
    )  # fmt: skip
    return found


def _age(route: OpenShiftRoute) -> tuple[str, str, str]:
    return str(route.metadata.creation_timestamp or "~"), route.namespace, route.name


def _admitted(routes: list[OpenShiftRoute], problems: list[Problem]) -> Iterator[OpenShiftRoute]:
    owners: dict[Host, str] = {}
    taken: set[tuple[Host, str]] = set()
    for route in sorted(routes, key=_age):
        host, path = _host(route), (route.spec.path if route.spec else None) or "/"
        owner = owners.setdefault(host, route.namespace) if host != ANY else route.namespace
        if owner != route.namespace:
            problems.append(_notice(route, f"host {host} is claimed by an older Route in namespace {owner}"))
        elif (host, path) in taken and host != ANY:
            problems.append(_notice(route, f"an older Route has host {host} and path {path}"))
        else:
            taken.add((host, path))
            yield route


def _notice(route: OpenShiftRoute, message: str) -> Problem:
    return Problem(message, route.origin, ("spec", "host"), route.title, Severity.NOTICE)


def _host(route: OpenShiftRoute) -> Host:
    """The names of a Route; every name where the router makes one up."""
    spec = route.spec or OpenShiftRouteSpec()
    if spec.host and spec.wildcard_policy == "Subdomain":
        return Host.of(f"*.{spec.host.partition('.')[2]}", one_label=True)
    return Host.of(spec.host)


@dataclass(slots=True)
class _Reading:
    """One Route on its way to neutral ones."""

    route: OpenShiftRoute
    known: Known
    problems: list[Problem]
    spec: OpenShiftRouteSpec = field(init=False)
    sources: AddressSet | None = field(init=False)

    def __post_init__(self) -> None:
        self.spec = self.route.spec or OpenShiftRouteSpec()
        self.sources = self._sources()

    @property
    def _termination(self) -> str:
        return self.spec.tls.termination.lower() if self.spec.tls else ""

    @property
    def _insecure(self) -> str:
        return (self.spec.tls.insecure_edge_termination_policy if self.spec.tls else None) or "None"

    def plain(self) -> Iterator[Route]:
        """What is answered without TLS."""
        if not self._termination or (self._insecure == "Allow" and self._termination != "passthrough"):
            yield self._route(self._rule())
        elif self._insecure == "Redirect":
            yield self._route(replace(self._rule(), filters=(_TO_HTTPS,), backends=()))

    def encrypted(self) -> Iterator[Route]:
        """What is answered in TLS that the router ends."""
        if self._termination in ("edge", "reencrypt"):
            yield self._route(self._rule())

    def passed(self) -> Iterator[Listener]:
        """What is passed on in TLS."""
        if self._termination == "passthrough":
            host = _host(self.route)
            route = self._route(replace(self._rule(), matches=(RequestMatch(),)))
            yield Listener(f"tls {host}", 443, Protocol.TLS, host, TlsMode.PASSTHROUGH, routes=(route,))

    def _route(self, rule: Rule) -> Route:
        return Route(self.route.title, (_host(self.route),), (rule,), _age(self.route), self.route.origin)

    def _rule(self) -> Rule:
        targets = [*([self.spec.to] if self.spec.to else []), *(self.spec.alternate_backends or ())]
        return Rule(
            (RequestMatch(PathMatch(value=self.spec.path or "/")),), tuple(map(self._backend, targets)),
            sources=self.sources, notes=tuple(self._notes()), field=("spec",),
        )  # fmt: skip

    def _notes(self) -> Iterator[str]:
        if not self.spec.host:
            yield "the router makes up the host name"
        if self.spec.wildcard_policy == "Subdomain":
            yield "the router must be told to admit wildcards"

    def _backend(self, target: RouteTarget) -> Backend:
        weight = 100 if target.weight is None else target.weight
        port = self.spec.port.target_port if self.spec.port else None
        namespace = self.route.namespace
        service = self.known.services.get((namespace, target.name))
        tls = BackendTls(f"{target.name}.{namespace}.svc") if self._termination == "reencrypt" else None
        broken = "" if service is not None else f"there is no Service {target.name}"
        return Backend(
            namespace, target.name, _service_port(service, port), weight, tls=tls, broken=broken, status=503,
            field=("spec", "to"),
        )  # fmt: skip

    def _sources(self) -> AddressSet | None:
        annotations = self.route.metadata.annotations or {}
        for name in _LISTS:
            if text := annotations.get(name):
                try:
                    return AddressSet.of(*text.split())
                except ValueError as error:
                    where = ("metadata", "annotations", name)
                    problem = Problem(str(error), self.route.origin, where, self.route.title, Severity.WARNING)
                    self.problems.append(problem)
        return None


def _service_port(service: Service | None, target: int | str | None) -> int | str | None:
    """The Service's port that leads to a target port, which a Route names instead: by its name or its target."""
    ports = (service.spec.ports if service is not None and service.spec else None) or []
    for each in ports:
        if target is None or target in (each.name, each.target_port or each.port):
            return each.port
    return target
