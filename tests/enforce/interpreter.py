"""A naive interpreter of the rulesets that the compiler makes: one packet, rule by rule, as nftables would.

It shares nothing with the compiler but the dataclasses of a ruleset. A verdict is the id of a denial, or `ACCEPTED`.

Only what policies shape is interpreted: the base chains enter at the chains ``egress`` and ``ingress``. There *accept*
ends the base chain of its own direction; *goto* leaves a chain for good, so that what ends a chain without a verdict
is back behind the last *jump*; and behind none of them a packet is accepted, for that is the policy of base chains.
"""

from __future__ import annotations

from dataclasses import dataclass

from crenel.enforce.ruleset import (
    Accept,
    Addresses,
    AddressIn,
    Dispatch,
    Drop,
    Goto,
    Jump,
    LocalOrigin,
    Matching,
    NamedPortIn,
    NamedPorts,
    OfProtocol,
    PortIn,
    PortIs,
    PortSet,
    Rule,
    Ruleset,
    Side,
    VerdictMap,
)
from crenel.network.rules import Direction

ACCEPTED = ""


@dataclass(frozen=True, slots=True)
class Packet:
    """The first packet of a connection. `local` ones are sent by the node itself, whatever their source address is."""

    family: int
    source: int
    destination: int
    protocol: int
    dport: int
    local: bool = False


def decide(ruleset: Ruleset, packet: Packet, direction: Direction, touched: set[str] | None = None) -> str:
    """What a node does with a packet in one direction. Into `touched` go the chains and sets that had a say in it."""
    reading = _Reading(ruleset, packet, set() if touched is None else touched)
    return reading.chain(direction.value) or ACCEPTED


@dataclass(slots=True)
class _Reading:
    ruleset: Ruleset
    packet: Packet
    touched: set[str]

    def chain(self, name: str) -> str | None:
        """The verdict of a chain; None when it comes to its end."""
        self.touched.add(f"chain {name}")
        for rule in self.ruleset.chains[name].rules:
            if all(map(self.matches, rule.matches)):
                found, stay = self.verdict(rule)
                if not stay:
                    return found
        return None

    def verdict(self, rule: Rule) -> tuple[str | None, bool]:
        """The verdict of a rule that matches, and whether the next rule of the chain is looked at."""
        match rule.verdict:
            case Accept():
                return ACCEPTED, False
            case Drop(denial=denial):
                return denial, False
            case Jump(chain=chain):
                found = self.chain(chain)
                return found, found is None
            case Goto(chain=chain):
                return self.chain(chain), False
            case Dispatch(side=side, family=family, map=name):
                led = self.led(name, self.address(side)) if self.packet.family == family else None
                return (None, True) if led is None else (self.chain(led), False)

    def led(self, name: str, address: int) -> str | None:
        """The chain that a verdict map has for an address."""
        self.touched.add(f"set {name}")
        found = self.ruleset.sets[name]
        assert isinstance(found, VerdictMap)
        return dict(found.elements).get(address)

    def address(self, side: Side) -> int:
        return self.packet.source if side is Side.SOURCE else self.packet.destination

    def matches(self, matching: Matching) -> bool:
        packet = self.packet
        match matching:
            case AddressIn(side=side, family=family, name=name, inverted=inverted):
                # `ip saddr != @set` is an IPv4 packet too: the header is looked at first.
                return packet.family == family and self.holds(name, self.address(side)) is not inverted
            case OfProtocol(protocol=protocol):
                return packet.protocol == protocol
            case PortIs(protocol=protocol, ports=(first, last)):
                return packet.protocol == protocol and first <= packet.dport <= last
            case PortIn(name=name):
                return self.has_port(name)
            case NamedPortIn(family=family, name=name):
                return packet.family == family and self.has_named(name)
            case LocalOrigin():
                return packet.local

    def holds(self, name: str, address: int) -> bool:
        self.touched.add(f"set {name}")
        found = self.ruleset.sets[name]
        assert isinstance(found, Addresses)
        if not found.interval:
            return address in found.elements
        return any(isinstance(each, tuple) and each[0] <= address <= each[1] for each in found.elements)

    def has_port(self, name: str) -> bool:
        self.touched.add(f"set {name}")
        found = self.ruleset.sets[name]
        assert isinstance(found, PortSet)
        return any(
            protocol == self.packet.protocol and first <= self.packet.dport <= last
            for protocol, (first, last) in found.elements
        )

    def has_named(self, name: str) -> bool:
        self.touched.add(f"set {name}")
        found = self.ruleset.sets[name]
        assert isinstance(found, NamedPorts)
        return (self.packet.destination, self.packet.protocol, self.packet.dport) in found.elements
