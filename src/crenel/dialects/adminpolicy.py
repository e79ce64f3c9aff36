"""The admin tiers: AdminNetworkPolicy, BaselineAdminNetworkPolicy (v1alpha1) and ClusterNetworkPolicy (v1alpha2).

Source of the rules: kubernetes-sigs/network-policy-api, apis/v1alpha2/clusternetworkpolicy_types.go, and its v1alpha1
types. Within a tier policies are tried by priority and their rules in order; the first match decides. Policies of the
same priority are parallel: their order is undefined. A BaselineAdminNetworkPolicy, which has no priority, comes after
every Baseline ClusterNetworkPolicy; the API does not say what holds where both exist.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crenel.dialects.scope import Scope
from crenel.kubernetes.objects.policies import (
    AdminNetworkPolicyPort,
    AdminPeer,
    AdminPolicy,
    AdminRule,
    ClusterNetworkPolicyProtocol,
    ProtocolMatch,
)
from crenel.kubernetes.selectors import Masks
from crenel.network.addresses import AddressSet
from crenel.network.conditions import LabelHolds
from crenel.network.rules import EVERYONE, NOBODY, Action, Direction, Peers, Policy, Rule
from crenel.network.traffic import SCTP, TCP, UDP, Match, protocol_number

_ACTIONS = {"Accept": Action.ALLOW, "Allow": Action.ALLOW, "Deny": Action.DENY, "Pass": Action.NEXT}
_LAST = 1 << 16


def api(policy: AdminPolicy) -> str:
    """The name under which enforcement of its API is looked up."""
    return "clusternetworkpolicy" if policy.kind == "ClusterNetworkPolicy" else "adminnetworkpolicy"


def is_baseline(policy: AdminPolicy) -> bool:
    """Whether a policy belongs to the tier after NetworkPolicy."""
    return policy.kind == "BaselineAdminNetworkPolicy" or (policy.spec is not None and policy.spec.tier == "Baseline")


def priority(policy: AdminPolicy) -> int:
    """The rank within its tier; lower is tried first."""
    if policy.kind == "BaselineAdminNetworkPolicy" or policy.spec is None or policy.spec.priority is None:
        return _LAST
    return policy.spec.priority


def translate(policy: AdminPolicy, scope: Scope) -> dict[Direction, Policy]:
    """Translate one policy into neutral ones, one per direction in which it has rules."""
    sure, possible = _subject(policy, scope)
    found = {}
    for direction in (Direction.EGRESS, Direction.INGRESS):
        rules = tuple(_rules(policy, direction, scope))
        if rules:
            found[direction] = Policy(
                title=policy.title,
                subjects=sure,
                possible=possible & ~sure,
                condition=LabelHolds("the pod") if possible != sure else None,
                rules=rules,
                origin=policy.origin,
                api=api(policy),
            )
    return found


def _subject(policy: AdminPolicy, scope: Scope) -> Masks:
    subject = policy.spec.subject if policy.spec else None
    if subject is None:
        return 0, 0
    if subject.pods is not None:
        return scope.chosen(subject.pods)
    return scope.namespaces(subject.namespaces) if subject.namespaces is not None else (0, 0)


def _rules(policy: AdminPolicy, direction: Direction, scope: Scope) -> Iterator[Rule]:
    if policy.spec is None:
        return
    written = (policy.spec.ingress if direction is Direction.INGRESS else policy.spec.egress) or ()
    for number, rule in enumerate(written):
        listed = (rule.from_ if direction is Direction.INGRESS else rule.to) or []
        yield _rule(rule, listed, ("spec", direction.value, number), scope)


def _rule(rule: AdminRule, listed: Sequence[AdminPeer], field: tuple[str | int, ...], scope: Scope) -> Rule:
    action = _ACTIONS[rule.action]
    if not all(map(is_known, listed)):
        closed = Action.DENY if action is not Action.ALLOW else Action.ALLOW
        peers = EVERYONE if closed is Action.DENY else NOBODY
        return Rule(closed, peers, None, field, rule.name or "")
    return Rule(action, _peers(listed, scope), _traffic(rule), field, rule.name or "")


def is_known(peer: AdminPeer) -> bool:
    """Whether a peer says anything that we understand.

    A rule with one that does not fails closed: as Accept it matches no traffic, as Deny or Pass it denies all of it
    (clusternetworkpolicy_types.go:305-313).
    """
    fields = (peer.namespaces, peer.pods, peer.networks, peer.nodes, peer.domain_names)
    return any(field is not None for field in fields)


def _peers(listed: Sequence[AdminPeer], scope: Scope) -> Peers:
    sure = possible = 0
    networks: list[str] = []
    names: list[str] = []
    for peer in listed:
        found = maybe = 0
        if peer.namespaces is not None:
            found, maybe = scope.namespaces(peer.namespaces)
        elif peer.pods is not None:
            found, maybe = scope.chosen(peer.pods)
        elif peer.nodes is not None:
            found, maybe = scope.nodes(peer.nodes)
        networks += peer.networks or []
        names += peer.domain_names or []
        sure |= found
        possible |= maybe
    return Peers(
        endpoints=sure,
        possible=possible & ~sure,
        condition=LabelHolds("the other end") if possible & ~sure else None,
        addresses=AddressSet.of(*networks) if networks else None,
        names=tuple(names),
    )


def _traffic(rule: AdminRule) -> tuple[Match, ...] | None:
    if rule.protocols:
        return tuple(match for each in rule.protocols for match in _of_protocol(each))
    if rule.ports:
        return tuple(_of_port(each) for each in rule.ports)
    return None


def _of_protocol(written: ClusterNetworkPolicyProtocol) -> Iterator[Match]:
    if written.destination_named_port is not None:
        yield Match(None, name=written.destination_named_port)
    for number, ports in ((TCP, written.tcp), (UDP, written.udp), (SCTP, written.sctp)):
        if ports is not None:
            yield _numbered(number, ports)


def _numbered(protocol: int, written: ProtocolMatch) -> Match:
    port = written.destination_port
    if port is None:
        return Match(protocol)
    if port.range is not None:
        return Match(protocol, (port.range.start, port.range.end))
    return Match(protocol, (port.number, port.number)) if port.number is not None else Match(protocol)


def _of_port(written: AdminNetworkPolicyPort) -> Match:
    if written.named_port is not None:
        return Match(None, name=written.named_port)
    if written.port_range is not None:
        span = written.port_range
        return Match(protocol_number(span.protocol or "TCP"), (span.start, span.end))
    assert written.port_number is not None
    number = written.port_number
    return Match(protocol_number(number.protocol or "TCP"), (number.port, number.port))
