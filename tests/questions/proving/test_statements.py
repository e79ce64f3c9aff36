"""What each verb means, and what speaks against a statement."""

from __future__ import annotations

from typing import Any

import pytest

from crenel.questions.proving.objections import OWN_NODE
from crenel.questions.proving.result import State
from questions.cluster import app, cluster_policy, namespace, node, pod, policy, port, service, space, workload
from questions.proving.asking import allow, deny, only, proof, result

SHOP = [
    namespace("shop", team="a"),
    namespace("data", team="b"),
    workload("shop/web", {"http": 8080}),
    workload("shop/cart", {"http": 8080}, replicas=2),
    workload("data/db", {"sql": 5432, "metrics": 9187}),
]
CLOSED = [*SHOP, policy("data/db", {"app": "db"}, ingress=[{"from": [space("shop")], "ports": [port(5432)]}])]


@pytest.mark.parametrize(
    ("statement", "state"),
    [
        (allow("shop/web", "data/db:5432"), State.HOLDS),
        (allow(["shop/web", "shop/cart"], "data/db:sql"), State.HOLDS),
        (allow("shop/*", {"of": "data/db", "ports": ["sql", 9187]}), State.VIOLATED),
        (allow("shop/web", "data/db"), State.VIOLATED),
        (allow({"labels": {"app": "web"}}, {"namespaceLabels": {"team": "b"}, "ports": 5432}), State.HOLDS),
        (allow("data/db", "shop/web"), State.HOLDS),
        (deny("shop/*", "data/db:9187"), State.HOLDS),
        (deny("shop/*", "data/db"), State.VIOLATED),
        (deny({"of": "*", "except": {"namespace": "shop"}}, "shop/web"), State.VIOLATED),
        (deny("203.0.113.0/24", "data/db:5432"), State.HOLDS),
        (deny("203.0.113.0/24", "shop/web"), State.VIOLATED),
        (only("shop/*", "data/db"), State.HOLDS),
        (only("shop/web", "data/db"), State.VIOLATED),
        (only("shop/*", "data/db:5432/UDP"), State.HOLDS),
    ],
)
def test_states(statement: Any, state: State) -> None:
    """Statements hold only if all that they are about certainly is as they say."""
    found = result(CLOSED, statement)
    assert found.state is state, found.says
    assert (found.counterexample is None) == (state is State.HOLDS)


def test_the_counterexample() -> None:
    """Who, whom, on which port, and the rule that lets it through."""
    found = result(CLOSED, deny("shop/web", {"namespace": "data"}))
    against = found.counterexample
    assert against is not None
    assert (against.source, against.target, against.traffic) == ("shop/web", "data/db", "TCP/5432")
    assert "networkpolicy data/db ingress rule 1 allows it" in [step.rule for step in against.steps]
    assert found.examined == 1


def test_a_port_that_is_left_out_means_all() -> None:
    """It is said what passes, for who forgot the port."""
    found = result(CLOSED, allow("shop/web", "data/db"))
    assert found.notes == ("no port is named, so that all traffic is meant; TCP/5432 passes",)


def test_replicas_reach_each_other_or_not() -> None:
    """Two replicas are a pair, one alone is none."""
    isolated = [*SHOP, policy("shop/all", ingress=[])]
    assert result(isolated, allow("shop/cart", "shop/cart")).state is State.VIOLATED
    assert result(isolated, deny("shop/web", "shop/web")).state is State.NOTHING
    assert result(isolated, deny("shop/*", "shop/*")).examined == 3


def test_both_families_count() -> None:
    """What is closed in one family alone is neither allowed nor denied."""
    both = [
        pod("shop/web", ip=("10.0.0.1", "fd00::1")),
        pod("data/db", ip=("10.0.0.2", "fd00::2")),
        policy("data/db", ingress=[{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]),
    ]
    found = result(both, allow("198.51.100.0/24", "data/db:5432"))
    assert found.state is State.HOLDS
    found = result(both, deny(["198.51.100.0/24", "2001:db8::/32"], "data/db:5432"))
    assert [(each.source, each.certainty) for each in found.connections] == [("198.51.100.0/24", "sure")]
    assert result(both, deny("2001:db8::/32", "data/db:5432")).state is State.HOLDS


def test_addresses_are_cut_where_statements_are() -> None:
    """A part of what a rule allows is decided by itself."""
    out = [*SHOP, policy("shop/web", {"app": "web"}, egress=[{"to": [{"ipBlock": {"cidr": "1.1.0.0/24"}}]}])]
    assert result(out, allow("shop/web", "1.1.0.64/26:443")).state is State.HOLDS
    found = result(out, allow("shop/web", "1.1.0.0/23:443"))
    assert found.state is State.VIOLATED
    assert [each.destination for each in found.connections] == ["1.1.1.0/24"]
    assert result(out, deny("shop/web", "internet")).state is State.VIOLATED


def test_services_and_names() -> None:
    """A Service stands for what is behind it, at the ports of the pods; a name for itself."""
    behind = [*CLOSED, service("data/db", [{"port": 80, "targetPort": 5432}], {"app": "db"})]
    assert result(behind, allow("shop/web", "data/svc/db:80")).state is State.HOLDS
    assert result(behind, allow("shop/web", "data/svc/db:81")).state is State.NOTHING
    assert result(behind, allow("shop/web", "dns:example.com:443")).state is State.HOLDS


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (deny("shop/wbe", "data/db"), "no workload or pod 'shop/wbe' in the input"),
        (deny(["shop/web", "shop/wbe"], "data/db:1"), "no workload or pod 'shop/wbe' in the input"),
        (deny({"labels": {"app": "x"}}, "data/db"), "no workload has the labels"),
        (deny({"namespace": "nope"}, "data/db"), "there is no namespace 'nope'"),
        (deny("shop/web", "nope/*"), "no workload in namespace 'nope'"),
        (deny("shop/web", "data/db:nope"), "data/db declares no port named 'nope'"),
        (deny("node/*", "data/db:1"), "there is no node in the input"),
        ({"isolated": {"of": "nope/*"}}, "no workload in namespace 'nope'"),
        ({"tls": {"host": "shop.example.com"}}, "no path from outside leads to shop.example.com"),
    ],
)
def test_what_is_about_nobody_fails(statement: Any, says: str) -> None:
    """A name that is not there, or not there any more, never passes for a proof."""
    found = result(CLOSED, statement)
    assert (found.state, found.says.partition(" (did")[0]) == (State.NOTHING, says)


@pytest.mark.parametrize(
    "statement",
    [
        deny("shop", "data/db"),
        deny("shop/web", "data/db:99999"),
        deny("shop/web:80", "data/db"),
        deny("shop/web", "https://shop.example.com"),
        deny("internet", "203.0.113.1"),
    ],
)
def test_what_cannot_be_read_is_a_problem(statement: Any) -> None:
    """It is named with its place, and is not taken for nobody."""
    found = proof(SHOP, statement)
    assert found.results[0].state is State.UNREADABLE
    assert str(found.problems[0]).startswith("crenel.yaml: intents[0].deny.")


def test_what_is_not_known_is_not_proved() -> None:
    """A policy that is not understood makes both a statement and its opposite unknown, and is named."""
    calico = {
        "apiVersion": "crd.projectcalico.org/v1",
        "kind": "GlobalNetworkPolicy",
        "metadata": {"name": "guard"},
        "spec": {"selector": "all()"},
    }
    for statement in (allow("shop/web", "shop/cart:8080"), deny("shop/web", "shop/cart:8080")):
        found = result([*SHOP, calico], statement)
        assert found.state is State.UNKNOWN
        assert found.counterexample is not None
        assert any("guard" in text for text in found.counterexample.conditions)


def test_policies_that_nothing_enforces_prove_nothing() -> None:
    """With a plugin that does not enforce them, what they forbid is open; what is allowed stays allowed."""
    flannel = workload("kube-system/kube-flannel-ds", kind="DaemonSet")
    flannel["spec"]["template"]["spec"]["containers"][0]["image"] = "flannel/flannel:v0.26.1"
    found = (
        result([*CLOSED, flannel], deny("data/db", "data/db")),
        result([*CLOSED, flannel], deny("*", "data/db:9187")),
    )
    assert found[0].state is State.NOTHING
    assert found[1].state is State.VIOLATED
    assert "not enforced: Flannel does not enforce" in found[1].says
    assert found[1].mending is None and found[1].advice
    assert result([*CLOSED, flannel], allow("shop/web", "data/db:5432")).state is State.HOLDS


def test_only_names_the_own_node_and_what_is_not_enforceable() -> None:
    """The kubelet of a pod's node is no violation and is named; pods in the host network are open, and are."""
    placed = [
        node("n1", "192.0.2.1"),
        node("n2", "192.0.2.2"),
        pod("shop/web", nodeName="n1", ip=("10.0.0.1",)),
        pod("data/db", nodeName="n1", ip=("10.0.0.2",)),
        pod("data/agent", nodeName="n1", hostNetwork=True, ip=("192.0.2.1",)),
        policy("data/all", ingress=[{"from": [space("shop")]}]),
    ]
    found = result(placed, only("shop/web", "data/db"))
    assert (found.state, found.notes) == (State.HOLDS, (OWN_NODE,))
    found = result(placed, deny("node/n1", "data/db"))
    assert found.state is State.VIOLATED
    found = result(placed, only("shop/web", "data/agent"))
    assert found.state is State.VIOLATED
    assert found.mending is None


def border(**more: Any) -> Any:
    """A statement about the namespace ``data``."""
    return {"isolated": {"namespace": "data", **more}}


def test_isolated() -> None:
    """Nothing crosses the border but what is exempted, either way or one."""
    walled = [
        *SHOP,
        policy("data/all", ingress=[{"from": [app("db"), space("shop")], "ports": [port(5432)]}], egress=[]),
    ]
    found = result(walled, border())
    assert found.state is State.VIOLATED
    assert {(each.source, each.destination) for each in found.connections} == {("shop/*", "data/db")}
    assert result(walled, border(direction="out")).state is State.HOLDS
    assert result(walled, border(**{"except": [{"from": "shop/*", "to": "data/db:sql"}]})).state is State.HOLDS
    assert result(walled, border(**{"except": [{"from": "shop/*"}]})).state is State.HOLDS
    narrow = result(walled, border(**{"except": [{"from": "shop/web"}]}))
    assert [each.source for each in narrow.connections] == ["shop/cart"]


def test_exemptions_are_no_wider_than_they_are_written() -> None:
    """What is left on other ports, or at other targets, speaks against the border all the same."""
    more = [
        *SHOP,
        workload("data/cache", {"sql": 6379}),
        policy("data/all", ingress=[{"from": [app("db"), app("cache")]}]),
    ]
    opened = [*more, policy("data/web", ingress=[{"from": [space("shop")], "ports": [port(5432), port(9187)]}])]
    found = result(opened, border(direction="in", **{"except": [{"from": "shop/*", "to": "data/*:5432"}]}))
    assert {(each.destination, each.traffic) for each in found.connections} == {("data/*", (("TCP", "9187"),))}
    found = result(opened, border(direction="in", **{"except": [{"from": "shop/*", "to": "data/db"}]}))
    assert {each.destination for each in found.connections} == {"data/cache"}


def test_an_address_speaks_its_family() -> None:
    """A pod that is named by an address is asked about in the family of that address alone."""
    both = [
        pod("shop/web", ("10.0.0.1", "fd00::1")),
        pod("data/db", ("10.0.0.2", "fd00::2")),
        policy("data/db", ingress=[{"from": [{"ipBlock": {"cidr": "fd00::/8"}}]}]),
    ]
    assert result(both, deny("shop/web", "data/db")).state is State.VIOLATED
    assert result(both, deny("10.0.0.1", "data/db")).state is State.HOLDS
    assert result(both, allow("fd00::1", "data/db")).state is State.HOLDS
    assert result(both, allow("shop/web", "10.0.0.2")).state is State.VIOLATED


def test_labels_that_only_the_cluster_knows() -> None:
    """Who perhaps has the labels is meant by what forbids, and not surely by what lets through."""
    hashed = {"labels": {"app": "web", "pod-template-hash": "abc"}}
    opened = [*SHOP, policy("data/db", ingress=[{"from": [{**space("shop"), **app("web")}]}])]
    assert result(opened, deny(hashed, "data/db")).state is State.VIOLATED
    assert result(opened, only(hashed, "data/db")).state is State.UNKNOWN
    assert result(opened, only({"labels": {"app": "web"}}, "data/db")).state is State.HOLDS


def test_a_name_exempts_the_addresses_that_it_may_have() -> None:
    """A way out by name is possible to any address, and exempted with the name; another name is not."""
    rules = [
        {"action": "Accept", "to": [{"domainNames": ["api.example.com"]}]},
        {"action": "Deny", "to": [{"networks": ["0.0.0.0/0"]}]},
    ]  # fmt: skip
    out = [*SHOP, cluster_policy("egress", 1, egress=rules), policy("data/all", egress=[])]
    assert result(out, border(direction="out")).state is not State.HOLDS
    assert result(out, border(direction="out", **{"except": [{"to": "dns:api.example.com"}]})).state is State.HOLDS
    other = result(out, border(direction="out", **{"except": [{"to": "dns:api.example.org:443"}]}))
    assert other.state is not State.HOLDS
