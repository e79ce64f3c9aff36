"""Which ports of the twin speak TLS, of which kind, and what in the input says so.

In this order: the annotation ``crenel.dev/tls`` of the pod, then of a Service; the mode that Istio gives the port of a
pod with a proxy; and what the application declares, which shows where no proxy is in front of it, or one that lets
through: ``appProtocol`` or name of a Service's port, a BackendTLSPolicy, the name of a container's port. A PERMISSIVE
proxy hands everything on that is not its own TLS, so that the application decides (Istio reference, PeerAuthentication;
istio.io, "Protocol Selection").
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from crenel.certificates.probing.declared import is_secure
from crenel.dialects import istiopeers
from crenel.dialects.gatewayapi.backends import Policies
from crenel.dialects.gatewayapi.references import Grants
from crenel.dialects.istiopeers import Member, PeerAuthentications
from crenel.dialects.known import Known
from crenel.dialects.service import resolve
from crenel.kubernetes.mesh import root_namespace
from crenel.kubernetes.objects.services import Service, ServicePort
from crenel.kubernetes.objects.workloads import Pod, PodSpec
from crenel.kubernetes.population import Group
from crenel.kubernetes.selectors import LabelIndex
from crenel.lab.cluster.placement import PlacedPod
from crenel.lab.stage import Stage
from crenel.lab.tls import annotation
from crenel.lab.tls.kinds import Kind
from crenel.network.traffic import TCP, Match, protocol_number

_MODES = {istiopeers.STRICT: Kind.MUTUAL, istiopeers.PERMISSIVE: Kind.PERMISSIVE}


@dataclass(frozen=True, slots=True)
class Secured:
    """A port of a pod, at one of its addresses, that speaks TLS."""

    pod: PlacedPod
    name: str
    """What reports call the pod: its workload, or itself where the twin has several of one."""
    address: str
    port: int
    kind: Kind
    rule: str
    """What in the input says so, in words."""
    hosts: tuple[str, ...] = ()
    """The names of the Services that lead to it, as ``web.shop.svc``."""


def secured(staged: Stage) -> tuple[list[Secured], list[str]]:
    """All of them, and what could not be read, a line each. Where two pods share an address the first counts."""
    reader = _Reader(staged)
    found: dict[tuple[str, int], Secured] = {}
    pods = {pod.title: pod for pod in staged.placement.pods}
    seen: set[tuple[str, int]] = set()
    for ear in staged.ears():
        place = ear.address, ear.port
        if ear.protocol != TCP or ear.title not in pods or place in seen:
            continue
        seen.add(place)
        kind, rule = reader.kind(pods[ear.title], *place)
        if kind is not None:
            name, hosts = staged.roster.names[ear.title], reader.hosts(*place)
            found[place] = Secured(pods[ear.title], name, *place, kind, rule, hosts)
    return list(found.values()), list(dict.fromkeys(reader.notes))


class _Reader:
    def __init__(self, staged: Stage) -> None:
        self._stage = staged
        self._decoded = staged.placement.model.given.decoded
        self._groups = staged.placement.model.scope.groups
        self._pods = {f"{pod.namespace}/{pod.name}": pod for pod in self._decoded.pods}
        self._labels = {each.name: each.labels for each in self._decoded.namespaces}
        index = LabelIndex((index, each.labels, each.unsettled) for index, each in self._groups.items())
        self._peers = PeerAuthentications(staged.placement.peers, root_namespace(self._decoded), index)
        self._backends = Policies(Known(self._decoded), Grants(self._decoded.reference_grants))
        self._front: dict[tuple[str, int], list[tuple[Service, ServicePort]]] = defaultdict(list)
        self.notes: list[str] = []
        for service in self._decoded.services:
            self._lead(service)

    def _lead(self, service: Service) -> None:
        """Note where each port of a Service leads; a headless one too, whose ports are those of the pods."""
        model = self._stage.placement.model
        for port in (service.spec.ports if service.spec else None) or ():
            if protocol_number(port.protocol or "TCP") != TCP:
                continue
            asked = (Match(TCP, (port.port, port.port)),)
            for backend in resolve(service, asked, model.scope, self._decoded, model.network).backends:
                numbers = {match.ports[0] for match in backend.traffic if match.ports is not None}
                for address in self._addresses(backend.endpoint, backend.address):
                    for number in numbers:
                        self._front[address, number].append((service, port))

    def _addresses(self, endpoint: int | None, address: str) -> list[str]:
        if endpoint is None:
            return [address]
        mine = (pod for pod in self._stage.placement.pods if self._stage.roster.pods[pod.title] == endpoint)
        return [each for pod in mine for each in pod.addresses]

    def hosts(self, address: str, port: int) -> tuple[str, ...]:
        """The names of the Services that lead there."""
        front = self._front.get((address, port), ())
        return tuple(sorted({f"{service.name}.{service.namespace}.svc" for service, _ in front}))

    def kind(self, placed: PlacedPod, address: str, port: int) -> tuple[Kind | None, str]:
        """How a port takes connections, None for no TLS, and what says so."""
        pod = self._pods[placed.title]
        for kind, rule in (*self._annotated(pod, port), *self._annotated_services(address, port)):
            return kind, rule
        own, rule = next(self._application(placed, address, port), (None, ""))
        mesh = self._mesh(placed, pod, port)
        if mesh is None or (mesh[0] is Kind.PERMISSIVE and own is not None):
            return own, rule
        return mesh

    def _annotated(self, pod: Pod, port: int) -> Iterator[tuple[Kind | None, str]]:
        group = self._group(pod.namespace, pod.name)
        names = [name for name, protocol, number in group.ports if (protocol, number) == ("TCP", port)]
        yield from self._said(pod.metadata.annotations, f"pod {pod.namespace}/{pod.name}", port, names)

    def _annotated_services(self, address: str, port: int) -> Iterator[tuple[Kind | None, str]]:
        for service, its in self._front.get((address, port), ()):
            yield from self._said(service.metadata.annotations, service.title, its.port, [its.name or ""])

    def _said(
        self, annotations: dict[str, str] | None, title: str, port: int, names: list[str]
    ) -> Iterator[tuple[Kind | None, str]]:
        text = (annotations or {}).get(annotation.KEY)
        if text is None:
            return
        try:
            known, kind = annotation.of(annotation.read(str(text)), port, names)
        except annotation.Unclear as error:
            self.notes.append(f"{title}: annotation {annotation.KEY}: {error}")
            return
        if known:
            yield kind, f"annotation {annotation.KEY} of {title}"

    def _application(self, placed: PlacedPod, address: str, port: int) -> Iterator[tuple[Kind, str]]:
        for service, its in self._front.get((address, port), ()):
            if is_secure(its.app_protocol, its.name):
                what = f"appProtocol {its.app_protocol}" if its.app_protocol else f"port name {its.name}"
                yield Kind.TLS, f"{what} of {service.title}"
        for service, its in self._front.get((address, port), ()):
            if (policy := self._backends.of(service, its.port)) is not None:
                yield Kind.TLS, f"{policy.title} for {service.title}"
        for name, protocol, number in self._group(placed.namespace, placed.name).ports:
            if (protocol, number) == ("TCP", port) and is_secure(None, name):
                yield Kind.TLS, f"container port name {name} of {placed.title}"

    def _mesh(self, placed: PlacedPod, pod: Pod, port: int) -> tuple[Kind | None, str] | None:
        """What a proxy in front of a port does; None for a port without one, or with one that leaves it as it is."""
        spec, annotations = pod.spec or PodSpec(), pod.metadata.annotations or {}
        names = {each.name or "" for each in (*(spec.containers or ()), *(spec.init_containers or ()))}
        member = Member(pod.labels, annotations, names, placed.hosted)
        way = istiopeers.membership(member, self._labels.get(placed.namespace, {}))
        if not way or (way == istiopeers.SIDECAR and istiopeers.led_past(annotations, port)):
            return None
        mode = self._peers.mode(self._stage.roster.pods[placed.title], placed.namespace, port)
        if mode.value == istiopeers.DISABLE and way == istiopeers.SIDECAR:
            return None
        # Ambient knows no DISABLE (Istio reference, PeerAuthentication): it takes both, as without a policy.
        said = mode.policy.title if mode.policy is not None else f"{way} of Istio, without a PeerAuthentication"
        return _MODES.get(mode.value, Kind.PERMISSIVE), f"{said}: {mode.value}"

    def _group(self, namespace: str, name: str) -> Group:
        return self._groups[self._stage.roster.pods[f"{namespace}/{name}"]]
