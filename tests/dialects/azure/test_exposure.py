"""A cluster on Azure, joined with its load balancer and its groups: from the internet to the pod."""

from __future__ import annotations

from typing import Any

import pytest

import crenel
from crenel.dialects.joined import join
from crenel.network.addresses import AddressSet
from crenel.questions.exposure.assumptions import assume
from crenel.questions.exposure.paths import State
from crenel.questions.exposure.report import exposure
from dialects.azure import samples
from dialects.azure.asking import read
from dialects.azure.samples import rule
from questions.cluster import Object, node, pod
from questions.exposure.world import service

SET = f"azure://{samples.COMPUTE}/virtualMachineScaleSets/aks-pool/virtualMachines"
PORTS = rule("ports", 500, source="Internet", ports="30000-32767")
SHOP = rule("shop", 500, source="Internet", destination="20.1.1.1")
MAIL = rule("mail", 500, source="Internet", destination="20.1.1.2")
OFFICE = rule("shop", 500, source="8.8.8.0/24", destination="20.1.1.1")
PROBES = rule("none", 4096, access="Deny", protocol="*", ports="*")


def cluster(port: int = 443) -> list[Object]:
    """Two nodes of a scale set, a pod, and a Service with the address of one of the frontends."""
    nodes = []
    for number in (1, 2):
        made = node(f"n{number}", f"10.0.1.{3 + number}", pods=f"10.244.{number}.0/24")
        made["spec"] = {**made.get("spec", {}), "providerID": f"{SET}/{number}"}
        nodes.append(made)
    web = service("shop/web", "LoadBalancer", port=port, status={"ip": "20.1.1.1"})
    web["spec"]["ports"][0]["nodePort"] = 30443
    return [*nodes, pod("shop/web", "10.244.1.5", ports={"http": 8080}, nodeName="n1"), web]


@pytest.mark.parametrize(
    ("says", "floating", "rules", "expected"),
    [
        ("the port of the nodes is open, which a rule without floating IP leads to", False, (PORTS,), State.OPEN),
        ("without that rule nothing gets in", False, (PROBES,), State.CLOSED),
        ("a rule for the frontend does not help without floating IP", False, (SHOP,), State.CLOSED),
        ("with floating IP it is what counts, as clusters have it", True, (SHOP,), State.OPEN),
        ("the port of the nodes does not matter then", True, (PORTS,), State.CLOSED),
        ("nor does a rule for another frontend", True, (MAIL,), State.CLOSED),
        ("nor that probes are let in", True, (rule("x", 500, source="AzureLoadBalancer"),), State.CLOSED),
    ],
)
def test_services_of_a_cluster(says: str, floating: bool, rules: tuple[dict[str, Any], ...], expected: State) -> None:
    """What the internet gets to by the load balancer of a Service, with and without floating IP."""
    net = crenel.load(cluster())
    found = exposure(join(net.model.given, read(*samples.balanced(floating, rules=rules))), assume([]))
    states = {path.entry.kind.value: path.joined.state for path in found.paths}
    assert states == {"load balancer": expected, "node port": State.CLOSED}, says


def test_sources_are_exact() -> None:
    """Only those whom the group lets in are named."""
    net = crenel.load(cluster())
    found = exposure(join(net.model.given, read(*samples.balanced(True, rules=(OFFICE,)))), assume([]))
    path = next(path for path in found.paths if path.entry.kind.value == "load balancer")
    assert path.sources == AddressSet.of("8.8.8.0/24")
    assert path.through == ("kubernetes/shop",)


def test_a_port_that_the_frontend_does_not_take() -> None:
    """A Service with a port for which the load balancer has no rule is closed there."""
    net = crenel.load(cluster(port=8443))
    found = exposure(join(net.model.given, read(*samples.balanced(True, rules=(SHOP,)))), assume([]))
    path = next(path for path in found.paths if path.entry.kind.value == "load balancer")
    assert path.joined.state is State.CLOSED
    assert any("kubernetes/shop does not listen on 8443" in layer.says for layer in path.layers)
