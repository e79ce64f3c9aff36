"""The library's list of connections as a table that can be asked about one point."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

import crenel
from properties.strategies import Scenario


class Listing:
    """All connections between single ends, by pod or address."""

    def __init__(self, scenario: Scenario, net: crenel.Network) -> None:
        self._connections = net.connections(expand=True)
        self._pods: dict[str, list[str]] = {}
        for name, members in scenario.population.endpoints.items():
            if not name.startswith("node/"):
                namespace, _, own = name.split("/")
                self._pods[f"{namespace}/{own}"] = members
        listed = {end for each in self._connections for end in (each.source, each.destination)}
        self._vague = tuple(name.partition("+")[0].rpartition("-")[0] + "-" for name in listed if "+" in name)

    def answerable(self, *ends: str) -> bool:
        """Whether the list tells about pods or addresses: not of nodes, nor of pods listed like "ns/w0-0+1"."""
        return not any(end.startswith(("node/", *self._vague)) for end in ends)

    def certainty(self, one: str, other: str, protocol: str, port: int, family: int) -> str | None:
        """How sure the list is of a connection between two pods or addresses; None where it is not listed."""
        for each in self._connections:
            here = each.family in (None, family) and self._is(each.source, one) and self._is(each.destination, other)
            if here and carries(each.traffic, protocol, port):
                return each.certainty
        return None

    def _is(self, listed: str, end: str) -> bool:
        if "/" in end:
            return end in self._pods.get(listed, [])
        try:
            return ipaddress.ip_address(end) in ipaddress.ip_network(listed)
        except ValueError:
            return False


def carries(traffic: Iterable[tuple[str, str]], protocol: str, port: int) -> bool:
    """Whether (protocol, ports) pairs hold a port; ports are like "80,443-445"."""
    return any(name == protocol and any(_within(part, port) for part in ports.split(",")) for name, ports in traffic)


def _within(part: str, port: int) -> bool:
    first, _, last = part.partition("-")
    return int(first) <= port <= int(last or first)
