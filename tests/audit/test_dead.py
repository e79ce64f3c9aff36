"""Dead and implied rules, against a reference that looks at every packet."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from crenel.audit.dead import Dead
from crenel.network.addresses import AddressSet
from crenel.network.firewalls import Filter, FilterRule, Infrastructure, Interface, Peer, Tier
from crenel.network.rules import Action, Direction
from crenel.network.traffic import TCP, Match
from crenel.provenance import Origin

Drawn = tuple[bool, tuple[int, int], tuple[int, int]]
"""(allows, first and last of sixteen addresses, first and last of eight ports)."""
WEB = Interface("web", addresses=AddressSet.of("10.0.0.1"))


def spans(most: int) -> st.SearchStrategy[tuple[int, int]]:
    """First and last of some numbers."""
    return st.tuples(st.integers(0, most), st.integers(0, most)).map(lambda ends: (min(ends), max(ends)))


RULES = st.lists(st.tuples(st.booleans(), spans(15), spans(7)), min_size=1, max_size=7)


def infrastructure(rules: Sequence[Drawn]) -> Infrastructure:
    """One list of rules in front of one interface."""
    base = 203 << 24
    made = tuple(
        FilterRule(
            Action.ALLOW if allows else Action.DENY,
            Peer(addresses=AddressSet.from_range(4, base + first, base + last)),
            (Match(TCP, (8000 + low, 8000 + high)),),
            field=("rules", number),
        )
        for number, (allows, (first, last), (low, high)) in enumerate(rules)
    )
    filter_ = Filter("list", frozenset({"web"}), made, origin=Origin("rules.json"))
    return Infrastructure([WEB], [Tier("list", Direction.INGRESS, ((filter_,),), isolating=True)])


def packets(rule: Drawn) -> set[tuple[int, int]]:
    """All packets that a rule speaks of."""
    _, (first, last), (low, high) = rule
    return {(address, port) for address in range(first, last + 1) for port in range(low, high + 1)}


@settings(max_examples=150, deadline=None)
@given(RULES)
def test_dead_rules_decide_no_packet(rules: list[Drawn]) -> None:
    """Of an ordered list exactly those rules are dead that are the first to match no packet."""
    seen: set[tuple[int, int]] = set()
    dead = []
    for number, rule in enumerate(rules):
        if packets(rule) <= seen:
            dead.append(("rules", number))
        seen |= packets(rule)
    found = Dead(infrastructure([*rules, (False, (0, 15), (0, 7))] if all(rule[0] for rule in rules) else rules))
    assert sorted(each.rule.field for each in found.shadowed if each.rule.field != ("rules", len(rules))) == dead


@settings(max_examples=150, deadline=None)
@given(RULES)
def test_implied_rules_can_go_and_no_more(rules: list[Drawn]) -> None:
    """Without the implied ones a union lets through the same, and none of those that are left could go as well."""
    allowing: list[Drawn] = [(True, ends, ports) for _, ends, ports in rules]
    gone = {each.rule.field[1] for each in Dead(infrastructure(allowing)).implied}
    left = [packets(rule) for number, rule in enumerate(allowing) if number not in gone]
    everything = set[tuple[int, int]]().union(*map(packets, allowing))
    assert set[tuple[int, int]]().union(*left) == everything
    for number, each in enumerate(left):
        others = set[tuple[int, int]]().union(*left[:number], *left[number + 1 :])
        assert not each <= others
