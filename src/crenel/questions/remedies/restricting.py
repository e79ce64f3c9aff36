"""Edits that take something away: a peer or a port of a rule, a rule, or a policy where none isolates an end.

The caller measures them: each is solved again before it is proposed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from crenel.dialects import networkpolicy
from crenel.dialects.assemble import NETWORKPOLICY
from crenel.dialects.change import AnyPolicy
from crenel.dialects.model import Model
from crenel.kubernetes.objects.meta import LabelSelector, Metadata
from crenel.kubernetes.objects.policies import (
    AdminPolicy,
    AdminRule,
    IPBlock,
    NetworkPolicy,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    NetworkPolicySpec,
)
from crenel.kubernetes.population import Group
from crenel.network.addresses import AddressSet
from crenel.network.endpoints import Kind
from crenel.network.evaluate import steps
from crenel.network.lowering import Entry, View
from crenel.network.rules import Action, Direction
from crenel.provenance import NOWHERE, FieldPath
from crenel.questions.remedies.proposal import Edit, manifest, text_of

RuleOf = NetworkPolicyIngressRule | NetworkPolicyEgressRule


@dataclass(frozen=True, slots=True)
class Unguarded:
    """An end that no NetworkPolicy isolates in one direction."""

    group: Group
    direction: Direction


@dataclass(frozen=True, slots=True)
class Open:
    """One end of a connection that is allowed there: `subject` is whom policies guard, `other` whom they call peer."""

    view: View
    direction: Direction
    subject: int
    other: int
    traffic: int


def allowing(model: Model, end: Open) -> list[Entry]:
    """The rules of policies that allow a connection at one end, surely or possibly, in the order of their tiers."""
    network = model.network
    native = bool(network.native >> end.other & 1)
    pinned, free = (end.subject, end.other) if native else (end.other, end.subject)
    return [
        entry
        for point in end.view.points(end.direction)
        for stage in (point.stages if not point.number else ())
        for action, _, possible, traffic, entry in steps(stage, pinned, native)
        if entry is not None and action is Action.ALLOW and possible >> free & 1 and traffic & end.traffic
    ]


def edits(model: Model, end: Open, entry: Entry) -> Iterator[Edit]:
    """Edits that narrow a rule, or take it away."""
    known: dict[str, AnyPolicy] = {policy.title: policy for policy in model.given.decoded.network_policies}
    known |= {policy.title: policy for policy in model.given.decoded.admin_policies}
    policy, field = known.get(entry.policy.title), entry.rule.field
    if policy is None or not field or not isinstance(number := field[-1], int):
        return
    if isinstance(policy, NetworkPolicy):
        yield from _plain(policy, end.direction, number, _outside(model, end))
    else:
        yield from _admin(policy, end.direction, number)


def unguarded(model: Model, end: Open) -> Unguarded | None:
    """An end that no NetworkPolicy isolates, where one could."""
    group = model.scope.groups.get(end.subject)
    if group is None or group.hosted:
        return None
    stages = [each for each in end.view.of(end.direction) if each.stage.name == NETWORKPOLICY]
    isolated = any(stage.isolated.sure >> end.subject & 1 for stage in stages)
    return None if isolated else Unguarded(group, end.direction)


def isolating(
    namespace: str, name: str, labels: dict[str, str] | None, rules: Mapping[Direction, Sequence[RuleOf]]
) -> Edit:
    """A new policy that isolates the pods with some labels, or all of a namespace, but for what rules allow."""
    spec = NetworkPolicySpec(
        pod_selector=LabelSelector(match_labels=dict(labels)) if labels else LabelSelector(),
        policy_types=[direction.value.capitalize() for direction in rules],
        **{direction.value: list(each) for direction, each in rules.items() if each},  # type: ignore[arg-type]
    )
    policy = NetworkPolicy(
        api_version="networking.k8s.io/v1",
        kind="NetworkPolicy",
        metadata=Metadata(name=name[:63].rstrip("-."), namespace=namespace),
        spec=spec,
        origin=NOWHERE,
    )
    return Edit(policy, None, "add a NetworkPolicy", manifest(policy))


def _outside(model: Model, end: Open) -> AddressSet | None:
    """The addresses of the end that a rule calls peer, where it is outside."""
    other = model.network.endpoints.get(end.other)
    return other.addresses if other is not None and other.kind is Kind.BLOCK else None


def _plain(policy: NetworkPolicy, direction: Direction, number: int, outside: AddressSet | None) -> Iterator[Edit]:
    spec = policy.spec or NetworkPolicySpec()
    rules: list[RuleOf | None] = list((spec.ingress if direction is Direction.INGRESS else spec.egress) or [])
    rule, field = rules[number], ("spec", direction.value, number)
    types = [each.value.capitalize() for each in networkpolicy.directions(policy)]

    def with_rules(listed: list[RuleOf | None]) -> NetworkPolicy:
        return replace(policy, spec=replace(spec, **{direction.value: listed}, policy_types=types))

    def edit(narrower: RuleOf, text: str, yaml: str, at: FieldPath) -> Edit:
        changed = with_rules([*rules[:number], narrower, *rules[number + 1 :]])
        return Edit(changed, policy, text, yaml, at)

    ordinal = f"{direction.value} rule {number + 1} of {policy.title}"
    if rule is not None:
        word, peers = ("from", rule.from_) if isinstance(rule, NetworkPolicyIngressRule) else ("to", rule.to)
        slot = "from_" if word == "from" else "to"
        for place, peer in enumerate(peers or ()):
            at = (*field, word, place)
            listed = list(peers or ())
            if outside is not None and (block := _excepted(peer, outside)) is not None:
                narrower = replace(rule, **{slot: [*listed[:place], block, *listed[place + 1 :]]})
                yield edit(narrower, f"except addresses in `{word}` of {ordinal}", text_of([block]), at)
            if len(listed) > 1:
                narrower = replace(rule, **{slot: [*listed[:place], *listed[place + 1 :]]})
                yield edit(narrower, f"remove from `{word}` of {ordinal}", text_of([peer]), at)
        for place, port in enumerate(rule.ports or ()):
            if len(rule.ports or ()) > 1:
                left = [*(rule.ports or ())[:place], *(rule.ports or ())[place + 1 :]]
                at = (*field, "ports", place)
                yield edit(replace(rule, ports=left), f"remove from the ports of {ordinal}", text_of([port]), at)
    without = with_rules([*rules[:number], *rules[number + 1 :]])
    yield Edit(without, policy, f"remove {ordinal}", text_of([rule]), field)


def _excepted(peer: NetworkPolicyPeer, outside: AddressSet) -> NetworkPolicyPeer | None:
    """A block with exceptions for some addresses, where those are a part of it."""
    block = peer.ip_block
    if block is None:
        return None
    allowed = networkpolicy.block(block)
    if not outside <= allowed or outside == allowed:
        return None
    return NetworkPolicyPeer(ip_block=IPBlock(block.cidr, [*(block.except_ or ()), *outside.cidrs()]))


def _admin(policy: AdminPolicy, direction: Direction, number: int) -> Iterator[Edit]:
    spec = policy.spec
    if spec is None:
        return
    rules: list[AdminRule] = list((spec.ingress if direction is Direction.INGRESS else spec.egress) or [])
    rule, field = rules[number], ("spec", direction.value, number)
    slot, word = ("from_", "from") if direction is Direction.INGRESS else ("to", "to")
    peers = list(getattr(rule, slot) or ())
    ordinal = f"{direction.value} rule {number + 1} of {policy.title}"

    def edit(listed: list[AdminRule], text: str, yaml: str, at: FieldPath) -> Edit:
        changed = replace(policy, spec=replace(spec, **{direction.value: listed}))
        return Edit(changed, policy, text, yaml, at)

    for place, peer in enumerate(peers):
        if len(peers) > 1:
            narrower = replace(rule, **{slot: [*peers[:place], *peers[place + 1 :]]})
            listed = [*rules[:number], narrower, *rules[number + 1 :]]
            yield edit(listed, f"remove from `{word}` of {ordinal}", text_of([peer]), (*field, word, place))
    yield edit([*rules[:number], *rules[number + 1 :]], f"remove {ordinal}", text_of([rule]), field)
