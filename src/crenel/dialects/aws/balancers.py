"""Load balancers: whom they face, where listeners lead, and whose address targets see.

Sources: Elastic Load Balancing, "Application Load Balancers" (a proxy: targets see its address), "Edit target group
attributes for your Network Load Balancer", section "Client IP preservation" (always on for UDP; for TCP and TLS on for
instances and off for addresses unless it is set), "Classic Load Balancers" (a proxy).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from crenel.dialects.aws.records import Card, Estate, Listener, LoadBalancer, TargetGroup
from crenel.network.addresses import AddressSet
from crenel.network.firewalls import UNKNOWN, Answer, Balancer, Fact, Listening, Target
from crenel.network.traffic import TCP, UDP, Match

_PROTOCOLS = {
    "HTTP": (TCP,), "HTTPS": (TCP,), "TCP": (TCP,), "TLS": (TCP,), "SSL": (TCP,), "UDP": (UDP,), "TCP_UDP": (TCP, UDP),
    "QUIC": (UDP,), "TCP_QUIC": (TCP, UDP),
}  # fmt: skip
_TLS = ("HTTPS", "TLS", "SSL")
_SETTABLE = ("TCP", "TLS")
"""Protocols of target groups whose preservation of the client can be set."""


def balancers(estate: Estate) -> Iterator[Balancer]:
    """All load balancers."""
    public: dict[str, AddressSet] = defaultdict(AddressSet)
    for card in estate.cards.values():
        if card.balancer:
            public[card.balancer] |= card.public
    for each in estate.balancers.values():
        hostnames = (each.hostname.lower(),) if each.hostname else ()
        own = public[each.title] if each.title in public else AddressSet()
        listeners = tuple(_listenings(each, estate))
        yield Balancer(each.title, hostnames, own, _facing(each), listeners, each.origin)


def _facing(balancer: LoadBalancer) -> Fact:
    if balancer.internal is None:
        return UNKNOWN
    answer = Answer.NO if balancer.internal else Answer.YES
    says = f"{balancer.title} is {'internal' if balancer.internal else 'internet-facing'}"
    return Fact(answer, says, balancer.origin, balancer.field)


def _listenings(balancer: LoadBalancer, estate: Estate) -> Iterator[Listening]:
    for listener in balancer.listeners:
        groups = [estate.targets.get(arn, TargetGroup(arn, kind="")) for arn in listener.groups]
        targets = tuple(_targets(groups, estate)) if _is_known(listener, groups) else None
        for number in _PROTOCOLS.get(listener.protocol.upper(), ()):
            yield Listening(
                number, listener.port, listener.protocol.upper() in _TLS, targets, _keeps(balancer, groups),
                listener.origin, listener.field,
            )  # fmt: skip


def _is_known(listener: Listener, groups: list[TargetGroup]) -> bool:
    """Whether all that it leads to is known; other load balancers and functions as targets are not told here."""
    known = all(group.targets is not None and group.kind in ("instance", "ip") for group in groups)
    return listener.complete and bool(groups) and known


def _targets(groups: list[TargetGroup], estate: Estate) -> Iterator[Target]:
    for group in groups:
        for identifier, port in group.targets or ():
            if group.kind == "ip":
                yield Target(address=identifier, port=port or group.port)
            else:
                yield Target(machine=estate.machine(identifier), port=port or group.port)


def _keeps(balancer: LoadBalancer, groups: list[TargetGroup]) -> bool | None:
    """Whether targets see the client: None where that is not known, or not the same for all of them."""
    if balancer.kind in ("application", "classic"):
        return False
    answers = {_preserves(group) for group in groups}
    return answers.pop() if balancer.kind == "network" and len(answers) == 1 else None


def _preserves(group: TargetGroup) -> bool | None:
    if group.kind not in ("instance", "ip") or not group.protocol:
        return None
    if group.protocol.upper() not in _SETTABLE:
        return True
    return group.keeps if group.keeps is not None else group.kind == "instance"


def kept(balancer: LoadBalancer, estate: Estate) -> Iterator[Match]:
    """What comes through it to targets with the addresses of clients, or perhaps with them."""
    for listener in balancer.listeners:
        groups = [estate.targets.get(arn, TargetGroup(arn, kind="")) for arn in listener.groups]
        if balancer.kind != "network" or _keeps(balancer, groups) is False:
            continue
        ports = {port or group.port for group in groups for _, port in group.targets or (("", None),)}
        for number in _PROTOCOLS.get(listener.protocol.upper(), ()):
            yield from (Match(number, None if port is None else (port, port)) for port in sorted(ports, key=str))


def stand_ins(estate: Estate) -> Iterator[Card]:
    """Interfaces for load balancers whose own are not in the input: with their groups, in their subnets."""
    shown = {card.balancer for card in estate.cards.values()}
    for each in estate.balancers.values():
        if each.title in shown or each.groups is None:
            continue
        for subnet in each.subnets or ("",):
            name = f"{each.title}{f' in {subnet}' if subnet else ''}"
            yield Card(
                name, subnet, "", AddressSet(), AddressSet(), AddressSet(), each.groups, balancer=each.title,
                origin=each.origin,
            )  # fmt: skip
