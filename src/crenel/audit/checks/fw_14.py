"""A port that the cluster needs, closed between its nodes.

## What it does

Asks, through all firewalls between nodes, whether the nodes with the label of the control plane get to the kubelet
(TCP/10250) of all nodes, all nodes to the API server (TCP/6443), and the nodes of the control plane to each other's
etcd (TCP/2379-2380). Where the input shows a network plugin and how it is configured, the port of its tunnel has to be
open between all nodes: that of Flannel by `kube-flannel-cfg`, of Cilium by `cilium-config`, of OVN-Kubernetes. The
firewall that stops it is the finding, once for all pairs of nodes, or the node where that is but the default of the
platform. What the input does not tell is none; nor is the control plane of a managed cluster looked at.

## Why it is bad

Pods of two nodes do not get to each other, logs and probes fail, or the API server is gone, in ways that look like
anything but a firewall.

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
status: {addresses: [{type: InternalIP, address: 10.0.1.11}]}
---
kind: compute#instance
name: n1
selfLink: projects/shop/zones/us-east1-b/instances/n1
networkInterfaces: [{name: nic0, network: projects/shop/global/networks/main, networkIP: 10.0.1.11}]
---
apiVersion: v1
kind: Node
metadata: {name: n2}
spec: {providerID: gce://shop/us-east1-b/n2}
status: {addresses: [{type: InternalIP, address: 10.0.1.12}]}
---
kind: compute#instance
name: n2
selfLink: projects/shop/zones/us-east1-b/instances/n2
networkInterfaces: [{name: nic0, network: projects/shop/global/networks/main, networkIP: 10.0.1.12}]
---
kind: compute#firewall
name: nodes
selfLink: projects/shop/global/firewalls/nodes
network: projects/shop/global/networks/main
direction: INGRESS
priority: 1000
sourceRanges: [10.0.1.0/24]
allowed: [{IPProtocol: tcp, ports: ["6443"]}]
```

## Fix

Open it between the nodes alone:

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
status: {addresses: [{type: InternalIP, address: 10.0.1.11}]}
---
kind: compute#instance
name: n1
selfLink: projects/shop/zones/us-east1-b/instances/n1
networkInterfaces: [{name: nic0, network: projects/shop/global/networks/main, networkIP: 10.0.1.11}]
---
apiVersion: v1
kind: Node
metadata: {name: n2}
spec: {providerID: gce://shop/us-east1-b/n2}
status: {addresses: [{type: InternalIP, address: 10.0.1.12}]}
---
kind: compute#instance
name: n2
selfLink: projects/shop/zones/us-east1-b/instances/n2
networkInterfaces: [{name: nic0, network: projects/shop/global/networks/main, networkIP: 10.0.1.12}]
---
kind: compute#firewall
name: nodes
selfLink: projects/shop/global/firewalls/nodes
network: projects/shop/global/networks/main
direction: INGRESS
priority: 1000
sourceRanges: [10.0.1.0/24]
allowed: [{IPProtocol: tcp, ports: ["6443", "10250", 2379-2380]}]
```

## References

- Kubernetes documentation, Ports and Protocols
- Cilium documentation, System Requirements: Firewall Rules
- Flannel documentation, Backends
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.clusterports import Need, needs
from crenel.audit.finding import Check, Finding, Named, Pillar, Severity, Thing
from crenel.audit.machines import Machine
from crenel.audit.opened import port_words
from crenel.audit.subject import Subject
from crenel.bits import members, union
from crenel.provenance import FieldPath

CHECK = Check("FW-14", "Port that the cluster needs is closed", Pillar.FIREWALLS, Severity.HIGH)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each need and firewall that stops it."""
    if subject.machines.known:
        for need in needs(subject):
            yield from _stopped(subject, need)


def _stopped(subject: Subject, need: Need) -> Iterator[Finding]:
    machines, traffic = subject.machines, subject.machines.mask(need.traffic)
    named = {each.index: each for each in machines.all}
    sources = union(each.index for each in need.sources)
    found: dict[object, tuple[Thing, FieldPath, list[tuple[Machine, Machine]]]] = {}
    for target in need.targets:
        missing = sources & ~machines.let.into(target.index).possible(traffic) & ~(1 << target.index)
        for source in members(missing)[:1]:
            blocking = machines.blocking(source, target.index, traffic)
            thing: Thing = target.thing
            field: FieldPath = ()
            if blocking is not None and blocking[0].origin.source:
                policy, rule = blocking
                thing, field = Named(policy.title, "", policy.origin), rule.field if rule is not None else policy.place
            pairs = found.setdefault((thing.title, thing.origin, field), (thing, field, []))[2]
            pairs.append((named[source], target))
    for thing, field, pairs in found.values():
        yield _finding(need, thing, field, pairs)


def _finding(need: Need, thing: Thing, field: FieldPath, pairs: list[tuple[Machine, Machine]]) -> Finding:
    source, target = pairs[0]
    more = f" and between {len(pairs) - 1} more" if len(pairs) > 1 else ""
    ports = port_words(need.traffic)
    return CHECK.found(
        thing,
        f"{need.what} ({ports}) is stopped from {source.name} to {target.name}{more}",
        field=field,
        evidence=[f"from {one.name} to {other.name}" for one, other in pairs],
        fix=f"open {ports} between the nodes",
    )
