"""NetworkPolicy (networking.k8s.io/v1): a union of allows that isolates the pods it selects, per direction.

Source of the rules: k8s.io/api networking/v1/types.go. A policy without ``policyTypes`` isolates for ingress always and
for egress when it has egress rules. Ports are the pod's own; a port by name is looked up at the destination.
"""

from __future__ import annotations

from collections.abc import Sequence

from crenel.dialects.scope import Scope
from crenel.kubernetes.objects.policies import (
    IPBlock,
    NetworkPolicy,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    NetworkPolicyPort,
)
from crenel.network.addresses import AddressSet
from crenel.network.conditions import LabelHolds
from crenel.network.rules import EVERYONE, Action, Direction, Peers, Policy, Rule
from crenel.network.traffic import Match, protocol_number

API = "networkpolicy"
_TYPES = ((Direction.EGRESS, "Egress"), (Direction.INGRESS, "Ingress"))


def directions(policy: NetworkPolicy) -> tuple[Direction, ...]:
    """The directions for which a policy isolates its pods."""
    spec = policy.spec
    if spec is None:
        return (Direction.INGRESS,)
    if spec.policy_types:
        return tuple(each for each, name in _TYPES if name in spec.policy_types)
    return (Direction.EGRESS, Direction.INGRESS) if spec.egress else (Direction.INGRESS,)


def translate(policy: NetworkPolicy, scope: Scope) -> dict[Direction, Policy]:
    """Translate one policy into neutral ones, one per direction that it isolates."""
    selector = policy.spec.pod_selector if policy.spec else None
    sure, possible = scope.in_namespace(policy.namespace, selector)
    return {
        direction: Policy(
            title=policy.title,
            subjects=sure,
            possible=possible & ~sure,
            condition=LabelHolds(f"a pod of namespace {policy.namespace}") if possible != sure else None,
            rules=tuple(_rules(policy, direction, scope)),
            origin=policy.origin,
            api=API,
        )
        for direction in directions(policy)
    }


def _rules(policy: NetworkPolicy, direction: Direction, scope: Scope) -> list[Rule]:
    if policy.spec is None:
        return []
    written: Sequence[NetworkPolicyIngressRule | NetworkPolicyEgressRule | None]
    written = (policy.spec.ingress if direction is Direction.INGRESS else policy.spec.egress) or ()
    found = []
    for number, rule in enumerate(written):
        field = ("spec", direction.value, number)
        if rule is None:
            found.append(Rule(Action.ALLOW, EVERYONE, None, field))
            continue
        others = rule.from_ if isinstance(rule, NetworkPolicyIngressRule) else rule.to
        peers = _peers(others, policy.namespace, scope) if others else EVERYONE
        found.append(Rule(Action.ALLOW, peers, _traffic(rule.ports), field))
    return found


def _peers(listed: list[NetworkPolicyPeer], namespace: str, scope: Scope) -> Peers:
    sure = possible = 0
    addresses: AddressSet | None = None
    for peer in listed:
        if peer.ip_block is not None:
            addresses = block(peer.ip_block) if addresses is None else addresses | block(peer.ip_block)
            continue
        if peer.namespace_selector is None:
            found, maybe = scope.in_namespace(namespace, peer.pod_selector)
        else:
            found, maybe = scope.in_namespaces(peer.namespace_selector, peer.pod_selector)
        sure |= found
        possible |= maybe
    return Peers(
        endpoints=sure,
        possible=possible & ~sure,
        condition=LabelHolds("the other pod") if possible & ~sure else None,
        addresses=addresses or None,
    )


def block(written: IPBlock) -> AddressSet:
    """The addresses of an ipBlock: the CIDR without its exceptions. IPv4 CIDRs never match IPv6 and vice versa."""
    return AddressSet.of(written.cidr) - AddressSet.of(*(written.except_ or ()))


def _traffic(ports: list[NetworkPolicyPort] | None) -> tuple[Match, ...] | None:
    """What a rule's ports cover; no list and an empty one are all traffic, other protocols included."""
    if not ports:
        return None
    return tuple(_match(port) for port in ports)


def _match(port: NetworkPolicyPort) -> Match:
    protocol = protocol_number(port.protocol or "TCP")
    if port.port is None:
        return Match(protocol)
    if isinstance(port.port, str):
        return Match(protocol, name=port.port)
    return Match(protocol, (port.port, port.end_port or port.port))
