"""The sets of a table: each distinct content once, named after the first rule that needs it.

Names follow roles rather than contents, so that a pod that comes or goes changes elements and no rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from crenel.bits import key, members
from crenel.enforce.names import identifier
from crenel.enforce.ruleset import Addresses, AnySet, NamedPorts, PortSet
from crenel.network.addresses import AddressSet, Family
from crenel.network.endpoints import Endpoint
from crenel.network.traffic import LAST_PORT, Match, Ports, protocol_name


class SetBook:
    """Collects sets while rules are compiled."""

    def __init__(self, endpoints: Mapping[int, Endpoint], resolved: Mapping[str, AddressSet]) -> None:
        self._endpoints = endpoints
        self._resolved = resolved
        self._known: dict[object, str] = {}
        self._addresses: dict[tuple[tuple[int, int], Family], frozenset[int]] = {}
        self.sets: dict[str, AnySet] = {}

    def of_endpoints(self, mask: int, family: Family, role: str, comment: str) -> str:
        """The hash set of the addresses of some endpoints; empty text when none of them has one of the family."""
        elements = self.addresses_of(mask, family)
        if not elements:
            return ""
        return self._add((family, elements), identifier(role, f"v{family}"), family, elements, comment)

    def addresses_of(self, mask: int, family: Family) -> frozenset[int]:
        """All single addresses of some endpoints."""
        wanted = (key(mask), family)
        if (known := self._addresses.get(wanted)) is None:
            known = self._addresses[wanted] = frozenset(
                value
                for index in members(mask)
                for first, last in (self._endpoints[index].addresses or AddressSet()).ranges(family)
                for value in range(first, last + 1)
            )
        return known

    def of_blocks(self, wanted: AddressSet, family: Family, role: str, comment: str) -> str:
        """The interval set of some blocks; empty text when there is no address of the family."""
        ranges = wanted.ranges(family)
        if not ranges:
            return ""
        name = identifier(role, f"cidr{family}")
        known = self._known.setdefault((family, ranges), name)
        if known == name:
            self.sets[name] = Addresses(name, family, frozenset(ranges), interval=True, comment=comment)
        return known

    def of_names(self, names: tuple[str, ...], family: Family, role: str) -> str:
        """The hash set of what DNS names have resolved to; filled by whoever sees the answers, so it may be empty."""
        wanted = AddressSet()
        for name in names:
            wanted |= self._resolved.get(name, AddressSet())
        elements = frozenset(value for low, high in wanted.ranges(family) for value in range(low, high + 1))
        name = identifier(role, f"names{family}")
        return self._add((family, names), name, family, elements, " ".join(names))

    def of_ports(self, matches: Iterable[Match], role: str) -> str:
        """The set of several (protocol, ports)."""
        elements = frozenset((match.protocol or 0, match.ports or (0, LAST_PORT)) for match in matches)
        name = identifier(role, "ports")
        known = self._known.setdefault(elements, name)
        if known == name:
            self.sets[name] = PortSet(name, elements)
        return known

    def of_named_port(self, match: Match, family: Family) -> str:
        """The set of what a port's name stands for where it is declared; empty text when that is nowhere."""
        protocol = "any" if match.protocol is None else protocol_name(match.protocol)
        name = identifier("port", match.name or "", protocol, f"v{family}")
        if name not in self.sets and (elements := frozenset(self._named(match, family))):
            self.sets[name] = NamedPorts(name, family, elements)
        return name if name in self.sets else ""

    def _named(self, match: Match, family: Family) -> Iterable[tuple[int, int, int]]:
        for index, endpoint in self._endpoints.items():
            if endpoint.hosted:
                continue
            for found in endpoint.named(match):
                ports: Ports = found.ports or (0, 0)
                for value in self.addresses_of(1 << index, family):
                    yield value, found.protocol or 0, ports[0]

    def _add(self, content: object, name: str, family: Family, elements: frozenset[int], comment: str) -> str:
        known = self._known.setdefault(content, name)
        if known == name:
            self.sets[name] = Addresses(name, family, elements, comment=comment)
        return known
