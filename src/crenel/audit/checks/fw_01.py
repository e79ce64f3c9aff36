"""Node ports that the internet gets to.

## What it does

Asks, for every node and through all tiers of the infrastructure (network ACLs, security groups, VPC rules and
policies, the firewall of the host), whether the internet gets to a port of the range of node ports: that of
`--service-node-port-range` where an API server is in the input, else 30000-32767. The rule that opens it is the
finding, once for all nodes behind it. A rule for a few addresses is none: at least half of the internet has to get
through. Critical where a Service has such a port; high where none in the input has, or where nothing but ports of
Services is open. Where it is not known whether the internet is routed to the nodes it is lower, and where it is not,
low and for the persona pedantic: load balancers that keep the addresses of clients need such a rule.

Where no node of the input is a machine of the infrastructure, as in a Terraform plan, every machine is looked at.

## Why it is bad

Every node answers on the port of every such Service. Whoever gets there goes past the load balancer, its source
ranges, its TLS and its web application firewall, and each Service that is made later is open as well.

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
name: node-ports
selfLink: projects/shop/global/firewalls/node-ports
network: projects/shop/global/networks/main
direction: INGRESS
priority: 1000
sourceRanges: [0.0.0.0/0]
allowed: [{IPProtocol: tcp, ports: [30000-32767]}]
```

## Fix

Let in the load balancer and its health checks alone:

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
name: node-ports
selfLink: projects/shop/global/firewalls/node-ports
network: projects/shop/global/networks/main
direction: INGRESS
priority: 1000
sourceRanges: [35.191.0.0/16, 130.211.0.0/22]
allowed: [{IPProtocol: tcp, ports: [30000-32767]}]
```

## References

- Kubernetes documentation, Ports and Protocols
- Kubernetes documentation, Service: type NodePort
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.opened import Opening, openings, reported
from crenel.audit.subject import Subject
from crenel.network.traffic import TCP, UDP, Match, Ports

CHECK = Check("FW-01", "Node ports open to the internet", Pillar.FIREWALLS, Severity.CRITICAL)
_RANGE: Ports = (30000, 32767)
_FLAG = "--service-node-port-range="
_FIX = "let in nothing but the load balancer and its health checks"


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each rule that opens node ports."""
    first, last = _range(subject)
    used = _used(subject)
    for opening in openings(subject, [Match(TCP, (first, last)), Match(UDP, (first, last))]):
        severity, remark = _judged(opening, used)
        yield reported(CHECK, opening, "node ports", severity, fix=_FIX, remark=remark)


def _range(subject: Subject) -> Ports:
    """The range that the API server has, where it is in the input."""
    for template in subject.templates:
        for container in template.spec.containers or ():
            for word in (*(container.command or ()), *(container.args or ())):
                low, _, high = word.removeprefix(_FLAG).partition("-")
                if word.startswith(_FLAG) and low.isdecimal() and high.isdecimal():
                    return int(low), int(high)
    return _RANGE


def _used(subject: Subject) -> list[tuple[int, str]]:
    """The node ports that Services of the input have, 0 for one that is not chosen yet, with their names."""
    return [
        (port.node_port or 0, f"{service.namespace}/{service.name}")
        for service in subject.decoded.services
        if service.spec is not None and service.spec.type in ("NodePort", "LoadBalancer")
        for port in service.spec.ports or ()
        if port.node_port or service.spec.type == "NodePort"
    ]


def _judged(opening: Opening, used: list[tuple[int, str]]) -> tuple[Severity, str]:
    open_ports = [match.ports for match in opening.ports if match.ports is not None]
    met = [
        (port, name)
        for port, name in used
        if (not port and any(last > first for first, last in open_ports))
        or any(first <= port <= last for first, last in open_ports)
    ]
    if not met:
        return CHECK.severity.lowered(), "; no Service of the input has one of them"
    port, name = met[0]
    more = f" and {len(met) - 1} more" if len(met) > 1 else ""
    taken = {port for port, _ in met}
    alone = all(first == last and first in taken for first, last in open_ports)
    return CHECK.severity.lowered() if alone else CHECK.severity, (
        f"; service {name}{more} has {f'port {port}' if port else 'one'}"
    )
