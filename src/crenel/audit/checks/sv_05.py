"""Source ranges that nothing on the way holds up.

## What it does

Takes the load balancers of the input whose Services have `loadBalancerSourceRanges`, and that hand on to node ports or
pods with a translation, or in their own name. Nodes and kube-proxy then do not see the load balancer's address as the
destination, or the client as the source, and cannot apply the ranges; the load balancer has to. Whether it does is
asked of its listeners and firewalls: whoever gets through all layers and is not in the ranges is the finding. High
where somebody surely does. Load balancers that are not in the input have no finding: their controller may have told
them.

## Why it is bad

The ranges look like a lock, and are a wish. What is meant for an office is open to everybody.

## Example

```yaml
apiVersion: v1
kind: Node
metadata: {name: n1}
spec: {providerID: "aws:///eu-west-1a/i-1", podCIDRs: [10.244.0.0/24]}
status: {addresses: [{type: InternalIP, address: 10.0.1.10}]}
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
status: {loadBalancer: {ingress: [{hostname: shop-1.elb.eu-west-1.amazonaws.com}]}}
---
NetworkInterfaces:
  - NetworkInterfaceId: eni-1
    SubnetId: subnet-1
    VpcId: vpc-1
    PrivateIpAddress: 10.0.1.10
    PrivateIpAddresses: [{PrivateIpAddress: 10.0.1.10, Primary: true}]
    Groups: [{GroupId: sg-nodes, GroupName: nodes}]
    Attachment: {InstanceId: i-1, Status: attached}
  - NetworkInterfaceId: eni-lb
    SubnetId: subnet-1
    VpcId: vpc-1
    Description: ELB net/shop/1
    PrivateIpAddress: 10.0.1.99
    PrivateIpAddresses: [{PrivateIpAddress: 10.0.1.99, Primary: true}]
    Groups: [{GroupId: sg-lb, GroupName: lb}]
    Association: {PublicIp: 18.200.1.1}
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
  - GroupId: sg-lb
    GroupName: lb
    VpcId: vpc-1
    IpPermissions: [{IpProtocol: tcp, FromPort: 80, ToPort: 80, IpRanges: [{CidrIp: 0.0.0.0/0}]}]
    IpPermissionsEgress: [{IpProtocol: "-1", IpRanges: [{CidrIp: 0.0.0.0/0}]}]
  - GroupId: sg-nodes
    GroupName: nodes
    VpcId: vpc-1
    IpPermissions: [{IpProtocol: tcp, FromPort: 30000, ToPort: 32767, UserIdGroupPairs: [{GroupId: sg-lb}]}]
    IpPermissionsEgress: [{IpProtocol: "-1", IpRanges: [{CidrIp: 0.0.0.0/0}]}]
---
NetworkAcls:
  - NetworkAclId: acl-1
    VpcId: vpc-1
    Associations: [{NetworkAclAssociationId: a-1, SubnetId: subnet-1}]
    Entries:
      - {RuleNumber: 100, RuleAction: allow, Protocol: "-1", Egress: false, CidrBlock: 0.0.0.0/0}
      - {RuleNumber: 100, RuleAction: allow, Protocol: "-1", Egress: true, CidrBlock: 0.0.0.0/0}
---
LoadBalancers:
  - LoadBalancerArn: "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/net/shop/1"
    LoadBalancerName: shop
    DNSName: shop-1.elb.eu-west-1.amazonaws.com
    Scheme: internet-facing
    Type: network
    SecurityGroups: [sg-lb]
    AvailabilityZones: [{SubnetId: subnet-1}]
---
Listeners:
  - ListenerArn: "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/net/shop/1/1"
    LoadBalancerArn: "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/net/shop/1"
    Port: 80
    Protocol: TCP
    DefaultActions:
      - {Type: forward, TargetGroupArn: "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/shop/1"}
---
TargetGroups:
  - TargetGroupArn: "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/shop/1"
    TargetType: instance
    Port: 30080
    Protocol: TCP
---
TargetHealthDescriptions: [{Target: {Id: i-1, Port: 30080}}]
---
Attributes: [{Key: preserve_client_ip.enabled, Value: "false"}]
```

## Fix

Limit the load balancer itself, by its group or firewall; keeping the client's address helps policies, not the ranges.

## References

- kubernetes/kubernetes#33586: loadBalancerSourceRanges does not apply to NodePort
- KEP-1860: Make Kubernetes aware of the LoadBalancer behaviour
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

from crenel.audit.balanced import is_balanced, limits, listeners
from crenel.audit.exposed import reasons
from crenel.audit.finding import Check, Finding, Pillar, Severity, Witness
from crenel.audit.subject import Subject
from crenel.dialects.entries import EntryKind
from crenel.kubernetes.objects.services import Service
from crenel.network.addresses import AddressSet
from crenel.network.firewalls import Listening
from crenel.provenance import FieldPath
from crenel.questions.exposure.paths import Path, Reach, everybody
from crenel.questions.exposure.trip import SOURCE_RANGES

CHECK = Check("SV-05", "Source ranges defeated on the way", Pillar.SERVICES, Severity.MEDIUM)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each Service whose load balancer lets in whom its ranges leave out."""
    for service in subject.decoded.services:
        found = limits(service) if is_balanced(service) else None
        if found is None:
            continue
        changing = {(each.protocol, each.port) for _, each in listeners(subject, service) if _changes(each)}
        ways = list(_passing(subject, service, changing, found[0])) if changing else []
        if ways:
            yield _finding(service, found[1], *max(ways, key=lambda way: bool(way[1])))


def _changes(listening: Listening) -> bool:
    """Whether packets come to nodes with another source, or another destination, than those that the ranges are for."""
    moved = [each.address or each.port not in (None, listening.port) for each in listening.targets or ()]
    return listening.keeps_client is False or (bool(moved) and all(moved))


def _passing(
    subject: Subject, service: Service, changing: set[tuple[int, int]], ranges: AddressSet
) -> Iterator[tuple[Path, AddressSet, AddressSet]]:
    """The paths that others than the ranges take through all other layers: surely, and possibly."""
    for path in subject.paths_through.get((service.namespace, service.name), ()):
        if path.entry.kind is not EntryKind.BALANCER or (path.protocol, path.port) not in changing:
            continue
        layers = [layer.reach for layer in path.layers if layer.name != SOURCE_RANGES]
        reach = reduce(Reach.__and__, layers, everybody(subject.ground.universe(path.family)))
        sure, possible = (subject.ground.addresses(each) - ranges for each in (reach.sure, reach.possible))
        if possible:
            yield path, sure, possible


def _finding(service: Service, field: FieldPath, path: Path, sure: AddressSet, possible: AddressSet) -> Finding:
    first, certainty = (sure or possible).cidrs()[0].partition("/")[0], "sure" if sure else "possible"
    return CHECK.found(
        service,
        f"its source ranges are held up by nothing on the way through {path.through[0]}, which "
        f"{'lets' if sure else 'may let'} others in",
        field=field,
        severity=CHECK.severity.raised() if sure else None,
        witness=Witness(first, path.target, f"port {path.port}", certainty),
        evidence=reasons(path),
        fix="limit the load balancer itself to the ranges",
    )
