"""Where workloads can go: policies, firewalls at the interface or the node, and routes decide together."""

from __future__ import annotations

from dataclasses import replace

import crenel
from crenel.dialects.joined import join
from crenel.network.addresses import AddressSet
from crenel.network.firewalls import Answer, Fact, Infrastructure, Tier
from crenel.network.rules import Direction
from crenel.questions.exposure.outbound import Outlet, Outlets, Where
from questions.cluster import Object, pod, policy
from questions.exposure.world import NODES, WEB, allow, group, machine

EVERYTHING = {"TCP": "1-65535", "UDP": "1-65535", "SCTP": "1-65535"}


def outlets(objects: list[Object], infrastructure: Infrastructure | None = None) -> dict[Where, Outlet]:
    """Where the web pod can go, by the sort of destination."""
    joined = join(crenel.load([*NODES, *objects]).given, infrastructure or Infrastructure())
    return {each.where: each for each in Outlets(joined).all() if each.workload == "shop/web"}


def to(*peers: Object) -> Object:
    """A policy that lets the web pod out to some peers on one port."""
    return policy("shop/web", {"app": "web"}, egress=[{"to": list(peers), "ports": [{"port": 443}]}])


def block(cidr: str) -> Object:
    """A peer by addresses."""
    return {"ipBlock": {"cidr": cidr}}


def test_without_a_policy_everything_is_open() -> None:
    """The internet, the metadata of clouds and other networks, with all traffic."""
    found = outlets([WEB])
    assert {where: each.state.value for where, each in found.items()} == dict.fromkeys(
        (Where.INTERNET, Where.METADATA, Where.OTHER), "open"
    )
    assert dict(found[Where.INTERNET].traffic).items() >= EVERYTHING.items()


def test_a_policy_for_some_addresses() -> None:
    """Only what the policy names is open, with its ports and its addresses; metadata is not in it."""
    found = outlets([WEB, to(block("8.8.8.0/24"), block("192.0.2.0/24"))])
    assert found[Where.INTERNET].traffic == (("TCP", "443"),)
    assert found[Where.INTERNET].addresses == AddressSet.of("8.8.8.0/24")
    assert found[Where.OTHER].addresses == AddressSet.of("192.0.2.0/24")
    assert found[Where.METADATA].state.value == "closed"


def test_the_firewall_of_the_node_decides_as_well() -> None:
    """Behind a group that lets nothing but HTTPS out, that is what gets out; metadata passes all the same."""
    tier = Tier("group", Direction.EGRESS, ((group("out", ["eni-n1"], allow("TCP/443")),),), isolating=True)
    node = replace(machine("n1", "10.0.1.10"), leaves={4: Fact(Answer.YES, "nat")})
    found = outlets([WEB], Infrastructure([node], [tier]))
    assert found[Where.INTERNET].traffic == (("TCP", "443"),)
    assert dict(found[Where.METADATA].traffic).items() >= EVERYTHING.items()


def test_routes_decide_whether_anything_leaves() -> None:
    """Without a route to the internet nothing gets there; where the input does not tell, that is said."""
    for answer, state in ((Answer.NO, "closed"), (Answer.YES, "open"), (Answer.UNKNOWN, "possible")):
        node = replace(machine("n1", "10.0.1.10"), leaves={4: Fact(answer, "x")})
        found = outlets([WEB], Infrastructure([node]))
        assert found[Where.INTERNET].state.value == state
        assert bool(found[Where.INTERNET].lacks) is (answer is Answer.UNKNOWN)


def test_names_that_policies_allow() -> None:
    """A DNS name in a policy is a destination of its own."""
    named = {
        "apiVersion": "policy.networking.k8s.io/v1alpha2", "kind": "ClusterNetworkPolicy",
        "metadata": {"name": "names"},
        "spec": {"tier": "Admin", "priority": 1, "subject": {"namespaces": {}}, "egress": [
            {"action": "Accept", "to": [{"domainNames": ["api.example.com"]}],
             "protocols": [{"tcp": {"destinationPort": {"number": 443}}}]},
            {"action": "Deny", "to": [{"networks": ["0.0.0.0/0"]}]}]},
    }  # fmt: skip
    found = outlets([WEB, named])
    assert (found[Where.NAME].name, found[Where.NAME].traffic) == ("api.example.com", (("TCP", "443"),))


def test_pods_in_the_host_network_are_not_held() -> None:
    """No policy is about them: they can go wherever their node can."""
    hosted = pod("shop/web", "10.0.1.10", nodeName="n1", hostNetwork=True)
    assert outlets([hosted, policy("shop/all", {}, egress=[])])[Where.INTERNET].state.value == "open"
