"""A load balancer that takes connections from everywhere.

## What it does

Looks for Services of type LoadBalancer that are not internal, by their annotations, their address or the infrastructure
in the input, and that limit nobody by `loadBalancerSourceRanges` or the annotation for it. Medium where the input does
not say whether the load balancer faces the internet, low where every path through it is closed further on. For the
load balancers of ingress controllers and gateways, which are there for everybody, it is for the persona pedantic;
Services that `public` in `crenel.toml` names are left out.

## Why it is bad

The application is offered to every scanner of the internet, whoever it was meant for.

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

Say who may connect, or make the load balancer an internal one by the annotation of your cloud:

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
  loadBalancerSourceRanges: [203.0.113.0/24]
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
```

## References

- k8s.io/api core/v1 ServiceSpec.loadBalancerSourceRanges
- Kubernetes documentation, Service: Internal load balancer
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.exposed import reasons, widest, witness
from crenel.audit.finding import Check, Finding, Persona, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.dialects.entries import EntryKind
from crenel.dialects.loadbalancer import facing, source_ranges
from crenel.kubernetes.objects.services import Service
from crenel.network.addresses import FAMILIES, INTERNET
from crenel.network.firewalls import Answer
from crenel.provenance import FieldPath
from crenel.questions.exposure.paths import Path, State

CHECK = Check("SV-03", "LoadBalancer open to the world", Pillar.SERVICES, Severity.HIGH)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each load balancer that limits nobody."""
    for service in subject.decoded.services:
        if service.spec is None or service.spec.type != "LoadBalancer" or facing(service).answer is Answer.NO:
            continue
        limited, field = _limits(service)
        if not limited and not subject.is_public(f"{service.namespace}/{service.name}"):
            paths = subject.paths_through.get((service.namespace, service.name), ())
            balanced = [path for path in paths if path.entry.kind is EntryKind.BALANCER]
            yield _finding(subject, service, widest(balanced), field)


def _limits(service: Service) -> tuple[bool, FieldPath]:
    """Whether its source ranges leave anybody of the internet out, and where they are written."""
    found = source_ranges(service)
    if found is None:
        return False, ("spec", "type")
    ranges, field = found
    whole = any(INTERNET.only(family) <= ranges for family in FAMILIES)
    return not whole, field


def _finding(subject: Subject, service: Service, path: Path | None, field: FieldPath) -> Finding:
    serves = path is not None and path.endpoint is not None and subject.is_edge(path.endpoint)
    severity, why = _severity(path)
    ranges = "its source ranges hold the whole internet" if field[-1] != "type" else "it has no source ranges"
    return CHECK.found(
        service,
        f"{ranges}{why}",
        field=field,
        severity=severity.lowered(2) if serves else severity,
        witness=witness(path),
        evidence=reasons(path),
        fix="set loadBalancerSourceRanges, or make it internal by the annotation of the cloud",
        persona=Persona.PEDANTIC if serves else None,
    )


def _severity(path: Path | None) -> tuple[Severity, str]:
    if path is None:
        return CHECK.severity.lowered(2), "; lowered: no pod of the input stands behind it"
    if path.state is State.OPEN:
        return CHECK.severity, ", and the internet gets through to its pods"
    if path.state is State.CLOSED:
        blocked = ", ".join(dict.fromkeys(layer.name for layer in path.blocking))
        return CHECK.severity.lowered(
            2
        ), f"; lowered: every path is closed further on{f' ({blocked})' if blocked else ''}"
    return CHECK.severity.lowered(), f"; {path.lacking[0]} is not known" if path.lacking else ""
