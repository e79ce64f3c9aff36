"""Names in a policy of Cilium without a rule by which Cilium learns their addresses.

## What it does

Looks for rules of CiliumNetworkPolicies with `toFQDNs` for pods that no rule with `rules.dns` on port 53 covers, in the
same policy or in another one. A rule for port 53 without `dns` does not make Cilium look at the answers. Where the pods
are not in the input, a rule with `dns` anywhere in the namespace counts.

## Why it is bad

Cilium learns the addresses of names from the answers that pass its own proxy. Without that the rule matches nothing:
what should be allowed is dropped, and what is then opened in a hurry is mostly opened to everything.

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
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: web}}
  egress:
    - toFQDNs: [{matchName: api.example.com}]
      toPorts: [{ports: [{port: "443", protocol: TCP}]}]
```

## Fix

Send the pods' questions through the proxy of Cilium, which `--fix` adds:

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
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: web}}
  egress:
    - toFQDNs: [{matchName: api.example.com}]
      toPorts: [{ports: [{port: "443", protocol: TCP}]}]
    - toEndpoints: [{matchLabels: {"k8s:io.kubernetes.pod.namespace": kube-system, k8s-app: kube-dns}}]
      toPorts:
        - ports: [{port: "53", protocol: ANY}]
          rules: {dns: [{matchPattern: "*"}]}
```

## References

- Cilium documentation, DNS based: Obtaining DNS Data for use by toFQDNs
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from crenel.audit.domains import items, specs
from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.dialects.foreign import describe
from crenel.editing.patches import Append, Patch
from crenel.kubernetes.objects.meta import LabelSelector
from crenel.kubernetes.objects.policies import ForeignPolicy
from crenel.provenance import FieldPath

CHECK = Check("EG-02", "FQDN rule without DNS rule", Pillar.WAYS, Severity.MEDIUM)


@dataclass(frozen=True)
class _Rule:
    policy: ForeignPolicy
    spec: dict[str, Any]
    field: FieldPath
    subjects: int
    """The pods that it may select, as a set of endpoints."""


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each spec with names."""
    rules = [
        rule
        for policy in subject.decoded.foreign_policies
        if policy.api_version.startswith("cilium.io/")
        for rule in _rules(subject, policy)
    ]
    learning = [each for each in rules if _learns(each.spec)]
    covered = 0
    for each in learning:
        covered |= each.subjects
    for rule in rules:
        places = [place for place, each in items(rule.spec.get("egress")) if each.get("toFQDNs")]
        if places and not _is_covered(rule, learning, covered):
            yield _finding(subject, rule, places[0])


def _rules(subject: Subject, policy: ForeignPolicy) -> Iterator[_Rule]:
    for spec, field in specs(policy):
        alone = msgspec.structs.replace(policy, spec=spec)
        scope = describe(alone)
        if scope.namespace is None:
            found = subject.scope.in_namespaces(LabelSelector(), scope.selector)
        else:
            found = subject.scope.in_namespace(scope.namespace, scope.selector)
        yield _Rule(policy, spec, field, found[1])


def _learns(spec: dict[str, Any]) -> bool:
    """Whether Cilium looks at the answers to its pods' questions."""
    return any(
        isinstance(ports.get("rules"), dict)
        and ports["rules"].get("dns")
        and any(str(port.get("port")) == "53" for _, port in items(ports.get("ports")))
        for _, rule in items(spec.get("egress"))
        for _, ports in items(rule.get("toPorts"))
    )


def _is_covered(rule: _Rule, learning: list[_Rule], covered: int) -> bool:
    if rule.subjects:
        selector = rule.spec.get("endpointSelector")
        same = any(
            each.policy.namespace == rule.policy.namespace and each.spec.get("endpointSelector") == selector
            for each in learning
        )
        return same or not rule.subjects & ~covered
    return any(each.policy.namespace in ("", rule.policy.namespace) for each in learning)


def _finding(subject: Subject, rule: _Rule, place: int) -> Finding:
    pods = subject.words(rule.subjects) if rule.subjects else "its pods"
    question = {
        "toEndpoints": [{"matchLabels": {"k8s:io.kubernetes.pod.namespace": "kube-system", "k8s-app": "kube-dns"}}],
        "toPorts": [{"ports": [{"port": "53", "protocol": "ANY"}], "rules": {"dns": [{"matchPattern": "*"}]}}],
    }
    return CHECK.found(
        rule.policy,
        f"it allows names, and no rule has Cilium look at the answers of DNS for {pods}: the names match nothing",
        field=(*rule.field, "egress", place, "toFQDNs"),
        fix="add a rule for port 53 with rules.dns",
        patch=Patch(rule.policy.origin, Append((*rule.field, "egress"), question)),
    )
