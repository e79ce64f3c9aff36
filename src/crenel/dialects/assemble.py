"""From typed objects to the neutral network: members, stages, and what they rest on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from crenel.dialects import adminpolicy, networkpolicy, understood
from crenel.dialects.foreign import describe, is_foreign
from crenel.dialects.scope import Scope, Surroundings, node_name
from crenel.kubernetes.decode import Decoded
from crenel.kubernetes.objects.policies import AdminPolicy, ForeignPolicy
from crenel.kubernetes.population import Group, Population, further_addresses, node_addresses
from crenel.network.addresses import AddressSet, Family
from crenel.network.conditions import PolicyDecides
from crenel.network.endpoints import Endpoint, Kind, Registry
from crenel.network.network import Blueprint
from crenel.network.rules import EVERYONE, Action, Direction, Policy, Rule, Stage
from crenel.network.traffic import protocol_number
from crenel.provenance import Unreadable

FOREIGN, ADMIN, NETWORKPOLICY, BASELINE = "foreign", "admin", "networkpolicy", "baseline"
"""The stages, in order."""

_POLICY_KINDS = {
    ("networking.k8s.io", "NetworkPolicy"),
    ("policy.networking.k8s.io", "AdminNetworkPolicy"),
    ("policy.networking.k8s.io", "BaselineAdminNetworkPolicy"),
    ("policy.networking.k8s.io", "ClusterNetworkPolicy"),
}


@dataclass(frozen=True, slots=True)
class Assembly:
    """A blueprint with the scope that it was translated against."""

    blueprint: Blueprint
    scope: Scope


def assemble(
    decoded: Decoded,
    population: Population,
    surroundings: Surroundings,
    registry: Registry,
    unreadable: Sequence[Unreadable] = (),
) -> Assembly:
    """Translate all policies of an input against its population."""
    names = endpoint_names(population.groups)
    groups = {registry.index(name): group for name, group in zip(names, population.groups, strict=True)}
    endpoints = {
        registry.index(name): _pods(name, group, surroundings)
        for name, group in zip(names, population.groups, strict=True)
    }
    endpoints |= {registry.index(node.name): node for node in _nodes(population, surroundings)}
    complete = not any(each.kind == "Namespace" for each in unreadable)
    scope = Scope(registry, population, surroundings, groups, endpoints, complete)
    blueprint = Blueprint(
        registry=registry,
        members=list(endpoints.values()),
        stages=list(_stages(decoded, scope, unreadable)),
        families=surroundings.families,
        inside=surroundings.pod_ranges | surroundings.node_addresses | surroundings.service_ranges,
    )
    return Assembly(blueprint, scope)


def endpoint_names(groups: Sequence[Group]) -> list[str]:
    """Name each group: ``shop/web``, with its kind where two collide, by its pods where a workload's pods differ."""
    taken = Counter(
        (group.namespace, group.workload) for group in {(g.namespace, g.workload, g.kind): g for g in groups}.values()
    )
    return [_name(group, taken[group.namespace, group.workload] > 1) for group in groups]


def _name(group: Group, collides: bool) -> str:
    if group.variant:
        more = f"+{len(group.members) - 1}" if len(group.members) > 1 else ""
        return f"{group.namespace}/{group.variant}{more}"
    return (
        f"{group.namespace}/{group.kind.lower()}/{group.workload}"
        if collides
        else f"{group.namespace}/{group.workload}"
    )


def _pods(name: str, group: Group, surroundings: Surroundings) -> Endpoint:
    addresses = AddressSet.of(*group.addresses) if group.addresses is not None else None
    ranges = surroundings.node_addresses if group.hosted else surroundings.pod_ranges
    families: tuple[Family, ...] = (addresses if addresses is not None else ranges).families() or surroundings.families
    numbered = [(port, protocol_number(protocol), number) for port, protocol, number in group.ports]
    return Endpoint(
        name=name,
        kind=Kind.WORKLOAD,
        group=group.namespace,
        addresses=addresses,
        ranges=ranges,
        families=families,
        hosted=group.hosted,
        nodes=group.nodes,
        replicas=group.replicas,
        ports=tuple((port, protocol, number) for port, protocol, number in numbered if port),
        listens=tuple((protocol, number) for _, protocol, number in numbered),
        members=group.members,
        origin=group.origin,
    )


def _nodes(population: Population, surroundings: Surroundings) -> Iterator[Endpoint]:
    """A node by its internal addresses, and one more endpoint for each further address that its status lists."""
    for node in population.nodes:
        found = AddressSet.of(*node_addresses(node))
        yield Endpoint(
            name=node_name(node.name),
            kind=Kind.NODE,
            addresses=found or None,
            families=found.families() or surroundings.families,
            hosted=True,
            nodes=frozenset({node.name}),
            origin=node.origin,
        )
        for address in further_addresses(node):
            own = AddressSet.of(address)
            yield Endpoint(
                name=node_name(node.name, address),
                kind=Kind.NODE,
                addresses=own,
                families=own.families(),
                hosted=True,
                nodes=frozenset({node.name}),
                origin=node.origin,
            )


def _stages(decoded: Decoded, scope: Scope, unreadable: Sequence[Unreadable]) -> Iterator[Stage]:
    plain = [networkpolicy.translate(policy, scope) for policy in decoded.network_policies]
    read = understood.translate(decoded.foreign_policies, scope, _closed(plain))
    plain += [{Direction.EGRESS: policy} for policy in read.values()]
    foreign = {
        direction: tuple(_not_understood(decoded, scope, unreadable, direction, read)) for direction in Direction
    }
    admin = [(policy, adminpolicy.translate(policy, scope)) for policy in decoded.admin_policies]
    for direction in (Direction.EGRESS, Direction.INGRESS):
        yield Stage(FOREIGN, direction, (foreign[direction],))
        yield Stage(ADMIN, direction, admin_ranks(admin, direction, baseline=False))
        isolating = tuple(each[direction] for each in plain if direction in each)
        yield Stage(NETWORKPOLICY, direction, (isolating,), isolating=True, local_exempt=True)
        yield Stage(BASELINE, direction, admin_ranks(admin, direction, baseline=True))


def _closed(plain: Iterable[Mapping[Direction, Policy]]) -> int:
    """Whose egress NetworkPolicies isolate."""
    found = 0
    for each in plain:
        found |= each[Direction.EGRESS].subjects if Direction.EGRESS in each else 0
    return found


def admin_ranks(
    admin: Iterable[tuple[AdminPolicy, dict[Direction, Policy]]], direction: Direction, baseline: bool
) -> tuple[tuple[Policy, ...], ...]:
    """The policies of one admin tier for one direction: a rank per priority."""
    found: dict[int, list[Policy]] = defaultdict(list)
    for policy, translated in admin:
        if direction in translated and adminpolicy.is_baseline(policy) is baseline:
            found[adminpolicy.priority(policy)].append(translated[direction])
    return tuple(tuple(found[number]) for number in sorted(found))


def _not_understood(
    decoded: Decoded, scope: Scope, unreadable: Iterable[Unreadable], direction: Direction, read: Mapping[int, Policy]
) -> Iterator[Policy]:
    """Policies whose kind we do not understand, and kinds that we were not allowed to read."""
    for policy in decoded.foreign_policies:
        yield from _foreign(policy, scope, direction, read.get(id(policy)))
    for kind in unreadable:
        if (kind.group, kind.kind) in _POLICY_KINDS or is_foreign(f"{kind.group}/any", kind.kind):
            subjects = scope.pods if kind.namespace is None else scope.namespace(kind.namespace)
            title = f"any {kind.kind.lower()} (not readable: {kind.reason})"
            yield _opaque(title, subjects, 0, Action.MAY_DECIDE)


def _foreign(policy: ForeignPolicy, scope: Scope, direction: Direction, read: Policy | None) -> Iterator[Policy]:
    """What one could change, but for those for whom it was `read`."""
    what = describe(policy)
    if direction.value not in what.directions or not (what.may_allow or what.may_deny):
        return
    if what.namespace is not None:
        sure, possible = scope.in_namespace(what.namespace, what.selector)
    else:
        sure, possible = scope.in_namespaces(None, what.selector)
    if what.hosts:
        sure |= scope.hosted
        possible |= scope.hosted
    if read is not None:
        sure, possible = sure & ~read.subjects, possible & ~(read.subjects | read.possible)
        if not possible:
            return
    action = Action.MAY_DECIDE if what.may_allow else Action.MAY_DENY
    yield _opaque(policy.title, sure, possible & ~sure, action, policy)


def _opaque(title: str, subjects: int, possible: int, action: Action, policy: ForeignPolicy | None = None) -> Policy:
    rules = (Rule(action, EVERYONE),)
    condition = PolicyDecides(title)
    if policy is not None and policy.origin is not None:
        return Policy(title, subjects, rules, possible, condition, policy.origin)
    return Policy(title, subjects, rules, possible, condition)
