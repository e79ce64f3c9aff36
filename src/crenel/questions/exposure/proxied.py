"""Through a proxy and on: a second connection, from the proxy's pods to what stands behind a route.

The first connection is a path of its own, to the pods of the proxy; every route that a listener offers there is one
that goes on. The pods behind see the proxy, and policies judge the connection between the two.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from crenel.bits import union
from crenel.dialects.proxies import Served
from crenel.dialects.service import resolve
from crenel.kubernetes.objects.services import Service, ServicePort
from crenel.network.addresses import AddressSet, Family
from crenel.network.lowering import View
from crenel.network.rules import Direction
from crenel.network.traffic import TCP, UDP, Match
from crenel.provenance import FieldPath, Origin
from crenel.questions.explain import Passage, passage
from crenel.questions.exposure.ground import Ground
from crenel.questions.exposure.handing import Handing
from crenel.questions.exposure.paths import NOBODY, Layer, Leg, Path, Reach, everybody, past_all, perhaps
from crenel.questions.exposure.trip import POLICY
from crenel.questions.verdict import Decision, Outcome, Step
from crenel.routing.openings import Opening, openings
from crenel.routing.proxy import Backend, Listener, Protocol, TlsMode

ALLOW_LIST = "allow list of the proxy"
_SCHEMES = {
    Protocol.HTTP: "http",
    Protocol.HTTPS: "https",
    Protocol.TLS: "tls",
    Protocol.TCP: "tcp",
    Protocol.UDP: "udp",
}


@dataclass(frozen=True, slots=True)
class Onward:
    """Where a proxy sends something: a reference with the requests that are meant, and whose rule says so."""

    backend: Backend
    listener: Listener
    request: str
    origin: Origin
    field: FieldPath
    sources: AddressSet | None = None
    """The clients that the rule takes, None for all."""


@dataclass(frozen=True, slots=True)
class Behind:
    """A pod behind a reference, with its port, by way of a Service's port."""

    pod: int
    match: Match
    service: Service
    port: ServicePort

    @property
    def place(self) -> tuple[str, str, int]:
        """The namespace, the name and the port of the Service."""
        return self.service.namespace, self.service.name, self.port.port


class Proxied:
    """Goes on from the paths that lead to proxies."""

    def __init__(self, ground: Ground, proxies: Sequence[Served]) -> None:
        self.ground = ground
        self.proxies = proxies
        self._services = {(each.namespace, each.name): each for each in ground.joined.model.given.decoded.services}
        self._between: dict[tuple[int, int, Family, int], Passage] = {}
        self._handing = Handing(ground)

    def paths(self, first: Sequence[Path]) -> Iterator[Path]:
        """The paths behind proxies; `first` are all paths that end at pods."""
        to_pod: dict[int, list[Path]] = defaultdict(list)
        for path in first:
            if path.endpoint is not None:
                to_pod[path.endpoint].append(path)
        for served in self.proxies:
            arriving = [path for pod in served.pods for path in to_pod.get(pod, ())]
            for opening in openings(served.proxy):
                for onward in onwards(opening):
                    for path in arriving:
                        yield from self.onward(path, served, onward)

    def onward(self, path: Path, served: Served, onward: Onward) -> Iterator[Path]:
        """What a path becomes that ends at a proxy's pod, where it reaches the listener."""
        wanted = UDP if onward.listener.protocol is Protocol.UDP else TCP
        if path.protocol != wanted or path.entry.listener_port != onward.listener.port:
            return
        for behind in self.behind(onward.backend):
            yield replace(self._joined(path, served, onward, behind.pod, behind.match), behind=behind.place)

    def behind(self, backend: Backend) -> Iterator[Behind]:
        """The pods behind a reference."""
        service = self._services.get((backend.namespace, backend.name)) if backend.kind == "Service" else None
        ports = service.spec.ports if service is not None and service.spec is not None else None
        model = self.ground.joined.model
        for port in ports or ():
            if service is None or backend.port not in (None, port.port, port.name):
                continue
            asked = (Match(None, (port.port, port.port)),)
            found = resolve(service, asked, model.scope, model.given.decoded, model.network)
            for each in found.backends:
                if each.endpoint is not None:
                    yield from (Behind(each.endpoint, match, service, port) for match in each.traffic)

    def _joined(self, path: Path, served: Served, onward: Onward, pod: int, match: Match) -> Path:
        universe = self.ground.universe(path.family)
        over = self._handing.from_pod(path.endpoint, pod, path.family, match) if path.endpoint is not None else None
        between = (over,) if over is not None else ()
        layers = (*self._allow_list(path, onward, universe), *between, self._policies(path, pod, match, universe))
        joined = past_all([path.joined, *(layer.reach for layer in layers)])
        name, proxy = self.ground.network.endpoints[pod].name, path.target
        client = Leg("the client", proxy, onward.listener.tls.value)
        back = Leg(proxy, name, backwards(onward))
        return replace(
            path, through=(*path.through, f"{proxy} ({served.proxy.title})"), target=name, endpoint=pod,
            target_port=match.ports[0] if match.ports else 0, layers=(*path.layers, *layers), joined=joined,
            sources=self.ground.addresses(joined.sure), possible=self.ground.addresses(joined.possible),
            seen_as="the proxy", witness=path.witness if joined.sure else None, request=onward.request,
            tls=(client, back), route=(onward.origin, onward.field),
        )  # fmt: skip

    def _allow_list(self, path: Path, onward: Onward, universe: int) -> Iterator[Layer]:
        """The clients that a rule of the proxy takes; it knows them where the connection comes as it is."""
        if onward.sources is None:
            return
        where, says = path.target, f"only from {onward.sources.only(path.family) or 'no address of this family'}"
        step = Step(ALLOW_LIST, Direction.INGRESS, Decision.ALLOW, says, origin=onward.origin, field=onward.field)
        if path.seen_as != "the client":
            lacks = f"how {where} learns the addresses of clients"
            yield Layer(ALLOW_LIST, where, perhaps(universe), says, lacks, lambda: (step,))
            return
        blocks = union(self.ground.network.blocks_within(onward.sources)) & universe
        yield Layer(ALLOW_LIST, where, everybody(blocks), says, explain=lambda: (step,))

    def _policies(self, path: Path, pod: int, match: Match, universe: int) -> Layer:
        """The policies between the proxy and what is behind it: egress of the one, ingress of the other."""
        assert path.endpoint is not None
        found = self._passage(path.endpoint, pod, path.family, match)
        where = self.ground.network.endpoints[pod].name
        reach = _REACHES[found.outcome](universe)
        lacks = (
            f"what policies between {path.target} and {where} do with it" if reach.possible and not reach.sure else ""
        )
        return Layer(POLICY, where, reach, f"policies at {where} see {path.target}", lacks, lambda: found.steps)

    def _passage(self, source: int, pod: int, family: Family, match: Match) -> Passage:
        mask = self.ground.network.table.mask(match)
        key = (source, pod, family, mask)
        if (known := self._between.get(key)) is None:
            known = self._between[key] = passage(self.ground.network, self._view(family), source, pod, mask)
        return known

    def _view(self, family: Family) -> View:
        return next(view for view in self.ground.network.views if view.family in (None, family))


def _nobody(_universe: int) -> Reach:
    return NOBODY


_REACHES: dict[Outcome, Callable[[int], Reach]] = {
    Outcome.ALLOWED: everybody,
    Outcome.PARTIAL: perhaps,
    Outcome.UNKNOWN: perhaps,
    Outcome.DENIED: _nobody,
}


def onwards(opening: Opening) -> Iterator[Onward]:
    """Where an opening leads: to each of its backends, and to those that receive copies."""
    scheme = _SCHEMES[opening.listener.protocol]
    path = str(opening.match.path) if opening.listener.is_http else ""
    conditions = [opening.match.method, *map(str, opening.match.headers), *map(str, opening.match.query)]
    more = f" [{', '.join(filter(None, conditions))}]" if any(conditions) else ""
    request = f"{scheme}://{opening.host}{path}{more}"
    for backend in (*opening.backends, *opening.mirrors):
        yield Onward(backend, opening.listener, request, opening.origin, opening.field, opening.rule.sources)


def backwards(onward: Onward) -> str:
    """The encryption of the connection from the proxy to what is behind it."""
    if onward.listener.tls is TlsMode.PASSTHROUGH:
        return "passthrough"
    return "none" if onward.backend.tls is None else "tls"


__all__ = ["Onward", "Proxied", "Reach"]
