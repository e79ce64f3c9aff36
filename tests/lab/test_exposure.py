"""What `exposure` says is open from outside the lab opens, and nothing else: with real packets, path by path."""

from __future__ import annotations

from collections import defaultdict
from ipaddress import ip_address

import pytest

import crenel
from crenel.dialects.joined import join
from crenel.lab.cluster.placement import Wishes, place
from crenel.lab.lab import Lab
from crenel.lab.probing.observations import Fate
from crenel.lab.probing.probes import Route
from crenel.lab.run import compare
from crenel.lab.stage import stage
from crenel.network.addresses import INTERNET
from crenel.network.firewalls import Infrastructure
from crenel.questions.exposure.assumptions import assume
from crenel.questions.exposure.paths import State
from crenel.questions.exposure.report import exposure
from kernel.needs import needs_namespaces
from questions.cluster import Object, node, pod, policy

pytestmark = needs_namespaces

NODES = [node("n1", "10.0.1.10"), node("n2", "10.0.2.10")]
PODS = [
    pod("shop/web-1", ("10.244.1.5", "fd00:1::5"), labels={"app": "web"}, ports={"http": 8080}, nodeName="n1"),
    pod("shop/api-1", ("10.244.2.5", "fd00:2::5"), labels={"app": "api"}, ports={"http": 8080}, nodeName="n2"),
    pod("shop/agent", "10.0.2.10", labels={"app": "agent"}, ports={"metrics": 9100}, nodeName="n2", hostNetwork=True),
]
GOOGLE, QUAD = "8.8.8.0/24", "9.9.9.0/24"


def service(name: str, app: str, number: int, kind: str = "NodePort", **spec: object) -> Object:
    """A Service with a node port."""
    ports = [{"port": 80, "targetPort": 8080, "nodePort": number}]
    return {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "shop"},
        "spec": {"type": kind, "selector": {"app": app}, "ports": ports, "ipFamilyPolicy": "PreferDualStack", **spec},
    }  # fmt: skip


SERVICES = [
    service("cluster", "web", 30001),
    service("local", "web", 30002, externalTrafficPolicy="Local"),
    service("other", "api", 30003, externalTrafficPolicy="Local"),
    service("balanced", "api", 30004, "LoadBalancer", loadBalancerSourceRanges=[GOOGLE, "2001:4860::/32"],
            externalTrafficPolicy="Local"),
    service("spread", "web", 30005, "LoadBalancer"),
]  # fmt: skip


def clients(*cidrs: str) -> list[Object]:
    """An ingress rule for some clients."""
    return [{"from": [{"ipBlock": {"cidr": cidr}} for cidr in cidrs]}]


POLICIES = {
    "no policy": [],
    "clients of one range": [policy("shop/web", {"app": "web"}, ingress=clients(GOOGLE, "2001:4860::/32"))],
    "nodes alone": [policy("shop/web", {"app": "web"}, ingress=clients("10.0.0.0/16"))],
    "two ranges, one of which the balancer takes": [policy("shop/api", {"app": "api"}, ingress=clients(GOOGLE, QUAD))],
    "nobody": [policy("shop/all", {}, ingress=[])],
    "another port": [policy("shop/web", {"app": "web"}, ingress=[{"ports": [{"port": 9999}]}])],
}


@pytest.mark.parametrize("policies", POLICIES.values(), ids=POLICIES)
def test_the_lab_opens_what_exposure_says(policies: list[Object]) -> None:
    """For each Service, family and client: somebody gets through to it exactly if a path is open for that client."""
    placement = place(crenel.load([*NODES, *PODS, *SERVICES, *policies]).model, Wishes())
    joined = join(placement.model.given, Infrastructure())
    found = exposure(joined, assume(["internet-facing=yes", "public-nodes=yes", "unfiltered=yes"]))
    says = {
        (path.entry.title.removeprefix("service "), path.entry.kind.value, path.family): path
        for path in found.paths
        if path.entry.service is not None
    }
    assert not [path for path in says.values() if path.state is State.POSSIBLE]
    asked = {number + 30001: f"shop/{made['metadata']['name']}" for number, made in enumerate(SERVICES)}
    opened: dict[tuple[str, str, int, str], bool] = defaultdict(bool)
    with Lab(stage(placement)) as lab:
        for each in compare(lab).results:
            probe = each.probe
            if probe.route is Route.NODE_PORT:
                key = asked[probe.port], "node port"
            elif probe.route is Route.BALANCER:
                key = probe.destination.replace("/svc/", "/"), "load balancer"
            else:
                continue
            opened[(*key, probe.source.family, probe.source.address)] |= each.kernel is Fate.ARRIVED
    checked = 0
    for (name, kind, family, address), arrived in opened.items():
        value = int(ip_address(address))
        if not INTERNET.contains(4 if family == 4 else 6, value):
            continue
        checked += 1
        path = says[name, kind, 4 if family == 4 else 6]
        assert path.sources.contains(4 if family == 4 else 6, value) is arrived, (name, kind, address, arrived)
    assert checked > 20
