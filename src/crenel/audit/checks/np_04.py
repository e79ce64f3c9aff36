"""A rule that lets connections in from any address.

## What it does

Looks for ingress rules of NetworkPolicies that name no peer, or an `ipBlock` that holds all public addresses, and that
take effect on a pod which is not meant for that. Meant for it are the pods of ingress controllers and gateways, those
that `edge` in `crenel.toml` names, and those behind a Service that is open to the outside, on the ports that this
Service leads to.

## Why it is bad

The pod is isolated in name only. A rule without `from` admits every pod of the cluster, those of other tenants
included; nobody has to come from the internet to use it.

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
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress]
  ingress:
    - ports: [{port: 5432}]
```

## Fix

Name those who need it, by the labels of their pods and of their namespace:

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
  ingress:
    - from: [{podSelector: {matchLabels: {app: cart}}}]
      ports: [{port: 5432}]
```

## References

- k8s.io/api networking/v1 NetworkPolicyIngressRule.from: an empty or missing field matches all sources
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.finding import Check, Finding, Persona, Pillar, Severity
from crenel.audit.rules import Wide, wide
from crenel.audit.subject import Subject
from crenel.audit.workloads import Workload
from crenel.network.rules import Direction
from crenel.questions.exposure.paths import State

CHECK = Check("NP-04", "Ingress allowed from any address", Pillar.POLICIES, Severity.HIGH)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each rule that is as wide as that."""
    for rule in wide(subject, Direction.INGRESS):
        concerned = [each for each in rule.subjects if _takes_effect(subject, each, rule)]
        if concerned:
            yield _finding(subject, rule, concerned)
        elif rule.addresses is not None and not set(rule.addresses.families()) & set(subject.families):
            yield CHECK.found(
                rule.thing,
                f"ingress rule {rule.number} admits {rule.peers}; the cluster is not known to speak that family",
                field=rule.field,
                severity=Severity.LOW,
                fix="take the rule out, or narrow it before the cluster becomes dual stack",
                persona=Persona.PEDANTIC,
            )


def _takes_effect(subject: Subject, workload: Workload, rule: Wide) -> bool:
    """Whether anybody outside surely gets in by a rule, and the pod is not there for that."""
    outside = subject.reach.into(workload.index).sure(rule.traffic) & subject.outside
    return bool(outside) and not subject.is_edge(workload.index) and not _is_meant(subject, workload, rule)


def _is_meant(subject: Subject, workload: Workload, rule: Wide) -> bool:
    """Whether a rule opens nothing but what a Service offers to the outside anyway."""
    paths = [path for path in subject.paths_to.get(workload.index, ()) if not path.request]
    offered = subject.exactly((path.protocol, path.target_port) for path in paths)
    return bool(paths) and not rule.traffic & ~offered


def _finding(subject: Subject, rule: Wide, concerned: list[Workload]) -> Finding:
    first = concerned[0]
    severity, why = _severity(subject, rule, concerned)
    more = f" and {len(concerned) - 1} more" if len(concerned) > 1 else ""
    traffic = subject.traffic_words(rule.traffic)
    return CHECK.found(
        rule.thing,
        f"ingress rule {rule.number} admits {rule.peers} to {first.name}{more} on {traffic}{why}",
        field=rule.field,
        severity=severity,
        witness=subject.witness_into(first, rule.traffic),
        evidence=[f"{each.name} is selected" for each in concerned],
        fix="name in `from` who needs it, and in `ports` what for",
    )


def _severity(subject: Subject, rule: Wide, concerned: list[Workload]) -> tuple[Severity, str]:
    """High where the internet gets there; lower where it is only the cluster, or nobody listens."""
    state = subject.from_internet(each.index for each in concerned)
    if state is State.CLOSED and not any(subject.is_served(each) for each in concerned):
        return CHECK.severity.lowered(2), "; lowered: it declares no port, and no Service leads to it"
    if state is State.CLOSED:
        return (
            CHECK.severity.lowered(),
            "; lowered: nothing leads there from outside, so it is every pod of the cluster",
        )
    offered = [path for each in concerned for path in subject.paths_to.get(each.index, ()) if not path.request]
    ports = {(path.protocol, path.target_port) for path in offered}
    if subject.mask(ports) & rule.traffic and rule.traffic & ~subject.exactly(ports):
        ports_text = subject.port_words(sorted(ports))
        return (
            CHECK.severity.lowered(),
            f"; lowered: {ports_text} is open to the outside on purpose, the rest need not be",
        )
    return CHECK.severity, "" if state is State.OPEN else ", and the internet may get there"
