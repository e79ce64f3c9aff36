"""A peer of a rule that matches nothing.

## What it does

Looks for peers with selectors, in the rules of NetworkPolicies that select pods, that match no pod of the input. A
peer is a finding where everything that it could match is in the input: a live cluster, or a namespace of which the
input has pods. A peer in a namespace that manifests do not hold, or in any of all namespaces, is for the persona
pedantic, because it is probably applied from elsewhere, and so is one by a label that no pod has at all.

## Why it is bad

The connection that the rule was written for is not allowed, and the application fails when it is needed. Or the peer
is gone and the rule is open for whoever is given its labels next.

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
    - from: [{podSelector: {matchLabels: {app: backnd}}}]
      ports: [{port: 5432}]
```

## Fix

Make the selectors match the labels of the peer, or take the peer out. A peer in another namespace needs a
`namespaceSelector` in the same item: without one only pods of the policy's own namespace are meant.

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

- k8s.io/api networking/v1 NetworkPolicyPeer: podSelector, namespaceSelector
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.finding import Check, Finding, Persona, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.audit.words import selector_text
from crenel.kubernetes.objects.policies import NetworkPolicy, NetworkPolicyIngressRule, NetworkPolicyPeer
from crenel.provenance import FieldPath

CHECK = Check("NP-07", "Policy peer selects nothing", Pillar.POLICIES, Severity.LOW)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each such peer, of policies that guard somebody."""
    for policy in subject.decoded.network_policies:
        spec = policy.spec
        if spec is None or not subject.scope.in_namespace(policy.namespace, spec.pod_selector)[1]:
            continue
        for peer, field in _peers(policy):
            if peer.ip_block is None and not _matched(subject, policy, peer):
                yield _finding(subject, policy, peer, field)


def _peers(policy: NetworkPolicy) -> Iterator[tuple[NetworkPolicyPeer, FieldPath]]:
    assert policy.spec is not None
    for direction, rules in (("ingress", policy.spec.ingress), ("egress", policy.spec.egress)):
        for number, rule in enumerate(rules or ()):
            if rule is None:
                continue
            key = "from" if isinstance(rule, NetworkPolicyIngressRule) else "to"
            others = rule.from_ if isinstance(rule, NetworkPolicyIngressRule) else rule.to
            for place, peer in enumerate(others or ()):
                yield peer, ("spec", direction, number, key, place)


def _matched(subject: Subject, policy: NetworkPolicy, peer: NetworkPolicyPeer) -> int:
    if peer.namespace_selector is None:
        return subject.scope.in_namespace(policy.namespace, peer.pod_selector)[1]
    return subject.scope.in_namespaces(peer.namespace_selector, peer.pod_selector)[1]


def _finding(subject: Subject, policy: NetworkPolicy, peer: NetworkPolicyPeer, field: FieldPath) -> Finding:
    hosted = subject.scope.behind_service(policy.namespace, peer.pod_selector)[1] if peer.pod_selector else 0
    why = "; pods in the host network are never matched by selectors" if hosted and not peer.namespace_selector else ""
    return CHECK.found(
        policy,
        f"the peer {_text(policy, peer)} matches no pod of the input{why}",
        field=field,
        fix="make it match the labels of who is meant, or take it out",
        persona=None if subject.live or _is_all_there(subject, policy, peer) else Persona.PEDANTIC,
    )


def _text(policy: NetworkPolicy, peer: NetworkPolicyPeer) -> str:
    pods = selector_text(peer.pod_selector)
    if peer.namespace_selector is None:
        return f"{pods} in {policy.namespace}"
    return f"{pods} in namespaces with {selector_text(peer.namespace_selector)}"


def _is_all_there(subject: Subject, policy: NetworkPolicy, peer: NetworkPolicyPeer) -> bool:
    """Whether whatever the peer could match is in the input: its own namespace, or others that it has pods of.

    Labels that no pod has at all are perhaps there for clients to come, as many charts have them.
    """
    if peer.namespace_selector is None:
        return subject.knows_key(policy.namespace, peer.pod_selector)
    if peer.pod_selector is not None and not subject.knows_key(None, peer.pod_selector):
        return False
    named = bool(peer.namespace_selector.match_labels or peer.namespace_selector.match_expressions)
    return named and bool(subject.scope.in_namespaces(peer.namespace_selector, None)[0] & subject.everybody)
