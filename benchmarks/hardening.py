"""A thousand workloads, hardened: whole process, from the manifests to the written and proved policies.

``python -m benchmarks.hardening`` measures this alone.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import CRENEL, best
from benchmarks.rows import Row

WORKLOADS, PER_NAMESPACE, REFERENCES = 1000, 10, 3
SECONDS = 10.0

_OBJECTS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  replicas: 3
  selector:
    matchLabels:
      app: {name}
  template:
    metadata:
      labels:
        app: {name}
        version: v1
    spec:
      containers:
        - name: main
          image: registry.example/{name}:1
          ports:
            - containerPort: 8080
          env:
{env}
---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  selector:
    app: {name}
  ports:
    - port: 80
      targetPort: 8080
"""
_VARIABLE = """\
            - name: PEER_{number}_URL
              value: http://{name}.{namespace}
"""


def write(folder: Path, workloads: int) -> None:
    """Write workloads that refer to some others each, a file for each namespace; the same every time."""
    chance = random.Random(1)
    for start in range(0, workloads, PER_NAMESPACE):
        texts = []
        for number in range(start, min(start + PER_NAMESPACE, workloads)):
            peers = [chance.randrange(workloads) for _ in range(REFERENCES)]
            env = "".join(
                _VARIABLE.format(number=place, name=_name(peer), namespace=_namespace(peer))
                for place, peer in enumerate(peers)
            )
            texts.append(_OBJECTS.format(name=_name(number), namespace=_namespace(number), env=env.rstrip()))
        (folder / f"{_namespace(start)}.yaml").write_text("---\n".join(texts), "utf-8")


def _name(number: int) -> str:
    return f"app-{number:04}"


def _namespace(number: int) -> str:
    return f"team-{number // PER_NAMESPACE:03}"


def measurements() -> Iterator[Row]:
    """The time and memory of one run."""
    with tempfile.TemporaryDirectory(prefix="crenel-bench-") as made:
        folder = Path(made) / "app"
        folder.mkdir()
        write(folder, WORKLOADS)
        cost = best([*CRENEL, "harden", "-f", str(folder), "-o", str(Path(made) / "policies")], 2)
    yield Row(f"harden, {WORKLOADS:,} workloads", cost.cpu, "s", SECONDS, f"{cost.memory:.0f} MB")


if __name__ == "__main__":
    for row in measurements():
        print(row)
