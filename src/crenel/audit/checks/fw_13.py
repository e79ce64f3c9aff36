"""A firewall that is close to its quota.

## What it does

Counts rules as the platform does: those of a security group and of a network ACL of AWS by direction and family of
addresses, where each address range is one, and a group or a list that is not in the input one for both families; those
of a network security group of Azure together. Four fifths of the quota are a finding, low until it is reached. A
prefix list counts with its maximum size, which is not in the input: its entries are a lower bound.

## Why it is bad

Controllers of load balancers add rules for each Service. When the quota is reached they fail half way, and a Service is
unreachable, or its source ranges are not enforced.

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
NetworkAcls:
  - NetworkAclId: acl-1
    Associations: [{SubnetId: subnet-1}]
    Entries:
      - {Egress: false, RuleNumber: 1, RuleAction: allow, Protocol: "-1", CidrBlock: 198.51.100.0/24}
      - {Egress: false, RuleNumber: 2, RuleAction: allow, Protocol: "-1", CidrBlock: 198.51.101.0/24}
      - {Egress: false, RuleNumber: 3, RuleAction: allow, Protocol: "-1", CidrBlock: 198.51.102.0/24}
      - {Egress: false, RuleNumber: 4, RuleAction: allow, Protocol: "-1", CidrBlock: 198.51.103.0/24}
      - {Egress: false, RuleNumber: 5, RuleAction: allow, Protocol: "-1", CidrBlock: 198.51.104.0/24}
      - {Egress: false, RuleNumber: 6, RuleAction: allow, Protocol: "-1", CidrBlock: 198.51.105.0/24}
      - {Egress: false, RuleNumber: 7, RuleAction: allow, Protocol: "-1", CidrBlock: 198.51.106.0/24}
      - {Egress: false, RuleNumber: 8, RuleAction: allow, Protocol: "-1", CidrBlock: 198.51.107.0/24}
      - {Egress: false, RuleNumber: 9, RuleAction: allow, Protocol: "-1", CidrBlock: 198.51.108.0/24}
      - {Egress: false, RuleNumber: 10, RuleAction: allow, Protocol: "-1", CidrBlock: 198.51.109.0/24}
      - {Egress: false, RuleNumber: 11, RuleAction: allow, Protocol: "-1", CidrBlock: 198.51.110.0/24}
      - {Egress: false, RuleNumber: 12, RuleAction: allow, Protocol: "-1", CidrBlock: 198.51.111.0/24}
      - {Egress: false, RuleNumber: 13, RuleAction: allow, Protocol: "-1", CidrBlock: 198.51.112.0/24}
      - {Egress: false, RuleNumber: 14, RuleAction: allow, Protocol: "-1", CidrBlock: 198.51.113.0/24}
      - {Egress: false, RuleNumber: 15, RuleAction: allow, Protocol: "-1", CidrBlock: 198.51.114.0/24}
      - {Egress: false, RuleNumber: 16, RuleAction: allow, Protocol: "-1", CidrBlock: 198.51.115.0/24}
```

## Fix

Put neighbouring address ranges together, or refer to a group:

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
NetworkAcls:
  - NetworkAclId: acl-1
    Associations: [{SubnetId: subnet-1}]
    Entries:
      - {Egress: false, RuleNumber: 1, RuleAction: allow, Protocol: "-1", CidrBlock: 198.51.96.0/19}
```

## References

- Amazon VPC user guide, Amazon VPC quotas
- Azure subscription and service limits: Networking limits
- aws-load-balancer-controller, issue 4800
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from crenel.audit.finding import Check, Finding, Named, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.audit.words import plain_title
from crenel.network.addresses import FAMILIES, Family
from crenel.network.firewalls import Filter, FilterRule, Tier
from crenel.network.rules import Direction

_GROUP, _ACL, _NSG = "aws-security-group", "aws-network-acl", "azure-network-security-group"
CHECK = Check(
    "FW-13",
    "Quota of a firewall nearly used up",
    Pillar.FIREWALLS,
    Severity.MEDIUM,
    options={_GROUP: 60, _ACL: 20, _NSG: 1000},
)
_LAYERS = {
    "aws security group": _GROUP,
    "aws network acl": _ACL,
    "network security group of the subnet": _NSG,
    "network security group of the interface": _NSG,
}
"""The quota that holds for the filters of a tier (Amazon VPC quotas; Azure networking limits)."""
_LAST_ENTRY = "number 32767"
"""What ends every network ACL, and does not count."""
_FIX = "put neighbouring address ranges together, refer to groups or prefix lists, or ask for a higher quota"


@dataclass(eq=False)
class _Count:
    """The rules of one firewall that are counted together, each once however often it is lowered."""

    filter: Filter
    quota: str
    words: str
    rules: dict[object, int] = field(default_factory=dict)
    """For how many each of them counts."""


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each firewall, and direction and family, that is close."""
    counts: dict[object, _Count] = {}
    for tier in subject.material.infrastructure.tiers:
        for filter_ in (each for rank in tier.ranks for each in rank):
            if tier.layer in _LAYERS and filter_.origin.source:
                _count(tier, filter_, counts)
    for each in counts.values():
        limit, number = subject.settings.option(CHECK, each.quota), sum(each.rules.values())
        if isinstance(limit, int) and limit > 0 and 5 * number >= 4 * limit:
            yield CHECK.found(
                Named(plain_title(each.filter.title), "", each.filter.origin),
                f"has {number} {each.words} of a quota of {limit}",
                field=each.filter.field,
                severity=None if number >= limit else Severity.LOW,
                fix=_FIX,
            )


def _count(tier: Tier, filter_: Filter, counts: dict[object, _Count]) -> None:
    quota = _LAYERS[tier.layer]
    way = "inbound" if tier.direction is Direction.INGRESS else "outbound"
    for family in FAMILIES if quota != _NSG else (None,):
        words = f"{way} rules for IPv{family}" if family else "rules"
        key = filter_.origin, filter_.field, plain_title(filter_.title), words
        mine = counts.setdefault(key, _Count(filter_, quota, words))
        for rule in filter_.rules:
            if _counts(rule):
                told = rule.field if family is None else (rule.field, rule.name, rule.peer.addresses)
                mine.rules[told] = 1 if family is None else _weight(rule, family)


def _counts(rule: FilterRule) -> bool:
    return bool(rule.field) and rule.name != _LAST_ENTRY


def _weight(rule: FilterRule, family: Family) -> int:
    """How many rules of a family it counts for."""
    own = len(rule.peer.addresses.only(family).cidrs()) if rule.peer.addresses else 0
    return own or int(not rule.peer.addresses)
