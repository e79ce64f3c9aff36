"""The map by namespace says of each pair of namespaces what its pods, one by one, say."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, TypeAlias

import pytest

import crenel
from crenel.bits import members
from crenel.network.lowering import View
from crenel.questions.connections import everything
from crenel.questions.namespaces import collapse
from crenel.questions.parties import Party

Fact: TypeAlias = tuple[str, str, int | None, str, tuple[tuple[str, str], ...], str]
"""Source, destination, family of the view, certainty, traffic, extent."""

PORTS = (80, 443, "http")


@pytest.mark.parametrize("seed", range(100))
def test_agrees_with_the_pods(seed: int) -> None:
    """Random clusters, with one family or both: every pair has the traffic, certainty and extent of its pods."""
    net = crenel.load(list(objects(random.Random(seed))))
    assert set(stated(net)) == set(counted(net))


def test_an_open_cluster_is_three_lines() -> None:
    """Five hundred namespaces without a policy are not 250,000 lines."""
    net = crenel.load([workload(f"team-{number}", "web", {}) for number in range(500)])
    lines = [(each.connection.source, each.connection.destination, each.extent) for each in collapsed(net)]
    assert lines == [("*", "*", "all"), ("*", "0.0.0.0/0", "all"), ("0.0.0.0/0", "*", "all")]


def collapsed(net: crenel.Network) -> list[Any]:
    """The lines of the map by namespace."""
    return collapse(net.model.network, everything(net.parties))


def stated(net: crenel.Network) -> Iterator[Fact]:
    """What the collapsed map says, pair by pair and family by family."""
    spaces = net.parties.groups
    views = net.model.network.views
    for each in collapsed(net):
        connection = each.connection
        for source in named(connection.sources, list(spaces)):
            for destination in named(connection.destinations, list(spaces)):
                for view in views:
                    if connection.family in (None, view.family) and ways(net, view, source, destination):
                        yield (
                            source, destination, view.family, connection.certainty, connection.traffic, each.extent,
                        )  # fmt: skip


def named(party: Party, spaces: list[str]) -> list[str]:
    """The namespaces that a party stands for; none when it is outside."""
    if party.outside:
        return []
    if party.names == ("*",):
        return [space for space in spaces if f"{space}/*" not in party.exceptions]
    return [name.removesuffix("/*") for name in party.names]


def counted(net: crenel.Network) -> Iterator[Fact]:
    """The same, by asking for each pair of pods."""
    network = net.model.network
    for view in network.views:
        for source in net.parties.groups:
            for destination in net.parties.groups:
                found = []
                for one, other in ways(net, view, source, destination):
                    solved = network.solve(view, 1 << one, 1 << other)
                    found.append([sum({r.traffic for r in solved if r.sure is sure}) for sure in (True, False)])
                taken = 0
                for rank, certainty in enumerate(("sure", "possible")):
                    union = 0
                    for masks in found:
                        union |= masks[rank]
                    union &= ~taken
                    taken |= union
                    if union:
                        extent = "all" if all(masks[rank] & union == union for masks in found) else "some"
                        yield source, destination, view.family, certainty, network.table.describe(union), extent


def ways(net: crenel.Network, view: View, source: str, destination: str) -> list[tuple[int, int]]:
    """The pairs of endpoints that a family has, but for those that are one pod."""
    groups, endpoints = net.parties.groups, net.model.network.endpoints
    return [
        (one, other)
        for other in members(groups[destination] & view.destinations)
        for one in members(groups[source] & view.sources_of(other))
        if one != other or not (endpoints[one].replicas == 1 or endpoints[one].hosted)
    ]


def objects(chance: random.Random) -> Iterator[dict[str, Any]]:
    """A small cluster with some policies."""
    spaces = [f"n{number}" for number in range(chance.randint(1, 4))]
    addressed = chance.random() < 0.5
    for space in spaces:
        for number in range(chance.randint(1, 3)):
            yield (pod if addressed else workload)(space, f"w{number}", {"app": f"w{number}"}, chance)
    for number in range(chance.randint(0, 5)):
        yield policy(chance, chance.choice(spaces), f"p{number}", spaces)


def workload(space: str, name: str, labels: dict[str, str], chance: random.Random | None = None) -> dict[str, Any]:
    """A Deployment."""
    container = {"name": "c", "image": "x", "ports": [{"name": "http", "containerPort": 8080}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": space},
        "spec": {
            "replicas": chance.randint(1, 2) if chance else 1,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name, **labels}}, "spec": {"containers": [container]}},
        },
    }


def pod(space: str, name: str, labels: dict[str, str], chance: random.Random) -> dict[str, Any]:
    """A Pod with addresses of one family or both."""
    number = chance.randint(1, 250)
    addresses = chance.choice(
        [[f"10.0.{int(space[1:])}.{number}", f"fd00::{space[1:]}:{number}"], [f"10.0.{int(space[1:])}.{number}"]]
    )
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": space, "labels": labels},
        "spec": {
            "hostNetwork": chance.random() < 0.1,
            "containers": [{"name": "c", "image": "x", "ports": [{"name": "http", "containerPort": 8080}]}],
        },
        "status": {"phase": "Running", "podIPs": [{"ip": address} for address in addresses]},
    }


def policy(chance: random.Random, space: str, name: str, spaces: list[str]) -> dict[str, Any]:
    """A NetworkPolicy with a rule or none."""
    direction, ends = chance.choice([("ingress", "from"), ("egress", "to")])
    peers = [peer(chance, spaces) for _ in range(chance.randint(0, 2))]
    ports = [{"port": port} for port in chance.sample(PORTS, chance.randint(0, 2))]
    rule = {key: value for key, value in ((ends, peers), ("ports", ports)) if value}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": space},
        "spec": {
            "podSelector": chance.choice([{}, {"matchLabels": {"app": "w0"}}]),
            "policyTypes": [direction.capitalize()],
            direction: [rule] if chance.random() < 0.8 else [],
        },
    }


def peer(chance: random.Random, spaces: list[str]) -> dict[str, Any]:
    """Somebody a rule speaks of."""
    return chance.choice(
        [
            {"podSelector": {}},
            {"podSelector": {"matchLabels": {"app": "w1"}}},
            {"namespaceSelector": {}},
            {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": chance.choice(spaces)}}},
            {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "w0"}}},
            {"ipBlock": {"cidr": "10.0.0.0/16", "except": ["10.0.1.0/24"]}},
            {"ipBlock": {"cidr": "fd00::/16"}},
        ]
    )
