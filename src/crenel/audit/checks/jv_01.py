"""A node port that the internet reaches through every layer.

## What it does

Walks the paths from the internet to node ports, those of load balancers included, through routes, network ACLs,
groups, the firewalls of nodes and, after the translation of addresses, the policies at the pod; replies as well. A path
on which a packet surely passes all of them is critical, and the finding says which setting breaks it with the least
beside. What is not sure is a matter of SV-01. For ingress controllers and gateways it is for the persona pedantic;
Services that `public` in `crenel.toml` names are left out, and those with source ranges, which are a matter of SV-04.

## Why it is bad

The application is on the internet by a way that nobody looks at: no load balancer, no gateway, no TLS, no logs.

## Example

```yaml
apiVersion: v1
kind: Node
metadata: {name: n1}
spec: {providerID: "aws:///eu-west-1a/i-1", podCIDRs: [10.244.0.0/24]}
status: {addresses: [{type: InternalIP, address: 10.0.1.10}, {type: ExternalIP, address: 18.185.10.1}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {nodeName: n1, containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080, nodePort: 30080}]
---
NetworkInterfaces:
  - NetworkInterfaceId: eni-1
    SubnetId: subnet-1
    VpcId: vpc-1
    PrivateIpAddress: 10.0.1.10
    PrivateIpAddresses: [{PrivateIpAddress: 10.0.1.10, Primary: true}]
    Groups: [{GroupId: sg-nodes, GroupName: nodes}]
    Attachment: {InstanceId: i-1, Status: attached}
    Association: {PublicIp: 18.185.10.1}
---
Subnets: [{SubnetId: subnet-1, VpcId: vpc-1, CidrBlock: 10.0.1.0/24}]
---
RouteTables:
  - RouteTableId: rtb-1
    VpcId: vpc-1
    Associations: [{Main: true}]
    Routes:
      - {DestinationCidrBlock: 10.0.0.0/16, GatewayId: local, State: active}
      - {DestinationCidrBlock: 0.0.0.0/0, GatewayId: igw-1, State: active}
---
SecurityGroups:
  - GroupId: sg-nodes
    GroupName: nodes
    VpcId: vpc-1
    IpPermissions: [{IpProtocol: tcp, FromPort: 30000, ToPort: 32767, IpRanges: [{CidrIp: 0.0.0.0/0}]}]
    IpPermissionsEgress: [{IpProtocol: "-1", IpRanges: [{CidrIp: 0.0.0.0/0}]}]
---
NetworkAcls:
  - NetworkAclId: acl-1
    VpcId: vpc-1
    Associations: [{NetworkAclAssociationId: a-1, SubnetId: subnet-1}]
    Entries:
      - {RuleNumber: 100, RuleAction: allow, Protocol: "-1", Egress: false, CidrBlock: 0.0.0.0/0}
      - {RuleNumber: 100, RuleAction: allow, Protocol: "-1", Egress: true, CidrBlock: 0.0.0.0/0}
```

## Fix

Close one layer, best the one that the finding names; a ClusterIP Service behind a gateway needs no node port at all.

## References

- Kubernetes documentation, Service: type: NodePort
- NIST SP 800-53 SC-7: Boundary Protection
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from crenel.audit.balanced import is_balanced, limits
from crenel.audit.exposed import reasons, witness
from crenel.audit.finding import Check, Finding, Persona, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.dialects.entries import EntryKind
from crenel.kubernetes.objects.services import Service
from crenel.questions.exposure.closing import Setting
from crenel.questions.exposure.paths import Path, State

CHECK = Check("JV-01", "NodePort reachable from the internet", Pillar.JOINED, Severity.CRITICAL)
Way = tuple[Path, Setting | None]


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each Service that such a path leads to."""
    found: dict[int, list[Way]] = defaultdict(list)
    for path, closing in subject.paths:
        service = path.entry.service
        if path.entry.kind is not EntryKind.NODE_PORT or path.state is not State.OPEN or path.request:
            continue
        if service is not None:
            found[id(service)].append((path, closing))
    for service in subject.decoded.services:
        ways = found.get(id(service))
        if ways and not subject.is_public(f"{service.namespace}/{service.name}") and not _is_limited(service):
            yield _finding(subject, service, ways)


def _is_limited(service: Service) -> bool:
    return is_balanced(service) and limits(service) is not None


def _finding(subject: Subject, service: Service, ways: Sequence[Way]) -> Finding:
    path, closing = ways[0]
    ports = ", ".join(dict.fromkeys(each.entry.port_text for each, _ in ways))
    targets = list(dict.fromkeys(each.target for each, _ in ways))
    more = f" and {len(targets) - 1} more" if len(targets) > 1 else ""
    edge = all(each.endpoint is not None and subject.is_edge(each.endpoint) for each, _ in ways)
    return CHECK.found(
        service,
        f"node port {ports} leads the internet to {targets[0]}{more} through every layer",
        field=path.entry.field,
        severity=CHECK.severity.lowered(2) if edge else None,
        witness=witness(path),
        evidence=reasons(path),
        fix=_fix(closing),
        persona=Persona.PEDANTIC if edge else None,
    )


def _fix(closing: Setting | None) -> str:
    if closing is None:
        return "type: ClusterIP"
    place = f" ({closing.place})" if closing.place else ""
    beside = f", which closes {closing.also} more ways with it" if closing.also else ""
    return f"{closing.what}{place}{beside}"
