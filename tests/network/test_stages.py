"""Every discipline lowers into stages, and the evaluator does what each of them means."""

from __future__ import annotations

import pytest

from crenel.network.addresses import AddressSet
from crenel.network.conditions import LabelHolds
from crenel.network.endpoints import Endpoint, Kind
from crenel.network.locality import LOCAL
from crenel.network.rules import NOBODY, Action, Direction, Peers, Policy, Rule, Stage
from crenel.network.traffic import Match
from network.hand import allow, among, deny, index, leave, network, outcome, policy, rule, stage

UNION = (stage([policy("b", allow("a", "TCP/80")), policy("bc", allow("c", "TCP/81"))], isolating=True),)
FIRST_MATCH = (
    stage(
        policy("bcd", allow("a", "TCP/80-90"), deny("a", "TCP/85-100"), leave("a", "UDP/53")),
        policy("bcd", deny("ac"), allow("d")),
    ),
)
DENY_FIRST = (stage([policy("b", deny("a", "TCP/80"))], [policy("b", allow("ac"))], isolating=True),)
TIERS = (
    stage(policy("b", leave("a"), deny("c"))),
    stage([policy("b", allow("ac", "TCP/80"))], isolating=True),
    stage([policy("b", allow("a", "TCP/1-90"))], isolating=True),
)
BOTH_ENDS = (
    stage([policy("a", allow("b", "TCP/80-90"))], isolating=True, direction=Direction.EGRESS),
    stage([policy("b", allow("a", "TCP/85-95"))], isolating=True),
)
UNDECIDED = (
    stage([policy("b"), policy("c", rule(Action.ALLOW, NOBODY))], isolating=True),
    stage([policy("d", deny("a"))]),
)


@pytest.mark.parametrize(
    ("stages", "source", "destination", "traffic", "expected"),
    [
        # A union of allows with isolation.
        (UNION, "a", "b", "TCP/80", "allowed"),
        (UNION, "a", "b", "TCP/81", "denied"),
        (UNION, "c", "b", "TCP/81", "allowed"),
        (UNION, "a", "c", "TCP/80", "denied"),
        (UNION, "a", "b", "TCP/80-81", "partial"),
        (UNION, "a", "d", "TCP/80", "allowed"),
        (UNION, "b", "a", "UDP/1", "allowed"),
        (UNION, "192.0.2.1", "b", "TCP/80", "denied"),
        (UNION, "b", "192.0.2.1", "TCP/80", "allowed"),
        # The first match decides, port by port; what no rule matches goes on.
        (FIRST_MATCH, "a", "b", "TCP/80-90", "allowed"),
        (FIRST_MATCH, "a", "b", "TCP/91-100", "denied"),
        (FIRST_MATCH, "a", "b", "TCP/90-91", "partial"),
        (FIRST_MATCH, "a", "b", "UDP/53", "allowed"),
        (FIRST_MATCH, "a", "b", "UDP/54", "denied"),
        (FIRST_MATCH, "c", "b", "TCP/80", "denied"),
        (FIRST_MATCH, "d", "b", "TCP/80", "allowed"),
        (FIRST_MATCH, "192.0.2.1", "b", "TCP/80", "allowed"),
        # Deny over allow: a rank of what denies before one of what allows.
        (DENY_FIRST, "a", "b", "TCP/80", "denied"),
        (DENY_FIRST, "a", "b", "TCP/81", "allowed"),
        (DENY_FIRST, "c", "b", "TCP/80", "allowed"),
        (DENY_FIRST, "d", "b", "TCP/80", "denied"),
        # A rule that leaves its stage goes on to the next one; an allow is final, whatever comes after.
        (TIERS, "a", "b", "TCP/80", "allowed"),
        (TIERS, "a", "b", "TCP/81", "denied"),
        (TIERS, "c", "b", "TCP/80", "denied"),
        (TIERS, "d", "b", "TCP/80", "denied"),
        # Both ends have to let it through.
        (BOTH_ENDS, "a", "b", "TCP/85-90", "allowed"),
        (BOTH_ENDS, "a", "b", "TCP/80", "denied"),
        (BOTH_ENDS, "a", "b", "TCP/95", "denied"),
        (BOTH_ENDS, "a", "c", "TCP/85", "denied"),
        (BOTH_ENDS, "c", "b", "TCP/85", "denied"),
        # A policy without a rule isolates; one outside an isolating stage does not.
        (UNDECIDED, "a", "b", "TCP/80", "denied"),
        (UNDECIDED, "a", "c", "TCP/80", "denied"),
        (UNDECIDED, "b", "d", "TCP/80", "allowed"),
        (UNDECIDED, "a", "d", "TCP/80", "denied"),
        ((), "a", "b", "TCP/80", "allowed"),
    ],
)
def test_disciplines(stages: tuple[Stage, ...], source: str, destination: str, traffic: str, expected: str) -> None:
    """Union with isolation, first match, deny over allow, tiers: what each says of one packet."""
    assert outcome(network(*stages), source, destination, traffic) == expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (allow("a"), allow("a"), "allowed"),
        (deny("a"), deny("a"), "denied"),
        (allow("a"), deny("a"), "unknown"),
        (deny("a"), allow("a"), "unknown"),
        (allow("a", "TCP/80"), deny("a", "TCP/81"), "allowed"),
        (allow("a", "TCP/81"), deny("a", "TCP/80"), "denied"),
        (allow("a"), deny("c"), "allowed"),
        (leave("a"), deny("a"), "unknown"),
        (leave("a"), allow("a"), "allowed"),
        (leave("a"), leave("a"), "allowed"),
        (deny("c"), deny("d"), "allowed"),
    ],
)
def test_policies_of_one_rank(first: object, second: object, expected: str) -> None:
    """Parallel policies that agree are sure; those that disagree leave it open, but only where both match."""
    ranks = [policy("b", first), policy("b", second)]  # type: ignore[arg-type]
    net = network(stage(ranks, policy("b", leave("a"), deny())))
    assert outcome(net, "a", "b", "TCP/80") == expected


def test_within_a_policy_of_a_rank_the_first_rule_decides() -> None:
    """Parallel policies each take their own first match: an earlier rule hides a later one that would disagree."""
    net = network(stage([policy("b", allow("a", "TCP/80"), deny("a")), policy("b", allow("a", "TCP/80-81"))]))
    assert outcome(net, "a", "b", "TCP/80") == "allowed"
    assert outcome(net, "a", "b", "TCP/81") == "unknown"
    assert outcome(net, "a", "b", "TCP/82") == "denied"


MAYBE = LabelHolds("a")


@pytest.mark.parametrize(
    ("rules", "isolating", "expected"),
    [
        ([allow(Peers(possible=among("a"), condition=MAYBE))], True, "unknown"),
        ([allow(Peers(possible=among("a"), condition=MAYBE))], False, "allowed"),
        ([deny(Peers(possible=among("a"), condition=MAYBE))], False, "unknown"),
        ([deny(Peers(possible=among("a"), condition=MAYBE)), allow("a")], True, "unknown"),
        ([deny(Peers(possible=among("a"), condition=MAYBE)), deny("a")], True, "denied"),
        ([allow("a"), deny(Peers(possible=among("a"), condition=MAYBE))], True, "allowed"),
        ([allow(Peers(possible=among("a"), condition=MAYBE)), allow("a")], True, "allowed"),
        ([leave(Peers(possible=among("a"), condition=MAYBE)), allow("a")], True, "allowed"),
        ([leave(Peers(possible=among("a"), condition=MAYBE)), deny("a")], True, "unknown"),
        ([rule(Action.MAY_DENY, "a"), allow("a")], True, "unknown"),
        ([rule(Action.MAY_DENY, "a"), deny("a")], True, "denied"),
        ([allow("a"), rule(Action.MAY_DENY, "a")], True, "allowed"),
        ([rule(Action.MAY_DECIDE, "a"), deny("a")], True, "unknown"),
        ([rule(Action.MAY_DECIDE, "a"), allow("a")], True, "unknown"),
    ],
)
def test_a_possible_match_keeps_the_packet(rules: list[object], isolating: bool, expected: str) -> None:
    """What matches possibly records its outcome, and the packet goes on to the following rules."""
    net = network(stage(policy("b", *rules), isolating=isolating))  # type: ignore[arg-type]
    assert outcome(net, "a", "b", "TCP/80") == expected
    assert outcome(net, "c", "b", "TCP/80") == ("denied" if isolating else "allowed")


@pytest.mark.parametrize(
    ("isolating", "rules", "expected"),
    [(True, [], "unknown"), (False, [deny("a")], "unknown"), (False, [allow("a")], "allowed"), (False, [], "allowed")],
)
def test_a_policy_that_possibly_guards(isolating: bool, rules: list[object], expected: str) -> None:
    """Possible isolation may deny, and so may a rule; whom the policy does not speak of is free."""
    net = network(stage(policy("", *rules, possible="b", condition=LabelHolds("b")), isolating=isolating))  # type: ignore[arg-type]
    assert outcome(net, "a", "b", "TCP/80") == expected
    assert outcome(net, "a", "c", "TCP/80") == "allowed"


@pytest.mark.parametrize(
    ("source", "traffic", "expected"),
    [
        ("10.0.0.0", "TCP/80", "allowed"),
        ("a", "TCP/80", "allowed"),
        ("c", "TCP/80", "denied"),
        ("10.0.1.0", "TCP/80", "denied"),
        ("::1", "TCP/80", "denied"),
        ("d", "TCP/8002", "allowed"),
        ("d", "TCP/8004", "denied"),
    ],
)
def test_addresses_and_port_names(source: str, traffic: str, expected: str) -> None:
    """Peers by address match blocks and workloads exactly; a port by name is that of the destination."""
    wanted = AddressSet.of("10.0.0.0/24") - AddressSet.of("10.0.0.3/32")
    by_name = Rule(Action.ALLOW, Peers(endpoints=among("d")), (Match(None, name="web"),))
    net = network(stage(policy("b", allow(Peers(addresses=wanted), "TCP/80"), by_name), isolating=True))
    assert outcome(net, source, "b", traffic) == expected


def node(name: str, number: int) -> Endpoint:
    """A node, which no rule guards."""
    address = AddressSet.of(f"192.168.0.{number}")
    return Endpoint(
        f"node/{name}", Kind.NODE, addresses=address, families=(4,), hosted=True, nodes=frozenset({name}), replicas=1
    )


def placed(name: str, number: int, on: str | None) -> Endpoint:
    """A workload on a node."""
    nodes = frozenset({on}) if on else None
    address = AddressSet.of(f"10.0.9.{number}")
    return Endpoint(name, Kind.WORKLOAD, addresses=address, families=(4,), nodes=nodes, replicas=1)


@pytest.mark.parametrize(
    ("exempt", "isolating", "on", "expected"),
    [
        (True, True, "k1", "sure"),
        (True, True, "k2", "none"),
        (True, True, None, "possible"),
        (False, True, "k1", "none"),
        (False, True, None, "none"),
        (True, False, "k1", "none"),
    ],
)
def test_a_node_and_what_runs_on_it(exempt: bool, isolating: bool, on: str | None, expected: str) -> None:
    """Where a stage is exempt for one's own node and isolates, its word is final for that node; else it says nothing.

    A stage after it that denies everybody is reached only from where the first one said nothing.
    """
    more = [node("k1", 1), placed("here", 1, on)]
    net = network(more=more)
    here = 1 << index(net, "here")
    guard = Stage("guard", Direction.INGRESS, ((Policy("p", here, ()),),), isolating, exempt)
    last = Stage("last", Direction.INGRESS, ((Policy("q", here, (deny(),)),),))
    net = network(guard, last, more=more)
    (view,) = net.views
    one, other = index(net, "node/k1"), index(net, "here")
    cells = net.column(view, other, 1 << one)
    sure, allowed = (
        all(mask >> one & 1 for mask in masks) for masks in zip(*((c.sure, c.allowed) for c in cells), strict=True)
    )
    assert ("sure" if sure else "possible" if allowed else "none") == expected
    assert not any((cell.allowed | cell.denied) >> LOCAL & 1 for cell in cells)


def test_nobody_guards_what_is_hosted() -> None:
    """No stage stands at a node or an address outside, even one whose rules name everyone."""
    net = network(stage(policy("abcd", deny(), deny(NOBODY)), isolating=True), more=[node("k1", 1)])
    assert outcome(net, "a", "node/k1", "TCP/80") == "allowed"
    assert outcome(net, "node/k1", "192.0.2.1", "TCP/80") == "allowed"
    assert outcome(net, "node/k1", "a", "TCP/80") == "denied"
