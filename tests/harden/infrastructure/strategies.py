"""Random intents: a few groups of machines and load balancers, with openings that overlap, in both families."""

from __future__ import annotations

from hypothesis import strategies as st

from crenel.harden.infrastructure.model import End, Group, Member, Opening, Sort, Subnet, Wanted
from crenel.network.addresses import AddressSet
from crenel.network.rules import Direction
from crenel.network.traffic import Match, parse_traffic

CIDRS = (
    "10.0.1.0/24", "10.0.2.0/23", "10.0.2.10/31", "10.0.0.0/8", "203.0.113.0/25", "203.0.113.64/26", "203.0.113.129",
    "0.0.0.0/0", "0.0.0.0/1", "2001:db8:2::/64", "2001:db8::/32", "2001:db8:2::a", "::/0",
)  # fmt: skip
TRAFFIC = (
    "TCP/443", "TCP/80,443-445", "TCP/1-1023", "TCP/1024-65535", "TCP/30000-32767", "TCP", "UDP/53", "UDP/8472", "UDP",
    "ICMP", "ICMPv6", "",
)  # fmt: skip
RARE = ("SCTP/2905", "SCTP", "4", "47", "50")
GROUPS = (
    Group("nodes", Sort.NODES, (
        Member("eni-1", AddressSet.of("10.0.2.10", "2001:db8:2::a"), "n1", "subnet-n"),
        Member("eni-2", AddressSet.of("10.0.2.11"), "n2", "subnet-n"),
    ), AddressSet.of("10.0.2.0/24")),
    Group("lb-shop", Sort.BALANCER, (Member("eni-lb", AddressSet.of("10.0.1.99", "2001:db8:1::63"), "", "subnet-f"),)),
    Group("control-plane", Sort.CONTROL_PLANE, (Member("eni-cp", AddressSet.of("10.0.3.5"), "", "subnet-c"),)),
)  # fmt: skip
SUBNETS = (
    Subnet("subnet-n", AddressSet.of("10.0.2.0/24", "2001:db8:2::/64")),
    Subnet("subnet-f", AddressSet.of("10.0.1.0/24", "2001:db8:1::/64")),
    Subnet("subnet-c", AddressSet.of("10.0.3.0/24"), ("eni-db",)),
)
NAMES = tuple(each.name for each in GROUPS)


def traffic(rare: bool) -> st.SearchStrategy[tuple[Match, ...] | None]:
    """Some traffic, or all of it; with `rare` protocols that some platforms have no words for."""
    texts = st.sampled_from((*TRAFFIC, *RARE) if rare else TRAFFIC)
    return texts.map(lambda text: parse_traffic(text) if text else None)


ADDRESSES = st.lists(st.sampled_from(CIDRS), min_size=1, max_size=3).map(lambda some: AddressSet.of(*some))
GROUPED = st.frozensets(st.sampled_from(NAMES), min_size=1, max_size=2)
ENDS = st.one_of(
    st.builds(End, addresses=ADDRESSES), st.builds(End, groups=GROUPED), st.builds(End, GROUPED, ADDRESSES)
)


def intents(rare: bool = False) -> st.SearchStrategy[Wanted]:
    """Intents of up to eight openings."""
    opening = st.builds(
        Opening, st.sampled_from(NAMES), st.sampled_from(list(Direction)), ENDS, traffic(rare),
        st.sampled_from(("web", "kubelet", "names of hosts", "")),
    )  # fmt: skip
    network, pods = st.sampled_from(("", "vpc-1")), st.sampled_from((AddressSet.of("10.244.0.0/16"), AddressSet()))
    return st.builds(Wanted, st.just(GROUPS), st.lists(opening, max_size=8), st.just(SUBNETS), network, pods)
