"""Edits of NetworkPolicies: a port or a peer for a rule that almost allows it, a rule, a policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from crenel.dialects import networkpolicy
from crenel.kubernetes.objects.meta import LabelSelector, Metadata
from crenel.kubernetes.objects.policies import (
    IPBlock,
    NetworkPolicy,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicySpec,
)
from crenel.kubernetes.population import NAMESPACE_NAME, Group
from crenel.network.rules import Direction
from crenel.network.traffic import PORTED, Match, protocol_name
from crenel.provenance import NOWHERE
from crenel.questions.remedies.proposal import Edit, Wish, manifest, same_namespace, text_of

_MOST_BLOCKS = 4


def edits(wish: Wish, isolating: Iterable[NetworkPolicy]) -> Iterator[Edit]:
    """All edits that make NetworkPolicies allow a wish, narrow ones and wide ones; the caller measures them."""
    ports = ports_of(wish.traffic)
    if ports is None:
        return
    for policy in isolating:
        peers = _peers(wish, policy)
        if not peers:
            return
        yield from _widened(wish, policy, peers, ports)
        yield _with_rule(wish, policy, peers, ports)
    if wish.group.labels and (new := _new_policy(wish, ports)) is not None:
        yield new


def ports_of(traffic: tuple[Match, ...] | None) -> list[NetworkPolicyPort] | None:
    """Traffic as the ports of a rule, none for all; None when a NetworkPolicy cannot name it, such as ICMP."""
    if traffic is None:
        return []
    found = []
    for match in traffic:
        if match.protocol is not None and match.protocol not in PORTED:
            return None
        protocol = protocol_name(match.protocol or 6)
        port: int | str | None = match.name or (match.ports[0] if match.ports else None)
        last = match.ports[1] if match.ports and match.ports[1] != match.ports[0] else None
        found.append(NetworkPolicyPort(protocol, port, last))
    return found


def _peers(wish: Wish, policy: NetworkPolicy) -> list[NetworkPolicyPeer]:
    group = wish.other_group
    if group is not None and not group.hosted:
        peer = NetworkPolicyPeer(pod_selector=_labels(group))
        if not same_namespace(policy, group):
            peer.namespace_selector = LabelSelector(match_labels={NAMESPACE_NAME: group.namespace})
        return [peer]
    addresses = wish.addresses or wish.other.addresses
    cidrs = addresses.cidrs() if addresses is not None else []
    return [NetworkPolicyPeer(ip_block=IPBlock(cidr)) for cidr in cidrs] if len(cidrs) <= _MOST_BLOCKS else []


def _labels(group: Group) -> LabelSelector:
    return LabelSelector(match_labels=dict(group.labels)) if group.labels else LabelSelector()


def _rules(
    policy: NetworkPolicy, direction: Direction
) -> list[NetworkPolicyIngressRule | None] | list[NetworkPolicyEgressRule | None]:
    spec = policy.spec or NetworkPolicySpec()
    return list((spec.ingress if direction is Direction.INGRESS else spec.egress) or [])  # type: ignore[return-value]


def _rule(
    direction: Direction, peers: list[NetworkPolicyPeer], ports: list[NetworkPolicyPort]
) -> NetworkPolicyIngressRule | NetworkPolicyEgressRule:
    if direction is Direction.INGRESS:
        return NetworkPolicyIngressRule(from_=peers, ports=ports or None)
    return NetworkPolicyEgressRule(to=peers, ports=ports or None)


def _with(policy: NetworkPolicy, direction: Direction, rules: list[object]) -> NetworkPolicy:
    spec = policy.spec or NetworkPolicySpec()
    types = [each.value.capitalize() for each in networkpolicy.directions(policy)]
    return replace(policy, spec=replace(spec, **{direction.value: rules}, policy_types=types))


def _widened(
    wish: Wish, policy: NetworkPolicy, peers: list[NetworkPolicyPeer], ports: list[NetworkPolicyPort]
) -> Iterator[Edit]:
    """Give one more port, or one more peer, to each rule that has some."""
    rules = _rules(policy, wish.direction)
    for number, rule in enumerate(rules):
        if rule is None:
            continue
        listed = rule.from_ if isinstance(rule, NetworkPolicyIngressRule) else rule.to
        field = ("spec", wish.direction.value, number)
        ordinal = f"{wish.direction.value} rule {number + 1}"
        if rule.ports and ports:
            wider = replace(rule, ports=[*rule.ports, *ports])
            changed = _with(policy, wish.direction, [*rules[:number], wider, *rules[number + 1 :]])
            yield Edit(
                changed, policy, f"add to the ports of {ordinal} of {policy.title}", text_of(ports), (*field, "ports")
            )
        if listed:
            word = "from" if wish.direction is Direction.INGRESS else "to"
            fields = {"from_" if word == "from" else "to": [*listed, *peers]}
            changed = _with(policy, wish.direction, [*rules[:number], replace(rule, **fields), *rules[number + 1 :]])
            yield Edit(
                changed, policy, f"add to `{word}` of {ordinal} of {policy.title}", text_of(peers), (*field, word)
            )


def _with_rule(
    wish: Wish, policy: NetworkPolicy, peers: list[NetworkPolicyPeer], ports: list[NetworkPolicyPort]
) -> Edit:
    rule = _rule(wish.direction, peers, ports)
    changed = _with(policy, wish.direction, [*_rules(policy, wish.direction), rule])
    return Edit(
        changed,
        policy,
        f"add a rule to `{wish.direction.value}` of {policy.title}",
        text_of([rule]),
        ("spec", wish.direction.value),
    )


def _new_policy(wish: Wish, ports: list[NetworkPolicyPort]) -> Edit | None:
    verb = "from" if wish.direction is Direction.INGRESS else "to"
    other = wish.other_group.workload if wish.other_group is not None else "outside"
    policy = NetworkPolicy(
        api_version="networking.k8s.io/v1",
        kind="NetworkPolicy",
        metadata=Metadata(
            name=f"{wish.group.workload}-{verb}-{other}"[:63].rstrip("-."), namespace=wish.group.namespace
        ),
        origin=NOWHERE,
    )
    peers = _peers(wish, policy)
    if not peers:
        return None
    rule = _rule(wish.direction, peers, ports)
    spec = NetworkPolicySpec(pod_selector=_labels(wish.group), policy_types=[wish.direction.value.capitalize()])
    policy.spec = replace(spec, **{wish.direction.value: [rule]})
    return Edit(policy, None, "add a NetworkPolicy", manifest(policy))
