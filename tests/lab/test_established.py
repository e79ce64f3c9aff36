"""What becomes of connections that exist when policies change under a running lab."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

import pytest

import crenel
from crenel.enforce.revocation import Review
from crenel.lab.cluster.placement import Wishes, place
from crenel.lab.lab import Lab
from crenel.lab.stage import stage
from crenel.network.addresses import Family
from crenel.network.oracle import Oracle
from crenel.network.traffic import TCP, UDP
from kernel.needs import needs_namespaces

pytestmark = needs_namespaces

LATEST = 1.0
"""Seconds after `apply` has returned in which a payload may still cross; we do not make use of them."""


def pod(name: str, node: str, app: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "a", "labels": {"app": app}},
        "spec": {"nodeName": node, "containers": [{"name": "c", "image": "example.org/c:1"}]},
    }  # fmt: skip


CLUSTER = [
    pod("one", "n1", "client"), pod("two", "n2", "client"), pod("three", "n1", "server"), pod("four", "n2", "server"),
    {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": "a"},
        "spec": {
            "selector": {"app": "server"}, "ipFamilyPolicy": "RequireDualStack",
            "ports": [
                {"name": "t", "port": 1080, "targetPort": 7000},
                {"name": "u", "port": 1080, "targetPort": 7000, "protocol": "UDP"},
            ],
        },
    },
]  # fmt: skip


def policy(name: str, **spec: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "a"}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def only_from(*apps: str, protocol: str = "TCP") -> dict[str, Any]:
    peers = [{"podSelector": {"matchLabels": {"app": app}}} for app in apps]
    rules = [{"from": peers, "ports": [{"protocol": protocol}]}] if apps else []
    return policy("ingress", podSelector={"matchLabels": {"app": "server"}}, policyTypes=["Ingress"], ingress=rules)


NO_EGRESS = policy("egress", podSelector={"matchLabels": {"app": "client"}}, policyTypes=["Egress"])
DENIED_OVER_IPV4 = policy(
    "blocks",
    podSelector={"matchLabels": {"app": "client"}},
    policyTypes=["Egress"],
    egress=[{"to": [{"ipBlock": {"cidr": "::/0"}}]}],
)


@dataclass
class Connection:
    """One connection between two pods, through the Service or not, as long as it lasts."""

    source: str
    target: str
    protocol: int
    family: Family
    client: socket.socket
    server: socket.socket
    alive: bool = True
    peer: Any = field(default=None)

    def crosses(self, forward: bool) -> bool:
        """Whether a payload crosses in one direction, tried for a moment."""
        with suppress(OSError):
            while self.client.recv(64):
                pass
        with suppress(OSError):
            while self.server.recv(64):
                pass
        sender, receiver = (self.client, self.server) if forward else (self.server, self.client)
        try:
            if self.protocol == UDP and not forward:
                sender.sendto(b"payload", self.peer)
            else:
                sender.send(b"payload")
        except OSError:
            return False
        end = time.monotonic() + 0.05
        while time.monotonic() < end:
            try:
                return receiver.recv(64) == b"payload"
            except BlockingIOError:
                time.sleep(0.001)
            except OSError:
                return False
        return False


@contextmanager
def connections(lab: Lab) -> Iterator[list[Connection]]:
    """TCP and UDP, in both families, from each client to each server and through the Service."""
    staged = lab.stage
    pods = {each.title: each for each in staged.placement.pods}
    service = {ip_address(text).version: text for text in staged.placement.services[0].addresses}
    with ExitStack() as stack:
        servers = {}
        for name in ("a/three", "a/four"):
            for address in pods[name].addresses:
                for protocol in (TCP, UDP):
                    opened = made(lab, name, protocol, address, 7000)
                    servers[address, protocol] = name, stack.enter_context(opened)
        found = []
        port = 40000
        for source in ("a/one", "a/two"):
            for address in pods[source].addresses:
                family: Family = 4 if ip_address(address).version == 4 else 6
                ends = [
                    (each, 7000)
                    for (each, protocol) in servers
                    if ip_address(each).version == family and protocol == TCP
                ]
                for target, number in [*ends, (service[family], 1080)]:
                    for protocol in (TCP, UDP):
                        port += 1
                        client = stack.enter_context(made(lab, source, protocol, address, port))
                        client.connect_ex((target, number))
                        found.append(accepted(stack, servers, client, source, protocol, family))
        yield found


def made(lab: Lab, title: str, protocol: int, address: str, port: int) -> socket.socket:
    kind = socket.SOCK_STREAM if protocol == TCP else socket.SOCK_DGRAM
    with lab.twin.spaces[f"pod {title}"].entered():
        opened = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
    opened.setblocking(False)
    opened.bind((address, port))
    if protocol == TCP and port == 7000:
        opened.listen()
    return opened


def accepted(
    stack: ExitStack, servers: dict[Any, Any], client: socket.socket, source: str, protocol: int, family: Family
) -> Connection:
    """The server's end, whichever pod it is at."""
    if protocol == UDP:
        client.send(b"hello")
    end = time.monotonic() + 2
    while time.monotonic() < end:
        for (address, spoken), (name, server) in servers.items():
            if spoken != protocol or (":" in address) != (family == 6):
                continue
            with suppress(BlockingIOError):
                if protocol == TCP:
                    taken = stack.enter_context(server.accept()[0])
                    taken.setblocking(False)
                    return Connection(source, name, protocol, family, client, taken)
                _, peer = server.recvfrom(64)
                server.sendto(b"hello", peer)
                return Connection(source, name, protocol, family, client, server, peer=peer)
        time.sleep(0.001)
    raise AssertionError("no connection")


def apply(lab: Lab, *policies: dict[str, Any]) -> Review:
    return lab.apply(crenel.load([*CLUSTER, *policies]).model)


def allowed(lab: Lab, each: Connection) -> bool:
    staged = lab.stage
    oracle = Oracle(staged.placement.model.network)
    ends = staged.roster.pods[each.source], staged.roster.pods[each.target]
    return bool(oracle.expect(each.family, *ends, each.protocol, 7000).allowed)


STEPS: dict[str, list[list[dict[str, Any]]]] = {
    "everything is denied at the servers": [[only_from()]],
    "everything is denied at the clients": [[NO_EGRESS]],
    "only TCP stays allowed": [[only_from("client")]],
    "only UDP stays allowed": [[only_from("client", protocol="UDP")]],
    "only one family stays allowed": [[DENIED_OVER_IPV4]],
    "a policy that changes nothing": [[only_from("client"), only_from("client", protocol="UDP") | {
        "metadata": {"name": "udp", "namespace": "a"}}]],
    "tightened step by step": [[DENIED_OVER_IPV4], [DENIED_OVER_IPV4, only_from("client")], [only_from()]],
    "denied and allowed again": [[only_from()], []],
}  # fmt: skip


@pytest.mark.parametrize("name", STEPS)
def test_what_is_no_longer_allowed_stops_and_what_is_allowed_goes_on(name: str) -> None:
    """After each change exactly the connections that the new policies allow carry payload, in both directions."""
    placement = place(crenel.load(CLUSTER).model, Wishes(families=(4, 6)))
    with Lab(stage(placement)) as lab, connections(lab) as every:
        assert len(every) == 24
        assert all(each.crosses(True) and each.crosses(False) for each in every)
        for policies in STEPS[name]:
            review = apply(lab, *policies)
            newly_denied = [each for each in every if each.alive and not allowed(lab, each)]
            if newly_denied and not any(not each.alive for each in every):
                assert len(review.revoked) == len(newly_denied)
            for each in every:
                expected = allowed(lab, each) and (each.alive or each.protocol == UDP)
                assert each.crosses(True) is expected, (name, each)
                assert each.crosses(False) is expected, (name, each)
                each.alive = expected


def test_allowed_connections_lose_nothing_while_policies_change() -> None:
    """A stream that stays allowed arrives whole and in order over many changes, and a datagram for each one sent."""
    placement = place(crenel.load(CLUSTER).model, Wishes(families=(4, 6)))
    with Lab(stage(placement)) as lab, connections(lab) as every:
        stable = [each for each in every if each.source == "a/one"]
        sent = dict.fromkeys(range(len(stable)), 0)
        got = dict.fromkeys(range(len(stable)), 0)
        allow_one = policy(
            "one", podSelector={"matchLabels": {"app": "server"}}, policyTypes=["Ingress"],
            ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "client"}}}]}],
        )  # fmt: skip
        for number in range(20):
            apply(lab, *([allow_one, policy(f"other-{number}", podSelector={"matchLabels": {"app": "x"}})]))
            for place_, each in enumerate(stable):
                assert each.client.send(b"0123456789") == 10
                sent[place_] += 1
                end = time.monotonic() + 0.5
                while got[place_] < sent[place_] and time.monotonic() < end:
                    with suppress(BlockingIOError):
                        got[place_] += len(each.server.recv(10)) // 10
        assert got == sent


def test_no_payload_crosses_later_than_a_second_after_apply() -> None:
    """Sent without a pause before, during and after the change, payload stops within the time that is promised."""
    placement = place(crenel.load(CLUSTER).model, Wishes(families=(4, 6)))
    with Lab(stage(placement)) as lab, connections(lab) as every:
        apply(lab, only_from())
        returned = time.monotonic()
        last = 0.0
        while time.monotonic() < returned + LATEST + 0.5:
            for each in every:
                with suppress(OSError):
                    each.client.send(b"x" * 10)
                with suppress(OSError):
                    if each.server.recv(64):
                        last = time.monotonic()
        assert last < returned + LATEST


def test_the_reset_reaches_both_ends_of_a_revoked_connection() -> None:
    """Neither end waits for a timeout: the one that sends next is told, and so is the other when it sends."""
    placement = place(crenel.load(CLUSTER).model, Wishes(families=(4,)))
    with Lab(stage(placement)) as lab, connections(lab) as every:
        apply(lab, only_from())
        for each in every:
            if each.protocol == TCP:
                for end in (each.client, each.server):
                    end.send(b"x")
                    time.sleep(0.02)
                    with pytest.raises(ConnectionError):
                        end.recv(1)
