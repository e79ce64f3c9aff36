"""Open to the internet over IPv6, and closed to it over IPv4.

## What it does

Compares, for every node that has addresses of both families, what all firewalls together let in from the internet over
IPv6 with what they let in over IPv4. Ports of TCP, UDP or SCTP that are open over IPv6 alone are a finding, at the rule
that opens them. Where no route leads to the nodes over IPv6 it is low and for the persona pedantic.

## Why it is bad

Somebody meant to close the port, and forgot that each rule speaks of one family. Scanners do not forget.

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
  - name: nic0
    network: projects/shop/global/networks/main
    networkIP: 10.0.1.10
    ipv6AccessConfigs: [{externalIpv6: "2600:1900::10", externalIpv6PrefixLength: 128}]
---
kind: compute#route
name: default
network: projects/shop/global/networks/main
destRange: "::/0"
nextHopGateway: projects/shop/global/gateways/default-internet-gateway
---
kind: compute#firewall
name: office
selfLink: projects/shop/global/firewalls/office
network: projects/shop/global/networks/main
direction: INGRESS
priority: 1000
sourceRanges: [203.0.113.0/24]
allowed: [{IPProtocol: tcp, ports: [22]}]
---
kind: compute#firewall
name: anywhere-ipv6
selfLink: projects/shop/global/firewalls/anywhere-ipv6
network: projects/shop/global/networks/main
direction: INGRESS
priority: 1000
sourceRanges: ["::/0"]
allowed: [{IPProtocol: tcp, ports: [22]}]
```

## Fix

Give both families the same rule:

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
  - name: nic0
    network: projects/shop/global/networks/main
    networkIP: 10.0.1.10
    ipv6AccessConfigs: [{externalIpv6: "2600:1900::10", externalIpv6PrefixLength: 128}]
---
kind: compute#route
name: default
network: projects/shop/global/networks/main
destRange: "::/0"
nextHopGateway: projects/shop/global/gateways/default-internet-gateway
---
kind: compute#firewall
name: office
selfLink: projects/shop/global/firewalls/office
network: projects/shop/global/networks/main
direction: INGRESS
priority: 1000
sourceRanges: [203.0.113.0/24]
allowed: [{IPProtocol: tcp, ports: [22]}]
---
kind: compute#firewall
name: office-ipv6
selfLink: projects/shop/global/firewalls/office-ipv6
network: projects/shop/global/networks/main
direction: INGRESS
priority: 1000
sourceRanges: ["2001:db8:1::/48"]
allowed: [{IPProtocol: tcp, ports: [22]}]
```

## References

- AWS, Security group rules: a rule for 0.0.0.0/0 does not speak of IPv6
- RFC 9099: Operational Security Considerations for IPv6 Networks
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.machines import Machine
from crenel.audit.opened import Openings, let_in, reported
from crenel.audit.subject import Subject
from crenel.network.traffic import PORTED, Match

CHECK = Check("FW-10", "IPv4 closed, IPv6 open", Pillar.FIREWALLS, Severity.HIGH)
_PORTS = [Match(protocol) for protocol in PORTED]
_FIX = "give both families the same rule, or close the port for IPv6"


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each rule that opens over IPv6 what is closed over IPv4."""
    machines = subject.machines
    if not machines:
        return
    ported, found = machines.mask(_PORTS), Openings(subject)
    for machine in machines.all:
        if _has_both(machine):
            four = 0
            for _, traffic in let_in(subject, machine, 4, ported):
                four |= traffic
            for source, traffic in let_in(subject, machine, 6, ported & ~four):
                found.add(machine, 6, source, traffic)
    table = machines.network.table
    for opening in found.all(_PORTS):
        opening.ports = tuple(
            Match(slot.protocol, (slot.first, slot.last))
            for bit, slot in enumerate(table.slots)
            if opening.traffic >> bit & 1
        )
        remark = " over IPv6, and not over IPv4"
        yield reported(CHECK, opening, "ports", CHECK.severity, fix=_FIX, remark=remark)


def _has_both(machine: Machine) -> bool:
    return len(machine.families) > 1
