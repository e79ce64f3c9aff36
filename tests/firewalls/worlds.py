"""Hand-made infrastructures, one for each way in which platforms put rules together."""

from __future__ import annotations

from dataclasses import replace

from crenel.network.addresses import AddressSet
from crenel.network.firewalls import ANYONE, Filter, FilterRule, Infrastructure, Interface, Peer, Tier, with_tenants
from crenel.network.rules import Action, Direction
from crenel.network.traffic import parse_traffic

A = Interface("a", addresses=AddressSet.of("10.0.1.5", "2001:db8:a::5"))
B = Interface("b", addresses=AddressSet.of("10.0.1.6", "2001:db8:a::6"))
C = Interface("c", addresses=AddressSet.of("10.0.2.5", "10.0.2.9", "2001:db8:b::5"))
ALL = (A, B, C)
IN, OUT = Direction.INGRESS, Direction.EGRESS


def peer(*cidrs: str) -> Peer:
    """Some addresses."""
    return Peer(addresses=AddressSet.of(*cidrs))


def of(*names: str) -> Peer:
    """Some interfaces."""
    return Peer(interfaces=frozenset(names))


def rule(action: Action, whom: Peer, traffic: str = "", only: str = "", subject: Peer = ANYONE) -> FilterRule:
    """A rule; for all traffic without any."""
    return FilterRule(action, whom, parse_traffic(traffic) if traffic else None, only, subject=subject)


def allow(whom: Peer, traffic: str = "") -> FilterRule:
    """A rule that allows for good."""
    return rule(Action.ALLOW, whom, traffic)


def deny(whom: Peer, traffic: str = "") -> FilterRule:
    """A rule that denies."""
    return rule(Action.DENY, whom, traffic)


def leave(whom: Peer, traffic: str = "") -> FilterRule:
    """A rule that lets through its own tier."""
    return rule(Action.NEXT, whom, traffic)


def at(title: str, guards: str, *rules: FilterRule) -> Filter:
    """A filter at the interfaces with one-letter names."""
    return Filter(title, frozenset(guards), rules)


GROUPS = Tier(
    "group", IN,
    ((
        at("web", "a", allow(peer("203.0.113.0/24", "2001:db8:1::/48"), "TCP/443"), allow(of("b"))),
        at("base", "ab", allow(peer("10.0.2.0/28"), "TCP/22"), allow(ANYONE, "ICMP"), allow(ANYONE, "SCTP/2905")),
    ),),
    isolating=True,
)  # fmt: skip
"""Security groups: a union of allowances; one speaks of an interface, the other ones of addresses."""

NSG = Tier(
    "nsg", IN,
    ((at("nsg", "abc", deny(peer("203.0.113.0/25"), "TCP/443"), allow(peer("203.0.113.0/24"), "TCP/443-444"),
         deny(ANYONE, "TCP/1-1023"), allow(ANYONE, "TCP"), allow(ANYONE, "UDP/53"), allow(ANYONE, "ICMPv6")),),),
    isolating=True,
)  # fmt: skip
"""One ordered list with denials before and after what they are about."""

RANKS = Tier(
    "priorities", IN,
    (
        (at("100", "ab", deny(peer("203.0.113.64/26"))), at("100 too", "b", deny(of("c"), "UDP"))),
        (at("200", "abc", allow(peer("203.0.113.0/24", "2001:db8:1::/48"))),),
        (at("300", "a", deny(ANYONE, "TCP/22")), at("300 too", "a", deny(ANYONE, "TCP/22-23"))),
        (at("65535", "abc", deny(peer("0.0.0.0/0"), "UDP"), allow(ANYONE)),),
    ),
)  # fmt: skip
"""A rank for each priority, several rules of one that agree, and a default that is written out."""

FOLDER = Tier(
    "folder", IN,
    ((at("folder", "abc", leave(peer("203.0.113.0/24", "2001:db8:1::/48"), "TCP/1-1023"), deny(ANYONE, "TCP/22"),
         allow(ANYONE, "TCP/8000-8099"), deny(peer("2001:db8:1::/64"), "UDP")),),),
)  # fmt: skip
"""A level above, which decides, goes on to the next level, or leaves it open."""

EGRESS = Tier(
    "group", OUT,
    ((at("out", "ac", allow(peer("10.0.0.0/8"), "TCP/5432"), allow(peer("::/0"), "TCP/443"), allow(of("b"), "UDP")),),),
    isolating=True,
)  # fmt: skip


def acl(direction: Direction, *rules: FilterRule, guards: str = "ab") -> Tier:
    """A stateless list of one direction."""
    return Tier(f"acl of {guards}", direction, ((at(f"acl {guards}", guards, *rules),),), True, stateless=True)


SUBNET = leave(peer("10.0.1.0/24", "2001:db8:a::/64"))
ACLS = [
    acl(OUT, SUBNET, leave(ANYONE, "TCP/32768-60999"), leave(peer("10.0.2.0/24"), "UDP/1024-65535"),
        leave(ANYONE, "ICMP"), leave(peer("2001:db8:1::/48"), "SCTP"), deny(ANYONE, "SCTP/5000"),
        leave(peer("10.0.0.0/8"), "SCTP")),
    acl(IN, SUBNET, deny(peer("203.0.113.7")), leave(ANYONE, "TCP/443"), leave(ANYONE, "UDP/53"), leave(ANYONE, "ICMP"),
        leave(ANYONE, "SCTP"), leave(ANYONE, "TCP/1024-49151")),
]  # fmt: skip
"""Both lists of one subnet; clients get answers at some of their ports."""

OTHER_ACLS = [
    acl(OUT, deny(peer("10.0.1.5"), "TCP/1-2000"), leave(ANYONE), guards="c"),
    acl(IN, leave(peer("10.0.0.0/8")), leave(ANYONE, "TCP/1024-65535"), deny(ANYONE), guards="c"),
]

LOOSE_GROUPS = Tier("group", OUT, ((at("out", "abc", leave(ANYONE, "TCP"), leave(peer("10.0.0.0/8"))),),), True)
"""What stands before lists of the same direction, which have their say as well."""

HOST = [
    Tier(
        "host", IN,
        ((at("input", "ab", allow(ANYONE, "TCP/443"), allow(ANYONE, "UDP/53"), allow(ANYONE, "ICMP")),),),
        isolating=True,
    ),
    Tier(
        "host", OUT,
        ((at("output", "ab", deny(peer("203.0.113.0/24"), "TCP/1024-2047"), deny(of("c"), "UDP")),),),
        replies=True,
    ),
    Tier("host", IN, ((at("input of replies", "b", deny(peer("2001:db8:1::/48"))),),), replies=True),
]  # fmt: skip
"""A firewall of hosts that takes back some of the replies to what it lets in."""

SUBJECTS = Tier(
    "policy", IN,
    ((at("policy", "abc", rule(Action.ALLOW, ANYONE, "TCP/80", subject=peer("10.0.1.0/29", "2001:db8:b::/64")),
         rule(Action.DENY, peer("203.0.113.0/24"), "", subject=of("b")), allow(ANYONE, "UDP/53")),),),
    isolating=True,
)  # fmt: skip
"""Rules that speak of some of those whom their filter guards."""

TWINS = [
    Tier("group", IN, ((at("default", "a", leave(ANYONE, "TCP/443")),),), True),
    Tier("group", IN, ((at("default", "ab", leave(peer("203.0.113.0/24"), "TCP")),),), True),
]
"""Two inputs whose tiers and filters have the same names."""

OPEN = Tier(
    "group", IN,
    ((at("doubtful", "ab", rule(Action.ALLOW, ANYONE, "TCP/1-99", "from source port 53"), deny(ANYONE, "TCP/22"),
         rule(Action.DENY, Peer(unknown=("prefix list pl-1",)), "UDP"), allow(ANYONE, "TCP/443"),
         allow(ANYONE, "UDP")),),),
    isolating=True,
)  # fmt: skip
"""Rules that depend on what the input does not say."""


def landlords() -> Infrastructure:
    """Pods that have addresses of a machine's interface, and are behind its filters; one of them is meant by a rule."""
    meant = Tier("mesh", IN, ((at("mesh", "abc", allow(of("a"), "TCP"), allow(peer("10.0.1.64/26"), "UDP")),),), True)
    tenants = {
        "pod-1": ("a", AddressSet.of("10.0.1.77", "2001:db8:a::77")),
        "pod-2": ("c", AddressSet.of("10.0.2.77")),
    }
    return with_tenants(Infrastructure(ALL, [meant]), tenants)


WORLDS: dict[str, Infrastructure] = {
    name: Infrastructure(ALL, tiers)
    for name, tiers in {
        "a union of groups": [GROUPS],
        "an ordered list": [NSG],
        "ranks": [RANKS],
        "levels in a row": [FOLDER, GROUPS],
        "three levels in a row": [FOLDER, replace(FOLDER, layer="organisation"), NSG],
        "egress": [EGRESS],
        "both directions": [EGRESS, NSG],
        "stateless lists": ACLS,
        "two subnets with lists": [*ACLS, *OTHER_ACLS],
        "groups and lists": [LOOSE_GROUPS, *ACLS, GROUPS],
        "replies": HOST,
        "replies and lists": [*HOST, *OTHER_ACLS],
        "subjects": [SUBJECTS],
        "names that two inputs have": TWINS,
    }.items()
} | {"tenants": landlords()}
