"""From the node that took a connection, or from a proxy, on to a pod elsewhere: firewalls between machines decide."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crenel.network.addresses import AddressSet
from crenel.network.firewalls import FilterRule, Infrastructure, Interface, Peer
from crenel.network.rules import Action
from crenel.network.traffic import parse_traffic
from questions.cluster import node, pod
from questions.exposure.world import LB, allow, balancer, exposed, group, machine, path, service, union

NODES = (node("n1", "10.0.1.10"), node("n2", "10.0.2.10"))
ROUTED = pod("shop/web", "10.0.2.50", ports={"http": 8080}, nodeName="n2")
TUNNELLED = pod("shop/web", "10.244.2.5", ports={"http": 8080}, nodeName="n2")
FIRST = machine("n1", "10.0.1.10", "18.185.10.1")
PRIVATE = machine("n2", "10.0.2.10")
SECOND = replace(PRIVATE, delegated=AddressSet.of("10.0.2.48/28"))
PORTS = allow("TCP/30000-32767")


def among(traffic: str, *names: str) -> FilterRule:
    """A rule that allows from some interfaces."""
    return FilterRule(Action.ALLOW, Peer(interfaces=frozenset(names)), parse_traffic(traffic))


def behind(*rules: FilterRule, interfaces: tuple[Interface, ...] = (FIRST, SECOND)) -> Infrastructure:
    """Two nodes with groups of their own; the first is public and takes node ports."""
    return Infrastructure(interfaces, [union(group("first", ["eni-n1"], PORTS), group("second", ["eni-n2"], *rules))])


@pytest.mark.parametrize(
    ("says", "web", "rules", "state"),
    [
        ("the group does not let nodes in on the port of the pod", ROUTED, [], "closed"),
        ("it lets in what bears its own name", ROUTED, [among("TCP/8080", "eni-n1", "eni-n2")], "open"),
        ("by the address of the node", ROUTED, [allow("TCP/8080", "10.0.1.10/32")], "open"),
        ("not by that of the client", ROUTED, [allow("TCP/8080", "198.51.100.0/24")], "closed"),
        ("a tunnel hides the pod", TUNNELLED, [], "open"),
    ],
)
def test_a_node_hands_on_to_a_pod_on_another(
    says: str, web: dict[str, object], rules: list[FilterRule], state: str
) -> None:
    """The node is the source, the port is the pod's."""
    report = exposed([web, *NODES, service("shop/web", "NodePort")], behind(*rules))
    found = path(report, "node port")
    assert found.state.value == state, says
    if state == "closed":
        assert [layer.where for layer in found.blocking] == ["node n1 to shop/web"]


def test_a_node_hands_on_to_its_own_pod() -> None:
    """Nothing between machines sees that."""
    own = pod("shop/web", "10.0.2.50", ports={"http": 8080}, nodeName="n1")
    first = replace(FIRST, delegated=AddressSet.of("10.0.2.48/28"))
    report = exposed([own, *NODES, service("shop/web", "NodePort")], behind(interfaces=(first, PRIVATE)))
    assert path(report, "node port").state.value == "open"


@pytest.mark.parametrize(("rules", "state"), [([], "closed"), ([among("TCP/8080", "eni-n1")], "open")])
def test_a_load_balancer_in_front_of_one_node(rules: list[FilterRule], state: str) -> None:
    """It hands to a node that has no pod of the Service, which hands on."""
    lonely = Infrastructure(
        [FIRST, SECOND, LB], [union(group("nodes", ["eni-n1"], PORTS), group("pods", ["eni-n2"], *rules))],
        [balancer(public=True, keeps=False)],
    )  # fmt: skip
    made = service("shop/web", "LoadBalancer", status={"hostname": "lb.example.com"})
    found = path(exposed([ROUTED, *NODES, made], lonely), "load balancer")
    assert found.state.value == state


def test_what_is_assumed_of_tunnels_is_said() -> None:
    """Only where pods have addresses of their own."""
    text = "firewalls let the packets of the pods' own network through between nodes"
    made = service("shop/web", "NodePort")
    assert text in exposed([TUNNELLED, *NODES, made], behind()).assumptions
    assert text not in exposed([ROUTED, *NODES, made], behind()).assumptions
