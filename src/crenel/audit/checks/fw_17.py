"""Firewalls that let through something else than what is declared.

## What it does

Where an input has a plan or a state of Terraform (`terraform show -json`) and what the cloud itself answers, both are
solved: the firewalls as they are, and as they are with what is declared in the place of what has the same id. For each
interface that is there the traffic is compared, by all rules of that sort together, in both directions and families.
What surely gets through on one side and surely not on the other is a finding, at the object whose rules differ, as it
is declared. High where the internet gets in and nobody declared it. Different text with the same effect is none, nor is
what has no id yet, what nobody declared at all, and rules that controllers of load balancers write
(`elbv2.k8s.aws/...`).

With a plan that is not applied yet, the difference is what applying it changes. Templates of CloudFormation and Azure
bear no ids and are not compared; nor are OpenStack's groups, which Terraform does not hold as a whole.

## Why it is bad

Reviews look at what is declared. What somebody opened by hand passes none, and stays until the next apply closes it,
perhaps while it is needed.

## Example

```yaml
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {nodeName: n1, containers: [{name: web, image: example.org/web}]}
---
format_version: "1.0"
values:
  root_module:
    resources:
      - address: google_compute_firewall.ssh
        type: google_compute_firewall
        name: ssh
        values:
          id: projects/shop/global/firewalls/ssh
          name: ssh
          project: shop
          network: projects/shop/global/networks/main
          direction: INGRESS
          priority: 1000
          source_ranges: [203.0.113.0/24]
          allow: [{protocol: tcp, ports: ["22"]}]
---
kind: compute#instance
name: n1
selfLink: projects/shop/zones/us-east1-b/instances/n1
networkInterfaces:
  - {name: nic0, network: projects/shop/global/networks/main, networkIP: 10.0.1.10, accessConfigs: [{natIP: 34.10.0.1}]}
---
kind: compute#firewall
name: ssh
selfLink: projects/shop/global/firewalls/ssh
network: projects/shop/global/networks/main
direction: INGRESS
priority: 1000
sourceRanges: [0.0.0.0/0]
allowed: [{IPProtocol: tcp, ports: ["22"]}]
```

## Fix

Apply what is declared, or declare what is meant:

```yaml
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {nodeName: n1, containers: [{name: web, image: example.org/web}]}
---
format_version: "1.0"
values:
  root_module:
    resources:
      - address: google_compute_firewall.ssh
        type: google_compute_firewall
        name: ssh
        values:
          id: projects/shop/global/firewalls/ssh
          name: ssh
          project: shop
          network: projects/shop/global/networks/main
          direction: INGRESS
          priority: 1000
          source_ranges: [203.0.113.0/24]
          allow: [{protocol: tcp, ports: ["22"]}]
---
kind: compute#instance
name: n1
selfLink: projects/shop/zones/us-east1-b/instances/n1
networkInterfaces:
  - {name: nic0, network: projects/shop/global/networks/main, networkIP: 10.0.1.10, accessConfigs: [{natIP: 34.10.0.1}]}
---
kind: compute#firewall
name: ssh
selfLink: projects/shop/global/firewalls/ssh
network: projects/shop/global/networks/main
direction: INGRESS
priority: 1000
sourceRanges: [203.0.113.0/25, 203.0.113.128/25]
allowed: [{IPProtocol: tcp, ports: ["22"]}]
```

## References

- Terraform documentation, JSON Output Format
- NIST SP 800-53 CM-3, CM-6: changes are controlled, and deviations from settings are monitored
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crenel.audit.declared import Comparison, Drift, Part
from crenel.audit.finding import Check, Finding, Named, Pillar, Severity, Witness
from crenel.audit.subject import Subject
from crenel.audit.words import plain_title
from crenel.bits import members
from crenel.network.addresses import FAMILIES, INTERNET, AddressSet
from crenel.network.network import Network
from crenel.network.rules import Direction
from crenel.questions.parties import Parties, Party

CHECK = Check("FW-17", "Declared and live firewall differ", Pillar.FIREWALLS, Severity.MEDIUM)
_FIX = "apply what is declared, or declare what is meant"
_MOST = 3
"""How many of each a message names."""


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each set of objects that differ, and direction."""
    live = subject.material.without_declared()
    if live is None or not live.interfaces:
        return
    comparison = Comparison(live, subject.material.infrastructure)
    parties = Parties(comparison.network)
    for drift in comparison.drifts():
        yield _finding(drift, comparison.network, parties)


def _finding(drift: Drift, network: Network, parties: Parties) -> Finding:
    first, inwards = drift.objects[0], drift.direction is Direction.INGRESS
    more, less = (_words(parts, network, parties) for parts in (drift.more, drift.less))
    says = [f"there is and not declared: {more}"] if more else []
    says += [f"declared and not there: {less}"] if less else []
    others = f" and {len(drift.interfaces) - 1} more" if len(drift.interfaces) > 1 else ""
    wide = next((part for part in drift.more if inwards and _is_wide(part[0], network)), None)
    return CHECK.found(
        Named(plain_title(first.title), "", first.origin),
        f"what gets {'in to' if inwards else 'out from'} {drift.interfaces[0]}{others}: {'; '.join(says)}",
        field=first.field or next((each.field for each in first.rules if each.field), ()),
        severity=Severity.HIGH if wide else None,
        witness=_witness(wide, drift, network) if wide else None,
        evidence=[f"{each.title} differs" for each in drift.objects],
        fix=_FIX,
    )


def _words(parts: Sequence[Part], network: Network, parties: Parties) -> str:
    """Who and what: ``203.0.113.0/24 on TCP/22``, each once."""
    texts = dict.fromkeys(
        f"{_party(parties.named(one))} on {_traffic(traffic, network)}" for ends, traffic in parts
        for one in parties.classes(ends)
    )  # fmt: skip
    return _few(list(texts))


def _party(party: Party) -> str:
    """Some ends for people, the first few of them."""
    names, but = _few(party.names), _few(party.exceptions)
    return f"{names} except {but}" if but else names


def _few(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - _MOST} more" if len(texts) > _MOST else ""
    return ", ".join(texts[:_MOST]) + more


def _traffic(traffic: int, network: Network) -> str:
    if not network.table.everything & ~traffic:
        return "all traffic"
    return " ".join(name if ports == "*" else f"{name}/{ports}" for name, ports in network.table.describe(traffic))


def _addresses(ends: int, network: Network) -> AddressSet:
    found = AddressSet()
    for index in members(ends):
        found |= network.endpoints[index].addresses or AddressSet()
    return found


def _is_wide(ends: int, network: Network) -> bool:
    """Whether they hold at least half of the internet of a family."""
    held = _addresses(ends, network)
    public = {family: INTERNET.only(family) for family in FAMILIES}
    return any(2 * (held & public[each]).size() >= public[each].size() for each in FAMILIES)


def _witness(part: Part, drift: Drift, network: Network) -> Witness:
    return Witness("any address outside", drift.interfaces[0], _traffic(part[1], network))
