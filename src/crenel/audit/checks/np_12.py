"""Pods that may ask the cloud for its credentials.

## What it does

Looks for pods that may connect to the addresses at which clouds hand out metadata and credentials (169.254.169.254 and
the like, over IPv6 too) on TCP port 80. It says so where the input shows a cloud: by its nodes, its infrastructure or
its network plugin. Without that it is for the persona auditor. Where `gke-metadata-server` runs, pods do not get to
the node's credentials.

## Why it is bad

Whoever makes one pod send a request, which needs no more than a mistake in a web application, gets the credentials of
the node: its images, its registry, often the cluster. Firewalls of the clouds do not filter that address.

## Example

```yaml
apiVersion: v1
kind: Node
metadata: {name: worker-1}
spec: {providerID: "aws:///eu-west-1a/i-0123456789abcdef0", podCIDRs: [10.244.0.0/24]}
status: {addresses: [{type: InternalIP, address: 10.0.1.10}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
```

## Fix

Limit the egress of the pods, leave the address out of broad rules, and have nodes answer their own processes only (AWS:
IMDSv2 with a hop limit of 1; AKS: IMDS restriction; GKE: Workload Identity).

```yaml
apiVersion: v1
kind: Node
metadata: {name: worker-1}
spec: {providerID: "aws:///eu-west-1a/i-0123456789abcdef0", podCIDRs: [10.244.0.0/24]}
status: {addresses: [{type: InternalIP, address: 10.0.1.10}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: no-metadata, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.169.254/32]}}]}]
```

## References

- AWS, EKS Best Practices: Restrict access to the instance profile assigned to the worker node
- Google Cloud, Protect cluster metadata
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.finding import Check, Finding, Persona, Pillar, Severity, Witness
from crenel.audit.grouping import concerned, counted
from crenel.audit.subject import Subject
from crenel.audit.workloads import Workload
from crenel.bits import union
from crenel.dialects.destinations import METADATA
from crenel.network.addresses import AddressSet
from crenel.network.traffic import TCP
from crenel.questions.exposure.outbound import Where

CHECK = Check("NP-12", "Cloud metadata reachable from pods", Pillar.POLICIES, Severity.HIGH)
ADDRESSES = METADATA - AddressSet.of("100.100.100.200")
"""Those of the clouds whose nodes are recognised; Alibaba's is not among them."""
_BESIDES = {
    "AWS": "; require IMDSv2 with a hop limit of 1",
    "Azure": "; restrict the metadata service to the host network (IMDS restriction of AKS)",
    "Google Cloud": "; give pods identities of their own (Workload Identity)",
}


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each workload that gets there, or for a namespace all of which does."""
    if any(each.group.workload == "gke-metadata-server" for each in subject.workloads):
        return
    blocks, cloud = union(subject.network.blocks_within(ADDRESSES)), subject.cloud
    opened = [each for each in subject.applications if _asks(subject, each, blocks)]
    for thing, mine in concerned(subject, opened):
        where = f"of {cloud}" if cloud else "of a cloud, if it runs on one"
        yield CHECK.found(
            thing,
            f"{counted(mine)} may connect to the metadata {where}",
            witness=Witness(mine[0].name, _address(subject, mine[0]), "TCP/80"),
            evidence=["whether the nodes answer pods is not in the input"],
            fix="limit egress, and leave 169.254.169.254/32 out of what is allowed" + _BESIDES.get(cloud, ""),
            persona=None if cloud else Persona.AUDITOR,
        )


def _asks(subject: Subject, workload: Workload, blocks: int) -> bool:
    """Whether its policies surely let it connect there; firewalls of the clouds do not filter it."""
    outlets = subject.outlets.get(workload.name, ())
    if not any(each.where is Where.METADATA and each.traffic for each in outlets):
        return False
    return bool(subject.reach.out_of(workload.index).sure(subject.mask([(TCP, 80)])) & blocks)


def _address(subject: Subject, workload: Workload) -> str:
    """The first of the addresses that it gets to."""
    found = [each.addresses & ADDRESSES for each in subject.outlets[workload.name] if each.where is Where.METADATA]
    return next((cidr.partition("/")[0] for addresses in found for cidr in addresses.cidrs()), "")
