"""A mesh that is relied upon to keep pods in.

## What it does

Looks for meshes of Istio that let out to registered destinations alone (`outboundTrafficPolicy.mode: REGISTRY_ONLY`, in
the mesh's settings, an IstioOperator or a Sidecar), and for pods in them, by the labels for injection, that no network
policy isolates for egress.

## Why it is bad

The sidecar is no boundary: what was taken over goes around it by another user id, by UDP, by a port that is excluded
from capture, or before the sidecar starts. Istio says so itself.

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
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "outboundTrafficPolicy: {mode: REGISTRY_ONLY}"}
```

## Fix

Have a network policy hold the same, at least that only an egress gateway gets out:

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
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "outboundTrafficPolicy: {mode: REGISTRY_ONLY}"}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
  egress: [{to: [{namespaceSelector: {}}]}]
```

## References

- Istio documentation, Security considerations: Egress gateway; Accessing External Services
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.finding import Check, Finding, Pillar, Severity, Witness
from crenel.audit.grouping import concerned, counted
from crenel.audit.meshes import guarded
from crenel.audit.subject import Subject
from crenel.network.rules import Direction

CHECK = Check("EG-06", "REGISTRY_ONLY without network policy", Pillar.WAYS, Severity.MEDIUM)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each workload, or for a namespace that is so as a whole."""
    settings = guarded(subject)
    isolated = 0
    for policy in subject.policies(Direction.EGRESS) if settings else ():
        isolated |= policy.subjects
    chosen = [
        each
        for each in subject.applications
        if each.index in settings
        and not isolated >> each.index & 1
        and subject.isolated(each, Direction.EGRESS) is not True
    ]
    for thing, mine in concerned(subject, chosen):
        setting = settings[mine[0].index]
        yield CHECK.found(
            thing,
            f"only the sidecar keeps {counted(mine)} in: {setting.thing.title} says REGISTRY_ONLY, and no "
            "network policy limits egress",
            witness=Witness(mine[0].name, "any address outside", "whatever goes around the sidecar", "possible"),
            evidence=[f"{each.name} is not isolated for egress" for each in mine],
            fix="isolate it for egress by a network policy that says the same",
        )
