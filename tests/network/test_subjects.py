"""Rules that speak of some of the interfaces that their filter guards; interfaces whose addresses are not known yet."""

from __future__ import annotations

import pytest

from crenel.network.addresses import AddressSet
from crenel.network.firewalls import ANYONE, Filter, FilterRule, Infrastructure, Interface, Peer, Tier, with_tenants
from crenel.network.rules import Action, Direction
from crenel.network.traffic import Match
from crenel.network.wire import wire
from crenel.questions.crossing import block_of, crossing
from crenel.questions.verdict import Outcome

HTTPS = (Match(6, (443, 443)),)
WEB = Interface("web", addresses=AddressSet.of("10.0.1.5", "2001:db8::5"))
DB = Interface("db", addresses=AddressSet.of("10.0.2.5"))
WIDE = Interface("wide", addresses=AddressSet.of("10.0.1.7", "10.0.3.7"))
PLANNED = Interface("planned", ranges=AddressSet.of("10.0.4.0/24"))
ALL = [WEB, DB, WIDE, PLANNED]


def addresses(*cidrs: str) -> Peer:
    """Some addresses."""
    return Peer(addresses=AddressSet.of(*cidrs))


def outcome(subject: Peer, target: str, source: str = "203.0.113.9", peer: Peer = ANYONE) -> Outcome:
    """What becomes of a connection to one of four interfaces that a filter with one rule guards."""
    rule = FilterRule(Action.ALLOW, peer, HTTPS, subject=subject)
    guard = Filter("group", frozenset(each.name for each in ALL), (rule,))
    ready = wire(Infrastructure(ALL, [Tier("group", Direction.INGRESS, ((guard,),), isolating=True)]))
    start = ready.index(source) if source.isalpha() else block_of(ready.forth, source)
    return crossing(ready, 6 if ":" in source else 4, start, ready.index(target), HTTPS).outcome


A, D, U = Outcome.ALLOWED, Outcome.DENIED, Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("subject", "web", "db", "wide", "planned"),
    [
        (ANYONE, A, A, A, A),
        (addresses("10.0.1.0/24"), A, D, U, D),
        (addresses("10.0.1.5"), A, D, D, D),
        (addresses("10.0.0.0/16"), A, A, A, A),
        (addresses("10.0.4.0/25"), D, D, D, U),
        (addresses("10.0.4.0/22"), D, D, D, A),
        (Peer(interfaces=frozenset({"db"})), D, A, D, D),
        (Peer(unknown=("group x",)), U, U, U, U),
        (Peer(), D, D, D, D),
    ],
)
def test_a_rule_is_for_those_it_speaks_of(
    subject: Peer, web: Outcome, db: Outcome, wide: Outcome, planned: Outcome
) -> None:
    """All of an interface's addresses: surely; some of them: possibly; none: not at all."""
    found = [outcome(subject, name) for name in ("web", "db", "wide", "planned")]
    assert found == [web, db, wide, planned]


def test_a_subject_of_one_family_is_about_packets_of_that_family() -> None:
    """An interface with addresses of both families meets a rule for its IPv4 address in IPv4 alone."""
    four, six = addresses("10.0.1.5"), addresses("2001:db8::/64")
    assert (outcome(four, "web"), outcome(four, "web", "2001:db8:9::1")) == (A, D)
    assert (outcome(six, "web"), outcome(six, "web", "2001:db8:9::1")) == (D, A)
    assert outcome(four, "web", "db", Peer(interfaces=frozenset({"db"}))) is A
    assert outcome(four, "web", "wide", Peer(interfaces=frozenset({"db"}))) is D
    assert outcome(four, "web", peer=Peer(unknown=("tag",))) is U
    assert outcome(four, "web", "2001:db8:9::1", Peer(unknown=("tag",))) is D


def test_an_interface_without_addresses_is_somewhere_in_its_ranges() -> None:
    """As a peer it matches what holds all of its ranges surely, what holds some of them possibly, nothing else."""
    assert outcome(ANYONE, "web", "planned", addresses("10.0.4.0/23")) is A
    assert outcome(ANYONE, "web", "planned", addresses("10.0.4.128/25")) is U
    assert outcome(ANYONE, "web", "planned", addresses("10.0.5.0/24")) is D


def test_tenants_are_subjects_by_their_own_addresses() -> None:
    """A rule for the address of a machine is not one for the pods on it; one for a group of interfaces is."""
    for subject, expected in ((addresses("10.0.2.5"), D), (Peer(interfaces=frozenset({"db"})), A)):
        rule = FilterRule(Action.ALLOW, ANYONE, HTTPS, subject=subject)
        tier = Tier("group", Direction.INGRESS, ((Filter("group", frozenset({"db"}), (rule,)),),), isolating=True)
        made = with_tenants(Infrastructure([DB], [tier]), {"pod": ("db", AddressSet.of("10.0.2.77"))})
        ready = wire(made)
        found = crossing(ready, 4, block_of(ready.forth, "203.0.113.9"), ready.index("pod"), HTTPS)
        assert found.outcome is expected
