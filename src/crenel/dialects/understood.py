"""Policies of plugins' own kinds that are understood after all, as neutral policies beside NetworkPolicies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from crenel.dialects.cni import ciliumpolicy, fqdnpolicy
from crenel.dialects.cni.byname import Opening, Read
from crenel.dialects.scope import Scope
from crenel.kubernetes.objects.policies import ForeignPolicy
from crenel.network.conditions import InputLacks, LabelHolds
from crenel.network.rules import Action, Peers, Policy, Rule
from crenel.provenance import NOWHERE


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind: the name under which enforcement is looked up, who reads it, and whether it surely closes the rest."""

    api: str
    read: Callable[[ForeignPolicy], Read | None]
    closes: bool


_KINDS = {
    ciliumpolicy.KIND: _Kind(ciliumpolicy.API, ciliumpolicy.read, closes=True),
    fqdnpolicy.KIND: _Kind(fqdnpolicy.API, fqdnpolicy.read, closes=False),
}
_ONE_LABEL = InputLacks("whether the name has one label in the place of the asterisk")
_UNREAD = InputLacks("whether another policy has the questions for the name read (rules.dns)")


def is_understood(policy: ForeignPolicy) -> bool:
    """Whether all that a policy says is understood."""
    return _read(policy) is not None


def is_certain(policy: ForeignPolicy) -> bool:
    """Whether one is understood whatever else there is: it is known to close what it does not open."""
    return is_understood(policy) and _closes(policy)


def translate(foreign: Iterable[ForeignPolicy], scope: Scope, closed: int) -> dict[int, Policy]:
    """The policies that are understood, by the identity of the object, each for egress and united with NetworkPolicies.

    Whether one closes what it does not open is not known of every kind. Where it is not, the policy is put for those
    alone that are `closed` by another one in any case.
    """
    found = {id(each): (each, policy) for each in foreign if (policy := _translated(each, scope)) is not None}
    for each, policy in found.values():
        closed |= policy.subjects if _closes(each) else 0
    return {
        key: policy
        if _closes(each)
        else replace(policy, subjects=policy.subjects & closed, possible=policy.possible & closed)
        for key, (each, policy) in found.items()
    }


def _read(policy: ForeignPolicy) -> Read | None:
    kind = _KINDS.get((policy.api_version, policy.kind))
    return kind.read(policy) if kind is not None else None


def _closes(policy: ForeignPolicy) -> bool:
    return _KINDS[policy.api_version, policy.kind].closes


def _translated(policy: ForeignPolicy, scope: Scope) -> Policy | None:
    found = _read(policy)
    if found is None:
        return None
    sure, possible = scope.in_namespace(found.subject.namespace, found.subject.selector)
    return Policy(
        title=policy.title,
        subjects=sure,
        possible=possible & ~sure,
        condition=LabelHolds(f"a pod of namespace {policy.namespace}") if possible != sure else None,
        rules=tuple(rule for opening in found.openings for rule in _rules(opening, scope, found.learns)),
        origin=policy.origin or NOWHERE,
        api=_KINDS[policy.api_version, policy.kind].api,
    )


def _rules(opening: Opening, scope: Scope, learns: bool) -> Iterator[Rule]:
    field = ("spec", "egress", opening.place)
    if opening.pods:
        yield Rule(Action.ALLOW, _pods(opening, scope), opening.traffic, field)
    if opening.names.exact:
        doubt = None if learns else _UNREAD
        yield Rule(Action.ALLOW, Peers(names=opening.names.exact, doubt=doubt), opening.traffic, field)
    if opening.names.single:
        yield Rule(Action.ALLOW, Peers(names=opening.names.single, doubt=_ONE_LABEL), opening.traffic, field)


def _pods(opening: Opening, scope: Scope) -> Peers:
    sure = possible = 0
    for each in opening.pods:
        found, maybe = scope.in_namespace(each.namespace, each.selector)
        sure, possible = sure | found, possible | maybe
    doubt = possible & ~sure
    return Peers(endpoints=sure, possible=doubt, condition=LabelHolds("the other pod") if doubt else None)
