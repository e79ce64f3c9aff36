"""Policies that nothing in the cluster enforces.

## What it does

Recognises the network plugin by what the input shows of it, and says so where it enforces none of the policies that
the input has, or leaves out a part of the API that one of them uses: egress, `endPort`, SCTP, `except`. Where the
input shows no plugin nothing is known, and nothing is said. [The table of plugins](../concepts/enforcement.md) has the
page that each fact rests on.

## Why it is bad

The API server stores any policy and says that all is well. Everybody believes to be guarded, and nobody is.

## Example

```yaml
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: kube-flannel-ds, namespace: kube-flannel}
spec:
  selector: {matchLabels: {app: flannel}}
  template:
    metadata: {labels: {app: flannel}}
    spec: {hostNetwork: true, containers: [{name: kube-flannel, image: ghcr.io/flannel-io/flannel:v0.26.0}]}
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
metadata: {name: db, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Ingress]
```

## Fix

Turn on enforcement where the plugin has it (EKS: the network policy agent of the VPC CNI; AKS: a network policy
engine), put an enforcer beside it (kube-network-policies, Calico for policy only), or change to a plugin that has it.

## References

- Kubernetes documentation, Network Policies: Prerequisites
- CIS Kubernetes Benchmark 5.3.1: Ensure that the CNI in use supports Network Policies
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crenel.audit.finding import Check, Finding, Named, Pillar, Severity, Thing
from crenel.audit.subject import Subject
from crenel.dialects.cni.support import (
    ADMIN_NETWORK_POLICY,
    CLUSTER_NETWORK_POLICY,
    NETWORK_POLICY,
    Feature,
)
from crenel.kubernetes.objects.policies import (
    NetworkPolicy,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    NetworkPolicyPort,
)
from crenel.provenance import FieldPath

CHECK = Check("NP-09", "Network plugin does not enforce policies", Pillar.POLICIES, Severity.CRITICAL)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each API that is not enforced; one for each policy that uses a part that is not."""
    for api, policies in _present(subject).items():
        if policies and subject.enforcement.enforced(api) is False:
            yield _idle(subject, api, policies)
    if subject.enforcement.enforced(NETWORK_POLICY):
        for policy in subject.decoded.network_policies:
            for feature, field in _used(policy):
                if subject.enforcement.covers(NETWORK_POLICY, feature) is False:
                    yield _left_out(subject, policy, feature, field)


def _present(subject: Subject) -> dict[str, Sequence[Thing]]:
    admin = subject.decoded.admin_policies
    return {
        NETWORK_POLICY: subject.decoded.network_policies,
        ADMIN_NETWORK_POLICY: [each for each in admin if each.kind != "ClusterNetworkPolicy"],
        CLUSTER_NETWORK_POLICY: [each for each in admin if each.kind == "ClusterNetworkPolicy"],
    }


def _idle(subject: Subject, api: str, policies: Sequence[Thing]) -> Finding:
    enforcement = subject.enforcement
    first = next((each for each in enforcement.evidence if each.origin.source), None)
    thing = Named(f"network plugin {enforcement.cni}", "", first.origin) if first else policies[0]
    several = len(policies) > 1
    count = f"{len(policies)} {api} object{'s' if several else ''} of the input {'have' if several else 'has'}"
    return CHECK.found(
        thing,
        f"{enforcement.explain(api)}: {count} no effect",
        field=first.field if first else (),
        evidence=[str(each) for each in enforcement.evidence],
        fix="enable enforcement in the plugin, add an enforcer, or change the plugin",
    )


def _left_out(subject: Subject, policy: NetworkPolicy, feature: Feature, field: FieldPath) -> Finding:
    limit = next(each for each in subject.enforcement.limits if each.feature is feature)
    return CHECK.found(
        policy,
        f"uses {feature.value}, which {subject.enforcement.cni} does not enforce: {limit.text}",
        field=field,
        severity=Severity.HIGH,
        evidence=[limit.source],
        fix="write the policy without it, or change the plugin",
    )


def _used(policy: NetworkPolicy) -> Iterator[tuple[Feature, FieldPath]]:
    """The parts of the API that a policy uses and some plugins leave out, each once."""
    if policy.spec is None:
        return
    if policy.spec.egress or "Egress" in (policy.spec.policy_types or ()):
        yield Feature.EGRESS, ("spec", "egress")
    found: dict[Feature, FieldPath] = {}
    for direction, key, rules in (("ingress", "from", policy.spec.ingress), ("egress", "to", policy.spec.egress)):
        for number, rule in enumerate(rules or ()):
            if rule is not None:
                peers = rule.from_ if isinstance(rule, NetworkPolicyIngressRule) else rule.to
                for feature, field in (*_of_ports(rule.ports), *_of_peers(peers, key)):
                    found.setdefault(feature, ("spec", direction, number, *field))
    yield from found.items()


def _of_ports(ports: Sequence[NetworkPolicyPort] | None) -> Iterator[tuple[Feature, FieldPath]]:
    for place, port in enumerate(ports or ()):
        if port.end_port is not None:
            yield Feature.END_PORT, ("ports", place, "endPort")
        if port.protocol == "SCTP":
            yield Feature.SCTP, ("ports", place, "protocol")


def _of_peers(peers: Sequence[NetworkPolicyPeer] | None, key: str) -> Iterator[tuple[Feature, FieldPath]]:
    for place, peer in enumerate(peers or ()):
        if peer.ip_block is not None and peer.ip_block.except_:
            yield Feature.IP_BLOCK_EXCEPT, (key, place, "ipBlock", "except")
