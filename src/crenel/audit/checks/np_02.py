"""A pod that accepts connections from everybody, in a namespace where others are guarded.

## What it does

Looks for pods that no policy isolates for ingress, in namespaces that have policies; where there is none at all, NP-01
says so once. A policy that selects a pod for egress alone does not isolate it for ingress, and neither does one whose
`policyTypes` leave ingress out. Pods to which nobody can connect, because the egress of all others is limited, are no
finding.

## Why it is bad

The policies around a pod give the impression that it is guarded as well. It is often the one that was added last, or
whose labels have changed since.

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
metadata: {name: db, namespace: shop}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: example.org/db, ports: [{containerPort: 5432}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress]
  ingress: [{from: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: 8080}]}]
```

## Fix

Select the pod by an ingress policy that names who may connect to it. A policy for the whole namespace that denies all
ingress keeps the next pod from being forgotten:

```yaml
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny-ingress, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Ingress]
```

## References

- Kubernetes documentation, Network Policies: The two sorts of pod isolation
- CIS Kubernetes Benchmark 5.3.2
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crenel.audit.checks.np_01 import bare
from crenel.audit.finding import Check, Finding, Persona, Pillar, Severity, Thing
from crenel.audit.grouping import concerned, counted
from crenel.audit.subject import Subject
from crenel.audit.workloads import Workload
from crenel.network.rules import Direction
from crenel.questions.exposure.paths import State

CHECK = Check("NP-02", "Pod not isolated for ingress", Pillar.POLICIES, Severity.HIGH)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each open workload, or for a namespace all of which is open."""
    told = bare(subject)
    others = [each for each in subject.applications if each.namespace not in told]
    answers = {each.index: subject.isolated(each, Direction.INGRESS) for each in others}
    opened = [each for each in others if answers[each.index] is False and _reached(subject, each)]
    for thing, found in concerned(subject, opened):
        yield _open(subject, thing, found)
    for each in others:
        if answers[each.index] is None and not each.short_lived:
            yield _unknown(subject, each)


def _reached(subject: Subject, workload: Workload) -> bool:
    return bool(subject.reach.into(workload.index).sure() & ~(1 << workload.index))


def _open(subject: Subject, thing: Thing, found: Sequence[Workload]) -> Finding:
    severity, why, persona = _severity(subject, found)
    best = next((each for each in found if subject.is_served(each)), found[0])
    return CHECK.found(
        thing,
        f"no policy isolates {counted(found)} for ingress{why}",
        severity=severity,
        witness=subject.witness_into(best),
        evidence=[_who(subject, each) for each in found],
        fix="select it by an ingress policy that names who may connect to which port",
        persona=persona,
    )


def _who(subject: Subject, workload: Workload) -> str:
    ends = subject.reach.into(workload.index).sure() & ~(1 << workload.index)
    return f"{workload.name} accepts connections from {subject.words(ends, 1 << workload.index)}"


def _severity(subject: Subject, found: Sequence[Workload]) -> tuple[Severity, str, Persona]:
    """High; critical where the internet gets there, low where nothing seems to listen."""
    if subject.from_internet(each.index for each in found if not subject.is_edge(each.index)) is State.OPEN:
        return CHECK.severity.raised(), ", and the internet reaches it", Persona.DEFAULT
    served = [each for each in found if subject.is_served(each)]
    if not served:
        persona = Persona.PEDANTIC if all(each.short_lived for each in found) else Persona.DEFAULT
        return CHECK.severity.lowered(2), "; lowered: it declares no port, and no Service leads to it", persona
    return CHECK.severity, "", Persona.DEFAULT


def _unknown(subject: Subject, workload: Workload) -> Finding:
    doubts = subject.reach.not_understood(workload.index, Direction.INGRESS)
    titles = ", ".join(doubts) or "a policy whose labels the input does not settle"
    return CHECK.found(
        workload,
        f"whether it is isolated for ingress cannot be told: {titles} may do so",
        severity=Severity.LOW,
        fix="look at these policies by hand",
        persona=Persona.AUDITOR,
    )
