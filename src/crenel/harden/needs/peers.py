"""Replicas of one workload that talk to each other: by the names of their ports, or by a headless Service."""

from __future__ import annotations

from collections.abc import Iterator

from crenel.harden.needs.ground import Ground, mapping
from crenel.harden.needs.model import Basket, Evidence, EvidenceKind, Pods, Traffic
from crenel.harden.needs.programs import METRICS, REPLICATING, is_store, program
from crenel.harden.needs.texts import words_of
from crenel.kubernetes.objects.services import Service
from crenel.network.traffic import Match, protocol_number
from crenel.provenance import Origin

_PEER_WORDS = frozenset({
    "mesh", "peer", "peers", "gossip", "cluster", "raft", "replication", "serf", "election", "internode", "galera",
    "epmd", "inter", "bus", "transport", "interbroker", "quorum", "ring", "memberlist", "distribution", "sst", "ist",
    "intra", "infinispan", "jgroups", "hazelcast",
})  # fmt: skip
"""Words in the names of ports by which replicas of one workload talk to each other."""


def alone(ground: Ground, pods: Pods) -> bool:
    """Whether a workload has one pod at most, which no policy keeps from itself."""
    return ground.group(pods).replicas in (0, 1) and len(ground.owners[pods]) == 1


def ports_between(ground: Ground, pods: Pods) -> list[Traffic]:
    """The ports whose names say that they are for replicas."""
    return [traffic for words, traffic in _declared(ground, pods) if _PEER_WORDS & words]


def shared_ports(ground: Ground, pods: Pods) -> list[Traffic]:
    """The same, with all others where replicas are each other's clients; empty where none is for replicas."""
    named = ports_between(ground, pods)
    return _served(ground, pods) if named and program(ground, pods) & REPLICATING else named


def between(ground: Ground, basket: Basket, pods: Pods) -> None:
    """Guess what the replicas of one workload need of each other."""
    if ground.hosted(pods) or alone(ground, pods):
        return
    known = [traffic for source, target, traffic in basket.found if source == target == pods]
    origin = ground.group(pods).origin
    named, governed = shared_ports(ground, pods), list(_governed(ground, pods))
    _add(
        basket, pods, [each for each in named if each not in known], "a port with this name is for its replicas", origin
    )
    if pods.kind != "StatefulSet" or known or not governed:
        return
    others = list(_of_others(ground, pods))
    own = [each for each in governed if each not in others] if others else []
    if not own and not named and is_store(ground, pods):
        own = _served(ground, pods) or governed
    text = "its replicas know each other by a headless Service"
    _add(basket, pods, [each for each in own if each not in named], text, origin)


def _served(ground: Ground, pods: Pods) -> list[Traffic]:
    """All ports of the pods but those for metrics."""
    return [traffic for words, traffic in _declared(ground, pods) if not METRICS & words]


def _declared(ground: Ground, pods: Pods) -> Iterator[tuple[set[str], Traffic]]:
    """The ports of the pods, with the words of their names."""
    for name, protocol, number in ground.group(pods).ports:
        yield set(words_of(name)), Match(protocol_number(protocol), (number, number))


def _add(basket: Basket, pods: Pods, ports: list[Traffic], text: str, origin: Origin) -> None:
    basket.add(pods, pods, ports, Evidence(EvidenceKind.GUESS, text, origin))


def _governed(ground: Ground, pods: Pods) -> Iterator[Traffic]:
    """The ports of the headless Service that gives the pods of a StatefulSet their names."""
    service = _governing(ground, pods)
    if service is not None and service.spec is not None and service.spec.cluster_ip == "None":
        yield from (traffic for end, traffic in ground.behind(service) if end == pods)


def _governing(ground: Ground, pods: Pods) -> Service | None:
    written = ground.written.get(pods)
    name = mapping(written.data.get("spec")).get("serviceName") if written is not None else None
    return ground.services.get((pods.namespace, str(name)))


def _of_others(ground: Ground, pods: Pods) -> Iterator[Traffic]:
    """The ports by which every other Service leads to the pods: those are for clients."""
    governing = _governing(ground, pods)
    for service in ground.decoded.services:
        if service.namespace == pods.namespace and service is not governing:
            yield from (traffic for end, traffic in ground.behind(service) if end == pods)
