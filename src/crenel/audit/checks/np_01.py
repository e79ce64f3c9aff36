"""A namespace whose pods no network policy guards, in either direction.

## What it does

Looks for namespaces in which no NetworkPolicy, and no rule of an admin tier, closes any pod for ingress or for egress.
A namespace without pods that policies could guard is left alone, and so are the namespaces of the cluster's own
system. One whose pods nobody else can reach, because all others are limited, is no finding either.

## Why it is bad

Without a policy every pod of the cluster may connect to every port of every pod in the namespace, and each pod may
connect to anything. Whoever takes over one container can go on from there.

## Example

```yaml
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
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
metadata: {name: db, namespace: shop}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: example.org/db, ports: [{containerPort: 5432}]}]}
```

## Fix

Deny everything in the namespace, then allow what is needed, pod by pod. `--fix` writes a first policy that denies all
but DNS; what the application needs has to be allowed beside it before it is applied.

```yaml
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
```

## References

- Kubernetes documentation, Network Policies: Default deny all ingress and all egress traffic
- CIS Kubernetes Benchmark 5.3.2: Ensure that all Namespaces have Network Policies defined
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crenel.audit.finding import Check, Finding, Pillar, Severity, Thing
from crenel.audit.grouping import by_namespace, counted
from crenel.audit.subject import Subject
from crenel.audit.workloads import Workload
from crenel.editing.patches import NewFile
from crenel.network.rules import Direction
from crenel.questions.exposure.paths import State

CHECK = Check("NP-01", "Namespace without any network policy", Pillar.POLICIES, Severity.HIGH)

POLICY = """\
# Denies everything but DNS to and from the pods of namespace {namespace}. Allow what they need before it is applied.
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: default-deny
  namespace: {namespace}
spec:
  podSelector: {{}}
  policyTypes:
    - Ingress
    - Egress
  egress:
    - to:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: kube-system
          podSelector:
            matchLabels:
              k8s-app: kube-dns
      ports:
        - protocol: UDP
          port: 53
        - protocol: TCP
          port: 53
"""


def bare(subject: Subject) -> dict[str, list[Workload]]:
    """The namespaces whose workloads are certainly open in both directions, each of them."""
    return {
        namespace: found
        for namespace, found in by_namespace(subject.applications).items()
        if all(subject.isolated(each, direction) is False for each in found for direction in Direction)
    }


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each such namespace."""
    for namespace, found in bare(subject).items():
        reached = [each for each in found if _reached(subject, each)]
        if reached:
            yield _finding(subject, subject.namespace(namespace), found, reached)


def _reached(subject: Subject, workload: Workload) -> bool:
    return bool(subject.reach.into(workload.index).sure() & ~(1 << workload.index))


def _finding(subject: Subject, thing: Thing, found: Sequence[Workload], reached: Sequence[Workload]) -> Finding:
    severity, why = _severity(subject, found)
    best = next((each for each in reached if subject.is_served(each)), reached[0])
    return CHECK.found(
        thing,
        f"no policy selects any of {counted(found)}{why}",
        severity=severity,
        witness=subject.witness_into(best),
        evidence=[f"{each.title} is not isolated" for each in found],
        fix="deny all ingress and egress of the namespace, then allow what each pod needs",
        patch=NewFile(
            thing.origin,
            f"networkpolicy-default-deny-{thing.namespace}.yaml",
            POLICY.format(namespace=thing.namespace),
        ),
    )


def _severity(subject: Subject, found: Sequence[Workload]) -> tuple[Severity, str]:
    """High; critical where the internet gets in, lower where nothing seems to listen."""
    if subject.from_internet(each.index for each in found if not subject.is_edge(each.index)) is State.OPEN:
        return CHECK.severity.raised(), ", and the internet reaches one of them"
    if not any(subject.is_served(each) for each in found):
        return CHECK.severity.lowered(), "; lowered: none declares a port, and no Service leads to one"
    return CHECK.severity, ""
