"""Pieces of an AWS network around the node of `audit.pieces.node`, as its tools print them."""

from __future__ import annotations

PROVIDER = "aws:///eu-west-1a/i-1"
PUBLIC = "18.185.10.1"
_OPEN = "{CidrIp: 0.0.0.0/0}"


def pod(name: str = "web", port: int = 8080, more: str = "") -> str:
    """A running pod on the node, labelled ``app: NAME``."""
    container = f"{{name: main, image: example.org/{name}, ports: [{{containerPort: {port}}}]}}"
    return f"""apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: shop, labels: {{app: {name}}}}}
spec: {{nodeName: n1, {more}containers: [{container}]}}
status: {{phase: Running, podIPs: [{{ip: 10.244.0.5}}]}}
---
"""


def permission(ports: str, source: str = _OPEN, kind: str = "IpRanges") -> str:
    """A rule of a group for TCP ports, ``80`` or ``30000-32767``."""
    first, _, last = ports.partition("-")
    return f"{{IpProtocol: tcp, FromPort: {first}, ToPort: {last or first}, {kind}: [{source}]}}"


def group(name: str, *permissions: str, out: str = '{IpProtocol: "-1", IpRanges: [{CidrIp: 0.0.0.0/0}]}') -> str:
    """A security group."""
    return f"""  - GroupId: sg-{name}
    GroupName: {name}
    VpcId: vpc-1
    IpPermissions: [{", ".join(permissions)}]
    IpPermissionsEgress: [{out}]
"""


def interface(name: str, address: str, groups: str, *, instance: str = "", public: str = "", text: str = "") -> str:
    """A network interface."""
    attached = f"    Attachment: {{InstanceId: {instance}, Status: attached}}\n" if instance else ""
    associated = f"    Association: {{PublicIp: {public}}}\n" if public else ""
    return f"""  - NetworkInterfaceId: eni-{name}
    SubnetId: subnet-1
    VpcId: vpc-1
    Description: "{text}"
    PrivateIpAddress: {address}
    PrivateIpAddresses: [{{PrivateIpAddress: {address}, Primary: true}}]
    Groups: [{{GroupId: sg-{groups}, GroupName: {groups}}}]
{attached}{associated}"""


def network(groups: str, *, public: str = PUBLIC, gateway: str = "GatewayId: igw-1", more: str = "") -> str:
    """A network whose only subnet has the node, with an open network ACL; `more` are further interfaces."""
    node = interface("1", "10.0.1.10", "nodes", instance="i-1", public=public)
    return f"""NetworkInterfaces:
{node}{more}---
Subnets: [{{SubnetId: subnet-1, VpcId: vpc-1, CidrBlock: 10.0.1.0/24}}]
---
RouteTables:
  - RouteTableId: rtb-1
    VpcId: vpc-1
    Associations: [{{Main: true}}]
    Routes:
      - {{DestinationCidrBlock: 10.0.0.0/16, GatewayId: local, State: active}}
      - {{DestinationCidrBlock: 0.0.0.0/0, {gateway}, State: active}}
---
SecurityGroups:
{groups}---
NetworkAcls:
  - NetworkAclId: acl-1
    VpcId: vpc-1
    Associations: [{{NetworkAclAssociationId: a-1, SubnetId: subnet-1}}]
    Entries:
      - {{RuleNumber: 100, RuleAction: allow, Protocol: "-1", Egress: false, CidrBlock: 0.0.0.0/0}}
      - {{RuleNumber: 100, RuleAction: allow, Protocol: "-1", Egress: true, CidrBlock: 0.0.0.0/0}}
---
"""


_ARN = "arn:aws:elasticloadbalancing:eu-west-1:111122223333"
_BALANCER, _TARGETS = f"{_ARN}:loadbalancer/net/shop/1", f"{_ARN}:targetgroup/shop/1"
HOSTNAME = "shop-1.elb.eu-west-1.amazonaws.com"
STATUS = f"status: {{loadBalancer: {{ingress: [{{hostname: {HOSTNAME}}}]}}}}"


def balancer(
    target: str, *, port: int = 80, kind: str = "instance", attributes: str = "", protocol: str = "TCP"
) -> str:
    """A network load balancer that faces the internet, with one listener; `target` is ``i-1`` or an address."""
    return f"""LoadBalancers:
  - LoadBalancerArn: {_BALANCER}
    LoadBalancerName: shop
    DNSName: {HOSTNAME}
    Scheme: internet-facing
    Type: network
    SecurityGroups: [sg-lb]
    AvailabilityZones: [{{SubnetId: subnet-1}}]
---
Listeners:
  - ListenerArn: {_ARN}:listener/net/shop/1/1
    LoadBalancerArn: {_BALANCER}
    Port: {port}
    Protocol: {protocol}
    DefaultActions: [{{Type: forward, TargetGroupArn: "{_TARGETS}"}}]
---
TargetGroups: [{{TargetGroupArn: "{_TARGETS}", TargetType: {kind}, Port: 30080, Protocol: TCP{attributes}}}]
---
TargetHealthDescriptions: [{{Target: {{Id: {target}, Port: {30080 if kind == "instance" else 8080}}}}}]
---
"""


BALANCED = interface("lb", "10.0.1.99", "lb", public="18.200.1.1", text="ELB net/shop/1")
"""The interface of the load balancer."""
EVERYBODY = group("lb", permission("80"))
NODE_PORTS = group("nodes", permission("30000-32767"))
FROM_BALANCER = group("nodes", permission("30000-32767", "{GroupId: sg-lb}", "UserIdGroupPairs"))
