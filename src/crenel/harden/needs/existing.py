"""Needs that policies of the input speak of: a rule that names both ends was written by somebody who knew them.

Rules for everybody, for whole namespaces and for addresses say who is let in, not who comes: they are no needs.
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.bits import members
from crenel.harden.needs.ground import Ground
from crenel.harden.needs.model import Basket, Evidence, EvidenceKind, Pods, Traffic
from crenel.kubernetes.objects.meta import LabelSelector
from crenel.kubernetes.objects.policies import NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort
from crenel.network.rules import Direction
from crenel.network.traffic import Match, protocol_number
from crenel.provenance import FieldPath


def spoken_of(ground: Ground, basket: Basket) -> None:
    """Add the connections between workloads that rules of NetworkPolicies name at both ends."""
    for policy in ground.decoded.network_policies:
        spec = policy.spec
        if spec is not None and _narrow(spec.pod_selector):
            subjects = _workloads(ground, policy.namespace, spec.pod_selector)
            for peer, ports, field, direction in _named(policy):
                for other in _peers(ground, policy, peer):
                    for own in subjects:
                        ends = (other, own) if direction is Direction.INGRESS else (own, other)
                        _add(ground, basket, *ends, ports, _evidence(policy, field))


def _named(
    policy: NetworkPolicy,
) -> Iterator[tuple[NetworkPolicyPeer, list[NetworkPolicyPort], FieldPath, Direction]]:
    """All peers of all rules, with the ports of each."""
    assert policy.spec is not None
    for number, ingress in enumerate(policy.spec.ingress or ()):
        for place, peer in enumerate((ingress.from_ if ingress else None) or ()):
            yield peer, (ingress and ingress.ports) or [], ("spec", "ingress", number, "from", place), Direction.INGRESS
    for number, egress in enumerate(policy.spec.egress or ()):
        for place, peer in enumerate((egress.to if egress else None) or ()):
            yield peer, (egress and egress.ports) or [], ("spec", "egress", number, "to", place), Direction.EGRESS


def _evidence(policy: NetworkPolicy, field: FieldPath) -> Evidence:
    return Evidence(EvidenceKind.DECLARED, by_name(policy), policy.origin, field)


def by_name(policy: NetworkPolicy) -> str:
    """What the evidence of a need says that a policy speaks of."""
    return f"{policy.title} allows it by name"


def _narrow(selector: LabelSelector | None) -> bool:
    return selector is not None and bool(selector.match_labels or selector.match_expressions)


def _workloads(ground: Ground, namespace: str, selector: LabelSelector | None) -> list[Pods]:
    found = ground.model.scope.in_namespace(namespace, selector)[0]
    return list(dict.fromkeys(map(ground.of, members(found))))


def _peers(ground: Ground, policy: NetworkPolicy, peer: NetworkPolicyPeer) -> list[Pods]:
    if not _narrow(peer.pod_selector):
        return []
    if peer.namespace_selector is None:
        return _workloads(ground, policy.namespace, peer.pod_selector)
    found = ground.model.scope.in_namespaces(peer.namespace_selector, peer.pod_selector)[0]
    return list(dict.fromkeys(map(ground.of, members(found))))


def _add(
    ground: Ground, basket: Basket, source: Pods, target: Pods, ports: list[NetworkPolicyPort], evidence: Evidence
) -> None:
    basket.add(source, target, list(_traffic(ground, target, ports)), evidence)


def _traffic(ground: Ground, target: Pods, ports: list[NetworkPolicyPort]) -> Iterator[Traffic]:
    if not ports:
        yield None
    for port in ports:
        protocol = protocol_number(port.protocol or "TCP")
        if port.port is None:
            yield Match(protocol)
        elif isinstance(port.port, int):
            yield Match(protocol, (port.port, port.end_port or port.port))
        else:
            for index in ground.owners[target]:
                yield from ground.model.network.endpoints[index].named(Match(protocol, name=port.port))
