"""Ways through proxies as checks speak of them: which object says so, and whether the internet gets there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from crenel.audit.finding import Check, Severity
from crenel.dialects import gatewayapi
from crenel.dialects.cloudingress import is_cloud
from crenel.dialects.gatewayapi import GatewayApi
from crenel.dialects.ingressclasses import NGINX, Belonging, belonging
from crenel.dialects.proxies import Served
from crenel.kubernetes.objects.ingress import Ingress
from crenel.kubernetes.objects.meta import KubernetesObject
from crenel.kubernetes.objects.services import Service
from crenel.network.addresses import INTERNET
from crenel.provenance import Origin
from crenel.questions.exposure.paths import Path, State
from crenel.routing.filters import Reply
from crenel.routing.hosts import ANY, Host
from crenel.routing.openings import Opening, openings
from crenel.routing.proxy import Backend, Protocol

if TYPE_CHECKING:
    from crenel.audit.subject import Subject

_V = TypeVar("_V")

ACME = "/.well-known/acme-challenge"
"""Where an authority asks in plain HTTP before it signs (RFC 8555, 8.3)."""


class Way(NamedTuple):
    """An opening, and who serves it."""

    served: Served
    opening: Opening


class Ways:
    """All openings of all proxies, by the objects that they are written in."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._decoded = subject.decoded

    @cached_property
    def all(self) -> Sequence[Way]:
        """All of them, in the order of the input."""
        return [Way(served, opening) for served in self._subject.proxies for opening in openings(served.proxy)]

    @cached_property
    def by_origin(self) -> Mapping[int, KubernetesObject]:
        """The objects that configure proxies, by the identity of their origin."""
        kinds: Iterable[Iterable[KubernetesObject]] = (
            self._decoded.ingresses, self._decoded.http_routes, self._decoded.grpc_routes,
            self._decoded.stream_routes, self._decoded.openshift_routes, self._decoded.virtual_services,
            self._decoded.gateways, self._decoded.listener_sets, self._decoded.istio_gateways,
        )  # fmt: skip
        return {id(each.origin): each for kind in kinds for each in kind}

    @cached_property
    def _by_route(self) -> Mapping[int, Sequence[Way]]:
        return _grouped((id(way.opening.origin), way) for way in self.all)

    def of(self, thing: KubernetesObject) -> Sequence[Way]:
        """The ways that a route, or an Ingress, opens."""
        return self._by_route.get(id(thing.origin), ())

    def thing(self, origin: Origin) -> KubernetesObject | None:
        """The object that was read from there."""
        return self.by_origin.get(id(origin))

    @cached_property
    def services(self) -> Mapping[tuple[str, str], Service]:
        """The Services by namespace and name."""
        return {(each.namespace, each.name): each for each in self._decoded.services}

    @cached_property
    def _paths(self) -> Mapping[int, Sequence[Path]]:
        paths = self._subject.exposure.paths
        return _grouped((id(path.route[0]), path) for path in paths if path.route is not None)

    def paths(self, thing: KubernetesObject) -> Sequence[Path]:
        """The paths from outside that take a route."""
        return self._paths.get(id(thing.origin), ())

    def state(self, thing: KubernetesObject) -> State:
        """Whether the internet gets through by a route; possible where its proxy or backend is not in the input."""
        states = {path.state for path in self.paths(thing) if _is_public(path)}
        if State.OPEN in states:
            return State.OPEN
        live = self._subject.live
        hidden = any(way.served.lacks or (not live and not way.opening.backends) for way in self.of(thing))
        return State.POSSIBLE if hidden or State.POSSIBLE in states else State.CLOSED

    def state_of(self, ways: Iterable[Way]) -> State:
        """The same for several routes together."""
        found = {self.state(thing) for thing in _once(self.thing(way.opening.origin) for way in ways)}
        return next((each for each in (State.OPEN, State.POSSIBLE) if each in found), State.CLOSED)

    @cached_property
    def gateways(self) -> GatewayApi:
        """What becomes of Gateways and routes: their conditions."""
        return gatewayapi.translate(self._decoded, closed=self._subject.live)

    @cached_property
    def classes(self) -> Sequence[tuple[Ingress, Belonging]]:
        """The Ingresses with their classes."""
        live = self._subject.live
        return [(each, belonging(each, self._decoded, closed=live)) for each in self._decoded.ingresses]

    @cached_property
    def _secured(self) -> Mapping[str, frozenset[Host]]:
        """By class, the hosts that some Ingress secures; where controllers merge the Ingresses of a host."""
        found: dict[str, set[Host]] = defaultdict(set)
        for ingress, belongs in self.classes:
            if merges(belongs):
                found[belongs.name] |= set(tls_hosts(ingress))
        return {name: frozenset(hosts) for name, hosts in found.items()}

    def secured(self, ingress: Ingress, belongs: Belonging, host: Host) -> bool:
        """Whether an Ingress, or one that is merged with it, has a certificate for a host."""
        own = tls_hosts(ingress)
        if ANY in own:
            return True
        hosts = self._secured.get(belongs.name, frozenset()) if merges(belongs) else frozenset()
        return host in hosts or any(host.common(each) == host for each in own) or _within(host, hosts)


def _within(host: Host, hosts: frozenset[Host]) -> bool:
    """Whether the wildcard one label above is among some hosts."""
    above = Host.of(f"*.{host.name.partition('.')[2]}", one_label=True)
    return above in hosts and above.common(host) == host


def merges(belongs: Belonging) -> bool:
    """Whether the controller of a class answers in TLS for a host of which another Ingress has the certificate."""
    return belongs.controller in (NGINX, "")


def tls_hosts(ingress: Ingress) -> list[Host]:
    """The hosts that ``spec.tls`` lists; every host where an entry lists none."""
    found = []
    for each in (ingress.spec.tls if ingress.spec else None) or ():
        found += [Host.of(name, one_label=True) for name in each.hosts or ()] or [ANY]
    return found


def leads(opening: Opening) -> Sequence[Backend]:
    """The backends that requests are led to; those that the input lacks are taken to be elsewhere."""
    if opening.redirect is not None or any(isinstance(each, Reply) for each in opening.rule.filters):
        return ()
    return [each for each in opening.rule.backends if each.weight > 0]


def plain(ways: Iterable[Way]) -> Iterator[Way]:
    """The ways that lead somewhere without TLS, but for those of an authority's challenges."""
    for way in ways:
        opening = way.opening
        challenge = opening.match.path.value.startswith(ACME)
        if opening.listener.protocol is Protocol.HTTP and leads(opening) and not challenge:
            yield way


def by_cloud(belongs: Belonging) -> bool:
    """Whether a load balancer of a cloud serves a class."""
    return is_cloud(belongs.controller)


def weighed(check: Check, state: State) -> tuple[Severity, str]:
    """The severity of what the internet gets to, or not, and why."""
    if state is State.OPEN:
        return check.severity, ", and the internet gets there"
    if state is State.POSSIBLE:
        return check.severity.lowered(), "; lowered: whether the internet gets there is not in the input"
    return check.severity.lowered(2), "; lowered: the internet does not get there"


def listed(names: Iterable[object], most: int = 3) -> str:
    """A few names, and how many more."""
    found = list(dict.fromkeys(map(str, names)))
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more


def _is_public(path: Path) -> bool:
    """Whether some address of the internet is among those that a path lets through."""
    return bool((path.sources | path.possible) & INTERNET)


def _once(things: Iterable[KubernetesObject | None]) -> Iterator[KubernetesObject]:
    yield from {id(each): each for each in things if each is not None}.values()


def _grouped(pairs: Iterable[tuple[int, _V]]) -> dict[int, list[_V]]:
    found: dict[int, list[_V]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return dict(found)
