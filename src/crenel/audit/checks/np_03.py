"""A pod that may connect to anything, in a namespace where there are policies.

## What it does

Looks for pods that no policy isolates for egress, in namespaces that have policies; where there is none at all, NP-01
says so once. A NetworkPolicy whose `policyTypes` do not name Egress, or that has neither `policyTypes` nor egress
rules, limits nothing of what its pods send. Pods that can connect nowhere for other reasons are no finding.

## Why it is bad

A container that was taken over fetches its tools from the internet, sends data there, and looks for the next victim
in the cluster. Ingress policies do not stop any of the first two.

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
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress]
  ingress: [{ports: [{port: 8080}]}]
```

## Fix

Name Egress in the `policyTypes` of a policy that selects the pod, and allow what it needs, DNS among it:

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
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress, Egress]
  ingress: [{ports: [{port: 8080}]}]
  egress:
    - to:
        - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
          podSelector: {matchLabels: {k8s-app: kube-dns}}
      ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
```

## References

- Kubernetes documentation, Network Policies: Default deny all egress traffic
- k8s.io/api networking/v1 NetworkPolicySpec.policyTypes
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crenel.audit.checks.np_01 import bare
from crenel.audit.finding import Check, Finding, Persona, Pillar, Severity, Thing, Witness
from crenel.audit.grouping import concerned, counted
from crenel.audit.subject import Subject
from crenel.audit.workloads import Workload
from crenel.network.rules import Direction

CHECK = Check("NP-03", "Pod not isolated for egress", Pillar.POLICIES, Severity.MEDIUM)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each workload that may connect to anything, or for a namespace all of which may."""
    told = bare(subject)
    others = [each for each in subject.applications if each.namespace not in told]
    answers = {each.index: subject.isolated(each, Direction.EGRESS) for each in others}
    opened = [each for each in others if answers[each.index] is False and _goes(subject, each)]
    for thing, found in concerned(subject, opened):
        yield _open(subject, thing, found)
    for each in others:
        if answers[each.index] is None:
            yield _unknown(subject, each)


def _goes(subject: Subject, workload: Workload) -> int:
    return subject.reach.out_of(workload.index).sure() & (subject.everybody | subject.outside) & ~(1 << workload.index)


def _open(subject: Subject, thing: Thing, found: Sequence[Workload]) -> Finding:
    first = found[0]
    reached = subject.reach.out_of(first.index)
    ends = _goes(subject, first)
    what = subject.traffic_words(reached.traffic(ends))
    return CHECK.found(
        thing,
        f"no policy limits the egress of {counted(found)}",
        witness=Witness(first.name, subject.words(ends, 1 << first.index), what),
        evidence=[
            f"{each.name} may connect to {subject.words(_goes(subject, each), 1 << each.index)}" for each in found
        ],
        fix="isolate it for egress and allow what it needs, DNS among it",
    )


def _unknown(subject: Subject, workload: Workload) -> Finding:
    doubts = subject.reach.not_understood(workload.index, Direction.EGRESS)
    titles = ", ".join(doubts) or "a policy whose labels the input does not settle"
    return CHECK.found(
        workload,
        f"whether its egress is limited cannot be told: {titles} may do so",
        severity=Severity.LOW,
        fix="look at these policies by hand",
        persona=Persona.AUDITOR,
    )
