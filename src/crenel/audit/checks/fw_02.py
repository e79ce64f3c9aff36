"""The kubelet, reachable from the internet.

## What it does

Asks, for every node and through all tiers of the infrastructure, whether the internet gets to TCP port 10250 of the
kubelet, or to 10255, its port without authentication, which is off unless somebody turned it on. The rule that opens it
is the finding. Where no route leads to the nodes it is low and for the persona pedantic.

## Why it is bad

The kubelet runs commands in every container of its node, and hands out logs. Authentication is then all that keeps the
internet away, and port 10255 has none.

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
name: kubelet
selfLink: projects/shop/global/firewalls/kubelet
network: projects/shop/global/networks/main
direction: INGRESS
priority: 1000
sourceRanges: [0.0.0.0/0]
allowed: [{IPProtocol: tcp, ports: [10250]}]
```

## Fix

Let in the control plane and what monitors the nodes:

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
name: kubelet
selfLink: projects/shop/global/firewalls/kubelet
network: projects/shop/global/networks/main
direction: INGRESS
priority: 1000
sourceRanges: [172.16.0.0/28]
allowed: [{IPProtocol: tcp, ports: [10250]}]
```

## References

- Kubernetes documentation, Ports and Protocols
- Kubernetes documentation, Kubelet authentication/authorization
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.opened import openings, reported
from crenel.audit.subject import Subject
from crenel.network.traffic import parse_traffic

CHECK = Check("FW-02", "Kubelet reachable from the internet", Pillar.FIREWALLS, Severity.CRITICAL)
_PORTS = parse_traffic("TCP/10250,10255")
_FIX = "let in the control plane and what monitors the nodes alone"


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each rule that opens the kubelet."""
    for opening in openings(subject, _PORTS):
        kubelet = any(match.ports == (10250, 10250) for match in opening.ports)
        severity, remark = CHECK.severity, ""
        if not kubelet:
            severity, remark = severity.lowered(2), "; lowered: that port is off unless somebody turned it on"
        elif not subject.machines.known:
            severity, remark = severity.lowered(), "; no node of the input is one of them"
        yield reported(CHECK, opening, "the kubelet", severity, fix=_FIX, remark=remark)
