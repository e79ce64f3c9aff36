"""Connections whose answers no firewall lets through.

## What it does

Looks at stateless tiers: network ACLs, and security groups of OpenStack that are stateless. For each rule that allows
requests it asks whether all tiers together let requests through, and whether any answer comes back: from the port of
the server to a port that clients choose (1024-65535). Where no answer at all to what the rule allows gets through, in a
family of addresses, the rule is a finding. Rules for the ports of clients themselves are there for answers, and none.

## Why it is bad

The connection hangs, although every rule that anybody looks at allows it. What is opened in a hurry is then the whole
network ACL.

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
      - {Egress: false, RuleNumber: 100, RuleAction: allow, Protocol: "6",
         CidrBlock: 0.0.0.0/0, PortRange: {From: 443, To: 443}}
      - {Egress: true, RuleNumber: 100, RuleAction: allow, Protocol: "6",
         CidrBlock: 0.0.0.0/0, PortRange: {From: 443, To: 443}}
```

## Fix

Let the answers out, to where the requests come from:

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
         CidrBlock: 0.0.0.0/0, PortRange: {From: 443, To: 443}}
      - {Egress: true, RuleNumber: 100, RuleAction: allow, Protocol: "6",
         CidrBlock: 0.0.0.0/0, PortRange: {From: 1024, To: 65535}}
```

## References

- Amazon VPC user guide, Network ACLs: Ephemeral ports
- RFC 6056, section 3.2: ports that clients choose
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from crenel.audit.dead import alike, is_written
from crenel.audit.finding import Check, Finding, Named, Pillar, Severity
from crenel.audit.machines import rule_words
from crenel.audit.subject import Subject
from crenel.bits import union
from crenel.network.addresses import FAMILIES, Family
from crenel.network.endpoints import Kind
from crenel.network.evaluate import Cell
from crenel.network.lowering import Entry, StageView, View
from crenel.network.network import Network
from crenel.network.rules import Action, Direction, Rule
from crenel.network.traffic import PORTED, TCP, Match, protocol_name
from crenel.network.wire import CLIENT_PORTS, Wire, wire

CHECK = Check("FW-06", "Stateless firewall stops the answers", Pillar.FIREWALLS, Severity.HIGH)
_FIX = "allow the answers in the other direction: to, or from, TCP or UDP ports 1024-65535"
_CHOSEN = (32768, 60999)
"""The ports that Linux chooses from (ip_local_port_range): a rule that has them is one for answers."""


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each rule that allows what is never answered."""
    infrastructure = subject.material.infrastructure
    layers = {tier.layer for tier in infrastructure.tiers if tier.stateless}
    if not layers:
        return
    ready, seen = wire(infrastructure), set[object]()
    families = {family: _blocks(ready.forth, family) for family in FAMILIES}
    for view in ready.forth.views:
        for direction in Direction:
            stages = [stage for stage in view.of(direction) if stage.stage.name in layers]
            for interface in alike(view.of(direction), view, ready.forth) if stages else ():
                for entry, words in _unanswered(ready, view, direction, stages, interface, families):
                    if (key := (entry.policy.origin, entry.rule.field, words)) not in seen:
                        seen.add(key)
                        yield _finding(ready, entry, direction, words, interface)


def _unanswered(
    ready: Wire,
    view: View,
    direction: Direction,
    stages: list[StageView],
    interface: int,
    families: Mapping[Family, int],
) -> Iterator[tuple[Entry, str]]:
    """The rules of stateless tiers whose requests of a protocol and a family have no answer."""
    forth = ready.forth.end(view, direction, interface)
    other = next(each for each in ready.back.views if each.family == view.family)
    back = ready.back.end(other, direction.other, interface)
    for stage in stages:
        free = _free(stage, interface)
        for entry in _allowances(stage, interface):
            for protocol in _protocols(entry.rule):
                asked, answers = ready.forth.table.mask(Match(protocol)), Match(protocol, CLIENT_PORTS)
                asking = _ends(forth, asked & entry.traffic, sure=True) & entry.peers.sure & ~free
                got = _ends(back, ready.back.table.mask(answers), sure=False)
                for family, blocks in families.items():
                    if asking & blocks and not asking & blocks & got:
                        yield entry, f"{protocol_name(protocol)} over IPv{family}"


def _free(stage: StageView, interface: int) -> int:
    """Those that the platform itself lets through, as within a subnet."""
    found = 0
    for bucket in stage.index(by_subject=True).buckets(interface):
        for entry in bucket.entries:
            found |= 0 if is_written(entry.policy, entry.rule) else entry.peers.possible
    return found


def _allowances(stage: StageView, interface: int) -> Iterator[Entry]:
    """The rules that somebody wrote to allow requests to, or from, an interface."""
    for bucket in stage.index(by_subject=True).buckets(interface):
        for entry in bucket.entries:
            allows = entry.rule.action in (Action.ALLOW, Action.NEXT)
            if allows and bucket.members.sure >> interface & 1 and is_written(entry.policy, entry.rule):
                yield entry


def _protocols(rule: Rule) -> list[int]:
    """The protocols to be answered; of a rule for all traffic, TCP stands for them."""
    if rule.traffic is None:
        return [TCP]
    return [
        protocol
        for protocol in PORTED
        if any(match.protocol == protocol and not _is_for_answers(match) for match in rule.traffic)
    ]


def _is_for_answers(match: Match) -> bool:
    return match.ports is not None and match.ports[0] <= _CHOSEN[0] and match.ports[1] >= _CHOSEN[1]


def _ends(cells: list[Cell], traffic: int, *, sure: bool) -> int:
    found = 0
    for cell in cells:
        if cell.traffic & traffic:
            found |= cell.sure if sure else cell.allowed
    return found


def _blocks(network: Network, family: Family) -> int:
    """The blocks of a family, all that is outside of interfaces."""
    known = network.endpoints.items()
    return union(index for index, each in known if each.kind is Kind.BLOCK and family in each.families)


def _finding(ready: Wire, entry: Entry, direction: Direction, words: str, interface: int) -> Finding:
    name = ready.forth.endpoints[interface].name
    inwards = direction is Direction.INGRESS
    what, way = (f"requests in to {name}", "out") if inwards else (f"requests out from {name}", "in")
    return CHECK.found(
        Named(entry.policy.title, "", entry.policy.origin),
        f"{rule_words(entry.rule)} lets {what}, and no answer to them is let {way} ({words})",
        field=entry.rule.field,
        evidence=["a stateless firewall judges answers by themselves; clients choose ports of 1024-65535"],
        fix=_FIX,
    )
