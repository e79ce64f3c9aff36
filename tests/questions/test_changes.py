"""A network that was changed is the network that would have been read."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import TypeAlias

import pytest

import crenel
from crenel.questions.diff import Change
from crenel.questions.diff import diff as full_diff
from questions.cluster import Object, app, cluster_policy, namespace, node, pod, policy, port, service, space, workload

Fact: TypeAlias = tuple[str, str, tuple[tuple[str, str], ...], str, str]

NAMES = ("api.example.com", "*.example.com")
NOBODY = {"namespaces": {"matchLabels": {"kubernetes.io/metadata.name": "nowhere"}}}
SPOKEN_OF = cluster_policy("names", 9, egress=[{"action": "Accept", "to": [{"domainNames": list(NAMES)}]}])
SPOKEN_OF["spec"]["subject"] = NOBODY
CLUSTER: list[Object] = [
    namespace("shop"),
    namespace("data"),
    node("k1", "192.168.0.1"),
    workload("shop/web", {"http": 8080}),
    workload("shop/cart", {"http": 9090}, kind="StatefulSet", replicas=2),
    pod("data/db", "10.0.0.1", nodeName="k1", ports={"sql": 5432}),
    pod("data/cache", "10.0.0.2"),
    pod("data/agent", "192.168.0.1", nodeName="k1", hostNetwork=True),
    service("data/db", [{"port": 80, "targetPort": 5432}], {"app": "db"}),
    # Rules for nobody: what they name is told apart before and after any change.
    SPOKEN_OF,
    policy("nowhere/ordinals", {"statefulset.kubernetes.io/pod-name": "cart-0"}, ingress=[]),
]
ENDS = ("shop/web", "shop/cart", "data/db", "data/cache", "203.0.113.7", "10.9.9.9", "node/k1")
TARGETS = (
    "shop/web:8080",
    "shop/cart:http",
    "data/db:5432",
    "data/cache",
    "dns:api.example.com:443",
    "203.0.113.7:443",
    "dns:*.example.com",
    "dns:other.example.com",
    "data/svc/db:80",
)
PORTS = (80, 443, 5432, "http", 8081)


def peer(chance: random.Random) -> Object:
    """Somebody a NetworkPolicy speaks of."""
    cidr = chance.choice(("10.0.0.0/30", "203.0.113.0/24", "0.0.0.0/0", "10.0.0.2/32"))
    return chance.choice([app("web"), app("db"), space("shop"), {"podSelector": {}}, {"ipBlock": {"cidr": cidr}}])


def network_policy(chance: random.Random, name: str) -> Object:
    """Any NetworkPolicy."""
    found: dict[str, list[Object]] = {}
    for word, ends in chance.choice(
        [[("ingress", "from")], [("egress", "to")], [("ingress", "from"), ("egress", "to")]]
    ):
        found[word] = []
        for _ in range(chance.randint(0, 2)):
            rule: Object = {ends: [peer(chance)]} if chance.random() < 0.8 else {}
            if chance.random() < 0.6:
                rule["ports"] = [port(chance.choice(PORTS))]
            found[word].append(rule)
    key = chance.choice(({"app": "db"}, {"app": "web"}, None, {"statefulset.kubernetes.io/pod-name": "cart-0"}))
    return policy(f"{chance.choice(('shop', 'data'))}/{name}", key, **found)


def admin_policy(chance: random.Random, name: str) -> Object:
    """Any ClusterNetworkPolicy."""
    inward = chance.random() < 0.5
    rules = []
    for _ in range(chance.randint(1, 2)):
        rule: Object = {"action": chance.choice(("Accept", "Deny", "Pass"))}
        who: Object = {"namespaces": {}}
        if not inward:
            who = chance.choice([who, {"networks": ["203.0.113.0/25"]}, {"nodes": {}}])
            if rule["action"] == "Accept" and chance.random() < 0.5:
                who = {"domainNames": [chance.choice(("api.example.com", "*.example.com"))]}
        rule["from" if inward else "to"] = [who]
        if chance.random() < 0.5:
            rule["protocols"] = [{"tcp": {"destinationPort": {"number": chance.choice((80, 443))}}}]
        rules.append(rule)
    return cluster_policy(name, chance.randint(0, 2), **{"ingress" if inward else "egress": rules})


def drawn(chance: random.Random, name: str) -> Object:
    """Any policy."""
    return admin_policy(chance, f"admin-{name}") if chance.random() < 0.3 else network_policy(chance, name)


def key_of(each: Object) -> str:
    """How a policy is named to leave it out."""
    space = each["metadata"].get("namespace")
    return "/".join([each["kind"], *([space] if space else []), each["metadata"]["name"]])


def same(one: crenel.Network, other: crenel.Network) -> None:
    """Two networks give one answer to everything."""
    assert listed(one) == listed(other)
    for source in ENDS:
        for target in TARGETS:
            left, right = one.can(source, target), other.can(source, target)
            assert left.outcome == right.outcome, (source, target)
            assert left.passing == right.passing, (source, target)
            assert sorted(step.rule for step in left.trace) == sorted(step.rule for step in right.trace), (
                source,
                target,
            )


def listed(net: crenel.Network) -> set[tuple[object, ...]]:
    """All connections as facts."""
    return {
        (each.source, each.destination, each.traffic, each.certainty, each.family)
        for each in net.connections(expand=True, nodes=True)
    }


def facts(changes: Iterable[Change]) -> set[Fact]:
    """Changes as facts, but for names that questions brought along."""
    return {
        (each.connection.source, each.connection.destination, each.connection.traffic, each.before, each.after)
        for each in changes
        if each.connection.destination.removeprefix("dns:") in NAMES or "dns:" not in each.connection.destination
    }


@pytest.mark.parametrize("seed", range(30))
def test_changed_is_read_anew(seed: int) -> None:
    """Policies added, removed and replaced, one change after another, with names asked about in between."""
    chance = random.Random(seed)
    policies = {key_of(each): each for each in (drawn(chance, f"p{number}") for number in range(chance.randint(0, 3)))}
    net = crenel.load([*CLUSTER, *policies.values()])
    for number in range(3):
        if chance.random() < 0.7:
            net.can("shop/web", f"dns:{chance.choice(('api', 'other', 'x.y'))}.example.com:443")
        gone = chance.sample(sorted(policies), chance.randint(0, min(1, len(policies))))
        come = [drawn(chance, f"p{chance.randint(0, 3)}") for _ in range(chance.randint(0 if gone else 1, 2))]
        come = list({key_of(each): each for each in come}.values())
        changed = net.with_changes(add=come, remove=gone)
        policies = {key: each for key, each in policies.items() if key not in gone}
        policies |= {key_of(each): each for each in come}
        fresh = crenel.load([*CLUSTER, *policies.values()])
        assert fresh.problems == []
        same(changed, fresh)
        quick, full = net.diff(changed, expand=True), full_diff(net.given, fresh.given, expand=True)
        assert facts(quick.added) == facts(full.added), number
        assert facts(quick.removed) == facts(full.removed), number
        net = changed


def test_a_network_is_not_changed_by_a_change() -> None:
    """The network that was changed from answers as before."""
    net = crenel.load(CLUSTER)
    before = listed(net)
    changed = net.with_changes(add=[policy("data/none", ingress=[], egress=[])])
    assert listed(net) == before
    assert listed(changed) != before
    assert listed(changed.with_changes(remove=["NetworkPolicy/data/none"])) == before


def test_what_is_not_there_cannot_be_removed() -> None:
    """To leave out what is not in the input is an error, before and after a change."""
    net = crenel.load(CLUSTER).with_changes(add=[policy("data/none", ingress=[])])
    with pytest.raises(crenel.PlaceError, match="nothing to leave out: no networkpolicy data/nope in the input"):
        net.with_changes(remove=["NetworkPolicy/data/nope"])
    with pytest.raises(crenel.PlaceError, match="cannot read 'nope'"):
        net.with_changes(remove=["nope"])


def test_a_workload_that_is_added() -> None:
    """A change of anything but policies is one of the whole input."""
    net = crenel.load(CLUSTER).with_changes(add=[policy("data/none", ingress=[])])
    changed = net.with_changes(add=[workload("data/new")], remove=["Pod/data/cache"])
    fresh = [each for each in CLUSTER if each["metadata"]["name"] != "cache"]
    assert listed(changed) == listed(crenel.load([*fresh, policy("data/none", ingress=[]), workload("data/new")]))


def test_rewriting_keeps_earlier_changes() -> None:
    """Documents that take the place of others leave policies away that were taken away before, and keep new ones."""
    closed = crenel.load([*CLUSTER, policy("data/closed", ingress=[])])
    changed = closed.with_changes([policy("shop/closed", ingress=[])], ["NetworkPolicy/data/closed"])
    assert listed(changed) == listed(changed.rewritten([])) != listed(closed)
    assert changed.rewritten([]).can("shop/web", "data/db", "TCP/5432").allowed
    assert not changed.rewritten([]).can("data/db", "shop/web", "TCP/8080").allowed
