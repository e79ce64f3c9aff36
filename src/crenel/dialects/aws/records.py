"""What an account has, as far as an input tells: groups, lists, interfaces, routes, load balancers."""

from __future__ import annotations

from dataclasses import dataclass, field

from crenel.network.addresses import AddressSet
from crenel.network.rules import Action, Direction
from crenel.network.traffic import Match
from crenel.provenance import NOWHERE, FieldPath, Origin, Problem, Severity


@dataclass(frozen=True, slots=True)
class Permission:
    """One rule of a security group. `groups` and `lists` are ids."""

    direction: Direction
    traffic: tuple[Match, ...] | None
    only: str
    addresses: AddressSet
    groups: tuple[str, ...]
    lists: tuple[str, ...]
    origin: Origin = NOWHERE
    field: FieldPath = ()
    name: str = ""
    unknown: tuple[str, ...] = ()
    """What of it cannot be read, in words."""


@dataclass(slots=True)
class Group:
    """A security group."""

    id: str
    name: str = ""
    permissions: list[Permission] = field(default_factory=list)
    origin: Origin = NOWHERE
    field: FieldPath = ()

    @property
    def title(self) -> str:
        """How reports name it."""
        return f"security group {self.id}{f' ({self.name})' if self.name else ''}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One rule of a network ACL; what cannot be read may decide anything (`Action.MAY_DECIDE`)."""

    number: int
    direction: Direction
    action: Action
    traffic: tuple[Match, ...] | None
    only: str
    addresses: AddressSet
    field: FieldPath = ()


@dataclass(slots=True)
class Acl:
    """A network ACL, and the ids of its subnets."""

    id: str
    entries: list[Entry] = field(default_factory=list)
    subnets: set[str] = field(default_factory=set)
    origin: Origin = NOWHERE


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet."""

    id: str
    network: str
    addresses: AddressSet


@dataclass(frozen=True, slots=True)
class Route:
    """One route: where it leads, as the id of a gateway or of an address translator; `active` unless a black hole."""

    addresses: AddressSet
    target: str
    active: bool
    field: FieldPath = ()


@dataclass(slots=True)
class Table:
    """A route table: of which subnets, and whether it is the main one of its network."""

    id: str
    network: str = ""
    routes: list[Route] = field(default_factory=list)
    subnets: set[str] = field(default_factory=set)
    main: bool = False
    origin: Origin = NOWHERE


@dataclass(frozen=True, slots=True)
class Card:
    """A network interface. `groups` is None where the input does not tell its groups."""

    id: str
    subnet: str
    network: str
    addresses: AddressSet
    delegated: AddressSet
    public: AddressSet
    groups: tuple[str, ...] | None
    machine: str
    balancer: bool = False
    origin: Origin = NOWHERE


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """Where listeners lead: instances by id or addresses."""

    arn: str
    kind: str
    port: int | None
    protocol: str
    targets: tuple[tuple[str, int | None], ...] | None


@dataclass(slots=True)
class LoadBalancer:
    """A load balancer of any generation. `listeners` are (protocol, port, arns of target groups, place)."""

    name: str
    arn: str
    hostname: str
    kind: str
    internal: bool | None
    groups: tuple[str, ...] | None
    subnets: tuple[str, ...]
    listeners: list[tuple[str, int, tuple[str, ...], Origin, FieldPath]] = field(default_factory=list)
    origin: Origin = NOWHERE
    field: FieldPath = ()


@dataclass(slots=True)
class Estate:
    """Everything, by id."""

    groups: dict[str, Group] = field(default_factory=dict)
    acls: dict[str, Acl] = field(default_factory=dict)
    subnets: dict[str, Subnet] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    cards: dict[str, Card] = field(default_factory=dict)
    lists: dict[str, AddressSet] = field(default_factory=dict)
    zones: dict[str, str] = field(default_factory=dict)
    """The availability zone of each instance."""
    targets: dict[str, TargetGroup] = field(default_factory=dict)
    balancers: dict[str, LoadBalancer] = field(default_factory=dict)
    """By ARN, or by name for those of the first generation."""
    private_translators: set[str] = field(default_factory=set)
    """NAT gateways that lead to other networks alone."""
    problems: list[Problem] = field(default_factory=list)

    def complain(self, message: str, origin: Origin, where: FieldPath, title: str) -> None:
        """Note something that is wrong with the input."""
        self.problems.append(Problem(message, origin, where, title, Severity.WARNING))

    def machine(self, instance: str) -> str:
        """An instance as nodes name it in ``spec.providerID``."""
        return f"aws:///{self.zones.get(instance, '')}/{instance}"

    def table_of(self, subnet: str, network: str) -> Table | None:
        """The route table of a subnet: its own, else the main one of its network; None where that is not known."""
        own = next((table for table in self.tables.values() if subnet in table.subnets), None)
        return own or next((each for each in self.tables.values() if each.main and each.network == network), None)

    def acl_of(self, subnet: str) -> Acl | None:
        """The network ACL of a subnet; None where that is not known."""
        return next((acl for acl in self.acls.values() if subnet in acl.subnets), None)
