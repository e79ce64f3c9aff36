"""The admission webhook of ingress-nginx, open to pods.

## What it does

Looks for controllers of ingress-nginx with an admission webhook (`--validating-webhook=:8443`) whose port other pods
surely reach, by the effective verdict of all policies; the pods of nodes, where the API server runs, do not count. It
is medium where the version has no known hole that is used through it.

## Why it is bad

Only the API server has business there. Through CVE-2025-1974 every pod that could send it a request could run code in
the controller, and the next hole of that kind will not be mended (IN-06).

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

Admit the addresses of the control plane alone, beside the ports for clients:

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
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: controller, namespace: ingress-nginx}
spec:
  podSelector: {matchLabels: {app: nginx}}
  policyTypes: [Ingress]
  ingress:
    - ports: [{port: 80}]
    - from: [{ipBlock: {cidr: 192.0.2.10/32}}]
      ports: [{port: 8443}]
```

## References

- kubernetes/kubernetes#131009: CVE-2025-1974
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.advisories import concerning
from crenel.audit.finding import Check, Finding, Pillar, Severity, Witness
from crenel.audit.ingressnginx import Controller, callers, controllers
from crenel.audit.subject import Subject

CHECK = Check("IN-08", "Admission webhook of ingress-nginx open to pods", Pillar.WAYS, Severity.HIGH)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each controller."""
    for each in controllers(subject):
        if (found := callers(subject, each)) is not None:
            yield _finding(each, *found)


def _finding(controller: Controller, who: str, witness: Witness) -> Finding:
    version = controller.version
    mended = version is not None and not any(each.by_webhook for each in concerning(version))
    why = "; lowered: this version has no known hole there" if mended else ""
    return CHECK.found(
        controller.thing,
        f"{who} can reach its admission webhook on {witness.traffic}{why}",
        severity=CHECK.severity.lowered() if mended else None,
        witness=witness,
        fix="admit to that port the addresses of the control plane alone",
    )
