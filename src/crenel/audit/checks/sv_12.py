"""A load balancer that cannot ask nodes whether they have pods.

## What it does

Takes Services of type LoadBalancer with `externalTrafficPolicy: Local` whose load balancer is in the input, and asks
the firewalls in front of the nodes whether its probes get to `healthCheckNodePort`: from the load balancer's own
interfaces, from the ranges that Google Cloud probes from, or from 168.63.129.16 on Azure. A finding where none of the
nodes lets them in. Load balancers that send straight to pods, or that are told to probe another port by an annotation,
have none.

## Why it is bad

Nodes without pods of the Service drop what they get, so the load balancer asks each node first. When it gets no answer
it takes all of them for broken: some send to every node then and lose most connections, others send nothing at all.

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
  externalTrafficPolicy: Local
  healthCheckNodePort: 31900
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
SecurityGroups:
  - GroupId: sg-lb
    GroupName: lb
    VpcId: vpc-1
    IpPermissions: [{IpProtocol: tcp, FromPort: 80, ToPort: 80, IpRanges: [{CidrIp: 0.0.0.0/0}]}]
    IpPermissionsEgress: [{IpProtocol: "-1", IpRanges: [{CidrIp: 0.0.0.0/0}]}]
  - GroupId: sg-nodes
    GroupName: nodes
    VpcId: vpc-1
    IpPermissions: [{IpProtocol: tcp, FromPort: 30080, ToPort: 30080, UserIdGroupPairs: [{GroupId: sg-lb}]}]
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
```

## Fix

Let the probes in to `healthCheckNodePort` on the nodes, from where they come.

## References

- k8s.io/api core/v1 ServiceSpec.healthCheckNodePort
- Google Cloud, Health checks overview: probe IP ranges and firewall rules
- Azure, What is IP address 168.63.129.16?
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crenel.audit.balanced import is_balanced, listeners, ports
from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.bits import members, union
from crenel.dialects.destinations import PLATFORM
from crenel.dialects.entries import NODE_PORTS
from crenel.dialects.joined import OWN
from crenel.kubernetes.objects.services import Service
from crenel.network.addresses import FAMILIES, AddressSet, Family
from crenel.network.firewalls import Balancer, Listening
from crenel.network.traffic import TCP, Match

CHECK = Check("SV-12", "Health checks of nodes do not get through", Pillar.SERVICES, Severity.LOW)
_GOOGLE = AddressSet.of(
    "35.191.0.0/16", "130.211.0.0/22", "209.85.152.0/22", "209.85.204.0/22", "2600:1901:8001::/48",
    "2600:2d00:1:b029::/64",
)  # fmt: skip
"""Where Google Cloud probes from ("Health checks overview", probe IP ranges)."""
_ELSEWHERE = ("healthcheck-port", "health-probe-port", "health-check-port", "health-probe_port")
"""Parts of the annotations by which another port is probed."""


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each Service whose load balancer cannot ask the nodes."""
    if not subject.material.infrastructure.tiers:
        return
    for service in subject.decoded.services:
        if not is_balanced(service) or not _is_local(service) or _probes_elsewhere(service):
            continue
        for balancer, listening in listeners(subject, service):
            if listening.targets and not all(each.address for each in listening.targets):
                blocked = _blocked(subject, service, balancer, listening)
                if blocked:
                    yield _finding(subject, service, balancer, blocked)
                break


def _is_local(service: Service) -> bool:
    return service.spec is not None and service.spec.external_traffic_policy == "Local"


def _probes_elsewhere(service: Service) -> bool:
    keys = service.metadata.annotations or {}
    return any(part in key for key in keys for part in _ELSEWHERE)


def _match(service: Service) -> Match:
    """The port that is probed; any of the range while the cluster has yet to choose it."""
    number = service.spec.health_check_node_port if service.spec is not None else None
    return Match(TCP, (number, number) if number else NODE_PORTS)


def _blocked(subject: Subject, service: Service, balancer: Balancer, listening: Listening) -> list[str]:
    """The interfaces of nodes, where every node that it hands on to is closed to its probes; none otherwise."""
    wanted, closed = {each.machine for each in listening.targets or () if each.machine}, []
    for names in subject.joined.machines.values():
        mine = [name for name in names if not name.startswith(OWN)]
        if not wanted & {subject.ground.interfaces[name].machine for name in mine}:
            continue
        states = [_lets_in(subject, balancer, name, _match(service)) for name in mine if subject.ground.guarded(name)]
        if not states or not all(state is False for state in states):
            return []
        closed += mine
    return closed


def _lets_in(subject: Subject, balancer: Balancer, interface: str, match: Match) -> bool | None:
    """Whether probes may get to an interface; None where it is not known where they come from."""
    answers: list[bool] = []
    for family in FAMILIES:
        sources = _sources(subject, balancer, family)
        if sources and subject.ground.interfaces[interface].addresses.only(family):
            found = (subject.ground.between(source, interface, family, match) for source in sources)
            answers.append(any(reach.possible for reach in found))
    return any(answers) if answers else None


def _sources(subject: Subject, balancer: Balancer, family: Family) -> Sequence[int]:
    """The endpoints that probes come from, by the cloud."""
    ranges = {"Google Cloud": _GOOGLE, "Azure": PLATFORM}.get(subject.cloud)
    if ranges is not None:
        return members(union(subject.ground.blocks(ranges.only(family)))) if ranges.only(family) else ()
    names = subject.ground.interfaces_of(balancer.name)
    return [subject.ground.wire.index(each) for each in names if subject.ground.interfaces[each].addresses.only(family)]


def _finding(subject: Subject, service: Service, balancer: Balancer, blocked: Sequence[str]) -> Finding:
    match = _match(service)
    assert service.spec is not None
    number = service.spec.health_check_node_port
    text = str(number) if number else "that the cluster chooses"
    steps = _steps(subject, balancer, blocked[0], match)
    return CHECK.found(
        service,
        f"the probes of {balancer.name} do not get to health check port {text} of its nodes",
        field=("spec", "healthCheckNodePort") if number else ("spec", "externalTrafficPolicy"),
        evidence=[*steps, f"it leads to port {', '.join(str(each.port) for each in ports(service))} of the Service"],
        fix=f"let the load balancer in to TCP {number or 'healthCheckNodePort'} of the nodes",
    )


def _steps(subject: Subject, balancer: Balancer, interface: str, match: Match) -> list[str]:
    """The rules that stop one probe."""
    for family in FAMILIES:
        for source in _sources(subject, balancer, family)[:1]:
            return [str(step) for step in subject.ground.firewall_steps(source, interface, family, match)]
    return []
