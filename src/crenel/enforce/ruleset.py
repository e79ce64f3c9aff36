"""A node's ruleset as plain data: sets, maps, chains and rules of one nftables table.

It is made by the compiler, written as text by `crenel.enforce.text` and compared by `crenel.enforce.delta`. Addresses
are integers; an element of an interval set is a pair of first and last.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from crenel.network.addresses import Family, Range
from crenel.network.rules import Direction
from crenel.network.traffic import Ports


class Side(enum.Enum):
    """Which address of a packet is looked at."""

    SOURCE = "saddr"
    DESTINATION = "daddr"


@dataclass(frozen=True, slots=True)
class AddressIn:
    """The packet's address on one side is, or with `inverted` is not, in a set of addresses."""

    side: Side
    family: Family
    name: str
    inverted: bool = False


@dataclass(frozen=True, slots=True)
class OfProtocol:
    """An IP protocol, whatever its ports."""

    protocol: int


@dataclass(frozen=True, slots=True)
class PortIs:
    """A protocol with a range of destination ports, both included."""

    protocol: int
    ports: Ports


@dataclass(frozen=True, slots=True)
class PortIn:
    """The packet's (protocol, destination port) is in a set."""

    name: str


@dataclass(frozen=True, slots=True)
class NamedPortIn:
    """The packet's (destination, protocol, destination port) is in a set of what a port's name stands for."""

    family: Family
    name: str


@dataclass(frozen=True, slots=True)
class LocalOrigin:
    """The packet was sent by the node itself; bound to where it was made, not to its source address."""


Matching: TypeAlias = AddressIn | OfProtocol | PortIs | PortIn | NamedPortIn | LocalOrigin


@dataclass(frozen=True, slots=True)
class Accept:
    """Allowed for this direction; final in this base chain only."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Denied; logged under an id that `Ruleset.denials` explains."""

    denial: str


@dataclass(frozen=True, slots=True)
class Jump:
    """On to a chain, and back here when it decides nothing."""

    chain: str


@dataclass(frozen=True, slots=True)
class Goto:
    """On to a chain for good."""

    chain: str


@dataclass(frozen=True, slots=True)
class Dispatch:
    """On to the chain that a verdict map has for the address on one side; nothing where it has none."""

    side: Side
    family: Family
    map: str


Verdict: TypeAlias = Accept | Drop | Jump | Goto | Dispatch


@dataclass(frozen=True, slots=True)
class Rule:
    """What a packet must be, and what becomes of it. All of `matches` must hold."""

    matches: tuple[Matching, ...]
    verdict: Verdict
    counter: str = ""
    """The counter that it adds to; empty for none."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Rules in order."""

    name: str
    rules: tuple[Rule, ...] = ()
    comment: str = ""


@dataclass(frozen=True, slots=True)
class HookedChain:
    """A base chain, where the kernel enters the table, or one that only those use. No policy shapes its text."""

    name: str
    hook: str
    """Like ``forward priority filter``; empty for a chain without a hook."""
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Addresses:
    """A hash set of single addresses, or with `interval` a set of ranges."""

    name: str
    family: Family
    elements: frozenset[int] | frozenset[Range]
    interval: bool = False
    comment: str = ""


@dataclass(frozen=True, slots=True)
class PortSet:
    """A set of (protocol, ports)."""

    name: str
    elements: frozenset[tuple[int, Ports]]


@dataclass(frozen=True, slots=True)
class NamedPorts:
    """What a port's name stands for: (address, protocol, port)."""

    name: str
    family: Family
    elements: frozenset[tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class VerdictMap:
    """The chain of each subject: elements are (address, chain)."""

    name: str
    family: Family
    elements: frozenset[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Interfaces:
    """Names of interfaces."""

    name: str
    elements: frozenset[str]


@dataclass(frozen=True, slots=True)
class Hairpins:
    """Names of interfaces, each paired with itself: a packet that leaves where it came in."""

    name: str
    elements: frozenset[str]


@dataclass(frozen=True, slots=True)
class Sources:
    """What the interfaces of pods may send from: (interface, address)."""

    name: str
    family: Family
    elements: frozenset[tuple[str, int]]


AnySet: TypeAlias = Addresses | PortSet | NamedPorts | VerdictMap | Interfaces | Hairpins | Sources


@dataclass(frozen=True, slots=True)
class Denial:
    """Why a packet is dropped: the policies that deny it, and for which direction; no policy for a spoofed source."""

    direction: Direction | None
    policies: tuple[str, ...]
    isolation: bool = False
    """Whether they isolate their pods and allow too little, rather than deny by a rule."""


@dataclass(frozen=True, slots=True)
class Ruleset:
    """One table of one node."""

    table: str
    sets: Mapping[str, AnySet] = field(default_factory=dict)
    counters: Mapping[str, str] = field(default_factory=dict)
    """Names of counters, with what they count."""
    chains: Mapping[str, Chain] = field(default_factory=dict)
    hooks: tuple[HookedChain, ...] = ()
    denials: Mapping[str, Denial] = field(default_factory=dict)
    log_group: int = 0
    """The NFLOG group that says which packets were denied."""
    doubts: tuple[str, ...] = ()
    """What could not be compiled, or not exactly; a line each."""
