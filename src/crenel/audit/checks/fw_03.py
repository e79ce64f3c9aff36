"""etcd, reachable from the internet.

## What it does

Asks, for every node that runs etcd, whether the internet gets to TCP ports 2379 and 2380 through all tiers of the
infrastructure. These are nodes with the label `node-role.kubernetes.io/control-plane` or `etcd`, and nodes that a pod
of etcd is on. Where no node of the input is a machine of the infrastructure, every machine may be one, and the finding
is for the persona auditor. The rule that opens it is the finding.

## Why it is bad

etcd has all of the cluster, Secrets included. Who may write to it owns the cluster; a client certificate is then all
that stands in between.

## Example

```yaml
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {nodeName: n1, containers: [{name: web, image: example.org/web}]}
---
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {node-role.kubernetes.io/control-plane: ""}}
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
name: etcd
selfLink: projects/shop/global/firewalls/etcd
network: projects/shop/global/networks/main
direction: INGRESS
priority: 1000
sourceRanges: [0.0.0.0/0]
allowed: [{IPProtocol: tcp, ports: [2379-2380]}]
```

## Fix

Let in the other nodes of the control plane alone:

```yaml
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {nodeName: n1, containers: [{name: web, image: example.org/web}]}
---
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {node-role.kubernetes.io/control-plane: ""}}
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
name: etcd
selfLink: projects/shop/global/firewalls/etcd
network: projects/shop/global/networks/main
direction: INGRESS
priority: 1000
sourceRanges: [10.0.1.0/28]
allowed: [{IPProtocol: tcp, ports: [2379-2380]}]
```

## References

- Kubernetes documentation, Ports and Protocols
- Kubernetes documentation, Operating etcd clusters: Securing etcd clusters
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.finding import Check, Finding, Persona, Pillar, Severity
from crenel.audit.machines import Machine
from crenel.audit.opened import openings, reported
from crenel.audit.subject import Subject
from crenel.network.traffic import parse_traffic

CHECK = Check("FW-03", "etcd reachable from the internet", Pillar.FIREWALLS, Severity.CRITICAL)
_PORTS = parse_traffic("TCP/2379-2380")
_FIX = "let in the other nodes of the control plane alone"


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each rule that opens etcd."""
    running = {
        name
        for group in subject.scope.groups.values()
        if group.workload.startswith("etcd") and group.namespace == "kube-system"
        for name in group.nodes or ()
    }

    def has_etcd(machine: Machine) -> bool:
        return machine.name in running or machine.leads

    if subject.machines.known:
        for opening in openings(subject, _PORTS, has_etcd):
            yield reported(CHECK, opening, "etcd", CHECK.severity, fix=_FIX)
        return
    for opening in openings(subject, _PORTS):
        remark = "; whether etcd runs there is not in the input"
        severity = CHECK.severity.lowered(2)
        yield reported(CHECK, opening, "etcd", severity, fix=_FIX, remark=remark, persona=Persona.AUDITOR)
