"""How the twin is wired: which namespace has which links, addresses, routes and neighbours.

Everything is routed, nothing is bridged, and every neighbour is known beforehand, so that no packet waits for address
resolution. Pods hang on their node, nodes and the world outside on one router, the fabric.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from crenel.lab.cluster.addressing import Address, Network
from crenel.lab.cluster.outside import OutsideHost
from crenel.lab.cluster.placement import PlacedNode, PlacedPod, Placement

LOOPBACK, UPLINK, FIRST = 1, 2, 10
"""Indices of interfaces: a namespace's own loopback, its way up, and the first of those that go down."""

GATEWAYS: dict[int, Address] = {4: ip_address("169.254.1.1"), 6: ip_address("fe80::1")}
"""The next hop on every way up. It is nobody's address; its neighbour entry leads to the other end of the link."""
WORLD_GATEWAYS: dict[int, Address] = {4: ip_address("169.254.1.2"), 6: ip_address("fe80::2")}
"""The next hop from the fabric to the world outside."""
ROUTER: tuple[Address, ...] = (ip_address("169.254.1.1"), ip_address("fd00:fab::1"))
"""What the fabric sends from, when it has to say that a packet was too big or came nowhere."""
DEFAULTS: dict[int, Network] = {4: ip_network("0.0.0.0/0"), 6: ip_network("::/0")}


@dataclass(frozen=True, slots=True)
class Route:
    """To a network through an interface, by a gateway or straight to the link."""

    to: Network
    interface: int
    via: Address | None = None
    source: Address | None = None


@dataclass(slots=True)
class Space:
    """What one namespace has. `links` are (name, index, mac); `neighbours` are (interface, address, mac)."""

    title: str
    addresses: list[tuple[int, Address]] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)
    neighbours: list[tuple[int, Address, bytes]] = field(default_factory=list)
    interfaces: list[int] = field(default_factory=lambda: [LOOPBACK])
    forwards: bool = False


@dataclass(frozen=True, slots=True)
class Cable:
    """A pair of interfaces: `upper` is in the namespace nearer to the fabric."""

    upper: str
    upper_name: str
    upper_index: int
    upper_mac: bytes
    lower: str
    lower_name: str
    lower_mac: bytes


@dataclass(slots=True)
class Topology:
    """All namespaces by their keys, and what connects them."""

    spaces: dict[str, Space] = field(default_factory=dict)
    cables: list[Cable] = field(default_factory=list)
    interfaces: dict[str, str] = field(default_factory=dict)
    """The interface of each pod on its node, by the pod's title."""


FABRIC, OUTSIDE = "fabric", "outside"


def pod_key(pod: PlacedPod) -> str:
    """The namespace that a pod's processes are in: its own, or its node's."""
    return node_key(pod.node) if pod.hosted else f"pod {pod.title}"


def node_key(name: str) -> str:
    """The namespace of a node."""
    return f"node {name}"


def wire(placement: Placement, hosts: Sequence[OutsideHost], entrances: Mapping[str, str]) -> Topology:
    """Wire a placement and the world outside. `entrances` are the nodes that outer addresses of Services lead to."""
    return _Wiring(placement, hosts, entrances).topology


class _Wiring:
    def __init__(self, placement: Placement, hosts: Sequence[OutsideHost], entrances: Mapping[str, str]) -> None:
        self.placement = placement
        self.topology = Topology()
        self.macs = 0
        fabric = self._space(FABRIC, FABRIC, forwards=True)
        fabric.addresses = [(LOOPBACK, address) for address in ROUTER]
        self._world(hosts)
        for number, node in enumerate(placement.nodes):
            self._node(node, FIRST + number)
        self._entrances(entrances)

    def _space(self, key: str, title: str, forwards: bool = False) -> Space:
        space = self.topology.spaces[key] = Space(title, forwards=forwards)
        return space

    def _mac(self) -> bytes:
        """A hardware address that nobody else has, of those that are anybody's to give (IEEE 802, the local bit)."""
        self.macs += 1
        return b"\x02\x00" + self.macs.to_bytes(4, "big")

    def _cable(self, upper: str, upper_name: str, upper_index: int, lower: str, lower_name: str) -> Cable:
        cable = Cable(upper, upper_name, upper_index, self._mac(), lower, lower_name, self._mac())
        self.topology.cables.append(cable)
        self.topology.spaces[upper].interfaces.append(upper_index)
        below = self.topology.spaces[lower]
        below.interfaces.append(UPLINK)
        for version, gateway in GATEWAYS.items():
            below.neighbours.append((UPLINK, gateway, cable.upper_mac))
            below.routes.append(Route(DEFAULTS[version], UPLINK, gateway))
        return cable

    def _world(self, hosts: Sequence[OutsideHost]) -> None:
        outside = self._space(OUTSIDE, OUTSIDE)
        cable = self._cable(FABRIC, "world", UPLINK, OUTSIDE, "eth0")
        outside.addresses += [(LOOPBACK, ip_address(host.text)) for host in hosts]
        fabric = self.topology.spaces[FABRIC]
        for version, gateway in WORLD_GATEWAYS.items():
            fabric.neighbours.append((UPLINK, gateway, cable.lower_mac))
            fabric.routes.append(Route(DEFAULTS[version], UPLINK, gateway))

    def _node(self, node: PlacedNode, index: int) -> None:
        space = self._space(node_key(node.name), f"node/{node.name}", forwards=True)
        cable = self._cable(FABRIC, f"node{index - FIRST}", index, node_key(node.name), "uplink")
        fabric = self.topology.spaces[FABRIC]
        own = [ip_address(text) for text in (*node.addresses, *node.further)]
        first: dict[int, Address] = {}
        for address in own:
            first.setdefault(address.version, address)
            space.addresses.append((UPLINK, address))
            fabric.neighbours.append((index, address, cable.lower_mac))
            fabric.routes.append(Route(ip_network(address), index))
        space.routes = [
            Route(route.to, route.interface, route.via, first.get(route.to.version)) for route in space.routes
        ]
        pods = [pod for pod in self.placement.pods if pod.node == node.name and not pod.hosted]
        for number, pod in enumerate(pods):
            self._pod(pod, FIRST + number, space, index, first)

    def _pod(self, pod: PlacedPod, index: int, node: Space, node_index: int, gateways: dict[int, Address]) -> None:
        own = self._space(pod_key(pod), pod.title)
        name = f"pod{index - FIRST}"
        self.topology.interfaces[pod.title] = name
        cable = self._cable(node_key(pod.node), name, index, pod_key(pod), "eth0")
        fabric = self.topology.spaces[FABRIC]
        for address in map(ip_address, pod.addresses):
            own.addresses.append((UPLINK, address))
            node.neighbours.append((index, address, cable.lower_mac))
            node.routes.append(Route(ip_network(address), index, source=gateways.get(address.version)))
            fabric.routes.append(Route(ip_network(address), node_index, gateways[address.version]))

    def _entrances(self, entrances: Mapping[str, str]) -> None:
        fabric = self.topology.spaces[FABRIC]
        indices = {node.name: FIRST + number for number, node in enumerate(self.placement.nodes)}
        gateways = {
            (node.name, address.version): address
            for node in self.placement.nodes
            for address in reversed([ip_address(text) for text in node.addresses])
        }
        taken = {ip_address(text) for node in self.placement.nodes for text in (*node.addresses, *node.further)}
        for text, name in entrances.items():
            address = ip_address(text)
            gateway = gateways.get((name, address.version))
            if address not in taken and gateway is not None:
                fabric.routes.append(Route(ip_network(address), indices[name], gateway))
