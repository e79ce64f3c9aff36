"""What an account has, as far as an input tells: groups, lists, interfaces, routes, load balancers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from crenel.network.addresses import AddressSet, Family
from crenel.network.firewalls import Answer
from crenel.network.rules import Action, Direction
from crenel.network.traffic import Match
from crenel.provenance import NOWHERE, FieldPath, Origin, Problem, Severity

UNKNOWN_ID = "unknown"
"""What an id ends in that stands for one which the input does not tell."""


class Unresolved(str):
    """A text that is not known before a template or a plan is applied; its value says what it will come from."""

    __slots__ = ()


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

    @property
    def meaning(self) -> tuple[object, ...]:
        """What it says, wherever that is written."""
        return self.direction, self.traffic, self.only, self.addresses, self.groups, self.lists, self.unknown


@dataclass(slots=True)
class Group:
    """A security group. `network` is the id of its VPC, where that is known."""

    id: str
    name: str = ""
    network: str = ""
    permissions: list[Permission] = field(default_factory=list)
    origin: Origin = NOWHERE
    field: FieldPath = ()

    @property
    def title(self) -> str:
        """How reports name it."""
        return f"security group {self.id}{f' ({self.name})' if self.name else ''}"

    @property
    def is_default(self) -> bool:
        """Whether it is that of its network: no other may be called so (VPC user guide, "Default security groups")."""
        return self.name == "default"


@dataclass(frozen=True, slots=True)
class Entry:
    """One rule of a network ACL; what cannot be read may decide anything (`Action.MAY_DECIDE`)."""

    number: int
    direction: Direction
    action: Action
    traffic: tuple[Match, ...] | None
    only: str
    addresses: AddressSet
    origin: Origin = NOWHERE
    field: FieldPath = ()


@dataclass(slots=True)
class Acl:
    """A network ACL, and the ids of its subnets."""

    id: str
    entries: list[Entry] = field(default_factory=list)
    subnets: set[str] = field(default_factory=set)
    origin: Origin = NOWHERE


@dataclass(slots=True)
class Vpc:
    """A virtual network. `made` says that the input makes it, so that it has what AWS gives new ones."""

    id: str
    addresses: AddressSet = AddressSet()
    six: bool = False
    """Whether it has IPv6."""
    made: bool = False
    origin: Origin = NOWHERE
    own: dict[str, str] = field(default_factory=dict)
    """The ids of what it has by itself, by what that is, where they are known."""

    @property
    def default_group(self) -> str:
        """The id of its default security group, or what stands for it."""
        return self.own.get("group") or f"{self.id}/default"

    @property
    def default_acl(self) -> str:
        """The id of its default network ACL, or what stands for it."""
        return self.own.get("acl") or f"{self.id}/default-acl"

    @property
    def main_table(self) -> str:
        """The id of its main route table, or what stands for it."""
        return self.own.get("table") or f"{self.id}/main"


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet. `vague` are the families in which it has a range that the input does not tell."""

    id: str
    network: str
    addresses: AddressSet
    publishes: bool | None = None
    """Whether new interfaces in it get a public address of IPv4."""
    vague: frozenset[Family] = frozenset()
    gives_six: bool = False
    """Whether new interfaces in it get an address of IPv6."""


@dataclass(frozen=True, slots=True)
class Route:
    """One route: where it leads, as the id of a gateway or of an address translator; `active` unless a black hole."""

    addresses: AddressSet
    target: str
    active: bool
    field: FieldPath = ()
    unknown: str = ""
    """Why it is not known which addresses it is for."""


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
    """A network interface. `groups` is None where the input does not tell its groups.

    `instance` is the id of the one that it is attached to; `balancer` the name of the load balancer that it belongs
    to. A `fleet` stands for the machines of one group in one subnet. `pending` has by family whether it will have a
    public address that the input does not tell. One that is `fresh` is made by the input: without groups it gets the
    default one.
    """

    id: str
    subnet: str
    network: str
    addresses: AddressSet
    delegated: AddressSet
    public: AddressSet
    groups: tuple[str, ...] | None
    instance: str = ""
    balancer: str = ""
    fleet: bool = False
    pending: Mapping[Family, Answer] = field(default_factory=dict)
    fresh: bool = False
    origin: Origin = NOWHERE


@dataclass(frozen=True, slots=True)
class Launch:
    """What instances are launched with. `groups` is empty where it names none, None where they are not known."""

    groups: tuple[str, ...] | None
    public: bool | None = None
    """Whether they get a public address of IPv4; None where that is left to the subnet."""


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """Where listeners lead: instances by id or addresses; `targets` None where the input does not tell."""

    arn: str
    kind: str = "instance"
    port: int | None = None
    protocol: str = ""
    targets: tuple[tuple[str, int | None], ...] | None = None
    keeps: bool | None = None
    """Whether it is set to show targets the addresses of clients; None where the default holds, or is not known."""


@dataclass(frozen=True, slots=True)
class Listener:
    """One listener of a load balancer, with the ARNs of the target groups of its actions.

    `complete` says that these are all: a listener of an Application Load Balancer has rules besides.
    """

    protocol: str
    port: int
    groups: tuple[str, ...]
    arn: str = ""
    complete: bool = True
    origin: Origin = NOWHERE
    field: FieldPath = ()


@dataclass(slots=True)
class LoadBalancer:
    """A load balancer of any generation."""

    name: str
    arn: str
    hostname: str = ""
    kind: str = ""
    internal: bool | None = None
    groups: tuple[str, ...] | None = None
    subnets: tuple[str, ...] = ()
    listeners: list[Listener] = field(default_factory=list)
    origin: Origin = NOWHERE
    field: FieldPath = ()

    @property
    def title(self) -> str:
        """What interfaces and reports call it."""
        return self.name or self.arn


@dataclass(frozen=True, slots=True)
class Plane:
    """The control plane of a cluster, with interfaces in some of its subnets; `groups` None where not known."""

    name: str
    groups: tuple[str, ...] | None
    subnets: tuple[str, ...]
    origin: Origin = NOWHERE


@dataclass(slots=True)
class Estate:
    """Everything, by id."""

    groups: dict[str, Group] = field(default_factory=dict)
    acls: dict[str, Acl] = field(default_factory=dict)
    vpcs: dict[str, Vpc] = field(default_factory=dict)
    subnets: dict[str, Subnet] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    cards: dict[str, Card] = field(default_factory=dict)
    lists: dict[str, AddressSet] = field(default_factory=dict)
    zones: dict[str, str] = field(default_factory=dict)
    """The availability zone of each instance."""
    gateways: dict[str, str] = field(default_factory=dict)
    """What ids of gateways begin with, for those that have no id yet."""
    targets: dict[str, TargetGroup] = field(default_factory=dict)
    balancers: dict[str, LoadBalancer] = field(default_factory=dict)
    """By ARN, or by name for those of the first generation."""
    whole: set[str] = field(default_factory=set)
    """The ids of security groups, network ACLs and route tables of which the input has everything."""
    private_translators: set[str] = field(default_factory=set)
    """NAT gateways that lead to other networks alone."""
    planes: list[Plane] = field(default_factory=list)
    shown: set[str] = field(default_factory=set)
    """The names of clusters whose control planes' interfaces are among the cards."""
    stacks: int = 0
    """How many templates have been read."""
    launches: dict[str, Launch] = field(default_factory=dict)
    """Launch templates and configurations, by id and by name."""
    clusters: dict[str, str] = field(default_factory=dict)
    """The cluster security group of each cluster, by id and by name."""
    crowds: set[str] = field(default_factory=set)
    """Target groups that groups of instances add targets to."""
    unconfined: dict[str, Permission] = field(default_factory=dict)
    """By group of a template, the rule outwards that AWS gives it."""
    assumptions: dict[str, None] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def complain(
        self, message: str, origin: Origin, where: FieldPath, title: str, severity: Severity = Severity.WARNING
    ) -> None:
        """Note something that is wrong with the input."""
        self.problems.append(Problem(message, origin, where, title, severity))

    def assume(self, text: str) -> None:
        """Note what answers rest on."""
        self.assumptions.setdefault(text)

    def group(self, identifier: str) -> Group:
        """A security group, which is there from now on."""
        return self.groups.setdefault(identifier, Group(identifier))

    def acl(self, identifier: str) -> Acl:
        """A network ACL, which is there from now on."""
        return self.acls.setdefault(identifier, Acl(identifier))

    def table(self, identifier: str) -> Table:
        """A route table, which is there from now on."""
        return self.tables.setdefault(identifier, Table(identifier))

    def vpc(self, identifier: str) -> Vpc:
        """A virtual network, which is there from now on."""
        return self.vpcs.setdefault(identifier, Vpc(identifier))

    def balancer(self, arn: str) -> LoadBalancer:
        """A load balancer, which is there from now on."""
        return self.balancers.setdefault(arn, LoadBalancer("", arn))

    def aim(self, arn: str, *targets: tuple[str, int | None]) -> None:
        """Add targets to a target group."""
        known = self.targets.get(arn, TargetGroup(arn))
        self.targets[arn] = replace(known, targets=tuple(dict.fromkeys((*(known.targets or ()), *targets))))

    def machine(self, instance: str) -> str:
        """An instance as nodes name it in ``spec.providerID``."""
        return f"aws:///{self.zones.get(instance, '')}/{instance}"

    def gateway(self, identifier: str) -> str:
        """A gateway's id, of the form of those of its sort even where it has none yet."""
        return self.gateways.get(identifier, "") + identifier
