"""The smallest change that would allow a denied connection: it works, and it opens no more than it says."""

from __future__ import annotations

import random

import msgspec
import pytest
import yaml

import crenel
from crenel.questions.remedies.proposal import Remedy, manifest
from questions.cluster import Object, app, cluster_policy, namespace, pod, policy, port, space, workload

BASE: list[Object] = [
    namespace("shop"),
    namespace("data"),
    workload("shop/web"),
    workload("shop/cart"),
    workload("data/db"),
    workload("data/cache"),
]
PLACED: list[Object] = [
    namespace("shop"),
    namespace("data"),
    pod("shop/web", "10.0.0.1"),
    pod("shop/cart", "10.0.0.9"),
    pod("data/db", "10.0.0.2"),
    pod("data/cache", "10.0.0.10"),
]
NONE: list[Object] = []
FROM_CART = [{"from": [{**space("shop"), **app("cart")}], "ports": [port(5432)]}]
DENY_SHOP = {"action": "Deny", "from": [{"namespaces": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}}]}


def load(*objects: Object) -> crenel.Network:
    """A network without problems."""
    net = crenel.load(list(objects))
    assert net.problems == []
    return net


def applied(net: crenel.Network, found: Remedy) -> crenel.Network:
    """The network with all edits made, read again from their text."""
    last = {edit.title: edit for edit in found.edits}
    return net.with_changes(add=[yaml.safe_load(manifest(edit.policy)) for edit in last.values()])


def others(net: crenel.Network, changed: crenel.Network, source: str, target: str) -> list[str]:
    """What else a change adds to a network."""
    added = net.diff(changed).added
    pairs = {(each.connection.source, each.connection.destination) for each in added}
    return sorted(f"{one} to {other}" for one, other in pairs if (one, other) != (source, target.rpartition(":")[0]))


@pytest.mark.parametrize(
    ("policies", "source", "target", "edits", "extra"),
    [
        # A policy of its own, or a rule, allows exactly what was asked for.
        (
            [policy("data/none", ingress=NONE)],
            "shop/web",
            "data/db:5432",
            ["add a NetworkPolicy"],
            [],
        ),
        (
            [policy("data/db", {"app": "db"}, ingress=NONE)],
            "shop/web",
            "data/db:5432",
            ["add a rule to `ingress` of networkpolicy data/db"],
            [],
        ),
        # A peer where the ports are the same.
        (
            [policy("data/db", {"app": "db"}, ingress=FROM_CART)],
            "shop/web",
            "data/db:5432",
            ["add to `from` of ingress rule 1 of networkpolicy data/db"],
            [],
        ),
        # A port where the peers are the same.
        (
            [policy("data/db", {"app": "db"}, ingress=FROM_CART)],
            "shop/cart",
            "data/db:5433",
            ["add to the ports of ingress rule 1 of networkpolicy data/db"],
            [],
        ),
        # Neither the same: widening would open more than a rule of its own.
        (
            [policy("data/db", {"app": "db"}, ingress=FROM_CART)],
            "shop/web",
            "data/db:5433",
            ["add a rule to `ingress` of networkpolicy data/db"],
            [],
        ),
        # Out and in: two edits.
        (
            [policy("shop/web", {"app": "web"}, egress=NONE), policy("data/db", {"app": "db"}, ingress=NONE)],
            "shop/web",
            "data/db:5432",
            [
                "add a rule to `egress` of networkpolicy shop/web",
                "add a rule to `ingress` of networkpolicy data/db",
            ],
            [],
        ),
        # An admin policy denies: a rule that accepts, before it.
        (
            [
                cluster_policy(
                    "guard",
                    1,
                    ingress=[{"action": "Pass", "from": [{"namespaces": {"matchLabels": {"a": "b"}}}]}, DENY_SHOP],
                )
            ],
            "shop/web",
            "data/db:5432",
            ["put before ingress rule 2 of clusternetworkpolicy guard"],
            ["data/cache"],
        ),
        # Somebody outside, in and out.
        (
            [policy("data/db", {"app": "db"}, ingress=NONE)],
            "203.0.113.7",
            "data/db:5432",
            ["add a rule to `ingress` of networkpolicy data/db"],
            [],
        ),
        (
            [policy("data/db", {"app": "db"}, egress=NONE)],
            "data/db",
            "203.0.113.0/24:443",
            ["add a rule to `egress` of networkpolicy data/db"],
            [],
        ),
    ],
)
def test_what_is_proposed(policies: list[Object], source: str, target: str, edits: list[str], extra: list[str]) -> None:
    """Fewest edits, then least extra access; with them in place the connection is allowed."""
    net = load(*PLACED, *policies)
    assert not net.can(source, target).allowed
    found = net.remedy(source, target)
    assert found is not None
    assert [edit.text for edit in found.edits] == edits
    assert bool(found.extra) == bool(extra)
    assert [each for each in extra if not net.can(source, f"{each}:5432").allowed] == extra
    assert applied(net, found).can(source, target).allowed


def test_an_address_outside_becomes_an_ip_block() -> None:
    """The edit names the address that was asked for and nothing around it."""
    net = load(*BASE, policy("data/db", {"app": "db"}, ingress=[]))
    found = net.remedy("203.0.113.7", "data/db:5432")
    assert found is not None
    assert found.edits[0].yaml == (
        "- from:\n  - ipBlock:\n      cidr: 203.0.113.7/32\n  ports:\n  - protocol: TCP\n    port: 5432"
    )
    changed = applied(net, found)
    assert changed.can("203.0.113.7", "data/db:5432").allowed
    assert not changed.can("203.0.113.8", "data/db:5432").allowed


@pytest.mark.parametrize(
    ("policies", "source", "target", "traffic"),
    [
        ([], "shop/web", "data/db:5432", None),
        ([policy("data/db", ingress=[])], "shop/web", "data/db", "ICMP"),
        ([policy("data/db", ingress=[])], "internet", "data/db:5432", None),
        (
            [cluster_policy("g", 1, ingress=[{"action": "Deny", "from": [{"namespaces": {}}]}] * 25)],
            "shop/web",
            "data/db:1",
            None,
        ),
    ],
)
def test_nothing_to_propose(policies: list[Object], source: str, target: str, traffic: str | None) -> None:
    """Nothing is proposed for what is allowed, for what no policy can say, for many ends, or past the API's limits."""
    assert load(*BASE, *policies).remedy(source, target, traffic) is None


def peer(chance: random.Random) -> Object:
    """Somebody a rule speaks of."""
    return chance.choice(
        [app("web"), space("shop"), {**space("shop"), **app("cart")}, {"ipBlock": {"cidr": "10.0.0.0/29"}}]
    )


def some_policies(chance: random.Random) -> list[Object]:
    """Policies that often deny."""
    found = []
    for number in range(chance.randint(1, 4)):
        inward = chance.random() < 0.6
        rules: list[Object] = []
        for _ in range(chance.randint(0, 2)):
            rule: Object = {"from" if inward else "to": [peer(chance) for _ in range(chance.randint(1, 2))]}
            if chance.random() < 0.7:
                rule["ports"] = [port(chance.choice((80, 443, 5432)))]
            rules.append(rule)
        selects = chance.choice([None, {"app": chance.choice(("web", "cart", "db", "cache"))}])
        directions = {"ingress" if inward else "egress": rules}
        found.append(policy(f"{chance.choice(('shop', 'data'))}/p{number}", selects, **directions))
    if chance.random() < 0.3:
        pass_on = {**DENY_SHOP, "action": "Pass"}
        found.append(cluster_policy("guard", 1, ingress=chance.choice([[DENY_SHOP], [pass_on, DENY_SHOP]])))
    return found


@pytest.mark.parametrize("seed", range(50))
def test_whatever_is_proposed_works(seed: int) -> None:
    """Random clusters: each change makes the question allowed, and `extra` is empty just where nothing else opens."""
    chance = random.Random(seed)
    net = load(*PLACED, *some_policies(chance))
    ends = ["shop/web", "shop/cart", "data/db", "data/cache"]
    for source in [*ends, "203.0.113.7"]:
        target = f"{chance.choice([each for each in ends if each != source])}:{chance.choice((80, 5432))}"
        outcome = net.can(source, target).outcome.value
        found = net.remedy(source, target)
        if outcome != "denied":
            assert found is None or outcome in ("unknown", "partial")
            continue
        assert found is not None, (source, target)
        changed = applied(net, found)
        assert changed.can(source, target).allowed, (source, target, found)
        if source in ends:
            assert bool(found.extra) == bool(others(net, changed, source, target)), (source, target, found)


def test_an_edit_leads_to_its_place() -> None:
    """A new object has no place; a changed one has that of the policy."""
    net = load(*BASE, policy("data/none", ingress=[]))
    found = net.remedy("shop/web", "data/db:5432")
    assert found is not None
    (edit,) = found.edits
    assert (edit.file, edit.line, edit.title) == ("", None, "networkpolicy data/db-from-web")
    made = yaml.safe_load(edit.yaml)
    assert made["spec"] == {
        "podSelector": {"matchLabels": {"app": "db"}},
        "policyTypes": ["Ingress"],
        "ingress": [
            {
                "from": [
                    {
                        "podSelector": {"matchLabels": {"app": "web"}},
                        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}},
                    }
                ],
                "ports": [{"protocol": "TCP", "port": 5432}],
            }
        ],
    }
    assert msgspec.json.encode(made)
