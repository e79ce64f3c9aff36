"""Ingresses as proxies.

Source of the rules: k8s.io/api networking/v1 (``IngressSpec``, ``IngressRule``, ``HTTPIngressPath``, ``IngressTLS``).
All Ingresses of one class are one proxy, because a controller merges them; controllers that make load balancers of a
cloud, one for each Ingress or group of them, are known by name, and serve the ports that annotations say
(`crenel.dialects.cloudingress`). The most specific host decides alone (on AWS rules without a host are tried after its
own), then exact paths, then the longest prefix; what no rule takes goes to the default backend, and without one the
answer is the controller's own 404. Hosts under ``tls`` are answered on port 443 as well; ingress-nginx answers all of
them there, with a certificate of its own if need be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from crenel.dialects import cloudingress, ingressnginx
from crenel.dialects.ingressclasses import ALB, NGINX, Belonging, belonging
from crenel.dialects.known import Known, Truth
from crenel.kubernetes.decode import Decoded
from crenel.kubernetes.objects.ingress import Ingress, IngressBackend, IngressPath, IngressRule, IngressSpec
from crenel.kubernetes.objects.services import Service
from crenel.provenance import FieldPath, Problem, Severity
from crenel.routing.filters import Filter
from crenel.routing.hosts import ANY, Host
from crenel.routing.matches import PathKind, PathMatch, RequestMatch
from crenel.routing.proxy import Backend, Listener, Protocol, Proxy, Route, Rule, TlsMode

KIND = "Ingress"
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
    for ingress in decoded.ingresses:
        belongs = belonging(ingress, decoded, closed=closed)
        found.classes[ingress.namespace, ingress.name] = belongs
        if belongs.served is not Truth.YES:
            found.problems.append(_notice(ingress, belongs.reason, ("spec", "ingressClassName")))
    for (name, apart), ingresses in together(decoded, closed=closed).items():
        belongs = found.classes[ingresses[0].namespace, ingresses[0].name]
        found.proxies.append(_proxy(name, apart, belongs, ingresses, known, found.problems))
    return found


def together(decoded: Decoded, *, closed: bool = False) -> dict[tuple[str, str], list[Ingress]]:
    """The Ingresses of each proxy, by the name of their class and what tells the proxies of one class apart."""
    found: dict[tuple[str, str], list[Ingress]] = defaultdict(list)
    for ingress in decoded.ingresses:
        belongs = belonging(ingress, decoded, closed=closed)
        if belongs.served is not Truth.NO:
            found[belongs.name, cloudingress.apart(ingress, belongs.controller, belongs.name)].append(ingress)
    return found


def _notice(ingress: Ingress, message: str, where: FieldPath = ()) -> Problem:
    return Problem(message, ingress.origin, where, ingress.title, Severity.NOTICE)


def _proxy(
    name: str, apart: str, belongs: Belonging, ingresses: list[Ingress], known: Known, problems: list[Problem]
) -> Proxy:
    readings = [_Reading(ingress, belongs, known) for ingress in ingresses]
    for reading in readings:
        problems += reading.problems()
    listeners = _of_cloud(readings) if cloudingress.is_cloud(belongs.controller) else _in_cluster(readings)
    return Proxy(
        title=f"ingress class {name}" if name else "ingresses without a class",
        listeners=tuple(listeners), name=apart or name, kind=KIND, class_name=name, controller=belongs.controller,
        addresses=tuple(dict.fromkeys(address for each in ingresses for address in _addresses(each))),
        exclusive_hosts=belongs.controller != ALB, origin=ingresses[0].origin,
    )  # fmt: skip


def _in_cluster(readings: list[_Reading]) -> Iterator[Listener]:
    """The listeners of proxies that run in the cluster."""
    plain: list[Route] = []
    encrypted: list[Route] = []
    passed: list[Route] = []
    for reading in readings:
        plain += reading.routes(encrypted=False)
        (passed if reading.settings.passthrough else encrypted).extend(reading.routes(encrypted=True))
    yield Listener("http", 80, Protocol.HTTP, routes=tuple(plain))
    if encrypted:
        yield _https(443, tuple(encrypted), _secrets(readings))
    yield from _passing(passed)


def _of_cloud(readings: list[_Reading]) -> Iterator[Listener]:
    """The listeners of a load balancer of a cloud: by the ports that each Ingress says."""
    ingresses = [each.ingress for each in readings]
    found: dict[tuple[int, bool], list[Route]] = defaultdict(list)
    for reading in readings:
        for port, route in reading.at_ports(ingresses):
            found[port.number, port.tls].append(route)
    for (number, tls), routes in sorted(found.items(), key=lambda item: item[0]):
        if tls:
            yield _https(number, tuple(routes), _secrets(readings))
        else:
            yield Listener("http" if number == 80 else f"http {number}", number, Protocol.HTTP, routes=tuple(routes))


def _secrets(readings: list[_Reading]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(secret for each in readings for secret in each.secrets()))


def _https(number: int, routes: tuple[Route, ...], secrets: tuple[str, ...]) -> Listener:
    name = "https" if number == 443 else f"https {number}"
    return Listener(name, number, Protocol.HTTPS, tls=TlsMode.TERMINATE, routes=routes, secrets=secrets)


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
        self.settings = ingressnginx.PLAIN
        if self.belongs.controller == NGINX:
            self.settings = ingressnginx.settings(self.ingress.metadata.annotations or {})
        elif self._in_cloud:
            self.settings = ingressnginx.Settings(filters=cloudingress.filters(self.ingress))

    def routes(self, *, encrypted: bool) -> Iterator[Route]:
        """The routes of plain or of encrypted requests: one per rule, and one for the default backend."""
        for place, rule in enumerate(self.spec.rules or ()):
            host = Host.of(rule.host, one_label=True)
            secured = self._secured(host)
            if encrypted and not (secured or self._always):
                continue
            if rules := self._rules(rule, place, self._filters(secured=secured and not encrypted)):
                yield self._route(host, rules)
        if self.spec.default_backend is not None and (self.spec.tls or self._always or not encrypted):
            yield self._route(ANY, (self._default(self.spec.default_backend, last=True),))

    def at_ports(self, together: list[Ingress]) -> Iterator[tuple[cloudingress.Port, Route]]:
        """The routes of each port of a load balancer of a cloud, which all of some Ingresses share."""
        found = [
            (host, rules)
            for place, rule in enumerate(self.spec.rules or ())
            for host in (Host.of(rule.host, one_label=True),)
            if (rules := self._rules(rule, place, self.settings.filters))
        ]
        if self.spec.default_backend is not None:
            found.append((ANY, (self._default(self.spec.default_backend, last=True),)))
        for host, rules in found:
            controller, secured = self.belongs.controller, self._secured(host)
            for port in cloudingress.ports(self.ingress, together, controller, secured=secured):
                if port.redirect is None:
                    yield port, self._route(host, rules)
                else:
                    yield port, self._route(ANY if controller == ALB else host, _redirected(port))

    def _rules(self, rule: IngressRule, place: int, filters: tuple[Filter, ...]) -> tuple[Rule, ...]:
        """The rules of one host; without paths they are the default backend's."""
        paths = (rule.http.paths if rule.http else None) or []
        where: FieldPath = ("spec", "rules", place, "http", "paths")
        if paths:
            return tuple(self._rule(path, (*where, number), filters) for number, path in enumerate(paths))
        default = self.spec.default_backend
        return (self._default(default, last=False),) if default is not None else ()

    def _route(self, host: Host, rules: tuple[Rule, ...]) -> Route:
        age = (str(self.ingress.metadata.creation_timestamp or "~"), self.ingress.namespace, self.ingress.name)
        return Route(self.ingress.title, (host,), rules, age, self.ingress.origin)

    @property
    def _in_cloud(self) -> bool:
        return cloudingress.is_cloud(self.belongs.controller)

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
        if self._is_action(path.backend):
            return self._acting(match, path.backend, filters, where)
        backend = self._backend(path.backend, (*where, "backend"))
        return self._with((match,), backend, filters, where)

    def _is_action(self, backend: IngressBackend) -> bool:
        port = backend.service.port if backend.service else None
        return self.belongs.controller == ALB and port is not None and port.name == cloudingress.BY_ANNOTATION

    def _acting(
        self, match: RequestMatch, backend: IngressBackend, filters: tuple[Filter, ...], where: FieldPath
    ) -> Rule:
        """A rule whose backend stands for an action that an annotation says."""
        assert backend.service is not None
        name = backend.service.name
        action = cloudingress.action(self.ingress, name)
        backends = tuple(
            replace(self._named(service, port, (*where, "backend")), weight=weight)
            for service, port, weight in action.services
        )
        notes = (*self._notes(name), *action.notes)
        return Rule((match,), backends, (*filters, *action.filters), field=where, notes=notes)

    def _default(self, backend: IngressBackend, *, last: bool) -> Rule:
        where: FieldPath = ("spec", "defaultBackend")
        rule = self._with((RequestMatch(),), self._backend(backend, where), self.settings.filters, where)
        return replace(rule, last_resort=last)

    def _with(
        self, matches: tuple[RequestMatch, ...], backend: Backend, filters: tuple[Filter, ...], where: FieldPath
    ) -> Rule:
        notes = self._notes(backend.name)
        return Rule(matches, (backend,), filters, field=where, sources=self.settings.sources, notes=notes)

    def _notes(self, name: str) -> tuple[str, ...]:
        """What is not known about a rule for a backend of some name."""
        more = cloudingress.notes(self.ingress, name) if self._in_cloud else ()
        return (*((self.belongs.reason,) if self.belongs.served is Truth.UNKNOWN else ()), *more)

    def _path(self, path: IngressPath) -> PathMatch:
        value = path.path or "/"
        if self.settings.patterns:
            return PathMatch(PathKind.PATTERN, f"(?i){value}.*")
        return PathMatch(_KINDS.get(path.path_type or "", PathKind.UNSPECIFIED), value)

    def _backend(self, backend: IngressBackend, where: FieldPath) -> Backend:
        if backend.service is None:
            resource = backend.resource
            kind, name = (resource.kind, resource.name) if resource else ("", "")
            return Backend(self.ingress.namespace, name, kind=kind, field=where)
        port = backend.service.port
        return self._named(backend.service.name, (port.number or port.name) if port else None, where)

    def _named(self, name: str, asked: int | str | None, where: FieldPath) -> Backend:
        """A Service of the Ingress's own namespace as a backend."""
        service = self.known.services.get((self.ingress.namespace, name))
        tls = self.settings.backend_tls
        if self._in_cloud:
            tls = cloudingress.backend_tls(self.ingress, self.belongs.controller, service, asked)
        return Backend(
            self.ingress.namespace, name, asked, tls=tls, broken=_broken(service, name, asked), status=503, field=where
        )

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


def _redirected(port: cloudingress.Port) -> tuple[Rule, ...]:
    """The rules of a port that only redirects."""
    return (Rule(filters=(port.redirect,) if port.redirect is not None else (), field=port.field),)


def _broken(service: Service | None, name: str, asked: int | str | None) -> str:
    if service is None:
        return f"there is no Service {name}"
    ports = (service.spec.ports if service.spec else None) or []
    if any(asked in (each.port, each.name) for each in ports) or not ports:
        return ""
    return f"Service {name} has no port {asked}"
