"""Statements about TLS: what the input shows of each leg of a connection, and nothing that it does not.

For a host these are the legs of the paths from outside. For a workload it is what is declared of its ports, by the
strongest word: the mode of a mesh for pods that take part in it (Istio, PeerAuthentication), the scheme of an HTTP
probe (core/v1 HTTPGetAction), ``appProtocol`` of a Service's port (core/v1 ServicePort). A port's name or number is no
word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from crenel.bits import members
from crenel.dialects.istiopeers import STRICT, Member, PeerAuthentications, led_past, membership
from crenel.dialects.service import resolve
from crenel.intents import Legs, Tls
from crenel.kubernetes.decode import Decoded
from crenel.kubernetes.mesh import root_namespace
from crenel.kubernetes.objects.workloads import PodSpec
from crenel.kubernetes.selectors import LabelIndex
from crenel.network.endpoints import Kind
from crenel.network.rules import Direction
from crenel.network.traffic import TCP, Match, protocol_name
from crenel.provenance import NOWHERE, FieldPath, Origin
from crenel.questions.exposure.paths import Leg, Path
from crenel.questions.exposure.paths import State as PathState
from crenel.questions.exposure.targets import is_url
from crenel.questions.proving.ends import EndError, Ends
from crenel.questions.proving.result import Counterexample, Result, State
from crenel.questions.proving.waysin import Outside
from crenel.questions.verdict import Decision, Outcome, Step
from crenel.routing.hosts import Host, plain

_ENCRYPTED = ("terminate", "passthrough", "tls")
_SECURE = ("https", "tls", "kubernetes.io/wss")
"""Values of appProtocol that mean TLS (Service names of IANA, Kubernetes' own)."""
_PLAIN = ("http", "kubernetes.io/h2c", "kubernetes.io/ws")


_Offer: TypeAlias = tuple[tuple[str, str, Origin], int, str, Mapping[int, list[int]]]


@dataclass(frozen=True, slots=True)
class Word:
    """What one place of the input says of one leg: True for TLS, False for plain text, None for nothing."""

    encrypted: bool | None
    source: str
    target: str
    port: str
    says: str
    origin: Origin = NOWHERE
    field: FieldPath = ()

    def __str__(self) -> str:
        return f"{self.source} to {self.target} {self.port}: {self.says}"

    def example(self) -> Counterexample:
        """The leg as a connection that speaks against a statement."""
        outcome = Outcome.UNKNOWN if self.encrypted is None else Outcome.ALLOWED
        decision = Decision.POSSIBLE if self.encrypted is None else Decision.ALLOW
        step = Step("tls", Direction.INGRESS, decision, self.says, origin=self.origin, field=self.field)
        return Counterexample(self.source, self.target, self.port, outcome, steps=(step,))


def judged(statement: Tls, ends: Ends, outside: Outside) -> Result:
    """What the input shows about a statement's legs.

    Raises:
        EndError: an end cannot be read.
    """
    declared = Declared(ends)
    missing: tuple[str, ...] = ()
    if statement.host:
        found = list(_of_host(statement, declared, outside))
        missing = () if found else (f"no path from outside leads to {statement.host}",)
    else:
        targets = ends.targets(statement.targets)
        missing = (*targets.missing, *targets.lost)
        found = [
            word
            for aim in targets.aims
            for index in members(aim.chosen.everyone)
            for word in declared.words(index, aim.matches)
        ]
    return _result(statement, found, missing)


def _result(statement: Tls, found: Sequence[Word], missing: tuple[str, ...]) -> Result:
    for state, wanted in ((State.VIOLATED, False), (State.UNKNOWN, None)):
        wrong = [word for word in found if word.encrypted is wanted]
        if wrong:
            first = wrong[0]
            what = "is plain text" if wanted is False else "is not known to be encrypted"
            says = f"{first.source} to {first.target} {first.port} {what}: {first.says}"
            notes = tuple(
                dict.fromkeys(f"{each.source} to {each.target} {each.port}: {each.says}" for each in wrong[1:])
            )
            return Result(statement, state, says, len(found), counterexample=first.example(), notes=(*missing, *notes))
    if missing or not found:
        return Result(statement, State.NOTHING, "; ".join(missing) or "no port is meant")
    number = f"{len(found)} leg{'s' if len(found) != 1 else ''}"
    notes = tuple(dict.fromkeys(map(str, found)))
    return Result(statement, State.HOLDS, f"encrypted on {number}", len(found), notes=notes)


def _of_host(statement: Tls, declared: Declared, outside: Outside) -> Iterator[Word]:
    """The legs of all paths that answer for a host, each once; closed ones where there are no others."""
    answering = list(_answering(statement.host, outside.exposed().paths))
    paths = [path for path in answering if path.state is not PathState.CLOSED] or answering
    seen: set[tuple[object, ...]] = set()
    for path in paths:
        legs = path.tls[:1] if statement.legs is Legs.CLIENT else path.tls
        for number, leg in enumerate(legs):
            last = number == len(path.tls) - 1
            word = _leg(path, leg, declared, last=last)
            key = (word.source, word.target, word.port, word.encrypted)
            if key not in seen:
                seen.add(key)
                yield word


def _answering(host: str, paths: Sequence[Path]) -> Iterator[Path]:
    """The paths whose rule is the closest for a host, for each scheme; with a URL those for its path."""
    try:
        parts = urlsplit(host if is_url(host) else f"//{host}")
        name, wanted = plain(parts.netloc), parts.path if is_url(host) else ""
    except ValueError:
        name, wanted = "", ""
    matching: dict[str, list[tuple[tuple[int, int], Path]]] = {}
    for path in paths:
        scheme, _, rest = path.request.partition("://")
        written, slash, tail = rest.partition("/")
        known = Host.of(written.split(" ")[0])
        prefix = f"{slash}{tail}".split(" ")[0].rstrip("*")
        if path.request and known.matches(name) and (not wanted or wanted.startswith(prefix.rstrip("/") or "/")):
            matching.setdefault(scheme, []).append((known.rank, path))
    for found in matching.values():
        closest = max(rank for rank, _ in found)
        yield from (path for rank, path in found if rank == closest)


def _leg(path: Path, leg: Leg, declared: Declared, *, last: bool) -> Word:
    """What is known of one leg; behind a proxy the mesh of the pod may say more than the proxy."""
    port = f"{protocol_name(path.protocol)}/{path.target_port if last else path.port}"
    origin, field = path.route if path.route is not None else (path.entry.origin, path.entry.field)
    if leg.tls in _ENCRYPTED:
        return Word(True, leg.source, leg.target, port, f"{path.request}: {leg.tls}", origin, field)
    index = declared.index_of(leg.target) if last else None
    if index is not None and leg.tls == "none":
        mesh = declared.mesh(index, path.target_port, leg.source)
        if mesh is not None and mesh.encrypted:
            return mesh
    encrypted = False if leg.tls == "none" else None
    return Word(encrypted, leg.source, leg.target, port, f"{path.request}: {leg.tls}", origin, field)


class Declared:
    """What an input declares of the ports of its workloads."""

    def __init__(self, ends: Ends) -> None:
        self._ends = ends
        self._decoded: Decoded = ends.model.given.decoded
        self._groups = ends.model.scope.groups

    def index_of(self, name: str) -> int | None:
        """The endpoint of a name."""
        return self._ends.network.blueprint.registry.known(name)

    def words(self, index: int, matches: tuple[Match, ...] | None) -> Iterator[Word]:
        """What is said of each port of an endpoint: those asked for, or all that it declares.

        Raises:
            EndError: it is no workload.
        """
        endpoint = self._ends.network.endpoints[index]
        if endpoint.kind is not Kind.WORKLOAD:
            raise EndError(f"{endpoint.title} is no workload: nothing in the input says how it speaks", ())
        ports = [port for protocol, port in endpoint.listens if protocol == TCP]
        if matches is not None:
            asked = [each.ports for each in matches if each.protocol in (None, TCP) and each.ports is not None]
            single = [first for first, last in asked if first == last]
            ranged = [port for port in ports if any(first <= port <= last for first, last in asked)]
            ports = [*single, *ranged]
        for port in dict.fromkeys(ports):
            yield self._word(index, port)
        if not ports:
            yield Word(None, "anybody", endpoint.title, "TCP", "no port is declared")

    def _word(self, index: int, port: int) -> Word:
        return (
            self.mesh(index, port, "anybody")
            or self._probe(index, port)
            or self._service(index, port)
            or self._nothing(index, port)
        )

    def _nothing(self, index: int, port: int) -> Word:
        title = self._ends.network.endpoints[index].title
        names = [name for name, _, number in self._groups[index].ports if number == port and name]
        hint = f"; that the port is called {names[0]!r} proves nothing" if names else ""
        text = f"no mesh, probe or appProtocol in the input says how it speaks{hint}"
        return Word(None, "anybody", title, f"TCP/{port}", text)

    def mesh(self, index: int, port: int, source: str) -> Word | None:
        """What the mesh makes of a port; None where the workload takes no part in it."""
        group, endpoint = self._groups[index], self._ends.network.endpoints[index]
        annotations, spec = self._templates.get((group.namespace, group.kind, group.workload), ({}, PodSpec()))
        containers = [each.name or "" for each in (*(spec.containers or ()), *(spec.init_containers or ()))]
        labels = self._ends.model.scope.population.namespaces.get(group.namespace, {})
        part = membership(Member(group.labels, annotations, containers, group.hosted), labels)
        if not part:
            return None
        past = led_past(annotations, port)
        if past:
            return Word(None, source, endpoint.title, f"TCP/{port}", f"{past} leads it past the proxy of the mesh")
        mode = self._modes.mode(index, group.namespace, port)
        if mode.policy is None:
            says = f"{mode.value}, as no PeerAuthentication in the input says otherwise ({part} of Istio)"
            return Word(False, source, endpoint.title, f"TCP/{port}", says)
        says = f"peerauthentication {mode.policy.namespace}/{mode.policy.name}: {mode.value}"
        origin = mode.policy.origin or NOWHERE
        return Word(mode.value == STRICT, source, endpoint.title, f"TCP/{port}", says, origin, mode.field)

    def _probe(self, index: int, port: int) -> Word | None:
        """The scheme of an HTTP probe of a port: the kubelet speaks it."""
        group, endpoint = self._groups[index], self._ends.network.endpoints[index]
        _, spec = self._templates.get((group.namespace, group.kind, group.workload), ({}, PodSpec()))
        for container in spec.containers or ():
            for probe in (container.readiness_probe, container.liveness_probe, container.startup_probe):
                get = probe.get("httpGet") if isinstance(probe, dict) else None
                if isinstance(get, dict) and port in self._numbers(index, get.get("port")):
                    scheme = str(get.get("scheme") or "HTTP").upper()
                    return Word(
                        scheme == "HTTPS", "anybody", endpoint.title, f"TCP/{port}",
                        f"an HTTP probe of container {container.name} speaks {scheme}", group.origin,
                    )  # fmt: skip
        return None

    def _numbers(self, index: int, port: Any) -> list[int]:
        if isinstance(port, int):
            return [port]
        named = self._ends.network.endpoints[index].named(Match(TCP, name=str(port)))
        return [each.ports[0] for each in named if each.ports is not None]

    def _service(self, index: int, port: int) -> Word | None:
        """What Services in front of a workload say of the port that they lead to."""
        endpoint = self._ends.network.endpoints[index]
        for service, number, its, numbers in self._offered:
            if index not in numbers or port not in numbers[index] or not its:
                continue
            secure = True if its.lower() in _SECURE else False if its.lower() in _PLAIN else None
            if secure is not None:
                says = f"service {service[0]}/{service[1]}: appProtocol {its}"
                field: FieldPath = ("spec", "ports", number, "appProtocol")
                return Word(secure, "anybody", endpoint.title, f"TCP/{port}", says, service[2], field)
        return None

    @cached_property
    def _offered(self) -> list[_Offer]:
        """Each port of a Service that has an appProtocol: the Service, its place, and the pods' ports by endpoint."""
        model = self._ends.model
        found: list[_Offer] = []
        for service in self._decoded.services:
            for number, port in enumerate((service.spec.ports if service.spec else None) or ()):
                if not port.app_protocol or (port.protocol or "TCP") != "TCP":
                    continue
                asked = (Match(TCP, (port.port, port.port)),)
                behind = resolve(service, asked, model.scope, self._decoded, self._ends.network).backends
                numbers = {
                    each.endpoint: [match.ports[0] for match in each.traffic if match.ports]
                    for each in behind
                    if each.endpoint is not None
                }
                found.append(((service.namespace, service.name, service.origin), number, port.app_protocol, numbers))
        return found

    @cached_property
    def _modes(self) -> PeerAuthentications:
        groups = self._groups.items()
        index = LabelIndex((number, group.labels, group.unsettled) for number, group in groups)
        return PeerAuthentications(self._decoded.foreign_policies, root_namespace(self._decoded), index)

    @cached_property
    def _templates(self) -> Mapping[tuple[str, str, str], tuple[Mapping[str, str], PodSpec]]:
        """The annotations and the spec of the pods of each workload, by namespace, kind and name."""
        found: dict[tuple[str, str, str], tuple[Mapping[str, str], PodSpec]] = {}
        for pod in self._decoded.pods:
            found[pod.namespace, "Pod", pod.name] = _texts(pod.metadata.annotations), pod.spec or PodSpec()
        for workload in self._decoded.workloads:
            template = workload.spec.template if workload.spec else None
            if template is not None:
                said = template.metadata.annotations if template.metadata else None
                key = workload.namespace, workload.kind, workload.name
                found[key] = _texts(said), template.spec or PodSpec()
        return found


def _texts(annotations: Mapping[str, Any] | None) -> Mapping[str, str]:
    return {key: str(value) for key, value in (annotations or {}).items()}
