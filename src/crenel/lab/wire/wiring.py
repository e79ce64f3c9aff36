"""How the twin of a wire is wired: everybody hangs on one router, with a link each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network
from itertools import count, groupby

from crenel.lab.probing.probes import Party
from crenel.lab.twin.topology import (
    DEFAULTS,
    FIRST,
    GATEWAYS,
    LOOPBACK,
    OUTSIDE,
    UPLINK,
    WORLD_GATEWAYS,
    Cable,
    Route,
    Space,
    Topology,
)
from crenel.lab.twin.topology import ROUTER as ADDRESSES
from crenel.lab.wire.ends import Ends

ROUTER = "router"
"""The namespace with the rules."""


def wiring(ends: Ends) -> Topology:
    """Wire all ends. `Topology.interfaces` has the router's links to the interfaces, by name."""
    topology = Topology()
    router = topology.spaces[ROUTER] = Space(ROUTER, forwards=True)
    router.addresses = [(LOOPBACK, address) for address in ADDRESSES]
    macs = _macs()
    for number, (name, parties) in enumerate(groupby(ends.interfaces, key=lambda party: party.name)):
        link = topology.interfaces[name] = f"if{number}"
        _interface(topology, list(parties), link, FIRST + number, macs)
    _world(topology, ends.outside, FIRST + len(topology.interfaces), macs)
    return topology


def _interface(topology: Topology, parties: list[Party], link: str, index: int, macs: Iterator[bytes]) -> None:
    space, cable = _hang(topology, parties[0].space, link, index, macs)
    router = topology.spaces[ROUTER]
    for address in (ip_address(party.address) for party in parties):
        space.addresses.append((UPLINK, address))
        router.neighbours.append((index, address, cable.lower_mac))
        router.routes.append(Route(ip_network(address), index))


def _world(topology: Topology, outside: Iterable[Party], index: int, macs: Iterator[bytes]) -> None:
    space, cable = _hang(topology, OUTSIDE, "world", index, macs)
    space.addresses += [(LOOPBACK, ip_address(party.address)) for party in outside]
    router = topology.spaces[ROUTER]
    for version, gateway in WORLD_GATEWAYS.items():
        router.neighbours.append((index, gateway, cable.lower_mac))
        router.routes.append(Route(DEFAULTS[version], index, gateway))


def _hang(topology: Topology, key: str, link: str, index: int, macs: Iterator[bytes]) -> tuple[Space, Cable]:
    """A namespace below the router, with its way up."""
    space = topology.spaces[key] = Space(key, interfaces=[LOOPBACK, UPLINK])
    cable = Cable(ROUTER, link, index, next(macs), key, "eth0", next(macs))
    topology.cables.append(cable)
    topology.spaces[ROUTER].interfaces.append(index)
    for version, gateway in GATEWAYS.items():
        space.neighbours.append((UPLINK, gateway, cable.upper_mac))
        space.routes.append(Route(DEFAULTS[version], UPLINK, gateway))
    return space, cable


def _macs() -> Iterator[bytes]:
    """Hardware addresses that are anybody's to give (IEEE 802, the local bit)."""
    return (b"\x02\x00" + number.to_bytes(4, "big") for number in count(1))
