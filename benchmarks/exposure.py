"""Measurements of exposure: a large cluster behind many firewalls, every path from outside to every pod.

``python -m benchmarks.exposure`` runs them alone.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator
from typing import Any

import crenel
from benchmarks.rows import Row
from crenel.dialects.joined import join
from crenel.network.addresses import AddressSet
from crenel.network.firewalls import Answer, Fact, Filter, FilterRule, Infrastructure, Interface, Peer, Tier
from crenel.network.rules import Action, Direction
from crenel.network.traffic import TCP, Match
from crenel.questions.connections import connections
from crenel.questions.exposure.assumptions import assume
from crenel.questions.exposure.outbound import Outlets
from crenel.questions.exposure.report import exposure
from crenel.questions.layered import Layers, layered

WORKLOADS, SERVICES, ROUTES, POLICIES, NODES, GROUPS, RULES = 5000, 2000, 500, 2000, 100, 200, 5000
SECONDS = 5.0
YES = Fact(Answer.YES, "a route to the internet")


def measurements() -> Iterator[Row]:
    """All rows, as they are measured; seconds of CPU."""
    given = crenel.load(list(cluster())).given
    made, start = infrastructure(random.Random(1)), time.process_time()
    joined = join(given, made)
    joining = time.process_time() - start
    start = time.process_time()
    found = exposure(joined, assume(["internet-facing=yes"]))
    walking = time.process_time() - start
    note = f"{len(found.paths):,} paths; {joining:.2f} s to join, {walking:.2f} s to walk"
    what = f"exposure, {SERVICES:,} Services, {ROUTES} routes, {RULES:,} rules"
    yield Row(what, joining + walking, "s", SECONDS, note)
    start = time.process_time()
    outlets = list(Outlets(joined).all())
    yield Row(f"egress of {WORKLOADS:,} workloads", time.process_time() - start, "s", note=f"{len(outlets):,} rows")
    start = time.process_time()
    (model,) = layered([Layers(given, joined, found)])
    lines = connections(model.network)
    note = f"{len(lines):,} connections, once the paths are known"
    yield Row("map with all layers of it", time.process_time() - start, "s", note=note)


def cluster() -> Iterator[dict[str, Any]]:
    """Nodes, pods, Services of all types, policies for clients, and an Ingress with its controller."""
    for number in range(NODES):
        yield _object("v1", "Node", f"n{number}", spec={"podCIDRs": [f"10.{number + 100}.0.0/16"]}, status={
            "addresses": [{"type": "InternalIP", "address": f"10.1.{number}.10"}]})  # fmt: skip
    for number in range(WORKLOADS):
        labels = {"app": f"w{number}"}
        if number == 0:
            labels |= {"app.kubernetes.io/name": "ingress-nginx", "app.kubernetes.io/component": "controller"}
        container = {"name": "c", "image": "example.org/c", "ports": [{"containerPort": 8080}]}
        spec = {"nodeName": f"n{number % NODES}", "containers": [container]}
        address = f"10.{number % NODES + 100}.{number // NODES}.5"
        yield _object("v1", "Pod", f"w{number}", _namespace(number), labels, spec, {
            "phase": "Running", "podIPs": [{"ip": address}]})  # fmt: skip
    for number in range(SERVICES):
        yield _service(number)
    for number in range(1, POLICIES):
        first = f"{number % 199 + 1}.{number % 251}.0.0/16"
        rule = {"from": [{"ipBlock": {"cidr": first}}, {"podSelector": {}}], "ports": [{"port": 8080}]}
        yield _object("networking.k8s.io/v1", "NetworkPolicy", f"p{number}", _namespace(number), spec={
            "podSelector": {"matchLabels": {"app": f"w{number}"}}, "ingress": [rule]})  # fmt: skip
    yield _object("networking.k8s.io/v1", "IngressClass", "nginx", spec={"controller": "k8s.io/ingress-nginx"})
    for number in range(ROUTES):
        backend = {"service": {"name": f"w{number + 1}", "port": {"number": 80}}}
        path = {"path": f"/{number}", "pathType": "Prefix", "backend": backend}
        yield _object("networking.k8s.io/v1", "Ingress", f"i{number}", _namespace(number + 1), spec={
            "ingressClassName": "nginx",
            "rules": [{"host": f"h{number % 50}.example.com", "http": {"paths": [path]}}]})  # fmt: skip


def _namespace(number: int) -> str:
    return f"ns{number % 50}"


def _object(
    version: str, kind: str, name: str, namespace: str = "", labels: dict[str, str] | None = None,
    spec: dict[str, Any] | None = None, status: dict[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    metadata = {"name": name, "labels": labels or {}, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec or {}, "status": status or {}}


def _service(number: int) -> dict[str, Any]:
    kind = "LoadBalancer" if number == 0 else ("ClusterIP", "NodePort", "LoadBalancer")[number % 3]
    port: dict[str, Any] = {"port": 80, "targetPort": 8080}
    if kind != "ClusterIP":
        port["nodePort"] = 30000 + number % 2700
    spec = {"type": kind, "selector": {"app": f"w{number}"}, "ports": [port],
            "externalTrafficPolicy": ("Local", "Cluster")[number % 2]}  # fmt: skip
    if kind == "ClusterIP":
        del spec["externalTrafficPolicy"]
    return _object("v1", "Service", f"w{number}", _namespace(number), spec=spec)


def infrastructure(chance: random.Random) -> Infrastructure:
    """Every node with a public address, and groups of rules of which each node has some of its own."""
    interfaces = [
        Interface(f"eni{number}", addresses=AddressSet.of(f"10.1.{number}.10"),
                  public=AddressSet.of(f"18.1.{number}.1"), entered={4: YES}, leaves={4: YES})
        for number in range(NODES)
    ]  # fmt: skip
    groups = tuple(
        Filter(
            f"group {number}",
            frozenset({f"eni{number % NODES}", f"eni{number * 7 % NODES}"}),
            tuple(_rule(chance) for _ in range(RULES // GROUPS)),
        )
        for number in range(GROUPS)
    )
    return Infrastructure(interfaces, [Tier("group", Direction.INGRESS, (groups,), isolating=True)])


def _rule(chance: random.Random) -> FilterRule:
    first = chance.randrange(30000, 32767)
    cidr = f"{chance.randrange(1, 200)}.{chance.randrange(255)}.{chance.randrange(255)}.0/24"
    ports = Match(TCP, (first, min(32767, first + chance.randrange(100))))
    return FilterRule(Action.ALLOW, Peer(addresses=AddressSet.of(cidr)), (ports,))


if __name__ == "__main__":
    for row in measurements():
        print(row, flush=True)
    sys.exit(0)
