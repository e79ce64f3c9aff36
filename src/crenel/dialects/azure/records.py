"""What is kept of Azure's resources, from whatever format they were read.

Resources are known by keys: ids in lower case, or in templates and plans whatever stands for one. A reference is the
key of another resource, empty for none, None where nobody knows.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeAlias

from crenel.dialects.azure.fields import last, parent
from crenel.network.addresses import AddressSet
from crenel.provenance import NOWHERE, FieldPath, Origin, Problem, Severity

Reference: TypeAlias = str | None


@dataclass(frozen=True, slots=True)
class End:
    """The source or the destination of a security rule: the union of prefixes, service tags and groups.

    `expanded` are the addresses that Azure itself made of it, where its effective rules are in the input.
    """

    prefixes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    expanded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SecurityRule:
    """One rule of a network security group, as written. `priority` None is none that can be read."""

    name: str
    priority: int | None
    direction: str
    access: str
    protocol: str
    source: End
    source_ports: tuple[str, ...]
    destination: End
    ports: tuple[str, ...]
    field: FieldPath = ()
    origin: Origin | None = None
    """Where it was read from, if not where its group was."""


@dataclass(frozen=True, slots=True)
class Group:
    """A network security group. `rules` are its own, `defaults` those that Azure adds; None where none are written.

    `partial` says that it may have rules which are not in the input.
    """

    key: str
    name: str
    rules: tuple[SecurityRule, ...] = ()
    defaults: tuple[SecurityRule, ...] | None = None
    partial: bool = False
    origin: Origin = NOWHERE

    @property
    def title(self) -> str:
        """What reports call it."""
        return f"network security group {self.name}" if self.key else self.name


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet. `outbound` is its default outbound access, None where it is not written.

    `planned` says that it was read from a template or a plan, where what is not written is up to the deployment.
    """

    key: str
    name: str
    network: str
    prefixes: tuple[str, ...] = ()
    group: Reference = ""
    table: Reference = ""
    translator: Reference = ""
    outbound: bool | None = None
    delegations: tuple[str, ...] = ()
    planned: bool = False
    origin: Origin = NOWHERE
    endpoints_guarded: bool | None = None
    """Whether its group applies to private endpoints in it, None where that is not written."""


@dataclass(frozen=True, slots=True)
class Peering:
    """A peering of a virtual network with another one. `prefixes` are those of the other, where they are written."""

    remote: str
    prefixes: tuple[str, ...] = ()
    in_tag: bool = True
    """Whether the other one's addresses belong to the service tag VirtualNetwork."""
    remote_gateway: bool = False


@dataclass(frozen=True, slots=True)
class VirtualNetwork:
    """A virtual network with its address space."""

    key: str
    name: str
    prefixes: tuple[str, ...] = ()
    peerings: tuple[Peering, ...] = ()
    gateway: bool = False


@dataclass(frozen=True, slots=True)
class Configuration:
    """One address configuration of an interface. `address` is empty while it is not known."""

    key: str
    name: str
    address: str = ""
    version: int = 4
    primary: bool = False
    subnet: Reference = ""
    public: Reference = ""
    pools: tuple[str, ...] = ()
    natted: tuple[str, ...] = ()
    """Keys of the inbound NAT rules that lead to it."""


@dataclass(frozen=True, slots=True)
class Nic:
    """A network interface, or what stands for those of all instances of a scale set."""

    key: str
    name: str
    machine: str = ""
    """The id of its machine, as it was written."""
    group: Reference = ""
    groups: tuple[str, ...] = ()
    """Keys of the application security groups that it is a member of."""
    configurations: tuple[Configuration, ...] = ()
    outbound: bool | None = None
    """Whether default outbound access was configured for it, where Azure says so."""
    endpoint: bool = False
    """Whether it is that of a private endpoint."""
    origin: Origin = NOWHERE


@dataclass(frozen=True, slots=True)
class PublicAddress:
    """A public address. `standard` None is a SKU that is not written."""

    key: str
    name: str
    address: str = ""
    version: int = 4
    standard: bool | None = None
    hostname: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """A route of a route table."""

    name: str
    prefix: str
    hop: str
    """The next hop type, in lower case: internet, none, virtualappliance, virtualnetworkgateway, vnetlocal."""
    address: str = ""
    field: FieldPath = ()


@dataclass(frozen=True, slots=True)
class RouteTable:
    """A route table. `partial` says that it may have routes which are not in the input."""

    key: str
    name: str
    routes: tuple[Route, ...] = ()
    partial: bool = False
    origin: Origin = NOWHERE


@dataclass(frozen=True, slots=True)
class Frontend:
    """One address that a load balancer takes packets at."""

    key: str
    name: str
    public: Reference = ""
    address: str = ""
    subnet: Reference = ""


@dataclass(frozen=True, slots=True)
class Pool:
    """A backend pool: the keys of address configurations, and addresses. `complete` is false where some are names."""

    key: str
    members: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Forwarding:
    """One rule of a load balancer. `ports` are first and last of the frontend, None for all.

    `leads` are the keys of pools and of address configurations that it leads to, each with the port there.
    """

    name: str
    frontend: str
    protocol: str
    ports: tuple[int, int] | None
    leads: tuple[tuple[str, int | None], ...] = ()
    floating: bool = False
    outbound: bool = False
    """Whether members of the pool leave by its address (source NAT)."""
    tls: bool = False
    known: bool = True
    """Whether it could be read where it leads."""
    field: FieldPath = ()


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    """A load balancer, or an application gateway, which is a `proxy` in `subnets` of its own."""

    key: str
    name: str
    standard: bool | None = None
    proxy: bool = False
    subnets: tuple[str, ...] = ()
    frontends: tuple[Frontend, ...] = ()
    pools: tuple[Pool, ...] = ()
    rules: tuple[Forwarding, ...] = ()
    outbound: tuple[str, ...] = ()
    """Keys of the pools that have outbound rules."""
    origin: Origin = NOWHERE


@dataclass(slots=True)
class Estate:
    """All resources of the input by key, and what Azure itself said of attachments and service tags."""

    groups: dict[str, Group] = field(default_factory=dict)
    loose_rules: dict[str, list[SecurityRule]] = field(default_factory=dict)
    """Rules that were read as resources of their own, by the key of their group."""
    subnets: dict[str, Subnet] = field(default_factory=dict)
    networks: dict[str, VirtualNetwork] = field(default_factory=dict)
    loose_peerings: dict[str, list[Peering]] = field(default_factory=dict)
    nics: dict[str, Nic] = field(default_factory=dict)
    machines: dict[str, str] = field(default_factory=dict)
    """Ids of machines by the keys of their interfaces."""
    publics: dict[str, PublicAddress] = field(default_factory=dict)
    tables: dict[str, RouteTable] = field(default_factory=dict)
    loose_routes: dict[str, list[Route]] = field(default_factory=dict)
    translators: set[str] = field(default_factory=set)
    balancers: dict[str, LoadBalancer] = field(default_factory=dict)
    loose_pools: dict[str, list[Pool]] = field(default_factory=dict)
    loose_forwardings: dict[str, list[Forwarding]] = field(default_factory=dict)
    subnet_groups: dict[str, str] = field(default_factory=dict)
    """Attachments told by anything but the subnet itself: the key of its group by that of the subnet."""
    nic_groups: dict[str, str] = field(default_factory=dict)
    subnet_tables: dict[str, str] = field(default_factory=dict)
    subnet_translators: dict[str, str] = field(default_factory=dict)
    nic_members: dict[str, list[str]] = field(default_factory=dict)
    """Application security groups by the keys of interfaces."""
    configuration_pools: dict[str, list[str]] = field(default_factory=dict)
    """Backend pools and inbound NAT rules by the keys of address configurations."""
    pool_addresses: list[Pool] = field(default_factory=list)
    """Addresses of pools that were read as resources of their own."""
    outbound_pools: set[str] = field(default_factory=set)
    """Keys of pools that have outbound rules which were read as resources of their own."""
    gateways: set[str] = field(default_factory=set)
    """Keys of the subnets that gateways are in."""
    pod_subnets: set[str] = field(default_factory=set)
    """Keys of the subnets that pods get their addresses from."""
    sets: dict[str, Nic] = field(default_factory=dict)
    """What stands for the interfaces of scale sets, by the key of the set."""
    tags: dict[str, AddressSet] = field(default_factory=dict)
    """Service tags by name, in lower case."""
    spaces: dict[str, AddressSet] = field(default_factory=dict)
    """What the service tag VirtualNetwork means, by the key of a subnet or interface, where Azure says so."""
    admin_rules: dict[str, list[SecurityRule]] = field(default_factory=dict)
    """Security admin rules by the key of a subnet or an interface."""
    assumptions: dict[str, None] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def table_of(self, subnet: str) -> RouteTable | None:
        """The route table of a subnet with all of its routes; None where it has none, or none that is in the input."""
        known = self.subnets.get(subnet)
        reference = (known.table if known is not None else "") or self.subnet_tables.get(subnet, "")
        table = self.tables.get(reference)
        more = self.loose_routes.get(reference)
        if more and table is not None:
            return replace(table, routes=(*table.routes, *more))
        return table

    def network_of(self, subnet: str) -> str:
        """The key of the virtual network that a subnet is in; empty where the subnet is not known either."""
        known = self.subnets.get(subnet)
        return known.network if known is not None else parent(subnet)

    def network_name(self, subnet: str) -> str:
        """What the virtual network of a subnet is called."""
        key = self.network_of(subnet)
        return self.networks[key].name if key in self.networks else last(key)

    def assume_overlay(self, cluster: str, ranges: tuple[str, ...]) -> None:
        """Note that pods are in an overlay network (AKS, "CNI networking overview")."""
        where = ", ".join(ranges) or "its ranges are not written"
        text = f"pods of the cluster {cluster} are in an overlay network ({where})"
        self.assume(f"{text}: network security groups see its nodes in their place")

    def assume(self, text: str) -> None:
        """Note what answers will rest on."""
        self.assumptions[text] = None

    def report(
        self, message: str, origin: Origin, at: FieldPath = (), title: str = "", severity: Severity = Severity.ERROR
    ) -> None:
        """Note what is wrong with the input."""
        self.problems.append(Problem(message, origin, at, title, severity))
