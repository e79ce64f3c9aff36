"""A policy that allows names which anybody can have.

## What it does

Looks at names in rules that allow, in policies of Kubernetes (`domainNames`), Cilium, Calico, OVN-Kubernetes,
OpenShift, GKE and EKS: `*`, all names of a top-level domain (`*.com`, `*.co.uk`), and patterns over domains under which
anybody can have a name (`*.amazonaws.com`, `*.cloudfront.net`, `*.blob.core.windows.net`). High for every name, medium
otherwise. That a plain name is of such a domain is for the persona pedantic: its addresses serve the names of others,
too.

## Why it is bad

Who wants to take data out needs a bucket, or a page, of the same provider, and that costs nothing.

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
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: web}}
  egress:
    - toFQDNs: [{matchPattern: "*.s3.amazonaws.com"}]
      toPorts: [{ports: [{port: "443", protocol: TCP}]}]
```

## Fix

Name the hosts; where they share addresses with others (a content delivery network), go through an egress proxy that
looks at the requests:

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
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: web}}
  egress:
    - toFQDNs: [{matchName: shop-data.example.com}]
      toPorts: [{ports: [{port: "443", protocol: TCP}]}]
```

## References

- Network Policy API, NPEP-133: FQDN selector for egress traffic
- publicsuffix.org, private domains
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from crenel.audit.domains import ByName, broad, by_name, shared
from crenel.audit.finding import Check, Finding, Persona, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.audit.ways import listed

CHECK = Check("EG-03", "FQDN rule too broad", Pillar.WAYS, Severity.MEDIUM)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each pattern, and one for all plain names of a policy."""
    plain: dict[str, list[ByName]] = defaultdict(list)
    for each in by_name(subject.decoded):
        if each.denies:
            continue
        if why := broad(each.name):
            yield CHECK.found(
                each.thing,
                f"it allows {each.name}: {why}",
                field=each.field,
                severity=CHECK.severity.raised() if why.startswith("every name") else None,
                fix="name the hosts that are needed, or go through an egress proxy",
            )
        elif "*" not in each.name and shared(each.name):
            plain[each.thing.title].append(each)
    for names in plain.values():
        first = names[0]
        yield CHECK.found(
            first.thing,
            f"it allows {listed(each.name for each in names)}, whose addresses serve names of others as well",
            field=first.field,
            severity=Severity.LOW,
            fix="go through an egress proxy that looks at the requests, where that matters",
            persona=Persona.PEDANTIC,
        )
