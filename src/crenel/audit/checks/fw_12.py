"""A security group that guards nothing.

## What it does

Looks for security groups of AWS that no interface carries, where the input has the interfaces
(`describe-network-interfaces`), and for network security groups of Azure of which Azure itself names no subnet and no
interface. Default groups are FW-11. In plans and templates others may use a group, so that there is no finding.

## Why it is bad

It is there to be picked by mistake, with rules that nobody has looked at for long. Rules of other groups that refer to
it match nobody.

## Example

```yaml
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, image: example.org/web}]}
---
NetworkInterfaces:
  - NetworkInterfaceId: eni-1
    SubnetId: subnet-1
    VpcId: vpc-1
    PrivateIpAddress: 10.0.1.10
    Groups: [{GroupId: sg-1}]
    Attachment: {InstanceId: i-1}
---
SecurityGroups:
  - GroupId: sg-1
    GroupName: nodes
    VpcId: vpc-1
    IpPermissions:
      - {IpProtocol: tcp, FromPort: 443, ToPort: 443, IpRanges: [{CidrIp: 10.0.0.0/8}]}
  - GroupId: sg-2
    GroupName: old
    VpcId: vpc-1
    IpPermissions:
      - {IpProtocol: tcp, FromPort: 22, ToPort: 22, IpRanges: [{CidrIp: 0.0.0.0/0}]}
```

## Fix

Delete it:

```yaml
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, image: example.org/web}]}
---
NetworkInterfaces:
  - NetworkInterfaceId: eni-1
    SubnetId: subnet-1
    VpcId: vpc-1
    PrivateIpAddress: 10.0.1.10
    Groups: [{GroupId: sg-1}]
    Attachment: {InstanceId: i-1}
---
SecurityGroups:
  - GroupId: sg-1
    GroupName: nodes
    VpcId: vpc-1
    IpPermissions:
      - {IpProtocol: tcp, FromPort: 443, ToPort: 443, IpRanges: [{CidrIp: 10.0.0.0/8}]}
```

## References

- Amazon VPC user guide, Delete a security group
- Azure, Network security groups: associations
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.finding import Check, Finding, Named, Pillar, Severity
from crenel.audit.subject import Subject

CHECK = Check("FW-12", "Unused security group", Pillar.FIREWALLS, Severity.LOW)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each group that guards nothing."""
    for filter_ in subject.material.infrastructure.idle:
        if not filter_.standard:
            yield CHECK.found(
                Named(filter_.title, "", filter_.origin),
                "nothing in the input carries it, and it guards nothing",
                field=filter_.field,
                fix="delete it, and rules that refer to it",
            )
