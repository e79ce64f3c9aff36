"""Firewalls of an infrastructure as tables: which packets each judges, what is told apart, and what is left out."""

from __future__ import annotations

from crenel.enforce.firewalls import compile_wire
from crenel.enforce.hooks import Sight
from crenel.enforce.ruleset import Denial, Ruleset
from crenel.enforce.site import LocalPod, Site
from crenel.enforce.text import write
from crenel.network.addresses import AddressSet
from crenel.network.firewalls import ANYONE, Filter, FilterRule, Infrastructure, Interface, Peer, Tier
from crenel.network.rules import Action, Direction
from crenel.network.traffic import Match
from crenel.network.wire import wire

WEB = Interface("web", addresses=AddressSet.of("10.0.1.5"))
HTTPS = (Match(6, (443, 443)),)
IN = Direction.INGRESS


def compiled(*tiers: Tier) -> dict[Sight, Ruleset]:
    """The tables of a router in front of one interface."""
    ready = wire(Infrastructure([WEB], tiers))
    return compile_wire(ready, Site("router", [LocalPod(ready.index("web"), WEB.addresses, "if0")]))


def group(title: str, *rules: FilterRule, possible: bool = False) -> Filter:
    """A filter of the interface."""
    guards = frozenset({"web"})
    return Filter(title, guards, rules, guards if possible else frozenset())


def tier(*filters: Filter, layer: str = "group", stateless: bool = False, replies: bool = False) -> Tier:
    """An isolating tier."""
    return Tier(layer, IN, (filters,), isolating=True, stateless=stateless, replies=replies)


def letting(action: Action = Action.NEXT, only: str = "", peer: Peer = ANYONE) -> FilterRule:
    """A rule for HTTPS."""
    return FilterRule(action, peer, HTTPS, only)


def test_each_sort_of_packets_has_a_table() -> None:
    """Only that of stateful tiers passes what is established; that of stateless ones does not ask for connections."""
    rule = letting()
    tables = compiled(
        tier(group("sg", rule)), tier(group("acl", rule), stateless=True), tier(group("out", rule), replies=True)
    )
    judged = {sight: write(ruleset).count("ct state established,related accept") for sight, ruleset in tables.items()}
    assert judged == {Sight.FIRST: 4, Sight.EVERY: 0, Sight.REPLIES: 0}
    passed = {sight: write(ruleset).count("ct direction original accept") for sight, ruleset in tables.items()}
    assert passed == {Sight.FIRST: 0, Sight.EVERY: 0, Sight.REPLIES: 4}
    assert len({ruleset.table for ruleset in tables.values()}) == 3
    assert set(compiled(tier(group("sg", rule)))) == {Sight.FIRST}


def test_a_drop_names_the_filters() -> None:
    """The id that a drop is logged under leads to the filters that isolate, or to the one whose rule denies."""
    tables = compiled(tier(group("sg-1", letting()), group("sg-2", letting(Action.DENY))))
    assert set(tables[Sight.FIRST].denials.values()) == {
        Denial(None, ()),
        Denial(IN, ("sg-1", "sg-2"), isolation=True),
        Denial(IN, ("sg-2",)),
    }


def test_names_that_several_have_are_told_apart() -> None:
    """Tiers and filters of the same name are compiled each for itself, with all of their rules."""
    from_here, from_there = Peer(addresses=AddressSet.of("192.0.2.0/24")), Peer(addresses=AddressSet.of("198.51.100.7"))
    twins = (tier(group("default", letting(peer=from_here))), tier(group("default", letting(peer=from_there))))
    text = write(compiled(*twins)[Sight.FIRST])
    assert "192.0.2.0-192.0.2.255" in text
    assert "198.51.100.7" in text
    assert "goto ingress/group_" in text, "the first tier leads to the second"


def test_what_cannot_be_compiled_is_said() -> None:
    """A rule with a condition, an unknown peer, and a filter that perhaps guards: a doubt each."""
    tables = compiled(
        tier(
            group("sg-1", letting(only="from source port 53"), letting(peer=Peer(unknown=("prefix list pl-1",)))),
            group("sg-2", letting(), possible=True),
        )
    )
    assert tables[Sight.FIRST].doubts == (
        "sg-1: a rule is left out, for it depends on whether it is from source port 53",
        "sg-1: a rule is left out, for it depends on whether it is in prefix list pl-1",
        "sg-2: it is left out for those of whom it is not known whether it guards them",
    )
    assert "sg-2" not in write(tables[Sight.FIRST])


def test_an_allowance_does_not_skip_another_table() -> None:
    """What a stateful tier allows for good, a stateless one behind it would not see in the model: that is said."""
    acl = tier(group("acl", letting()), layer="acl", stateless=True)
    skipping = compiled(tier(group("sg", letting(Action.ALLOW))), acl)
    assert skipping[Sight.FIRST].doubts == ("group ingress: what it allows is still judged by acl",)
    assert compiled(tier(group("sg", letting())), acl)[Sight.FIRST].doubts == ()
