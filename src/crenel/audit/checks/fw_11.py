"""The default security group, in use or with rules.

## What it does

Looks for the security group that every network of AWS, or project of OpenStack, has by itself, and that is given to
whatever names no other. It is a finding where an interface of the input carries it. Where none does, but it has rules,
it is low, and for the persona pedantic.

## Why it is bad

Things that have nothing to do with each other are in it because nobody thought of a group, and it lets all of them
connect to each other on every port.

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
    Groups: [{GroupId: sg-2}]
    Attachment: {InstanceId: i-1}
---
SecurityGroups:
  - GroupId: sg-1
    GroupName: nodes
    VpcId: vpc-1
    IpPermissions:
      - {IpProtocol: tcp, FromPort: 443, ToPort: 443, IpRanges: [{CidrIp: 10.0.0.0/8}]}
  - GroupId: sg-2
    GroupName: default
    VpcId: vpc-1
    IpPermissions:
      - {IpProtocol: "-1", UserIdGroupPairs: [{GroupId: sg-2}]}
```

## Fix

Give what carries it a group of its own, and take all rules out of the default one:

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

- Amazon VPC user guide, Default security groups for your VPCs
- CIS Amazon Web Services Foundations Benchmark, 5.4
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.finding import Check, Finding, Named, Persona, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.network.firewalls import Filter

CHECK = Check("FW-11", "Default security group in use", Pillar.FIREWALLS, Severity.MEDIUM)
_FIX = "give what carries it a group of its own, and take all rules out of the default one"


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each default group that is carried, or has rules."""
    infrastructure = subject.material.infrastructure
    carried: dict[str, tuple[Filter, list[str]]] = {}
    for tier in infrastructure.tiers:
        for filter_ in (each for rank in tier.ranks for each in rank if each.standard):
            names = carried.setdefault(filter_.title, (filter_, []))[1]
            names += sorted(filter_.guards - set(names))
    for filter_, names in carried.values():
        yield _carried(filter_, names)
    for filter_ in infrastructure.idle:
        if filter_.standard and filter_.rules:
            yield _idle(filter_)


def _carried(filter_: Filter, names: list[str]) -> Finding:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return CHECK.found(
        Named(filter_.title, "", filter_.origin),
        f"{names[0] if names else 'nothing'}{more} carries it, which is what gets no other group",
        field=filter_.field,
        evidence=[f"carried by {each}" for each in names],
        fix=_FIX,
    )


def _idle(filter_: Filter) -> Finding:
    return CHECK.found(
        Named(filter_.title, "", filter_.origin),
        "nothing carries it, but it has rules, which whatever gets no other group will have",
        field=filter_.field,
        severity=Severity.LOW,
        fix="take all rules out of it",
        persona=Persona.PEDANTIC,
    )
