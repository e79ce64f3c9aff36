"""One intent as people have it: nodes, a control plane and a load balancer in three subnets, in both families."""

from __future__ import annotations

from crenel.harden.infrastructure.model import End, Group, Member, Opening, Sort, Wanted
from crenel.network.addresses import AddressSet
from crenel.network.rules import Direction
from crenel.network.traffic import parse_traffic
from harden.infrastructure.strategies import SUBNETS

GROUPS = (
    Group("nodes", Sort.NODES, (
        Member("eni-1", AddressSet.of("10.0.2.10", "2001:db8:2::a"), "n1", "subnet-n"),
        Member("eni-2", AddressSet.of("10.0.2.11", "2001:db8:2::b"), "n2", "subnet-n"),
    ), AddressSet.of("10.0.2.0/24", "2001:db8:2::/64")),
    Group("lb-shop", Sort.BALANCER, (Member("eni-lb", AddressSet.of("10.0.1.99", "2001:db8:1::63"), "", "subnet-f"),)),
    Group("control-plane", Sort.CONTROL_PLANE, (
        Member("eni-cp", AddressSet.of("10.0.3.5", "2001:db8:3::5"), "", "subnet-c"),
    )),
)  # fmt: skip
IN, OUT = Direction.INGRESS, Direction.EGRESS


def of(*groups: str) -> End:
    """Members of groups."""
    return End(frozenset(groups))


def at(*cidrs: str) -> End:
    """Addresses."""
    return End(addresses=AddressSet.of(*cidrs))


def opening(group: str, direction: Direction, end: End, traffic: str = "", why: str = "") -> Opening:
    """One opening; for all traffic without any."""
    return Opening(group, direction, end, parse_traffic(traffic) if traffic else None, why)


SHOP = Wanted(
    GROUPS,
    [
        opening("nodes", IN, of("nodes"), "UDP/8472", "Flannel's tunnel"),
        opening("nodes", OUT, of("nodes"), "UDP/8472", "Flannel's tunnel"),
        opening("nodes", IN, of("lb-shop"), "TCP/30443", "Service shop/web"),
        opening("lb-shop", OUT, of("nodes"), "TCP/30443", "Service shop/web"),
        opening("lb-shop", IN, at("0.0.0.0/0", "::/0"), "TCP/443", "Service shop/web"),
        opening("nodes", IN, of("control-plane"), "TCP/10250", "kubelets"),
        opening("control-plane", OUT, of("nodes"), "TCP/10250", "kubelets"),
        opening("nodes", OUT, of("control-plane"), "TCP/6443", "the API server"),
        opening("control-plane", IN, of("nodes"), "TCP/6443", "the API server"),
        opening("nodes", OUT, at("203.0.113.0/25", "203.0.113.129", "2001:db8:f::/48"), "TCP/443", "registries"),
        opening("nodes", IN, at("10.0.9.0/28"), "TCP/22", "administrators"),
        opening("nodes", IN, at("10.0.9.0/28"), "ICMP", "administrators"),
    ],
    SUBNETS,
    "vpc-1",
    AddressSet.of("10.244.0.0/16"),
)  # fmt: skip
