"""A version of ingress-nginx with known holes.

## What it does

Looks at the tags of images of ingress-nginx. Versions before 1.11.5, and 1.12.0, have CVE-2025-1974 with CVE-2025-1097,
CVE-2025-1098, CVE-2025-24513 and CVE-2025-24514; those before 1.12.5, and 1.13.0, CVE-2025-15566; those before 1.13.7
and 1.14.3 CVE-2026-24512, CVE-2026-1580, CVE-2026-24513 and CVE-2026-24514; those before 1.13.8 and 1.14.4
CVE-2026-3288. Critical where CVE-2025-1974 applies and a pod of the input reaches the admission webhook, which is all
that it takes; high otherwise, because one needs to write Ingresses. Images without a version in their tag are no
finding, and hardened rebuilds, which may have the fixes in older versions, are for the persona pedantic.

## Why it is bad

Through the webhook every pod of the cluster network can run code in the controller, without any right, and read all
Secrets that it may read, by default those of the whole cluster. By the others whoever may write an Ingress can.

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

Upgrade, and move away from the retired project (IN-06). Until then switch off the admission webhook:

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
          image: registry.k8s.io/ingress-nginx/controller:v1.15.0
          args: [/nginx-ingress-controller, "--validating-webhook=:8443"]
          ports: [{containerPort: 80}, {name: webhook, containerPort: 8443}]
---
apiVersion: v1
kind: Service
metadata: {name: controller, namespace: ingress-nginx}
spec: {type: LoadBalancer, selector: {app: nginx}, ports: [{port: 80}]}
```

## References

- kubernetes/kubernetes#131009, #131005 to #131008, #136789, #136678, #137560
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.advisories import Version, concerning
from crenel.audit.finding import Check, Finding, Persona, Pillar, Severity
from crenel.audit.ingressnginx import Controller, callers, controllers
from crenel.audit.subject import Subject

CHECK = Check("IN-07", "ingress-nginx with known holes", Pillar.WAYS, Severity.CRITICAL)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each controller."""
    for each in controllers(subject):
        if each.version is not None and concerning(each.version):
            yield _finding(subject, each, each.version)


def _finding(subject: Subject, controller: Controller, version: Version) -> Finding:
    found = concerning(version)
    by_webhook = any(each.by_webhook for each in found)
    caller = callers(subject, controller) if by_webhook else None
    severity, why = CHECK.severity, ", and pods reach its webhook"
    if caller is None:
        severity, why = CHECK.severity.lowered(), f"; lowered: {_lowered(controller, by_webhook=by_webhook)}"
    names = [name for each in found for name in each.names]
    return CHECK.found(
        controller.thing,
        f"ingress-nginx {_text(version)} has {', '.join(names)}{why}",
        field=controller.field,
        severity=severity,
        witness=caller[1] if caller is not None else None,
        evidence=[f"{', '.join(each.names)}: fixed in {_all(each.fixed)} ({each.source})" for each in found],
        fix=f"upgrade to {_all(found[-1].fixed)} or later, switch off the webhook until then, and plan to leave it",
        persona=Persona.PEDANTIC if controller.rebuilt else None,
    )


def _lowered(controller: Controller, *, by_webhook: bool) -> str:
    if not by_webhook:
        return "one needs the right to write Ingresses"
    if controller.webhook is None:
        return "it has no admission webhook, so that one needs the right to write Ingresses"
    return "no pod of the input reaches its admission webhook"


def _all(versions: tuple[Version, ...]) -> str:
    return " and ".join(map(_text, versions))


def _text(version: Version) -> str:
    return ".".join(map(str, version))
