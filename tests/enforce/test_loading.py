"""The kernel takes every table that is compiled."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given

from crenel.enforce.ruleset import Ruleset
from crenel.enforce.text import write
from crenel.kernel.namespaces import Namespace
from crenel.kernel.nftables import Nftables
from enforce.small import Object, admin, compiled, staged
from kernel.needs import needs_namespaces
from properties.strategies import Scenario, scenarios
from questions.cluster import app, namespace, node, pod, policy, port

pytestmark = needs_namespaces


@pytest.fixture(scope="module")
def nft() -> Iterator[Nftables]:
    """The packet filter of an empty namespace."""
    with Namespace.new() as space, Nftables(space) as made:
        yield made


@given(scenario=scenarios())
def test_any_table_loads(nft: Nftables, scenario: Scenario) -> None:
    """The tables of random clusters load, each over the one before."""
    for ruleset in staged(scenario.objects, replicas=3).rulesets().values():
        load(nft, ruleset)


def test_a_long_name_loads(nft: Nftables) -> None:
    """Names as long as Kubernetes has them make names and comments that the kernel takes, and are told apart."""
    space, long = "n" * 63, ".".join(["p" * 63] * 3 + ["q" * 61])
    assert len(long) == 253
    others: list[Object] = [{"podSelector": {}, "namespaceSelector": {}}]
    policies = [
        policy(f"{space}/{long[:-1]}{end}", ingress=[{"from": others, "ports": [port(80), port(443)]}], egress=[])
        for end in "xyz"
    ]
    people = [namespace(space), node("n1", "172.18.0.2"), pod(f"{space}/{long}", "10.0.0.1", nodeName="n1")]
    found = compiled(*policies, people=people)
    load(nft, found)
    assert len([name for name in found.chains if name.startswith("ingress/networkpolicy/")]) == 3


def test_names_that_look_like_ours_load(nft: Nftables) -> None:
    """Policies that are called like parts of a table do not meet them."""
    names = ("shop/v4", "shop/0", "shop/ports", "shop/subjects", "shop/allow", "shop/accept")
    rules = [{"from": [app("api")], "ports": [port(80), port(90)]}]
    tiers = [admin("subjects", 1, ingress=DENY), admin("v4", 2, "Baseline", ingress=DENY)]
    found = compiled(*(policy(name, ingress=rules, egress=[]) for name in names), *tiers)
    load(nft, found)
    assert found.chains.keys() >= {f"ingress/networkpolicy/{name}" for name in names}


def test_whole_address_spaces_and_all_ports_load(nft: Nftables) -> None:
    """A block of everything, the very first and the very last address and port are elements like others."""
    blocks = ["0.0.0.0/0", "0.0.0.0/32", "255.255.255.255/32", "::/0", "::/128", f"{'ffff:' * 7}ffff/128"]
    ports = [{"protocol": "TCP"}, port(1, "UDP"), port(65535, "UDP"), {"protocol": "SCTP", "port": 1, "endPort": 65535}]
    policies = [
        policy(f"shop/p{number}", egress=[{"to": [{"ipBlock": {"cidr": block}}], "ports": ports}])
        for number, block in enumerate(blocks)
    ]
    load(nft, compiled(*policies))


def test_many_stages_load(nft: Nftables) -> None:
    """Every stage in a row, each with policies that pass on, is not too deep for the kernel."""
    on = [{"action": "Pass", "from": [{"namespaces": {}}]}]
    tiers = [admin(f"p{number}", number, tier, ingress=on) for number, tier in enumerate(["Admin", "Baseline"] * 4)]
    foreign = {
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumNetworkPolicy",
        "metadata": {"namespace": "shop", "name": "f"},
        "spec": {"endpointSelector": {}, "ingress": [{}]},
    }
    load(nft, compiled(*tiers, foreign, policy("shop/i", ingress=[{"from": [app("api")]}])))


DENY = [{"action": "Deny", "from": [{"namespaces": {}}]}]


def load(nft: Nftables, ruleset: Ruleset) -> None:
    """Load a table; it is then there with all of its chains and sets."""
    nft.run(write(ruleset))
    found = nft.json(f"list table inet {ruleset.table}")["nftables"]
    chains = {each["chain"]["name"] for each in found if "chain" in each}
    sets = {each[kind]["name"] for each in found for kind in ("set", "map") if kind in each}
    assert chains == {*ruleset.chains, *(each.name for each in ruleset.hooks)}
    assert sets == set(ruleset.sets)
