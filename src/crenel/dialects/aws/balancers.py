"""Load balancers: whom they face, where listeners lead, and whose address targets see.

Sources: Elastic Load Balancing, "Application Load Balancers" (a proxy: targets see its address), "Network Load
Balancers, Client IP preservation" (on for instances; off by default for addresses behind TCP and TLS, on for UDP),
"Classic Load Balancers".
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.dialects.aws.records import Card, Estate, LoadBalancer, TargetGroup
from crenel.network.addresses import AddressSet
from crenel.network.firewalls import UNKNOWN, Answer, Balancer, Fact, Listening, Target
from crenel.network.traffic import TCP, UDP

_PROTOCOLS = {
    "HTTP": (TCP,), "HTTPS": (TCP,), "TCP": (TCP,), "TLS": (TCP,), "SSL": (TCP,), "UDP": (UDP,), "TCP_UDP": (TCP, UDP),
    "QUIC": (UDP,), "TCP_QUIC": (TCP, UDP),
}  # fmt: skip
_TLS = ("HTTPS", "TLS", "SSL")


def name_of(balancer: LoadBalancer) -> str:
    """What interfaces and reports call it."""
    return balancer.name or balancer.arn


def balancers(estate: Estate) -> Iterator[Balancer]:
    """All load balancers."""
    for each in estate.balancers.values():
        hostnames = (each.hostname.lower(),) if each.hostname else ()
        own = AddressSet()
        for card in estate.cards.values():
            if card.balancer and card.machine == name_of(each):
                own |= card.public
        listeners = tuple(_listenings(each, estate))
        yield Balancer(name_of(each), hostnames, own, _facing(each), listeners, each.origin)


def _facing(balancer: LoadBalancer) -> Fact:
    if balancer.internal is None:
        return UNKNOWN
    answer = Answer.NO if balancer.internal else Answer.YES
    says = f"{name_of(balancer)} is {'internal' if balancer.internal else 'internet-facing'}"
    return Fact(answer, says, balancer.origin, (*balancer.field, "Scheme"))


def _listenings(balancer: LoadBalancer, estate: Estate) -> Iterator[Listening]:
    for protocol, port, arns, origin, field in balancer.listeners:
        groups = [estate.targets[arn] for arn in arns if arn in estate.targets]
        known = groups and all(group.targets is not None and group.kind in ("instance", "ip") for group in groups)
        targets = tuple(target for group in groups for target in _targets(group, estate)) if known else None
        for number in _PROTOCOLS.get(protocol.upper(), ()):
            keeps = _keeps(balancer, groups, number)
            yield Listening(number, port, protocol.upper() in _TLS, targets, keeps, origin, field)


def _targets(group: TargetGroup, estate: Estate) -> Iterator[Target]:
    for identifier, port in group.targets or ():
        if group.kind == "ip":
            yield Target(address=identifier, port=port or group.port)
        else:
            yield Target(machine=estate.machine(identifier), port=port or group.port)


def _keeps(balancer: LoadBalancer, groups: list[TargetGroup], protocol: int) -> bool | None:
    if balancer.kind in ("application", "classic"):
        return False
    if balancer.kind != "network" or not groups:
        return None
    kinds = {group.kind for group in groups}
    if kinds == {"instance"}:
        return True
    return protocol == UDP if kinds == {"ip"} else None


def stand_ins(estate: Estate) -> Iterator[Card]:
    """Interfaces for load balancers whose own are not in the input: with their groups, in their subnets."""
    for each in estate.balancers.values():
        mine = [card for card in estate.cards.values() if card.balancer and card.machine == name_of(each)]
        if mine or each.groups is None:
            continue
        for subnet in each.subnets or ("",):
            known = estate.subnets.get(subnet)
            yield Card(
                f"{name_of(each)}{f' in {subnet}' if subnet else ''}", subnet, known.network if known else "",
                AddressSet(), AddressSet(), AddressSet(), each.groups, name_of(each), True, each.origin,
            )  # fmt: skip
