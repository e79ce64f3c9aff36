"""Nodes that may connect to anything on the internet.

## What it does

Looks for nodes that all firewalls of the infrastructure together let connect to the internet on as good as every
TCP port. The rule that allows it is the finding, or the nodes where nothing but the default of the platform does.
Where no route leads from the nodes to the internet it is low and for the persona pedantic.

## Why it is bad

What got onto a node fetches its tools and sends what it found wherever it likes. Network policies do not hold for
processes of the node and for pods in its network.

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
name: out
selfLink: projects/shop/global/firewalls/out
network: projects/shop/global/networks/main
direction: EGRESS
priority: 1000
destinationRanges: [0.0.0.0/0, "::/0"]
allowed: [{IPProtocol: all}]
```

## Fix

Allow what nodes need, such as the registry and the services of the cloud, and deny the rest; or send it through a proxy
or a gateway that knows names:

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
name: registry
selfLink: projects/shop/global/firewalls/registry
network: projects/shop/global/networks/main
direction: EGRESS
priority: 1000
destinationRanges: [203.0.113.0/24]
allowed: [{IPProtocol: tcp, ports: [443]}]
---
kind: compute#firewall
name: rest
selfLink: projects/shop/global/firewalls/rest
network: projects/shop/global/networks/main
direction: EGRESS
priority: 65000
destinationRanges: [0.0.0.0/0, "::/0"]
denied: [{IPProtocol: all}]
```

## References

- NIST SP 800-53 SC-7(5): deny by default, allow by exception
- Google Cloud, Hardening your cluster's security: Restrict outbound traffic
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.finding import Check, Finding, Persona, Pillar, Severity, Witness
from crenel.audit.machines import Blamed, Machine
from crenel.audit.opened import names
from crenel.audit.subject import Subject
from crenel.network.traffic import LAST_PORT, TCP, Match

CHECK = Check("FW-15", "Egress of nodes unrestricted", Pillar.FIREWALLS, Severity.MEDIUM)
_MOST = LAST_PORT - 1024
"""How many ports are as good as all: clouds keep some closed for everybody, such as that of mail."""
_FIX = "allow what nodes need, and deny the rest; or send it through a proxy"


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each rule that allows everything, and whether a route leads out."""
    machines = subject.machines
    if not machines:
        return
    everything = machines.mask([Match(TCP)])
    found: dict[tuple[object, bool], tuple[Blamed, list[Machine], int]] = {}
    for alike in machines.leaving:
        machine = alike[0]
        if out := _out(subject, machine, everything):
            target, traffic = out
            known = machine.interface is not None
            routed = known and bool(machines.reach.out_of(machine.index).possible(traffic) >> target & 1)
            blamed = machines.blamed(machine.index, target, traffic, machine)
            found.setdefault((blamed.key, routed), (blamed, [], target))[1].extend(alike)
    for (_, routed), (blamed, concerned, target) in found.items():
        yield _finding(blamed, concerned, machines.text(target), routed)


def _out(subject: Subject, machine: Machine, everything: int) -> tuple[int, int] | None:
    """A block of the internet that it surely gets out to on most of TCP, and the widest traffic that it does so with.

    At least half of the internet has to be open to it like that.
    """
    machines, table = subject.machines, subject.machines.network.table
    for family in machine.families:
        found = [
            (traffic & everything, met)
            for sure, _, traffic in machines.let.out_of(machine.index).parts
            if traffic & everything and machines.is_wide(met := sure & machines.internet[family], family)
        ]
        if sum(table.weight(traffic) for traffic, _ in found) >= _MOST:
            traffic, met = max(found, key=lambda each: table.weight(each[0]))
            return machines.largest(met), traffic
    return None


def _finding(blamed: Blamed, machines: list[Machine], target: str, routed: bool) -> Finding:
    lowered = "" if routed else "; lowered: no route of the input leads from them to the internet"
    return CHECK.found(
        blamed.thing,
        f"{blamed.words} lets {names(machines)} connect to the internet on as good as every TCP port{lowered}",
        field=blamed.field,
        severity=None if routed else Severity.LOW,
        witness=Witness(machines[0].name, target, "TCP") if routed else None,
        evidence=[f"guards {each.name}" for each in machines[1:]],
        fix=_FIX,
        persona=None if routed else Persona.PEDANTIC,
    )
