"""A Service that claims addresses by externalIPs.

## What it does

Looks for Services with `externalIPs`. Critical where such an address is a public one, or one of the cluster's own pods,
Services or nodes: whoever may write Services then takes over the traffic of others.

## Why it is bad

Nodes redirect every packet to such an address to the Service, from pods of all namespaces too, and nothing checks that
the address belongs to whoever wrote it (CVE-2020-8554). The field is deprecated since Kubernetes 1.36.

## Example

```yaml
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{port: 443}]
  externalIPs: [192.168.10.4]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 443}]}]}
```

## Fix

Take the field out, which `--fix` does, and use a load balancer or a gateway. The admission plugin
`DenyServiceExternalIPs` keeps it out.

```yaml
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{port: 443}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 443}]}]}
```

## References

- CVE-2020-8554: Man in the middle using LoadBalancer or ExternalIPs
- KEP-5707: Deprecate Service.spec.externalIPs
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.exposed import reasons, widest, witness
from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.dialects.entries import EntryKind
from crenel.editing.patches import Edit, Patch, Remove
from crenel.kubernetes.objects.services import Service
from crenel.network.addresses import INTERNET, AddressSet

CHECK = Check("SV-07", "externalIPs set", Pillar.SERVICES, Severity.HIGH)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each Service that has any."""
    for service in subject.decoded.services:
        if service.spec is not None and service.spec.external_ips:
            yield _finding(subject, service, service.spec.external_ips)


def _finding(subject: Subject, service: Service, addresses: list[str]) -> Finding:
    whose = [text for each in addresses if (text := _whose(subject, each))]
    paths = subject.paths_through.get((service.namespace, service.name), ())
    best = widest(path for path in paths if path.entry.kind is EntryKind.EXTERNAL_ADDRESS)
    return CHECK.found(
        service,
        f"takes over {', '.join(addresses)} on every node{f': {whose[0]}' if whose else ''}",
        field=("spec", "externalIPs"),
        severity=CHECK.severity.raised() if whose else None,
        witness=witness(best),
        evidence=reasons(best),
        fix="remove externalIPs, and use a load balancer or a gateway",
        patch=Patch(service.origin, *_edits(service)),
    )


def _edits(service: Service) -> Iterator[Edit]:
    """What goes: the policy for traffic from outside too, where no other way in is left that may have one."""
    yield Remove(("spec", "externalIPs"))
    spec = service.spec
    if spec is not None and spec.external_traffic_policy and spec.type in (None, "ClusterIP"):
        yield Remove(("spec", "externalTrafficPolicy"))


def _whose(subject: Subject, text: str) -> str:
    """Whose address it is, where it is somebody's; empty otherwise."""
    try:
        address = AddressSet.of(text)
    except ValueError:
        return ""
    around = subject.scope.surroundings
    if address & around.node_addresses:
        return f"{text} is a node's"
    if address & around.service_ranges:
        return f"{text} is a Service's"
    if address & around.pod_ranges:
        return f"{text} is in the range of pods"
    return f"{text} is a public address" if address & INTERNET else ""
