"""Rules of NetworkPolicies that admit, or let out to, as good as everybody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from crenel.audit.finding import Thing
from crenel.audit.subject import Subject
from crenel.audit.workloads import Workload
from crenel.bits import members
from crenel.network.addresses import FAMILIES, INTERNET, AddressSet
from crenel.network.rules import Direction, Peers, Policy, Rule
from crenel.network.traffic import ALL
from crenel.provenance import FieldPath


@dataclass(frozen=True)
class Wide:
    """A rule that speaks of everybody outside. `traffic` is a set of the network's traffic, names resolved."""

    thing: Thing
    policy: Policy
    field: FieldPath
    peers: str
    """Whom it speaks of, in words."""
    addresses: AddressSet | None
    """The addresses, None where it names no peer."""
    subjects: tuple[Workload, ...]
    """Whom the policy surely selects, those of the system left out."""
    traffic: int

    @property
    def number(self) -> int:
        """Its number among the rules of its direction, from 1."""
        last = self.field[-1]
        return last + 1 if isinstance(last, int) else 1


def wide(subject: Subject, direction: Direction, share: int = 0) -> Iterator[Wide]:
    """The rules of a direction without peers, or with addresses that hold a share of the public ones.

    The share of each family is one half to the power of `share`: 0 is all of them.
    """
    guarded = {each.index: each for each in subject.applications}
    for policy in subject.policies(direction):
        mine = tuple(guarded[each] for each in members(policy.subjects) if each in guarded)
        thing = subject.network_policies.get(policy.title)
        if not mine or thing is None:
            continue
        for rule in policy.rules:
            if (words := _words(rule.peers, share)) is not None:
                traffic = _traffic(subject, rule, mine, direction)
                yield Wide(thing, policy, rule.field, words, rule.peers.addresses, mine, traffic)


def _words(peers: Peers, share: int) -> str | None:
    """Whom a rule speaks of, where that is as good as everybody; None otherwise."""
    if peers.everyone:
        return "everybody"
    if peers.addresses is None:
        return None
    for family in FAMILIES:
        public = INTERNET.only(family)
        held = peers.addresses & public
        if held.size() >= public.size() >> share:
            return f"addresses of {peers.addresses}"
    return None


def _traffic(subject: Subject, rule: Rule, mine: tuple[Workload, ...], direction: Direction) -> int:
    """What a rule opens; names of ports are those of the pods that it guards, and for egress of anybody."""
    if rule.traffic is None:
        return ALL & subject.network.table.everything
    numbers = [match for match in rule.traffic if match.name is None]
    ends = [each.index for each in mine] if direction is Direction.INGRESS else subject.network.endpoints
    named = [
        found
        for match in rule.traffic
        if match.name is not None
        for index in ends
        for found in subject.network.endpoints[index].named(match)
    ]
    return subject.network.table.sum([*numbers, *named]) & subject.network.table.everything
