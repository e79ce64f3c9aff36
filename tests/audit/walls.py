"""Pieces of infrastructure as the clouds' own commands print them, each a document that ends in a separator."""

from __future__ import annotations

POD = """apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {nodeName: n1, containers: [{name: web, image: example.org/web}]}
---
"""
_NETWORK = "projects/shop/global/networks/main"
ROUTE = f"""kind: compute#route
name: default
network: {_NETWORK}
destRange: 0.0.0.0/0
nextHopGateway: projects/shop/global/gateways/default-internet-gateway
---
"""


def machine(name: str = "n1", address: str = "10.0.1.10", public: str = "34.10.0.1", labels: str = "") -> str:
    """A node with its machine on Google Cloud."""
    access = f", accessConfigs: [{{natIP: {public}}}]" if public else ""
    return f"""apiVersion: v1
kind: Node
metadata: {{name: {name}, labels: {{{labels}}}}}
spec: {{providerID: gce://shop/us-east1-b/{name}}}
status: {{addresses: [{{type: InternalIP, address: {address}}}]}}
---
kind: compute#instance
name: {name}
selfLink: projects/shop/zones/us-east1-b/instances/{name}
networkInterfaces: [{{name: nic0, network: {_NETWORK}, networkIP: {address}{access}}}]
---
"""


def rule(name: str, ranges: str, what: str, *, out: bool = False, deny: bool = False, priority: int = 1000) -> str:
    """A firewall rule of a network of Google Cloud; `what` in flow style."""
    return f"""kind: compute#firewall
name: {name}
selfLink: projects/shop/global/firewalls/{name}
network: {_NETWORK}
direction: {"EGRESS" if out else "INGRESS"}
priority: {priority}
{"destinationRanges" if out else "sourceRanges"}: [{ranges}]
{"denied" if deny else "allowed"}: [{what}]
---
"""


def tcp(*ports: str) -> str:
    """Ports of TCP."""
    listed = ", ".join(f'"{each}"' for each in ports)
    return f"{{IPProtocol: tcp, ports: [{listed}]}}"


def nodes(*rules: str, public: str = "34.10.0.1", labels: str = "") -> str:
    """One node on Google Cloud with a pod, a default route and some rules."""
    return POD + machine(public=public, labels=labels) + ROUTE + "".join(rules)


def amazon(groups: str = "", entries: tuple[str, ...] = (), carried: str = "sg-1") -> str:
    """An interface of an instance on AWS, with `groups` in block style and the entries of a network ACL."""
    listed = "".join(f"\n      - {{{each}}}" for each in entries)
    acl = "NetworkAcls:\n  - NetworkAclId: acl-1\n    Associations: [{SubnetId: subnet-1}]"
    acl += f"\n    Entries:{listed}\n---\n"
    return f"""{POD}NetworkInterfaces:
  - NetworkInterfaceId: eni-1
    SubnetId: subnet-1
    VpcId: vpc-1
    PrivateIpAddress: 10.0.1.10
    Groups: [{{GroupId: {carried}}}]
    Attachment: {{InstanceId: i-1}}
---
Subnets: [{{SubnetId: subnet-1, VpcId: vpc-1, CidrBlock: 10.0.1.0/24}}]
---
SecurityGroups:{groups or " []"}
---
{acl if entries else ""}"""


def group(identifier: str, *permissions: str, name: str = "nodes") -> str:
    """A security group, as an item of a list."""
    listed = "".join(f"\n      - {{{each}}}" for each in permissions) or " []"
    return f"""
  - GroupId: {identifier}
    GroupName: {name}
    VpcId: vpc-1
    IpPermissions:{listed}"""


def allow(port: int, *cidrs: str) -> str:
    """A permission of a security group for TCP."""
    ranges = ", ".join(f"{{CidrIp: {each}}}" for each in cidrs)
    return f"IpProtocol: tcp, FromPort: {port}, ToPort: {port}, IpRanges: [{ranges}]"


def entry(
    number: int, cidr: str, ports: str = "", *, out: bool = False, deny: bool = False, protocol: str = "6"
) -> str:
    """An entry of a network ACL; without ports of all traffic."""
    low, _, high = ports.partition("-")
    span = f", PortRange: {{From: {low}, To: {high or low}}}" if ports else ""
    return (
        f"Egress: {'true' if out else 'false'}, RuleNumber: {number}, RuleAction: {'deny' if deny else 'allow'}, "
        f'Protocol: "{protocol if ports else -1}", CidrBlock: {cidr}{span}'
    )
