"""Edits of admin policies: a rule that accepts the connection before the one that denies it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from crenel.kubernetes.objects.meta import LabelSelector
from crenel.kubernetes.objects.policies import (
    AdminNetworkPolicyPort,
    AdminPeer,
    AdminPolicy,
    AdminRule,
    ClusterNetworkPolicyProtocol,
    DestinationPort,
    NamespacedPods,
    PortNumber,
    PortRange,
    ProtocolMatch,
)
from crenel.kubernetes.population import NAMESPACE_NAME
from crenel.network.rules import Direction
from crenel.network.traffic import PORTED, SCTP, TCP, UDP, Match, protocol_name
from crenel.questions.remedies.proposal import Edit, Wish, text_of

_MOST_RULES = {"ClusterNetworkPolicy": 25, "AdminNetworkPolicy": 100, "BaselineAdminNetworkPolicy": 100}


def edits(wish: Wish, policy: AdminPolicy, number: int) -> Iterator[Edit]:
    """The edits that let a wish past rule `number` of a policy, which denies it."""
    spec = policy.spec
    if spec is None:
        return
    inward = wish.direction is Direction.INGRESS
    rules = list((spec.ingress if inward else spec.egress) or [])
    peer = _peer(wish)
    ports = _ports(wish, policy)
    if peer is None or ports is None or len(rules) >= _MOST_RULES.get(policy.kind, 25):
        return
    action = "Accept" if policy.kind == "ClusterNetworkPolicy" else "Allow"
    rule = AdminRule(action, **({"from_": [peer]} if inward else {"to": [peer]}), **ports)  # type: ignore[arg-type]
    changed = replace(policy, spec=replace(spec, **{wish.direction.value: [*rules[:number], rule, *rules[number:]]}))
    field = ("spec", wish.direction.value, number)
    yield Edit(
        changed,
        policy,
        f"put before {wish.direction.value} rule {number + 1} of {policy.title}",
        text_of([rule]),
        field,
    )


def _peer(wish: Wish) -> AdminPeer | None:
    group = wish.other_group
    if group is not None and not group.hosted:
        namespaces = LabelSelector(match_labels={NAMESPACE_NAME: group.namespace})
        labels = LabelSelector(match_labels=dict(group.labels)) if group.labels else LabelSelector()
        return AdminPeer(pods=NamespacedPods(namespaces, labels))
    addresses = wish.addresses or wish.other.addresses
    cidrs = addresses.cidrs() if addresses is not None else []
    if wish.direction is Direction.INGRESS or not cidrs or len(cidrs) > 25:
        return None
    return AdminPeer(networks=cidrs)


def _ports(wish: Wish, policy: AdminPolicy) -> dict[str, object] | None:
    """The ports asked for in the words of the policy's version; None when it has no words for them."""
    if wish.traffic is None:
        return {}
    if any(match.name is None and match.protocol not in PORTED for match in wish.traffic):
        return None
    if policy.kind == "ClusterNetworkPolicy":
        return {"protocols": [_protocol(match) for match in wish.traffic]}
    return {"ports": [_port(match) for match in wish.traffic]}


def _protocol(match: Match) -> ClusterNetworkPolicyProtocol:
    if match.name is not None:
        return ClusterNetworkPolicyProtocol(destination_named_port=match.name)
    first, last = match.ports or (1, 65535)
    port = DestinationPort(number=first) if first == last else DestinationPort(range=PortRange(first, last))
    written = ProtocolMatch(port)
    if match.protocol == UDP:
        return ClusterNetworkPolicyProtocol(udp=written)
    return (
        ClusterNetworkPolicyProtocol(sctp=written)
        if match.protocol == SCTP
        else ClusterNetworkPolicyProtocol(tcp=written)
    )


def _port(match: Match) -> AdminNetworkPolicyPort:
    if match.name is not None:
        return AdminNetworkPolicyPort(named_port=match.name)
    first, last = match.ports or (1, 65535)
    protocol = protocol_name(match.protocol or TCP)
    if first == last:
        return AdminNetworkPolicyPort(port_number=PortNumber(first, protocol))
    return AdminNetworkPolicyPort(port_range=PortRange(first, last, protocol))
