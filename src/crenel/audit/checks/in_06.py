"""The retired ingress-nginx is in use.

## What it does

Looks for containers that run ingress-nginx, by the repositories of their images, those that others publish of the same
source among them; where the input has no controller, for IngressClasses that name it (`k8s.io/ingress-nginx`). High
where the internet gets to it, or may, medium otherwise. Forks that go on with it under names of their own are left out.

## Why it is bad

The repository was archived on 24 March 2026. Holes that are found since, in the controller and in the nginx in it, are
not mended any more, and it holds the certificates of the cluster.

## Example

```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: controller, namespace: ingress-nginx}
spec:
  selector: {matchLabels: {app: nginx}}
  template:
    metadata: {labels: {app: nginx}}
    spec:
      containers:
        - name: controller
          image: registry.k8s.io/ingress-nginx/controller:v1.11.3
          args: [/nginx-ingress-controller, "--validating-webhook=:8443"]
          ports: [{containerPort: 80}, {name: webhook, containerPort: 8443}]
---
apiVersion: v1
kind: Service
metadata: {name: controller, namespace: ingress-nginx}
spec: {type: LoadBalancer, selector: {app: nginx}, ports: [{port: 80}]}
```

## Fix

Move to an implementation of the Gateway API, or to a controller that somebody maintains:

```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: controller, namespace: ingress-nginx}
spec:
  selector: {matchLabels: {app: nginx}}
  template:
    metadata: {labels: {app: nginx}}
    spec:
      containers:
        - name: controller
          image: docker.io/envoyproxy/envoy:v1.37.0
          ports: [{containerPort: 80}, {name: webhook, containerPort: 8443}]
---
apiVersion: v1
kind: Service
metadata: {name: controller, namespace: ingress-nginx}
spec: {type: LoadBalancer, selector: {app: nginx}, ports: [{port: 80}]}
```

## References

- Kubernetes blog, Ingress NGINX Retirement: What You Need to Know
- OWASP Kubernetes Top Ten 2025, K07
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.advisories import RETIRED
from crenel.audit.exposed import reasons, widest, witness
from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.ingressnginx import Controller, controllers
from crenel.audit.subject import Subject
from crenel.dialects.ingressclasses import NGINX, controller_of
from crenel.questions.exposure.paths import State

CHECK = Check("IN-06", "Retired ingress-nginx", Pillar.WAYS, Severity.HIGH)
_FIX = "move to an implementation of the Gateway API, or to a controller that is maintained"


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each controller, or for each class where the controller is not in the input."""
    found = list(controllers(subject))
    for each in found:
        yield _finding(subject, each)
    for named in subject.decoded.ingress_classes if not found else ():
        if controller_of(named) == NGINX:
            yield CHECK.found(
                named,
                f"it names ingress-nginx, which was retired on {RETIRED}, unless a fork serves it",
                field=("spec", "controller"),
                severity=CHECK.severity.lowered(),
                fix=_FIX,
            )


def _finding(subject: Subject, controller: Controller) -> Finding:
    workload = controller.workload
    paths = subject.paths_to.get(workload.index, ()) if workload is not None else ()
    state = subject.from_internet([workload.index]) if workload is not None else State.POSSIBLE
    closed = state is State.CLOSED
    why = "; lowered: nothing in the input leads the internet to it" if closed else ""
    return CHECK.found(
        controller.thing,
        f"runs {controller.image} of ingress-nginx, which was retired on {RETIRED}{why}",
        field=controller.field,
        severity=CHECK.severity.lowered() if closed else None,
        witness=witness(widest(paths)),
        evidence=reasons(widest(paths)),
        fix=_FIX,
    )
