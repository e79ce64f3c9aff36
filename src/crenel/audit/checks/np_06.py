"""A network policy that selects no pod.

## What it does

Looks for NetworkPolicies whose `podSelector` matches none of the pods of their namespace: neither running ones nor
those that a Deployment, a CronJob or a known operator would make, surely or possibly. A policy for the whole namespace
(an empty selector) is no finding: it waits for the pods to come. Where manifests hold no pods of the namespace at all,
those are probably applied by somebody else, and only the persona pedantic is told; likewise where resources of
operators are in the input, and no pod has any of the labels that are asked for.

## Why it is bad

The policy guards nothing, and whoever reads it believes that it does. Mostly a label was misspelt, or the pods got
new ones.

## Example

```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: db, namespace: shop}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: example.org/db, ports: [{containerPort: 5432}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: databse}}
  policyTypes: [Ingress]
```

## Fix

Make the selector match the labels of the pods' template, or delete the policy:

```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: db, namespace: shop}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: example.org/db, ports: [{containerPort: 5432}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress]
```

## References

- k8s.io/api networking/v1 NetworkPolicySpec.podSelector
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.finding import Check, Finding, Persona, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.audit.words import selector_text
from crenel.audit.workloads import Workload
from crenel.kubernetes.objects.meta import LabelSelector
from crenel.kubernetes.objects.policies import NetworkPolicy

CHECK = Check("NP-06", "NetworkPolicy selects no pod", Pillar.POLICIES, Severity.MEDIUM)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each policy that guards nobody."""
    for policy in subject.decoded.network_policies:
        selector = policy.spec.pod_selector if policy.spec else None
        if selector is None or not (selector.match_labels or selector.match_expressions):
            continue
        if not subject.scope.behind_service(policy.namespace, selector)[1]:
            yield _finding(subject, policy, selector)


def _finding(subject: Subject, policy: NetworkPolicy, selector: LabelSelector) -> Finding:
    mine = [each for each in subject.workloads if each.namespace == policy.namespace]
    near = _nearest(selector, mine)
    hint = f"; {near.title} has {_labels(near)}" if near is not None else ""
    return CHECK.found(
        policy,
        f"selects {selector_text(selector)}, and no pod of the namespace has that{hint}",
        field=("spec", "podSelector"),
        evidence=[f"the namespace {policy.namespace} has {len(mine)} workloads in the input"],
        fix="make the selector match the labels of the pods, or delete the policy",
        persona=None if subject.live or _is_all_there(subject, policy, selector) else Persona.PEDANTIC,
    )


def _is_all_there(subject: Subject, policy: NetworkPolicy, selector: LabelSelector) -> bool:
    """Whether its pods would be in the input: others of the namespace are, and no operator may make them."""
    mine = any(each.namespace == policy.namespace for each in subject.workloads)
    return mine and (not subject.has_operators or subject.knows_key(policy.namespace, selector))


def _nearest(selector: LabelSelector, mine: list[Workload]) -> Workload | None:
    """The workload that shares a key with the selector, or the only one there is."""
    wanted = set(selector.match_labels or ()) | {each.key for each in selector.match_expressions or ()}
    keyed = [each for each in mine if wanted & each.group.labels.keys()]
    return keyed[0] if len(keyed) == 1 else mine[0] if len(mine) == 1 else None


def _labels(workload: Workload) -> str:
    return ", ".join(f"{key}: {value}" for key, value in sorted(workload.group.labels.items())) or "no labels"
