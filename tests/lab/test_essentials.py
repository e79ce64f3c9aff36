"""What works whatever the policies say, and what never does."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import ip_address
from typing import Any

import pytest

import crenel
from crenel.kernel.conntrack import Conntrack
from crenel.kernel.links import Links
from crenel.kernel.nflog import PacketLog
from crenel.kernel.nftables import Nftables
from crenel.kernel.packets import parse
from crenel.lab.cluster.placement import Wishes, place
from crenel.lab.lab import Lab
from crenel.lab.run import run
from crenel.lab.stage import stage
from crenel.lab.twin.topology import FABRIC, FIRST, OUTSIDE, UPLINK
from kernel.needs import needs_namespaces

pytestmark = needs_namespaces


def pod(name: str, node: str = "n1") -> dict[str, Any]:
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "a", "labels": {"app": name}},
        "spec": {"nodeName": node, "containers": [{"name": "c", "image": "example.org/c:1"}]},
    }  # fmt: skip


def policy(name: str, app: str, **spec: Any) -> dict[str, Any]:
    whole = {"podSelector": {"matchLabels": {"app": app}}, **spec}
    metadata = {"name": name, "namespace": "a"}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": whole}


CLOSED = [policy(f"closed-{app}", app, policyTypes=["Ingress", "Egress"]) for app in ("one", "two")]
ONLY_PORT_9 = [
    policy("out", "one", policyTypes=["Egress"], egress=[{"ports": [{"port": 9}, {"port": 9, "protocol": "UDP"}]}]),
    policy("in", "two", policyTypes=["Ingress"], ingress=[{"ports": [{"port": 9}, {"port": 9, "protocol": "UDP"}]}]),
]


@contextmanager
def lab(*objects: dict[str, Any]) -> Iterator[Lab]:
    pods = [pod("one"), pod("two", "n2")]
    with Lab(stage(place(crenel.load([*pods, *objects]).model, Wishes(families=(4, 6))))) as made:
        yield made


def address(made: Lab, name: str, family: int) -> str:
    found = next(each for each in made.stage.placement.pods if each.name == name)
    return next(each for each in found.addresses if (":" in each) == (family == 6))


@pytest.mark.parametrize("family", [4, 6])
def test_a_smaller_path_mtu_is_learnt_under_a_policy(family: int) -> None:
    """The message that a packet is too big for a link on the way reaches its sender, and the stream goes on."""
    with lab(*ONLY_PORT_9) as made, ExitStack() as stack:
        for space, index in ((FABRIC, FIRST + 1), ("node n2", UPLINK)):
            with Links(made.twin.spaces[space]) as links:
                links.resize(index, 1280)
                links.commit()
        kind = socket.AF_INET if family == 4 else socket.AF_INET6
        with made.twin.spaces["pod a/two"].entered():
            server = stack.enter_context(socket.socket(kind))
        server.bind((address(made, "two", family), 9))
        server.listen()
        with made.twin.spaces["pod a/one"].entered():
            client = stack.enter_context(socket.socket(kind))
        client.settimeout(5)
        client.connect((address(made, "two", family), 9))
        server.settimeout(5)
        taken, _ = server.accept()
        stack.enter_context(taken)
        taken.settimeout(5)
        client.sendall(b"x" * 100_000)
        received = 0
        while received < 100_000:
            received += len(taken.recv(65536))
        with made.twin.spaces["pod a/one"].entered():
            mtu = client.getsockopt(
                socket.IPPROTO_IP if family == 4 else socket.IPPROTO_IPV6, 14 if family == 4 else 24
            )  # IP_MTU, IPV6_MTU
        assert mtu == 1280


def test_neighbours_are_found_under_a_policy_that_denies_everything() -> None:
    """A pod that has to ask for its node's hardware address gets it: only then a packet arrives, to be dropped."""
    with lab(*CLOSED) as made, PacketLog(made.node("n1"), 67) as log:
        with Links(made.node("n1")) as links:
            index = next(each.index for each in links.links() if each.name == "pod0")
            known = [each.address for each in links.addresses() if each.index == index and each.address.is_link_local]
        with made.twin.spaces["pod a/one"].entered():
            sender = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        with sender:
            sender.sendto(b"x", (str(known[0]), 9, 0, UPLINK))
            end = time.monotonic() + 3
            while not (found := log.read()) and time.monotonic() < end:
                time.sleep(0.01)
        assert parse(found[0].payload).destination == int(known[0])


@pytest.mark.parametrize("family", [4, 6])
def test_a_pod_that_sends_from_another_address_is_stopped_at_its_node(family: int) -> None:
    """A source that is not the pod's own never leaves the node, and the drop says so."""
    with lab() as made:
        stolen = address(made, "two", family)
        space = made.twin.spaces["pod a/one"]
        with Links(space) as links:
            links.address(1, ip_address(stolen), ip_address(stolen).max_prefixlen)
            links.commit()
        with space.entered():
            sender = socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
        with PacketLog(made.node("n1"), 67) as log, sender:
            sender.bind((stolen, 0))
            target = next(each.text for each in made.stage.world.hosts if each.family == family)
            sender.sendto(b"x", (target, 9))
            end = time.monotonic() + 2
            while not (found := log.read()) and time.monotonic() < end:
                time.sleep(0.01)
        (dropped,) = found
        denial = made.rulesets["n1"].denials[dropped.prefix.strip()]
        assert (denial.direction, denial.policies) == (None, ())


def test_a_counter_counts_what_its_policy_dropped() -> None:
    """After a run the counter of each denial has at least as many packets as probes that it dropped."""
    with lab(*CLOSED) as made:
        report = run(made)
        assert not report.disagreements
        for node, ruleset in made.rulesets.items():
            with Nftables(made.node(node)) as nft:
                for name, denial in ruleset.denials.items():
                    if not denial.policies:
                        continue
                    listed = nft.json(f"list counter inet crenel {name}")
                    (counter,) = [each["counter"] for each in listed["nftables"] if "counter" in each]
                    assert counter["packets"] > 0, (node, denial)


def test_no_connection_is_remembered_of_what_was_dropped_on_the_way_in() -> None:
    """A packet that the pod's node drops leaves no entry behind there, so that floods of them fill nothing."""
    with lab(policy("closed", "two", policyTypes=["Ingress"])) as made:
        with made.twin.spaces[OUTSIDE].entered():
            sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with sender:
            for port in range(1000, 1200):
                sender.sendto(b"x", (address(made, "two", 4), port))
        with Conntrack(made.node("n2")) as table:
            assert not [each for each in table.flows() if each.protocol == 17]


@pytest.mark.slow
def test_two_hundred_pods() -> None:
    """A twin of two hundred pods on four nodes comes up, and kernel and model agree on every pair."""
    objects = [pod(f"p{number}", f"n{number % 4}") for number in range(200)]
    for number in range(0, 200, 2):
        peer = {"podSelector": {"matchLabels": {"app": f"p{number + 1}"}}}
        objects.append(policy(f"p{number}", f"p{number}", ingress=[{"from": [peer], "ports": [{"port": 80}]}]))
    placement = place(crenel.load(objects).model, Wishes(families=(4,)))
    with Lab(stage(placement)) as made:
        report = run(made, most=1)
    pairs = {(each.probe.source.title, each.probe.destination) for each in report.results}
    assert len(pairs) >= 200 * 199
    assert not report.disagreements
