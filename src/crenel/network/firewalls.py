"""Firewalls of the infrastructure: what the dialects of clouds and hosts translate into.

Firewalls stand at *interfaces*: of machines, of load balancers, of whatever else has an address. A `Filter` is one set
of rules with the interfaces that it guards; a `Tier` is all filters of one sort for one direction. Tiers are lowered to
the same stages as policies are, and solved by the same solver (`crenel.network.wire`).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from crenel.network.addresses import AddressSet, Family
from crenel.network.rules import Action, Direction
from crenel.network.traffic import Match
from crenel.provenance import NOWHERE, FieldPath, Origin, Problem


class Role(enum.Enum):
    """What an interface belongs to."""

    MACHINE = "machine"
    """A virtual or real machine, which may be a node of a cluster."""
    BALANCER = "load balancer"
    OTHER = "other"
    """A database, an endpoint of a service of the cloud, an address translator."""


class Answer(enum.Enum):
    """What is known of a fact about the infrastructure."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Fact:
    """An answer with the reason for it, such as the route that leads to an internet gateway."""

    answer: Answer
    why: str = ""
    origin: Origin = NOWHERE
    field: FieldPath = ()


UNKNOWN = Fact(Answer.UNKNOWN)
_NONE = AddressSet()


@dataclass(frozen=True, slots=True)
class Interface:
    """Something with addresses that firewalls stand in front of.

    `addresses` are those that packets of the machine itself bear on the network that the firewalls see, one or a few;
    `delegated` the further ones, whole ranges mostly, that it hands to others, such as pods (`with_tenants`). `public`
    are those that the world outside reaches it by and that are translated to the first of `addresses` of the family
    (one to one); a public address that is not translated, as in IPv6, is in both.
    `machine` tells whose it is: the provider id of a node as Kubernetes writes it in ``spec.providerID``, or the name
    of a balancer. `hostnames` are its DNS names. `network` names the virtual network that it is in.
    """

    name: str
    role: Role = Role.MACHINE
    addresses: AddressSet = AddressSet()
    delegated: AddressSet = AddressSet()
    public: AddressSet = AddressSet()
    machine: str = ""
    hostnames: tuple[str, ...] = ()
    network: str = ""
    entered: Mapping[Family, Fact] = field(default_factory=dict)
    """Per family, whether packets from the internet are routed to it, and answers back."""
    leaves: Mapping[Family, Fact] = field(default_factory=dict)
    """Per family, whether its own connections are routed to the internet: directly or through an address translator."""
    origin: Origin = NOWHERE
    ranges: AddressSet = AddressSet()
    """Where its addresses lie while they are not known: the ranges of its subnet in a plan."""
    subnet: str = ""
    """The id of the subnet that it is in, on platforms where firewalls stand at subnets; empty where it is not told."""


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end that a rule speaks of: the union of its parts.

    `interfaces` are names; they match by the addresses that packets bear. `unknown` are the parts that the input does
    not resolve, in words (``prefix list pl-1``): they match possibly, whatever the other end is.
    """

    everyone: bool = False
    addresses: AddressSet | None = None
    interfaces: frozenset[str] = frozenset()
    unknown: tuple[str, ...] = ()


ANYONE = Peer(everyone=True)


@dataclass(frozen=True, slots=True)
class FilterRule:
    """One rule. `traffic` None is all traffic, an empty tuple none.

    `subject` narrows whom of the interfaces that its filter guards it speaks of, by the address that the packet bears
    at their end: the destination of an inbound rule, the source of an outbound one. `only` is a further condition that
    the model does not decide, in words (``ICMP type 8``, ``source port 53``); with one the rule matches possibly at
    most.
    """

    action: Action
    peer: Peer
    traffic: tuple[Match, ...] | None = None
    only: str = ""
    field: FieldPath = ()
    name: str = ""
    subject: Peer = ANYONE


@dataclass(frozen=True, slots=True)
class Filter:
    """One set of rules for one direction, first match first, and the names of the interfaces that it guards.

    Interfaces in `possible` are guarded as far as the input tells and perhaps not; `title` is how reports name it
    (``security group sg-1 (web)``).
    """

    title: str
    guards: frozenset[str]
    rules: tuple[FilterRule, ...]
    possible: frozenset[str] = frozenset()
    origin: Origin = NOWHERE
    api: str = ""
    field: FieldPath = ()
    """Where it begins in its document."""
    standard: bool = False
    """Whether it is what the platform makes by itself, and puts where nobody chooses another."""


@dataclass(frozen=True, slots=True)
class Tier:
    """The filters of one sort and direction. `ranks` are tried in order, the filters of a rank in parallel.

    *Union of allows*: one rank of filters, `isolating`. *First match with a default*: a rank for each filter, with the
    default as its last rule. A tier that is not `isolating` hands on what no rule decided. `Action.ALLOW` is final for
    all further tiers of the direction; where those have to agree, a rule lets a packet through its own tier with
    `Action.NEXT`. A `stateless` tier sees the
    packets of replies as well, one of `replies` nothing but them. `layer` is the platform's term (``aws network acl``).
    """

    layer: str
    direction: Direction
    ranks: tuple[tuple[Filter, ...], ...]
    isolating: bool = False
    stateless: bool = False
    replies: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """Where a listener of a load balancer leads: a machine or an address, and a port.

    `machine` is a provider id, `address` a text; one of them is empty. `port` None is the port of the listener.
    `interface` names the one of the machine that takes its packets, where it is known: with the load balancer's own
    address as their destination (direct server return) that is one which has this address.
    """

    machine: str = ""
    address: str = ""
    port: int | None = None
    interface: str = ""


@dataclass(frozen=True, slots=True)
class Listening:
    """One listener of a load balancer. `tls` says that it ends TLS; `targets` None where the input does not tell."""

    protocol: int
    port: int
    tls: bool = False
    targets: tuple[Target, ...] | None = None
    keeps_client: bool | None = None
    """Whether targets see the address of the client; None where that is not known."""
    origin: Origin = NOWHERE
    field: FieldPath = ()


@dataclass(frozen=True, slots=True)
class Balancer:
    """A load balancer of the infrastructure. Its interfaces are those whose `machine` is its `name`."""

    name: str
    hostnames: tuple[str, ...] = ()
    addresses: AddressSet = AddressSet()
    facing: Fact = UNKNOWN
    """Whether the internet is meant to reach it."""
    listeners: tuple[Listening, ...] = ()
    origin: Origin = NOWHERE


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet, by its id, and the addresses that are in it, of which some may not be known."""

    name: str
    addresses: AddressSet


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """The endpoint of a cluster's API server, as a managed service guards it.

    `public` is whether it has an address on the internet; `allowed` are the addresses that it takes connections from
    there, None where it takes them from everywhere.
    """

    name: str
    public: Answer
    allowed: AddressSet | None = None
    origin: Origin = NOWHERE
    field: FieldPath = ()


@dataclass(frozen=True, slots=True)
class Infrastructure:
    """All that one input says about firewalls and what they guard.

    `tiers` are in the order in which a packet meets them: those of `Direction.EGRESS` from the sender outwards, those
    of `Direction.INGRESS` inwards to the receiver. `assumptions` are what answers rest on that the input does not say.
    """

    interfaces: Sequence[Interface] = ()
    tiers: Sequence[Tier] = ()
    balancers: Sequence[Balancer] = ()
    assumptions: Sequence[str] = ()
    problems: Sequence[Problem] = ()
    control_planes: Sequence[ControlPlane] = ()
    idle: Sequence[Filter] = ()
    """Filters that surely guard nothing: the input has all that they could. Their rules are of both directions."""
    unabridged: Sequence[tuple[Tier, ...]] = ()
    """Tiers in a row with all their rules, of which `tiers` leave out what decides nothing; no question asks them."""
    subnets: Sequence[Subnet] = ()
    """Those that the interfaces name."""

    def __bool__(self) -> bool:
        return bool(self.interfaces or self.tiers or self.balancers)

    def __or__(self, other: Infrastructure) -> Infrastructure:
        """Both side by side; tiers of the other one come after one's own."""
        return Infrastructure(
            [*self.interfaces, *other.interfaces],
            [*self.tiers, *other.tiers],
            [*self.balancers, *other.balancers],
            list(dict.fromkeys([*self.assumptions, *other.assumptions])),
            [*self.problems, *other.problems],
            [*self.control_planes, *other.control_planes],
            [*self.idle, *other.idle],
            [*self.unabridged, *other.unabridged],
            [*self.subnets, *other.subnets],
        )


def with_tenants(infrastructure: Infrastructure, tenants: Mapping[str, tuple[str, AddressSet]]) -> Infrastructure:
    """Add interfaces that share others: what guards the one, and what speaks of it, does so for its tenants too.

    `tenants` has by the name of each new interface whose it is, and which addresses it has.
    """
    of: dict[str, list[str]] = {}
    for name, (landlord, _) in tenants.items():
        of.setdefault(landlord, []).append(name)

    def joined(names: frozenset[str]) -> frozenset[str]:
        more = [name for landlord in names & of.keys() for name in of[landlord]]
        return names.union(more) if more else names

    def peer(one: Peer) -> Peer:
        members = joined(one.interfaces)
        return one if members is one.interfaces else replace(one, interfaces=members)

    def rule(one: FilterRule) -> FilterRule:
        other, own = peer(one.peer), peer(one.subject)
        return one if other is one.peer and own is one.subject else replace(one, peer=other, subject=own)

    def filter_(one: Filter) -> Filter:
        rules = tuple(map(rule, one.rules))
        return replace(one, guards=joined(one.guards), possible=joined(one.possible), rules=rules)

    known = {each.name: each for each in infrastructure.interfaces}
    fresh = [
        replace(known[landlord], name=name, addresses=addresses, delegated=_NONE, public=_NONE, ranges=_NONE)
        for name, (landlord, addresses) in tenants.items()
    ]
    tiers = [
        replace(tier, ranks=tuple(tuple(map(filter_, rank)) for rank in tier.ranks)) for tier in infrastructure.tiers
    ]
    return replace(infrastructure, interfaces=[*infrastructure.interfaces, *fresh], tiers=tiers)
