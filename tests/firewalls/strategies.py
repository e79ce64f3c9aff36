"""Random infrastructures: a few interfaces behind tiers of every sort, with addresses and ports that overlap."""

from __future__ import annotations

import os

from hypothesis import strategies as st

from crenel.network.addresses import AddressSet
from crenel.network.firewalls import ANYONE, Filter, FilterRule, Infrastructure, Interface, Peer, Tier
from crenel.network.rules import Action, Direction
from crenel.network.traffic import parse_traffic

CIDRS = (
    "10.0.1.0/24", "10.0.1.4/31", "10.0.2.0/23", "203.0.113.0/25", "203.0.113.64/26", "203.0.113.127", "0.0.0.0/0",
    "0.0.0.0/1", "2001:db8:a::/64", "2001:db8:a::5", "2001:db8::/32", "::/0",
)  # fmt: skip
TRAFFIC = (
    "TCP/443", "TCP/80,443-445", "TCP/1-1023", "TCP/1024-65535", "TCP/32768-60999", "TCP/22-50000", "TCP",
    "UDP/53", "UDP/1024-65535", "UDP/61000-65535", "SCTP/2905", "SCTP/1-40000", "ICMP", "ICMPv6", "47", "",
)  # fmt: skip
MEMBERS = (
    Interface("a", addresses=AddressSet.of("10.0.1.5", "2001:db8:a::5")),
    Interface("b", addresses=AddressSet.of("10.0.1.6", "2001:db8:a::6")),
    Interface("c", addresses=AddressSet.of("10.0.2.5")),
    Interface("d", addresses=AddressSet.of("203.0.113.127", "203.0.113.129", "2001:db8:b::5")),
)
NAMES = st.frozensets(st.sampled_from([each.name for each in MEMBERS]), min_size=1)


BLOCKS = st.lists(st.sampled_from(CIDRS), min_size=1, max_size=3).map(lambda some: AddressSet.of(*some))
PEERS: st.SearchStrategy[Peer] = st.one_of(
    st.just(ANYONE),
    st.builds(Peer, addresses=BLOCKS),
    st.builds(Peer, interfaces=NAMES),
    st.builds(Peer, addresses=BLOCKS, interfaces=NAMES),
)
SUBJECTS = st.one_of(*[st.just(ANYONE)] * 3, PEERS)
CONDITIONS = st.sampled_from(("",) * 12 + ("ICMP type 8",))

SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
"""Whether to search long; each infrastructure makes thousands of probes."""


@st.composite
def _rules(draw: st.DrawFn, actions: tuple[Action, ...]) -> FilterRule:
    text = draw(st.sampled_from(TRAFFIC))
    traffic = parse_traffic(text) if text else None
    action = draw(st.sampled_from(actions))
    return FilterRule(action, draw(PEERS), traffic, draw(CONDITIONS), subject=draw(SUBJECTS))


@st.composite
def _filters(draw: st.DrawFn, title: str, actions: tuple[Action, ...]) -> Filter:
    guards = draw(NAMES)
    possible = draw(st.one_of(st.just(frozenset[str]()), st.just(frozenset[str]()), NAMES)) & guards
    rules = draw(st.lists(_rules(actions), max_size=5))
    return Filter(title, guards, tuple(rules), possible if draw(st.integers(0, 4)) == 4 else frozenset())


@st.composite
def _tiers(draw: st.DrawFn, direction: Direction, last: bool) -> Tier:
    """One tier. Only the `last` one of a direction allows for good; what others let through, these look at again."""
    letting = (Action.ALLOW, Action.NEXT) if last else (Action.NEXT,)
    union = draw(st.booleans())
    actions = letting if union else (*letting, Action.DENY, Action.DENY)
    layer = draw(st.sampled_from(("group", "list")))
    filters = [
        draw(_filters(f"{layer} {draw(st.sampled_from('xyz'))}", actions)) for _ in range(draw(st.integers(1, 3)))
    ]
    ranks = (tuple(filters),) if union else tuple((each,) for each in filters)
    judged = draw(st.sampled_from(("first", "first", "every", "replies")))
    isolating = union or draw(st.booleans())
    return Tier(layer, direction, ranks, isolating, stateless=judged == "every", replies=judged == "replies")


@st.composite
def infrastructures(draw: st.DrawFn) -> Infrastructure:
    """Up to three tiers for each direction; several may have the same name."""
    tiers = [
        draw(_tiers(direction, last=place == count - 1))
        for direction in Direction
        for count in [draw(st.integers(0, 3))]
        for place in range(count)
    ]
    return Infrastructure(draw(st.sampled_from((MEMBERS, MEMBERS[:3], MEMBERS[1:]))), tiers)
