"""An allowance that others make as well.

## What it does

Looks at firewalls that only allow, where the order of rules does not matter: security groups, and network ACLs without
denials. A rule is a finding where all that it lets through, the others of the same interface together let through
too, and that for every interface that it guards. Where these others are of another group it is for the persona
pedantic: that group may belong to somebody else, and change.

## Why it is bad

Who closes the one leaves the other open. And each rule counts towards the quota of its group.

## Example

```yaml
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {nodeName: n1, containers: [{name: web, image: example.org/web}]}
---
NetworkInterfaces:
  - NetworkInterfaceId: eni-1
    SubnetId: subnet-1
    VpcId: vpc-1
    PrivateIpAddress: 10.0.1.10
    Groups: [{GroupId: sg-1}]
    Attachment: {InstanceId: i-1}
---
Subnets: [{SubnetId: subnet-1, VpcId: vpc-1, CidrBlock: 10.0.1.0/24}]
---
SecurityGroups:
  - GroupId: sg-1
    GroupName: nodes
    VpcId: vpc-1
    IpPermissions:
      - IpProtocol: tcp
        FromPort: 443
        ToPort: 443
        IpRanges: [{CidrIp: 10.0.0.0/8}, {CidrIp: 10.1.0.0/16}]
    IpPermissionsEgress: []
---
NetworkAcls:
  - NetworkAclId: acl-1
    Associations: [{SubnetId: subnet-1}]
    Entries:
      - {Egress: false, RuleNumber: 100, RuleAction: allow, Protocol: "-1",
         CidrBlock: 0.0.0.0/0}
      - {Egress: true, RuleNumber: 100, RuleAction: allow, Protocol: "-1",
         CidrBlock: 0.0.0.0/0}
```

## Fix

Delete it:

```yaml
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {nodeName: n1, containers: [{name: web, image: example.org/web}]}
---
NetworkInterfaces:
  - NetworkInterfaceId: eni-1
    SubnetId: subnet-1
    VpcId: vpc-1
    PrivateIpAddress: 10.0.1.10
    Groups: [{GroupId: sg-1}]
    Attachment: {InstanceId: i-1}
---
Subnets: [{SubnetId: subnet-1, VpcId: vpc-1, CidrBlock: 10.0.1.0/24}]
---
SecurityGroups:
  - GroupId: sg-1
    GroupName: nodes
    VpcId: vpc-1
    IpPermissions:
      - IpProtocol: tcp
        FromPort: 443
        ToPort: 443
        IpRanges: [{CidrIp: 10.0.0.0/8}]
    IpPermissionsEgress: []
---
NetworkAcls:
  - NetworkAclId: acl-1
    Associations: [{SubnetId: subnet-1}]
    Entries:
      - {Egress: false, RuleNumber: 100, RuleAction: allow, Protocol: "-1",
         CidrBlock: 0.0.0.0/0}
      - {Egress: true, RuleNumber: 100, RuleAction: allow, Protocol: "-1",
         CidrBlock: 0.0.0.0/0}
```

## References

- Amazon VPC user guide, Security group rules: the rules of all groups are aggregated
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.dead import Written, name_of
from crenel.audit.finding import Check, Finding, Persona, Pillar, Severity
from crenel.audit.subject import Subject

CHECK = Check("FW-08", "Redundant firewall rule", Pillar.FIREWALLS, Severity.LOW)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each rule that can go without a change."""
    for written in subject.dead_rules.implied:
        own = all(policy.title == written.policy.title for policy, _ in written.by)
        yield _finding(written, Persona.DEFAULT if own else Persona.PEDANTIC)


def _finding(written: Written, persona: Persona) -> Finding:
    by = ", ".join(dict.fromkeys(name_of(policy, rule, written.policy) for policy, rule in written.by[:3]))
    more = f" and {len(written.by) - 3} more" if len(written.by) > 3 else ""
    return CHECK.found(
        written.thing,
        f"{written.words} lets through nothing that is not let through without it, by {by}{more}",
        field=written.rule.field,
        evidence=written.evidence,
        fix="delete it",
        persona=persona,
    )
