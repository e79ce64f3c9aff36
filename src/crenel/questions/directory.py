"""Finds endpoints by the names people use for them."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property

from crenel.dialects.model import Model
from crenel.kubernetes.objects.services import Service
from crenel.kubernetes.population import is_address
from crenel.network.addresses import AddressSet, Family, address_text, parse_address
from crenel.network.endpoints import Kind


class Directory:
    """Look-up tables over one model, each built when first needed."""

    def __init__(self, model: Model) -> None:
        self.model = model

    @cached_property
    def workloads(self) -> dict[tuple[str, str], dict[str, list[int]]]:
        """Endpoints of the workloads, by (namespace, name) and lower-case kind."""
        found: dict[tuple[str, str], dict[str, list[int]]] = defaultdict(dict)
        for index, group in self.model.scope.groups.items():
            found[group.namespace, group.workload].setdefault(group.kind.lower(), []).append(index)
        return found

    @cached_property
    def pods(self) -> dict[tuple[str, str], list[int]]:
        """Endpoints by (namespace, pod name), and by the name that reports give them."""
        found: dict[tuple[str, str], list[int]] = defaultdict(list)
        for index, group in self.model.scope.groups.items():
            for member in group.members:
                found[group.namespace, member].append(index)
            shown = self.model.network.endpoints[index].name.partition("/")[2]
            if shown != group.workload and shown not in group.members:
                found[group.namespace, shown].append(index)
        return found

    @cached_property
    def pod_nodes(self) -> dict[tuple[str, str], str]:
        """The node of each live pod, by (namespace, name); empty while not placed."""
        return {
            (pod.namespace, pod.name): (pod.spec and pod.spec.node_name) or "" for pod in self.model.given.decoded.pods
        }

    @cached_property
    def pod_at(self) -> dict[str, tuple[str, str]]:
        """(namespace, name) of each live pod by its addresses, for pods that have addresses of their own."""
        return {
            address_text(*parse_address(each.ip)): (pod.namespace, pod.name)
            for pod in self.model.given.decoded.pods
            if pod.status is not None and not (pod.spec and pod.spec.host_network)
            for each in pod.status.pod_ips or ()
            if each.ip and is_address(each.ip)
        }

    @cached_property
    def services_at(self) -> dict[tuple[Family, int], Service]:
        """Services by their cluster addresses."""
        found: dict[tuple[Family, int], Service] = {}
        for service in self.model.given.decoded.services:
            spec = service.spec
            written = (spec.cluster_ips or [spec.cluster_ip or ""]) if spec is not None else []
            found |= {parse_address(text): service for text in written if is_address(text)}
        return found

    @cached_property
    def nodes(self) -> dict[str, list[int]]:
        """Endpoints of each node, by its name: its own addresses first, then one for each further address."""
        found: dict[str, list[int]] = defaultdict(list)
        for index, endpoint in self.model.network.endpoints.items():
            if endpoint.kind is Kind.NODE:
                found[next(iter(endpoint.nodes or ()))].append(index)
        return found

    @cached_property
    def by_address(self) -> dict[tuple[Family, int], int]:
        """Pods and nodes by address; a pod in the host network answers for its node's address only as the node."""
        found: dict[tuple[Family, int], int] = {}
        for index, endpoint in self.model.network.endpoints.items():
            if endpoint.kind is Kind.NODE or (endpoint.kind is Kind.WORKLOAD and not endpoint.hosted):
                for family in (endpoint.addresses or AddressSet()).families():
                    for first, last in (endpoint.addresses or AddressSet()).ranges(family):
                        found |= {(family, value): index for value in range(first, last + 1)}
        return found
