"""A Service that is open on a port of every node.

## What it does

Looks for Services of type NodePort, walks every path to their node ports that the input knows, and names the widest.
High where the internet gets through, low where all paths are closed. Services that `public` in `crenel.toml` names are
left out.

## Why it is bad

A node port is open on every address of every node, also on nodes that run none of its pods, and passes by what guards
the load balancer or the gateway.

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
  type: NodePort
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080, nodePort: 30080}]
```

## Fix

Make it a ClusterIP Service, which `--fix` does, and lead to it through a gateway or an Ingress.

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
  type: ClusterIP
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
```

## References

- Kubernetes documentation, Service: type: NodePort
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.exposed import reasons, widest, witness
from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.editing.patches import Edit, Patch, Remove, Set
from crenel.kubernetes.objects.services import Service
from crenel.questions.exposure.paths import Path, State

CHECK = Check("SV-01", "NodePort Service", Pillar.SERVICES, Severity.MEDIUM)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each Service of type NodePort."""
    for service in subject.decoded.services:
        if service.spec is None or service.spec.type != "NodePort":
            continue
        if not subject.is_public(f"{service.namespace}/{service.name}"):
            paths = subject.paths_through.get((service.namespace, service.name), ())
            yield _finding(service, widest(paths))


def _finding(service: Service, path: Path | None) -> Finding:
    severity, why = _severity(path)
    return CHECK.found(
        service,
        f"is open on {_ports(service)} of every node{why}",
        field=("spec", "type"),
        severity=severity,
        witness=witness(path),
        evidence=reasons(path),
        fix="type: ClusterIP, and a gateway or an Ingress in front of it",
        patch=Patch(service.origin, *_edits(service)),
    )


def _ports(service: Service) -> str:
    numbers = [str(port.node_port) for port in (service.spec.ports if service.spec else None) or () if port.node_port]
    return f"node port {', '.join(numbers)}" if numbers else "a node port that the cluster chooses"


def _severity(path: Path | None) -> tuple[Severity, str]:
    if path is None:
        return CHECK.severity.lowered(), "; lowered: no pod of the input stands behind it"
    if path.state is State.OPEN:
        return CHECK.severity.raised(), ", and the internet reaches it"
    if path.state is State.CLOSED:
        return CHECK.severity.lowered(), "; lowered: from outside every path to it is closed"
    return CHECK.severity, f"; {path.lacking[0]} is not known" if path.lacking else ""


def _edits(service: Service) -> Iterator[Edit]:
    """What makes it a ClusterIP Service: fields that such a Service may not have go too."""
    assert service.spec is not None
    yield Set(("spec", "type"), "ClusterIP")
    for position, port in enumerate(service.spec.ports or ()):
        if port.node_port:
            yield Remove(("spec", "ports", position, "nodePort"))
    if service.spec.external_traffic_policy and not service.spec.external_ips:
        yield Remove(("spec", "externalTrafficPolicy"))
