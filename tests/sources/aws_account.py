"""An account of AWS in moto's server: a shop on two nodes, behind a Network Load Balancer, and a cluster of EKS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

REGION = "eu-west-1"
OFFICES = ("52.10.0.0/16", "93.100.0.0/16")
"""Whence the node port of the shop may be used."""
KEY, SECRET, TOKEN = (
    "AKIAQ7EXAMPLE3TESTED",
    "c2VjcmV0IG9mIHRoZSB0ZXN0cyBhbG9uZQ/x+y",
    "FwoGZXIvYXdzEtokenOfTheTestsAlone0123456789",
)
"""Credentials that nothing takes but moto, which takes any."""


def client(service: str, url: str, region: str = REGION) -> Any:
    """A client of boto3 as tests build and save with."""
    import boto3

    return boto3.client(
        service, region_name=region, endpoint_url=url, aws_access_key_id=KEY, aws_secret_access_key=SECRET
    )


@dataclass(slots=True)
class Account:
    """What was built, by id."""

    vpc: str
    public: str
    private: str
    nodes: tuple[str, ...]
    node_group: str
    balancer_group: str
    offices: str
    hostname: str
    node_addresses: tuple[str, ...]


def build(url: str, region: str = REGION) -> Account:
    """Build the account in a region that is empty but for what every region has."""
    ec2 = client("ec2", url, region)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    public, private = (_subnet(ec2, vpc, block, f"{region}a") for block in ("10.0.1.0/24", "10.0.2.0/24"))
    _routes(ec2, vpc, public)
    _acl(ec2, vpc, (public, private))
    offices = _offices(ec2)
    balancer_group = _group(ec2, vpc, "balancer")
    node_group = _group(ec2, vpc, "nodes")
    _allow(ec2, balancer_group, 443, IpRanges=[{"CidrIp": "0.0.0.0/0"}])
    _allow(ec2, node_group, 30080, UserIdGroupPairs=[{"GroupId": balancer_group}])
    _allow(ec2, node_group, 30443, PrefixListIds=[{"PrefixListId": offices}])
    nodes = tuple(_node(ec2, subnet, node_group) for subnet in (public, private))
    hostname = _balancer(client("elbv2", url, region), vpc, public, balancer_group, nodes)
    client("elb", url, region).create_load_balancer(
        LoadBalancerName="old",
        Listeners=[{"Protocol": "TCP", "LoadBalancerPort": 80, "InstancePort": 30080}],
        Subnets=[public],
        SecurityGroups=[balancer_group],
    )
    client("eks", url, region).create_cluster(
        name="shop",
        roleArn="arn:aws:iam::123456789012:role/eks",
        resourcesVpcConfig={"subnetIds": [public, private], "securityGroupIds": [node_group]},
    )
    return Account(
        vpc, public, private, tuple(each["InstanceId"] for each in nodes), node_group, balancer_group, offices,
        hostname, tuple(each["PrivateIpAddress"] for each in nodes),
    )  # fmt: skip


def _subnet(ec2: Any, vpc: str, block: str, zone: str) -> str:
    return str(ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=zone)["Subnet"]["SubnetId"])


def _routes(ec2: Any, vpc: str, public: str) -> None:
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.associate_route_table(RouteTableId=table, SubnetId=public)


def _acl(ec2: Any, vpc: str, subnets: tuple[str, ...]) -> None:
    """One list for all subnets, which lets everything through."""
    acl = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    for egress in (False, True):
        ec2.create_network_acl_entry(
            NetworkAclId=acl, RuleNumber=100, Egress=egress, Protocol="-1", RuleAction="allow", CidrBlock="0.0.0.0/0"
        )
    for old in ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["NetworkAcls"]:
        for each in old["Associations"]:
            if each["SubnetId"] in subnets:
                ec2.replace_network_acl_association(AssociationId=each["NetworkAclAssociationId"], NetworkAclId=acl)


def _offices(ec2: Any) -> str:
    made = ec2.create_managed_prefix_list(
        PrefixListName="offices",
        MaxEntries=5,
        AddressFamily="IPv4",
        Entries=[{"Cidr": OFFICES[0], "Description": "Berlin"}, {"Cidr": OFFICES[1]}],
    )
    return str(made["PrefixList"]["PrefixListId"])


def _group(ec2: Any, vpc: str, name: str) -> str:
    tags = [{"ResourceType": "security-group", "Tags": [{"Key": "note", "Value": "the password is hunter2"}]}]
    made = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc, TagSpecifications=tags)
    return str(made["GroupId"])


def _allow(ec2: Any, group: str, port: int, **peers: Any) -> None:
    permission = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **peers}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])


def _node(ec2: Any, subnet: str, group: str) -> dict[str, Any]:
    card = {"DeviceIndex": 0, "SubnetId": subnet, "Groups": [group], "AssociatePublicIpAddress": True}
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, NetworkInterfaces=[card])
    instance: dict[str, Any] = made["Instances"][0]
    return instance


def _balancer(elb: Any, vpc: str, subnet: str, group: str, nodes: tuple[dict[str, Any], ...]) -> str:
    """A Network Load Balancer with one listener for the node port; returns its host name."""
    made = elb.create_load_balancer(
        Name="shop", Type="network", Scheme="internet-facing", Subnets=[subnet], SecurityGroups=[group]
    )
    balancer = made["LoadBalancers"][0]
    target = elb.create_target_group(Name="shop", Protocol="TCP", Port=30443, VpcId=vpc, TargetType="instance")
    arn = target["TargetGroups"][0]["TargetGroupArn"]
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": each["InstanceId"]} for each in nodes])
    elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="TCP",
        Port=443,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}],
    )
    return str(balancer["DNSName"])


def manifests(account: Account) -> str:
    """The cluster on the nodes: a Deployment behind a node port."""
    nodes = [
        f"""---
apiVersion: v1
kind: Node
metadata: {{name: node-{number}}}
spec: {{providerID: "aws:///{REGION}a/{machine}"}}
status: {{addresses: [{{type: InternalIP, address: {address}}}]}}
"""
        for number, (machine, address) in enumerate(zip(account.nodes, account.node_addresses, strict=True))
    ]
    return "".join(nodes) + _SHOP


_SHOP = """---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  nodeName: node-0
  containers: [{name: web, image: web, ports: [{containerPort: 8443}]}]
status: {phase: Running, podIPs: [{ip: 10.244.0.5}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  type: NodePort
  externalTrafficPolicy: Local
  selector: {app: web}
  ports: [{port: 443, targetPort: 8443, nodePort: 30443}]
"""
