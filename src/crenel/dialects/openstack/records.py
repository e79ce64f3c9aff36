"""What is kept of OpenStack's resources, from whatever format they were read.

Resources are known by their ids; in plans, where these are not known yet, by their addresses. A reference is the id of
another resource, empty for none.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from crenel.network.addresses import AddressSet, Family
from crenel.provenance import NOWHERE, FieldPath, Origin, Problem, Severity


@dataclass(frozen=True, slots=True)
class GroupRule:
    """One rule of a security group, as written; it allows.

    `direction` and `family` are empty and None where they are not written. `protocol` is a name or number, empty for
    any. `first` and `last` are ports, or type and code of ICMP; None for all. `strange` says what of it cannot be read.
    """

    direction: str
    family: Family | None
    protocol: str = ""
    first: int | None = None
    last: int | None = None
    prefix: str = ""
    group: str = ""
    address_group: str = ""
    strange: str = ""
    name: str = ""
    origin: Origin = NOWHERE
    field: FieldPath = ()


@dataclass(frozen=True, slots=True)
class Group:
    """A security group. `rules` None is a document that does not tell them; `stateful` None is not written.

    `planned` says that it was read from a plan or state of Terraform, which knows of the rules that it manages only.
    """

    id: str
    name: str
    rules: tuple[GroupRule, ...] | None = None
    stateful: bool | None = None
    planned: bool = False
    origin: Origin = NOWHERE
    field: FieldPath = ()

    @property
    def title(self) -> str:
        """What reports call it."""
        return f"security group {self.name or self.id}"


@dataclass(frozen=True, slots=True)
class FixedAddress:
    """An address of a port. `address` is empty while it is not known."""

    address: str
    subnet: str = ""


@dataclass(frozen=True, slots=True)
class Port:
    """A port. `groups` None, and `secured` None, are not written; `device` is whose it is, `owner` what that is."""

    id: str
    name: str
    fixed: tuple[FixedAddress, ...] = ()
    pairs: tuple[str, ...] = ()
    """Addresses and ranges of the allowed address pairs."""
    groups: tuple[str, ...] | None = None
    secured: bool | None = None
    device: str = ""
    owner: str = ""
    network: str = ""
    origin: Origin = NOWHERE
    field: FieldPath = ()

    @property
    def trusted(self) -> bool:
        """Whether it belongs to the network itself and is not filtered (neutron_lib, `is_port_trusted`)."""
        return self.owner.startswith("network:")


@dataclass(frozen=True, slots=True)
class FloatingAddress:
    """A floating address and what it leads to."""

    address: str
    fixed: str = ""
    port: str = ""


@dataclass(frozen=True, slots=True)
class Router:
    """A router. `external` is the network of its gateway, empty for none, None where that is not written.

    `translates` is whether it gives its own address to what leaves (source NAT); `subnets` are those it is known to be
    attached to.
    """

    id: str
    name: str
    external: str | None = None
    translates: bool | None = None
    addresses: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()
    origin: Origin = NOWHERE


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet. `gateway` is the address of its router, empty for none, None where that is not written."""

    id: str
    name: str
    network: str = ""
    range: str = ""
    gateway: str | None = None


@dataclass(frozen=True, slots=True)
class VirtualNetwork:
    """A network; `external` says whether routers lead out by it, None where that is not written."""

    id: str
    name: str
    external: bool | None = None


@dataclass(frozen=True, slots=True)
class Server:
    """A server. `floating` are those of its addresses that are known to be floating ones; `groups` are names."""

    id: str
    name: str
    fixed: tuple[str, ...] = ()
    floating: tuple[str, ...] = ()
    groups: tuple[str, ...] | None = None
    ports: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    origin: Origin = NOWHERE
    field: FieldPath = ()


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    """A load balancer of Octavia. `pools` None is a document that does not tell them."""

    id: str
    name: str
    address: str = ""
    port: str = ""
    subnet: str = ""
    provider: str = ""
    listeners: tuple[str, ...] | None = None
    pools: tuple[str, ...] | None = None
    origin: Origin = NOWHERE
    field: FieldPath = ()


@dataclass(frozen=True, slots=True)
class Listener:
    """A listener. `balancers` None is a document that does not tell them; `cidrs` None likewise."""

    id: str
    name: str
    protocol: str
    port: int | None
    balancers: tuple[str, ...] | None = None
    pool: str = ""
    cidrs: tuple[str, ...] | None = None
    redirects: bool = False
    """Whether policies of layer 7 may lead to further pools."""
    origin: Origin = NOWHERE
    field: FieldPath = ()


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a pool. `pool` is empty where its document does not tell it."""

    id: str
    address: str
    port: int | None
    pool: str = ""


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool. `members` are ids, None where they are not written; `balancers` and `listeners` those it is of."""

    id: str
    name: str
    members: tuple[str, ...] | None = None
    listeners: tuple[str, ...] = ()
    balancers: tuple[str, ...] = ()


@dataclass(slots=True)
class Estate:
    """All resources of the input by id."""

    groups: dict[str, Group] = field(default_factory=dict)
    loose_rules: dict[str, list[GroupRule]] = field(default_factory=dict)
    """Rules that were read as resources of their own, by the id of their group."""
    rules_listed: bool = False
    """Whether a list of rules of all groups is in the input."""
    address_groups: dict[str, tuple[str, AddressSet]] = field(default_factory=dict)
    """Name and addresses."""
    ports: dict[str, Port] = field(default_factory=dict)
    floating: dict[str, FloatingAddress] = field(default_factory=dict)
    routers: dict[str, Router] = field(default_factory=dict)
    attached: dict[str, list[str]] = field(default_factory=dict)
    """Subnets by the router that they were told to be attached to from elsewhere."""
    subnets: dict[str, Subnet] = field(default_factory=dict)
    networks: dict[str, VirtualNetwork] = field(default_factory=dict)
    servers: dict[str, Server] = field(default_factory=dict)
    balancers: dict[str, LoadBalancer] = field(default_factory=dict)
    listeners: dict[str, Listener] = field(default_factory=dict)
    pools: dict[str, Pool] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    amphorae: dict[str, list[str]] = field(default_factory=dict)
    """Addresses that amphorae connect from, by load balancer."""
    assumptions: dict[str, None] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def assume(self, text: str) -> None:
        """Note what answers will rest on."""
        self.assumptions[text] = None

    def report(
        self, message: str, origin: Origin, at: FieldPath = (), title: str = "", severity: Severity = Severity.ERROR
    ) -> None:
        """Note what is wrong with the input."""
        self.problems.append(Problem(message, origin, at, title, severity))
