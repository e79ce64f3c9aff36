"""Source ranges that a node port passes by.

## What it does

Looks for Services of type LoadBalancer whose `loadBalancerSourceRanges` leave somebody out, and walks the paths to
their node ports: whoever gets through there and is not in the ranges is the finding. High where somebody surely does.
Where that depends on what the input does not say, such as the firewalls in front of nodes, it is for the persona
pedantic. Where these paths are closed, or let in nobody but the ranges, there is none.

## Why it is bad

The ranges guard the address of the load balancer alone. The same Service is open on a port of every node, where neither
the cloud nor kube-proxy asks who comes.

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
  type: LoadBalancer
  loadBalancerSourceRanges: [203.0.113.0/24]
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

Close the node ports in the firewall of the nodes to everybody but the load balancer, or have none where the load
balancer sends straight to pods (SV-02).

## References

- kubernetes/kubernetes#33586: loadBalancerSourceRanges does not apply to NodePort
- cilium/cilium#17440: loadBalancerSourceRanges is not enforced for NodePort
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.balanced import is_balanced, limits
from crenel.audit.exposed import reasons
from crenel.audit.finding import Check, Finding, Persona, Pillar, Severity, Witness
from crenel.audit.subject import Subject
from crenel.dialects.entries import EntryKind
from crenel.kubernetes.objects.services import Service
from crenel.network.addresses import AddressSet
from crenel.provenance import FieldPath
from crenel.questions.exposure.paths import Path, State

CHECK = Check("SV-04", "Source ranges that a node port passes by", Pillar.SERVICES, Severity.HIGH)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each Service whose node ports let in whom its ranges leave out."""
    for service in subject.decoded.services:
        found = limits(service) if is_balanced(service) else None
        if found is None:
            continue
        ways = list(passing(subject, service, found[0]))
        sure = [(path, others) for path, others in ways if path.sources & others]
        if ways:
            yield _finding(service, found[1], sure or ways, sure=bool(sure))


def passing(subject: Subject, service: Service, ranges: AddressSet) -> Iterator[tuple[Path, AddressSet]]:
    """The paths to its node ports that somebody takes, or may, who is not in some ranges; and who that is."""
    for path in subject.paths_through.get((service.namespace, service.name), ()):
        others = path.possible - ranges
        if path.entry.kind is EntryKind.NODE_PORT and path.state is not State.CLOSED and others:
            yield path, others


def _finding(service: Service, field: FieldPath, ways: list[tuple[Path, AddressSet]], *, sure: bool) -> Finding:
    path, others = ways[0]
    numbers = ", ".join(dict.fromkeys(each.entry.port_text for each, _ in ways))
    doubt = f"; {path.lacking[0]} is not known" if path.lacking else ""
    first = (path.sources & others if sure else others).cidrs()[0].partition("/")[0]
    certainty = "sure" if sure else "possible"
    return CHECK.found(
        service,
        f"its source ranges do not hold at node port {numbers}, which {'lets' if sure else 'may let'} others in{doubt}",
        field=field,
        severity=None if sure else CHECK.severity.lowered(),
        witness=Witness(first, path.target, f"node port {path.entry.port_text}", certainty),
        evidence=reasons(path),
        fix="close the node ports in front of the nodes to all but the load balancer, or have none",
        persona=None if sure else Persona.PEDANTIC,
    )
