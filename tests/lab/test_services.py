"""The Services of a twin: who serves whom, and whom the pod sees."""

from __future__ import annotations

import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest

import crenel
from crenel.lab.cluster.placement import Wishes, place
from crenel.lab.keeping.names import hosts_file
from crenel.lab.lab import Lab
from crenel.lab.probing.probes import Route
from crenel.lab.probing.verdict import Result
from crenel.lab.run import run
from crenel.lab.stage import stage
from kernel.needs import needs_namespaces

pytestmark = needs_namespaces

PORT = 7000


def pod(name: str, node: str, **more: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "a", "labels": {"app": name.partition("-")[0]}},
        "spec": {"nodeName": node, "containers": [{"name": "c", "image": "example.org/c:1"}], **more},
    }  # fmt: skip


def service(name: str = "web", **spec: Any) -> dict[str, Any]:
    whole = {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": PORT}], **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "a"}, "spec": whole}


PODS = [pod("web-0", "n1"), pod("web-1", "n2"), pod("client", "n1")]


class Town:
    """A lab with somebody listening at every web pod."""

    def __init__(self, lab: Lab, stack: ExitStack) -> None:
        self.lab = lab
        self.pods = {each.title: each for each in lab.stage.placement.pods}
        self.nodes = {each.name: each for each in lab.stage.placement.nodes}
        self.services = {each.service.name: each for each in lab.stage.placement.services}
        self.servers = {title: stack.enter_context(self._listening(title)) for title in self.pods if "/web" in title}

    def reports(self, route: Route) -> list[Result]:
        """The lab's own probes of one kind; nobody else may listen then."""
        for each in self.servers.values():
            each.close()
        return [each for each in run(self.lab).results if each.probe.route is route]

    def _listening(self, title: str) -> socket.socket:
        with self.lab.twin.spaces[f"pod {title}"].entered():
            opened = socket.socket(socket.AF_INET6)
        opened.setblocking(False)
        opened.bind(("::", PORT))
        opened.listen()
        return opened

    def ask(self, space: str, address: str, port: int, source: str = "") -> tuple[str, str] | None:
        """Connect from a namespace: (pod that answered, address that it saw); None when nobody did."""
        with self.lab.twin.spaces[space].entered():
            client = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        with client:
            client.setblocking(False)
            if source:
                client.bind((source, 0))
            client.connect_ex((address, port))
            end = time.monotonic() + 0.25
            while time.monotonic() < end:
                for title, server in self.servers.items():
                    with suppress(BlockingIOError):
                        taken, peer = server.accept()
                        taken.close()
                        return title, peer[0].removeprefix("::ffff:")
                time.sleep(0.001)
        return None


@contextmanager
def town(*objects: dict[str, Any], nodes: int = 1) -> Iterator[Town]:
    placement = place(crenel.load([*PODS, *objects]).model, Wishes(replicas=9, nodes=nodes, families=(4, 6)))
    with Lab(stage(placement)) as lab, ExitStack() as stack:
        yield Town(lab, stack)


def outside(of: Town, family: int = 4) -> str:
    return next(each.text for each in of.lab.stage.world.hosts if each.family == family)


@pytest.mark.parametrize("policy", ["SingleStack", "RequireDualStack"])
def test_a_cluster_address_leads_to_every_pod_and_shows_the_client(policy: str) -> None:
    """Both pods serve, in each family that the Service has, and see the client's own address."""
    with town(service(ipFamilyPolicy=policy)) as made:
        addresses = made.services["web"].addresses
        assert len(addresses) == (1 if policy == "SingleStack" else 2)
        client = made.pods["a/client"]
        for address in addresses:
            own = next(each for each in client.addresses if (":" in each) == (":" in address))
            found = Counter(made.ask("pod a/client", address, 80) for _ in range(40))
            assert set(found) == {("a/web-0", own), ("a/web-1", own)}


def test_internal_traffic_policy_local_serves_on_the_clients_node_alone() -> None:
    """A client is served by the pod on its node; a node without one serves nobody."""
    with town(service(internalTrafficPolicy="Local"), pod("far", "n3")) as made:
        (address,) = made.services["web"].addresses
        assert {made.ask("pod a/client", address, 80) for _ in range(10)} == {
            ("a/web-0", made.pods["a/client"].addresses[0])
        }
        assert made.ask("pod a/far", address, 80) is None


def test_session_affinity_keeps_a_client_with_its_pod() -> None:
    """All connections of one client go to the same pod, and those of another one may go to another."""
    clients = [pod(f"client-{number}", "n1") for number in range(12)]
    with town(service(sessionAffinity="ClientIP"), *clients) as made:
        (address,) = made.services["web"].addresses
        homes = set()
        for number in range(12):
            found = {made.ask(f"pod a/client-{number}", address, 80) for _ in range(6)}
            assert len(found) == 1
            homes |= {each[0] for each in found if each}
        assert homes == {"a/web-0", "a/web-1"}


@pytest.mark.parametrize("family", [4, 6])
def test_a_node_port_shows_the_node_to_the_pod(family: int) -> None:
    """From outside every node serves, with any pod, which sees the node that the client came to."""
    with town(service(type="NodePort", ipFamilies=[f"IPv{family}"])) as made:
        port = made.services["web"].ports[0].node_port
        assert port is not None
        for node in ("n1", "n2"):
            address = next(each for each in made.nodes[node].addresses if (":" in each) == (family == 6))
            found = {made.ask("outside", address, port, outside(made, family)) for _ in range(20)}
            assert found == {("a/web-0", address), ("a/web-1", address)}


def test_external_traffic_policy_local_keeps_the_client_and_the_node() -> None:
    """A node serves with its own pods alone, which see the client; a node without one does not serve."""
    with town(service(type="NodePort", externalTrafficPolicy="Local"), pod("far", "n3")) as made:
        port = made.services["web"].ports[0].node_port
        assert port is not None
        client = outside(made)
        assert {made.ask("outside", made.nodes["n1"].addresses[0], port, client) for _ in range(9)} == {
            ("a/web-0", client)
        }
        assert {made.ask("outside", made.nodes["n2"].addresses[0], port, client) for _ in range(9)} == {
            ("a/web-1", client)
        }
        assert made.ask("outside", made.nodes["n3"].addresses[0], port, client) is None


def test_a_load_balancer_admits_its_source_ranges_alone() -> None:
    """Clients in the ranges are served at the balancer's address; others are dropped, and the drop says why."""
    ranged = service(type="LoadBalancer", loadBalancerSourceRanges=["203.0.113.0/24", "8.8.8.8/32"])
    with town(ranged) as made:
        balancer = made.services["web"].balancers[0]
        hosts = {each.text for each in made.lab.stage.world.hosts if each.family == 4}
        assert {"203.0.113.0", "203.0.113.255", "8.8.8.8"} <= hosts
        for host in sorted(hosts):
            served = made.ask("outside", balancer, 80, host) is not None
            assert served is (host.startswith("203.0.113.") or host == "8.8.8.8"), host
    with town(ranged) as made:
        found = made.reports(Route.BALANCER)
        refused = [each for each in found if not each.model]
        assert refused
        assert all(
            each.policies == ("loadBalancerSourceRanges of the Service",) and not each.why
            for each in found
            if not each.model
        )


def test_external_addresses_are_served_like_a_balancers() -> None:
    """An externalIP leads to the pods from outside."""
    with town(service(externalIPs=["198.51.100.7"])) as made:
        assert {made.ask("outside", "198.51.100.7", 80, outside(made)) for _ in range(12)} >= {
            ("a/web-0", made.nodes["n1"].addresses[0])
        }


def test_a_pod_reaches_itself_through_its_service_as_the_policies_say() -> None:
    """The hairpin works; with a policy that does not let a pod in from its own kind it is denied by that policy."""
    alone = {
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": "no-hairpin", "namespace": "a"},
        "spec": {"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Ingress"]},
    }  # fmt: skip
    only = service(selector={"app": "web"}, internalTrafficPolicy="Local")
    with town(only) as made:
        (address,) = made.services["web"].addresses
        found = made.ask("pod a/web-0", address, 80)
        assert found == ("a/web-0", made.nodes["n1"].addresses[0])
    with town(only, alone) as made:
        (address,) = made.services["web"].addresses
        assert made.ask("pod a/web-0", address, 80) is None
        found_ = made.reports(Route.SERVICE)
        own = [each for each in found_ if each.candidate and each.candidate.title == each.probe.source.title]
        assert own
        assert all(each.policies == ("networkpolicy a/no-hairpin",) and not each.why for each in own)


def test_a_service_by_hand_leads_outside() -> None:
    """EndpointSlices without a selector lead to the addresses they list, and policies judge those."""
    bare = service(selector=None, ports=[{"port": 80}])
    slice_ = {
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {"name": "web-1", "namespace": "a", "labels": {"kubernetes.io/service-name": "web"}},
        "endpoints": [{"addresses": ["192.0.2.77"]}], "ports": [{"port": 8080}],
    }  # fmt: skip
    blocked = {
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "inside", "namespace": "a"},
        "spec": {
            "podSelector": {"matchLabels": {"app": "client"}}, "policyTypes": ["Egress"],
            "egress": [{"to": [{"namespaceSelector": {}}]}],
        },
    }  # fmt: skip
    with town(bare, slice_, blocked) as made:
        found = made.reports(Route.SERVICE)
        assert {each.candidate.address for each in found if each.candidate} == {"192.0.2.77"}
        for each in found:
            assert not each.why
            assert each.model is (each.probe.source.title != "a/client")


def test_names_stand_for_addresses() -> None:
    """A pod's hosts file has Services, headless ones by their pods, and the short names of its own namespace."""
    headless = service("headless", clusterIP="None")
    with town(service(), headless) as made:
        text = hosts_file(made.lab.stage, "a")
        (address,) = made.services["web"].addresses
        assert f"{address} web web.a web.a.svc web.a.svc.cluster.local\n" in text
        for title in ("a/web-0", "a/web-1"):
            assert (
                f"{made.pods[title].addresses[0]} headless headless.a headless.a.svc headless.a.svc.cluster.local\n"
                in text
            )


def test_a_service_without_pods_is_named_as_the_reason() -> None:
    """Nobody behind a Service is a denial by the Service, for the model and for the kernel."""
    with town(service("empty", selector={"app": "nobody"})) as made:
        found = made.reports(Route.SERVICE)
        assert found
        assert all(
            each.policies == ("the Service has no backend that may serve it",) and not each.why for each in found
        )


def test_the_exemption_of_the_own_node_is_not_borrowed_through_a_node_port() -> None:
    """A client from outside that a node translates is no local process, even at a pod of that very node."""
    closed = {
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "closed", "namespace": "a"},
        "spec": {"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Ingress"]},
    }  # fmt: skip
    with town(service(type="NodePort"), closed) as made:
        port = made.services["web"].ports[0].node_port
        assert port is not None
        node = made.nodes["n1"]
        assert all(made.ask("outside", node.addresses[0], port, outside(made)) is None for _ in range(4))
        local = made.ask("node n1", made.pods["a/web-0"].addresses[0], PORT)
        assert local == ("a/web-0", node.addresses[0])
        assert made.ask("node n2", made.pods["a/web-0"].addresses[0], PORT) is None
