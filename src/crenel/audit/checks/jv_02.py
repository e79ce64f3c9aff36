"""A load balancer that leads to a pod which no policy guards.

## What it does

Walks the paths from the internet through load balancers, proxies behind them included, and looks at the pods where
they end: one that is not isolated for ingress is a finding. High where somebody outside surely gets through, medium
where that depends on something that the input does not say. Ingress controllers and gateways themselves are left out.

## Why it is bad

Two layers are open at once. What the load balancer lets through meets nothing else on its way, and everything inside
the cluster gets to the same pod on every other port as well.

## Example

```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  type: LoadBalancer
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
```

## Fix

Isolate the pod and let in what the load balancer brings, on that port alone; limit the load balancer if not everybody
is meant (SV-03).

```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  type: LoadBalancer
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress]
  ingress: [{ports: [{port: 8080}]}]
```

## References

- Kubernetes documentation, Network Policies: ipBlock and the source address behind load balancers
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from crenel.audit.exposed import reasons, way, widest, witness
from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.audit.workloads import Workload
from crenel.dialects.entries import EntryKind
from crenel.network.rules import Direction
from crenel.questions.exposure.paths import Path, State

CHECK = Check("JV-02", "LoadBalancer reaches a pod that no policy guards", Pillar.JOINED, Severity.HIGH)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each workload that such a path leads to."""
    found: dict[int, list[Path]] = defaultdict(list)
    for path in subject.exposure.paths:
        if path.entry.kind is EntryKind.BALANCER and path.state is not State.CLOSED and path.endpoint is not None:
            found[path.endpoint].append(path)
    for workload in subject.workloads:
        paths = found.get(workload.index, [])
        if not paths or workload.hosted or subject.is_edge(workload.index):
            continue
        if subject.isolated(workload, Direction.INGRESS) is False:
            yield _finding(workload, paths)


def _finding(workload: Workload, paths: list[Path]) -> Finding:
    best = widest(paths)
    assert best is not None
    sure = best.state is State.OPEN
    verb = "leads" if sure else "may lead"
    doubt = f"; {best.lacking[0]} is not known" if best.lacking else ""
    return CHECK.found(
        workload,
        f"{way(best)} {verb} the internet to it, and no policy isolates it for ingress{doubt}",
        severity=None if sure else CHECK.severity.lowered(),
        witness=witness(best),
        evidence=[*reasons(best), *(f"also {way(path)}" for path in paths if path is not best)],
        fix="isolate it for ingress, and let in what is meant on that port",
    )
