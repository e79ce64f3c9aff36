"""The library's list of connections as a table that can be asked about one point."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

import crenel
from properties.strategies import Scenario


class Names:
    """What the names in a list of connections stand for, given the names that are listed."""

    def __init__(self, scenario: Scenario, connections: Iterable[crenel.Connection]) -> None:
        self._pods: dict[str, list[str]] = {}
        for name, members in scenario.population.endpoints.items():
            if name.startswith("node/"):
                self._pods[name] = members
            else:
                namespace, _, own = name.split("/")
                self._pods[f"{namespace}/{own}"] = members
                for member in members:
                    self._pods.setdefault(member, [member])
        listed = {end for each in connections for end in (each.source, each.destination)}
        self._vague = tuple(name.partition("+")[0].rpartition("-")[0] + "-" for name in listed if "+" in name)

    def plain(self, *ends: str) -> bool:
        """Whether these pods or addresses can be found: not pods that are listed together like "ns/w0-0+1"."""
        return not self._vague or not any(end.startswith(self._vague) for end in ends)

    def fits(self, listed: str, end: str) -> bool:
        """Whether a pod, a node or an address is (one of) what is listed."""
        if end.startswith("dns:"):
            return listed == end
        if "/" in end:
            return end in self._pods.get(listed, [])
        try:
            return ipaddress.ip_address(end) in ipaddress.ip_network(listed)
        except ValueError:
            return False

    def behind(self, listed: str) -> list[str]:
        """The pods, the node, one address or the DNS name that is listed so; nothing where that is not clear."""
        if listed.startswith("dns:"):
            return [listed]
        if listed in self._pods:
            return self._pods[listed]
        try:
            return [str(ipaddress.ip_network(listed)[0])]
        except ValueError:
            return []


class Listing:
    """All connections between single ends."""

    def __init__(self, scenario: Scenario, net: crenel.Network) -> None:
        self._connections = net.connections(expand=True, nodes=True)
        self._names = Names(scenario, self._connections)

    def answerable(self, *ends: str) -> bool:
        """Whether the list tells about two ends: one has to be a pod."""
        pod = any("/" in end and not end.startswith("node/") for end in ends)
        return pod and self._names.plain(*ends) and not any(end.startswith("dns:") for end in ends[1:])

    def certainty(self, one: str, other: str, protocol: str, port: int, family: int) -> str | None:
        """How sure the list is of a connection between two pods, nodes or addresses; None where it is not listed."""
        fits = self._names.fits
        for each in self._connections:
            here = each.family in (None, family) and fits(each.source, one) and fits(each.destination, other)
            if here and carries(each.traffic, protocol, port):
                return each.certainty
        return None


def carries(traffic: Iterable[tuple[str, str]], protocol: str, port: int) -> bool:
    """Whether (protocol, ports) pairs hold a port; ports are like "80,443-445"."""
    return any(name == protocol and any(_within(part, port) for part in ports.split(",")) for name, ports in traffic)


def _within(part: str, port: int) -> bool:
    first, _, last = part.partition("-")
    return int(first) <= port <= int(last or first)
