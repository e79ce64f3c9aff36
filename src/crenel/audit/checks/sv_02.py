"""A load balancer that does not need the node ports of its Service.

## What it does

Looks for Services of type LoadBalancer that have node ports, though their load balancer does not use them: it sends
straight to pods, as its targets in the input or the annotation of its controller say, or nodes take packets to its own
address (MetalLB, Cilium). Low where every path to these ports is closed. Where the input does not tell how a load
balancer reaches its pods there is no finding: it may need them.

## Why it is bad

Every node then has a second way in, which passes by the load balancer, its logs and its source ranges.

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
metadata:
  name: web
  namespace: shop
  annotations:
    service.beta.kubernetes.io/aws-load-balancer-type: external
    service.beta.kubernetes.io/aws-load-balancer-nlb-target-type: ip
spec:
  type: LoadBalancer
  selector: {app: web}
  ports: [{port: 443, targetPort: 8080}]
```

## Fix

Have none allocated, and take those out that are written, which `--fix` does. In a running cluster ports that are
allocated stay until they are taken out.

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
metadata:
  name: web
  namespace: shop
  annotations:
    service.beta.kubernetes.io/aws-load-balancer-type: external
    service.beta.kubernetes.io/aws-load-balancer-nlb-target-type: ip
spec:
  type: LoadBalancer
  allocateLoadBalancerNodePorts: false
  selector: {app: web}
  ports: [{port: 443, targetPort: 8080}]
```

## References

- Kubernetes documentation, Service: Disabling load balancer NodePort allocation
- AWS Load Balancer Controller, Network Load Balancer: IP mode
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.balanced import is_balanced, keeps_node_ports, needs_no_node_ports, ports
from crenel.audit.exposed import reasons, widest, witness
from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.dialects.entries import EntryKind
from crenel.editing.patches import Edit, Patch, Remove, Set
from crenel.kubernetes.objects.services import Service
from crenel.questions.exposure.paths import State

CHECK = Check("SV-02", "LoadBalancer keeps unneeded node ports", Pillar.SERVICES, Severity.MEDIUM)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each Service that has ports which its load balancer does not use."""
    for service in subject.decoded.services:
        if is_balanced(service) and keeps_node_ports(service) and (why := needs_no_node_ports(subject, service)):
            yield _finding(subject, service, why)


def _finding(subject: Subject, service: Service, why: str) -> Finding:
    paths = subject.paths_through.get((service.namespace, service.name), ())
    best = widest(path for path in paths if path.entry.kind is EntryKind.NODE_PORT)
    closed = best is None or best.state is State.CLOSED
    written = next((place for place, port in enumerate(ports(service)) if port.node_port), None)
    lowered = "; lowered: from outside every path to them is closed" if closed else ""
    return CHECK.found(
        service,
        f"has node ports though {why}{lowered}",
        field=("spec", "type") if written is None else ("spec", "ports", written, "nodePort"),
        severity=CHECK.severity.lowered() if closed else None,
        witness=witness(best),
        evidence=reasons(best),
        fix="allocateLoadBalancerNodePorts: false, and no nodePort",
        patch=Patch(service.origin, *_edits(service)),
    )


def _edits(service: Service) -> Iterator[Edit]:
    yield Set(("spec", "allocateLoadBalancerNodePorts"), False)
    for place, port in enumerate(ports(service)):
        if port.node_port:
            yield Remove(("spec", "ports", place, "nodePort"))
