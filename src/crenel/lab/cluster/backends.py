"""What stands behind the Services of a twin: which pods, where, and who of them serves whom.

Source of the rules: k8s.io/api core/v1 ServiceSpec. With externalTrafficPolicy Local only pods of the node that a
packet came to serve clients from outside, who keep their address; otherwise every pod does, and sees that node as the
source. With internalTrafficPolicy Local only pods of the client's node serve clients inside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from crenel.dialects.service import resolve
from crenel.kubernetes.objects.services import ServicePort
from crenel.lab.cluster.exposed import Exposed
from crenel.lab.cluster.outside import OutsideHost
from crenel.lab.cluster.placement import Placement
from crenel.lab.cluster.roster import Roster
from crenel.network.addresses import FAMILIES, Family, parse_address
from crenel.network.traffic import Match, protocol_number


@dataclass(frozen=True, slots=True)
class TwinBackend:
    """One end of a translation. `node` is empty for what is outside."""

    title: str
    endpoint: int
    node: str
    family: Family
    address: str
    port: int


@dataclass(frozen=True, slots=True)
class Served:
    """One port of a Service in one family, with everything behind it."""

    exposed: Exposed
    port: ServicePort
    protocol: int
    family: Family
    backends: tuple[TwinBackend, ...]

    @property
    def title(self) -> str:
        """How the port is written: ``shop/svc/web:80``."""
        return f"{self.exposed.title}:{self.port.port}"

    def inside(self, node: str) -> tuple[TwinBackend, ...]:
        """Those that serve a client on a node, by the cluster's own address."""
        return self._on(node) if self.exposed.local_inside else self.backends

    def outside(self, node: str) -> tuple[TwinBackend, ...]:
        """Those that serve a client from outside whose packets came to a node."""
        return self._on(node) if self.exposed.local_outside else self.backends

    def _on(self, node: str) -> tuple[TwinBackend, ...]:
        return tuple(each for each in self.backends if each.node == node)

    def addresses(self, texts: Iterable[str]) -> list[str]:
        """Those of some addresses that are of its family."""
        return [text for text in texts if ip_address(text).version == self.family]


class Backends:
    """Finds the ends of translations."""

    def __init__(self, placement: Placement, roster: Roster, hosts: Sequence[OutsideHost] = ()) -> None:
        self._placement = placement
        self._pods: dict[int, list[tuple[str, str, tuple[str, ...]]]] = {}
        self._at: dict[str, tuple[str, int, str]] = {host.text: (host.text, host.endpoint, "") for host in hosts}
        for node_address, (node, endpoint) in roster.addresses.items():
            self._at[node_address] = (f"node/{node}", endpoint, node)
        for pod in placement.pods:
            endpoint = roster.pods[pod.title]
            self._pods.setdefault(endpoint, []).append((pod.title, pod.node, pod.addresses))
            if not pod.hosted:
                self._at |= dict.fromkeys(pod.addresses, (pod.title, endpoint, pod.node))

    def served(self) -> list[Served]:
        """Every port of every Service, in each family that it has an address of."""
        return [
            Served(
                exposed, port, protocol_number(port.protocol or "TCP"), family, tuple(self._of(exposed, port, family))
            )
            for exposed in self._placement.services
            for port in exposed.ports
            for family in FAMILIES
            if any(ip_address(text).version == family for text in exposed.addresses)
        ]

    def _of(self, exposed: Exposed, port: ServicePort, family: Family) -> Iterator[TwinBackend]:
        model = self._placement.model
        asked = (Match(protocol_number(port.protocol or "TCP"), (port.port, port.port)),)
        found = resolve(exposed.service, asked, model.scope, model.given.decoded, model.network)
        for backend in found.backends:
            for match in backend.traffic:
                if match.ports is None:
                    continue
                for title, endpoint, node, address in self._ends(backend.endpoint, backend.address):
                    if ip_address(address).version == family:
                        yield TwinBackend(title, endpoint, node, family, address, match.ports[0])

    def _ends(self, endpoint: int | None, address: str) -> Iterator[tuple[str, int, str, str]]:
        """(title, endpoint, node, address) of each end that a resolution means."""
        if endpoint is not None:
            for title, node, addresses in self._pods.get(endpoint, ()):
                yield from ((title, endpoint, node, each) for each in addresses)
            return
        text = str(ip_address(address))
        if text in self._at:
            yield (*self._at[text], text)


def hand_made(placement: Placement) -> Iterator[tuple[Family, int]]:
    """Addresses that EndpointSlices without a selector lead to: somebody has to be there."""
    bare = {(each.service.namespace, each.service.name) for each in placement.services if not each.spec.selector}
    for piece in placement.model.given.decoded.endpoint_slices:
        owner = piece.labels.get("kubernetes.io/service-name", "")
        if (piece.namespace, owner) in bare and piece.address_type != "FQDN":
            yield from (parse_address(text) for each in piece.endpoints or () for text in each.addresses or ())


def entrances(placement: Placement, served: Sequence[Served]) -> dict[str, str]:
    """The node that each outer address leads to: one with a pod behind it, as a load balancer's health check has it."""
    found: dict[str, str] = {}
    first = placement.nodes[0].name
    for each in served:
        homes = sorted({backend.node for backend in each.backends if backend.node})
        for text in each.addresses((*each.exposed.balancers, *each.exposed.externals)):
            found.setdefault(text, homes[0] if homes else first)
    return found
