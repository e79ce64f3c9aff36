"""The translation against the naive evaluator: any rules, any packet and its reply, the same answer."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from crenel.network.addresses import Family
from crenel.network.traffic import PORTED, Match
from crenel.network.wire import wire
from crenel.questions.crossing import block_of, crossing
from dialects.aws import samples
from dialects.aws.asking import read
from dialects.aws.reference import Packet, World, answered

VPC = "10.0.0.0/16"
SUBNETS = [
    samples.subnet("subnet-a", "10.0.1.0/24", "2600:1f18:a::/64"),
    samples.subnet("subnet-b", "10.0.2.0/24", "2600:1f18:b::/64"),
]
HOMES = {
    "eni-a": ("subnet-a", "10.0.1.10", "2600:1f18:a::10"),
    "eni-b": ("subnet-a", "10.0.1.11", ""),
    "eni-c": ("subnet-b", "10.0.2.10", "2600:1f18:b::10"),
    "eni-d": ("subnet-b", "10.0.2.11", ""),
}
LISTS = {"pl-1": ["8.8.8.0/24", "10.0.2.0/25"], "pl-2": ["2a00::/16"]}
GROUPS = ("sg-x", "sg-y", "sg-z")
CIDRS = [
    "0.0.0.0/0",
    "::/0",
    "10.0.0.0/16",
    "10.0.1.0/24",
    "10.0.2.10/32",
    "8.8.0.0/16",
    "8.8.8.8/32",
    "2600:1f18::/32",
    "2600:1f18:b::/64",
    "2a00::/12",
]
OUTSIDE = ["8.8.8.8", "8.8.9.9", "10.0.77.7", "192.168.1.1", "10.0.0.2", "10.0.2.3", "169.254.169.254", "2a00::1",
           "2606:4700::1", "fd00:ec2::254"]  # fmt: skip
PORTS = [(0, 65535), (443, 443), (80, 1024), (1024, 65535), (32768, 60999), (1, 2000)]
PROTOCOLS = ["-1", "tcp", "udp", "icmp", "icmpv6", "6", "17", "47", "50"]
NUMBERS = (6, 17, 1, 58, 47, 132)


@st.composite
def permissions(draw: st.DrawFn) -> dict[str, Any]:
    """A rule of a security group, for peers of one sort."""
    protocol, (low, high) = draw(st.sampled_from(PROTOCOLS)), draw(st.sampled_from(PORTS))
    ends = (-1, -1) if protocol.startswith("icmp") else (low, high)
    some = draw(st.sampled_from([CIDRS, GROUPS, tuple(LISTS)]))
    named = tuple(draw(st.lists(st.sampled_from(some), min_size=1, max_size=2, unique=True)))
    if some is GROUPS:
        return samples.permission(protocol, *ends, groups=named)
    return samples.permission(protocol, *ends, *(named if some is CIDRS else ()), lists=() if some is CIDRS else named)


@st.composite
def entries(draw: st.DrawFn) -> dict[str, Any]:
    """An entry of a network ACL; ports are written for all protocols."""
    protocol, (low, high) = draw(st.sampled_from(["-1", "6", "17", "1", "58", "47"])), draw(st.sampled_from(PORTS))
    action = draw(st.sampled_from(["allow", "allow", "deny"]))
    number, egress = draw(st.integers(1, 400)), draw(st.booleans())
    made = samples.entry(number, action, protocol, low, high, draw(st.sampled_from(CIDRS)), egress=egress)
    return made if protocol in ("6", "17", "47") else {name: each for name, each in made.items() if name != "PortRange"}


@st.composite
def acls(draw: st.DrawFn, name: str, subnet: str) -> dict[str, Any]:
    """A network ACL; numbers of a direction are unique. Most let through what no entry before has denied."""
    listed = draw(st.lists(entries(), max_size=6, unique_by=lambda one: (one["RuleNumber"], one["Egress"])))
    late = [{**each, "RuleNumber": each["RuleNumber"] + 1000} for each in samples.OPEN]
    return samples.acl(name, (subnet,), *listed, *(late if draw(st.integers(0, 3)) else ()))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Four interfaces in two subnets, three groups, two lists."""
    groups = [
        samples.group(
            name,
            *draw(st.lists(permissions(), max_size=3)),
            outwards=(samples.EVERYTHING,) if draw(st.booleans()) else tuple(draw(st.lists(permissions(), max_size=3))),
        )
        for name in GROUPS
    ]
    cards = [
        samples.card(
            name, subnet, address, *draw(st.lists(st.sampled_from(GROUPS), max_size=2, unique=True)), six=six
        )
        for name, (subnet, address, six) in HOMES.items()
    ]  # fmt: skip
    listed = [draw(acls("acl-a", "subnet-a")), draw(acls("acl-b", "subnet-b"))]
    return World(groups, listed, cards, SUBNETS, LISTS, VPC)


def documents(world: World) -> list[dict[str, Any]]:
    """A world as the command line prints it."""
    return [
        {"SecurityGroups": world.groups},
        {"NetworkAcls": world.acls},
        {"NetworkInterfaces": world.cards},
        {"Subnets": world.subnets},
        {"RouteTables": [samples.table("rtb-1", (world.vpc, "local"), ("0.0.0.0/0", "igw-1"), main=True)]},
        *({"PrefixListId": name, "Entries": [{"Cidr": cidr} for cidr in cidrs]} for name, cidrs in LISTS.items()),
    ]


ENDS = [address for _, *addresses in HOMES.values() for address in addresses if address]
PAIRS = [
    (one, other)
    for one in [*ENDS, *OUTSIDE]
    for other in [*ENDS, *OUTSIDE]
    if one != other and (":" in one) == (":" in other) and (one in ENDS or other in ENDS)
]


@settings(max_examples=100)
@given(worlds(), st.lists(st.sampled_from(PAIRS), min_size=4, max_size=8, unique=True), st.randoms())
def test_the_naive_evaluator_agrees(world: World, pairs: list[tuple[str, str]], chance: Any) -> None:
    """What the model says of the first packet and of the reply to each port of a client, the evaluator says too."""
    ready = wire(read(*documents(world)))
    names = {address: name for name, (_, *own) in HOMES.items() for address in own}
    for source, destination in pairs:
        family: Family = 6 if ":" in source else 4
        ends = [
            ready.index(names[end]) if end in names else block_of(ready.forth, end) for end in (source, destination)
        ]
        for protocol in NUMBERS:
            port = chance.choice((1, 80, 443, 1500, 33000)) if protocol in PORTED else 0
            found = crossing(ready, family, ends[0], ends[1], (Match(protocol, (port, port) if port else None),))
            for client in (1024, 2001, 40000, 61000) if port else (0,):
                back = ready.back.table.mask(Match(protocol, (client, client) if client else None)) & found.reply.asked
                model = found.request.sure == found.request.asked and found.reply.sure & back == back
                packet = Packet(source, destination, protocol, client, port)
                assert model == answered(world, packet), packet
                assert found.request.sure == found.request.possible
                assert found.reply.sure & back == found.reply.possible & back
