"""Ingresses as proxies.

Source of the rules: k8s.io/api networking/v1 (``IngressSpec``, ``IngressRule``, ``HTTPIngressPath``, ``IngressTLS``).
All Ingresses of one class are one proxy, because a controller merges them; controllers that make a load balancer for
each Ingress are known by name. The most specific host decides alone, then exact paths, then the longest prefix; what
no rule takes goes to the default backend, and without one the answer is the controller's own 404. Hosts under ``tls``
are answered on port 443 as well; ingress-nginx answers all of them there, with a certificate of its own if need be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from crenel.dialects import ingressnginx
from crenel.dialects.ingressclasses import ALB, GCE, NGINX, Belonging, belonging
from crenel.dialects.known import Known, Truth
from crenel.kubernetes.decode import Decoded
from crenel.kubernetes.objects.ingress import Ingress, IngressBackend, IngressPath, IngressSpec
from crenel.kubernetes.objects.services import Service
from crenel.provenance import FieldPath, Problem, Severity
from crenel.routing.filters import Filter
from crenel.routing.hosts import ANY, Host
from crenel.routing.matches import PathKind, PathMatch, RequestMatch
from crenel.routing.proxy import Backend, Listener, Protocol, Proxy, Route, Rule, TlsMode

KIND = "Ingress"
_GROUP = "alb.ingress.kubernetes.io/group.name"
_KINDS = {"Exact": PathKind.EXACT, "Prefix": PathKind.PREFIX}


@dataclass(slots=True)
class Ingresses:
    """The proxies that Ingresses make, and the class of each Ingress by (namespace, name)."""

    proxies: list[Proxy] = field(default_factory=list)
    classes: dict[tuple[str, str], Belonging] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def translate(decoded: Decoded, *, closed: bool = False) -> Ingresses:
    """Translate all Ingresses. `closed` says that what the input lacks does not exist (`crenel.dialects.known`)."""
    found, known = Ingresses(), Known(decoded, closed)
    together: dict[tuple[str, str], list[Ingress]] = defaultdict(list)
    for ingress in decoded.ingresses:
        belongs = belonging(ingress, decoded, closed=closed)
        found.classes[ingress.namespace, ingress.name] = belongs
        if belongs.served is not Truth.YES:
            found.problems.append(_notice(ingress, belongs.reason, ("spec", "ingressClassName")))
        if belongs.served is not Truth.NO:
            together[belongs.name, _apart(ingress, belongs)].append(ingress)
    for (name, apart), ingresses in together.items():
        belongs = found.classes[ingresses[0].namespace, ingresses[0].name]
        found.proxies.append(_proxy(name, apart, belongs, ingresses, known, found.problems))
    return found


def _notice(ingress: Ingress, message: str, where: FieldPath = ()) -> Problem:
    return Problem(message, ingress.origin, where, ingress.title, Severity.NOTICE)


def _apart(ingress: Ingress, belongs: Belonging) -> str:
    """What tells the load balancers of one class apart; empty where there is one for all."""
    if belongs.controller == GCE:
        return f"{ingress.namespace}/{ingress.name}"
    if belongs.controller == ALB:
        return (ingress.metadata.annotations or {}).get(_GROUP) or f"{ingress.namespace}/{ingress.name}"
    return ""


def _proxy(
    name: str, apart: str, belongs: Belonging, ingresses: list[Ingress], known: Known, problems: list[Problem]
) -> Proxy:
    plain: list[Route] = []
    encrypted: list[Route] = []
    passed: list[Route] = []
    secrets: list[str] = []
    for ingress in ingresses:
        reading = _Reading(ingress, belongs, known)
        plain += reading.routes(encrypted=False)
        (passed if reading.settings.passthrough else encrypted).extend(reading.routes(encrypted=True))
        secrets += reading.secrets()
        problems += reading.problems()
    listeners = [Listener("http", 80, Protocol.HTTP, routes=tuple(plain))]
    if encrypted:
        listeners.append(_https(tuple(encrypted), tuple(dict.fromkeys(secrets))))
    listeners += _passing(passed)
    return Proxy(
        title=f"ingress class {name}" if name else "ingresses without a class",
        listeners=tuple(listeners), name=apart or name, kind=KIND, class_name=name, controller=belongs.controller,
        addresses=tuple(dict.fromkeys(address for each in ingresses for address in _addresses(each))),
        exclusive_hosts=True, origin=ingresses[0].origin,
    )  # fmt: skip


def _https(routes: tuple[Route, ...], secrets: tuple[str, ...]) -> Listener:
    return Listener("https", 443, Protocol.HTTPS, tls=TlsMode.TERMINATE, routes=routes, secrets=secrets)


def _passing(routes: list[Route]) -> Iterator[Listener]:
    """Listeners that pass TLS on to the backend of a host's first path."""
    for route in routes:
        for host in route.hosts:
            bare = replace(route, rules=tuple(_bare(rule) for rule in route.rules[:1]))
            yield Listener(f"tls {host}", 443, Protocol.TLS, host, TlsMode.PASSTHROUGH, routes=(bare,))


def _bare(rule: Rule) -> Rule:
    """A rule for connections that are passed on: nothing of a request is looked at."""
    note = "the controller must run with --enable-ssl-passthrough"
    return replace(rule, matches=(RequestMatch(),), filters=(), notes=(*rule.notes, note))


def _addresses(ingress: Ingress) -> Iterator[str]:
    balancer = ingress.status.load_balancer if ingress.status else None
    for each in (balancer.ingress if balancer else None) or ():
        yield from filter(None, (each.ip, each.hostname))


@dataclass(slots=True)
class _Reading:
    """One Ingress on its way to routes."""

    ingress: Ingress
    belongs: Belonging
    known: Known
    spec: IngressSpec = field(init=False)
    settings: ingressnginx.Settings = field(init=False)

    def __post_init__(self) -> None:
        self.spec = self.ingress.spec or IngressSpec()
        own = self.belongs.controller == NGINX
        self.settings = ingressnginx.settings(self.ingress.metadata.annotations or {}) if own else ingressnginx.PLAIN

    def routes(self, *, encrypted: bool) -> Iterator[Route]:
        """The routes of plain or of encrypted requests: one per rule, and one for the default backend."""
        for place, rule in enumerate(self.spec.rules or ()):
            host = Host.of(rule.host, one_label=True)
            secured = self._secured(host)
            if encrypted and not (secured or self._always):
                continue
            paths = (rule.http.paths if rule.http else None) or []
            if paths:
                where: FieldPath = ("spec", "rules", place, "http", "paths")
                filters = self._filters(secured=secured and not encrypted)
                rules = tuple(self._rule(path, (*where, number), filters) for number, path in enumerate(paths))
                yield self._route(host, rules)
            elif self.spec.default_backend is not None:
                yield self._route(host, (self._default(self.spec.default_backend, last=False),))
        if self.spec.default_backend is not None and (self.spec.tls or self._always or not encrypted):
            yield self._route(ANY, (self._default(self.spec.default_backend, last=True),))

    def _route(self, host: Host, rules: tuple[Rule, ...]) -> Route:
        age = (str(self.ingress.metadata.creation_timestamp or "~"), self.ingress.namespace, self.ingress.name)
        return Route(self.ingress.title, (host,), rules, age, self.ingress.origin)

    @property
    def _always(self) -> bool:
        """Whether every host is answered in TLS, listed or not."""
        return self.belongs.controller == NGINX

    def _secured(self, host: Host) -> bool:
        """Whether a host is answered in TLS: listed, covered by a wildcard, or all are."""
        for tls in self.spec.tls or ():
            listed = [Host.of(each, one_label=True) for each in tls.hosts or ()] or [ANY]
            if any(host.common(each) == host for each in listed):
                return True
        return False

    def _filters(self, *, secured: bool) -> tuple[Filter, ...]:
        redirected = self.settings.forced or (secured and self.settings.redirected)
        return (ingressnginx.TO_HTTPS,) if redirected else self.settings.filters

    def _rule(self, path: IngressPath, where: FieldPath, filters: tuple[Filter, ...]) -> Rule:
        match = RequestMatch(self._path(path))
        backend = self._backend(path.backend, (*where, "backend"))
        return self._with((match,), backend, filters, where)

    def _default(self, backend: IngressBackend, *, last: bool) -> Rule:
        where: FieldPath = ("spec", "defaultBackend")
        rule = self._with((RequestMatch(),), self._backend(backend, where), self.settings.filters, where)
        return replace(rule, last_resort=last)

    def _with(
        self, matches: tuple[RequestMatch, ...], backend: Backend, filters: tuple[Filter, ...], where: FieldPath
    ) -> Rule:
        notes = (self.belongs.reason,) if self.belongs.served is Truth.UNKNOWN else ()
        return Rule(matches, (backend,), filters, field=where, sources=self.settings.sources, notes=notes)

    def _path(self, path: IngressPath) -> PathMatch:
        value = path.path or "/"
        if self.settings.patterns:
            return PathMatch(PathKind.PATTERN, f"(?i){value}.*")
        return PathMatch(_KINDS.get(path.path_type or "", PathKind.UNSPECIFIED), value)

    def _backend(self, backend: IngressBackend, where: FieldPath) -> Backend:
        namespace = self.ingress.namespace
        if backend.service is None:
            resource = backend.resource
            kind, name = (resource.kind, resource.name) if resource else ("", "")
            return Backend(namespace, name, kind=kind, field=where)
        port = backend.service.port
        asked = (port.number or port.name) if port else None
        service = self.known.services.get((namespace, backend.service.name))
        return Backend(
            namespace, backend.service.name, asked, tls=self.settings.backend_tls,
            broken=_broken(service, backend.service.name, asked), status=503, field=where,
        )  # fmt: skip

    def secrets(self) -> Iterator[str]:
        """The certificates that are shown."""
        for tls in self.spec.tls or ():
            if tls.secret_name:
                yield f"{self.ingress.namespace}/{tls.secret_name}"

    def problems(self) -> Iterator[Problem]:
        """What cannot be read of the annotations."""
        for name, reason in self.settings.wrong:
            where = ("metadata", "annotations", f"{ingressnginx.PREFIX}{name}")
            yield Problem(reason, self.ingress.origin, where, self.ingress.title, Severity.WARNING)


def _broken(service: Service | None, name: str, asked: int | str | None) -> str:
    if service is None:
        return f"there is no Service {name}"
    ports = (service.spec.ports if service.spec else None) or []
    if any(asked in (each.port, each.name) for each in ports) or not ports:
        return ""
    return f"Service {name} has no port {asked}"
