"""A denial that never comes into effect, because an allowance comes first.

## What it does

Takes all packets through each ordered list of rules, as the firewall does. A rule that denies, and is left nothing by
those before it of which some allow, is a finding. That is exact over all rules before it together, their priorities,
and all interfaces that it guards. Allowing first what is a part of the denial is the usual way to write it, and none.

## Why it is bad

The denial is there because something must not get through. It does.

## Example

```yaml
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {nodeName: n1, containers: [{name: web, image: example.org/web}]}
---
apiVersion: v1
kind: Node
metadata: {name: n1}
spec: {providerID: gce://shop/us-east1-b/n1}
status: {addresses: [{type: InternalIP, address: 10.0.1.10}]}
---
kind: compute#instance
name: n1
selfLink: projects/shop/zones/us-east1-b/instances/n1
networkInterfaces:
  - {name: nic0, network: projects/shop/global/networks/main, networkIP: 10.0.1.10, accessConfigs: [{natIP: 34.10.0.1}]}
---
kind: compute#route
name: default
network: projects/shop/global/networks/main
destRange: 0.0.0.0/0
nextHopGateway: projects/shop/global/gateways/default-internet-gateway
---
kind: compute#firewall
name: allow-internal
selfLink: projects/shop/global/firewalls/allow-internal
network: projects/shop/global/networks/main
direction: INGRESS
priority: 900
sourceRanges: [10.0.0.0/8]
allowed: [{IPProtocol: all}]
---
kind: compute#firewall
name: deny-lab
selfLink: projects/shop/global/firewalls/deny-lab
network: projects/shop/global/networks/main
direction: INGRESS
priority: 1000
sourceRanges: [10.9.0.0/16]
denied: [{IPProtocol: all}]
```

## Fix

Give the denial the lower number:

```yaml
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {nodeName: n1, containers: [{name: web, image: example.org/web}]}
---
apiVersion: v1
kind: Node
metadata: {name: n1}
spec: {providerID: gce://shop/us-east1-b/n1}
status: {addresses: [{type: InternalIP, address: 10.0.1.10}]}
---
kind: compute#instance
name: n1
selfLink: projects/shop/zones/us-east1-b/instances/n1
networkInterfaces:
  - {name: nic0, network: projects/shop/global/networks/main, networkIP: 10.0.1.10, accessConfigs: [{natIP: 34.10.0.1}]}
---
kind: compute#route
name: default
network: projects/shop/global/networks/main
destRange: 0.0.0.0/0
nextHopGateway: projects/shop/global/gateways/default-internet-gateway
---
kind: compute#firewall
name: allow-internal
selfLink: projects/shop/global/firewalls/allow-internal
network: projects/shop/global/networks/main
direction: INGRESS
priority: 900
sourceRanges: [10.0.0.0/8]
allowed: [{IPProtocol: all}]
---
kind: compute#firewall
name: deny-lab
selfLink: projects/shop/global/firewalls/deny-lab
network: projects/shop/global/networks/main
direction: INGRESS
priority: 800
sourceRanges: [10.9.0.0/16]
denied: [{IPProtocol: all}]
```

## References

- Google Cloud, VPC firewall rules: Priority
- Azure, Network security groups: security rules are evaluated by priority
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.dead import Written, name_of
from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.network.rules import Action

CHECK = Check("FW-09", "Denial that an allowance overrides", Pillar.FIREWALLS, Severity.HIGH)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each denial that is left nothing."""
    for written in subject.dead_rules.shadowed:
        allowing = [each for each in written.by if each[1].action is not Action.DENY]
        if written.rule.action is Action.DENY and allowing:
            yield _finding(written, name_of(*allowing[0], written.policy))


def _finding(written: Written, by: str) -> Finding:
    return CHECK.found(
        written.thing,
        f"{written.words} denies nothing: {by} comes before it and allows what it speaks of",
        field=written.rule.field,
        evidence=written.evidence,
        fix="put the denial before it, or delete it if the allowance is meant",
    )
