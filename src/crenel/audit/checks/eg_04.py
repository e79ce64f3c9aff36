"""A name in a rule that denies.

## What it does

Looks for rules that deny and speak of DNS names: ClusterNetworkPolicies (`domainNames` is for rules that accept alone),
EgressFirewalls of OVN-Kubernetes, EgressNetworkPolicies of OpenShift, Calico (`domains` is for rules that allow alone),
policies of EKS.

## Why it is bad

It is got around by connecting to the address, or by any other name that leads to the same one, and it closes the names
of others that share the address. Some implementations refuse the rule, or drop it.

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
apiVersion: k8s.ovn.org/v1
kind: EgressFirewall
metadata: {name: default, namespace: shop}
spec:
  egress:
    - {type: Deny, to: {dnsName: exfil.example.com}}
    - {type: Deny, to: {cidrSelector: 0.0.0.0/0}}
```

## Fix

Allow the names that are needed, and deny everything else:

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
apiVersion: k8s.ovn.org/v1
kind: EgressFirewall
metadata: {name: default, namespace: shop}
spec:
  egress:
    - {type: Allow, to: {dnsName: api.example.com}}
    - {type: Deny, to: {cidrSelector: 0.0.0.0/0}}
```

## References

- Network Policy API, NPEP-133: names in rules that allow only
- OVN-Kubernetes documentation, Egress Firewall: dnsName
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.domains import by_name
from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.subject import Subject

CHECK = Check("EG-04", "FQDN in a deny rule", Pillar.WAYS, Severity.HIGH)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each name."""
    for each in by_name(subject.decoded):
        if each.denies:
            yield CHECK.found(
                each.thing,
                f"it denies {each.name} by name; its address, and every other name for it, stay open",
                field=each.field,
                fix="allow the names that are needed, and deny everything else by address",
            )
