"""A host's packet filter in one form, whichever tool printed it: tables, chains, rules as steps in order.

The form is that of nftables; the tables of iptables are chains of the same hooks with fixed priorities.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from crenel.dialects.hosts.kinds import Kinds
from crenel.dialects.hosts.words import Formula, Register
from crenel.network.addresses import AddressSet, Family
from crenel.network.traffic import Ports
from crenel.provenance import NOWHERE, FieldPath, Origin


class Side(enum.Enum):
    """Which end of a packet."""

    SOURCE = "source"
    DESTINATION = "destination"


class Hook(enum.Enum):
    """Where packets meet chains, in the order of their way."""

    PREROUTING = "prerouting"
    INPUT = "input"
    FORWARD = "forward"
    OUTPUT = "output"
    POSTROUTING = "postrouting"


@dataclass(frozen=True, slots=True)
class AddressIn:
    """An end of the packet, as it is seen here, has one of some addresses; this also decides the family."""

    side: Side
    addresses: AddressSet


@dataclass(frozen=True, slots=True)
class KindIn:
    """The packet is of one of some kinds, by the port that is seen here or by the one that it was `sent` to."""

    kinds: Kinds
    sent: bool = False


@dataclass(frozen=True, slots=True)
class Device:
    """The device that a packet came in by (`Side.SOURCE`) or goes out by has one of some names, or one has not.

    A name that ends in ``*`` stands for all that begin so. Where a packet has no such device its name is empty.
    """

    side: Side
    names: frozenset[str]
    inverted: bool = False


@dataclass(frozen=True, slots=True)
class WordIn:
    """A register, masked, lies in any of some ranges or, `inverted`, in none."""

    register: Register
    mask: int
    ranges: tuple[tuple[int, int], ...]
    inverted: bool = False


@dataclass(frozen=True, slots=True)
class Shares:
    """A register has any of some bits or, `inverted`, none of them."""

    register: Register
    bits: int
    inverted: bool = False


@dataclass(frozen=True, slots=True)
class AddressType:
    """What the routing table says of an address: ``local``, ``unicast`` and so on."""

    side: Side
    types: frozenset[str]
    inverted: bool = False


@dataclass(frozen=True, slots=True)
class Never:
    """No first packet of a connection is such."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A condition that the model does not decide, in words."""

    what: str


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Any of some conjunctions holds or, `inverted`, none of them does."""

    alternatives: tuple[tuple[Condition, ...], ...]
    inverted: bool = False


Condition: TypeAlias = AddressIn | KindIn | Device | WordIn | Shares | AddressType | Never | Doubt | AnyOf


@dataclass(frozen=True, slots=True)
class Accept:
    """The packet leaves this base chain."""


@dataclass(frozen=True, slots=True)
class Deny:
    """The packet is dropped or rejected."""


@dataclass(frozen=True, slots=True)
class Jump:
    """On to a chain and, with `returns`, back to the next rule; without, back to wherever one came from."""

    chain: str
    returns: bool = True


@dataclass(frozen=True, slots=True)
class Return:
    """Back to where the jump was; at the top, on to the policy."""


@dataclass(frozen=True, slots=True)
class Assign:
    """A register gets a value. `formula` None is one that is not known, in `bits`."""

    register: Register
    formula: Formula | None = None
    bits: int = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class Translate:
    """One end of the packet is replaced, which ends the chains of this hook that translate that end.

    `addresses` None leaves the address and `ports` None the port; `local` is an address of the host itself, whichever.
    `plain` False is a translation that the model does not follow.
    """

    side: Side
    addresses: AddressSet | None = None
    ports: Ports | None = None
    local: bool = False
    plain: bool = True


@dataclass(frozen=True, slots=True)
class Untrack:
    """The connection is not tracked."""


@dataclass(frozen=True, slots=True)
class Perhaps:
    """Somebody else decides, by means that the input does not show: a program, a module that is not known."""

    what: str


Verdict: TypeAlias = Accept | Deny | Jump | Return | Perhaps | Translate


@dataclass(frozen=True, slots=True)
class Dispatch:
    """The verdict of the first case that holds; the cases exclude each other."""

    cases: tuple[tuple[tuple[Condition, ...], Verdict], ...]


Step: TypeAlias = Condition | Verdict | Assign | Untrack | Dispatch


@dataclass(frozen=True, slots=True)
class Rule:
    """Steps from left to right: conditions that must hold, changes, and at the end a verdict or none."""

    steps: tuple[Step, ...]
    name: str = ""
    field: FieldPath = ()


@dataclass(slots=True)
class Chain:
    """Rules in order. Chains with a `hook` are where packets enter; `nat` chains see first packets alone."""

    name: str
    rules: list[Rule] = field(default_factory=list)
    hook: Hook | None = None
    priority: int = 0
    policy: Verdict = field(default_factory=Accept)
    nat: bool = False
    field: FieldPath = ()


@dataclass(slots=True)
class Table:
    """Chains that may jump to each other, for packets of some families. `layer` is how reports name its tool."""

    name: str
    families: tuple[Family, ...]
    layer: str
    chains: dict[str, Chain] = field(default_factory=dict)
    origin: Origin = NOWHERE


@dataclass(frozen=True, slots=True)
class IpSet:
    """A set of ipset(8): what each of its dimensions is, and its elements as conditions per dimension."""

    dimensions: tuple[str, ...]
    elements: tuple[tuple[str, ...], ...]
    exceptions: tuple[tuple[str, ...], ...] = ()
    changing: bool = False
    """Whether its elements expire, so that others may be in it tomorrow."""


IpSets: TypeAlias = Mapping[str, IpSet]
