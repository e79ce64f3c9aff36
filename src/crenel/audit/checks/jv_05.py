"""A route by which pods get out to the internet through every layer.

## What it does

Where the infrastructure is in the input, takes the workloads that policies, the firewalls of their nodes and of the
cloud, and routes surely let out together to half of all public addresses or more, and puts them together by the route
that they leave by. It is the finding about the network, one for each route; EG-01 is the one about each workload. Names
(port 53) and time (123) alone do not count.

## Why it is bad

One route serves all of them, and nothing on it asks what leaves. The layer that is closed once, for all, is the one
that still holds when a policy is forgotten.

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
NetworkInterfaces:
  - NetworkInterfaceId: eni-1
    SubnetId: subnet-1
    VpcId: vpc-1
    PrivateIpAddress: 10.0.1.10
    PrivateIpAddresses: [{PrivateIpAddress: 10.0.1.10, Primary: true}]
    Groups: [{GroupId: sg-nodes, GroupName: nodes}]
    Attachment: {InstanceId: i-1, Status: attached}
---
Subnets: [{SubnetId: subnet-1, VpcId: vpc-1, CidrBlock: 10.0.1.0/24}]
---
RouteTables:
  - RouteTableId: rtb-1
    VpcId: vpc-1
    Associations: [{Main: true}]
    Routes:
      - {DestinationCidrBlock: 10.0.0.0/16, GatewayId: local, State: active}
      - {DestinationCidrBlock: 0.0.0.0/0, NatGatewayId: nat-1, State: active}
---
SecurityGroups:
  - GroupId: sg-nodes
    GroupName: nodes
    VpcId: vpc-1
    IpPermissions: []
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

Limit what leaves the nodes, by the group or firewall of their interfaces, or have it pass a proxy or firewall that
knows names; and deny egress by policies, so that each pod gets what it needs.

## References

- NIST SP 800-53 SC-7(5): Deny by Default, Allow by Exception
- AWS, Security best practices for your VPC
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from crenel.audit.finding import Check, Finding, Named, Pillar, Severity, Witness
from crenel.audit.subject import Subject
from crenel.audit.workloads import Workload
from crenel.dialects.joined import OWN
from crenel.network.addresses import INTERNET, AddressSet, Family
from crenel.network.firewalls import Answer, Fact
from crenel.questions.exposure.outbound import Outlet, Where

CHECK = Check("JV-05", "Egress to the internet through every layer", Pillar.JOINED, Severity.MEDIUM)
_HARMLESS = {("UDP", "53"), ("TCP", "53"), ("UDP", "123")}


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each route that is used so."""
    if not subject.material.infrastructure.interfaces:
        return
    wide: dict[int, bool] = {}
    routes: dict[Fact, list[tuple[Workload, Outlet]]] = defaultdict(list)
    for workload in subject.applications:
        for outlet in subject.outlets.get(workload.name, ()):
            if outlet.where is Where.INTERNET and not {*outlet.traffic} <= _HARMLESS and _is_wide(outlet, wide):
                for fact in _routes(subject, workload, outlet.family):
                    routes[fact].append((workload, outlet))
    for fact, users in routes.items():
        yield _finding(subject, fact, users)


def _is_wide(outlet: Outlet, known: dict[int, bool]) -> bool:
    """Whether it leads to half of the internet of its family; outlets share their addresses."""
    if (answer := known.get(id(outlet.addresses))) is None:
        answer = known[id(outlet.addresses)] = _half(outlet.addresses, INTERNET.only(outlet.family))
    return answer


def _half(addresses: AddressSet, whole: AddressSet) -> bool:
    return 2 * (addresses & whole).size() >= whole.size()


def _routes(subject: Subject, workload: Workload, family: Family) -> set[Fact]:
    """The routes by which its packets leave, of interfaces at which the input has firewalls."""
    endpoint = subject.network.endpoints[workload.index]
    names: Sequence[str] = subject.joined.tenants.get(workload.index, ())
    if not names:
        nodes = endpoint.nodes or subject.joined.machines
        names = [name for node in sorted(nodes) for name in subject.joined.machines.get(node, ())]
    facts = [
        subject.ground.interfaces[name].leaves.get(family)
        for name in names
        if not name.startswith(OWN) and subject.ground.guarded(name)
    ]
    return {fact for fact in facts if fact is not None and fact.answer is Answer.YES}


def _finding(subject: Subject, fact: Fact, users: Sequence[tuple[Workload, Outlet]]) -> Finding:
    names = list(dict.fromkeys(workload.name for workload, _ in users))
    more = f" and {len(names) - 1} more workloads" if len(names) > 1 else ""
    first, outlet = users[0]
    return CHECK.found(
        Named(f"route to the internet: {fact.why}", "", fact.origin),
        f"lets {names[0]}{more} out to the whole internet, and no policy or firewall on the way stops them",
        field=fact.field,
        witness=Witness(first.name, "any address of the internet", _words(subject, outlet)),
        evidence=names,
        fix="limit what leaves the nodes, by their group or firewall, or lead it through a proxy",
    )


def _words(subject: Subject, outlet: Outlet) -> str:
    table = subject.network.table
    if outlet.traffic == table.describe(table.everything):
        return "all traffic"
    return " ".join(name if ports == "*" else f"{name}/{ports}" for name, ports in outlet.traffic)
