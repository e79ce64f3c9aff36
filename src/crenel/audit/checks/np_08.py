"""Egress policies that forget DNS.

## What it does

Looks for pods that are isolated for egress and may connect to something, but not to what answers names in this
cluster on UDP port 53. That is the DNS pods of the input, or, where it has none, the usual ones (`k8s-app: kube-dns`
in `kube-system`); where NodeLocal DNSCache runs, its link-local address 169.254.20.10, which no pod selector matches;
on GKE without DNS pods, 169.254.169.254. Pods that may connect to addresses alone are low: they may need no names. That
TCP is forgotten, which long answers need, is for the persona pedantic.

## Why it is bad

The application cannot resolve the names of its own Services, and fails in ways that do not look like a network policy.
What is then opened in a hurry is mostly opened to everything.

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
apiVersion: apps/v1
kind: Deployment
metadata: {name: db, namespace: shop}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: example.org/db, ports: [{containerPort: 5432}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
  egress:
    - to: [{podSelector: {matchLabels: {app: db}}}]
      ports: [{port: 5432}]
```

## Fix

Add a rule for DNS on both protocols. `--fix` appends it to the policy where only one isolates the pod:

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
apiVersion: apps/v1
kind: Deployment
metadata: {name: db, namespace: shop}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: example.org/db, ports: [{containerPort: 5432}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
  egress:
    - to: [{podSelector: {matchLabels: {app: db}}}]
      ports: [{port: 5432}]
    - to:
        - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
          podSelector: {matchLabels: {k8s-app: kube-dns}}
      ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
```

## References

- Kubernetes documentation, Using NodeLocal DNSCache in Kubernetes Clusters
- RFC 7766: DNS Transport over TCP
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from crenel.audit.finding import Check, Finding, Persona, Pillar, Severity
from crenel.audit.reaching import NOBODY
from crenel.audit.subject import Subject
from crenel.audit.workloads import Workload
from crenel.bits import members
from crenel.editing.patches import Append, Patch
from crenel.kubernetes.objects.policies import NetworkPolicy
from crenel.network.rules import Direction, Policy
from crenel.network.traffic import TCP, UDP

CHECK = Check("NP-08", "Egress policy forgets DNS", Pillar.POLICIES, Severity.MEDIUM)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each policy that isolates somebody who then cannot ask."""
    targets = subject.dns.caches or subject.dns.pods
    isolating = _isolating(subject) if targets else {}
    over_udp, over_tcp = subject.mask([(UDP, 53)]), subject.mask([(TCP, 53)])
    missing: dict[str, list[Workload]] = defaultdict(list)
    only_udp: dict[str, list[Workload]] = defaultdict(list)
    for workload in subject.applications:
        policies = isolating.get(workload.index, [])
        reached = subject.reach.out_of(workload.index) if policies else NOBODY
        if not reached.sure(~(over_udp | over_tcp)) & _others(subject, workload):
            continue
        if not reached.possible(over_udp) & targets:
            missing[_home(policies)].append(workload)
        elif not reached.possible(over_tcp) & targets:
            only_udp[_home(policies)].append(workload)
    for title, found in missing.items():
        yield _missing(subject, subject.network_policies.get(title), found)
    for title, found in only_udp.items():
        yield _only_udp(subject.network_policies.get(title), found)


def _isolating(subject: Subject) -> Mapping[int, list[Policy]]:
    """The policies that isolate each workload for egress."""
    found: dict[int, list[Policy]] = defaultdict(list)
    for policy in subject.policies(Direction.EGRESS):
        for index in members(policy.subjects):
            found[index].append(policy)
    return found


def _others(subject: Subject, workload: Workload) -> int:
    return (subject.everybody | subject.outside) & ~(1 << workload.index)


def _home(policies: list[Policy]) -> str:
    """The title of the policy that the rule for DNS belongs into: the one with rules, the first of several."""
    return next((policy.title for policy in policies if policy.rules), policies[0].title)


def _missing(subject: Subject, policy: NetworkPolicy | None, found: list[Workload]) -> Finding:
    alone = not any(_named_peers(subject, each) for each in found)
    why = "; lowered: they may connect to addresses alone, which need no names" if alone else ""
    return CHECK.found(
        policy or found[0],
        f"{_names(found)} may connect to others but not to DNS ({subject.dns.says}) on UDP/53{why}",
        field=("spec", "egress") if policy is not None else (),
        severity=CHECK.severity.lowered() if alone else None,
        evidence=[f"{each.name} is isolated for egress" for each in found],
        fix=f"allow UDP/53 and TCP/53 to {subject.dns.says}",
        patch=_patch(subject, policy),
    )


def _named_peers(subject: Subject, workload: Workload) -> int:
    """The workloads that one may connect to."""
    return subject.reach.out_of(workload.index).sure() & subject.everybody & ~(1 << workload.index)


def _names(found: list[Workload]) -> str:
    return found[0].name + (f" and {len(found) - 1} more" if len(found) > 1 else "")


def _only_udp(policy: NetworkPolicy | None, found: list[Workload]) -> Finding:
    return CHECK.found(
        policy or found[0],
        f"{_names(found)} may ask DNS on UDP/53 but not on TCP/53, which long answers need",
        field=("spec", "egress") if policy is not None else (),
        severity=Severity.LOW,
        fix="allow TCP/53 beside UDP/53",
        persona=Persona.PEDANTIC,
    )


def _patch(subject: Subject, policy: NetworkPolicy | None) -> Patch | None:
    if policy is None:
        return None
    ports = [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]
    return Patch(policy.origin, Append(("spec", "egress"), {"to": [_peer(subject)], "ports": ports}))


def _peer(subject: Subject) -> dict[str, object]:
    """What answers names, as a peer of a rule."""
    if subject.dns.caches:
        return {"ipBlock": {"cidr": f"{subject.dns.address}/32"}}
    group = subject.scope.groups[members(subject.dns.pods)[0]]
    return {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": group.namespace}},
        "podSelector": {"matchLabels": {key: value for key, value in group.labels.items() if key in _KEYS}},
    }


_KEYS = ("k8s-app", "dns.operator.openshift.io/daemonset-dns")
