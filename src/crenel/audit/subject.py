"""What checks look at. Everything is made when it is first asked for, once, and shared by all checks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TypeVar

from crenel.audit import clusterdns
from crenel.audit.clusterdns import ClusterDNS
from crenel.audit.comments import Comment, comments
from crenel.audit.dead import Dead
from crenel.audit.finding import Named, Thing, Witness
from crenel.audit.machines import Machines
from crenel.audit.reaching import Reach
from crenel.audit.settings import Settings, matches
from crenel.audit.systems import is_system
from crenel.audit.ways import Ways
from crenel.audit.workloads import Owner, Template, Workload, templates, workloads
from crenel.bits import members, union
from crenel.certificates.inventory.model import Inventory
from crenel.dialects import proxies
from crenel.dialects.assemble import NETWORKPOLICY
from crenel.dialects.destinations import NOWHERE
from crenel.dialects.enforcement import Enforcement
from crenel.dialects.joined import Joined, join
from crenel.dialects.model import Input, Model
from crenel.dialects.proxies import Served
from crenel.dialects.scope import Scope
from crenel.dialects.service import resolve
from crenel.kubernetes.decode import Decoded
from crenel.kubernetes.objects.meta import LabelSelector
from crenel.kubernetes.objects.policies import NetworkPolicy
from crenel.network.addresses import INTERNET, AddressSet
from crenel.network.endpoints import Kind
from crenel.network.firewalls import Infrastructure
from crenel.network.network import Network
from crenel.network.rules import Direction, Policy
from crenel.network.traffic import ALL, Match, protocol_name
from crenel.provenance import Origin
from crenel.questions.exposure.assumptions import Assumptions
from crenel.questions.exposure.closing import Setting
from crenel.questions.exposure.ground import Ground
from crenel.questions.exposure.outbound import Outlet, Outlets
from crenel.questions.exposure.paths import Path, State
from crenel.questions.exposure.report import Exposure, exposure
from crenel.questions.parties import Parties


@dataclass(frozen=True, slots=True)
class Material:
    """What an audit is made of: the input, the infrastructure, and what stands for what they lack.

    `origins` are those of all documents, in order; `live` says that a cluster sent them, so that nothing is missing.
    `declared` has who serves a proxy that cannot be found (`crenel.dialects.proxies.find`).
    """

    given: Input
    infrastructure: Infrastructure = field(default_factory=Infrastructure)
    assumed: Assumptions = field(default_factory=Assumptions)
    declared: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    origins: Sequence[Origin] = ()
    live: bool = False
    inventory: Callable[[datetime], Inventory] = Inventory
    """Takes the inventory of the certificates of the input at a moment, when it is first asked for."""
    without_declared: Callable[[], Infrastructure | None] = lambda: None
    """The infrastructure without what plans and states of Terraform say; None where there is nothing to compare."""


class Subject:
    """The decoded objects, the solved network, exposure and egress, isolation and reach."""

    def __init__(self, material: Material, settings: Settings | None = None) -> None:
        self.material = material
        self.settings = settings or Settings()
        self.decoded: Decoded = material.given.decoded
        """The objects of the input, as they are written."""
        self.live = material.live
        """Whether all objects of a cluster are there; manifests may lack what others apply."""
        self.unused: Sequence[Thing] = ()
        """What sets findings aside and did not, known when all checks but the late ones have run."""

    @cached_property
    def joined(self) -> Joined:
        """The model together with the infrastructure. An input without the DNS of a cluster is given the usual one."""
        return join(clusterdns.with_dns(self.material.given, live=self.live), self.material.infrastructure)

    @property
    def model(self) -> Model:
        """The translated input."""
        return self.joined.model

    @property
    def network(self) -> Network:
        """Endpoints under policies; traffic and ends are its bitsets."""
        return self.model.network

    @property
    def scope(self) -> Scope:
        """The selectors of the input: which endpoints each of them matches, surely and possibly."""
        return self.model.scope

    @property
    def enforcement(self) -> Enforcement:
        """Which network plugin the input shows, and what it enforces."""
        return self.model.enforcement

    @cached_property
    def dns(self) -> ClusterDNS:
        """What answers names in this cluster."""
        return clusterdns.find(self.model)

    @cached_property
    def workloads(self) -> Sequence[Workload]:
        """All workloads of the input, those of the system included."""
        return list(workloads(self.model, self.dns.stand_in))

    @cached_property
    def applications(self) -> Sequence[Workload]:
        """The workloads that policies can guard and that are not of the cluster's own system."""
        return [each for each in self.workloads if not each.hosted and not is_system(each.namespace)]

    @cached_property
    def by_index(self) -> Mapping[int, Workload]:
        """The workloads by their endpoint."""
        return {each.index: each for each in self.workloads}

    @cached_property
    def templates(self) -> Sequence[Template]:
        """All pod specs as people wrote them, with the object and the field that each stands in."""
        owners: dict[tuple[str, str], Owner] = {
            (group.namespace, member): (group.namespace, group.kind, group.workload)
            for group in self.scope.groups.values()
            for member in group.members
        }
        return list(templates(self.decoded, owners))

    def namespace(self, name: str) -> Thing:
        """The Namespace of a name; one that is only implied lies where its first workload does."""
        found = self._namespaces.get(name)
        if found is not None:
            return Named(f"namespace {name}", name, found)
        first = next((each.origin for each in self.workloads if each.namespace == name), Origin(""))
        return Named(f"namespace {name}", name, first)

    @cached_property
    def _namespaces(self) -> Mapping[str, Origin]:
        return {each.name: each.origin for each in self.decoded.namespaces}

    @property
    def families(self) -> Sequence[int]:
        """The address families that the cluster is known, or taken, to speak: 4, 6."""
        return self.network.blueprint.families

    @cached_property
    def outside(self) -> int:
        """The blocks of addresses outside of the cluster, private ones included."""
        inside = self.model.assembly.blueprint.inside
        spoken = AddressSet.everything(*self.network.blueprint.spoken_families())
        return self._blocks(spoken - NOWHERE - inside)

    @cached_property
    def internet(self) -> int:
        """The blocks of addresses that are routed globally."""
        spoken = AddressSet.everything(*self.network.blueprint.spoken_families())
        return self._blocks((INTERNET & spoken) - self.model.assembly.blueprint.inside)

    def _blocks(self, wanted: AddressSet) -> int:
        return union(self.network.blocks_within(wanted))

    @cached_property
    def everybody(self) -> int:
        """The workloads, as a set of endpoints."""
        return union(each.index for each in self.workloads)

    @cached_property
    def reach(self) -> Reach:
        """Who reaches whom, and who is isolated: workloads and the blocks outside, solved once by groups."""
        return Reach(self.network, self.everybody | self.outside, self.everybody)

    def isolated(self, workload: Workload, direction: Direction) -> bool | None:
        """Whether a workload is closed in a direction unless a rule opens it; None where that cannot be told."""
        return self.reach.isolated(workload.index, direction)

    def policies(self, direction: Direction) -> Sequence[Policy]:
        """The NetworkPolicies that isolate in a direction, translated: their subjects and rules as sets."""
        stages = self.model.assembly.blueprint.stages
        return [
            policy
            for stage in stages
            if stage.name == NETWORKPOLICY and stage.direction is direction
            for rank in stage.ranks
            for policy in rank
        ]

    @cached_property
    def network_policies(self) -> Mapping[str, NetworkPolicy]:
        """The NetworkPolicies of the input by their titles, which translated policies bear too."""
        return {each.title: each for each in self.decoded.network_policies}

    @cached_property
    def exposure(self) -> Exposure:
        """What the internet can reach, path by path, under the assumptions of the user."""
        return exposure(self.joined, self.material.assumed, self.material.declared)

    @cached_property
    def machines(self) -> Machines:
        """The machines behind the firewalls of the infrastructure: nodes, or all that the input tells of."""
        return Machines(self.material.given, self.material.infrastructure)

    @cached_property
    def ground(self) -> Ground:
        """Who outside gets to which interface, and past which policies: asked once, and kept."""
        return Ground(self.joined)

    @cached_property
    def dead_rules(self) -> Dead:
        """The rules of firewalls that decide nothing, because of others."""
        return Dead(self.material.infrastructure)

    @cached_property
    def paths(self) -> Sequence[tuple[Path, Setting | None]]:
        """The paths from outside, each with the setting that closes it."""
        return list(zip(self.exposure.paths, self.exposure.closings, strict=True))

    @cached_property
    def paths_to(self) -> Mapping[int, Sequence[Path]]:
        """The paths that are open, or may be, by the endpoint that they lead to."""
        return _grouped(
            self.exposure.paths, lambda path: path.endpoint if path.state is not State.CLOSED else None
        )  # fmt: skip

    @cached_property
    def paths_through(self) -> Mapping[tuple[str, str], Sequence[Path]]:
        """All paths by the (namespace, name) of the Service that opens them; closed ones too, no second proxy hop."""
        return _grouped(
            (path for path in self.exposure.paths if not path.request),
            lambda path: (path.entry.service.namespace, path.entry.service.name) if path.entry.service else None,
        )  # fmt: skip

    def from_internet(self, indices: Iterable[int]) -> State:
        """Whether the internet gets to any of some endpoints."""
        states = {path.state for index in indices for path in self.paths_to.get(index, ())}
        return State.OPEN if State.OPEN in states else State.POSSIBLE if State.POSSIBLE in states else State.CLOSED

    @cached_property
    def outlets(self) -> Mapping[str, Sequence[Outlet]]:
        """Where each workload can go outside of the cluster, by its name."""
        return _grouped(Outlets(self.joined).all(), lambda outlet: outlet.workload)

    @cached_property
    def proxies(self) -> Sequence[Served]:
        """The proxies of Ingress, Gateway API and the like, with the endpoints of their pods."""
        return proxies.find(self.joined.proxies, self.decoded, self.scope, self.material.declared)

    @cached_property
    def _edge(self) -> int:
        """Those that are meant to take packets from anywhere: proxies, and what the configuration says."""
        serving = union(index for served in self.proxies for index in served.pods)
        declared = union(each.index for each in self.workloads if matches(each.own_name, self.settings.edge))
        return serving | declared

    def is_edge(self, index: int) -> bool:
        """Whether an endpoint is meant to take packets from anywhere: it serves a proxy, or is declared so."""
        return bool(self._edge >> index & 1)

    def is_public(self, name: str) -> bool:
        """Whether the configuration declares that the internet is meant to reach ``namespace/name``."""
        return matches(name, self.settings.public)

    @cached_property
    def service_ports(self) -> Mapping[int, frozenset[tuple[int, int]]]:
        """The ports of pods, (protocol, number), that Services lead to, by the endpoint."""
        found: dict[int, set[tuple[int, int]]] = defaultdict(set)
        for index, matched in self._backends():
            found[index].add(matched)
        return {index: frozenset(ports) for index, ports in found.items()}

    def _backends(self) -> Iterable[tuple[int, tuple[int, int]]]:
        for service in self.decoded.services:
            for backend in resolve(service, None, self.scope, self.decoded, self.network).backends:
                for match in backend.traffic if backend.endpoint is not None else ():
                    if backend.endpoint is not None and match.protocol is not None and match.ports is not None:
                        yield backend.endpoint, (match.protocol, match.ports[0])

    @cached_property
    def parties(self) -> Parties:
        """Names for sets of endpoints."""
        return Parties(self.network)

    def words(self, ends: int, but: int = 0) -> str:
        """A set of endpoints for people: ``every workload and any address outside``; `but` are left out."""
        inside, outside = ends & self.everybody & ~but, ends & self.outside
        parts = []
        if inside:
            rest = self.everybody & ~but
            few = str(self.parties.named(inside)) if inside.bit_count() <= _FEW else ""
            one = self.by_index[members(inside)[0]].name
            parts.append("every other workload" if inside == rest and inside.bit_count() > 1 and but else few)
            if not parts[0]:
                parts[0] = f"{inside.bit_count()} workloads, such as {one},"
        if outside:
            whole = not self.internet & ~outside
            parts.append("any address outside" if whole else str(self.parties.named(outside)))
        return " and ".join(parts) or "nobody"

    def traffic_words(self, traffic: int) -> str:
        """Some traffic for people: ``TCP/8080``, ``all traffic``."""
        table = self.network.table
        if not table.everything & ~traffic:
            return "all traffic"
        return " ".join(name if ports == "*" else f"{name}/{ports}" for name, ports in table.describe(traffic))

    def witness_into(self, workload: Workload, traffic: int = ALL, within: int = ALL) -> Witness | None:
        """Who surely reaches a workload: preferably of another namespace, else of its own, else from outside."""
        reached = self.reach.into(workload.index)
        ends = reached.sure(traffic) & within & ~(1 << workload.index)
        mine = union(each.index for each in self.workloads if each.namespace == workload.namespace)
        guarded = union(each.index for each in self.applications)
        for part in (ends & guarded & ~mine, ends & mine, ends & self.everybody, ends & self.outside):
            if part:
                one = members(part)[0]
                chosen = self.network.endpoints[one]
                source = "any address outside" if chosen.kind is Kind.BLOCK else chosen.name
                what = self.likely_words(workload, reached.traffic(1 << one) & traffic)
                return Witness(source, workload.name, what)
        return None

    def likely_words(self, workload: Workload, traffic: int) -> str:
        """The part of some traffic that a workload declares, or Services lead to; all of it where there is none."""
        ports = {*workload.listens, *self.service_ports.get(workload.index, ())}
        declared = sorted(port for port in ports if self.mask([port]) & traffic)
        return self.port_words(declared) or self.traffic_words(traffic)

    def port_words(self, ports: Iterable[tuple[int, int]]) -> str:
        """Some ports, (protocol number, port), for people: ``TCP/80,443``."""
        found: dict[int, list[str]] = defaultdict(list)
        for protocol, port in ports:
            found[protocol].append(str(port))
        return " ".join(f"{protocol_name(protocol)}/{','.join(numbers)}" for protocol, numbers in found.items())

    def mask(self, ports: Iterable[tuple[int, int]]) -> int:
        """The traffic that some ports, (protocol number, port), are in: sets of ports that no rule tells apart."""
        return self.network.table.sum(Match(protocol, (port, port)) for protocol, port in ports)

    def exactly(self, ports: Iterable[tuple[int, int]]) -> int:
        """The traffic that is nothing but some ports; what the network cannot tell from others is left out."""
        wanted, slots = set(ports), self.network.table.slots
        return union(
            bit
            for bit in members(self.mask(wanted))
            if all((slots[bit].protocol, port) in wanted for port in range(slots[bit].first, slots[bit].last + 1))
        )

    def knows_key(self, namespace: str | None, selector: LabelSelector | None) -> bool:
        """Whether some pod, of a namespace or of any, has a label that a selector speaks of, whatever its value."""
        keys = set((selector.match_labels if selector else None) or ())
        keys |= {each.key for each in (selector.match_expressions if selector else None) or ()}
        return any(
            keys & each.group.labels.keys() for each in self.workloads if namespace in (None, each.namespace)
        )  # fmt: skip

    @cached_property
    def has_operators(self) -> bool:
        """Whether the input has resources of operators, whose pods may have labels that it does not show."""
        groups = {version.rpartition("/")[0] for version, _ in self.decoded.others_seen}
        foreign = any("." in group and not group.endswith(".k8s.io") for group in groups)
        return foreign or bool(self.decoded.custom_workloads)

    def is_served(self, workload: Workload) -> bool:
        """Whether anything suggests that a workload listens: a declared port, or a Service that leads to it."""
        return bool(workload.listens or workload.index in self.service_ports)

    @cached_property
    def cloud(self) -> str:
        """The cloud that the input shows, by its nodes, its infrastructure or its network plugin; empty for none."""
        for node in self.decoded.nodes:
            scheme = (node.spec.provider_id or "").partition("://")[0] if node.spec is not None else ""
            if scheme in _CLOUDS:
                return _CLOUDS[scheme]
        for interface in self.material.infrastructure.interfaces:
            scheme = interface.machine.partition("://")[0]
            if scheme in _CLOUDS:
                return _CLOUDS[scheme]
        plugin = (self.enforcement.cni or "").lower()
        return next((cloud for word, cloud in _PLUGINS.items() if word in plugin), "")

    @cached_property
    def ways(self) -> Ways:
        """The ways through proxies, by the objects that they are written in."""
        return Ways(self)

    @cached_property
    def certificates(self) -> Inventory:
        """The certificates of the input: empty, with a reason in `missing`, where they cannot be read."""
        return self.material.inventory(self.settings.at or datetime.now(UTC))

    @cached_property
    def comments(self) -> Sequence[Comment]:
        """The comments of the input that set findings aside."""
        return list(comments(self.material.origins))


_FEW = 3
_CLOUDS = {"aws": "AWS", "azure": "Azure", "gce": "Google Cloud", "openstack": "OpenStack"}
_PLUGINS = {"vpc cni": "AWS", "azure": "Azure"}


_K = TypeVar("_K")
_V = TypeVar("_V")


def _grouped(things: Iterable[_V], key: Callable[[_V], _K | None]) -> dict[_K, list[_V]]:
    found: dict[_K, list[_V]] = defaultdict(list)
    for thing in things:
        if (where := key(thing)) is not None:
            found[where].append(thing)
    return dict(found)
