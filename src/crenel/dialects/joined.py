"""A cluster and the infrastructure that it runs on, joined: nodes to their machines, pods to the interfaces they share.

Nodes are known by ``spec.providerID``, by an address, or by their name. Pods that have an address which an interface
owns or hands out are behind the firewalls of that interface; those of an overlay network have none of these addresses,
so that the firewalls see nothing but their nodes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from crenel.dialects import proxies
from crenel.dialects.assemble import Assembly
from crenel.dialects.destinations import METADATA, NOWHERE, PLATFORM
from crenel.dialects.loadbalancer import ingress_addresses, ingress_hostnames, source_ranges
from crenel.dialects.model import Input, Model, build_with
from crenel.dialects.proxies import Proxies
from crenel.kubernetes.decode import Decoded
from crenel.kubernetes.objects.meta import Metadata
from crenel.kubernetes.objects.services import Service
from crenel.kubernetes.objects.workloads import Node
from crenel.kubernetes.population import further_addresses, node_addresses
from crenel.network.addresses import INTERNET, AddressSet
from crenel.network.endpoints import Endpoint, Kind
from crenel.network.firewalls import Balancer, Infrastructure, Interface, with_tenants
from crenel.network.network import Cuts
from crenel.network.wire import Frame, Wire, blueprint, client_cuts, wire


@dataclass(frozen=True, slots=True)
class Joined:
    """A model and a wire that share blocks and traffic.

    `machines` are the names of the interfaces of each node by its name, `tenants` those that stand for a pod endpoint
    by its index: one for each interface that its replicas share.
    """

    model: Model
    wire: Wire
    machines: Mapping[str, tuple[str, ...]]
    tenants: Mapping[int, tuple[str, ...]]
    proxies: Proxies

    @property
    def infrastructure(self) -> Infrastructure:
        """The infrastructure, tenants included."""
        return self.wire.infrastructure

    def balancers_of(self, service: Service) -> list[Balancer]:
        """The load balancers of the infrastructure that a Service's status names."""
        return self.balancers_at(ingress_hostnames(service), AddressSet.of(*ingress_addresses(service)))

    def balancers_at(self, hostnames: Iterable[str], addresses: AddressSet) -> list[Balancer]:
        """The load balancers of the infrastructure that have one of some DNS names, in lower case, or addresses."""
        names = set(hostnames)
        return [
            each
            for each in self.infrastructure.balancers
            if names & {name.lower() for name in each.hostnames} or addresses & each.addresses
        ]

    def interfaces_of(self, machine: str) -> list[str]:
        """The names of the interfaces of a machine, or of a load balancer."""
        return [each.name for each in self.infrastructure.interfaces if each.machine == machine]


def join(given: Input, infrastructure: Infrastructure) -> Joined:
    """Join what an input says about the cluster with what it says about the infrastructure."""
    given, found = with_nodes(given), proxies.translate(given.decoded)
    machines = bind(given.decoded.nodes, infrastructure.interfaces)
    shared: dict[str, tuple[str, AddressSet]] = {}
    by_pod: dict[str, list[str]] = defaultdict(list)
    whole: list[Infrastructure] = []

    def further(assembly: Assembly) -> Cuts:
        for pod, name, landlord, addresses in _tenants(assembly.blueprint.members, infrastructure.interfaces):
            shared[name] = landlord, addresses
            by_pod[pod].append(name)
        whole.append(with_tenants(infrastructure, shared))
        made = blueprint(whole[0], assembly.blueprint.registry)
        inside = assembly.blueprint.inside | made.inside
        edges = {INTERNET, inside, METADATA, NOWHERE, PLATFORM, *_source_ranges(given.decoded), *found.sources()}
        return made.cuts() | client_cuts() | Cuts(addresses=frozenset(edges))

    model = build_with(given, further)
    frame = Frame(model.frame.registry, model.network.cuts, model.network.table)
    indices = {each.name: index for index, each in model.network.endpoints.items()}
    tenants = {indices[pod]: tuple(names) for pod, names in by_pod.items()}
    return Joined(model, wire(whole[0], frame), machines, tenants, found)


OWN = "host/"
"""What the names of interfaces begin with that stand for the firewall of a node itself."""
ANY_NODE = "any"
"""The name of the node that stands for those of an input that has none."""


def with_nodes(given: Input) -> Input:
    """An input that has nodes: those that pods name, or one of which nothing is known, where there is no Node in it."""
    if given.decoded.nodes:
        return given
    named = {pod.spec.node_name for pod in given.decoded.pods if pod.spec is not None and pod.spec.node_name}
    nodes = [Node("v1", "Node", Metadata(name=name)) for name in sorted(named) or [ANY_NODE]]
    return replace(given, decoded=replace(given.decoded, nodes=nodes))


def _source_ranges(decoded: Decoded) -> Iterator[AddressSet]:
    for service in decoded.services:
        if (found := source_ranges(service)) is not None:
            yield found[0]


def bind(nodes: Iterable[Node], interfaces: Iterable[Interface]) -> dict[str, tuple[str, ...]]:
    """The names of the interfaces of each node.

    A node's machine is the one of its provider id, whose letters' case does not matter (Azure); or the set of machines
    that the id is in; where no interface bears that, the one that has an address of the node. Firewalls of hosts know
    their node by its name.
    """
    by_machine: dict[str, list[Interface]] = defaultdict(list)
    for each in interfaces:
        by_machine[each.machine.lower()].append(each)
    found: dict[str, tuple[str, ...]] = {}
    for node in nodes:
        provider = node.spec.provider_id if node.spec is not None else None
        cloud = _by_provider(provider or "", by_machine) or _by_address(node, by_machine)
        own = [*cloud, *by_machine.get(node.name.lower(), ())]
        found[node.name] = tuple(dict.fromkeys(each.name for each in own))
    return found


def _by_provider(provider: str, by_machine: Mapping[str, list[Interface]]) -> list[Interface]:
    wanted = provider.lower()
    whole = wanted.rpartition("/virtualmachines/")[0]
    return (by_machine.get(wanted) if wanted else None) or (by_machine.get(whole) if whole else None) or []


def _by_address(node: Node, by_machine: Mapping[str, list[Interface]]) -> list[Interface]:
    wanted = AddressSet.of(*node_addresses(node), *further_addresses(node))
    for machine, interfaces in by_machine.items():
        met = [each for each in interfaces if wanted & (each.addresses | each.public)]
        if met:
            return interfaces if machine else met
    return []


def _tenants(
    members: Iterable[Endpoint], interfaces: Iterable[Interface]
) -> Iterator[tuple[str, str, str, AddressSet]]:
    """Pods on interfaces: (endpoint, name of the tenant, interface, addresses of the pods there)."""
    owners = [each for each in interfaces if each.addresses or each.delegated]
    ranges = sorted(
        (family, first, last, each.name)
        for each in owners
        for family in (each.addresses | each.delegated).families()
        for first, last in (each.addresses | each.delegated).ranges(family)
    )
    for member in members:
        if member.kind is not Kind.WORKLOAD or member.hosted or not member.addresses:
            continue
        found: dict[str, AddressSet] = defaultdict(AddressSet)
        for family in member.addresses.families():
            for first, last in member.addresses.ranges(family):
                for value in range(first, last + 1):
                    if owner := _owner(ranges, family, value):
                        found[owner] |= AddressSet.from_range(family, value, value)
        for owner, addresses in found.items():
            yield member.name, f"{member.name} at {owner}", owner, addresses


def _owner(ranges: Sequence[tuple[int, int, int, str]], family: int, value: int) -> str:
    """The interface that an address belongs to; the ranges are disjoint in any network that works."""
    place = bisect_right(ranges, (family, value, value, "\U0010ffff")) - 1
    for candidate in (place, place + 1):
        if 0 <= candidate < len(ranges):
            known, first, last, name = ranges[candidate]
            if known == family and first <= value <= last:
                return name
    return ""
