"""New policies where nothing isolates an end: closed, but for what the statements themselves allow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crenel.bits import members
from crenel.intents import Allow, End, Isolated, Only, Selection, Statement
from crenel.kubernetes.objects.meta import LabelSelector, Requirement
from crenel.kubernetes.objects.policies import (
    IPBlock,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
)
from crenel.kubernetes.population import NAMESPACE_NAME, Group
from crenel.network.rules import Direction
from crenel.network.traffic import Match
from crenel.questions import places
from crenel.questions.exposure.targets import is_url
from crenel.questions.parties import EVERY
from crenel.questions.proving.ends import Ends
from crenel.questions.remedies.networkpolicy import ports_of
from crenel.questions.remedies.proposal import Edit
from crenel.questions.remedies.restricting import RuleOf, Unguarded, isolating

_MOST_PEERS = 8


class Guards:
    """Makes policies for one model."""

    def __init__(self, ends: Ends, statements: Sequence[Statement]) -> None:
        self._ends = ends
        self._statements = statements

    def edits(self, end: Unguarded) -> Iterator[Edit]:
        """Policies that close an end, the narrowest first."""
        group, word = end.group, end.direction.value
        if group.labels:
            rules = {end.direction: list(self._kept(group, end.direction))}
            yield isolating(group.namespace, f"{group.workload}-{word}", group.labels, rules)
        yield isolating(group.namespace, f"default-deny-{word}", None, {end.direction: []})

    def _kept(self, group: Group, direction: Direction) -> Iterator[RuleOf]:
        """What statements say that a workload may do, as rules."""
        index = next(index for index, each in self._ends.model.scope.groups.items() if each is group)
        for statement in self._statements:
            if not isinstance(statement, Allow | Only):
                continue
            targets = tuple(part for part in statement.targets if not is_url(part.text))
            aims = self._ends.targets(targets).aims
            if direction is Direction.INGRESS:
                for aim in aims:
                    if aim.chosen.everyone >> index & 1:
                        yield from self._rule(direction, statement.sources, aim.matches, group.namespace)
            elif self._begins(statement, index):
                for part in targets:
                    for aim in self._ends.targets((part,)).aims:
                        yield from self._rule(direction, (part,), aim.matches, group.namespace)

    def _begins(self, statement: Statement, index: int) -> bool:
        """Whether a statement lets a workload reach somebody."""
        if not isinstance(statement, Allow):
            return False
        return bool(self._ends.sources(statement.sources, internet=True).chosen.everyone >> index & 1)

    def _rule(
        self, direction: Direction, end: End, matches: tuple[Match, ...] | None, namespace: str
    ) -> Iterator[RuleOf]:
        """A rule for one end, where policies have words for all of it."""
        peers = [self._peers(part, namespace, direction) for part in end]
        ports = ports_of(matches)
        if ports is None or any(each is None for each in peers):
            return
        listed = [peer for each in peers for peer in each or ()]
        if direction is Direction.INGRESS:
            yield NetworkPolicyIngressRule(from_=listed, ports=ports or None)
        else:
            yield NetworkPolicyEgressRule(to=listed, ports=ports or None)

    def border(self, statement: Isolated) -> Edit | None:
        """A policy for a whole namespace: its own pods, and what is exempted; None where no namespace is meant."""
        name = _namespace(statement.inside)
        if not name:
            return None
        own = [NetworkPolicyPeer(pod_selector=LabelSelector())]
        inward: list[RuleOf] = [NetworkPolicyIngressRule(from_=own)]
        outward: list[RuleOf] = [NetworkPolicyEgressRule(to=own)]
        for each in statement.exemptions:
            aims = self._ends.targets(each.targets).aims if each.targets else ()
            matches = next((aim.matches for aim in aims), None)
            if each.sources:
                inward += self._rule(Direction.INGRESS, each.sources, matches, name)
            elif each.targets:
                outward += self._rule(Direction.EGRESS, each.targets, matches, name)
        rules: dict[Direction, Sequence[RuleOf]] = {}
        if statement.way.value in ("both", "in"):
            rules[Direction.INGRESS] = inward
        if statement.way.value in ("both", "out"):
            rules[Direction.EGRESS] = outward
        return isolating(name, "isolated", None, rules)

    def _peers(self, part: Selection, namespace: str, direction: Direction) -> list[NetworkPolicyPeer] | None:
        """The peers of one part of an end; None where there are no words for it."""
        text = places.split(part.text)[0] if part.text else ""
        if not part.exceptions:
            if text == EVERY:
                return [NetworkPolicyPeer(namespace_selector=LabelSelector())]
            if text.endswith("/*") and text != "node/*":
                return [NetworkPolicyPeer(namespace_selector=_named([text[:-2]]))]
            if not text:
                return [_selected(part)]
        if direction is Direction.EGRESS:
            chosen = [aim.chosen.everyone for aim in self._ends.targets((part,)).aims]
        else:
            chosen = [self._ends.sources((part,)).chosen.everyone]
        return self._listed(sorted({index for mask in chosen for index in members(mask)}), namespace)

    def _listed(self, indices: Sequence[int], namespace: str) -> list[NetworkPolicyPeer] | None:
        found: list[NetworkPolicyPeer] = []
        for index in indices:
            group, endpoint = self._ends.model.scope.groups.get(index), self._ends.network.endpoints[index]
            if group is not None and not group.hosted:
                peer = NetworkPolicyPeer(pod_selector=LabelSelector(match_labels=dict(group.labels) or None))
                if group.namespace != namespace:
                    peer.namespace_selector = _named([group.namespace])
                found.append(peer)
            elif endpoint.addresses is not None:
                found += [NetworkPolicyPeer(ip_block=IPBlock(cidr)) for cidr in endpoint.addresses.cidrs()]
            else:
                return None
        return found if 0 < len(found) <= _MOST_PEERS else None


def _namespace(end: End) -> str:
    """The one namespace that an end is; empty where it is anything else."""
    if len(end) != 1 or end[0].exceptions or end[0].labels is not None or end[0].namespace_labels is not None:
        return ""
    text = end[0].text
    if text.endswith("/*") and text != "node/*":
        return text[:-2]
    return end[0].namespaces[0] if not text and len(end[0].namespaces) == 1 else ""


def _named(names: Sequence[str]) -> LabelSelector:
    if len(names) == 1:
        return LabelSelector(match_labels={NAMESPACE_NAME: names[0]})
    return LabelSelector(match_expressions=[Requirement(NAMESPACE_NAME, "In", list(names))])


def _selected(part: Selection) -> NetworkPolicyPeer:
    """Labels as the peer of a rule."""
    spaces = part.namespace_labels
    if part.namespaces:
        named = _named(part.namespaces)
        own = spaces or LabelSelector()
        labels = {**(own.match_labels or {}), **(named.match_labels or {})}
        expressions = [*(own.match_expressions or ()), *(named.match_expressions or ())]
        spaces = LabelSelector(match_labels=labels or None, match_expressions=expressions or None)
    return NetworkPolicyPeer(pod_selector=part.labels, namespace_selector=spaces or LabelSelector())
