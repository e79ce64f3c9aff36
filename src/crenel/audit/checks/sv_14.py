"""A Service on the edge that sends to pods which are not ready.

## What it does

Looks for Services with `publishNotReadyAddresses: true` that outside gets to: by a load balancer, a node port or an
external address, or by a proxy's rule. Where every such path is closed there is no finding. Headless Services are none
either: a proxy takes their pods one by one, as those of others.

## Why it is bad

Pods get requests of users while they start, stop, or have said that they are broken: half-read settings, filters that
are not yet loaded, errors with more in them than is meant for outside. The field is there for members of a cluster
that look for each other.

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
  publishNotReadyAddresses: true
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
```

## Fix

Take the field out, which `--fix` does; members that look for each other get a headless Service of their own.

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

## References

- k8s.io/api core/v1 ServiceSpec.publishNotReadyAddresses
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.exposed import reasons, way, widest, witness
from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.editing.patches import Patch, Remove
from crenel.kubernetes.objects.services import Service
from crenel.questions.exposure.paths import Path, State

CHECK = Check("SV-14", "Unready pods published on the edge", Pillar.SERVICES, Severity.LOW)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each such Service."""
    chosen = [each for each in subject.decoded.services if each.spec and each.spec.publish_not_ready_addresses]
    for service in chosen:
        best = widest(_paths(subject, service))
        if best is not None and best.state is not State.CLOSED:
            yield _finding(service, best)


def _paths(subject: Subject, service: Service) -> Iterator[Path]:
    place = (service.namespace, service.name)
    yield from subject.paths_through.get(place, ())
    yield from (path for path in subject.exposure.paths if path.behind is not None and path.behind[:2] == place)


def _finding(service: Service, path: Path) -> Finding:
    sure = path.state is State.OPEN
    return CHECK.found(
        service,
        f"sends to pods that are not ready what {way(path)} {'brings' if sure else 'may bring'} from the internet",
        field=("spec", "publishNotReadyAddresses"),
        witness=witness(path),
        evidence=reasons(path),
        fix="remove publishNotReadyAddresses",
        patch=Patch(service.origin, Remove(("spec", "publishNotReadyAddresses"))),
    )
