"""A pod in the host network that a policy selects in vain.

## What it does

Looks for pods with `hostNetwork: true`, outside of the cluster's own system, that a NetworkPolicy selects. Agents that
are known to need the network of their node are medium where a policy means them by their labels, and for the persona
pedantic where only a policy for the whole namespace covers them.

## Why it is bad

A pod in the host network has the addresses of its node, and no network policy applies to it. It hears every interface
of the node, loopback included, and its connections look like the node's own, which policies of other pods let in.

## Example

```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      hostNetwork: true
      containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress]
```

## Fix

Take the pod out of the host network. What has to stay there is guarded by the firewall of the node, or by a policy for
hosts of the network plugin.

```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress]
```

## References

- Kubernetes documentation, Network Policies: NetworkPolicy and hostNetwork pods
- CIS Kubernetes Benchmark 5.2: Minimize the admission of containers wishing to share the host network namespace
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.finding import Check, Finding, Persona, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.audit.systems import is_agent, is_system
from crenel.audit.workloads import Template, Workload
from crenel.kubernetes.objects.policies import NetworkPolicy
from crenel.questions.exposure.paths import State

CHECK = Check("NP-10", "Policy selects a pod in the host network", Pillar.POLICIES, Severity.HIGH)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each workload in the host network that a policy selects."""
    hosted = [each for each in subject.workloads if each.hosted and not is_system(each.namespace)]
    templates = {each.owner: each for each in subject.templates}
    for workload in hosted:
        policies = [each for each in subject.decoded.network_policies if _selects(subject, each, workload)]
        if policies:
            owner = (workload.namespace, workload.group.kind, workload.group.workload)
            yield _finding(subject, workload, policies, templates.get(owner))


def _selects(subject: Subject, policy: NetworkPolicy, workload: Workload) -> bool:
    if policy.namespace != workload.namespace or policy.spec is None:
        return False
    selector = policy.spec.pod_selector
    if selector is None:
        return True
    return bool(subject.scope.behind_service(policy.namespace, selector)[0] >> workload.index & 1)


def _finding(
    subject: Subject, workload: Workload, policies: list[NetworkPolicy], template: Template | None
) -> Finding:  # fmt: skip
    meant = [each for each in policies if _is_meant(each)]
    severity, why, persona = _severity(subject, workload, meant=bool(meant))
    names = ", ".join(each.title for each in (meant or policies))
    return CHECK.found(
        template.thing if template is not None else workload,
        f"runs in the host network, so {names} {'have' if len(meant or policies) > 1 else 'has'} no effect on it{why}",
        field=(*template.path, "hostNetwork") if template is not None else (),
        severity=severity,
        evidence=[f"{each.title} selects it" for each in policies],
        fix="take it out of the host network, or guard it by the firewall of its nodes",
        persona=persona,
    )


def _is_meant(policy: NetworkPolicy) -> bool:
    """Whether a policy selects by labels, rather than everything in its namespace."""
    selector = policy.spec.pod_selector if policy.spec else None
    return selector is not None and bool(selector.match_labels or selector.match_expressions)


def _severity(subject: Subject, workload: Workload, *, meant: bool) -> tuple[Severity, str, Persona]:
    if subject.from_internet([workload.index]) is State.OPEN:
        return CHECK.severity.raised(), ", and the internet reaches it", Persona.DEFAULT
    if is_agent(workload.group.workload):
        why = "; lowered: agents of nodes need that network"
        return CHECK.severity.lowered(), why, Persona.DEFAULT if meant else Persona.PEDANTIC
    return CHECK.severity, "", Persona.DEFAULT
