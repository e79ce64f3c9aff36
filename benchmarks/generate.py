"""Writes a cluster of N workloads with their policies; the same arguments write the same files."""

from __future__ import annotations

import argparse
import random
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PER_NAMESPACE = 10
PORTS = (8080, 8443, 9090, 5432)
VARIANTS = ("ingress", "both", "dns", "cidr")
LAYOUTS = ("per-namespace", "one-file", "per-object")


@dataclass(frozen=True)
class Shape:
    """What to generate."""

    workloads: int
    policies_per_workload: int = 1
    variant: str = "ingress"
    layout: str = "per-namespace"
    seed: int = 1

    @property
    def namespaces(self) -> int:
        """How many namespaces there are."""
        return -(-self.workloads // PER_NAMESPACE)


@dataclass(frozen=True)
class Manifest:
    """One object."""

    namespace: str
    kind: str
    name: str
    text: str


@dataclass(frozen=True)
class Opening:
    """Whom a rule lets in or out, and on which ports."""

    peers: list[int]
    ports: list[int]


def namespace_of(number: int) -> str:
    """The namespace of a workload."""
    return f"team-{number // PER_NAMESPACE:04}"


def workload_name(number: int) -> str:
    """The name of a workload."""
    return f"app-{number:05}"


def place(number: int) -> str:
    """A workload as questions name it."""
    return f"{namespace_of(number)}/{workload_name(number)}"


def manifests(shape: Shape) -> Iterator[Manifest]:
    """All objects, namespace by namespace."""
    chance = random.Random(shape.seed)
    openings = {
        (number, which): _opening(shape, chance)
        for number in range(shape.workloads)
        for which in range(shape.policies_per_workload)
    }
    outward = _outward(openings) if shape.variant in ("both", "dns") else {}
    for number in range(shape.workloads):
        namespace = namespace_of(number)
        if number % PER_NAMESPACE == 0:
            yield _namespace(namespace)
            yield _deny(namespace, egress=shape.variant in ("both", "dns"))
            if shape.variant == "dns":
                yield _dns(namespace)
        yield _deployment(number)
        for which in range(shape.policies_per_workload):
            spec = _ingress(number, openings[number, which], shape.variant)
            if shape.variant == "cidr":
                spec += _ranges(chance)
            elif shape.variant != "ingress":
                spec += _egress(outward.get(number, []) if which == 0 else [])
            yield _network_policy(namespace, f"{workload_name(number)}-{which}", spec)


def policy(number: int, which: int, shape: Shape, chance: random.Random) -> str:
    """Another ingress policy for a workload: two random peers in on two ports."""
    spec = _ingress(number, _opening(shape, chance), "ingress")
    return _network_policy(namespace_of(number), f"{workload_name(number)}-{which}", spec).text


def _opening(shape: Shape, chance: random.Random) -> Opening:
    peers = [chance.randrange(shape.workloads) for _ in range(2)]
    return Opening(peers, sorted(chance.sample(PORTS, 2)))


def _outward(openings: dict[tuple[int, int], Opening]) -> dict[int, list[Opening]]:
    """The same openings seen from the peers, so that what comes in may also go out."""
    found: dict[int, list[Opening]] = {}
    for (number, _), opening in openings.items():
        for peer in opening.peers:
            found.setdefault(peer, []).append(Opening([number], opening.ports))
    return found


def _namespace(name: str) -> Manifest:
    text = f"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {name}\n  labels:\n    team: {name}\n"
    return Manifest(name, "namespace", name, text)


def _deny(namespace: str, *, egress: bool) -> Manifest:
    types = "[Ingress, Egress]" if egress else "[Ingress]"
    return _network_policy(namespace, "default-deny", f"  podSelector: {{}}\n  policyTypes: {types}\n")


def _dns(namespace: str) -> Manifest:
    spec = """  podSelector: {}
  policyTypes: [Egress]
  egress:
  - to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: kube-system
      podSelector:
        matchLabels:
          k8s-app: kube-dns
    ports:
    - port: 53
      protocol: UDP
    - port: 53
      protocol: TCP
"""
    return _network_policy(namespace, "allow-dns", spec)


def _deployment(number: int) -> Manifest:
    name, namespace = workload_name(number), namespace_of(number)
    ports = "".join(f"        - name: p{port}\n          containerPort: {port}\n" for port in PORTS)
    text = f"""apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: {namespace}
  labels:
    app: {name}
spec:
  replicas: 20
  selector:
    matchLabels:
      app: {name}
  template:
    metadata:
      labels:
        app: {name}
        team: {namespace}
    spec:
      containers:
      - name: main
        image: registry.example/{name}:1.0
        ports:
{ports}"""
    return Manifest(namespace, "deployment", name, text)


def _ingress(number: int, opening: Opening, variant: str) -> str:
    types = "[Ingress]" if variant == "ingress" else "[Ingress, Egress]"
    return f"""  podSelector:
    matchLabels:
      app: {workload_name(number)}
  policyTypes: {types}
  ingress:
{_rule("from", opening)}"""


def _egress(openings: Sequence[Opening]) -> str:
    return "  egress:\n" + "".join(_rule("to", each) for each in openings) if openings else "  egress: []\n"


def _ranges(chance: random.Random) -> str:
    blocks = [f"{chance.randrange(1, 224)}.{chance.randrange(256)}.{chance.randrange(256)}.0/24" for _ in range(2)]
    written = "".join(f"    - ipBlock:\n        cidr: {block}\n" for block in blocks)
    return f"  egress:\n  - to:\n{written}    ports:\n    - port: 443\n"


def _rule(side: str, opening: Opening) -> str:
    ports = "".join(f"    - port: {port}\n      protocol: TCP\n" for port in opening.ports)
    return f"  - {side}:\n{''.join(map(_peer, opening.peers))}    ports:\n{ports}"


def _peer(number: int) -> str:
    return f"""    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: {namespace_of(number)}
      podSelector:
        matchLabels:
          app: {workload_name(number)}
"""


def _network_policy(namespace: str, name: str, spec: str) -> Manifest:
    head = (
        f"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: {name}\n  namespace: {namespace}\n"
    )
    return Manifest(namespace, "networkpolicy", name, f"{head}spec:\n{spec}")


def write(shape: Shape, folder: Path) -> None:
    """Write all objects into a folder, which is emptied first."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    texts: dict[Path, list[str]] = {}
    for each in manifests(shape):
        texts.setdefault(folder / _file(each, shape.layout), []).append(each.text)
    for path, parts in texts.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text("---\n".join(parts), "utf-8")


def _file(manifest: Manifest, layout: str) -> str:
    if layout == "one-file":
        return "cluster.yaml"
    if layout == "per-namespace":
        return f"{manifest.namespace}.yaml"
    return f"{manifest.namespace}/{manifest.kind}-{manifest.name}.yaml"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generate", description=__doc__)
    parser.add_argument("workloads", type=int, metavar="N")
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("--policies-per-workload", type=int, default=1, metavar="K")
    parser.add_argument("--variant", choices=VARIANTS, default=VARIANTS[0])
    parser.add_argument("--layout", choices=LAYOUTS, default=LAYOUTS[0])
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    shape = Shape(given.workloads, given.policies_per_workload, given.variant, given.layout, given.seed)
    write(shape, given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
