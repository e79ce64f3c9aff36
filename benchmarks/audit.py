"""The audit of a large cluster, whole process, files included: workloads with two policies each, and Services."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.generate import Shape, namespace_of, workload_name, write
from benchmarks.measure import CRENEL, best
from benchmarks.rows import Row

WORKLOADS, SERVICES, REPEAT = 5000, 2000, 2
SECONDS = 10.0
TYPES = ("ClusterIP", "NodePort", "LoadBalancer")


def measurements() -> Iterator[Row]:
    """All rows, as they are measured; seconds of CPU."""
    for variant in ("ingress", "both"):
        with tempfile.TemporaryDirectory(prefix="crenel-bench-") as folder:
            shape = Shape(WORKLOADS, 2, variant)
            write(shape, Path(folder, "input"))
            Path(folder, "input", "services.yaml").write_text("---\n".join(map(_service, range(SERVICES))), "utf-8")
            cost = best([*CRENEL, "audit", "-f", f"{folder}/input", "-o", "json"], REPEAT)
        found = cost.output.count('{"check":')
        what = f"audit, {WORKLOADS:,} workloads, {2 * WORKLOADS:,} policies, {variant}"
        note = f"{SERVICES:,} Services; {found:,} findings; {cost.phases.get('solve', 0.0):.2f} s in the checks"
        yield Row(what, cost.cpu, "s", SECONDS, note)
        yield Row("  peak memory", cost.memory, "MB")


def _service(number: int) -> str:
    return f"""apiVersion: v1
kind: Service
metadata:
  name: {workload_name(number)}
  namespace: {namespace_of(number)}
spec:
  type: {TYPES[number % len(TYPES)]}
  selector:
    app: {workload_name(number)}
  ports:
  - port: 80
    targetPort: 8080
"""


if __name__ == "__main__":
    for row in measurements():
        print(row, flush=True)
    sys.exit(0)
