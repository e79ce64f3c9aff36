"""An API server that takes connections from the whole internet.

## What it does

Reads who may connect to the public endpoint of the API server of a managed cluster: `publicAccessCidrs` of EKS,
`authorizedIPRanges` of AKS, authorised networks of GKE; from what the clouds' own commands print, from plans and states
of Terraform, from templates. A public endpoint that at least half of the internet of a family may connect to is a
finding. What is known only after apply is none.

## Why it is bad

Each hole in the API server, and each token that got lost, is of use to everybody everywhere. Anonymous requests tell
the version at least.

## Example

```yaml
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, image: example.org/web}]}
---
cluster:
  name: shop
  resourcesVpcConfig:
    subnetIds: [subnet-1, subnet-2]
    clusterSecurityGroupId: sg-1
    endpointPublicAccess: true
    endpointPrivateAccess: true
    publicAccessCidrs: [0.0.0.0/0]
```

## Fix

Name the networks that administrators and pipelines connect from, or make the endpoint private:

```yaml
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, image: example.org/web}]}
---
cluster:
  name: shop
  resourcesVpcConfig:
    subnetIds: [subnet-1, subnet-2]
    clusterSecurityGroupId: sg-1
    endpointPublicAccess: true
    endpointPrivateAccess: true
    publicAccessCidrs: [203.0.113.0/24]
```

## References

- EKS user guide, Cluster API server endpoint
- AKS, Secure access to the API server using authorized IP address ranges
- GKE, Authorized networks
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.finding import Check, Finding, Named, Pillar, Severity, Witness
from crenel.audit.subject import Subject
from crenel.network.addresses import FAMILIES, INTERNET
from crenel.network.firewalls import Answer, ControlPlane

CHECK = Check("FW-04", "API server open to the internet", Pillar.FIREWALLS, Severity.HIGH)
_FIX = "name the networks that administrators and pipelines connect from, or make the endpoint private"


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each control plane that limits nobody."""
    for plane in subject.material.infrastructure.control_planes:
        if plane.public is Answer.YES and _is_open(plane):
            limit = "its list of networks holds the whole internet" if plane.allowed else "it names no networks"
            yield CHECK.found(
                Named(plane.name, "", plane.origin),
                f"the endpoint of its API server is public, and {limit}",
                field=plane.field,
                witness=Witness("any address outside", f"the API server of {plane.name}", "TCP/443"),
                fix=_FIX,
            )


def _is_open(plane: ControlPlane) -> bool:
    """Whether at least half of the internet of a family may connect."""
    allowed = plane.allowed
    return allowed is None or any(
        2 * (allowed & INTERNET.only(family)).size() >= INTERNET.only(family).size() for family in FAMILIES
    )
