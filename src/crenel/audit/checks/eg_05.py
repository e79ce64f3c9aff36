"""An egress firewall without an end, or with rules that are never reached.

## What it does

Looks at EgressFirewalls of OVN-Kubernetes and EgressNetworkPolicies of OpenShift. Rules are tried in order and what
none matches is allowed, so that all addresses have to be denied in the end (those of IPv6 as well where the cluster has
them). And it looks for rules whose addresses earlier rules have taken already: for one with the opposite outcome, which
then is not what it says; a mere repetition is for the persona pedantic. Low where network policies close the egress of
all pods of the namespace.

## Why it is bad

A list of what is allowed, without the end, allows everything.

## Example

```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: k8s.ovn.org/v1
kind: EgressFirewall
metadata: {name: default, namespace: shop}
spec:
  egress:
    - {type: Allow, to: {cidrSelector: 203.0.113.0/24}}
```

## Fix

Deny the rest, which `--fix` appends:

```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: k8s.ovn.org/v1
kind: EgressFirewall
metadata: {name: default, namespace: shop}
spec:
  egress:
    - {type: Allow, to: {cidrSelector: 203.0.113.0/24}}
    - {type: Deny, to: {cidrSelector: 0.0.0.0/0}}
```

## References

- Red Hat OpenShift documentation, Configuring an egress firewall for a project: matching order
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from crenel.audit.domains import items
from crenel.audit.finding import Check, Finding, Persona, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.editing.patches import Append, Patch
from crenel.kubernetes.objects.policies import ForeignPolicy
from crenel.network.addresses import AddressSet, Family
from crenel.network.rules import Direction

CHECK = Check("EG-05", "Egress firewall without final deny", Pillar.WAYS, Severity.MEDIUM)
_KINDS = ("EgressFirewall", "EgressNetworkPolicy")
_ALL: dict[Family, str] = {4: "0.0.0.0/0", 6: "::/0"}


@dataclass(frozen=True)
class _Rule:
    place: int
    denies: bool
    addresses: AddressSet | None
    """None for a name, or for nodes."""
    ports: tuple[str, ...] | None
    """None for all."""


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for what is left open in the end, one for each rule that is not reached."""
    six = any(":" in cidr for node in subject.decoded.nodes if node.spec for cidr in node.spec.pod_cidrs or ())
    for policy in subject.decoded.foreign_policies:
        if policy.kind in _KINDS and policy.namespace:
            rules = list(_rules(policy))
            if rules:
                yield from _open_end(subject, policy, rules, six=six)
                yield from _shadowed(policy, rules)


def _rules(policy: ForeignPolicy) -> Iterator[_Rule]:
    for place, rule in items(policy.spec.get("egress")):
        to = rule.get("to")
        cidr = to.get("cidrSelector") if isinstance(to, dict) else None
        ports = rule.get("ports")
        spoken = tuple(sorted(map(str, ports))) if isinstance(ports, list) and ports else None
        yield _Rule(place, rule.get("type") == "Deny", _addresses(cidr), spoken)


def _addresses(cidr: Any) -> AddressSet | None:
    try:
        return AddressSet.of(cidr) if isinstance(cidr, str) else None
    except ValueError:
        return None


def _open_end(subject: Subject, policy: ForeignPolicy, rules: list[_Rule], *, six: bool) -> Iterator[Finding]:
    open_ = [family for family in _ALL if _is_spoken(rules, family, six=six) and not _is_denied(rules, family)]
    if not open_:
        return
    mine = [each for each in subject.applications if each.namespace == policy.namespace]
    closed = bool(mine) and all(subject.isolated(each, Direction.EGRESS) for each in mine)
    last = rules[-1]
    listed = last.addresses == AddressSet.of(_ALL[open_[0]]) and not last.denies and last.ports is None
    severity, why = CHECK.severity, ""
    if closed or listed:
        severity = CHECK.severity.lowered()
        why = "; lowered: policies close the egress of its pods" if closed else "; lowered: the last rule says so"
    what = " and ".join(_ALL[family] for family in open_)
    yield CHECK.found(
        policy,
        f"what no rule matches is allowed, and none denies {what}{why}",
        field=("spec", "egress", rules[-1].place),
        severity=severity,
        fix=f"deny {what} in the end",
        patch=None if listed else Patch(policy.origin, *(_append(_ALL[family]) for family in open_)),
    )


def _append(cidr: str) -> Append:
    return Append(("spec", "egress"), {"type": "Deny", "to": {"cidrSelector": cidr}})


def _is_spoken(rules: list[_Rule], family: Family, *, six: bool) -> bool:
    return family == 4 or six or any(each.addresses is not None and each.addresses.only(6) for each in rules)


def _is_denied(rules: list[_Rule], family: Family) -> bool:
    """Whether rules for all ports decide about all addresses, but for one that allows all of them."""
    found = AddressSet()
    for each in rules:
        if each.addresses is not None and each.ports is None:
            if each.addresses == AddressSet.of(_ALL[family]) and not each.denies:
                break
            found |= each.addresses
    return AddressSet.of(_ALL[family]) <= found and any(each.denies for each in rules)


def _shadowed(policy: ForeignPolicy, rules: list[_Rule]) -> Iterator[Finding]:
    denied, allowed = AddressSet(), AddressSet()
    for rule in rules:
        if rule.addresses is None:
            continue
        if rule.addresses <= denied | allowed:
            against = not rule.addresses <= (denied if rule.denies else allowed)
            yield CHECK.found(
                policy,
                f"rule {rule.place + 1} ({'Deny' if rule.denies else 'Allow'} {rule.addresses}) is never reached: "
                f"earlier rules decide about all of its addresses",
                field=("spec", "egress", rule.place),
                severity=None if against else CHECK.severity.lowered(),
                fix="move it before the rules that take its addresses, or take it out",
                persona=None if against else Persona.PEDANTIC,
            )
        elif rule.ports is None and rule.denies:
            denied |= rule.addresses - allowed
        elif rule.ports is None:
            allowed |= rule.addresses - denied
