"""What is read of the resources of Google Cloud, still in its own terms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from crenel.dialects.gcp.naming import project_of
from crenel.network.addresses import AddressSet, Family
from crenel.provenance import NOWHERE, FieldPath, Origin, Problem, Severity


@dataclass(frozen=True, slots=True)
class End:
    """One end of a rule: the union of its parts, where it has any.

    `ranges` are addresses, `tags` network tags, `accounts` service accounts, `secure` ids of secure tags, `groups`
    paths of address groups. `unknown` are what only the service can tell (countries, names, threat lists), in words.
    `narrowed` is a further condition on the whole end, in words. `silent` says that the rule tells nothing of it.
    """

    ranges: AddressSet = AddressSet()
    tags: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    secure: frozenset[str] = frozenset()
    groups: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    narrowed: str = ""
    silent: bool = False


NOBODY_SAID = End(silent=True)


@dataclass(frozen=True, slots=True)
class Targets:
    """Which instances a rule guards: those with any of these, and all where there is nothing.

    `networks` narrows them to those of some networks; it goes with the rest.
    """

    tags: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    secure: frozenset[str] = frozenset()
    networks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Service:
    """A protocol and ports, as written. No ports are all."""

    protocol: str
    ports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SecurityRule:
    """A rule of a VPC network or of a policy. `priority` None is one that cannot be read."""

    title: str
    priority: int | None
    direction: str
    action: str
    source: End
    destination: End
    services: tuple[Service, ...]
    targets: Targets = Targets()
    origin: Origin = NOWHERE
    field: FieldPath = ()
    doubt: str = ""
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Policy:
    """A firewall policy. `rules` None are not in the input. `region` is empty for a global one.

    `hierarchical` policies are attached to organisations and folders, others to networks: `attached` are their paths.
    """

    key: str
    title: str
    hierarchical: bool = False
    system: bool = False
    region: str = ""
    rules: tuple[SecurityRule, ...] | None = None
    attached: tuple[tuple[str, int], ...] = ()
    """Each with the priority of the association, which orders several."""
    origin: Origin = NOWHERE


@dataclass(frozen=True, slots=True)
class Effective:
    """All that guards one network, as the service answers it. `network` is empty where the answer does not tell."""

    network: str
    policies: tuple[Policy, ...]
    origin: Origin = NOWHERE


@dataclass(frozen=True, slots=True)
class Network:
    """A VPC network. `policies_first` says that network firewall policies come before its rules.

    `planned` ones do not exist yet, so that nothing outside of the plan can speak of them.
    """

    key: str
    name: str
    policies_first: bool = False
    planned: bool = False
    peers: tuple[str, ...] = ()
    origin: Origin = NOWHERE


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet: its primary ranges, and secondary ones by name. `purpose` is PRIVATE, or what it is kept for."""

    key: str
    network: str
    ranges: AddressSet
    secondary: tuple[tuple[str, AddressSet], ...] = ()
    purpose: str = ""
    origin: Origin = NOWHERE


@dataclass(frozen=True, slots=True)
class Nic:
    """A network interface of an instance. `public` families have an external address, be it known or not."""

    name: str
    network: str
    subnet: str = ""
    addresses: AddressSet = AddressSet()
    aliases: AddressSet = AddressSet()
    external: AddressSet = AddressSet()
    public: frozenset[Family] = frozenset()
    families: frozenset[Family] = frozenset({4})
    hostnames: tuple[str, ...] = ()
    field: FieldPath = ()


@dataclass(frozen=True, slots=True)
class Instance:
    """A virtual machine. `secure` are the secure tags bound to it, None where that is not in the input."""

    key: str
    name: str
    number: str = ""
    tags: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    secure: frozenset[str] | None = None
    nics: tuple[Nic, ...] = ()
    group: str = ""
    origin: Origin = NOWHERE
    doubt: str = ""
    """What of its tags and accounts is known only later, in words."""


@dataclass(frozen=True, slots=True)
class Route:
    """A route of a network. `hop` is ``internet``, or where it leads, in words. No `tags` are all instances."""

    name: str
    network: str
    destination: AddressSet
    priority: int
    hop: str
    tags: frozenset[str] = frozenset()
    origin: Origin = NOWHERE
    field: FieldPath = ()


@dataclass(frozen=True, slots=True)
class Translator:
    """A Cloud NAT gateway. `all_subnets` None lists them in `subnets`, else the ranges of all: primary ones or all."""

    name: str
    network: str
    region: str
    all_subnets: str = ""
    subnets: tuple[tuple[str, tuple[str, ...]], ...] = ()
    families: frozenset[Family] = frozenset({4})
    private: bool = False
    origin: Origin = NOWHERE
    field: FieldPath = ()


@dataclass(frozen=True, slots=True)
class Forwarding:
    """A forwarding rule: the frontend of a load balancer. `ports` None are all."""

    key: str
    name: str
    address: str
    scheme: str
    protocol: str
    ports: tuple[tuple[int, int], ...] | None
    target: str = ""
    service: str = ""
    network: str = ""
    subnet: str = ""
    region: str = ""
    hostnames: tuple[str, ...] = ()
    origin: Origin = NOWHERE
    field: FieldPath = ()


@dataclass(frozen=True, slots=True)
class Backend:
    """What leads to machines: a backend service, target pool, proxy or URL map.

    `groups` are instance groups or network endpoint groups, `instances` machines, `services` further ones of these.
    """

    key: str
    groups: tuple[str, ...] = ()
    instances: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    port_name: str = ""
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Pool:
    """A node pool of a cluster. `groups` are names of its instance groups with their zones."""

    name: str
    tags: frozenset[str] = frozenset()
    account: str = ""
    pods: AddressSet = AddressSet()
    range_name: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster of Google Kubernetes Engine. `native` says that pods have alias ranges, else routes lead to them.

    `pods` is the range of all pods, `range_name` the secondary range of its subnet that they have; `control` is where
    its control plane is.
    """

    key: str
    name: str
    network: str = ""
    subnet: str = ""
    pods: AddressSet = AddressSet()
    native: bool = True
    range_name: str = ""
    control: AddressSet = AddressSet()
    pools: tuple[Pool, ...] = ()
    origin: Origin = NOWHERE
    field: FieldPath = ()


@dataclass(slots=True)
class Estate:
    """All that the documents of an input say together, by the paths of resources."""

    networks: dict[str, Network] = field(default_factory=dict)
    subnets: dict[str, Subnet] = field(default_factory=dict)
    rules: dict[str, dict[str, SecurityRule]] = field(default_factory=lambda: defaultdict(dict))
    """VPC firewall rules by network and by path."""
    policies: dict[str, Policy] = field(default_factory=dict)
    loose_rules: dict[str, list[SecurityRule]] = field(default_factory=lambda: defaultdict(list))
    """Rules of policies that are resources of their own."""
    loose_attached: dict[str, list[tuple[str, int]]] = field(default_factory=lambda: defaultdict(list))
    effective: list[Effective] = field(default_factory=list)
    instances: dict[str, Instance] = field(default_factory=dict)
    bindings: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Secure tags by the path of an instance, whose last part may be its number."""
    groups: dict[str, AddressSet] = field(default_factory=dict)
    routes: dict[str, list[Route]] = field(default_factory=lambda: defaultdict(list))
    translators: list[Translator] = field(default_factory=list)
    routers: set[str] = field(default_factory=set)
    """Projects whose routers are in the input."""
    forwardings: dict[str, Forwarding] = field(default_factory=dict)
    backends: dict[str, Backend] = field(default_factory=dict)
    members: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Instances of unmanaged groups."""
    named_ports: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    """Of instance groups, the ports that a name stands for."""
    clusters: dict[str, Cluster] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    """Of projects (``projects/ID``) and folders, the folder or organisation that they are in."""
    assumptions: dict[str, None] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def assume(self, *texts: str) -> None:
        """Note what answers rest on that the input does not say."""
        self.assumptions.update(dict.fromkeys(texts))

    def report(
        self,
        message: str,
        origin: Origin,
        path: FieldPath = (),
        name: str = "",
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Note what is wrong."""
        self.problems.append(Problem(message, origin, path, name, severity))

    def unreadable(self, texts: Iterable[str], origin: Origin, path: FieldPath, name: str) -> None:
        """Note texts that should be addresses."""
        for text in texts:
            self.report(f"{text!r} is no address range", origin, path, name)

    def projects_with_rules(self) -> set[str]:
        """Projects whose list of VPC firewall rules is in the input."""
        return {project_of(network) for network, rules in self.rules.items() if rules}
