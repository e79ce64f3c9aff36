"""Replicas and parts of one program that find each other: by a headless Service, by a port for that, by a ring.

What joins a ring learns there of all other members, and calls those that keep data; no setting names them.
Source: Grafana Loki and Tempo, "Consistent hash rings" and "Memberlist" (members gossip on a port of its own, and ask
ingesters by gRPC); kubernetes.io, "Headless Services".
"""

from __future__ import annotations

from crenel.harden.needs.ground import Ground
from crenel.harden.needs.model import Basket, Evidence, EvidenceKind, Pods, Traffic
from crenel.harden.needs.texts import words_of
from crenel.kubernetes.objects.services import Service
from crenel.network.traffic import Match, protocol_number

_GOSSIP = frozenset({"memberlist", "gossip", "ring", "serf"})
_BETWEEN = frozenset({"discovery", "jgroups"})
"""Words in the names of ports by which replicas find each other."""
_CALLS = frozenset({"grpc", "rpc"})


def own(ground: Ground, basket: Basket, pods: Pods, service: Service, evidence: Evidence) -> None:
    """Add what replicas need of each other when they name the headless Service that leads to all of them."""
    if service.spec is None or service.spec.cluster_ip != "None" or _alone(ground, pods):
        return
    for target, traffic in ground.behind(service):
        if target == pods and _words(ground, pods, traffic) & (_GOSSIP | _BETWEEN):
            basket.add(pods, pods, [traffic], evidence)


def found(ground: Ground, basket: Basket) -> None:
    """Guess what the members of rings need of each other, and replicas by ports with such a name."""
    for pods in ground.owners:
        if not _alone(ground, pods) and not ground.hosted(pods):
            text = "a port with this name is for its replicas"
            evidence = Evidence(EvidenceKind.GUESS, text, ground.group(pods).origin)
            basket.add(pods, pods, _ports(ground, pods, _BETWEEN), evidence)
    for source, target in _members(ground, basket):
        if target.kind == "StatefulSet" and not (source == target and _alone(ground, source)):
            text = "members of one ring ask those of them that keep data"
            evidence = Evidence(EvidenceKind.GUESS, text, ground.group(target).origin)
            basket.add(source, target, _ports(ground, target, _CALLS), evidence)


def _members(ground: Ground, basket: Basket) -> dict[tuple[Pods, Pods], None]:
    """The pairs of one program of which one is known to gossip with the other."""
    return {
        (source, target): None
        for source, target, traffic in basket.found
        if isinstance(source, Pods) and isinstance(target, Pods)
        if _words(ground, target, traffic) & _GOSSIP and _images(ground, source) & _images(ground, target)
        if _ports(ground, source, _GOSSIP)
    }


def _images(ground: Ground, pods: Pods) -> set[str]:
    written = ground.written.get(pods)
    return set(written.images) if written is not None else set()


def _alone(ground: Ground, pods: Pods) -> bool:
    return ground.group(pods).replicas in (0, 1)


def _words(ground: Ground, pods: Pods, traffic: Traffic) -> set[str]:
    """The words in the name of a port of some pods."""
    return {
        word
        for name, protocol, number in ground.group(pods).ports
        if traffic == Match(protocol_number(protocol), (number, number))
        for word in words_of(name)
    }


def _ports(ground: Ground, pods: Pods, words: frozenset[str]) -> list[Traffic]:
    return [
        Match(protocol_number(protocol), (number, number))
        for name, protocol, number in ground.group(pods).ports
        if words & set(words_of(name))
    ]
