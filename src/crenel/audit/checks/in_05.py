"""A route that leads nowhere.

## What it does

Looks for backends of Ingresses, routes and VirtualServices that are Services which do not exist, lack the port, or have
no pod behind them. A Service that does not exist is told where the input has others of its namespace; otherwise it may
merely be missing in the input, and is for the persona auditor. That no pod stands behind a Service is for the persona
pedantic, unless the input is a live cluster: what makes the pods may be elsewhere. References that no ReferenceGrant
allows are left to IN-13.

## Why it is bad

Requests are answered with an error. Whoever may create a Service of that name gets them all.

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
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec:
  ingressClassName: public
  rules:
    - host: shop.example.com
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 8000}}}}]}
```

## Fix

Name a port that the Service has:

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
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec:
  ingressClassName: public
  rules:
    - host: shop.example.com
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
```

## References

- k8s.io/api networking/v1 IngressServiceBackend
- Gateway API BackendObjectReference
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.finding import Check, Finding, Persona, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.dialects.service import resolve
from crenel.kubernetes.objects.services import Service
from crenel.network.traffic import Match
from crenel.routing.proxy import Backend

CHECK = Check("IN-05", "Backend that does not exist", Pillar.WAYS, Severity.LOW)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each reference."""
    spaces = {each.namespace for each in subject.decoded.services}
    told: set[tuple[object, ...]] = set()
    known: dict[tuple[str, str, int | str | None], tuple[str, Persona | None]] = {}
    for way in subject.ways.all:
        for backend in (*way.opening.rule.backends, *way.opening.rule.mirrors):
            mark = id(way.opening.origin), backend.field, backend.name, backend.port
            thing = subject.ways.thing(way.opening.origin)
            if thing is None or backend.kind != "Service" or mark in told:
                continue
            told.add(mark)
            place = backend.namespace, backend.name, backend.port
            if place not in known:
                known[place] = _why(subject, backend, spaces)
            why, persona = known[place]
            if why:
                yield CHECK.found(
                    thing,
                    f"its backend leads nowhere: {why}",
                    field=backend.field,
                    fix="name a Service and a port that exist, or take the rule out",
                    persona=persona,
                )


def _why(subject: Subject, backend: Backend, spaces: set[str]) -> tuple[str, Persona | None]:
    """Why a backend leads nowhere, empty where it leads somewhere; and for whom that is."""
    service = subject.ways.services.get((backend.namespace, backend.name))
    if service is None:
        whole = subject.live or backend.namespace in spaces
        return f"there is no Service {backend.namespace}/{backend.name}", None if whole else Persona.AUDITOR
    spec = service.spec
    if spec is None or spec.type == "ExternalName":
        return "", None
    ports = spec.ports or []
    if backend.port is not None and ports and not any(backend.port in (each.port, each.name) for each in ports):
        return f"Service {backend.namespace}/{backend.name} has no port {backend.port}", None
    return _empty(subject, service, backend.port)


def _empty(subject: Subject, service: Service, port: int | str | None) -> tuple[str, Persona | None]:
    number = next(
        (each.port for each in (service.spec.ports if service.spec else None) or () if each.name == port), port
    )
    asked = (Match(None, (number, number)),) if isinstance(number, int) else None
    if resolve(service, asked, subject.scope, subject.decoded, subject.network).backends:
        return "", None
    if not subject.live and service.spec is not None and not service.spec.selector:
        return "", None
    words = f"no pod stands behind Service {service.namespace}/{service.name}"
    return words, None if subject.live else Persona.PEDANTIC
