"""The translation against the naive evaluator: any rules, any packet, the same answer."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from crenel.network.traffic import protocol_name
from crenel.network.wire import wire
from crenel.questions.verdict import Outcome
from dialects.azure import samples
from dialects.azure.asking import ask, read
from dialects.azure.reference import Packet, World, passes

MACHINES = {"a": "10.0.1.4", "b": "10.0.1.5", "c": "10.0.2.4", "d": "10.0.2.5", "e": "10.0.3.4"}
SIX = {"a": "fd00:1::4", "c": "fd00:1:0:2::4"}
PREFIXES = [
    "*", "VirtualNetwork", "Internet", "AzureLoadBalancer", "10.0.1.0/24", "10.0.1.4/32", "10.0.1.5", "10.0.0.0/15",
    "8.8.0.0/16", "8.8.8.8", "0.0.0.0/0", "::/0", "fd00:1::/64", "2606:4700::/32",
]  # fmt: skip
PORTS = ["*", "443", "80-443", "0-65535", "22", "1024-65535"]
ADDRESSES = [
    "8.8.8.8",
    "8.8.9.9",
    "9.9.9.9",
    "10.0.77.7",
    "10.1.0.1",
    "192.168.1.1",
    "168.63.129.16",
    "169.254.169.254",
]
ADDRESSES_6 = ["2606:4700::1", "2001:4860::8", "fd00:1::77", "fd00:2::1"]


def ends(which: str) -> st.SearchStrategy[dict[str, Any]]:
    """One end of a rule: a prefix, several prefixes, or groups."""
    single = st.sampled_from(PREFIXES).map(lambda text: {f"{which}AddressPrefix": text})
    cidrs = st.sampled_from([text for text in PREFIXES if text[0].isdigit() or ":" in text])
    several = st.lists(cidrs, min_size=1, max_size=3).map(lambda texts: {f"{which}AddressPrefixes": texts})
    members = st.lists(st.sampled_from(["asg-x", "asg-y"]), min_size=1, max_size=2, unique=True)
    groups = members.map(
        lambda names: {
            f"{which}ApplicationSecurityGroups": [
                samples.refer(samples.identifier("applicationSecurityGroups", each)) for each in names
            ]
        }
    )
    return st.one_of(single, single, several, groups)


@st.composite
def rules(draw: st.DrawFn, priority: int) -> dict[str, Any]:
    """A rule that API takes."""
    protocol = draw(st.sampled_from(["*", "Tcp", "Udp", "Icmp", "Esp"]))
    free = protocol in ("Icmp", "Esp")
    ports = ["*"] if free else draw(st.lists(st.sampled_from(PORTS), min_size=1, max_size=2))
    return {
        "name": f"rule-{priority}", "priority": priority, "direction": draw(st.sampled_from(["Inbound", "Outbound"])),
        "access": draw(st.sampled_from(["Allow", "Deny"])), "protocol": protocol, "sourcePortRange": "*",
        **({"destinationPortRange": ports[0]} if len(ports) == 1 else {"destinationPortRanges": ports}),
        **draw(ends("source")), **draw(ends("destination")),
    }  # fmt: skip


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Five machines in three subnets, up to three groups anywhere."""
    priorities = st.lists(st.integers(100, 140), max_size=6, unique=True)
    groups = [
        samples.group(f"nsg-{number}", *(draw(rules(each)) for each in draw(priorities))) for number in range(3)
    ]  # fmt: skip
    chosen = st.sampled_from(["", "nsg-0", "nsg-1", "nsg-2"])
    network = samples.network(
        samples.subnet("one", "10.0.1.0/24", "fd00:1::/64", group=draw(chosen)),
        samples.subnet("two", "10.0.2.0/24", "fd00:1:0:2::/64", group=draw(chosen)),
        samples.subnet("three", "10.0.3.0/24", group=draw(chosen)),
        space=("10.0.0.0/16", "fd00:1::/48"),
    )
    members = st.lists(st.sampled_from(["asg-x", "asg-y"]), max_size=2, unique=True).map(tuple)
    nics = []
    for name, address in MACHINES.items():
        subnet = {"1": "one", "2": "two", "3": "three"}[address.split(".")[2]]
        groups_of: tuple[str, ...] = draw(members)
        own = [samples.configuration("ipconfig1", address, subnet, groups=groups_of)]
        if name in SIX:
            own.append(samples.configuration("six", SIX[name], subnet, groups=groups_of))
        nics.append(samples.nic(name, *own, group=draw(chosen)))
    return World(groups, network, nics)


FOUR = [*MACHINES.values(), *ADDRESSES]
PAIRS = st.one_of(
    st.tuples(st.sampled_from(FOUR), st.sampled_from(FOUR)),
    st.tuples(st.sampled_from([*SIX.values(), *ADDRESSES_6]), st.sampled_from([*SIX.values(), *ADDRESSES_6])),
)
TRAFFIC = st.one_of(
    st.tuples(st.sampled_from([6, 17]), st.sampled_from([1, 22, 79, 80, 443, 444, 1024, 65535])),
    st.tuples(st.sampled_from([1, 50, 47, 4]), st.just(0)),
)


def unclear(world: World, packet: Packet) -> bool:
    """Whether the vendor's text leaves open what becomes of a packet: ports in a rule for protocols without them."""
    if packet.protocol not in (1, 50, 51):
        return False
    rules = [rule for group in world.groups for rule in group["securityRules"] if rule["protocol"] == "*"]
    return any(
        "*" not in (listed := rule.get("destinationPortRanges") or [rule["destinationPortRange"]])
        and "0-65535" not in listed
        for rule in rules
    )


@settings(max_examples=120, deadline=None)
@given(worlds(), st.lists(st.tuples(PAIRS, TRAFFIC), min_size=20, max_size=20))
def test_each_packet_fares_as_the_vendor_says(
    world: World, asked: list[tuple[tuple[str, str], tuple[int, int]]]
) -> None:  # fmt: skip
    """Allowed where the evaluator passes the packet, denied where it does not, never unknown."""
    ready = wire(read(world.groups, world.network, world.nics))
    names = {address: name for table in (MACHINES, SIX) for name, address in table.items()}
    for (source, destination), (protocol, port) in asked:
        packet = Packet(source, destination, protocol, port)
        if source == destination or unclear(world, packet):
            continue
        traffic = f"{protocol_name(protocol)}/{port}" if port else str(protocol)
        ends_ = [names.get(each, each) for each in (source, destination)]
        found = ask(ready, ends_[0], ends_[1], traffic, 6 if ":" in source else 4)
        expected = Outcome.ALLOWED if passes(world, packet) else Outcome.DENIED
        assert found.outcome is expected, (packet, list(map(str, found.steps)))
