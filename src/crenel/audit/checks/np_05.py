"""A rule that lets connections out to any address.

## What it does

Looks for egress rules of NetworkPolicies that name no peer, or an `ipBlock` that holds half of all public addresses or
more. A rule for port 53 alone is low: names are asked for everywhere, though data can leave that way too.

## Why it is bad

The policy isolates the pod for egress and takes that back in the same breath: what was taken over can fetch and send
whatever it likes, from and to anywhere.

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
  policyTypes: [Egress]
  egress:
    - to: [{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.169.254/32]}}]
      ports: [{port: 443}]
```

## Fix

Name the addresses that are needed, or send the traffic through an egress gateway or proxy that knows names:

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
  policyTypes: [Egress]
  egress:
    - to: [{ipBlock: {cidr: 203.0.113.0/26}}]
      ports: [{port: 443}]
```

## References

- k8s.io/api networking/v1 NetworkPolicyEgressRule.to: an empty or missing field matches all destinations
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.finding import Check, Finding, Pillar, Severity, Witness
from crenel.audit.rules import wide
from crenel.audit.subject import Subject
from crenel.network.rules import Direction
from crenel.network.traffic import TCP, UDP

CHECK = Check("NP-05", "Egress allowed to any address", Pillar.POLICIES, Severity.MEDIUM)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each rule that is as wide as that, and of which something gets out."""
    for rule in wide(subject, Direction.EGRESS, share=1):
        concerned = [
            each for each in rule.subjects if subject.reach.out_of(each.index).sure(rule.traffic) & subject.internet
        ]
        if concerned:
            names = concerned[0].name + (f" and {len(concerned) - 1} more" if len(concerned) > 1 else "")
            only_names = not rule.traffic & ~subject.mask([(UDP, 53), (TCP, 53)])
            why = "; lowered: it is DNS alone" if only_names else ""
            traffic = subject.traffic_words(rule.traffic)
            yield CHECK.found(
                rule.thing,
                f"egress rule {rule.number} lets {names} connect to {rule.peers} on {traffic}{why}",
                field=rule.field,
                severity=CHECK.severity.lowered() if only_names else None,
                witness=Witness(concerned[0].name, "any address outside", traffic),
                evidence=[f"{each.name} is selected" for each in concerned],
                fix=_fix(only_names),
            )


def _fix(only_names: bool) -> str:
    if only_names:
        return "name the cluster's DNS in `to`"
    return "name in `to` the addresses that are needed"
