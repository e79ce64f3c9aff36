"""A rule of a firewall that those before it leave nothing.

## What it does

Takes all packets through each ordered list of rules, as the firewall does: network ACLs, network security groups,
rules and policies of Google Cloud by their priorities, chains of nftables. A rule that decides nothing for any
interface it guards is a finding, be it one other rule that covers it or several together. Medium where what it says
differs from what happens; low where it is the same. Denials that an allowance covers are FW-09; rules of lists that
only allow are FW-08. Rules of hosts are looked at only where they deny.

## Why it is bad

Somebody believes that the rule does something. And when the rule before it goes, it suddenly does.

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
      - {IpProtocol: tcp, FromPort: 443, ToPort: 443, IpRanges: [{CidrIp: 0.0.0.0/0}]}
    IpPermissionsEgress: []
---
NetworkAcls:
  - NetworkAclId: acl-1
    Associations: [{SubnetId: subnet-1}]
    Entries:
      - {Egress: false, RuleNumber: 90, RuleAction: deny, Protocol: "-1",
         CidrBlock: 10.0.0.0/9}
      - {Egress: false, RuleNumber: 91, RuleAction: deny, Protocol: "-1",
         CidrBlock: 10.128.0.0/9}
      - {Egress: false, RuleNumber: 100, RuleAction: allow, Protocol: "6",
         CidrBlock: 10.0.0.0/8, PortRange: {From: 443, To: 443}}
      - {Egress: true, RuleNumber: 100, RuleAction: allow, Protocol: "-1",
         CidrBlock: 0.0.0.0/0}
```

## Fix

Delete it, or put it before those that cover it:

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
      - {IpProtocol: tcp, FromPort: 443, ToPort: 443, IpRanges: [{CidrIp: 0.0.0.0/0}]}
    IpPermissionsEgress: []
---
NetworkAcls:
  - NetworkAclId: acl-1
    Associations: [{SubnetId: subnet-1}]
    Entries:
      - {Egress: false, RuleNumber: 100, RuleAction: allow, Protocol: "6",
         CidrBlock: 10.0.0.0/8, PortRange: {From: 443, To: 443}}
      - {Egress: false, RuleNumber: 110, RuleAction: deny, Protocol: "-1",
         CidrBlock: 10.0.0.0/9}
      - {Egress: false, RuleNumber: 111, RuleAction: deny, Protocol: "-1",
         CidrBlock: 10.128.0.0/9}
      - {Egress: true, RuleNumber: 100, RuleAction: allow, Protocol: "-1",
         CidrBlock: 0.0.0.0/0}
```

## References

- Amazon VPC user guide, Network ACL rules: evaluated by their numbers, the first match applies
- PCI DSS 1.2.7: configurations of network security controls are reviewed
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.dead import Written, name_of
from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.network.rules import Action

CHECK = Check("FW-07", "Shadowed firewall rule", Pillar.FIREWALLS, Severity.MEDIUM)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each rule that decides nothing, but for denials under an allowance."""
    for written in subject.dead_rules.shadowed:
        denies = written.rule.action is Action.DENY
        others = {other.action is Action.DENY for _, other in written.by}
        if denies and False in others:
            continue
        yield _finding(written, denies, same=others == {denies})


def _finding(written: Written, denies: bool, *, same: bool) -> Finding:
    by = ", ".join(dict.fromkeys(name_of(policy, rule, written.policy) for policy, rule in written.by[:3]))
    more = f" and {len(written.by) - 3} more" if len(written.by) > 3 else ""
    verb = "denies" if denies else "allows"
    several = len(written.by) > 1
    effect = f"{'do' if several else 'does'} the same" if same else "what it speaks of is denied"
    return CHECK.found(
        written.thing,
        f"{written.words} {verb} nothing: {by}{more} {'come' if several else 'comes'} before it, and {effect}",
        field=written.rule.field,
        severity=Severity.LOW if same else None,
        evidence=written.evidence,
        fix="delete it, or put it before those that cover it",
    )
