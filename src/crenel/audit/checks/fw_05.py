"""SSH or RDP of nodes, reachable from the internet.

## What it does

Asks, for every node and through all tiers of the infrastructure, whether the internet gets to TCP port 22, or to 3389
of nodes that run Windows. The rule that opens it is the finding. A rule for the addresses of an office is none, two
halves that make up the internet are. Where no route leads to the nodes it is low and for the persona pedantic.

## Why it is bad

Passwords are guessed and keys are lost. Each hole in the server is a hole in every node, and a node has the credentials
of all its pods.

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
name: ssh
selfLink: projects/shop/global/firewalls/ssh
network: projects/shop/global/networks/main
direction: INGRESS
priority: 1000
sourceRanges: [0.0.0.0/0]
allowed: [{IPProtocol: tcp, ports: [22]}]
```

## Fix

Go through a bastion or what the cloud offers (Systems Manager, Identity-Aware Proxy, Azure Bastion):

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
name: ssh
selfLink: projects/shop/global/firewalls/ssh
network: projects/shop/global/networks/main
direction: INGRESS
priority: 1000
sourceRanges: [35.235.240.0/20]
allowed: [{IPProtocol: tcp, ports: [22]}]
```

## References

- AWS, Systems Manager Session Manager
- Google Cloud, Use IAP for TCP forwarding
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.machines import Machine
from crenel.audit.opened import openings, reported
from crenel.audit.subject import Subject
from crenel.network.traffic import parse_traffic

CHECK = Check("FW-05", "SSH or RDP of nodes open to the internet", Pillar.FIREWALLS, Severity.HIGH)
_SSH, _RDP = parse_traffic("TCP/22"), parse_traffic("TCP/3389")
_FIX = "go through a bastion or what the cloud offers, and let in nothing but that"


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each rule that opens either."""
    for opening in openings(subject, _SSH):
        yield reported(CHECK, opening, "SSH", CHECK.severity, fix=_FIX)
    for opening in openings(subject, _RDP, _runs_windows):
        yield reported(CHECK, opening, "RDP", CHECK.severity, fix=_FIX)


def _runs_windows(machine: Machine) -> bool:
    return machine.node is not None and machine.node.labels.get("kubernetes.io/os") == "windows"
