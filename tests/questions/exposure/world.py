"""A small cluster on two nodes, with what stands in front of it made by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import crenel
from crenel.dialects.joined import join
from crenel.network.addresses import AddressSet
from crenel.network.firewalls import (
    ANYONE,
    Answer,
    Balancer,
    Fact,
    Filter,
    FilterRule,
    Infrastructure,
    Interface,
    Listening,
    Peer,
    Role,
    Target,
    Tier,
)
from crenel.network.rules import Action, Direction
from crenel.network.traffic import parse_traffic
from crenel.questions.exposure.assumptions import assume
from crenel.questions.exposure.paths import Path
from crenel.questions.exposure.report import Exposure, exposure
from questions.cluster import Object, metadata, node, pod

YES = Fact(Answer.YES, "a route to the internet")
CLIENTS = "198.51.100.0/24"
NODES = (node("n1", "10.0.1.10", pods="10.244.1.0/24"), node("n2", "10.0.2.10", pods="10.244.2.0/24"))
WEB = pod("shop/web", "10.244.1.5", ports={"http": 8080}, nodeName="n1")


def service(name: str, kind: str, *, port: int = 80, annotations: Object | None = None, **spec: Any) -> Object:
    """A Service in front of the pods with its own name as their label; the node port is 30080 where there is one."""
    own = name.rpartition("/")[2]
    ports: list[Object] = [{"port": port, "targetPort": 8080}]
    if kind != "ClusterIP" and spec.get("allocateLoadBalancerNodePorts", True):
        ports[0]["nodePort"] = 30080
    status = spec.pop("status", None)
    made = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(name, annotations=annotations or {}),
        "spec": {"type": kind, "selector": {"app": own}, "ports": ports, **spec},
    }
    return {**made, "status": {"loadBalancer": {"ingress": [status]}}} if status else made


def machine(name: str, address: str, public: str = "") -> Interface:
    """The interface of a node; the internet is routed to it where it has a public address."""
    fact = YES if public else Fact(Answer.NO, "no public address")
    return Interface(
        f"eni-{name}", addresses=AddressSet.of(address), public=AddressSet.of(*([public] if public else [])),
        entered={4: fact}, leaves={4: YES},
    )  # fmt: skip


def group(name: str, guards: Iterable[str], *rules: FilterRule) -> Filter:
    """A group of rules at some interfaces."""
    return Filter(name, frozenset(guards), rules)


def allow(traffic: str, *cidrs: str) -> FilterRule:
    """A rule that allows; from anywhere without CIDRs."""
    peer = Peer(addresses=AddressSet.of(*cidrs)) if cidrs else ANYONE
    return FilterRule(Action.ALLOW, peer, parse_traffic(traffic), field=("rules", 0))


def union(*groups: Filter) -> Tier:
    """A stateful tier that allows what any group does."""
    return Tier("group", Direction.INGRESS, (groups,), isolating=True)


def balancer(public: bool, *, keeps: bool | None, targets: Sequence[Target] | None = None) -> Balancer:
    """A load balancer on port 80 with an interface of its own, `lb`."""
    facing = YES if public else Fact(Answer.NO, "internal")
    listening = Listening(6, 80, targets=None if targets is None else tuple(targets), keeps_client=keeps)
    return Balancer("lb", ("lb.example.com",), facing=facing, listeners=(listening,))


LB = Interface("lb-eni", Role.BALANCER, AddressSet.of("10.0.1.99"), machine="lb", entered={4: YES})


def exposed(objects: Iterable[Object], infrastructure: Infrastructure | None = None, *assumed: str) -> Exposure:
    """What the internet can reach."""
    return exposure(join(crenel.load(list(objects)).given, infrastructure or Infrastructure()), assume(assumed))


def path(report: Exposure, kind: str) -> Path:
    """The one path of a kind."""
    (found,) = [each for each in report.paths if each.entry.kind.value == kind]
    return found


def layers(found: Path) -> dict[str, str]:
    """Each layer's state by its name."""
    return {layer.name: layer.state.value for layer in found.layers}
