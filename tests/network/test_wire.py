"""Firewalls of the infrastructure: unions of allows, ordered rules, stateless tiers and their replies."""

from __future__ import annotations

from dataclasses import replace

from crenel.network.addresses import AddressSet
from crenel.network.firewalls import (
    ANYONE,
    Filter,
    FilterRule,
    Infrastructure,
    Interface,
    Peer,
    Subnet,
    Tier,
    with_tenants,
)
from crenel.network.rules import Action, Direction
from crenel.network.traffic import Match, parse_traffic
from crenel.network.wire import wire
from crenel.questions.crossing import block_of, crossing
from crenel.questions.verdict import Decision, Outcome

HTTPS = (Match(6, (443, 443)),)
WEB = Interface("web", addresses=AddressSet.of("10.0.1.5", "2001:db8::5"))
DB = Interface("db", addresses=AddressSet.of("10.0.2.5"))


def peer(*cidrs: str) -> Peer:
    """Some addresses."""
    return Peer(addresses=AddressSet.of(*cidrs))


def group(name: str, *rules: FilterRule, guards: tuple[str, ...] = ("web",)) -> Filter:
    """A filter."""
    return Filter(name, frozenset(guards), rules)


def allow(peer: Peer, traffic: str = "TCP/443", only: str = "") -> FilterRule:
    """A rule that allows."""
    return FilterRule(Action.ALLOW, peer, parse_traffic(traffic), only)


def asked(made: Infrastructure, source: str, target: str = "web", matches: tuple[Match, ...] = HTTPS) -> Outcome:
    """What becomes of a connection; an end is an interface or an address."""
    ready = wire(made)
    ends = [ready.index(end) if end.isalpha() else block_of(ready.forth, end) for end in (source, target)]
    return crossing(ready, 6 if ":" in source else 4, ends[0], ends[1], matches).outcome


def test_filters_of_one_rank_are_a_union() -> None:
    """What any of two groups allows is allowed, in each family apart; all else is denied."""
    groups = (group("one", allow(peer("203.0.113.0/24"))), group("two", allow(peer("198.51.100.7", "2001:db8:1::/48"))))
    made = Infrastructure([WEB, DB], [Tier("group", Direction.INGRESS, (groups,), isolating=True)])
    assert asked(made, "203.0.113.9") is Outcome.ALLOWED
    assert asked(made, "198.51.100.7") is Outcome.ALLOWED
    assert asked(made, "198.51.100.8") is Outcome.DENIED
    assert asked(made, "2001:db8:1::1") is Outcome.ALLOWED
    assert asked(made, "2001:db8:2::1") is Outcome.DENIED
    assert asked(made, "db") is Outcome.DENIED
    assert asked(made, "203.0.113.9", "db") is Outcome.ALLOWED, "nothing guards it"


def test_rules_match_interfaces_by_name_and_by_address() -> None:
    """A rule that speaks of interfaces, or of a range that they are in, matches them and nobody else."""
    by_name = Tier("group", Direction.INGRESS, ((group("one", allow(Peer(interfaces=frozenset({"db"})))),),), True)
    by_range = Tier("group", Direction.INGRESS, ((group("one", allow(peer("10.0.2.0/24"))),),), True)
    for tier in (by_name, by_range):
        assert asked(Infrastructure([WEB, DB], [tier]), "db") is Outcome.ALLOWED
        assert asked(Infrastructure([WEB, DB], [tier]), "10.9.9.9") is Outcome.DENIED


def test_the_first_rule_that_matches_counts() -> None:
    """In an ordered filter a denial before an allowance wins, and one after it does not matter."""
    deny = FilterRule(Action.DENY, peer("203.0.113.0/24"))
    for rules, outcome in (((deny, allow(ANYONE)), Outcome.DENIED), ((allow(ANYONE), deny), Outcome.ALLOWED)):
        tier = Tier("acl", Direction.INGRESS, ((group("acl", *rules),),), isolating=True)
        assert asked(Infrastructure([WEB], [tier]), "203.0.113.9") is outcome


def stateless(*egress: FilterRule) -> Infrastructure:
    """A network ACL that lets HTTPS in, with the rules given for what goes out."""
    into = Tier("acl", Direction.INGRESS, ((group("acl", allow(ANYONE)),),), isolating=True, stateless=True)
    out = Tier("acl", Direction.EGRESS, ((group("acl", *egress),),), isolating=True, stateless=True)
    return Infrastructure([WEB], [out, into])


def test_a_stateless_tier_must_let_the_reply_through() -> None:
    """Without a rule for the client's ports nothing works; with one for some of them only those clients get answers."""
    assert asked(stateless(), "203.0.113.9") is Outcome.DENIED
    assert asked(stateless(allow(ANYONE)), "203.0.113.9") is Outcome.DENIED
    assert asked(stateless(allow(ANYONE, "TCP/1024-65535")), "203.0.113.9") is Outcome.ALLOWED
    assert asked(stateless(allow(ANYONE, "TCP/32768-60999")), "203.0.113.9") is Outcome.PARTIAL
    assert asked(stateless(allow(peer("192.0.2.0/24"), "TCP/1024-65535")), "203.0.113.9") is Outcome.DENIED
    stateful = stateless()
    stateful = replace(stateful, tiers=[replace(tier, stateless=False) for tier in stateful.tiers])
    assert asked(stateful, "203.0.113.9") is Outcome.ALLOWED


def test_a_tier_of_replies_sees_nothing_else() -> None:
    """What it denies does not stop first packets, but connections whose replies it would have to let through."""
    none = FilterRule(Action.DENY, peer("203.0.113.0/24"), parse_traffic("TCP/1024-65535"))
    tier = Tier("host", Direction.EGRESS, ((group("out", none),),), replies=True)
    made = Infrastructure([WEB, DB], [tier])
    assert asked(made, "203.0.113.9") is Outcome.DENIED
    assert asked(made, "198.51.100.7") is Outcome.ALLOWED
    assert asked(made, "web", "203.0.113.9") is Outcome.ALLOWED, "its replies come in, and nothing guards that"


def test_what_the_input_does_not_resolve_is_unknown() -> None:
    """A peer that is not in the input, and a condition that is not modelled, leave it open; a sure rule decides."""
    prefix_list = allow(Peer(unknown=("prefix list pl-1",)))
    odd = allow(ANYONE, only="from source port 53")
    for rule in (prefix_list, odd):
        tier = Tier("group", Direction.INGRESS, ((group("one", rule),),), isolating=True)
        assert asked(Infrastructure([WEB], [tier]), "203.0.113.9") is Outcome.UNKNOWN
        tier = Tier("group", Direction.INGRESS, ((group("one", rule, allow(ANYONE)),),), isolating=True)
        assert asked(Infrastructure([WEB], [tier]), "203.0.113.9") is Outcome.ALLOWED


def test_tenants_are_guarded_as_their_landlord_is() -> None:
    """A pod that has an address of a machine's interface is behind the same filters, and is meant where that is."""
    self_reference = Tier(
        "group", Direction.INGRESS, ((group("one", allow(Peer(interfaces=frozenset({"web"})))),),), isolating=True
    )
    made = with_tenants(Infrastructure([WEB, DB], [self_reference]), {"pod": ("web", AddressSet.of("10.0.1.77"))})
    assert asked(made, "pod", "web") is Outcome.ALLOWED
    assert asked(made, "web", "pod") is Outcome.ALLOWED
    assert asked(made, "db", "pod") is Outcome.DENIED


def test_the_steps_name_the_rule() -> None:
    """The trace has the filter and the number of its rule, for the request and for the reply."""
    rule = replace(allow(ANYONE), field=("Entries", 0))
    made = stateless()
    made = replace(made, tiers=[replace(made.tiers[0]), replace(made.tiers[1], ranks=((group("acl-1", rule),),))])
    ready = wire(made)
    found = crossing(ready, 4, block_of(ready.forth, "203.0.113.9"), ready.index("web"), HTTPS)
    decisive = [(step.rule, step.decision) for step in found.steps if step.decision is not Decision.NONE]
    assert decisive == [
        ("acl-1 ingress rule 1 allows it", Decision.ALLOW),
        ("acl isolates web for egress and no rule of it allows this", Decision.DENY),
    ]


def test_an_interface_with_a_whole_network_costs_nothing() -> None:
    """Addresses that are written as a range, by mistake or not, are not taken apart: it has some of them."""
    wide = Interface("wide", addresses=AddressSet.of("10.0.0.0/8", "2001:db8::/32"))
    tier = Tier("group", Direction.INGRESS, ((group("one", allow(peer("10.0.0.0/8")), guards=("web",)),),), True)
    assert asked(Infrastructure([WEB, wide], [tier]), "wide") is Outcome.ALLOWED
    narrow = Tier("group", Direction.INGRESS, ((group("one", allow(peer("10.1.0.0/16")), guards=("web",)),),), True)
    assert asked(Infrastructure([WEB, wide], [narrow]), "wide") is Outcome.UNKNOWN


def test_infrastructures_keep_their_subnets() -> None:
    """Two infrastructures side by side have the subnets of both, and interfaces that say which one they are in."""
    front, back = (Subnet(name, AddressSet.of(cidr)) for name, cidr in (("a", "10.0.1.0/24"), ("b", "10.0.2.0/24")))
    one = Infrastructure([Interface("lb", subnet="a")], subnets=[front])
    both = one | Infrastructure([Interface("node", subnet="b")], subnets=[back])
    assert both.subnets == [front, back]
    assert [each.subnet for each in both.interfaces] == ["a", "b"]
