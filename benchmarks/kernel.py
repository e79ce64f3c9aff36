"""Measurements of the lab and of what nodes enforce, in network namespaces of this machine.

``python -m benchmarks.kernel`` runs them alone; needs root, or `unshare -Urn` around it.
"""

from __future__ import annotations

import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import crenel
from benchmarks.rows import Row
from crenel.enforce.compiler import compile_node
from crenel.enforce.delta import delta
from crenel.enforce.ruleset import Ruleset
from crenel.enforce.site import LocalPod, Site
from crenel.enforce.text import write
from crenel.kernel.namespaces import Namespace, is_privileged
from crenel.kernel.nftables import Nftables, missing
from crenel.lab.cluster.placement import Placement, Wishes, place
from crenel.lab.lab import Lab
from crenel.lab.probing.probes import Planner, Route
from crenel.lab.stage import Stage, stage
from crenel.lab.twin.namespaces import Twin
from crenel.lab.twin.topology import UPLINK, Topology
from crenel.network.addresses import AddressSet
from crenel.network.traffic import TCP

PODS, PROBED, POLICIES, LOCAL = 100, 50, 1000, 100
START_S, LOAD_S = 0.47, 1.2
"""What shared/ENFORCEMENT.md measured: 100 pods by raw netlink; a full sync of 10,000 pods under 1,000 policies."""
PROBES = 4000.0
PORTS = (80, 443, 5432)


def measurements() -> Iterator[Row]:
    """All rows, as they are measured; nothing where namespaces or libnftables are missing."""
    if not is_privileged() or missing():
        print("the kernel is not measured: it takes root and libnftables", file=sys.stderr)
        return
    yield from _start()
    yield from _probes()
    yield from _rules()
    yield from _latency()


def pod(number: int, node: str = "n1") -> dict[str, Any]:
    """One pod that differs from the others."""
    labels = {"app": f"app-{number}", "group": f"g{number % 10}"}
    metadata = {"name": f"p{number}", "namespace": f"team-{number % 20}", "labels": labels}
    spec = {
        "nodeName": node,
        "containers": [{"name": "c", "image": "example.org/c:1", "ports": [{"containerPort": 80, "name": "http"}]}],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def policy(number: int, pods: int) -> dict[str, Any]:
    """One policy that lets two others in, in a namespace of the pods."""
    target, peers = number % pods, [(number * 7 + 1) % pods, (number * 13 + 5) % pods]
    allowed = [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": f"app-{each}"}}} for each in peers]
    return {
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": f"policy-{number}", "namespace": f"team-{target % 20}"},
        "spec": {
            "podSelector": {"matchLabels": {"app": f"app-{target}"}}, "policyTypes": ["Ingress"],
            "ingress": [{"from": allowed, "ports": [{"port": 80}, {"port": 8000, "endPort": 8100}]}],
        },
    }  # fmt: skip


def staged(pods: int, policies: int) -> Stage:
    """A dual-stack cluster on one node."""
    objects = [pod(number) for number in range(pods)] + [policy(number, pods) for number in range(policies)]
    return stage(place(crenel.load(objects).model, Wishes(families=(4, 6))))


def timed(body: Callable[[], Any], runs: int = 5) -> float:
    """The median seconds of several runs."""
    found = []
    for _ in range(runs):
        start = time.perf_counter()
        body()
        found.append(time.perf_counter() - start)
    return statistics.median(found)


def _start() -> Iterator[Row]:
    made = staged(PODS, 0)
    own = timed(lambda: Twin.build(made.topology).close())
    yield Row(f"twin of {PODS} pods, dual stack", own, "s", START_S)
    with_rules = timed(lambda: Lab(made).close())
    yield Row("  with rules and Services loaded", with_rules, "s")
    if shutil.which("ip") and shutil.which("unshare"):
        other = timed(lambda: _by_commands(made.topology), 3)
        yield Row("  the same by `ip -batch`, against ours", other / own, "x", note=f"{other:.2f} s")


def _by_commands(topology: Topology) -> None:
    """The same namespaces, links, addresses, routes and neighbours by iproute2, in namespaces of their own."""
    names = {key: f"s{number}" for number, key in enumerate(topology.spaces)}
    lines = ["mount -t tmpfs none /run", "mkdir -p /run/netns"]
    lines += [f"ip netns add {name}" for name in names.values()]
    batches: dict[str, list[str]] = {key: [] for key in topology.spaces}
    for cable in topology.cables:
        batches[cable.upper].append(
            f"link add {cable.upper_name} index {cable.upper_index} address {cable.upper_mac.hex(':')} type veth "
            f"peer name {cable.lower_name} index {UPLINK} address {cable.lower_mac.hex(':')} netns {names[cable.lower]}"
        )
    later: dict[str, list[str]] = {key: [] for key in topology.spaces}
    devices = {(cable.upper, cable.upper_index): cable.upper_name for cable in topology.cables}
    devices |= {(cable.lower, UPLINK): cable.lower_name for cable in topology.cables}
    for key, space in topology.spaces.items():
        link = {index: devices.get((key, index), "lo") for index in space.interfaces}
        later[key] += [f"link set {name} up" for name in link.values()]
        later[key] += [
            f"addr add {address}/{address.max_prefixlen} dev {link[index]}{' nodad' if address.version == 6 else ''}"
            for index, address in space.addresses
        ]
        later[key] += [
            f"neigh add {address} lladdr {mac.hex(':')} dev {link[index]} nud permanent"
            for index, address, mac in space.neighbours
        ]
        for route in space.routes:
            via = f"via {route.via} onlink " if route.via else ""
            source = f" src {route.source}" if route.source else ""
            later[key].append(f"route add {route.to} {via}dev {link[route.interface]}{source}")
    for part in (batches, later):
        for key, commands in part.items():
            if commands:
                text = "\n".join(commands)
                lines.append(f"ip -n {names[key]} -batch - <<'END'\n{text}\nEND")
    subprocess.run(["unshare", "-n", "-m", "sh", "-e"], input="\n".join(lines), text=True, check=True)


def _probes() -> Iterator[Row]:
    made = staged(PROBED, PROBED)
    planner = Planner(made.placement.model.network, made.parties, made.served, made.entrances)
    pods = [each for each in made.parties.pods if each.family == 4]
    probes = [
        planner.direct(Route.PODS, source, target, TCP, port)
        for source in pods
        for target in pods
        if source is not target
        for port in PORTS
    ]
    with Lab(made) as lab:
        _ = lab.prober
        seconds = timed(lambda: lab.probe(probes), 3)
    note = f"{len(probes):,} probes of {PROBED} x {PROBED} pods x {len(PORTS)} ports in {seconds:.2f} s"
    yield Row("TCP probes in a second", len(probes) / seconds, "", PROBES, note)


def _rules() -> Iterator[Row]:
    placement = place(
        crenel.load([pod(number) for number in range(LOCAL)] + _policies()).model, Wishes(families=(4, 6))
    )
    network, site = placement.model.network, _site(placement)
    compiled = timed(lambda: compile_node(network, site), 3)
    ruleset = compile_node(network, site)
    text = write(ruleset)
    rules = sum(len(chain.rules) for chain in ruleset.chains.values())
    note = f"{rules:,} rules, {len(ruleset.sets):,} sets, {len(ruleset.chains):,} chains, {len(text) / 1e6:.2f} MB"
    yield Row(f"compiling {POLICIES:,} policies, {LOCAL} local pods", compiled, "s", note=note)
    with Namespace.new() as namespace, Nftables(namespace) as nft:
        yield Row("  loading that into the kernel", timed(lambda: nft.run(text), 3), "s", LOAD_S)
        yield from _changes(nft, ruleset, placement)


def _placed(more: list[dict[str, Any]]) -> Placement:
    objects = [*(pod(number) for number in range(LOCAL)), *_policies(), *more]
    return place(crenel.load(objects).model, Wishes(families=(4, 6)))


def _policies() -> list[dict[str, Any]]:
    return [policy(number, LOCAL) for number in range(POLICIES)]


def _site(placement: Placement) -> Site:
    made = stage(placement)
    pods = [
        LocalPod(made.roster.pods[each.title], AddressSet.of(*each.addresses), made.topology.interfaces[each.title])
        for each in placement.pods
    ]
    return Site("n1", pods)


def _changes(nft: Nftables, ruleset: Ruleset, placement: Placement) -> Iterator[Row]:
    """One policy more, and one remote pod more that an existing selector meets."""
    cases: dict[str, list[dict[str, Any]]] = {
        "one policy more": [policy(POLICIES, LOCAL)],
        "one remote pod more, with known labels": [
            pod(LOCAL, "n2") | {"metadata": pod(1)["metadata"] | {"name": "new"}}
        ],
    }
    for what, more in cases.items():
        after = compile_node(_placed(more).model.network, _site(placement))
        commands = delta(ruleset, after)
        back = delta(after, ruleset)
        found = []
        for _ in range(5):
            start = time.perf_counter()
            nft.run(commands)
            found.append((time.perf_counter() - start) * 1000)
            nft.run(back)
        yield Row(f"  {what}", statistics.median(found), "ms", note=f"{commands.count(chr(10))} commands")


@contextmanager
def _pair(lab: Lab) -> Iterator[tuple[Callable[[int], float], int]]:
    """A function that sends datagrams from one pod to another, each of a new flow, and gives the median time in µs."""
    one, two = lab.stage.placement.pods[1], lab.stage.placement.pods[0]
    with ExitStack() as stack:
        with lab.twin.spaces[f"pod {two.title}"].entered():
            server = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        server.bind((two.addresses[0], 9))
        server.settimeout(2)
        with lab.twin.spaces[f"pod {one.title}"].entered():
            clients = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(2000)]
        for client in clients:
            client.bind((one.addresses[0], 0))

        def measure(count: int) -> float:
            times = []
            for number in range(count):
                client = clients[number % len(clients)]
                start = time.perf_counter()
                client.sendto(b"x", (two.addresses[0], 9))
                server.recv(16)
                times.append((time.perf_counter() - start) * 1e6)
            return statistics.median(times)

        yield measure, len(clients)


def _latency() -> Iterator[Row]:
    """New flows, with the rules of 1,000 policies in force and with none; the rules let the packets through."""
    everyone = {
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": "udp", "namespace": "team-0"},
        "spec": {"podSelector": {}, "ingress": [{"ports": [{"protocol": "UDP", "port": 9}]}]},
    }  # fmt: skip
    made = stage(_placed([everyone]))
    found: dict[str, float] = {}
    for name in ("without rules", f"with {POLICIES:,} policies"):
        with Lab(made) as lab:
            if name == "without rules":
                with Nftables(lab.node("n1")) as nft:
                    nft.run("flush ruleset")
            with _pair(lab) as (measure, fresh):
                found[name] = measure(fresh)
    bare, ruled = found.values()
    yield Row("a packet of a new flow, without rules", bare, "us")
    yield Row(f"  with the rules of {POLICIES:,} policies", ruled, "us", note=f"{ruled / bare:.2f} times")


def main(_arguments: Sequence[str] = ()) -> int:
    """Print all rows."""
    for row in measurements():
        print(row, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
