"""The smallest change that makes a statement hold: narrow before wide, solved again, with what it costs beside."""

from __future__ import annotations

from typing import Any

import yaml

import crenel
from crenel.questions.proving.result import Mending, State
from crenel.questions.remedies.proposal import text_of
from questions.cluster import Object, app, cluster_policy, policy, port, space, workload
from questions.proving.asking import allow, deny, only, proof, result

SHOP = [
    workload("shop/web", {"http": 8080}),
    workload("shop/cart", {"http": 8080}),
    workload("data/db", {"sql": 5432, "metrics": 9187}),
]


def mending(objects: list[Object], *statements: Any) -> Mending:
    """What mends the first of some statements, which the changed policies are then shown to do."""
    first, *_ = proof(objects, *statements).results
    assert first.mending is not None, first
    written = [yaml.safe_load(text_of(edit.policy)) for edit in first.mending.remedy.edits]
    changed = crenel.load(objects).with_changes(written)
    again = [document.data for document in changed.documents]
    assert result([*again, *written] if changed._amended else again, statements[0]).state is State.HOLDS
    return first.mending


def texts(found: Mending) -> list[str]:
    """The edits in words."""
    return [edit.text for edit in found.remedy.edits]


def test_a_peer_is_removed_before_a_rule() -> None:
    """What others need stays."""
    closed = [*SHOP, policy("data/db", ingress=[{"from": [app("x"), space("shop")], "ports": [port(5432)]}])]
    found = mending(closed, deny("shop/*", "data/db"))
    assert texts(found) == ["remove from `from` of ingress rule 1 of networkpolicy data/db"]
    assert found.closes
    assert found.remedy.extra == ("shop/* to data/db TCP/5432",)


def test_a_port_is_removed_before_a_rule() -> None:
    """The other port stays open."""
    closed = [*SHOP, policy("data/db", ingress=[{"from": [space("shop")], "ports": [port(5432), port(9187)]}])]
    found = mending(closed, deny("shop/web", "data/db:9187"))
    assert texts(found) == ["remove from the ports of ingress rule 1 of networkpolicy data/db"]


def test_addresses_become_exceptions() -> None:
    """A part of a block is taken out of it."""
    out = [*SHOP, policy("shop/web", {"app": "web"}, egress=[{"to": [{"ipBlock": {"cidr": "1.0.0.0/8"}}]}])]
    found = mending(out, deny("shop/web", "1.2.3.0/24"))
    assert texts(found) == ["except addresses in `to` of egress rule 1 of networkpolicy shop/web"]
    assert "1.2.3.0/24" in found.remedy.edits[0].yaml


def test_rules_that_allow_the_same_go_together() -> None:
    """One end is closed when nothing is left that opens it."""
    rules = [{"from": [app("x"), space("shop")]}, {"from": [{"namespaceSelector": {}}], "ports": [port(5432)]}]
    found = mending([*SHOP, policy("data/db", ingress=rules)], deny("shop/web", "data/db:5432"))
    assert len(found.remedy.edits) == 2


def test_a_missing_policy_keeps_what_statements_allow() -> None:
    """Where nothing isolates a target, the policy that does lets in whom the statements name."""
    found = mending(SHOP, only("shop/cart", "data/db:5432"), allow("shop/cart", "data/db:5432"))
    (edit,) = found.remedy.edits
    assert edit.text == "add a NetworkPolicy"
    spec = yaml.safe_load(edit.yaml)["spec"]
    assert spec["podSelector"] == {"matchLabels": {"app": "db"}}
    assert spec["ingress"][0]["ports"] == [{"protocol": "TCP", "port": 5432}]
    assert spec["ingress"][0]["from"][0]["podSelector"] == {"matchLabels": {"app": "cart"}}
    assert found.breaks == ()


def test_a_border_is_one_policy() -> None:
    """A namespace that shall be isolated gets one policy for all of it, with its exemptions."""
    exempt = [{"from": "shop/web", "to": "data/db:sql"}, {"to": "shop/cart:8080"}]
    found = mending(SHOP, {"isolated": {"namespace": "data", "except": exempt}})
    (edit,) = found.remedy.edits
    spec = yaml.safe_load(edit.yaml)["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert [len(spec[each]) for each in ("ingress", "egress")] == [2, 2]


def test_rules_of_clusters_are_narrowed_too() -> None:
    """A rule of a ClusterNetworkPolicy that accepts before others goes."""
    rule = {"action": "Accept", "from": [{"namespaces": {}}]}
    found = mending(
        [*SHOP, cluster_policy("open", 1, ingress=[rule]), policy("data/all", ingress=[])], deny("shop/web", "data/db")
    )
    assert texts(found) == ["remove ingress rule 1 of clusternetworkpolicy open"]


def test_what_a_change_breaks_is_named() -> None:
    """Statements that contradict each other cannot both be mended, and one that holds is not broken silently."""
    closed = [*SHOP, policy("data/db", ingress=[{"from": [space("shop")], "ports": [port(5432)]}])]
    kept = {"name": "web works", **allow("shop/web", "data/db:5432")}
    first, _ = proof(closed, deny("shop/*", "data/db"), kept).results
    assert first.mending is not None
    assert first.mending.breaks == ("web works",)


def test_allowing_is_mended_pair_by_pair() -> None:
    """Each pair that is denied gets what it lacks, together."""
    closed = [*SHOP, policy("data/db", ingress=[])]
    found = mending(closed, allow(["shop/web", "shop/cart"], "data/db:sql"))
    assert not found.closes
    assert len(found.remedy.edits) == 2
    assert set(found.remedy.extra) == {"shop/cart to data/db TCP/5432", "shop/web to data/db TCP/5432"} or (
        found.remedy.extra == ("shop/* to data/db TCP/5432",)
    )


def test_a_new_policy_is_shown_whole() -> None:
    """What is added to a policy that is new itself is in that policy."""
    closed = [*SHOP, policy("shop/all", egress=[])]
    found = mending(closed, allow("shop/web", ["shop/cart:8080", "data/db:sql"]))
    assert texts(found) in (["add a NetworkPolicy"], ["add a rule to `egress` of networkpolicy shop/all"] * 2)


def test_a_long_change_is_shown_for_one_connection() -> None:
    """Where every workload has a rule of its own that lets it out, the one of the counterexample is narrowed."""
    many = [workload(f"shop/w{number}") for number in range(8)]
    rules = [policy(f"shop/w{number}", {"app": f"w{number}"}, egress=[{}]) for number in range(8)]
    found = result([*many, *rules], deny("shop/*", "1.1.1.1:443"))
    assert found.mending is not None
    assert (found.mending.whole, found.mending.closes, len(found.mending.remedy.edits)) == (False, True, 1)


def test_too_many_to_mend() -> None:
    """Of very many pairs that are denied the first is mended, and said to be one."""
    many = [workload(f"shop/w{number}") for number in range(60)]
    found = result([*many, *SHOP, policy("data/db", ingress=[])], allow("shop/*", "data/db:sql"))
    assert found.mending is not None and not found.mending.whole


def test_hosts_are_no_targets_of_policies() -> None:
    """A statement about a URL beside the one that is mended is nothing that a policy could keep."""
    found = mending(SHOP, only("shop/cart", "data/db:5432"), allow("internet", "https://shop.example.com/"))
    assert [edit.text for edit in found.remedy.edits] == ["add a NetworkPolicy"]
