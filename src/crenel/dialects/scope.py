"""What dialects translate against: the population, with the bitset of every selector."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from crenel.bits import key, members, union
from crenel.kubernetes.objects.meta import LabelSelector
from crenel.kubernetes.objects.policies import NamespacedPods
from crenel.kubernetes.population import Group, Population, further_addresses
from crenel.kubernetes.selectors import LabelIndex, Masks
from crenel.network.addresses import AddressSet, Family
from crenel.network.endpoints import Endpoint, Registry

NO_KEYS: frozenset[str] = frozenset()


def node_name(name: str, address: str = "") -> str:
    """The endpoint name of a node, or of one further address of it."""
    return f"node/{name}@{address}" if address else f"node/{name}"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known of the cluster's address space."""

    pod_ranges: AddressSet = AddressSet()
    node_addresses: AddressSet = AddressSet()
    service_ranges: AddressSet = AddressSet()
    families: tuple[Family, ...] = (4,)


@dataclass(slots=True)
class Scope:
    """The population under the indices of a registry. All results are bitsets (sure, possible) over endpoints."""

    registry: Registry
    population: Population
    surroundings: Surroundings
    groups: Mapping[int, Group]
    endpoints: Mapping[int, Endpoint]
    namespaces_complete: bool = True
    _namespace_names: list[str] = field(default_factory=list)
    _namespace_index: LabelIndex = field(init=False)
    _pod_index: LabelIndex = field(init=False)
    _node_index: LabelIndex = field(init=False)
    _nodes: dict[str, int] = field(init=False)
    _hosted: list[tuple[int, Group]] = field(init=False)
    _hosted_index: LabelIndex = field(init=False)
    _members: dict[str, int] = field(init=False)
    _by_namespaces: dict[tuple[int, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        pods = {index: group for index, group in self.groups.items() if not group.hosted}
        self._hosted = [(index, group) for index, group in self.groups.items() if group.hosted]
        self._hosted_index = LabelIndex((index, group.labels, group.unsettled) for index, group in self._hosted)
        self._pod_index = LabelIndex((index, group.labels, group.unsettled) for index, group in pods.items())
        self._namespace_names = list(self.population.namespaces)
        self._namespace_index = LabelIndex(
            ((place, self.population.namespaces[name], NO_KEYS) for place, name in enumerate(self._namespace_names)),
            complete=self.namespaces_complete,
        )
        self._nodes = {node.name: self.registry.index(node_name(node.name)) for node in self.population.nodes}
        further = [
            (self.registry.index(node_name(node.name, address)), node.labels, NO_KEYS)
            for node in self.population.nodes
            for address in further_addresses(node)
        ]
        own = [(self._nodes[node.name], node.labels, NO_KEYS) for node in self.population.nodes]
        self._node_index = LabelIndex([*own, *further])
        inside: dict[str, list[int]] = defaultdict(list)
        for index, group in pods.items():
            inside[group.namespace].append(index)
        self._members = {name: union(indices) for name, indices in inside.items()}

    @property
    def pods(self) -> int:
        """Everyone whom selectors can match: all pods but those in the host network."""
        return self._pod_index.everything

    @property
    def hosted(self) -> int:
        """The pods in the host network, and the nodes."""
        return union(index for index, _ in self._hosted) | self._node_index.everything

    def namespaces(self, selector: LabelSelector | None) -> Masks:
        """The pods of the namespaces that a selector matches; None matches all."""
        sure, possible = self._namespace_index.match(selector)
        inside = self._inside(sure)
        return inside, inside if sure == possible else self._inside(possible)

    def _inside(self, places: int) -> int:
        wanted = key(places)
        if (known := self._by_namespaces.get(wanted)) is None:
            known = 0
            for place in members(places):
                known |= self._members.get(self._namespace_names[place], 0)
            self._by_namespaces[wanted] = known
        return known

    def namespace(self, name: str) -> int:
        """The pods of one namespace."""
        return self._members.get(name, 0)

    def in_namespace(self, name: str, selector: LabelSelector | None) -> Masks:
        """The pods of one namespace that a selector matches."""
        inside = self.namespace(name)
        sure, possible = self._pod_index.match(selector)
        return sure & inside, possible & inside

    def behind_service(self, namespace: str, selector: LabelSelector) -> Masks:
        """The pods that a Service selects: those in the host network as well, which policies do not see."""
        sure, possible = self.in_namespace(namespace, selector)
        found, maybe = self._hosted_index.match(selector)
        inside = union(index for index, group in self._hosted if group.namespace == namespace)
        return sure | found & inside, possible | maybe & inside

    def in_namespaces(self, namespaces: LabelSelector | None, pods: LabelSelector | None) -> Masks:
        """The pods that one selector matches, in the namespaces that another one does."""
        here, maybe_here = self.namespaces(namespaces)
        sure, possible = self._pod_index.match(pods)
        return sure & here, possible & maybe_here

    def chosen(self, pods: NamespacedPods) -> Masks:
        """The pods of an admin policy's ``pods`` field."""
        return self.in_namespaces(pods.namespace_selector, pods.pod_selector)

    def nodes(self, selector: LabelSelector | None) -> Masks:
        """The nodes that a selector matches, and the pods that share their network and address."""
        sure, possible = self._node_index.match(selector)
        everything = union(self._nodes.values())
        found, maybe = sure, possible
        for index, group in self._hosted:
            home = (
                everything
                if group.nodes is None
                else union(self._nodes[name] for name in group.nodes if name in self._nodes)
            )
            unlisted = home == 0
            if (unlisted and not (selector and (selector.match_labels or selector.match_expressions))) or (
                not unlisted and home & sure == home
            ):
                found |= 1 << index
            if unlisted or home & possible:
                maybe |= 1 << index
        return found, found | maybe
